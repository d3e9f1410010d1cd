// SPDX-License-Identifier: GPL-2.0-only
/* Witnesses to a buffer's page frames: the kernel's own files about them. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <string.h>

#include "trial.h"

#define PAGES 4096

/* Compares the frames of pages @page to @page + @count with the extents, from @extent on. */
static enum answer compare_frames(const struct trial *trial, uint64_t page, size_t count,
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
			return answer(DISAGREES, detail, "page %" PRIu64 " is not mapped",
				      page + i);
		if (pfns[i] != phys / trial->page_size)
			return answer(DISAGREES, detail,
				      "page %" PRIu64 " is frame 0x%" PRIx64 ", not 0x%" PRIx64
				      " as the driver says",
				      page + i, pfns[i], phys / trial->page_size);
	}

	return AGREES;
}

enum answer ask_pagemap(const struct trial *trial, char detail[DETAIL])
{
	uint64_t pages = (memlab_buf_get_size(trial->buf) - 1) / trial->page_size + 1;
	static uint64_t pfns[PAGES];
	size_t extent = 0;

	if (!trial->map)
		return answer(NOT_ASKED, detail, "the buffer cannot be mapped");
	if (memlab_extents_is_phys_hidden(trial->extents))
		return answer(NOT_ASKED, detail,
			      "physical addresses are hidden: needs CAP_SYS_ADMIN");

	for (uint64_t page = 0, count; page < pages; page += count) {
		const volatile unsigned char *addr =
			(unsigned char *)trial->map + page * trial->page_size;

		count = pages - page < PAGES ? pages - page : PAGES;
		for (uint64_t i = 0; i < count; i++)
			(void)addr[i * trial->page_size];

		if (memlab_pagemap_read((const void *)addr, (size_t)count, pfns)) {
			if (errno == EPERM)
				return answer(
					NOT_ASKED, detail,
					"/proc/self/pagemap hides frames: needs CAP_SYS_ADMIN");
			return answer(NOT_ASKED, detail, "/proc/self/pagemap: %s", strerror(errno));
		}
		if (compare_frames(trial, page, (size_t)count, pfns, &extent, detail) == DISAGREES)
			return DISAGREES;
	}

	return answer(AGREES, detail, "%" PRIu64 " page(s) at the frames that the driver says",
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

static const struct use compound = { COMPOUND, FLAG(SLAB) | FLAG(BUDDY),
				     "a compound page, no slab" };
static const struct use single = { 0, FLAG(SLAB) | FLAG(BUDDY) | COMPOUND,
				   "single pages, no slab" };

/* What kvmalloc() served is seen by its backing, which is of kmalloc() or vmalloc(). */
static bool use_expected(const struct trial *trial, struct use *use)
{
	switch (memlab_buf_info_get_backing(trial->info)) {
	case MEMLAB_LIB_BACKING_SLAB:
		*use = (struct use){ FLAG(SLAB), FLAG(BUDDY), "slab pages" };
		return true;
	case MEMLAB_LIB_BACKING_LARGE:
	case MEMLAB_LIB_BACKING_PAGES:
		/* Order 0 makes no compound. */
		*use = memlab_buf_info_get_usable_size(trial->info) > trial->page_size ? compound :
											 single;
		return true;
	case MEMLAB_LIB_BACKING_VMALLOC:
	case MEMLAB_LIB_BACKING_SPLIT:
		*use = single;
		return true;
	default:
		return false; /* one that only a newer driver knows */
	}
}

enum answer ask_kpageflags(const struct trial *trial, char detail[DETAIL])
{
	static uint64_t flags[PAGES];
	uint64_t frames = 0;
	struct use use;

	if (memlab_extents_is_phys_hidden(trial->extents))
		return answer(NOT_ASKED, detail,
			      "physical addresses are hidden: needs CAP_SYS_ADMIN");
	if (!use_expected(trial, &use))
		return answer(NOT_ASKED, detail, "this version does not know the backing");

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
					return answer(DISAGREES, detail,
						      "there is no frame 0x%" PRIx64
						      " on this machine",
						      end - 1);
				return answer(NOT_ASKED, detail, "/proc/kpageflags: %s",
					      strerror(errno));
			}
			for (uint64_t j = 0; j < count; j++) {
				if (flags[j] & use.clear ||
				    (use.set_one_of && !(flags[j] & use.set_one_of)))
					return answer(DISAGREES, detail,
						      "frame 0x%" PRIx64 " has flags 0x%" PRIx64
						      ", which are not those of %s",
						      pfn + j, flags[j], use.text);
			}
		}
	}

	return answer(AGREES, detail, "%" PRIu64 " frame(s) in use as %s", frames, use.text);
}
