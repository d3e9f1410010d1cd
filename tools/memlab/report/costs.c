// SPDX-License-Identifier: GPL-2.0-only
/* What the calls take, size by size: by the loops of `memlab bench`. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "chart.h"
#include "report.h"

#define ROUNDS 5

/* What is measured of one pattern, and how it is told. */
struct cost_kind {
	const char *id;
	unsigned int pattern;
	unsigned int order;
	const char *allocators;
	const char *sizes;
	const char *title;
	const char *text;
};

static const struct cost_kind pair_kind = {
	.id = "pair",
	.pattern = MEMLAB_LIB_BENCH_PAIR,
	.allocators = "kmalloc,vmalloc,kvmalloc,pages",
	.sizes = "64..4M",
	.title = "An allocation and its free",
	.text = "What one call that allocates and one that frees take together, again and again, "
		"while nothing else is held. The memory is not touched.",
};

static const struct cost_kind access_kind = {
	.id = "access",
	.pattern = MEMLAB_LIB_BENCH_READ,
	.order = MEMLAB_LIB_BENCH_SHUFFLED,
	.allocators = "kmalloc,vmalloc",
	.sizes = "4K..4M",
	.title = "A read through the kernel's address",
	.text = "What a read of 8 bytes takes at an arbitrary place, when each waits for the one "
		"before it. vmalloc() memory has page tables of its own, of small pages, and the "
		"processor keeps fewer of those at hand than of the large ones that kmalloc() "
		"memory has. An emulated processor does not show that.",
};

static struct json_object *measure(struct report *report, const struct cost_kind *kind)
{
	struct bench_subject *subjects;
	struct json_object *result;
	struct bench_plan plan;
	size_t count;

	bench_plan_begin(&plan, report->cmd);
	plan.allocators = allocators_parse(report->cmd, kind->allocators, &plan.allocator_count);
	plan.sizes = sizes_parse(report->cmd, kind->sizes, &plan.size_count);
	plan.pattern = kind->pattern;
	plan.order = kind->order;
	plan.rounds = ROUNDS;
	plan.milliseconds = report->milliseconds;
	plan.partial = true;
	bench_plan_settle(&plan, report->dev);
	subjects = bench_subjects(&plan, report->dev, &count);
	bench_run(&plan, report->dev, subjects, count);
	result = bench_result(&plan, subjects, count, report->info);

	bench_subjects_free(subjects, count);
	bench_plan_end(&plan);
	return result;
}

void costs_gather(struct report *report)
{
	report->pair = measure(report, &pair_kind);
	report->access = measure(report, &access_kind);
}

static double member(struct json_object *object, const char *key)
{
	return json_object_get_double(json_object_object_get(object, key));
}

static struct json_object *find(struct json_object *bench, const char *allocator, uint64_t size)
{
	struct json_object *results = json_object_object_get(bench, "results");

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);

		if (result_get_uint(one, "size") == size &&
		    !strcmp(result_get_text(one, "allocator"), allocator))
			return one;
	}
	return NULL;
}

double costs_find(struct json_object *bench, const char *allocator, uint64_t size)
{
	return member(find(bench, allocator, size), "ns");
}

/* The curves and the sizes of what was measured; all that was is in neither twice. */
struct cost_table {
	size_t count;
	struct chart_curve curves[CHART_MAX_CURVES];
	size_t size_count;
	uint64_t *sizes;
};

static struct chart_curve *curve_of(struct cost_table *table, const char *name, size_t most)
{
	size_t i = 0;

	while (i < table->count && strcmp(table->curves[i].name, name))
		i++;
	if (i == table->count)
		table->curves[table->count++] = (struct chart_curve){
			.name = name,
			.points = need(calloc(most, sizeof(struct chart_point))),
		};
	return &table->curves[i];
}

static struct cost_table table_of(struct json_object *bench)
{
	struct json_object *results = json_object_object_get(bench, "results");
	size_t most = json_object_array_length(results);
	struct cost_table table = { .sizes = need(calloc(most, sizeof(*table.sizes))) };

	for (size_t i = 0; i < most; i++) {
		struct json_object *one = json_object_array_get_idx(results, i);
		uint64_t size = result_get_uint(one, "size");
		struct chart_curve *curve;

		if (!table.size_count || table.sizes[table.size_count - 1] != size)
			table.sizes[table.size_count++] = size;
		/* Nothing was measured, or all of it failed. */
		if (member(one, "min") <= 0)
			continue;
		curve = curve_of(&table, result_get_text(one, "allocator"), most);
		curve->points[curve->count++] = (struct chart_point){
			.size = size,
			.middle = member(one, "ns"),
			.least = member(one, "min"),
			.most = member(one, "max"),
		};
	}
	return table;
}

static void cell_write(FILE *out, struct json_object *one)
{
	char text[DURATION_TEXT];

	if (member(one, "min") <= 0)
		fputs("<td>–</td>", out);
	else
		fprintf(out, "<td>%s%s</td>", duration_text(text, member(one, "ns")),
			result_get_bool(one, "wide") ? "*" : "");
}

static void table_write(FILE *out, struct json_object *bench, const struct cost_table *table)
{
	char text[SIZE_TEXT];

	fputs("<table class=\"numbers\">\n<thead><tr><th scope=\"col\">size</th>", out);
	for (size_t i = 0; i < table->count; i++)
		fprintf(out, "<th scope=\"col\">%s</th>", table->curves[i].name);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < table->size_count; i++) {
		fprintf(out, "<tr><th scope=\"row\">%s</th>", size_text(text, table->sizes[i]));
		for (size_t j = 0; j < table->count; j++)
			cell_write(out, find(bench, table->curves[j].name, table->sizes[i]));
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

/* What could not be measured, and why. */
static void refusals_write(FILE *out, struct json_object *bench)
{
	struct json_object *results = json_object_object_get(bench, "results");
	const char *last = "";

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);
		const char *why = json_object_get_string(json_object_object_get(one, "refused"));

		if (!why || !strcmp(why, last))
			continue;
		fputs("<p class=\"missing\">Not measured: ", out);
		html_prose(out, why);
		fputs("</p>\n", out);
		last = why;
	}
}

static void kind_write(FILE *out, const struct cost_kind *kind, struct json_object *bench)
{
	struct cost_table table = table_of(bench);

	fprintf(out, "<h3>%s</h3>\n<p>", kind->title);
	html_prose(out, kind->text);
	fputs("</p>\n", out);
	if (table.count) {
		fputs("<figure>\n", out);
		chart_svg(out, kind->id, kind->title, table.curves, table.count);
		fputs("<figcaption>Median of the rounds; the shade reaches from the shortest round "
		      "to the longest. Both axes are logarithmic.</figcaption>\n</figure>\n",
		      out);
		table_write(out, bench, &table);
		fputs("<p class=\"note\">* The rounds differ by more than a fifth: do not compare "
		      "it. – No time was measured.</p>\n",
		      out);
	}
	refusals_write(out, bench);
	for (size_t i = 0; i < table.count; i++)
		free(table.curves[i].points);
	free(table.sizes);
}

void costs_write(FILE *out, const struct report *report)
{
	html_section(out, "costs", "What the calls take");
	kind_write(out, &pair_kind, report->pair);
	kind_write(out, &access_kind, report->access);
	html_section_end(out);
}
