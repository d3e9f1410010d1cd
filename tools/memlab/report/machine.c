// SPDX-License-Identifier: GPL-2.0-only
/* What all figures depend on. */
#include <string.h>

#include "bench.h"
#include "claims/run.h"
#include "report.h"

/* Both have the kernel, and more that is alike. */
struct json_object *machine_gather(const struct memlab_dev_info *info)
{
	struct json_object *result = bench_machine(info), *more = environment(info);

	json_object_object_foreach(more, key, value)
	{
		if (!json_object_object_get_ex(result, key, NULL))
			result_add(result, key, json_object_get(value));
	}
	json_object_put(more);
	return result;
}

static void list_write(FILE *out, struct json_object *array)
{
	size_t count = json_object_array_length(array);

	if (!count)
		fputs("none", out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "<br>" : "", out);
		html_text(out, json_object_get_string(json_object_array_get_idx(array, i)));
	}
}

static void row_write(FILE *out, const struct field *field, struct json_object *machine)
{
	struct json_object *value = json_object_object_get(machine, field->key);
	char text[FIELD_TEXT];

	fputs("<tr><th scope=\"row\">", out);
	html_text(out, field->label);
	fputs("</th><td>", out);
	if (value && field->kind == KIND_LIST)
		list_write(out, value);
	else
		html_text(out, field_text(field, value, text, sizeof(text)));
	fputs("</td></tr>\n", out);
}

static bool has(const struct field *fields, const char *key)
{
	for (; fields->key; fields++)
		if (!strcmp(fields->key, key))
			return true;
	return false;
}

void machine_write(FILE *out, const struct report *report)
{
	html_section(out, "machine", "The machine");
	fputs("<table class=\"pairs\">\n", out);
	for (const struct field *field = bench_machine_fields; field->key; field++)
		row_write(out, field, report->machine);
	for (const struct field *field = environment_fields; field->key; field++)
		if (!has(bench_machine_fields, field->key))
			row_write(out, field, report->machine);
	fputs("</table>\n", out);
	html_section_end(out);
}
