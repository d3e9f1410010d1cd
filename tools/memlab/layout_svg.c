// SPDX-License-Identifier: GPL-2.0-only
/* The sheet on which buffers are drawn: its style, its words, and what stands where. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "layout_svg.h"
#include "memlab.h"
#include "svg.h"

/* So many letters fit between the margins, in a wide font. */
#define HEADING_LETTERS 42
#define LINE_LETTERS	58

/*
 * e0, e2 and e4 are dark and the others bright, or the other way round, so that two of
 * them differ to those who see no hues and on grey paper; all stand out from the
 * background. Each rule names the picture, since in HTML it would hold for the page.
 */
static const char style[] =
	"<style>\n"
	".memlab-layout{color:#1b1f24;max-width:100%;height:auto}\n"
	".memlab-layout text{fill:currentColor;font-family:system-ui,sans-serif;font-size:20px}\n"
	".memlab-layout .h{font-size:24px;font-weight:bold}\n"
	".memlab-layout .m{text-anchor:middle}\n"
	".memlab-layout .back{fill:#fff}\n"
	".memlab-layout .lane-back{fill:#e8ebef}\n"
	".memlab-layout .line{stroke:currentColor;stroke-width:2}\n"
	".memlab-layout .tick{stroke:currentColor;stroke-width:2;stroke-opacity:.4}\n"
	".memlab-layout .map path{stroke:#fff;stroke-width:1.5}\n"
	".memlab-layout .stripe{stroke:#fff;stroke-width:1.5}\n"
	".memlab-layout .e0{fill:#0062a3}\n"
	".memlab-layout .e1{fill:#3f9bd8}\n"
	".memlab-layout .e2{fill:#00664f}\n"
	".memlab-layout .e3{fill:#d57f00}\n"
	".memlab-layout .e4{fill:#7a1f4f}\n"
	".memlab-layout .e5{fill:#c96f9f}\n"
	"@media screen and (prefers-color-scheme:dark){\n"
	".memlab-layout{color:#e8eaed}\n"
	".memlab-layout .back{fill:#15171c}\n"
	".memlab-layout .lane-back{fill:#2c3038}\n"
	".memlab-layout .map path,.memlab-layout .stripe{stroke:#15171c}\n"
	".memlab-layout .e0{fill:#56b4e9}\n"
	".memlab-layout .e1{fill:#3478b8}\n"
	".memlab-layout .e2{fill:#5fd3a8}\n"
	".memlab-layout .e3{fill:#b86000}\n"
	".memlab-layout .e4{fill:#f0d060}\n"
	".memlab-layout .e5{fill:#b4578c}\n"
	"}\n"
	"</style>\n";

/* A number that looks random: what follows a rule would look like order in memory. */
static uint32_t mix(size_t number)
{
	uint32_t mixed = (uint32_t)number;

	mixed = (mixed ^ mixed >> 16) * 0x85ebca6bU;
	mixed = (mixed ^ mixed >> 13) * 0xc2b2ae35U;
	return mixed ^ mixed >> 16;
}

/* The colour of an extent: neighbours are dark and bright in turn, in one of three hues. */
const char *colour_class(size_t extent)
{
	static const char *const classes[] = { "e0", "e1", "e2", "e3", "e4", "e5" };

	return classes[mix(extent) % 3 * 2 + extent % 2];
}

/* Of extents that cover alike, chance decides, so that not all shares get the same hue. */
static bool has_more(const struct share *share, uint64_t part, size_t extent)
{
	return part > share->most || (part == share->most && mix(extent) % 2);
}

void share_add(struct share *shares, uint64_t share_size, uint64_t position, uint64_t length,
	       size_t extent)
{
	while (length) {
		struct share *share = &shares[position / share_size];
		uint64_t part = share_size - position % share_size;

		if (part > length)
			part = length;
		share->covered += part;
		share->extents++;
		if (has_more(share, part, extent)) {
			share->most = part;
			share->extent = extent;
		}
		position += part;
		length -= part;
	}
}

/* What is too long for a line goes on in the next one, from a blank on. */
void sheet_line(struct sheet *sheet, const char *class, char *text)
{
	size_t most = *class == 'h' ? HEADING_LETTERS : LINE_LETTERS;
	char *rest = text;

	while (rest) {
		char *line = rest, *end = NULL;

		if (strlen(line) > most)
			end = memrchr(line, ' ', most + 1);
		rest = end ? end + 1 : NULL;
		sheet->y += LINE_HEIGHT;
		svg_text(sheet->out, class, SHEET_MARGIN, sheet->y,
			 text_format("%.*s", end ? (int)(end - line) : -1, line));
	}
	free(text);
}

/* All from the extents: what else is told may be of the time before a resize. */
static struct drawn measure(const struct layout_picture *picture)
{
	struct drawn drawn = {
		.extents = picture->extents,
		.id = memlab_buf_info_get_id(picture->info),
		.allocator = memlab_buf_info_get_allocator(picture->info),
		.count = memlab_extents_get_count(picture->extents),
		.low = UINT64_MAX,
	};

	for (size_t i = 0; i < drawn.count; i++) {
		uint64_t phys = memlab_extents_get_phys(picture->extents, i);
		uint64_t length = memlab_extents_get_length(picture->extents, i);

		drawn.size += length;
		drawn.largest = length > drawn.largest ? length : drawn.largest;
		drawn.low = phys < drawn.low ? phys : drawn.low;
		drawn.high = phys + length > drawn.high ? phys + length : drawn.high;
	}

	return drawn;
}

static char *headline(const struct drawn *buffer)
{
	const char *allocator = memlab_allocator_name(buffer->allocator);
	char size[SIZE_TEXT];

	return text_format("Buffer %" PRIu32 ": %s, %s%s", buffer->id,
			   allocator ? allocator : "unknown allocator",
			   size_text(size, buffer->size), settings.exact_bytes ? " bytes" : "");
}

static char *summary(const struct drawn *buffer)
{
	char largest[SIZE_TEXT];

	if (buffer->count == 1)
		return text_format("1 extent: physically contiguous");
	return text_format("%zu extents, the largest %s%s", buffer->count,
			   size_text(largest, buffer->largest),
			   settings.exact_bytes ? " bytes" : "");
}

/* The picture in words, for those who do not see it. */
static void describe(const struct sheet *sheet)
{
	fprintf(sheet->out, "<title id=\"%s-title\">Physical pages of ", sheet->name);
	if (sheet->count == 1)
		fprintf(sheet->out, "buffer %" PRIu32, sheet->buffers[0].id);
	else
		fprintf(sheet->out, "%zu buffers", sheet->count);
	fprintf(sheet->out, "</title>\n<desc id=\"%s-desc\">", sheet->name);

	for (size_t i = 0; i < sheet->count; i++) {
		const struct drawn *buffer = &sheet->buffers[i];
		char *head = headline(buffer), *sum = summary(buffer);

		svg_escape(sheet->out, head);
		fputs("; ", sheet->out);
		svg_escape(sheet->out, sum);
		if (!sheet->hidden)
			fprintf(sheet->out, "; in physical memory 0x%" PRIx64 " to 0x%" PRIx64,
				buffer->low, buffer->high - 1);
		fputs(". ", sheet->out);
		free(head);
		free(sum);
	}
	fputs(sheet->hidden ? "Physical addresses need CAP_SYS_ADMIN.</desc>\n" :
			      "A map shows the pages of each buffer in their order, a lane where "
			      "they lie in physical memory.</desc>\n",
	      sheet->out);
}

static void draw_buffers(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->count; i++) {
		sheet->y += i ? 28 : 12;
		sheet_line(sheet, "h", headline(&sheet->buffers[i]));
		sheet_line(sheet, "s", summary(&sheet->buffers[i]));
		sheet->y += 14;
		layout_map(sheet, &sheet->buffers[i]);
	}
}

static void draw_memory(struct sheet *sheet)
{
	sheet->y += 28;
	sheet_line(sheet, "h", text_format("Physical memory"));
	if (sheet->hidden)
		sheet_line(sheet, "s",
			   text_format("Not shown: physical addresses need CAP_SYS_ADMIN"));
	else
		layout_axis(sheet);
}

void layout_svg(FILE *out, const char *name, const struct layout_picture *pictures, size_t count)
{
	struct drawn *buffers = need(calloc(count, sizeof(*buffers)));
	struct sheet sheet = { .name = name, .buffers = buffers, .count = count };
	size_t length;
	char *body;

	for (size_t i = 0; i < count; i++) {
		buffers[i] = measure(&pictures[i]);
		sheet.hidden = sheet.hidden || memlab_extents_is_phys_hidden(pictures[i].extents);
	}

	/* How high it becomes is known when it is drawn. */
	sheet.out = need(open_memstream(&body, &length));
	draw_buffers(&sheet);
	draw_memory(&sheet);
	sheet.y += 24;
	if (fclose(sheet.out))
		need(NULL);

	sheet.out = out;
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"memlab-layout\" width=\"%u\" "
		"height=\"%u\" viewBox=\"0 0 %u %u\" role=\"img\" "
		"aria-labelledby=\"%s-title %s-desc\">\n",
		SHEET_WIDTH, sheet.y, SHEET_WIDTH, sheet.y, name, name);
	describe(&sheet);
	fputs(style, out);
	fprintf(out,
		"<defs><pattern id=\"%s-several\" patternUnits=\"userSpaceOnUse\" width=\"10\" "
		"height=\"10\"><path class=\"stripe\" d=\"M0 10L10 0M-2 2L2 -2M8 12L12 8\"/>"
		"</pattern></defs>\n",
		name);
	svg_rect(out, "back", (struct svg_box){ .width = SHEET_WIDTH, .height = sheet.y });
	fwrite(body, 1, length, out);
	fputs("</svg>\n", out);

	free(body);
	free(buffers);
}
