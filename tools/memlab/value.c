// SPDX-License-Identifier: GPL-2.0-only
/* Values, from JSON and to it. */
#include <string.h>

#include "memlab.h"

struct value value_of(struct json_object *json)
{
	switch (json_object_get_type(json)) {
	case json_type_null:
		return value_text(NULL);
	case json_type_boolean:
		return value_bool(json_object_get_boolean(json));
	case json_type_string:
		return value_text(json_object_get_string(json));
	case json_type_int:
		if (json_object_get_int64(json) >= 0)
			return value_uint(json_object_get_uint64(json));
		break;
	default:
		break;
	}
	return (struct value){ VALUE_JSON, { .json = json } };
}

struct value value_take(struct json_object *json)
{
	struct value value = value_of(json);

	if (value.kind == VALUE_TEXT)
		return (struct value){ VALUE_JSON, { .json = json } };
	if (value.kind != VALUE_JSON)
		json_object_put(json);
	return value;
}

void value_release(struct value value)
{
	if (value.kind == VALUE_JSON)
		json_object_put(value.json);
}

struct json_object *value_json(struct value value)
{
	switch (value.kind) {
	case VALUE_UINT:
		return result_uint(value.number);
	case VALUE_BOOL:
		return result_bool(value.number);
	case VALUE_TEXT:
		return result_text(value.text);
	case VALUE_JSON:
		return value.json;
	default:
		return NULL;
	}
}

uint64_t value_number(struct value value)
{
	if (value.kind == VALUE_JSON)
		return json_object_get_uint64(value.json);
	return value.kind == VALUE_UINT || value.kind == VALUE_BOOL ? value.number : 0;
}

/* As json-c says it: 0 is not, nor is an empty text. */
bool value_is_true(struct value value)
{
	if (value.kind == VALUE_JSON)
		return json_object_get_boolean(value.json);
	if (value.kind == VALUE_TEXT)
		return *value.text;
	return value_number(value);
}

/* As in JSON, without quotes. The answer is @text, or lives as long as @value. */
const char *value_bare(struct value value, char text[VALUE_SIZE])
{
	switch (value.kind) {
	case VALUE_UINT:
		number_put(text, value.number, 10);
		return text;
	case VALUE_BOOL:
		return value.number ? "true" : "false";
	case VALUE_TEXT:
		return value.text;
	case VALUE_JSON:
		return json_object_get_string(value.json);
	default:
		return "-";
	}
}

static int order_of(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* What is absent comes first; numbers by value, all else as it is shown. */
int value_compare(struct value a, struct value b)
{
	char one[VALUE_SIZE], other[VALUE_SIZE];

	if (a.kind == VALUE_NULL || b.kind == VALUE_NULL)
		return order_of(a.kind != VALUE_NULL, b.kind != VALUE_NULL);
	if (a.kind == b.kind && (a.kind == VALUE_UINT || a.kind == VALUE_BOOL))
		return order_of(a.number, b.number);
	return strcmp(value_bare(a, one), value_bare(b, other));
}
