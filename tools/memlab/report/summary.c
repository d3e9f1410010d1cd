// SPDX-License-Identifier: GPL-2.0-only
/* The few figures that stand at the top of the page. */
#include <inttypes.h>
#include <string.h>

#include "report.h"

#define SMALL 64
#define LARGE 65536

/* How often as long vmalloc() takes, in "38" or "1.4"; false where either was not measured. */
static bool ratio_text(char text[DURATION_TEXT], const struct report *report, uint64_t size)
{
	double one = costs_find(report->pair, "kmalloc", size);
	double other = costs_find(report->pair, "vmalloc", size);

	if (one <= 0 || other <= 0)
		return false;
	if (other / one >= 9.95)
		snprintf(text, DURATION_TEXT, "%u", (unsigned int)(other / one + 0.5));
	else
		snprintf(text, DURATION_TEXT, "%u.%u", (unsigned int)(10 * other / one + 0.5) / 10,
			 (unsigned int)(10 * other / one + 0.5) % 10);
	return true;
}

static void ratio_write(FILE *out, const struct report *report, uint64_t size)
{
	char text[DURATION_TEXT], size_is[SIZE_TEXT];

	if (ratio_text(text, report, size))
		fprintf(out,
			"<li><b>%s ×</b> as long as kmalloc and kfree is what vmalloc and vfree "
			"take for %s</li>\n",
			text, size_text(size_is, size));
}

static void verdicts_line(FILE *out, const struct report *report)
{
	size_t all = json_object_array_length(report->claims);
	size_t hold = verdicts_count(report, "holds");
	size_t refuted = verdicts_count(report, "does-not-hold");

	fprintf(out,
		"<li><b>%zu of %zu</b> claims hold; %zu %s not, %zu could not be measured</li>\n",
		hold, all, refuted, refuted == 1 ? "does" : "do", all - hold - refuted);
}

static void largest_line(FILE *out, const struct report *report)
{
	uint64_t after = scene_largest(&report->after);
	char before_text[SIZE_TEXT], after_text[SIZE_TEXT];

	if (report->unfragmented || !after)
		return;
	fprintf(out,
		"<li><b>%s</b> instead of %s is the largest buffer that kmalloc gave when free "
		"memory was in small blocks</li>\n",
		size_text(after_text, after),
		size_text(before_text, scene_largest(&report->before)));
}

static void pieces_line(FILE *out, const struct report *report)
{
	size_t before = scene_pieces(&report->before), after = scene_pieces(&report->after);
	char text[SIZE_TEXT];

	if (report->unfragmented || !after)
		return;
	fprintf(out,
		"<li><b>%zu pieces</b> instead of %zu are what %s of vmalloc was made of then</li>\n",
		after, before, size_text(text, SCENE_BYTES));
}

static void refuted_write(FILE *out, const struct report *report)
{
	const char *before = "<p>Here this is <strong>not</strong> so: ";

	for (size_t i = 0; i < json_object_array_length(report->claims); i++) {
		struct json_object *one = json_object_array_get_idx(report->claims, i);
		const char *id = result_get_text(one, "id");

		if (strcmp(result_get_text(one, "verdict"), "does-not-hold"))
			continue;
		fprintf(out, "%s<a href=\"#claim-%s\">", before, id);
		html_prose(out, result_get_text(one, "claim"));
		fputs("</a>", out);
		before = "; ";
	}
	if (verdicts_count(report, "does-not-hold"))
		fputs(".</p>\n", out);
}

void summary_write(FILE *out, const struct report *report)
{
	fputs("<ul class=\"facts\">\n", out);
	ratio_write(out, report, SMALL);
	ratio_write(out, report, LARGE);
	largest_line(out, report);
	pieces_line(out, report);
	verdicts_line(out, report);
	fputs("</ul>\n", out);
	refuted_write(out, report);
}
