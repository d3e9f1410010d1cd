// SPDX-License-Identifier: GPL-2.0-only
/* The pages of a buffer, one after the other. */
#include <linux/minmax.h>

#include "walk.h"

/* Page tables of vmalloc() are looked up once for as many pages as one of them has. */
static void memlab_walk_find(struct memlab_walk *walk, const void *addr, unsigned long left)
{
	struct memlab_frames *frames = &walk->frames;

	if (walk->buf->backing == MEMLAB_BACKING_VMALLOC)
		memlab_vmalloc_frames(frames, addr);
	else
		*frames = (struct memlab_frames){
			.pfn = page_to_pfn(virt_to_page(addr)),
			.count = left,
		};
	frames->count = min(frames->count, left);
}

/**
 * memlab_walk_look() - have page frames at hand
 * @walk: the walk
 * @offset: the first is that of the page that this offset lies in, below the size and the
 *	mapping length
 *
 * Return: how many there are, from 1.
 */
unsigned long memlab_walk_look(struct memlab_walk *walk, u64 offset)
{
	const void *addr = walk->buf->addr + offset;
	unsigned long number = (unsigned long)addr >> PAGE_SHIFT, last;

	if (number - walk->number < walk->frames.count) {
		memlab_frames_skip(&walk->frames, number - walk->number);
	} else {
		last = (unsigned long)(walk->buf->addr + walk->buf->bytes - 1) >> PAGE_SHIFT;
		memlab_walk_find(walk, addr, last - number + 1);
	}
	walk->number = number;
	return walk->frames.count;
}
