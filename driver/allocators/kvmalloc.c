// SPDX-License-Identifier: GPL-2.0-only
/* kvmalloc(): kmalloc(), and vmalloc() when that fails. */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "allocator.h"
#include "compat.h"
#include "loops.h"

/* kvmalloc_node() warns above INT_MAX; the machine may have less. */
static u64 kvmalloc_max_bytes(void)
{
	return min_t(u64, INT_MAX, (u64)totalram_pages() << PAGE_SHIFT);
}

/* The larger of what its two ways may take; vmalloc() may use huge pages for it. */
static u64 kvmalloc_footprint(const struct memlab_buffer *buf, u64 bytes)
{
	u64 pages = bytes < PMD_SIZE ? PAGE_ALIGN(bytes) : ALIGN(bytes, PMD_SIZE);

	if (bytes > KMALLOC_MAX_SIZE)
		return pages;
	return bytes > PAGE_SIZE ? max_t(u64, pages, kmalloc_size_roundup(bytes)) :
				   kmalloc_size_roundup(bytes);
}

static const char *kvmalloc_function(const struct memlab_buffer *buf)
{
	static const char *const names[MEMLAB_FORMS] = {
		"kvmalloc", "kvmalloc_node", "kvzalloc", "kvzalloc_node", "kvmalloc_array",
		NULL,	    "kvcalloc",	     NULL,
	};

	return names[memlab_form(buf)];
}

static __always_inline void *kvmalloc_call(unsigned int form, const struct memlab_buffer *buf,
					   gfp_t gfp)
{
	const struct memlab_shape *shape = &buf->shape;

	switch (form) {
	case MEMLAB_FORM_NODE:
		return kvmalloc_node(shape->bytes, gfp, buf->node);
	case MEMLAB_FORM_ZERO:
		return kvzalloc(shape->bytes, gfp);
	case MEMLAB_FORM_ZERO | MEMLAB_FORM_NODE:
		return kvzalloc_node(shape->bytes, gfp, buf->node);
	case MEMLAB_FORM_ARRAY:
		return kvmalloc_array(shape->count, shape->element_bytes, gfp);
	case MEMLAB_FORM_ARRAY | MEMLAB_FORM_ZERO:
		return kvcalloc(shape->count, shape->element_bytes, gfp);
	default:
		return kvmalloc(shape->bytes, gfp);
	}
}

static void kvmalloc_settle(struct memlab_buffer *buf)
{
	if (is_vmalloc_addr(buf->addr))
		memlab_vmalloc.settle(buf);
	else
		memlab_kmalloc_settle(buf);
}

static __always_inline void kvmalloc_release(const struct memlab_buffer *buf, void *object)
{
	kvfree(object);
}

MEMLAB_CALLS(kvmalloc);

static void *kvmalloc_resize(const struct memlab_buffer *buf, const struct memlab_shape *shape,
			     gfp_t gfp)
{
	return memlab_kvrealloc(buf->addr, buf->bytes, shape->bytes, gfp);
}

const struct memlab_allocator_ops memlab_kvmalloc = {
	.max_bytes = kvmalloc_max_bytes,
	.footprint = kvmalloc_footprint,
	.function = kvmalloc_function,
	.alloc = kvmalloc_alloc,
	.settle = kvmalloc_settle,
	.free = kvmalloc_free,
	.loops = &kvmalloc_loops,
	.free_name = "kvfree",
	.resize = kvmalloc_resize,
	.resize_name = "kvrealloc",
	.gfp_refused = MEMLAB_GFP_HIGHUSER | MEMLAB_GFP_DMA32,
	.takes_kvfree = true,
	.by_pages = true,
};
