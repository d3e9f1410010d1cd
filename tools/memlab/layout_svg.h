/* SPDX-License-Identifier: GPL-2.0-only */
/* The physical pages of buffers as an SVG picture. */
#ifndef MEMLAB_LAYOUT_SVG_H
#define MEMLAB_LAYOUT_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "libmemlab.h"

/* A buffer to draw, as the library described it: of one extent at least. */
struct layout_picture {
	const struct memlab_buf_info *info;
	const struct memlab_extents *extents;
};

/**
 * layout_svg() - draw buffers
 * @out: gets one <svg> element, which may be a file of its own or stand in HTML
 * @name: begins the ids in it, so that they are unique where several pictures stand in
 *	one document; of letters, digits and '-'
 * @pictures: the buffers, in the order in which they are drawn
 * @count: how many
 *
 * Each buffer gets a map of its pages in the order of the buffer, where cells of one
 * extent make one shape. Below them, all buffers have a lane on one axis of physical
 * addresses, in which wide gaps are left out; if addresses are hidden, the picture says
 * so instead. What does not fit is
 * summed up: the element has 350 KB at most for up to 16 buffers, and 8 KB for each of more.
 *
 * For programs, <g class="map"> has the attributes data-id, data-size, data-extents,
 * data-largest and data-cell (bytes in a cell); <g class="lane"> data-id; <g class="axis">
 * data-step (bytes in a bar) and data-width (units of a bar), and in it <path class="line">
 * data-start, data-end (a stretch of memory that is drawn) and data-x (where it begins).
 *
 * Errors are those of @out; see ferror(3).
 */
void layout_svg(FILE *out, const char *name, const struct layout_picture *pictures, size_t count);

/* ---- between the files that draw it: layout_*.c ---- */

/* Units of the drawing; one is a pixel, unless it is scaled. */
#define SHEET_WIDTH  720
#define SHEET_MARGIN 40
#define SHEET_INNER  (SHEET_WIDTH - 2 * SHEET_MARGIN)
#define LINE_HEIGHT  28
/* Of the widest fonts that stand for "sans-serif". */
#define LETTER_WIDTH 13

/* What is to be drawn of a buffer: @low to @high is where it lies, unless hidden. */
struct drawn {
	const struct memlab_extents *extents;
	uint32_t id;
	unsigned int allocator;
	size_t count;
	uint64_t size;
	uint64_t largest;
	uint64_t low;
	uint64_t high;
};

/* The sheet of paper: its elements, and where the next one goes. */
struct sheet {
	FILE *out;
	const char *name;
	unsigned int y;
	bool hidden;
	const struct drawn *buffers;
	size_t count;
};

/* What stands for a cell or a bar, when it holds pieces of several extents. */
struct share {
	uint64_t covered;
	uint64_t most; /* covered by the extent that covers most */
	size_t extent; /* which one that is */
	size_t extents;
};

void share_add(struct share *shares, uint64_t share_size, uint64_t position, uint64_t length,
	       size_t extent);
const char *colour_class(size_t extent);
/* A line of text at the left margin, or more if it is long. Takes @text. */
void sheet_line(struct sheet *sheet, const char *class, char *text);
void layout_map(struct sheet *sheet, const struct drawn *buffer);
void layout_axis(struct sheet *sheet);

#endif /* MEMLAB_LAYOUT_SVG_H */
