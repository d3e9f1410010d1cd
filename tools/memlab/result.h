/* SPDX-License-Identifier: GPL-2.0-only */
/* A command's result: from the library to JSON, and from JSON to the eye. */
#ifndef MEMLAB_RESULT_H
#define MEMLAB_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "libmemlab.h"
#include "value.h"

struct command;

/* ---- result.c: JSON values ---- */

void result_add(struct json_object *object, const char *key, struct json_object *value);
void result_append(struct json_object *array, struct json_object *value);
struct json_object *result_text(const char *text);
struct json_object *result_bool(bool value);
struct json_object *result_uint(uint64_t value);
struct json_object *result_uint_or_null(uint64_t value);
struct json_object *result_seconds(uint64_t nanoseconds);
struct json_object *result_hex(uint64_t value);
struct json_object *result_name(const char *name, unsigned int number);
struct json_object *result_node(int node);
void result_fail(struct json_object *result, uint32_t id, const char *why);
bool result_failed(struct json_object *result);
uint64_t result_get_uint(struct json_object *object, const char *key);
const char *result_get_text(struct json_object *object, const char *key);
bool result_get_bool(struct json_object *object, const char *key);

/* ---- result_buffer.c, result_cache.c: what the driver told ---- */

struct json_object *result_order(unsigned int backing, uint64_t usable);
struct json_object *result_path(unsigned int allocator, unsigned int backing);
struct json_object *result_buffer(const struct memlab_buf_info *info);
struct json_object *result_layout(const struct memlab_buf_info *info,
				  const struct memlab_extents *extents);
struct json_object *result_cache(const struct memlab_cache_info *info);

/* ---- output.c ---- */

/* KIND_TIME: seconds since 1970, shown as the time of day. */
enum kind { KIND_TEXT, KIND_NUMBER, KIND_SIZE, KIND_PHYS, KIND_BOOL, KIND_LIST, KIND_TIME };

/* As @if_null of a field: a record has no row for a value that is null or an empty list. */
extern const char no_row[];
/* The same, also for a number that is 0 and for what is not so. */
extern const char no_row_if_zero[];

/* How one member of an object is shown. Lists end with no key. */
struct field {
	const char *key;
	const char *label;
	enum kind kind;
	const char *if_null;
};

/*
 * How a result is shown. Several of them, or always with @table, make a table of
 * @fields; one makes a list of labels and values. @text replaces both where a
 * result reads better in its own shape. @bare are the keys of the quiet form,
 * looked for in each element of the array @bare_of, if that is set.
 */
struct view {
	const struct field *fields;
	bool table;
	void (*text)(struct json_object *result);
	const char *const *bare;
	const char *bare_of;
};

void output(struct json_object *result, const struct view *view);
void output_bare_line(struct json_object *object, const char *const *keys);
bool output_flush(void);
void output_check(void);
const char *json_text(struct json_object *object, int flags);
const char *field_text(const struct field *field, struct json_object *value, char *text,
		       size_t size);
const char *field_value_text(const struct field *field, struct value value, char *text,
			     size_t size);
#define FIELD_TEXT 512

/* ---- output_table.c ---- */

struct libscols_table;

void output_table(struct json_object *array, const struct field *fields, size_t limit);
void output_record(struct json_object *object, const struct field *fields);
bool field_is_right(const struct field *field);
struct libscols_table *table_begin(const struct field *fields);
void table_add(struct libscols_table *table, const struct field *fields,
	       struct json_object *object);
void table_add_values(struct libscols_table *table, const struct field *fields,
		      const struct value *values);
void table_print(struct libscols_table *table);

/* ---- output_stream.c ---- */

struct output_array;

struct output_array *output_array_begin(const struct view *view);
void output_array_add(struct output_array *array, const struct value *values);
void output_array_end(struct output_array *array);

/*
 * How lines are shown that come one by one: cells of @fields that are so wide at
 * least, and behind them what @rest writes into its @text, of FIELD_TEXT bytes.
 */
struct line_view {
	const struct field *fields;
	const int *widths;
	void (*rest)(struct json_object *object, char *text);
	const char *const *bare;
};

void output_line_heading(const struct line_view *view);
bool output_line(struct json_object *object, const struct line_view *view);

/* ---- buffer_view.c, layout_view.c, picture.c ---- */

extern const struct field buffer_fields[];

void layout_option(const struct command *cmd, int c);
void layout_text(struct json_object *layout);
void picture_draw(struct json_object *layout);
bool picture_wanted(void);

#endif /* MEMLAB_RESULT_H */
