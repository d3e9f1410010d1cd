// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc() above its size classes: blocks of the page allocator, up to a largest size. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "buddyinfo.h"
#include "look.h"

static struct claim_request request_of(unsigned int allocator, uint64_t bytes)
{
	return (struct claim_request){ .allocator = allocator, .bytes = bytes };
}

/* ---- kmalloc-max ---- */

#define MAX_TRIES 8

/* The largest block that the page allocator has, by the kernel's own table. */
static void measure_limit(struct claim_run *run, uint64_t max)
{
	struct buddyinfo *buddyinfo = buddyinfo_read();
	uint64_t block;

	if (!buddyinfo)
		return;
	block = run->page_size << (buddyinfo->orders - 1);
	claim_case(run, max == block,
		   "KMALLOC_MAX_SIZE is %" PRIu64
		   " bytes, the largest block of /proc/buddyinfo %" PRIu64,
		   max, block);
	free(buddyinfo);
}

/* Returns how many buffers of the largest size were served. */
static unsigned int measure_largest(struct claim_run *run, uint64_t max)
{
	const struct claim_request request = request_of(MEMLAB_LIB_ALLOCATOR_KMALLOC, max);
	unsigned int served = 0;

	for (int i = 0; i < MAX_TRIES; i++) {
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);
		const char *wrong = "cannot be described";
		struct look look;
		size_t pages;

		if (!buf)
			break;
		served++;
		if (look_at(run, buf, &look)) {
			wrong = look_contradiction(&look);
			if (!wrong)
				wrong = look_misuse(&look, run->page_size, &pages);
			if (!wrong && frames_runs(&look.mapped) != 1)
				wrong = "more than one physical run, by pagemap";
		}
		claim_case(run, !wrong, "the largest size: %s",
			   wrong ? wrong : "served, one compound block");
		look_free(&look);
	}
	claim_free_all(run);
	return served;
}

/*
 * The driver refuses larger sizes itself, so that the kernel cannot warn of them. The
 * kernel's own answer is seen in kvmalloc(), which asks kmalloc() first.
 */
static void measure_above(struct claim_run *run, uint64_t bytes, struct kcore *kcore)
{
	const struct claim_request direct = request_of(MEMLAB_LIB_ALLOCATOR_KMALLOC, bytes);
	const struct claim_request either = request_of(MEMLAB_LIB_ALLOCATOR_KVMALLOC, bytes);
	struct memlab_buf *buf;
	const char *wrong = "cannot be described";
	struct look look;
	bool in_direct_map;
	char size[SIZE_TEXT];

	buf = claim_alloc(run, &direct, NULL);
	claim_case(run, !buf, "%s from kmalloc: %s", size_text(size, bytes),
		   buf ? "served" : strerror(errno));
	if (buf)
		claim_free(run, buf);

	buf = claim_alloc(run, &either, NULL);
	if (!buf)
		return;
	if (look_at(run, buf, &look)) {
		wrong = look_contradiction(&look);
		if (!wrong &&
		    (!kcore_within(kcore, look.kaddr, bytes, &in_direct_map) || in_direct_map))
			wrong = "kmalloc has served it: the address is in the direct map";
	}
	claim_case(run, !wrong, "%s from kvmalloc: %s", size_text(size, bytes),
		   wrong ? wrong : "kmalloc said no, vmalloc served it");
	look_free(&look);
	claim_free(run, buf);
}

static enum verdict run_max(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info);
	struct kmsg *kmsg = kmsg_watch();
	struct kcore *kcore = kcore_open();
	char size[SIZE_TEXT], *complaint;
	unsigned int served;

	if (!kmsg || !kcore)
		return claim_unknown(run, "the kernel's log or /proc/kcore cannot be opened: %s",
				     strerror(errno));
	measure_limit(run, max);
	served = measure_largest(run, max);
	measure_above(run, max + 1, kcore);
	measure_above(run, max + run->page_size, kcore);
	measure_above(run, 2 * max, kcore);
	measure_above(run, 2 * max + 1, kcore);
	complaint = kmsg_complaint(kmsg);
	claim_case(run, !complaint, "kernel log: %s", complaint ? complaint : "no complaint");
	free(complaint);
	kcore_close(kcore);
	kmsg_close(kmsg);
	if (!served && !claim_wrong(run))
		return claim_unknown(run, "no free block of %s is left to try the largest size",
				     size_text(size, max));
	return claim_judge(run, "%s served %u times, a byte more refused, kernel log clean",
			   size_text(size, max), served);
}

const struct claim claim_kmalloc_max = {
	.id = "kmalloc-max",
	.claim = "kmalloc has a largest size (KMALLOC_MAX_SIZE), above which it fails",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"The maximal size of a chunk that can be allocated with kmalloc is limited. "
		  "The actual limit depends on the hardware and the kernel configuration\"; "
		  "include/linux/slab.h, KMALLOC_MAX_SIZE.",
	.why = "Above its size classes kmalloc() hands out single blocks of the page allocator, "
	       "so the largest block is the largest size: 4 MiB with pages of 4 KiB and orders up "
	       "to 10, as is usual on x86.",
	.how = "The limit must be the largest block that /proc/buddyinfo has a column for. "
	       "Buffers of that size must be one compound block by /proc/kpageflags and pagemap. "
	       "A byte more must fail: the driver refuses it, as some kernels print a warning, "
	       "and the kernel's own answer shows in kvmalloc(), which asks kmalloc() first and "
	       "whose memory must then be in the vmalloc area. The kernel's log must stay clean.",
	.choice = "A size that can grow without bound, or that user space chooses, is not for "
		  "kmalloc(): use kvmalloc(). Long before the limit, sizes above a few pages may "
		  "fail when memory is fragmented.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE | NEED_KMSG,
	.run = run_max,
};

/* ---- kmalloc-large-buddy ---- */

/* What is wrong with a freed block's frames; NULL: most of them are the page allocator's. */
static const char *not_free_again(const struct frames *frames)
{
	size_t count;

	if (!frames_free_count(frames, &count))
		return "/proc/kpageflags cannot be read";
	return 2 * count >= frames->count ? NULL :
					    "freed, but kpageflags does not have the pages as free";
}

static const char *not_a_block(const struct look *look, uint64_t page_size)
{
	const char *wrong = look_contradiction(look);
	size_t pages;

	if (wrong)
		return wrong;
	if (memlab_buf_info_get_backing(look->info) != MEMLAB_LIB_BACKING_LARGE)
		return "not by the page allocator, by the driver's word";
	wrong = look_misuse(look, page_size, &pages);
	if (wrong)
		return wrong;
	if (frames_runs(&look->reported) != 1)
		return "more than one run";
	return NULL;
}

static bool measure_large(struct claim_run *run, uint64_t bytes)
{
	const struct claim_request request = request_of(MEMLAB_LIB_ALLOCATOR_KMALLOC, bytes);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	const char *wrong = "cannot be described";
	char size[SIZE_TEXT];
	struct look look;
	uint64_t pages;

	if (!buf)
		return false;
	if (look_at(run, buf, &look))
		wrong = not_a_block(&look, run->page_size);
	pages = look.info ? memlab_buf_info_get_usable_size(look.info) / run->page_size : 0;
	claim_free(run, buf);
	if (!wrong && shows_when_free((size_t)pages, run->page_size))
		wrong = not_free_again(&look.reported);
	claim_case(run, !wrong, "%s: %s", size_text(size, bytes),
		   wrong ? wrong : "a compound block of pages, no slab");
	look_free(&look);
	return true;
}

static enum verdict run_large_buddy(struct claim_run *run)
{
	uint64_t above = memlab_dev_info_get_kmalloc_max_cache_size(run->info);
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info), sizes[SIZES_AROUND];
	size_t count = sizes_around(sizes, max);
	uint64_t failed = 0;
	char size[SIZE_TEXT];

	for (size_t i = 0; i < count; i++)
		if (sizes[i] > above)
			failed += !measure_large(run, sizes[i]);
	return claim_judge(run,
			   "compound blocks without the SLAB flag from %s + 1 on; %" PRIu64
			   " sizes were not served",
			   size_text(size, above), failed);
}

const struct claim claim_kmalloc_large_buddy = {
	.id = "kmalloc-large-buddy",
	.claim = "Above KMALLOC_MAX_CACHE_SIZE kmalloc goes to the page allocator",
	.source = "include/linux/slab.h, KMALLOC_MAX_CACHE_SIZE and the comment above "
		  "KMALLOC_SHIFT_HIGH: \"SLAB and SLUB directly allocates requests fitting in to "
		  "an order-1 page (PAGE_SIZE*2). Larger requests are passed to the page "
		  "allocator\".",
	.why = "A size class only pays while several objects share a slab. A larger request is "
	       "rounded up to a power of two pages and passed on to the page allocator.",
	.how = "Sizes round every power of two above the limit. /proc/kpageflags must show a head "
	       "and tails of a compound page, none of them a slab's, at the frames that "
	       "/proc/self/pagemap and the driver agree upon; and after the buffer was freed, "
	       "most of its pages free, unless blocks of that order wait in lists of the CPUs.",
	.choice = "Such a request is rounded up to a power of two pages: 33 KiB take 64 KiB. And "
		  "it needs a free block of that order. alloc_pages_exact() wastes less, "
		  "kvmalloc() needs no block.",
	.needs = NEED_PHYS,
	.run = run_large_buddy,
};
