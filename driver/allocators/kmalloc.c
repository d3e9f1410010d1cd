// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc(): slab objects by size class, whole pages above the largest class. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "allocator.h"
#include "compat.h"
#include "loops.h"

static u64 kmalloc_max_bytes(void)
{
	return KMALLOC_MAX_SIZE;
}

u64 memlab_kmalloc_footprint(const struct memlab_buffer *buf, u64 bytes)
{
	return kmalloc_size_roundup(bytes);
}

static const char *kmalloc_function(const struct memlab_buffer *buf)
{
	static const char *const names[MEMLAB_FORMS] = {
		"kmalloc",	 "kmalloc_node",       "kzalloc", "kzalloc_node",
		"kmalloc_array", "kmalloc_array_node", "kcalloc", "kcalloc_node",
	};

	return names[memlab_form(buf)];
}

static __always_inline void *kmalloc_call(unsigned int form, const struct memlab_buffer *buf,
					  gfp_t gfp)
{
	const struct memlab_shape *shape = &buf->shape;

	switch (form) {
	case MEMLAB_FORM_NODE:
		return kmalloc_node(shape->bytes, gfp, buf->node);
	case MEMLAB_FORM_ZERO:
		return kzalloc(shape->bytes, gfp);
	case MEMLAB_FORM_ZERO | MEMLAB_FORM_NODE:
		return kzalloc_node(shape->bytes, gfp, buf->node);
	case MEMLAB_FORM_ARRAY:
		return kmalloc_array(shape->count, shape->element_bytes, gfp);
	case MEMLAB_FORM_ARRAY | MEMLAB_FORM_NODE:
		return kmalloc_array_node(shape->count, shape->element_bytes, gfp, buf->node);
	case MEMLAB_FORM_ARRAY | MEMLAB_FORM_ZERO:
		return kcalloc(shape->count, shape->element_bytes, gfp);
	case MEMLAB_FORM_ARRAY | MEMLAB_FORM_ZERO | MEMLAB_FORM_NODE:
		return kcalloc_node(shape->count, shape->element_bytes, gfp, buf->node);
	default:
		return kmalloc(shape->bytes, gfp);
	}
}

void memlab_kmalloc_settle(struct memlab_buffer *buf)
{
	/* ksize() also makes slab debugging expect writes to the slack. */
	buf->usable = ksize(buf->addr);
	buf->backing = memlab_is_slab(buf->addr) ? MEMLAB_BACKING_SLAB : MEMLAB_BACKING_LARGE;
}

static __always_inline void kmalloc_release(const struct memlab_buffer *buf, void *object)
{
	kfree(object);
}

MEMLAB_CALLS(kmalloc);

static void *kmalloc_resize(const struct memlab_buffer *buf, const struct memlab_shape *shape,
			    gfp_t gfp)
{
	if (shape->count)
		return krealloc_array(buf->addr, shape->count, shape->element_bytes, gfp);
	return krealloc(buf->addr, shape->bytes, gfp);
}

/**
 * memlab_kmalloc_cache_name() - which cache an object of kmalloc() is from
 * @buf: the buffer, an object of a slab
 * @name: out, empty if it is not one of kmalloc()'s
 * @size: bytes of @name
 *
 * A module cannot ask the object. The rules are those of kmalloc_type() in
 * include/linux/slab.h and of kmalloc_info[] in mm/slab_common.c.
 */
void memlab_kmalloc_cache_name(const struct memlab_buffer *buf, u8 *name, size_t size)
{
	/* Under KFENCE an object has no more bytes than were asked for. */
	u64 bytes = kmalloc_size_roundup(buf->usable);
	const char *kind = "kmalloc";

	if (IS_ENABLED(CONFIG_ZONE_DMA) && buf->gfp_made & MEMLAB_GFP_DMA)
		kind = "dma-kmalloc";
	else if (memlab_has_cgroup_caches() && buf->gfp_made & MEMLAB_GFP_ACCOUNT)
		kind = "kmalloc-cg";
	if (bytes < 1024)
		snprintf(name, size, "%s-%llu", kind, bytes);
	else
		snprintf(name, size, "%s-%lluk", kind, bytes / 1024);
}

const struct memlab_allocator_ops memlab_kmalloc = {
	.max_bytes = kmalloc_max_bytes,
	.footprint = memlab_kmalloc_footprint,
	.function = kmalloc_function,
	.alloc = kmalloc_alloc,
	.settle = memlab_kmalloc_settle,
	.free = kmalloc_free,
	.loops = &kmalloc_loops,
	.free_name = "kfree",
	.resize = kmalloc_resize,
	.resize_name = "krealloc",
	.resize_array_name = "krealloc_array",
	.gfp_refused = MEMLAB_GFP_HIGHUSER | MEMLAB_GFP_DMA32,
	.takes_kvfree = true,
};
