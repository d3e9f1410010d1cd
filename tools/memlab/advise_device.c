// SPDX-License-Identifier: GPL-2.0-only
/* Which allocator when, for a device that takes one physical run of memory. */
#include <inttypes.h>

#include "advise_rules.h"

#define TRY_HARD (MEMLAB_LIB_GFP_KERNEL | MEMLAB_LIB_GFP_RETRY_MAYFAIL | MEMLAB_LIB_GFP_NOWARN)

static bool device_many(const struct facts *facts)
{
	return facts->question->same_size_many && facts->total <= facts->page_size;
}

static void because_device_many(const struct facts *facts, struct advice *advice)
{
	(void)facts;
	advise_because(
		advice, "cache-identical",
		"dma_pool_create() is to devices what kmem_cache_create() is to the processor");
}

static bool device_small(const struct facts *facts)
{
	return !facts_is_costly(facts);
}

static void because_device_small(const struct facts *facts, struct advice *advice)
{
	advise_because(advice, "kmalloc-contiguous",
		       "the device needs one physical run, which kmalloc() gives");
	advise_because(advice, "kmalloc-linear",
		       "dma_map_single() takes such an address, and none of vmalloc()");
	if (facts->minalign)
		advise_because(advice, "kmalloc-minalign",
			       "it begins at a multiple of %" PRIu64
			       " bytes at least, which is enough for DMA on this architecture",
			       facts->minalign);
	if (facts->order)
		advise_because(
			advice, "kmalloc-large-buddy",
			"it takes a free block of order %u, which the page allocator makes rather than fail in process context up to order 3",
			facts->order);
	if (device_many(facts))
		because_device_many(facts, advice);
}

static void because_device(const struct facts *facts, struct advice *advice)
{
	char most[SIZE_TEXT];

	if (facts->order > facts->max_order)
		advise_because(advice, "pages-order",
			       "the page allocator's blocks end at order %u, %s", facts->max_order,
			       size_text(most, facts->page_size << facts->max_order));
	advise_because(
		advice, "vmalloc-scattered",
		"dma_alloc_coherent() can have an IOMMU make one run of scattered pages, or take the block from the reserve for it (CMA), if the machine has one");
}

static bool always(const struct facts *facts)
{
	(void)facts;
	return true;
}

static bool device_pages(const struct facts *facts)
{
	return facts_in_process(facts) && facts->order <= facts->max_order;
}

static void because_device_pages(const struct facts *facts, struct advice *advice)
{
	char block[SIZE_TEXT];

	size_text(block, facts->page_size << facts->order);
	advise_because(advice, "pages-order",
		       "the device needs one physical run, and gets a block of order %u, %s",
		       facts->order, block);
	if (advice->use.request.allocator == MEMLAB_LIB_ALLOCATOR_PAGES_EXACT)
		advise_because(advice, "pages-exact",
			       "what the block has too much is given back at once");
	if (!facts_is_costly(facts))
		return;
	advise_because(
		advice, "kmalloc-large-buddy",
		"kmalloc() may fail at order %u, and is no way round it: it asks for the same block",
		facts->order);
	advise_because(advice, "gfp-retry-mayfail",
		       "above order 3 the kernel gives up early, unless it is told to try hard");
	if (facts->question->long_lived)
		advise_because(
			advice, "kvmalloc-fallback",
			"allocate it when the driver is loaded, and keep it: later such blocks may have become rare");
	because_device(facts, advice);
}

static bool device_pages_ahead(const struct facts *facts)
{
	return !facts_in_process(facts) && facts_is_costly(facts) &&
	       facts->order <= facts->max_order;
}

static void because_device_pages_ahead(const struct facts *facts, struct advice *advice)
{
	because_device_pages(facts, advice);
	advise_because(
		advice, "gfp-nowait",
		"allocate it beforehand in process context: where sleeping is forbidden, the kernel can neither reclaim nor compact to get such a block");
}

const struct rule advise_device_rules[] = {
	{ .applies = device_small,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
	  .explain = because_device_small },
	{ .applies = device_many,
	  .function = "dma_pool_alloc",
	  .free_function = "dma_pool_free",
	  .explain = because_device_many },
	{ .applies = device_pages,
	  .allocator = MEMLAB_LIB_ALLOCATOR_PAGES,
	  .gfp = TRY_HARD,
	  .explain = because_device_pages },
	{ .applies = device_pages_ahead,
	  .allocator = MEMLAB_LIB_ALLOCATOR_PAGES,
	  .gfp = TRY_HARD,
	  .ahead = true,
	  .explain = because_device_pages_ahead },
	{ .applies = always,
	  .function = "dma_alloc_coherent",
	  .free_function = "dma_free_coherent",
	  .explain = because_device },
};

const size_t advise_device_rule_count = ARRAY_SIZE(advise_device_rules);
