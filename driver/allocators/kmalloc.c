// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc(): slab objects by size class, whole pages above the largest class. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "memlab.h"

static u64 kmalloc_max_bytes(void)
{
	return KMALLOC_MAX_SIZE;
}

static u64 kmalloc_footprint(u64 bytes)
{
	return kmalloc_size_roundup(bytes);
}

static int kmalloc_alloc(struct memlab_buffer *buf)
{
	gfp_t gfp = memlab_gfp(buf->alloc_flags, get_order(buf->bytes));

	if (buf->alloc_flags & MEMLAB_ALLOC_NODE)
		buf->addr = kmalloc_node(buf->bytes, gfp, buf->node);
	else
		buf->addr = kmalloc(buf->bytes, gfp);
	if (!buf->addr)
		return -ENOMEM;
	/* ksize() also makes slab debugging expect writes to the slack. */
	buf->usable = ksize(buf->addr);
	buf->backing = memlab_is_slab(buf->addr) ? MEMLAB_BACKING_SLAB : MEMLAB_BACKING_LARGE;
	return 0;
}

static void kmalloc_free(struct memlab_buffer *buf)
{
	kfree(buf->addr);
}

static struct page *kmalloc_page(const struct memlab_buffer *buf, u64 offset)
{
	return virt_to_page(buf->addr + offset);
}

const struct memlab_allocator_ops memlab_kmalloc = {
	.max_bytes = kmalloc_max_bytes,
	.footprint = kmalloc_footprint,
	.alloc = kmalloc_alloc,
	.free = kmalloc_free,
	.page = kmalloc_page,
	.map_kind = MEMLAB_MAP_SPECIAL,
	.linear = true,
};
