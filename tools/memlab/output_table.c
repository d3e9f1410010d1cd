// SPDX-License-Identifier: GPL-2.0-only
/* Tables with rows for objects, and records with rows for members. */
#include <errno.h>
#include <libsmartcols.h>
#include <string.h>

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

bool field_is_right(const struct field *field)
{
	return field->kind == KIND_NUMBER || field->kind == KIND_SIZE || field->kind == KIND_PHYS;
}

static void table_column(struct libscols_table *table, const char *name, bool right)
{
	need(scols_table_new_column(table, name, 0, right ? SCOLS_FL_RIGHT : 0));
}

void table_print(struct libscols_table *table)
{
	if (scols_print_table(table))
		die(STATUS_NO, "cannot print the table: %s", strerror(errno));
	scols_unref_table(table);
}

/* A table to which table_add() adds rows, and which table_print() prints and ends. */
struct libscols_table *table_begin(const struct field *fields)
{
	struct libscols_table *table = table_new(true);

	for (const struct field *field = fields; field->key; field++)
		table_column(table, field->label, field_is_right(field));
	return table;
}

void table_add(struct libscols_table *table, const struct field *fields, struct json_object *object)
{
	struct libscols_line *line = need(scols_table_new_line(table, NULL));
	char text[FIELD_TEXT];

	for (size_t column = 0; fields[column].key; column++) {
		const struct field *field = &fields[column];
		struct json_object *value = json_object_object_get(object, field->key);

		set_cell(line, column, field_text(field, value, text, sizeof(text)));
	}
}

void table_add_values(struct libscols_table *table, const struct field *fields,
		      const struct value *values)
{
	struct libscols_line *line = need(scols_table_new_line(table, NULL));
	char text[FIELD_TEXT];

	for (size_t i = 0; fields[i].key; i++)
		set_cell(line, i, field_value_text(&fields[i], values[i], text, sizeof(text)));
}

/* One row for each object of @array, at most @limit of them unless that is 0. */
void output_table(struct json_object *array, const struct field *fields, size_t limit)
{
	struct libscols_table *table = table_begin(fields);
	size_t rows = json_object_array_length(array);

	for (size_t i = 0; i < rows && (!limit || i < limit); i++)
		table_add(table, fields, json_object_array_get_idx(array, i));

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
