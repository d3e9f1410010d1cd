// SPDX-License-Identifier: GPL-2.0-only
/* alloc_pages_exact(): a block of 2^order pages, without those that are too many. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "allocator.h"
#include "loops.h"

static u64 pages_exact_max_bytes(void)
{
	return memlab_pages.max_bytes();
}

/* Its form for a node is not for modules. */
static const char *pages_exact_function(const struct memlab_buffer *buf)
{
	if (buf->shape.count || buf->alloc_flags & MEMLAB_ALLOC_NODE)
		return NULL;
	return "alloc_pages_exact";
}

static __always_inline void *pages_exact_call(unsigned int form, const struct memlab_buffer *buf,
					      gfp_t gfp)
{
	return alloc_pages_exact(buf->bytes, gfp);
}

static void pages_exact_settle(struct memlab_buffer *buf)
{
	buf->usable = PAGE_ALIGN(buf->bytes);
	buf->backing = MEMLAB_BACKING_SPLIT;
}

static __always_inline void pages_exact_release(const struct memlab_buffer *buf, void *object)
{
	free_pages_exact(object, buf->bytes);
}

MEMLAB_CALLS(pages_exact);

const struct memlab_allocator_ops memlab_pages_exact = {
	.max_bytes = pages_exact_max_bytes,
	.footprint = memlab_page_footprint,
	.function = pages_exact_function,
	.alloc = pages_exact_alloc,
	.settle = pages_exact_settle,
	.free = pages_exact_free,
	.loops = &pages_exact_loops,
	.free_name = "free_pages_exact",
	.gfp_refused = MEMLAB_GFP_HIGHUSER,
	.zero_by_flag = BIT(MEMLAB_FORM_ZERO),
};
