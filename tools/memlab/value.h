/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A value of a result that is not JSON yet, or never will be: of the values of very many
 * objects, most are numbers and names, for which json-c takes memory and a text each.
 */
#ifndef MEMLAB_VALUE_H
#define MEMLAB_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

enum value_kind { VALUE_NULL, VALUE_UINT, VALUE_BOOL, VALUE_TEXT, VALUE_JSON };

struct value {
	enum value_kind kind;
	union {
		uint64_t number; /* also of VALUE_BOOL */
		const char *text;
		struct json_object *json;
	};
};

/* Room for the text of any number. */
#define VALUE_SIZE 32

static inline struct value value_uint(uint64_t number)
{
	return (struct value){ VALUE_UINT, { .number = number } };
}

/* For numbers of which 0 means that there is none. */
static inline struct value value_uint_or_null(uint64_t number)
{
	return (struct value){ number ? VALUE_UINT : VALUE_NULL, { .number = number } };
}

static inline struct value value_bool(bool yes)
{
	return (struct value){ VALUE_BOOL, { .number = yes } };
}

/* Of a text that stays; NULL is null. */
static inline struct value value_text(const char *text)
{
	return (struct value){ text ? VALUE_TEXT : VALUE_NULL, { .text = text } };
}

/* The same value, as long as @json lives. */
struct value value_of(struct json_object *json);
/* The same value; it is to be released, instead of @json. */
struct value value_take(struct json_object *json);
void value_release(struct value value);
/* The same value, instead of @value. */
struct json_object *value_json(struct value value);

uint64_t value_number(struct value value);
bool value_is_true(struct value value);
const char *value_bare(struct value value, char text[VALUE_SIZE]);
int value_compare(struct value a, struct value b);

#endif /* MEMLAB_VALUE_H */
