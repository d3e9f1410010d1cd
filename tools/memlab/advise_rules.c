// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which allocator when. Sentences in general are the claims' own (claims/), to which the
 * reasons point; here is what they mean for the question.
 */
#include "advise_rules.h"

#define KERNEL MEMLAB_LIB_GFP_KERNEL
#define NOWAIT (MEMLAB_LIB_GFP_NOWAIT | MEMLAB_LIB_GFP_NOWARN)

/* ---- objects of a cache ---- */

static bool small_object(const struct facts *facts)
{
	return !facts->is_array && facts->total <= facts->kmalloc_max_cache;
}

static bool cached(const struct facts *facts)
{
	return small_object(facts) &&
	       (facts->question->same_size_many || facts->question->user_copy);
}

static void because_cache(const struct facts *facts, struct advice *advice)
{
	char all[SIZE_TEXT];

	if (facts->question->same_size_many)
		advise_because(
			advice, "cache-identical",
			"many objects of one size come from a cache of their own: packed without rounding up to a size class, and visible by name in /proc/slabinfo");
	if (facts->question->same_size_many && facts->count > 1)
		advise_because(
			advice, "kmalloc-usable",
			"kmalloc() would round each of them up to a size class; they are %s in all",
			size_text(all, facts->all));
	if (facts->question->user_copy)
		advise_because(
			advice, "cache-usercopy",
			"only the part that the cache declares can be copied to and from user space, whatever a bug asks for");
	advise_because(advice, "cache-destroy",
		       "free all objects before kmem_cache_destroy() when the driver goes");
}

/* ---- where sleeping is forbidden ---- */

static bool atomic_small(const struct facts *facts)
{
	return !facts_in_process(facts) && !facts_is_costly(facts);
}

static void because_atomic(const struct facts *facts, struct advice *advice)
{
	advise_because(
		advice, "kmalloc-atomic",
		"kmalloc() works where sleeping is forbidden, given flags that do not sleep");
	advise_because(
		advice, "gfp-high",
		"GFP_ATOMIC may use up reserves; with another way out at hand, GFP_NOWAIT leaves them alone");
	advise_because(
		advice, "gfp-nowait",
		"it can fail at any time, as it cannot wait for memory: the code needs an answer to NULL");
	if (facts->order)
		advise_because(advice, "kmalloc-large-buddy",
			       "it takes a free block of order %u; allocating beforehand is safer",
			       facts->order);
}

static bool atomic_large(const struct facts *facts)
{
	return !facts_in_process(facts) && facts_is_costly(facts);
}

static void because_atomic_vmalloc(const struct facts *facts, struct advice *advice)
{
	(void)facts;
	advise_because(advice, "vmalloc-sleeps",
		       "on this kernel vmalloc() takes flags that do not sleep");
}

static bool atomic_page(const struct facts *facts)
{
	return !facts_in_process(facts) && !facts->order;
}

static bool atomic_ahead(const struct facts *facts)
{
	return !facts_in_process(facts);
}

static bool atomic_ahead_kvmalloc(const struct facts *facts)
{
	return atomic_ahead(facts) && facts->total <= facts->kmalloc_max;
}

static void because_ahead(const struct facts *facts, struct advice *advice)
{
	char size[SIZE_TEXT];

	advise_because(
		advice, "gfp-nowait",
		"allocate it beforehand in process context, and use it here: without sleeping, %s are there only by luck",
		size_text(size, facts->total));
	advise_because(advice, "kvfree-any",
		       "free it in process context too: memory of vmalloc() is given back there");
}

static bool atomic_block(const struct facts *facts)
{
	return !facts_in_process(facts) && facts->total <= facts->kmalloc_max;
}

/* ---- in process context ---- */

static bool small(const struct facts *facts)
{
	return facts_in_process(facts) && facts->total <= facts->page_size;
}

static void because_small(const struct facts *facts, struct advice *advice)
{
	(void)facts;
	advise_because(advice, "kmalloc-slab",
		       "up to a page, kmalloc() is the usual way: an object of a slab cache");
	advise_because(advice, "kvmalloc-small",
		       "kvmalloc() would do the same, as it never falls back for a page or less");
}

static bool small_alone(const struct facts *facts)
{
	return small(facts) && !facts->is_array;
}

static bool small_array(const struct facts *facts)
{
	return small(facts) && facts->is_array;
}

static bool large(const struct facts *facts)
{
	return facts_in_process(facts) && facts->total > facts->page_size;
}

static bool middling(const struct facts *facts)
{
	return large(facts) && facts->total <= facts->kmalloc_max;
}

static bool large_for_long(const struct facts *facts)
{
	return middling(facts) && facts_is_costly(facts) && facts->question->long_lived;
}

static void because_vmalloc(const struct facts *facts, struct advice *advice)
{
	char most[SIZE_TEXT];

	if (facts->total > facts->kmalloc_max)
		advise_because(
			advice, "kmalloc-max",
			"kmalloc() ends at %s, so that kvmalloc() would go to vmalloc() straight away",
			size_text(most, facts->kmalloc_max));
	advise_because(advice, "vmalloc-large", "vmalloc() serves what the machine has in memory");
	advise_because(advice, "vmalloc-scattered",
		       "it takes single pages, wherever they are: fragmentation is no obstacle");
}

static void because_for_long(const struct facts *facts, struct advice *advice)
{
	because_vmalloc(facts, advice);
	advise_because(
		advice, "kmalloc-faster",
		"that it costs more than kmalloc() counts once, while a block of order %u would be kept from others for as long as it lives",
		facts->order);
}

static void because_kvmalloc(const struct facts *facts, struct advice *advice)
{
	advise_because(
		advice, "kvmalloc-fallback",
		"kmalloc() needs a free block of order %u; kvmalloc() takes one if it is there, and single pages otherwise",
		facts->order);
	advise_because(advice, "kvfree-any", "kvfree() frees it, whichever way was taken");
}

const struct rule advise_rules[] = {
	{ .applies = cached, .allocator = MEMLAB_LIB_ALLOCATOR_CACHE, .explain = because_cache },
	{ .applies = atomic_small,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
	  .explain = because_atomic },
	{ .applies = atomic_large,
	  .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC,
	  .explain = because_atomic_vmalloc },
	{ .applies = atomic_page,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
	  .gfp = NOWAIT,
	  .explain = because_atomic },
	{ .applies = atomic_ahead_kvmalloc,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC,
	  .gfp = KERNEL,
	  .ahead = true,
	  .explain = because_ahead },
	{ .applies = atomic_ahead,
	  .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC,
	  .gfp = KERNEL,
	  .ahead = true,
	  .explain = because_ahead },
	{ .applies = atomic_ahead,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC,
	  .gfp = KERNEL,
	  .ahead = true,
	  .explain = because_ahead },
	{ .applies = atomic_block,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
	  .gfp = NOWAIT,
	  .explain = because_atomic },
	{ .applies = small, .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC, .explain = because_small },
	{ .applies = small_array,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC,
	  .gfp = KERNEL,
	  .explain = because_kvmalloc },
	{ .applies = small_alone,
	  .allocator = MEMLAB_LIB_ALLOCATOR_CACHE,
	  .explain = because_cache },
	{ .applies = large_for_long,
	  .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC,
	  .gfp = KERNEL,
	  .explain = because_for_long },
	{ .applies = middling,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC,
	  .gfp = KERNEL,
	  .explain = because_kvmalloc },
	{ .applies = large,
	  .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC,
	  .gfp = KERNEL,
	  .explain = because_vmalloc },
	{ .applies = large,
	  .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC,
	  .gfp = KERNEL,
	  .explain = because_kvmalloc },
};

const size_t advise_rule_count = ARRAY_SIZE(advise_rules);
