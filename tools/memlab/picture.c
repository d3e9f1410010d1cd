// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture of a buffer: one strip in the order of the buffer, one in the order
 * of physical memory. An extent has the same mark in both, so that one run is a
 * solid bar twice and scattered pages are specks.
 */
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memlab.h"

#define ROW	 64
#define MAX_ROWS 4
#define LETTERS	 26
/* From so many extents on, a cell of the buffer shows that there are many. */
#define MANY 3

struct cell {
	uint64_t covered;
	uint64_t most; /* covered by the extent that covers most */
	size_t extent; /* which one that is */
	size_t extents;
};

struct strip {
	bool rich; /* colours and block characters, not ASCII */
	size_t extents;
	uint64_t start;
	uint64_t cell_size;
	size_t count;
	struct cell cells[ROW * MAX_ROWS];
};

static const char *const colours[] = { "34", "32", "33", "35", "36", "31" };

static bool terminal_is_rich(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && *term &&
	       strcmp(term, "dumb") && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

bool picture_wanted(void)
{
	return settings.picture == WHEN_ALWAYS ||
	       (settings.picture == WHEN_AUTO && isatty(STDOUT_FILENO));
}

/* Cells are powers of two, at round addresses, as small as @max_cells allows. */
static void strip_init(struct strip *strip, uint64_t start, uint64_t end, size_t max_cells)
{
	uint64_t size = 1;

	while ((end - 1) / size - start / size >= max_cells)
		size *= 2;

	memset(strip, 0, sizeof(*strip));
	strip->rich = terminal_is_rich();
	strip->cell_size = size;
	strip->start = start / size * size;
	strip->count = (size_t)((end - 1) / size - start / size + 1);
}

static void strip_add(struct strip *strip, uint64_t position, uint64_t length)
{
	while (length) {
		uint64_t within = position - strip->start;
		struct cell *cell = &strip->cells[within / strip->cell_size];
		uint64_t part = strip->cell_size - within % strip->cell_size;

		if (part > length)
			part = length;
		cell->covered += part;
		cell->extents++;
		if (part > cell->most) {
			cell->most = part;
			cell->extent = strip->extents;
		}
		position += part;
		length -= part;
	}
	strip->extents++;
}

static void strip_add_all(struct strip *strip, struct json_object *extents, const char *position)
{
	for (size_t i = 0; i < json_object_array_length(extents); i++) {
		struct json_object *extent = json_object_array_get_idx(extents, i);

		strip_add(strip, result_get_uint(extent, position),
			  result_get_uint(extent, "length"));
	}
}

static void draw_colour(const char *mark, size_t extent)
{
	printf("\033[%sm%s\033[0m", colours[extent % ARRAY_SIZE(colours)], mark);
}

static void draw_letter(size_t extent)
{
	putchar('A' + (int)(extent % LETTERS));
}

static void draw_buffer_cell(const struct strip *strip, const struct cell *cell)
{
	if (cell->extents >= MANY)
		fputs(strip->rich ? "▒" : ":", stdout);
	else if (strip->rich)
		draw_colour("█", cell->extent);
	else
		draw_letter(cell->extent);
}

static void draw_memory_cell(const struct strip *strip, const struct cell *cell)
{
	static const char *const shades[] = { "░", "▒", "▓", "█" };
	static const char densities[] = "-+##";
	/* 0 to 3: less than a third, less than two thirds, more, all. */
	size_t level = (size_t)(cell->covered * 3 / strip->cell_size);

	if (!cell->covered)
		fputs(strip->rich ? "·" : ".", stdout);
	else if (strip->rich)
		draw_colour(shades[level], cell->extent);
	else if (strip->extents <= LETTERS)
		draw_letter(cell->extent);
	else
		putchar(densities[level]);
}

static void draw_strip(const struct strip *strip, int width,
		       void (*draw_cell)(const struct strip *strip, const struct cell *cell))
{
	for (size_t i = 0; i < strip->count; i++) {
		if (i % ROW == 0)
			printf("0x%0*" PRIx64 " ", width, strip->start + i * strip->cell_size);
		draw_cell(strip, &strip->cells[i]);
		if (i % ROW == ROW - 1 || i == strip->count - 1)
			putchar('\n');
	}
}

static void draw_buffer(struct json_object *layout, int width)
{
	char cell[SIZE_TEXT];
	struct strip strip;

	strip_init(&strip, 0, result_get_uint(layout, "size"), ROW);
	strip_add_all(&strip, json_object_object_get(layout, "extents"), "offset");

	printf("Buffer, a cell is %s%s; each %s an extent, %s three or more of them\n",
	       size_text(cell, strip.cell_size), settings.exact_bytes ? " bytes" : "",
	       strip.rich ? "colour" : "letter", strip.rich ? "▒" : ":");
	draw_strip(&strip, width, draw_buffer_cell);
}

static void draw_memory(struct json_object *layout, uint64_t start, uint64_t end, int width)
{
	struct json_object *extents = json_object_object_get(layout, "extents");
	size_t count = json_object_array_length(extents);
	const char *unit = settings.exact_bytes ? " bytes" : "";
	char cell[SIZE_TEXT], span[SIZE_TEXT];
	struct strip strip;

	strip_init(&strip, start, end, count == 1 ? ROW : ROW * MAX_ROWS);
	strip_add_all(&strip, extents, "phys");

	printf("Physical memory, a cell is %s%s; ", size_text(cell, strip.cell_size), unit);
	if (count == 1)
		printf("one run");
	else
		printf("%zu runs within %s%s", count, size_text(span, end - start), unit);
	printf(", 0x%" PRIx64 " to 0x%" PRIx64 "\n", start, end - 1);
	draw_strip(&strip, width, draw_memory_cell);
}

void picture_draw(struct json_object *layout)
{
	struct json_object *extents = json_object_object_get(layout, "extents");
	uint64_t start = UINT64_MAX, end = 0;

	if (json_object_get_boolean(json_object_object_get(layout, "phys_hidden"))) {
		draw_buffer(layout, snprintf(NULL, 0, "%" PRIx64, result_get_uint(layout, "size")));
		puts("Physical memory is hidden from you: it needs CAP_SYS_ADMIN");
		return;
	}

	for (size_t i = 0; i < json_object_array_length(extents); i++) {
		struct json_object *extent = json_object_array_get_idx(extents, i);
		uint64_t phys = result_get_uint(extent, "phys");
		uint64_t length = result_get_uint(extent, "length");

		start = phys < start ? phys : start;
		end = phys + length > end ? phys + length : end;
	}

	/* Labels of one width, so that the cells of both strips stand in columns. */
	draw_buffer(layout, snprintf(NULL, 0, "%" PRIx64, end));
	draw_memory(layout, start, end, snprintf(NULL, 0, "%" PRIx64, end));
}
