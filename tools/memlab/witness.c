// SPDX-License-Identifier: GPL-2.0-only
/* Does a buffer hold what the driver says? Witnesses that need not trust it. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define PART  (1U << 20)
#define PAGES 4096

enum verdict { DISAGREES, AGREES, NOT_ASKED };

/* A witness tells its verdict and, in @detail, what it saw. */
#define DETAIL 256

__printf(3, 4) static enum verdict
	verdict(enum verdict value, char *detail, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(detail, DETAIL, format, args);
	va_end(args);
	return value;
}

/* The way to the buffer's bytes that is not the kernel's: the mapping, if there can be one. */
static const char *way(const struct trial *trial)
{
	return trial->map ? "the mapping" : "READ and WRITE (no mapping possible)";
}

static enum verdict ask_kernel_to_user(const struct trial *trial, char *detail)
{
	uint64_t size = memlab_buf_get_size(trial->buf);
	unsigned char *copy = need(malloc(PART));
	enum verdict result;

	if (memlab_buf_fill(trial->buf, trial->seed, 0, 0)) {
		result = verdict(DISAGREES, detail, "FILL failed: %s", strerror(errno));
		goto out_free;
	}

	for (uint64_t offset = 0, part; offset < size; offset += part) {
		const unsigned char *bytes = copy;
		size_t right;

		part = size - offset < PART ? size - offset : PART;
		if (trial->map) {
			bytes = (const unsigned char *)trial->map + offset;
		} else if (memlab_buf_read(trial->buf, offset, copy, (size_t)part)) {
			result = verdict(DISAGREES, detail, "READ failed: %s", strerror(errno));
			goto out_free;
		}

		right = memlab_pattern_mismatch(trial->seed, offset, bytes, (size_t)part);
		if (right < part) {
			result = verdict(DISAGREES, detail,
					 "the byte at offset %" PRIu64
					 " is 0x%02x, not what the kernel wrote",
					 offset + right, bytes[right]);
			goto out_free;
		}
	}

	result = verdict(AGREES, detail, "%" PRIu64 " bytes that the kernel wrote, read through %s",
			 size, way(trial));
out_free:
	free(copy);
	return result;
}

static enum verdict ask_user_to_kernel(const struct trial *trial, char *detail)
{
	uint64_t size = memlab_buf_get_size(trial->buf);
	unsigned char *copy = need(malloc(PART));
	uint64_t seed = ~trial->seed;
	enum verdict result;
	uint64_t wrong;
	int differs;

	for (uint64_t offset = 0, part; offset < size; offset += part) {
		part = size - offset < PART ? size - offset : PART;
		if (trial->map) {
			memlab_pattern_bytes(seed, offset, (unsigned char *)trial->map + offset,
					     (size_t)part);
			continue;
		}
		memlab_pattern_bytes(seed, offset, copy, (size_t)part);
		if (memlab_buf_write(trial->buf, offset, copy, (size_t)part)) {
			result = verdict(DISAGREES, detail, "WRITE failed: %s", strerror(errno));
			goto out_free;
		}
	}

	differs = memlab_buf_check(trial->buf, seed, 0, 0, &wrong);
	if (differs < 0)
		result = verdict(DISAGREES, detail, "CHECK failed: %s", strerror(errno));
	else if (differs)
		result = verdict(DISAGREES, detail,
				 "the kernel found another byte at offset %" PRIu64, wrong);
	else
		result = verdict(AGREES, detail,
				 "%" PRIu64 " bytes written through %s, found by the kernel", size,
				 way(trial));
out_free:
	free(copy);
	return result;
}

/* Compares the frames of pages @page to @page + @count with the extents, from @extent on. */
static enum verdict compare_frames(const struct trial *trial, uint64_t page, size_t count,
				   const uint64_t *pfns, size_t *extent, char *detail)
{
	const struct memlab_extents *extents = trial->extents;

	for (size_t i = 0; i < count; i++) {
		uint64_t offset = (page + i) * trial->page_size;
		uint64_t begin, phys;

		while (offset >= memlab_extents_get_offset(extents, *extent) +
					 memlab_extents_get_length(extents, *extent))
			++*extent;
		begin = memlab_extents_get_offset(extents, *extent);
		phys = memlab_extents_get_phys(extents, *extent) + (offset - begin);

		if (pfns[i] == MEMLAB_LIB_PFN_NONE)
			return verdict(DISAGREES, detail, "page %" PRIu64 " is not mapped",
				       page + i);
		if (pfns[i] != phys / trial->page_size)
			return verdict(DISAGREES, detail,
				       "page %" PRIu64 " is frame 0x%" PRIx64 ", not 0x%" PRIx64
				       " as the driver says",
				       page + i, pfns[i], phys / trial->page_size);
	}

	return AGREES;
}

static enum verdict ask_pagemap(const struct trial *trial, char *detail)
{
	uint64_t pages = (memlab_buf_get_size(trial->buf) - 1) / trial->page_size + 1;
	static uint64_t pfns[PAGES];
	size_t extent = 0;

	if (!trial->map)
		return verdict(NOT_ASKED, detail, "the buffer cannot be mapped");
	if (memlab_extents_is_phys_hidden(trial->extents))
		return verdict(NOT_ASKED, detail,
			       "physical addresses are hidden: needs CAP_SYS_ADMIN");

	for (uint64_t page = 0, count; page < pages; page += count) {
		const volatile unsigned char *addr =
			(unsigned char *)trial->map + page * trial->page_size;

		count = pages - page < PAGES ? pages - page : PAGES;
		for (uint64_t i = 0; i < count; i++)
			(void)addr[i * trial->page_size];

		if (memlab_pagemap_read((const void *)addr, (size_t)count, pfns)) {
			if (errno == EPERM)
				return verdict(
					NOT_ASKED, detail,
					"/proc/self/pagemap hides frames: needs CAP_SYS_ADMIN");
			return verdict(NOT_ASKED, detail, "/proc/self/pagemap: %s",
				       strerror(errno));
		}
		if (compare_frames(trial, page, (size_t)count, pfns, &extent, detail) == DISAGREES)
			return DISAGREES;
	}

	return verdict(AGREES, detail, "%" PRIu64 " page(s) at the frames that the driver says",
		       pages);
}

/* What the kernel uses a frame for, if the buffer's backing is true. */
struct use {
	uint64_t set_one_of; /* 0: none needs to be set */
	uint64_t clear;
	const char *text;
};

#define FLAG(name) (1ULL << KPF_##name)
#define COMPOUND   (FLAG(COMPOUND_HEAD) | FLAG(COMPOUND_TAIL))

/* Returns false for a backing that this witness knows nothing of. */
static bool use_expected(const struct trial *trial, struct use *use)
{
	switch (memlab_buf_info_get_backing(trial->info)) {
	case MEMLAB_LIB_BACKING_SLAB:
		*use = (struct use){ FLAG(SLAB), FLAG(BUDDY), "slab pages" };
		return true;
	case MEMLAB_LIB_BACKING_LARGE:
		*use = (struct use){ COMPOUND, FLAG(SLAB) | FLAG(BUDDY),
				     "a compound page, no slab" };
		/* A single page is no compound. */
		if (memlab_buf_info_get_usable_size(trial->info) <= trial->page_size)
			*use = (struct use){ 0, FLAG(SLAB) | FLAG(BUDDY),
					     "a single page, no slab" };
		return true;
	case MEMLAB_LIB_BACKING_VMALLOC:
		*use = (struct use){ 0, FLAG(SLAB) | FLAG(BUDDY) | COMPOUND,
				     "single pages, no slab" };
		return true;
	default:
		return false;
	}
}

static enum verdict ask_kpageflags(const struct trial *trial, char *detail)
{
	static uint64_t flags[PAGES];
	uint64_t frames = 0;
	struct use use;

	if (memlab_extents_is_phys_hidden(trial->extents))
		return verdict(NOT_ASKED, detail,
			       "physical addresses are hidden: needs CAP_SYS_ADMIN");
	if (!use_expected(trial, &use))
		return verdict(NOT_ASKED, detail, "this version does not know the backing");

	for (size_t i = 0; i < memlab_extents_get_count(trial->extents); i++) {
		uint64_t phys = memlab_extents_get_phys(trial->extents, i);
		uint64_t last = phys + memlab_extents_get_length(trial->extents, i) - 1;
		uint64_t pfn = phys / trial->page_size;
		uint64_t end = last / trial->page_size + 1;

		for (uint64_t count; pfn < end; pfn += count, frames += count) {
			count = end - pfn < PAGES ? end - pfn : PAGES;
			if (memlab_kpageflags_read(pfn, (size_t)count, flags)) {
				/* The file ends where memory ends. */
				if (errno == EIO)
					return verdict(DISAGREES, detail,
						       "there is no frame 0x%" PRIx64
						       " on this machine",
						       end - 1);
				return verdict(NOT_ASKED, detail, "/proc/kpageflags: %s",
					       strerror(errno));
			}
			for (uint64_t j = 0; j < count; j++) {
				if (flags[j] & use.clear ||
				    (use.set_one_of && !(flags[j] & use.set_one_of)))
					return verdict(DISAGREES, detail,
						       "frame 0x%" PRIx64 " has flags 0x%" PRIx64
						       ", which are not those of %s",
						       pfn + j, flags[j], use.text);
			}
		}
	}

	return verdict(AGREES, detail, "%" PRIu64 " frame(s) in use as %s", frames, use.text);
}

static const struct {
	const char *name;
	enum verdict (*ask)(const struct trial *trial, char *detail);
} witnesses[] = {
	{ "kernel-to-user", ask_kernel_to_user },
	{ "user-to-kernel", ask_user_to_kernel },
	{ "pagemap", ask_pagemap },
	{ "kpageflags", ask_kpageflags },
};

struct json_object *witnesses_ask(const struct trial *trial, bool *verified)
{
	struct json_object *array = need(json_object_new_array());

	*verified = true;
	for (size_t i = 0; i < ARRAY_SIZE(witnesses); i++) {
		struct json_object *object = need(json_object_new_object());
		char detail[DETAIL];
		enum verdict said = witnesses[i].ask(trial, detail);

		result_add(object, "name", result_text(witnesses[i].name));
		result_add(object, "agrees",
			   said == NOT_ASKED ? NULL : result_bool(said == AGREES));
		result_add(object, "detail", result_text(detail));
		result_append(array, object);
		if (said == DISAGREES)
			*verified = false;
	}

	return array;
}
