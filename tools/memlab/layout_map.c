// SPDX-License-Identifier: GPL-2.0-only
/* The map of a buffer: a cell a page, or so many pages, in rows. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "layout_svg.h"
#include "memlab.h"
#include "svg.h"

#define MAX_CELLS 1024
/* Up to so many extents, each has a text of its own to point at. */
#define MAX_TIPS 64

/* Cells are squares; few of them are large. */
struct grid {
	uint64_t cell_size;
	uint64_t cell_pages;
	size_t count;
	unsigned int side;
	unsigned int columns;
	unsigned int y;
	struct share cells[MAX_CELLS];
};

static void grid_init(struct grid *grid, const struct sheet *sheet, const struct drawn *buffer)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t most = sheet->count <= 4 ? MAX_CELLS : sheet->count <= 16 ? 256 : 64;

	memset(grid, 0, sizeof(*grid));
	grid->cell_pages = 1;
	while ((buffer->size - 1) / (page_size * grid->cell_pages) >= most)
		grid->cell_pages *= 2;
	grid->cell_size = page_size * grid->cell_pages;
	grid->count = (size_t)((buffer->size - 1) / grid->cell_size + 1);
	grid->side = grid->count <= 16 ? 40 : grid->count <= 256 ? 20 : 10;
	grid->columns = SHEET_INNER / grid->side;
	grid->y = sheet->y;

	for (size_t i = 0; i < buffer->count; i++)
		share_add(grid->cells, grid->cell_size,
			  memlab_extents_get_offset(buffer->extents, i),
			  memlab_extents_get_length(buffer->extents, i), i);
}

static unsigned int cell_x(const struct grid *grid, size_t cell)
{
	return SHEET_MARGIN + (unsigned int)(cell % grid->columns) * grid->side;
}

static unsigned int cell_y(const struct grid *grid, size_t cell)
{
	return grid->y + (unsigned int)(cell / grid->columns) * grid->side;
}

/* The outline of cells that follow each other, over the ends of rows. */
static void draw_outline(const struct grid *grid, FILE *out, size_t first, size_t last)
{
	unsigned int left = cell_x(grid, first), top = cell_y(grid, first);
	unsigned int right = cell_x(grid, last) + grid->side;
	unsigned int bottom = cell_y(grid, last) + grid->side;

	fprintf(out, "M%u %u", left, top);
	if (bottom - top == grid->side)
		fprintf(out, "H%uV%uH%uz", right, bottom, left);
	else
		fprintf(out, "H%uV%uH%uV%uH%uV%uH%uz", SHEET_MARGIN + SHEET_INNER,
			bottom - grid->side, right, bottom, SHEET_MARGIN, top + grid->side, left);
}

static void draw_tip(FILE *out, const struct sheet *sheet, const struct drawn *buffer, size_t i)
{
	uint64_t phys = memlab_extents_get_phys(buffer->extents, i);
	char size[SIZE_TEXT];

	fprintf(out, "<title>Extent %zu of %zu: %s%s", i + 1, buffer->count,
		size_text(size, memlab_extents_get_length(buffer->extents, i)),
		settings.exact_bytes ? " bytes" : "");
	if (!sheet->hidden)
		fprintf(out, " at 0x%" PRIx64, phys);
	fputs("</title>", out);
}

/* One shape for each run of cells in which the same extent has most. */
static void draw_extents(const struct grid *grid, const struct sheet *sheet,
			 const struct drawn *buffer)
{
	FILE *out = sheet->out;

	for (size_t first = 0, last; first < grid->count; first = last + 1) {
		size_t extent = grid->cells[first].extent;

		last = first;
		while (last + 1 < grid->count && grid->cells[last + 1].extent == extent)
			last++;

		fprintf(out, "<path class=\"%s\" d=\"", colour_class(extent));
		draw_outline(grid, out, first, last);
		fputs(buffer->count <= MAX_TIPS ? "\">" : "\"/>\n", out);
		if (buffer->count <= MAX_TIPS) {
			draw_tip(out, sheet, buffer, extent);
			fputs("</path>\n", out);
		}
	}
}

/* Hatches the cells of several extents. Returns whether there are any. */
static bool draw_hatching(const struct grid *grid, const struct sheet *sheet)
{
	bool any = false;

	for (size_t first = 0, last; first < grid->count; first = last + 1) {
		last = first;
		if (grid->cells[first].extents < 2)
			continue;
		while (last + 1 < grid->count && grid->cells[last + 1].extents > 1)
			last++;

		if (!any)
			fprintf(sheet->out, "<path fill=\"url(#%s-several)\" d=\"", sheet->name);
		any = true;
		draw_outline(grid, sheet->out, first, last);
	}

	if (any)
		fputs("\"/>\n", sheet->out);
	return any;
}

static void describe_cells(struct sheet *sheet, const struct grid *grid, const struct drawn *buffer,
			   bool several)
{
	const char *unit = settings.exact_bytes ? " bytes" : "";
	const char *tail = several	     ? "; striped: several extents" :
			   buffer->count > 1 ? "; each colour an extent" :
					       "";
	char size[SIZE_TEXT], row[SIZE_TEXT] = "";
	char *text;

	size_text(size, grid->cell_size);
	if (grid->count > grid->columns)
		snprintf(row, sizeof(row), ", %u in a row", grid->columns);

	if (grid->cell_pages > 1)
		text = text_format("A square is %" PRIu64 " pages, %s%s%s", grid->cell_pages, size,
				   unit, tail);
	else if (buffer->size < grid->cell_size)
		text = text_format("A part of a page of %s%s%s", size, unit, tail);
	else
		text = text_format("%zu page%s of %s%s%s%s", grid->count,
				   grid->count > 1 ? "s" : "", size, unit, row, tail);
	sheet_line(sheet, "s", text);
}

void layout_map(struct sheet *sheet, const struct drawn *buffer)
{
	struct grid grid;
	bool several;

	grid_init(&grid, sheet, buffer);

	fputs("<g class=\"map\"", sheet->out);
	svg_number(sheet->out, "data-id", buffer->id);
	svg_number(sheet->out, "data-size", buffer->size);
	svg_number(sheet->out, "data-extents", buffer->count);
	svg_number(sheet->out, "data-largest", buffer->largest);
	svg_number(sheet->out, "data-cell", grid.cell_size);
	fputs(">\n", sheet->out);
	draw_extents(&grid, sheet, buffer);
	several = draw_hatching(&grid, sheet);
	fputs("</g>\n", sheet->out);

	sheet->y = cell_y(&grid, grid.count - 1) + grid.side;
	describe_cells(sheet, &grid, buffer, several);
}
