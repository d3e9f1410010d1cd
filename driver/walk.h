/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of a buffer, one after the other. */
#ifndef MEMLAB_WALK_H
#define MEMLAB_WALK_H

#include <linux/mm.h>

#include "memlab.h"

#define MEMLAB_WALK_PAGES 32

/* On its way through a buffer, with the next few pages at hand. */
struct memlab_walk {
	const struct memlab_buffer *buf;
	unsigned long first; /* number of the first page at hand: kernel address / PAGE_SIZE */
	unsigned int count;
	struct page *pages[MEMLAB_WALK_PAGES];
};

void memlab_walk_fill(struct memlab_walk *walk, unsigned long number);

static inline void memlab_walk_init(struct memlab_walk *walk, const struct memlab_buffer *buf)
{
	walk->buf = buf;
	walk->first = 0;
	walk->count = 0;
}

/* As memlab_backing_page(), for one offset after the other. */
static inline struct page *memlab_walk_page(struct memlab_walk *walk, u64 offset)
{
	unsigned long number = (unsigned long)(walk->buf->addr + offset) >> PAGE_SHIFT;

	if (number - walk->first >= walk->count)
		memlab_walk_fill(walk, number);
	return walk->pages[number - walk->first];
}

#endif /* MEMLAB_WALK_H */
