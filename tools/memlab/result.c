// SPDX-License-Identifier: GPL-2.0-only
/* JSON values, each of them made or the end of the program. */
#include <inttypes.h>

#include "memlab.h"

void result_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		need(NULL);
}

void result_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		need(NULL);
}

/* A text of NULL is null. */
struct json_object *result_text(const char *text)
{
	return text ? need(json_object_new_string(text)) : NULL;
}

struct json_object *result_uint(uint64_t value)
{
	return need(json_object_new_uint64(value));
}

/* For numbers of which 0 means that there is none. */
struct json_object *result_uint_or_null(uint64_t value)
{
	return value ? result_uint(value) : NULL;
}

/* For numbers that a reader who keeps them as a double would spoil. */
struct json_object *result_hex(uint64_t value)
{
	char text[SIZE_TEXT];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return result_text(text);
}

/* Seconds, to the microsecond. Its text is made here, as printf() follows the locale. */
struct json_object *result_seconds(uint64_t nanoseconds)
{
	uint64_t microseconds = nanoseconds / 1000;
	char text[SIZE_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64 ".%06" PRIu64, microseconds / 1000000,
		 microseconds % 1000000);
	return need(json_object_new_double_s((double)microseconds / 1e6, text));
}

struct json_object *result_bool(bool value)
{
	return need(json_object_new_boolean(value));
}

struct json_object *result_node(int node)
{
	return node < 0 ? NULL : result_uint((uint64_t)node);
}

/* A number that the library has no name for stays one. */
struct json_object *result_name(const char *name, unsigned int number)
{
	char text[SIZE_TEXT];

	if (name)
		return result_text(name);
	snprintf(text, sizeof(text), "#%u", number);
	return result_text(text);
}

/* Says why something failed, and adds it to the array "failed" of @result. */
void result_fail(struct json_object *result, uint32_t id, const char *why)
{
	struct json_object *failure = need(json_object_new_object());

	warn("%s", why);
	result_add(failure, "id", result_uint(id));
	result_add(failure, "error", result_text(why));
	result_append(json_object_object_get(result, "failed"), failure);
}

bool result_failed(struct json_object *result)
{
	return json_object_array_length(json_object_object_get(result, "failed"));
}

uint64_t result_get_uint(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

const char *result_get_text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

bool result_get_bool(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_object_object_get(object, key));
}
