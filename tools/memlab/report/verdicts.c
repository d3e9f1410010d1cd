// SPDX-License-Identifier: GPL-2.0-only
/* Which claims hold: by `memlab verify`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "claims/run.h"
#include "report.h"

/* Without --no-frag, all; else those that leave memory as it is. */
struct json_object *verdicts_gather(const struct report *report)
{
	const struct run_options options = { .keep_going = true };
	char *all = NULL;
	const struct claim **chosen = claims_select(report->cmd, &all);
	struct json_object *result;
	size_t count = 0;

	for (size_t i = 0; chosen[i]; i++)
		if (report->fragments || !chosen[i]->fragments)
			chosen[count++] = chosen[i];
	chosen[count] = NULL;
	result = claims_run(chosen, &options, report->dev, report->info);
	free(chosen);
	return result;
}

size_t verdicts_count(const struct report *report, const char *verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(report->claims); i++) {
		struct json_object *one = json_object_array_get_idx(report->claims, i);

		count += !strcmp(result_get_text(one, "verdict"), verdict);
	}
	return count;
}

/* A sign for each verdict, so that colour is not all that tells them apart. */
static const struct {
	const char *verdict;
	const char *shown;
} signs[] = {
	{ "holds", "✓ holds" },
	{ "does-not-hold", "✗ does not hold" },
	{ "unknown", "? unknown" },
};

static const char *shown(const char *verdict)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (!strcmp(verdict, signs[i].verdict))
			return signs[i].shown;
	return verdict;
}

static void claim_write(FILE *out, struct json_object *one)
{
	const char *id = result_get_text(one, "id"), *verdict = result_get_text(one, "verdict");

	fprintf(out,
		"<tr id=\"claim-%s\"><th scope=\"row\"><code>%s</code></th>"
		"<td class=\"%s\" data-label=\"verdict\">%s</td><td data-label=\"claim\">",
		id, id, verdict, shown(verdict));
	html_prose(out, result_get_text(one, "claim"));
	fputs("</td><td data-label=\"evidence\">", out);
	html_prose(out, result_get_text(one, "evidence"));
	fputs("</td></tr>\n", out);
}

void verdicts_write(FILE *out, const struct report *report)
{
	html_section(out, "claims", "What is said of them, put to the test");
	fputs("<p>Each claim was measured on this machine, with witnesses besides the driver where "
	      "there are any; <code>memlab verify --explain CLAIM</code> tells its source, how it "
	      "is measured and what it means for a driver.",
	      out);
	if (!report->fragments)
		fputs(" Claims that need fragmented memory were left out, as --no-frag asks.", out);
	fputs("</p>\n<table class=\"stack claims\">\n<thead><tr><th scope=\"col\">claim</th>"
	      "<th scope=\"col\">verdict</th><th scope=\"col\">what it says</th>"
	      "<th scope=\"col\">evidence</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < json_object_array_length(report->claims); i++)
		claim_write(out, json_object_array_get_idx(report->claims, i));
	fputs("</tbody>\n</table>\n", out);
	html_section_end(out);
}
