// SPDX-License-Identifier: GPL-2.0-only
/* Where buffers lie in physical memory: a lane for each, on one axis. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "layout_scale.h"
#include "memlab.h"
#include "svg.h"

#define LANE_HEIGHT 28U
/* A bar is as high at least, so that a single page is seen. */
#define MIN_HEIGHT 14U
#define TICK	   8U
#define LABEL_GAP  20U
#define EDGE	   8U
#define MAX_TICKS  16

struct axis {
	struct scale scale;
	size_t count;
	uint64_t ticks[MAX_TICKS];
};

static int unit_of(uint64_t address)
{
	return address << 34 == 0 ? 30 : address << 44 == 0 ? 20 : 10;
}

/* In the largest unit in which the address is a whole number. */
static char *tick_text(uint64_t address)
{
	int shift = unit_of(address);

	return text_format("%" PRIu64 " %ciB", address >> shift, "KMG"[shift / 10 - 1]);
}

static unsigned int label_width(uint64_t address)
{
	char *text = tick_text(address);
	unsigned int width = (unsigned int)strlen(text) * LETTER_WIDTH;

	free(text);
	return width;
}

/* The distance of ticks, in bytes: so that labels do not touch. */
static uint64_t tick_distance(const struct scale *scale)
{
	uint64_t end = scale->stretches[scale->count - 1].end, distance = 1024;

	/* An odd multiple of it has the longest label. */
	while (distance * scale->width <
	       (label_width((end / distance | 1) * distance) + LABEL_GAP) * scale->step)
		distance *= 2;
	return distance;
}

/* The roundest address near the middle of a stretch. */
static uint64_t middle_of(const struct stretch *stretch)
{
	uint64_t size = stretch->end - stretch->start;
	uint64_t low = stretch->start + size / 8 * 3, high = stretch->start + size / 8 * 5;
	uint64_t unit = 1024;

	while (high / (2 * unit) * (2 * unit) >= low)
		unit *= 2;
	return high / unit * unit;
}

/* The middle of a label: at its tick, unless that would cut it off. */
static unsigned int label_x(const struct scale *scale, uint64_t at)
{
	unsigned int half = label_width(at) / 2;
	unsigned int x = scale_x(scale, at);

	if (x < half + EDGE)
		return half + EDGE;
	return x + half + EDGE > SHEET_WIDTH ? SHEET_WIDTH - half - EDGE : x;
}

/* Adds a tick, if there is room for its label. */
static void add_tick(struct axis *axis, uint64_t at)
{
	unsigned int x = label_x(&axis->scale, at), half = label_width(at) / 2;

	for (size_t i = 0; i < axis->count; i++) {
		unsigned int other = label_x(&axis->scale, axis->ticks[i]);
		unsigned int distance = x > other ? x - other : other - x;

		if (distance < half + label_width(axis->ticks[i]) / 2 + LABEL_GAP / 2)
			return;
	}

	if (axis->count < MAX_TICKS)
		axis->ticks[axis->count++] = at;
}

/* Narrow stretches have one tick and come first, so that the others leave them room. */
static void add_ticks(struct axis *axis, bool narrow)
{
	uint64_t distance = tick_distance(&axis->scale);

	for (size_t i = 0; i < axis->scale.count; i++) {
		const struct stretch *stretch = &axis->scale.stretches[i];
		uint64_t at = (stretch->start + distance - 1) / distance * distance;

		if (narrow != (stretch->end - stretch->start < distance))
			continue;
		if (narrow)
			add_tick(axis, middle_of(stretch));
		for (; !narrow && at <= stretch->end; at += distance)
			add_tick(axis, at);
	}
}

static void axis_init(struct axis *axis, const struct sheet *sheet)
{
	memset(axis, 0, sizeof(*axis));
	scale_init(&axis->scale, sheet);
	add_ticks(axis, true);
	add_ticks(axis, false);
}

static void draw_bar(const struct sheet *sheet, size_t extent, unsigned int left,
		     unsigned int right, unsigned int height)
{
	svg_rect(sheet->out, colour_class(extent),
		 (struct svg_box){
			 .x = left,
			 .y = sheet->y + LANE_HEIGHT - height,
			 .width = right - left,
			 .height = height,
		 });
}

/* Extents too short for a bar of their own share one, which is as high as they fill it. */
static bool draw_short(const struct scale *scale, const struct sheet *sheet,
		       const struct drawn *buffer)
{
	struct share bars[MAX_BARS] = { 0 };
	bool any = false;

	for (size_t i = 0; i < buffer->count; i++) {
		uint64_t length = memlab_extents_get_length(buffer->extents, i);

		if (length < scale->step)
			share_add(bars, scale->step,
				  scale_position(scale,
						 memlab_extents_get_phys(buffer->extents, i)),
				  length, i);
	}

	for (size_t i = 0; i < MAX_BARS; i++) {
		unsigned int left = SHEET_MARGIN + (unsigned int)i * scale->width;
		uint64_t more = (LANE_HEIGHT - MIN_HEIGHT) * bars[i].covered / scale->step;

		if (!bars[i].covered)
			continue;
		any = true;
		draw_bar(sheet, bars[i].extent, left, left + scale->width,
			 MIN_HEIGHT + (unsigned int)more);
	}
	return any;
}

static void draw_long(const struct scale *scale, const struct sheet *sheet,
		      const struct drawn *buffer)
{
	for (size_t i = 0; i < buffer->count; i++) {
		uint64_t phys = memlab_extents_get_phys(buffer->extents, i);
		uint64_t length = memlab_extents_get_length(buffer->extents, i);

		if (length >= scale->step)
			draw_bar(sheet, i, scale_x(scale, phys), scale_x(scale, phys + length),
				 LANE_HEIGHT);
	}
}

static void draw_tick_lines(const struct axis *axis, const struct sheet *sheet, unsigned int length)
{
	fputs("<path class=\"tick\" d=\"", sheet->out);
	for (size_t i = 0; i < axis->count; i++)
		fprintf(sheet->out, "M%u %uv%u", scale_x(&axis->scale, axis->ticks[i]), sheet->y,
			length);
	fputs("\"/>\n", sheet->out);
}

/* Returns whether there are bars that are not full. */
static bool draw_lane(struct sheet *sheet, const struct axis *axis, const struct drawn *buffer)
{
	const struct scale *scale = &axis->scale;
	bool shared;

	sheet_line(sheet, "s",
		   text_format("Buffer %" PRIu32 ": 0x%" PRIx64 " to 0x%" PRIx64, buffer->id,
			       buffer->low, buffer->high - 1));
	sheet->y += 8;
	for (size_t i = 0; i < scale->count; i++) {
		unsigned int left = scale_x(scale, scale->stretches[i].start);

		svg_rect(sheet->out, "lane-back",
			 (struct svg_box){
				 .x = left,
				 .y = sheet->y,
				 .width = scale_x(scale, scale->stretches[i].end) - left,
				 .height = LANE_HEIGHT,
			 });
	}
	draw_tick_lines(axis, sheet, LANE_HEIGHT);
	fputs("<g class=\"lane\"", sheet->out);
	svg_number(sheet->out, "data-id", buffer->id);
	fputs(">\n", sheet->out);
	shared = draw_short(scale, sheet, buffer);
	draw_long(scale, sheet, buffer);
	fputs("</g>\n", sheet->out);
	sheet->y += LANE_HEIGHT;
	return shared;
}

static void draw_line(const struct scale *scale, const struct sheet *sheet, size_t i)
{
	const struct stretch *stretch = &scale->stretches[i];
	unsigned int left = scale_x(scale, stretch->start), right = scale_x(scale, stretch->end);

	fputs("<path class=\"line\"", sheet->out);
	svg_number(sheet->out, "data-start", stretch->start);
	svg_number(sheet->out, "data-end", stretch->end);
	svg_number(sheet->out, "data-x", left);
	fprintf(sheet->out, " d=\"M%u %uH%u\"/>\n", left, sheet->y, right);
	if (i + 1 < scale->count)
		fprintf(sheet->out, "<path class=\"line\" d=\"M%u %ul6 -12m4 0l-6 12\"/>\n",
			right + 5, sheet->y + 6);
}

static void draw_axis(struct sheet *sheet, const struct axis *axis)
{
	fputs("<g class=\"axis\"", sheet->out);
	svg_number(sheet->out, "data-step", axis->scale.step);
	svg_number(sheet->out, "data-width", axis->scale.width);
	fputs(">\n", sheet->out);
	for (size_t i = 0; i < axis->scale.count; i++)
		draw_line(&axis->scale, sheet, i);
	draw_tick_lines(axis, sheet, TICK);
	sheet->y += TICK + 22;
	for (size_t i = 0; i < axis->count; i++)
		svg_text(sheet->out, "s m", label_x(&axis->scale, axis->ticks[i]), sheet->y,
			 tick_text(axis->ticks[i]));
	fputs("</g>\n", sheet->out);
}

void layout_axis(struct sheet *sheet)
{
	bool shared = false;
	struct axis axis;

	axis_init(&axis, sheet);
	for (size_t i = 0; i < sheet->count; i++)
		shared = draw_lane(sheet, &axis, &sheet->buffers[i]) || shared;
	draw_axis(sheet, &axis);
	if (axis.scale.count > 1)
		sheet_line(sheet, "s",
			   text_format("At // memory is left out that no buffer here has"));
	if (shared)
		sheet_line(sheet, "s",
			   text_format("The higher a bar, the more of its memory is the buffer's"));
}
