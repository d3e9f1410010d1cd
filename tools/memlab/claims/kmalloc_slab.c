// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc() up to KMALLOC_MAX_CACHE_SIZE: objects of size classes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

static struct claim_request kmalloc_of(uint64_t bytes)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC, .bytes = bytes };
}

/* ---- kmalloc-slab ---- */

static size_t batch_for(uint64_t bytes)
{
	return bytes <= 256 ? 512 : bytes <= 1024 ? 256 : 64;
}

/* Frames of the first and the last byte of each object. */
static void frames_of(struct frames *frames, size_t at, const struct memlab_buf_info *info,
		      uint64_t page_size)
{
	uint64_t phys = memlab_buf_info_get_phys(info);

	frames->pfns[2 * at] = phys / page_size;
	frames->pfns[2 * at + 1] = (phys + memlab_buf_info_get_size(info) - 1) / page_size;
}

/*
 * Allocates @count buffers; what is wrong with one of them, or NULL. @name is that of the
 * cache, for free().
 */
static const char *alloc_objects(struct claim_run *run, uint64_t bytes, size_t count,
				 struct frames *frames, char **name, uint64_t *usable)
{
	const struct claim_request request = kmalloc_of(bytes);
	const char *wrong = NULL;

	for (size_t i = 0; i < count && !wrong; i++) {
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);
		struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;

		if (!info)
			return "cannot be allocated and described";
		if (memlab_buf_info_get_backing(info) != MEMLAB_LIB_BACKING_SLAB)
			wrong = "no slab, by the driver's word";
		else if (*name && strcmp(*name, memlab_buf_info_get_cache_name(info)))
			wrong = "the driver names more than one cache";
		if (!*name)
			*name = need(strdup(memlab_buf_info_get_cache_name(info)));
		*usable = memlab_buf_info_get_usable_size(info);
		frames_of(frames, i, info, run->page_size);
		memlab_buf_info_free(info);
	}
	return wrong;
}

static const char *not_in_slabs(const struct frames *frames)
{
	size_t count;

	if (!kpageflags_slab(frames, &count))
		return "/proc/kpageflags cannot be read";
	return count == frames->count ? NULL : "kpageflags: pages that are no slab's";
}

/*
 * Objects that lie ready on the CPUs are counted as in use already, so that the first
 * batches may show in no count. These lists are short.
 */
#define MAX_BATCHES 16

/* What is being learnt of one size class. */
struct class {
	uint64_t bytes;
	size_t held;
	char *name;
	uint64_t usable;
	uint64_t before;
	uint64_t rise;
	uint64_t object_size;
};

static const char *count_again(struct class *class)
{
	const struct slabinfo_row *row;
	struct slabinfo now;
	uint64_t active;

	if (!slabinfo_read(&now))
		return "/proc/slabinfo cannot be read";
	active = slabinfo_objects(&now, class->name, &row);
	class->object_size = row ? slabinfo_object_size(row) : 0;
	slabinfo_free(&now);
	class->rise = active > class->before ? active - class->before : 0;
	if (!class->object_size)
		return "/proc/slabinfo has no cache of that name";
	if (class->object_size != class->usable)
		return "the cache has another object size";
	if (active < class->held)
		return "/proc/slabinfo counts fewer objects than there are";
	return NULL;
}

/* A batch more; NULL, or what is wrong. */
static const char *add_batch(struct claim_run *run, struct class *class,
			     const struct slabinfo *before)
{
	size_t count = batch_for(class->bytes);
	struct frames frames;
	const char *wrong;

	frames_range(&frames, 0, 2 * count);
	wrong = alloc_objects(run, class->bytes, count, &frames, &class->name, &class->usable);
	if (!wrong)
		wrong = not_in_slabs(&frames);
	frames_free(&frames);
	if (wrong)
		return wrong;
	class->held += count;
	class->before = slabinfo_objects(before, class->name, NULL);
	return count_again(class);
}

static size_t measure_slab(struct claim_run *run, uint64_t bytes)
{
	size_t enough = batch_for(bytes) / 2;
	struct class class = { .bytes = bytes };
	const char *wrong = NULL;
	struct slabinfo before;
	char size[SIZE_TEXT];

	if (!slabinfo_read(&before))
		return 0;
	for (int i = 0; i < MAX_BATCHES && !wrong && class.rise < enough; i++)
		wrong = add_batch(run, &class, &before);
	if (!wrong && class.rise < enough)
		wrong = "/proc/slabinfo does not count the objects";
	claim_case(run, !wrong,
		   "%zu of %s: cache %s, usable %" PRIu64 " bytes; slabinfo counts %" PRIu64
		   " more, of %" PRIu64 " bytes%s%s",
		   class.held, size_text(size, bytes), class.name ? class.name : "-", class.usable,
		   class.rise, class.object_size, wrong ? ": " : "", wrong ? wrong : "");
	free(class.name);
	slabinfo_free(&before);
	claim_free_all(run);
	return class.held;
}

static enum verdict run_slab(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_cache_size(run->info);
	uint64_t objects = 0;
	char size[SIZE_TEXT];

	for (uint64_t power = 8; power <= max; power *= 2) {
		objects += measure_slab(run, power);
		if (power + power / 2 <= max)
			objects += measure_slab(run, power + power / 2);
	}
	return claim_judge(run,
			   "%" PRIu64 " objects up to %s lie in pages with the SLAB flag, and "
			   "slabinfo counts them",
			   objects, size_text(size, max));
}

const struct claim claim_kmalloc_slab = {
	.id = "kmalloc-slab",
	.claim = "Small kmalloc objects come from slab caches, one for each size class",
	.source = "include/linux/slab.h, \"Kmalloc subsystem\", kmalloc_index() and "
		  "KMALLOC_MAX_CACHE_SIZE: \"Maximum size for which we actually use a slab "
		  "cache\".",
	.why = "The page allocator has nothing smaller than a page. kmalloc() therefore keeps "
	       "caches of objects for sizes that are powers of two, and for 96 and 192 bytes, and "
	       "serves a request from the smallest that fits. Memory that is charged to a memory "
	       "cgroup comes from caches of its own, kmalloc-cg-64 and so on.",
	.how = "For every power of two and half-way between, dozens to hundreds of objects at "
	       "once. The page of each must have the SLAB flag in /proc/kpageflags. In the cache "
	       "that the driver names, /proc/slabinfo must count at least as many in use, and "
	       "more than before; some lay ready on a CPU and were counted already, so more are "
	       "allocated until it does. Its object size must be the usable size; that is told "
	       "by /sys/kernel/slab, for what /proc/slabinfo tells has red zones and the like in "
	       "it.",
	.choice = "The usual choice for small objects, and the fast one: most calls take an "
		  "object from a list of the CPU. For many objects of one size that is no class, "
		  "a cache of its own wastes less.",
	.needs = NEED_PHYS | NEED_SLABINFO,
	.run = run_slab,
};

/* ---- kmalloc-usable ---- */

/* Rows of caches, and their object sizes, asked for once. */
struct classes {
	struct slabinfo info;
	uint64_t *object_sizes;
};

static bool classes_read(struct classes *classes)
{
	if (!slabinfo_read(&classes->info))
		return false;
	classes->object_sizes = need(calloc(classes->info.count, sizeof(uint64_t)));
	for (size_t i = 0; i < classes->info.count; i++)
		classes->object_sizes[i] = slabinfo_object_size(&classes->info.rows[i]);
	return true;
}

static void classes_free(struct classes *classes)
{
	free(classes->object_sizes);
	slabinfo_free(&classes->info);
}

/* The smallest size class that holds @bytes, of the family of caches that @name is of. */
static uint64_t class_for(const struct classes *classes, const char *name, uint64_t bytes)
{
	const char *class = strrchr(name, '-');
	size_t family = class ? (size_t)(class - name) + 1 : 0;
	uint64_t best = 0;

	for (size_t i = 0; i < classes->info.count; i++) {
		const struct slabinfo_row *row = &classes->info.rows[i];
		uint64_t size = classes->object_sizes[i];

		/* After the family's name comes a number: kmalloc-64 is none of kmalloc-cg-64's. */
		if (strncmp(row->name, name, family) ||
		    strspn(row->name + family, "0123456789") == 0)
			continue;
		if (size >= bytes && (!best || size < best))
			best = size;
	}
	return best;
}

/* Bytes of the compound page that begins at a frame, by /proc/kpageflags; at most @most. */
static uint64_t compound_bytes(uint64_t pfn, uint64_t page_size, uint64_t most)
{
	size_t count = (size_t)(most / page_size), pages = 1;
	uint64_t *flags = need(calloc(count, sizeof(*flags)));
	struct frames range;

	frames_range(&range, pfn, count);
	if (!kpageflags_of(&range, flags))
		pages = 0;
	while (pages && pages < count && frame_is_tail(flags[pages]))
		pages++;
	free(flags);
	frames_free(&range);
	return pages * page_size;
}

static bool measure_usable(struct claim_run *run, const struct classes *classes, uint64_t bytes)
{
	const struct claim_request request = kmalloc_of(bytes);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	uint64_t usable = 0, class = 0, pfn;
	struct memlab_buf_info *info;

	if (!buf)
		return false;
	info = memlab_buf_get_info(buf);
	if (info) {
		usable = memlab_buf_info_get_usable_size(info);
		pfn = memlab_buf_info_get_phys(info) / run->page_size;
		if (memlab_buf_info_get_backing(info) == MEMLAB_LIB_BACKING_SLAB)
			class = class_for(classes, memlab_buf_info_get_cache_name(info), bytes);
		else
			/* A page more than it should have; memory may end there. */
			class = compound_bytes(pfn, run->page_size, usable + run->page_size);
		if (!class)
			class = compound_bytes(pfn, run->page_size, usable);
	}
	claim_case(run, usable >= bytes && usable == class,
		   "%" PRIu64 " bytes: usable %" PRIu64 ", class or block %" PRIu64, bytes, usable,
		   class);
	memlab_buf_info_free(info);
	claim_free(run, buf);
	return true;
}

static enum verdict run_usable(struct claim_run *run)
{
	uint64_t max_cache = memlab_dev_info_get_kmalloc_max_cache_size(run->info);
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info), sizes[SIZES_AROUND];
	size_t count = sizes_around(sizes, max);
	struct classes classes;

	if (!classes_read(&classes))
		return claim_unknown(run, "/proc/slabinfo: %s", strerror(errno));
	for (uint64_t bytes = 1; bytes <= max_cache; bytes++)
		measure_usable(run, &classes, bytes);
	for (size_t i = 0; i < count; i++)
		if (sizes[i] > max_cache)
			measure_usable(run, &classes, sizes[i]);
	classes_free(&classes);
	return claim_judge(run,
			   "every size up to %" PRIu64
			   " has the object size of the smallest class, larger ones the "
			   "size of their block in kpageflags",
			   max_cache);
}

const struct claim claim_kmalloc_usable = {
	.id = "kmalloc-usable",
	.claim = "The usable size is at least the requested one, and that of the size class",
	.source = "include/linux/slab.h, kernel-doc of ksize() and of kmalloc_size_roundup(): \"a "
		  "126 byte request would be rounded up to the next sized kmalloc bucket, 128 "
		  "bytes\".",
	.why = "An object of a size class has the size of the class, whatever was asked for, and "
	       "a block of pages is a power of two. What is above the request is slack.",
	.how = "Every size up to the largest class, one by one, and sizes round the powers of two "
	       "above. The usable size that the driver has from ksize() must be the object size "
	       "of the smallest class in /proc/slabinfo that fits, which /sys/kernel/slab tells, "
	       "and above the classes the length of the compound page that /proc/kpageflags shows.",
	.choice = "The slack is memory that is paid for: 4100 bytes take 8 KiB. Use it only after "
		  "asking for it by kmalloc_size_roundup(), as checkers know the requested size "
		  "alone.",
	.needs = NEED_PHYS | NEED_SLABINFO,
	.run = run_usable,
};
