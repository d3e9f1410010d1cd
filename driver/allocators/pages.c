// SPDX-License-Identifier: GPL-2.0-only
/* alloc_pages(): a block of 2^order pages. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "allocator.h"
#include "compat.h"
#include "loops.h"

static u64 pages_max_bytes(void)
{
	return PAGE_SIZE << memlab_max_order();
}

static u64 pages_footprint(const struct memlab_buffer *buf, u64 bytes)
{
	return PAGE_SIZE << get_order(bytes);
}

/* There is no form for arrays, and none that zeroes but by flag. */
static const char *pages_function(const struct memlab_buffer *buf)
{
	if (buf->shape.count)
		return NULL;
	return buf->alloc_flags & MEMLAB_ALLOC_NODE ? "alloc_pages_node" : "alloc_pages";
}

static __always_inline void *pages_call(unsigned int form, const struct memlab_buffer *buf,
					gfp_t gfp)
{
	unsigned int order = get_order(buf->bytes);
	struct page *page;

	if (buf->alloc_flags & MEMLAB_ALLOC_NODE)
		page = alloc_pages_node(buf->node, gfp, order);
	else
		page = alloc_pages(gfp, order);
	/* A 64-bit kernel sees every page. */
	return page ? page_address(page) : NULL;
}

static void pages_settle(struct memlab_buffer *buf)
{
	buf->usable = pages_footprint(buf, buf->bytes);
	buf->backing = MEMLAB_BACKING_PAGES;
}

static __always_inline void pages_release(const struct memlab_buffer *buf, void *object)
{
	__free_pages(virt_to_page(object), get_order(buf->bytes));
}

MEMLAB_CALLS(pages);

/* With __GFP_COMP, so that /proc/kpageflags tells which pages belong together. */
const struct memlab_allocator_ops memlab_pages = {
	.max_bytes = pages_max_bytes,
	.footprint = pages_footprint,
	.function = pages_function,
	.alloc = pages_alloc,
	.settle = pages_settle,
	.free = pages_free,
	.loops = &pages_loops,
	.free_name = "__free_pages",
	.gfp_added = MEMLAB_GFP_COMP,
	.zero_by_flag = BIT(MEMLAB_FORM_ZERO) | BIT(MEMLAB_FORM_ZERO | MEMLAB_FORM_NODE),
};
