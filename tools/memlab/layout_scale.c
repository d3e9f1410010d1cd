// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "layout_scale.h"
#include "memlab.h"

/* The least that a bar stands for, so that a page is seen among its neighbours. */
#define MIN_STEP 1024U
/* A stretch is so wide at least, and so far from the next one; in units. */
#define MIN_STRETCH 96U
#define BREAK	    20U
/* A gap is left out if it is so much of what there is to draw; in percent. */
#define GAP_PERCENT 40

#define MAX_GAPS (MAX_STRETCHES - 1)

/* From @low to before @high: memory that a buffer has, or that none has. */
struct span {
	uint64_t low;
	uint64_t high;
};

static uint64_t span_size(const struct span *span)
{
	return span->high - span->low;
}

static int compare_place(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	return a->low < b->low ? -1 : a->low > b->low;
}

static int compare_size(const void *left, const void *right)
{
	uint64_t a = span_size(left), b = span_size(right);

	return a > b ? -1 : a < b;
}

/* All extents of all buffers, in the order of memory; for free(). */
static struct span *collect(const struct sheet *sheet, size_t *count)
{
	struct span *spans;
	size_t used = 0;

	*count = 0;
	for (size_t i = 0; i < sheet->count; i++)
		*count += sheet->buffers[i].count;
	spans = need(calloc(*count, sizeof(*spans)));

	for (size_t i = 0; i < sheet->count; i++) {
		const struct memlab_extents *extents = sheet->buffers[i].extents;

		for (size_t j = 0; j < sheet->buffers[i].count; j++) {
			uint64_t low = memlab_extents_get_phys(extents, j);
			uint64_t high = low + memlab_extents_get_length(extents, j);

			spans[used++] = (struct span){
				.low = low / MIN_STEP * MIN_STEP,
				.high = (high + MIN_STEP - 1) / MIN_STEP * MIN_STEP,
			};
		}
	}

	qsort(spans, *count, sizeof(*spans), compare_place);
	return spans;
}

/* The widest gaps, in the order of their sizes. Returns from where to where all lies. */
static struct span find_gaps(const struct sheet *sheet, struct span gaps[MAX_GAPS])
{
	size_t count;
	struct span *spans = collect(sheet, &count);
	struct span all = spans[0];

	memset(gaps, 0, MAX_GAPS * sizeof(*gaps));
	for (size_t i = 1; i < count; i++) {
		struct span gap = { .low = all.high, .high = spans[i].low };

		if (gap.low < gap.high && span_size(&gap) > span_size(&gaps[MAX_GAPS - 1])) {
			gaps[MAX_GAPS - 1] = gap;
			qsort(gaps, MAX_GAPS, sizeof(*gaps), compare_size);
		}
		all.high = spans[i].high > all.high ? spans[i].high : all.high;
	}

	free(spans);
	return all;
}

/* Leaves gaps out that take much of the room. Returns the size of the least of them. */
static uint64_t cut(struct scale *scale, const struct sheet *sheet)
{
	struct span gaps[MAX_GAPS];
	struct span all = find_gaps(sheet, gaps);
	uint64_t size = span_size(&all), least = UINT64_MAX;
	size_t count = 0;

	while (count < MAX_GAPS && size > MAX_BARS * MIN_STEP &&
	       span_size(&gaps[count]) > size / 100 * GAP_PERCENT) {
		least = span_size(&gaps[count++]);
		size -= least;
	}
	qsort(gaps, count, sizeof(*gaps), compare_place);

	scale->count = count + 1;
	for (size_t i = 0; i <= count; i++) {
		scale->stretches[i].start = i ? gaps[i - 1].high : all.low;
		scale->stretches[i].end = i < count ? gaps[i].low : all.high;
	}
	return least;
}

static size_t bars_for(const struct scale *scale, const struct stretch *stretch)
{
	size_t least = scale->count > 1 ? MIN_STRETCH / scale->width : 1;
	size_t bars = (size_t)((stretch->end - stretch->start - 1) / scale->step + 1);

	return bars < least ? least : bars;
}

/* Bars that are left; less than none if there is no room for all. */
static long bars_left(const struct scale *scale)
{
	size_t bars = (scale->count - 1) * (BREAK / scale->width);

	for (size_t i = 0; i < scale->count; i++)
		bars += bars_for(scale, &scale->stretches[i]);
	return (long)(SHEET_INNER / scale->width) - (long)bars;
}

/* Widens each stretch to both sides, up to @more bars in all, and puts it in its place. */
static void place(struct scale *scale, uint64_t more)
{
	uint64_t position = 0;

	for (size_t i = 0; i < scale->count; i++) {
		struct stretch *stretch = &scale->stretches[i];
		uint64_t size = (bars_for(scale, stretch) + more) * scale->step;
		uint64_t before = (size - (stretch->end - stretch->start)) / 2;

		before = before / MIN_STEP * MIN_STEP;
		stretch->start -= before < stretch->start ? before : stretch->start;
		stretch->end = stretch->start + size;
		stretch->position = position;
		position += size + BREAK / scale->width * scale->step;
	}
}

void scale_init(struct scale *scale, const struct sheet *sheet)
{
	uint64_t least_gap = cut(scale, sheet);
	uint64_t more, most;

	scale->width = MIN_BAR * (sheet->count <= 16 ? 1 : 2);
	scale->step = MIN_STEP;
	while (bars_left(scale) < 0)
		scale->step += (scale->step / 32 / MIN_STEP + 1) * MIN_STEP;

	/* No stretch may reach into the next one: both take of the gap, as do narrow ones. */
	more = (uint64_t)bars_left(scale) / scale->count;
	most = least_gap / 2 / scale->step;
	place(scale, more < most ? more : most);
}

uint64_t scale_position(const struct scale *scale, uint64_t address)
{
	const struct stretch *stretch = &scale->stretches[scale->count - 1];

	while (address < stretch->start)
		stretch--;
	return stretch->position + (address - stretch->start);
}

unsigned int scale_x(const struct scale *scale, uint64_t address)
{
	return SHEET_MARGIN +
	       (unsigned int)(scale_position(scale, address) * scale->width / scale->step);
}
