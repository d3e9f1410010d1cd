/* SPDX-License-Identifier: GPL-2.0-only */
/* The pages of a buffer, one after the other. */
#ifndef MEMLAB_WALK_H
#define MEMLAB_WALK_H

#include <linux/mm.h>

#include "compat.h"
#include "memlab.h"

/* On its way through a buffer; begins with nothing but the buffer. */
struct memlab_walk {
	const struct memlab_buffer *buf;
	unsigned long number;	     /* of the page that @frames begins with: address / PAGE_SIZE */
	struct memlab_frames frames; /* some pages at hand, none of them after the buffer */
};

unsigned long memlab_walk_look(struct memlab_walk *walk, u64 offset);

/* The frame of the page that an offset lies in; cheapest for one page after the other. */
static inline unsigned long memlab_walk_pfn(struct memlab_walk *walk, u64 offset)
{
	memlab_walk_look(walk, offset);
	return memlab_frames_peek(&walk->frames, 0);
}

#endif /* MEMLAB_WALK_H */
