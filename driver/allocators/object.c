// SPDX-License-Identifier: GPL-2.0-only
/* kmem_cache_alloc(): an object of a cache that the caller made. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "allocator.h"
#include "cache.h"
#include "loops.h"

static u64 object_max_bytes(void)
{
	return MEMLAB_CACHE_MAX_BYTES;
}

/* The cache counts for its objects. */
static u64 object_footprint(const struct memlab_buffer *buf, u64 bytes)
{
	return 0;
}

/* Of the zeroing form there is none for a node, and none for arrays at all. */
static const char *object_function(const struct memlab_buffer *buf)
{
	static const char *const names[MEMLAB_FORMS] = {
		"kmem_cache_alloc",
		"kmem_cache_alloc_node",
		"kmem_cache_zalloc",
		"kmem_cache_alloc_node",
	};

	return names[memlab_form(buf)];
}

static __always_inline void *object_call(unsigned int form, const struct memlab_buffer *buf,
					 gfp_t gfp)
{
	struct kmem_cache *cache = memlab_cache_kernel(buf->cache);

	switch (form) {
	case MEMLAB_FORM_NODE:
	case MEMLAB_FORM_NODE | MEMLAB_FORM_ZERO:
		return kmem_cache_alloc_node(cache, gfp, buf->node);
	case MEMLAB_FORM_ZERO:
		return kmem_cache_zalloc(cache, gfp);
	default:
		return kmem_cache_alloc(cache, gfp);
	}
}

static void object_settle(struct memlab_buffer *buf)
{
	buf->usable = kmem_cache_size(memlab_cache_kernel(buf->cache));
	buf->backing = MEMLAB_BACKING_SLAB;
}

static __always_inline void object_release(const struct memlab_buffer *buf, void *object)
{
	kmem_cache_free(memlab_cache_kernel(buf->cache), object);
}

MEMLAB_CALLS(object);

const struct memlab_allocator_ops memlab_object = {
	.max_bytes = object_max_bytes,
	.footprint = object_footprint,
	.function = object_function,
	.alloc = object_alloc,
	.settle = object_settle,
	.free = object_free,
	.loops = &object_loops,
	.free_name = "kmem_cache_free",
	.zero_by_flag = BIT(MEMLAB_FORM_NODE | MEMLAB_FORM_ZERO),
	.gfp_refused = MEMLAB_GFP_HIGHUSER | MEMLAB_GFP_DMA32 | MEMLAB_GFP_DMA,
};
