// SPDX-License-Identifier: GPL-2.0-only
/* The pages of a buffer, one after the other. */
#include <linux/minmax.h>

#include "compat.h"
#include "walk.h"

/**
 * memlab_walk_fill() - have pages at hand
 * @walk: the walk
 * @number: the page to begin with: its kernel address / PAGE_SIZE
 *
 * Page tables of vmalloc() are looked up once for many pages.
 */
void memlab_walk_fill(struct memlab_walk *walk, unsigned long number)
{
	const struct memlab_buffer *buf = walk->buf;
	unsigned long last = (unsigned long)(buf->addr + buf->bytes - 1) >> PAGE_SHIFT;
	const void *addr = (const void *)(number << PAGE_SHIFT);
	unsigned long pfn;
	unsigned int i;

	walk->first = number;
	walk->count = min_t(unsigned long, MEMLAB_WALK_PAGES, last - number + 1);
	if (buf->backing == MEMLAB_BACKING_VMALLOC) {
		walk->count = memlab_vmalloc_pages(addr, walk->pages, walk->count);
		return;
	}
	pfn = page_to_pfn(virt_to_page(addr));
	for (i = 0; i < walk->count; i++)
		walk->pages[i] = pfn_to_page(pfn + i);
}
