/* SPDX-License-Identifier: GPL-2.0-only */
/* From physical addresses to places on the sheet. */
#ifndef MEMLAB_LAYOUT_SCALE_H
#define MEMLAB_LAYOUT_SCALE_H

#include "layout_svg.h"

#define MIN_BAR	      4U
#define MAX_BARS      (SHEET_INNER / MIN_BAR)
#define MAX_STRETCHES 4

/*
 * A stretch of memory that is drawn, from @start to before @end. It begins at @position,
 * in bytes from the left margin on.
 */
struct stretch {
	uint64_t start;
	uint64_t end;
	uint64_t position;
};

/*
 * The stretches in order, between which memory is left out. A bar is @width units wide
 * and stands for @step bytes.
 */
struct scale {
	uint64_t step;
	unsigned int width;
	size_t count;
	struct stretch stretches[MAX_STRETCHES];
};

/* Chooses stretches in which all buffers lie, without the widest gaps between. */
void scale_init(struct scale *scale, const struct sheet *sheet);

/* Bytes from the left margin on, as if what is left out were not there. */
uint64_t scale_position(const struct scale *scale, uint64_t address);

unsigned int scale_x(const struct scale *scale, uint64_t address);

#endif /* MEMLAB_LAYOUT_SCALE_H */
