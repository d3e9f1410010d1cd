// SPDX-License-Identifier: GPL-2.0-only
/* What to call, for each size in each context: by `memlab advise`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advise.h"
#include "report.h"

#define CONTEXTS 5

/* Columns of the table; a device is asked for in process context. */
static const struct {
	const char *name;
	unsigned int context;
	bool dma;
} columns[CONTEXTS] = {
	{ "process", MEMLAB_LIB_CONTEXT_PROCESS, false },
	{ "atomic", MEMLAB_LIB_CONTEXT_ATOMIC, false },
	{ "softirq", MEMLAB_LIB_CONTEXT_SOFTIRQ, false },
	{ "hardirq", MEMLAB_LIB_CONTEXT_HARDIRQ, false },
	{ "process, for a device without scatter-gather", MEMLAB_LIB_CONTEXT_PROCESS, true },
};

static const uint64_t sizes[] = { 64, 4096, 64ULL << 10, 1ULL << 20, 4ULL << 20, 64ULL << 20 };

static struct json_object *answer(struct memlab_dev *dev, uint64_t size, size_t column)
{
	const struct advice_question question = {
		.bytes = size,
		.context = columns[column].context,
		.dma = columns[column].dma,
	};
	struct json_object *result;
	struct advice advice;

	if (advise(dev, &question, &advice))
		die(STATUS_NO, "cannot ask the kernel: %s", strerror(errno));
	result = result_advice(&advice);
	advice_clear(&advice);
	return result;
}

/* An object for each size and column, in the order of the table's rows. */
struct json_object *advice_gather(struct memlab_dev *dev)
{
	struct json_object *array = need(json_object_new_array());

	for (size_t row = 0; row < ARRAY_SIZE(sizes); row++) {
		for (size_t column = 0; column < CONTEXTS; column++) {
			struct json_object *one = answer(dev, sizes[row], column);

			result_add(one, "context",
				   result_text(memlab_context_name(columns[column].context)));
			result_add(one, "dma", result_bool(columns[column].dma));
			result_append(array, one);
		}
	}
	return array;
}

static struct json_object *cell(struct json_object *advice, size_t row, size_t column)
{
	return json_object_array_get_idx(advice, row * CONTEXTS + column);
}

/* What to write into a cell: the call, or "". */
static const char *call_of(struct json_object *one)
{
	struct json_object *use = json_object_object_get(one, "use");

	return use ? result_get_text(use, "call") : "";
}

/* Whether two columns say the same at each size. */
static bool alike(struct json_object *advice, size_t one, size_t other)
{
	for (size_t row = 0; row < ARRAY_SIZE(sizes); row++)
		if (strcmp(call_of(cell(advice, row, one)), call_of(cell(advice, row, other))))
			return false;
	return true;
}

/* The column that stands for this one, as it says the same: the first such one. */
static size_t leader(struct json_object *advice, size_t column)
{
	size_t first = 0;

	/* For a device it is another question, whatever the answer. */
	if (columns[column].dma)
		return column;
	while (first < column && !alike(advice, first, column))
		first++;
	return first;
}

/* Of all contexts that a column stands for; for free(). */
static char *heading(struct json_object *advice, size_t column)
{
	char *text = text_format("%s", columns[column].name);

	for (size_t other = column + 1; other < CONTEXTS; other++) {
		char *longer;

		if (leader(advice, other) != column)
			continue;
		longer = text_format("%s, %s", text, columns[other].name);
		free(text);
		text = longer;
	}
	return text;
}

static const char *expectation(struct json_object *one)
{
	if (!json_object_object_get(one, "served"))
		return "what it is made of, only the device's driver can say";
	if (!result_get_bool(one, "served"))
		return "would fail as things are now";
	return result_get_bool(one, "contiguous") ? "one physical run" : "scattered pages";
}

static void cell_write(FILE *out, struct json_object *one, const char *head)
{
	struct json_object *use = json_object_object_get(one, "use");

	fprintf(out, "<td data-label=\"%s\">", head);
	if (!use) {
		fputs("nothing can serve that</td>", out);
		return;
	}
	fputs("<code>", out);
	html_text(out, result_get_text(use, "call"));
	fprintf(out, "</code><br><small>%sfree by <code>%s()</code>; %s</small></td>",
		result_get_bool(use, "ahead") ? "beforehand, in process context; " : "",
		result_get_text(use, "free_function"), expectation(one));
}

static void row_write(FILE *out, struct json_object *advice, size_t row)
{
	char text[SIZE_TEXT];

	fprintf(out, "<tr><th scope=\"row\">%s</th>", size_text(text, sizes[row]));
	for (size_t column = 0; column < CONTEXTS; column++) {
		char *head;

		if (leader(advice, column) != column)
			continue;
		head = heading(advice, column);
		cell_write(out, cell(advice, row, column), head);
		free(head);
	}
	fputs("</tr>\n", out);
}

void advice_write(FILE *out, const struct report *report)
{
	html_section(out, "advice", "What to call");
	fputs("<p>For memory of one object of that size, needed in that context, on this kernel "
	      "and as much memory as it has now. <code>memlab advise</code> takes more "
	      "questions, and gives reasons.</p>\n<table class=\"stack\">\n"
	      "<thead><tr><th scope=\"col\">size</th>",
	      out);
	for (size_t column = 0; column < CONTEXTS; column++) {
		char *head;

		if (leader(report->advice, column) != column)
			continue;
		head = heading(report->advice, column);
		fprintf(out, "<th scope=\"col\">%s</th>", head);
		free(head);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t row = 0; row < ARRAY_SIZE(sizes); row++)
		row_write(out, report->advice, row);
	fputs("</tbody>\n</table>\n", out);
	html_section_end(out);
}
