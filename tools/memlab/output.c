// SPDX-License-Identifier: GPL-2.0-only
/* From JSON to the eye: only the output*.c files print results. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memlab.h"

static void list_text(struct json_object *array, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < json_object_array_length(array) && used < size; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%s%s", i ? " " : "",
			json_object_get_string(json_object_array_get_idx(array, i)));
}

/* The time of day, to the microsecond. */
static void time_text(double seconds, char *text, size_t size)
{
	long long microseconds = (long long)(seconds * 1e6 + 0.5);
	time_t whole = microseconds / 1000000;
	size_t used;
	struct tm tm;

	used = strftime(text, size, "%H:%M:%S", localtime_r(&whole, &tm));
	snprintf(text + used, size - used, ".%06lld", microseconds % 1000000);
}

/* Text of one value; the answer is @text or lives as long as @field and @value. */
const char *field_value_text(const struct field *field, struct value value, char *text, size_t size)
{
	if (value.kind == VALUE_NULL)
		return field->if_null ? field->if_null : "-";

	switch (field->kind) {
	case KIND_SIZE:
		return size_text(text, value_number(value));
	case KIND_PHYS:
		memcpy(text, "0x", 2);
		number_put(text + 2, value_number(value), 16);
		return text;
	case KIND_BOOL:
		return value_is_true(value) ? "yes" : "no";
	case KIND_LIST:
		list_text(value.json, text, size);
		return text;
	case KIND_TIME:
		time_text(json_object_get_double(value.json), text, size);
		return text;
	default:
		return value_bare(value, text);
	}
}

const char *field_text(const struct field *field, struct json_object *value, char *text,
		       size_t size)
{
	return field_value_text(field, value_of(value), text, size);
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

void output_bare_line(struct json_object *object, const char *const *keys)
{
	char text[VALUE_SIZE];

	for (; *keys; keys++) {
		struct json_object *value = json_object_object_get(object, *keys);

		/* Scripts read numbers, so every kind is as in JSON. */
		fputs(value_bare(value_of(value), text), stdout);
		putchar(keys[1] ? '\t' : '\n');
	}
}

static void output_bare(struct json_object *result, const struct view *view)
{
	if (view->bare_of)
		result = json_object_object_get(result, view->bare_of);

	if (!json_object_is_type(result, json_type_array)) {
		output_bare_line(result, view->bare);
		return;
	}

	for (size_t i = 0; i < json_object_array_length(result); i++) {
		struct json_object *element = json_object_array_get_idx(result, i);

		if (view->bare)
			output_bare_line(element, view->bare);
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

/* Lives as long as @object; @flags are json-c's. */
const char *json_text(struct json_object *object, int flags)
{
	return need((void *)json_object_to_json_string_ext(object,
							   flags | JSON_C_TO_STRING_NOSLASHESCAPE));
}

void output(struct json_object *result, const struct view *view)
{
	switch (settings.format) {
	case FORMAT_JSON:
		puts(json_text(result, JSON_C_TO_STRING_PRETTY));
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
