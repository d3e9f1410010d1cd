// SPDX-License-Identifier: GPL-2.0-only
/* Results that are printed one by one: too many to be kept, or not yet there. */
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define LINE_TEXT 1024

struct output_array {
	const struct view *view;
	struct libscols_table *table;
	bool begun;
};

/* An array that is printed while it is made; of @view, fields count. */
struct output_array *output_array_begin(const struct view *view)
{
	struct output_array *array = need(calloc(1, sizeof(*array)));

	array->view = view;
	if (settings.format == FORMAT_TEXT)
		array->table = table_begin(view->fields);
	return array;
}

/* As json-c would print it in an array: each line two columns further to the right. */
static void json_element(struct json_object *object, bool first)
{
	const char *line = json_text(object, JSON_C_TO_STRING_PRETTY);

	fputs(first ? "[\n" : ",\n", stdout);
	while (line) {
		const char *end = strchrnul(line, '\n');

		fputs("  ", stdout);
		fwrite(line, 1, (size_t)(end - line), stdout);
		line = *end ? end + 1 : NULL;
		if (line)
			putchar('\n');
	}
}

static void json_values(const struct field *fields, const struct value *values, bool first)
{
	struct json_object *object = need(json_object_new_object());

	for (size_t i = 0; fields[i].key; i++)
		result_add(object, fields[i].key, value_json(values[i]));
	json_element(object, first);
	json_object_put(object);
}

static void bare_values(const struct field *fields, const struct value *values)
{
	char text[VALUE_SIZE];

	for (size_t i = 0; fields[i].key; i++) {
		fputs(value_bare(values[i], text), stdout);
		putchar(fields[i + 1].key ? '\t' : '\n');
	}
}

/* An object whose members are those fields; takes @values. */
void output_array_add(struct output_array *array, const struct value *values)
{
	const struct field *fields = array->view->fields;

	if (settings.format == FORMAT_JSON) {
		json_values(fields, values, !array->begun);
		array->begun = true;
		return;
	}
	if (settings.format == FORMAT_BARE)
		bare_values(fields, values);
	else
		table_add_values(array->table, fields, values);
	for (size_t i = 0; fields[i].key; i++)
		value_release(values[i]);
}

void output_array_end(struct output_array *array)
{
	if (settings.format == FORMAT_JSON)
		puts(array->begun ? "\n]" : "[]");
	if (array->table)
		table_print(array->table);
	output_flush();
	free(array);
}

/* What has no more behind it has no blanks behind it, either. */
static void print_trimmed(char *line, size_t length)
{
	while (length && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
	puts(line);
}

/* Puts a cell into a line, so wide at least; returns how much of it is filled. */
static size_t put_cell(char line[LINE_TEXT], size_t used, const struct field *field, int width,
		       const char *text)
{
	used += (size_t)snprintf(line + used, LINE_TEXT - used, "%*s ",
				 field_is_right(field) ? width : -width, text);
	return used < LINE_TEXT ? used : LINE_TEXT - 1;
}

/* Before the first of output_line(). */
void output_line_heading(const struct line_view *view)
{
	char line[LINE_TEXT];
	size_t used = 0;

	if (settings.format != FORMAT_TEXT)
		return;

	for (size_t i = 0; view->fields[i].key; i++)
		used = put_cell(line, used, &view->fields[i], view->widths[i],
				view->fields[i].label);
	print_trimmed(line, used);
	output_flush();
}

static void text_line(struct json_object *object, const struct line_view *view)
{
	char line[LINE_TEXT], text[FIELD_TEXT];
	size_t used = 0;

	for (size_t i = 0; view->fields[i].key; i++) {
		const struct field *field = &view->fields[i];
		struct json_object *value = json_object_object_get(object, field->key);

		used = put_cell(line, used, field, view->widths[i],
				field_text(field, value, text, sizeof(text)));
	}

	text[0] = '\0';
	view->rest(object, text);
	used += (size_t)snprintf(line + used, sizeof(line) - used, "%s", text);
	print_trimmed(line, used < sizeof(line) ? used : sizeof(line) - 1);
}

/*
 * A line by itself, which is printed at once. Returns false when there is no use in
 * going on.
 */
bool output_line(struct json_object *object, const struct line_view *view)
{
	switch (settings.format) {
	case FORMAT_JSON:
		puts(json_text(object, JSON_C_TO_STRING_PLAIN));
		break;
	case FORMAT_BARE:
		output_bare_line(object, view->bare);
		break;
	case FORMAT_TEXT:
		text_line(object, view);
		break;
	}
	return output_flush();
}
