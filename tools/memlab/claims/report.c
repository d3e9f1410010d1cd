// SPDX-License-Identifier: GPL-2.0-only
/* The verdicts for the eye, and the list of claims. */
#include <inttypes.h>
#include <string.h>

#include "run.h"

static const struct field list_fields[] = {
	{ "id", "CLAIM", KIND_TEXT, NULL },
	{ "claim", "WHAT IT SAYS", KIND_TEXT, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

const struct view list_view = {
	.fields = list_fields,
	.table = true,
	.bare = (const char *const[]){ "id", NULL },
};

struct json_object *list_claims(const struct claim *const *chosen)
{
	struct json_object *array = need(json_object_new_array());

	for (; *chosen; chosen++) {
		struct json_object *object = need(json_object_new_object());

		result_add(object, "id", result_text((*chosen)->id));
		result_add(object, "claim", result_text((*chosen)->claim));
		result_append(array, object);
	}
	return array;
}

static const struct field result_fields[] = {
	{ "id", "CLAIM", KIND_TEXT, NULL },
	{ "verdict", "VERDICT", KIND_TEXT, NULL },
	{ "evidence", "EVIDENCE", KIND_TEXT, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

#define LABEL_WIDTH 28

static void environment_text(struct json_object *result)
{
	struct json_object *of = json_object_object_get(result, "environment");
	char text[FIELD_TEXT];

	for (const struct field *field = environment_fields; field->key; field++) {
		struct json_object *value = json_object_object_get(of, field->key);
		const char *shown = field_text(field, value, text, sizeof(text));

		printf("%-*s %s\n", LABEL_WIDTH, field->label, *shown ? shown : "none");
	}
	putchar('\n');
}

/* A claim with all its cases; those without any are short. */
static void cases_text(struct json_object *claim)
{
	struct json_object *cases = json_object_object_get(claim, "cases");

	printf("%s: %s (%" PRIu64 " ms)\n    %s\n", result_get_text(claim, "id"),
	       result_get_text(claim, "verdict"), result_get_uint(claim, "milliseconds"),
	       result_get_text(claim, "evidence"));
	for (size_t i = 0; i < json_object_array_length(cases); i++) {
		struct json_object *one = json_object_array_get_idx(cases, i);
		bool agrees = json_object_get_boolean(json_object_object_get(one, "agrees"));

		printf("    %s %s\n", agrees ? "yes" : "NO ", result_get_text(one, "case"));
	}
}

static void report_text(struct json_object *result)
{
	struct json_object *array = json_object_object_get(result, "claims");
	size_t count = json_object_array_length(array);

	environment_text(result);
	if (count && json_object_object_get(json_object_array_get_idx(array, 0), "cases")) {
		for (size_t i = 0; i < count; i++)
			cases_text(json_object_array_get_idx(array, i));
	} else {
		output_table(array, result_fields, 0);
	}
	printf("\nHold: %" PRIu64 ". Do not hold: %" PRIu64 ". Unknown: %" PRIu64 ".\n",
	       result_get_uint(result, "holds"), result_get_uint(result, "does_not_hold"),
	       result_get_uint(result, "unknown"));
}

const struct view report_view = {
	.text = report_text,
	.bare = (const char *const[]){ "id", "verdict", NULL },
	.bare_of = "claims",
};
