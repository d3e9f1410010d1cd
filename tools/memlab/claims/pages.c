// SPDX-License-Identifier: GPL-2.0-only
/* The page allocator itself: blocks by order, and an exact number of pages. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "look.h"

/* ---- pages-order ---- */

/* What speaks against a block of 2^@order pages, naturally aligned. */
static const char *not_a_block(const struct look *look, uint64_t page_size, unsigned int order)
{
	const char *wrong = look_contradiction(look);
	const struct frames *mapped = &look->mapped;
	struct look block = *look;
	size_t pages;

	if (wrong)
		return wrong;
	if (memlab_buf_info_get_usable_size(look->info) != page_size << order)
		return "another size than 2^order pages, by the driver's word";
	if (!mapped->count || frames_runs(mapped) != 1)
		return "more than one run, by pagemap";
	if (mapped->pfns[0] % (UINT64_C(1) << order))
		return "not aligned to its size, by pagemap";
	/* All of the block, also what lies beyond the bytes that were asked for. */
	frames_range(&block.reported, mapped->pfns[0], (size_t)1 << order);
	wrong = look_misuse(&block, page_size, &pages);
	frames_free(&block.reported);
	return wrong;
}

static bool measure_order(struct claim_run *run, unsigned int order, uint64_t bytes)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_PAGES,
					       .bytes = bytes };
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	const char *wrong = "cannot be described";
	struct look look;

	if (!buf)
		return false;
	if (look_at(run, buf, &look))
		wrong = not_a_block(&look, run->page_size, order);
	claim_case(run, !wrong, "order %u for %" PRIu64 " bytes: %s", order, bytes,
		   wrong ? wrong : "neighbouring frames, the first one aligned");
	look_free(&look);
	return true;
}

#define PER_ORDER 4

static enum verdict run_order(struct claim_run *run)
{
	unsigned int max = memlab_dev_info_get_max_order(run->info), served = 0;
	int err = 0;

	for (unsigned int order = 0; order <= max; order++) {
		uint64_t block = run->page_size << order;

		/* Held, so that the blocks differ; and sizes that do not fill theirs. */
		for (int i = 0; i < PER_ORDER; i++)
			if (measure_order(run, order, block))
				served = order;
			else
				err = errno;
		if (order) {
			measure_order(run, order, block / 2 + 1);
			measure_order(run, order, block - run->page_size / 2);
		}
		claim_free_all(run);
	}
	if (served < max && !claim_wrong(run))
		return claim_unknown(run, "no free block of order %u is left: %s", served + 1,
				     strerror(err));
	return claim_judge(run, "2^order frames in a row, aligned to their number, orders 0 to %u",
			   max);
}

const struct claim claim_pages_order = {
	.id = "pages-order",
	.claim = "alloc_pages returns 2^order pages, contiguous and aligned to their size",
	.source = "mm/mempolicy.c, kernel-doc of alloc_pages(): \"Allocate 1 << @order contiguous "
		  "pages. The physical address of the first page is naturally aligned (eg an "
		  "order-3 allocation will be aligned to a multiple of 8 * PAGE_SIZE bytes)\".",
	.why = "The page allocator keeps free memory in blocks of 2^order pages that begin at a "
	       "multiple of their size. A larger block is halved until it fits, and halves that "
	       "are both free (buddies) are joined again.",
	.how = "Every order, four full blocks and two sizes that do not fill one. The frames in "
	       "/proc/self/pagemap must be neighbours, the first one a multiple of 2^order, and "
	       "/proc/kpageflags must show one compound page of all 2^order frames.",
	.choice = "For whole pages where their struct page is needed, or a large and aligned run. "
		  "A size that is no power of two pages wastes up to half: see "
		  "alloc_pages_exact().",
	.needs = NEED_PHYS,
	.run = run_order,
};

/* ---- pages-exact ---- */

static const char *not_exact(const struct look *look, uint64_t page_size, uint64_t pages,
			     uint64_t block, size_t *tail_free)
{
	const char *wrong = look_contradiction(look);
	struct frames tail;
	size_t looked_at;
	bool read;

	if (wrong)
		return wrong;
	if (memlab_buf_info_get_usable_size(look->info) != pages * page_size)
		return "another size than its pages, by the driver's word";
	if (look->mapped.count != pages || frames_runs(&look->mapped) != 1)
		return "not that many frames in one run, by pagemap";
	wrong = look_misuse(look, page_size, &looked_at);
	if (wrong)
		return wrong;

	frames_range(&tail, look->mapped.pfns[0] + pages, (size_t)(block - pages));
	read = frames_free_count(&tail, tail_free);
	frames_free(&tail);
	if (!read)
		return "/proc/kpageflags cannot be read";
	/* Somebody else may have taken some of them by now. */
	if (2 * *tail_free < block - pages)
		return "the rest of the block is not free, by kpageflags";
	return NULL;
}

/* A rest of a page or two may be in use again before anybody can look. */
#define EXACT_TRIES 4

/* Returns how many frames were seen free behind the buffer. */
static size_t measure_exact(struct claim_run *run, uint64_t pages)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_PAGES_EXACT,
					       .bytes = pages * run->page_size };
	const char *wrong = "cannot be described";
	size_t tail_free = 0;
	uint64_t block = 1;

	while (block < pages)
		block *= 2;
	for (int i = 0; wrong && i < EXACT_TRIES; i++) {
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);
		struct look look;

		if (!buf)
			return 0;
		if (look_at(run, buf, &look))
			wrong = not_exact(&look, run->page_size, pages, block, &tail_free);
		look_free(&look);
		claim_free(run, buf);
	}
	claim_case(run, !wrong, "%" PRIu64 " of %" PRIu64 " pages: %s (%zu of the rest are free)",
		   pages, block, wrong ? wrong : "one run of single pages", tail_free);
	return tail_free;
}

static enum verdict run_exact(struct claim_run *run)
{
	unsigned int max = memlab_dev_info_get_max_order(run->info);
	size_t tail_free = 0;

	/* A little more than half a block, three quarters, and nearly all of it. */
	for (unsigned int order = 2; order <= max; order++) {
		uint64_t block = UINT64_C(1) << order;

		tail_free += measure_exact(run, block / 2 + 1);
		tail_free += measure_exact(run, block / 4 * 3);
		tail_free += measure_exact(run, block - 1);
	}
	return claim_judge(run, "the pages in one run; behind them %zu pages were seen free",
			   tail_free);
}

const struct claim claim_pages_exact = {
	.id = "pages-exact",
	.claim = "alloc_pages_exact keeps only the pages that are needed",
	.source = "mm/page_alloc.c, kernel-doc of alloc_pages_exact(): \"it allocates the minimum "
		  "number of pages to satisfy the request. alloc_pages() can only allocate memory "
		  "in power-of-two pages\".",
	.why = "The function takes a block of 2^order pages, splits it into single pages, and "
	       "gives those that are too many back at once (make_alloc_exact()).",
	.how = "For every order, a little more than half of a block, three quarters, and all but "
	       "one page. The frames in /proc/self/pagemap must be as many as asked for, in one "
	       "run, single pages by /proc/kpageflags; and of the frames behind them, up to the "
	       "end of the block, at least half must be free there, in one of four tries.",
	.choice = "For a contiguous run whose length is no power of two: 65 pages take 65, not "
		  "128. A free block of 128 must exist all the same. Free it by "
		  "free_pages_exact().",
	.needs = NEED_PHYS,
	.run = run_exact,
};
