// SPDX-License-Identifier: GPL-2.0-only
/* Which part of the kernel holds a buffer's pages, and what follows from it. */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "memlab.h"

/**
 * memlab_backing_page() - the page that a part of a buffer lies in
 * @buf: the buffer
 * @offset: where the part begins, below the size and the mapping length
 *
 * Return: the page.
 */
struct page *memlab_backing_page(const struct memlab_buffer *buf, u64 offset)
{
	if (buf->backing == MEMLAB_BACKING_VMALLOC)
		return vmalloc_to_page(buf->addr + offset);
	return virt_to_page(buf->addr + offset);
}

/*
 * Pages behind kmalloc() and slab objects are not for users to hold. Neither are those
 * of a compound page: who holds one keeps the whole block, when it has long been
 * uncharged.
 */
enum memlab_map_kind memlab_backing_map_kind(const struct memlab_buffer *buf)
{
	switch (buf->backing) {
	case MEMLAB_BACKING_VMALLOC:
	case MEMLAB_BACKING_SPLIT:
		return MEMLAB_MAP_PAGES;
	case MEMLAB_BACKING_PAGES:
		return buf->usable == PAGE_SIZE ? MEMLAB_MAP_PAGES : MEMLAB_MAP_SPECIAL;
	default:
		return MEMLAB_MAP_SPECIAL;
	}
}

/**
 * memlab_backing_is_held() - whether somebody else holds the first page
 * @buf: a buffer whose pages may be held, and that is not mapped, so that nobody can
 *	begin to
 *
 * Return: whether a pipe, say, or a device does.
 */
bool memlab_backing_is_held(const struct memlab_buffer *buf)
{
	return page_count(memlab_backing_page(buf, 0)) > 1;
}

/* Physically contiguous by construction, so that one look suffices. */
bool memlab_backing_linear(const struct memlab_buffer *buf)
{
	return buf->backing != MEMLAB_BACKING_VMALLOC;
}
