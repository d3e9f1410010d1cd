// SPDX-License-Identifier: GPL-2.0-only
/* From JSON to the eye: the only file that prints results. */
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memlab.h"

/* In a table, as any other null. */
const char no_row[] = { '-', '\0' };
const char no_row_if_zero[] = { '-', '\0' };

/* Whether a record needs no row for a value. */
static bool carries_nothing(const struct field *field, struct json_object *value)
{
	if (field->if_null != no_row && field->if_null != no_row_if_zero)
		return false;
	if (!value)
		return true;
	if (json_object_is_type(value, json_type_array))
		return !json_object_array_length(value);
	/* To json-c, 0, false and an empty text are false. */
	return field->if_null == no_row_if_zero && !json_object_get_boolean(value);
}

static void list_text(struct json_object *array, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < json_object_array_length(array) && used < size; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%s%s", i ? " " : "",
			json_object_get_string(json_object_array_get_idx(array, i)));
}

/* Text of one value; the answer is @text or lives as long as @field and @value. */
const char *field_text(const struct field *field, struct json_object *value, char *text,
		       size_t size)
{
	if (!value)
		return field->if_null ? field->if_null : "-";

	switch (field->kind) {
	case KIND_SIZE:
		return size_text(text, json_object_get_uint64(value));
	case KIND_PHYS:
		snprintf(text, size, "0x%" PRIx64, json_object_get_uint64(value));
		return text;
	case KIND_BOOL:
		return json_object_get_boolean(value) ? "yes" : "no";
	case KIND_LIST:
		list_text(value, text, size);
		return text;
	default:
		return json_object_get_string(value);
	}
}

static void set_cell(struct libscols_line *line, size_t column, const char *text)
{
	if (scols_line_set_data(line, column, text))
		need(NULL);
}

static struct libscols_table *table_new(bool headings)
{
	struct libscols_table *table = need(scols_new_table());

	scols_table_enable_noheadings(table, !headings);
	/* Wide rows go on, on a terminal as in a file: no cell is ever cut. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	return table;
}

static void table_column(struct libscols_table *table, const char *name, bool right)
{
	need(scols_table_new_column(table, name, 0, right ? SCOLS_FL_RIGHT : 0));
}

static void table_print(struct libscols_table *table)
{
	if (scols_print_table(table))
		die(STATUS_NO, "cannot print the table: %s", strerror(errno));
	scols_unref_table(table);
}

/* One row for each object of @array, at most @limit of them unless that is 0. */
void output_table(struct json_object *array, const struct field *fields, size_t limit)
{
	struct libscols_table *table = table_new(true);
	size_t rows = json_object_array_length(array);
	char text[FIELD_TEXT];

	for (const struct field *field = fields; field->key; field++)
		table_column(table, field->label,
			     field->kind == KIND_NUMBER || field->kind == KIND_SIZE ||
				     field->kind == KIND_PHYS);

	for (size_t i = 0; i < rows && (!limit || i < limit); i++) {
		struct json_object *object = json_object_array_get_idx(array, i);
		struct libscols_line *line = need(scols_table_new_line(table, NULL));

		for (size_t column = 0; fields[column].key; column++) {
			const struct field *field = &fields[column];
			struct json_object *value = json_object_object_get(object, field->key);

			set_cell(line, column, field_text(field, value, text, sizeof(text)));
		}
	}

	table_print(table);
}

/* A row for each of @fields: label and value. */
void output_record(struct json_object *object, const struct field *fields)
{
	struct libscols_table *table = table_new(false);
	char text[FIELD_TEXT];

	table_column(table, "NAME", false);
	table_column(table, "VALUE", false);

	for (const struct field *field = fields; field->key; field++) {
		struct json_object *value = json_object_object_get(object, field->key);
		struct libscols_line *line;

		if (carries_nothing(field, value))
			continue;
		line = need(scols_table_new_line(table, NULL));
		set_cell(line, 0, field->label);
		set_cell(line, 1, field_text(field, value, text, sizeof(text)));
	}

	table_print(table);
}

static void output_text(struct json_object *result, const struct view *view)
{
	if (view->text) {
		view->text(result);
	} else if (!json_object_is_type(result, json_type_array)) {
		output_record(result, view->fields);
	} else if (view->table) {
		output_table(result, view->fields, 0);
	} else {
		for (size_t i = 0; i < json_object_array_length(result); i++) {
			if (i)
				putchar('\n');
			output_record(json_object_array_get_idx(result, i), view->fields);
		}
	}
}

static void bare_line(struct json_object *object, const char *const *keys)
{
	for (; *keys; keys++) {
		struct json_object *value = json_object_object_get(object, *keys);

		/* Scripts read numbers, so every kind is as in JSON, without its quotes. */
		fputs(value ? json_object_get_string(value) : "-", stdout);
		putchar(keys[1] ? '\t' : '\n');
	}
}

static void output_bare(struct json_object *result, const struct view *view)
{
	if (view->bare_of)
		result = json_object_object_get(result, view->bare_of);

	if (!json_object_is_type(result, json_type_array)) {
		bare_line(result, view->bare);
		return;
	}

	for (size_t i = 0; i < json_object_array_length(result); i++) {
		struct json_object *element = json_object_array_get_idx(result, i);

		if (view->bare)
			bare_line(element, view->bare);
		else
			puts(json_object_get_string(element));
	}
}

/* errno of the first write that failed; stdio remembers only that one did. */
static int write_errno;

/* Returns false when there is no use in going on. */
bool output_flush(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return true;
	if (!write_errno)
		write_errno = errno;
	return false;
}

void output(struct json_object *result, const struct view *view)
{
	switch (settings.format) {
	case FORMAT_JSON:
		puts(need((void *)json_object_to_json_string_ext(
			result, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)));
		break;
	case FORMAT_BARE:
		output_bare(result, view);
		break;
	case FORMAT_TEXT:
		output_text(result, view);
		break;
	}
	output_flush();
}

/* At the end: what could not be written must not look like success. */
void output_check(void)
{
	bool written = output_flush();

	if (fclose(stdout) && written) {
		write_errno = errno;
		written = false;
	}
	if (written)
		return;

	/* Who reads no further wants no message. */
	if (write_errno != EPIPE)
		fprintf(stderr, "memlab: cannot write the result: %s\n", strerror(write_errno));
	_exit(STATUS_NO);
}
