// SPDX-License-Identifier: GPL-2.0-only
/* The verdicts as KTAP, Documentation/dev-tools/ktap.rst of the kernel. */
#include <string.h>

#include "run.h"

static void environment_ktap(struct json_object *result)
{
	struct json_object *of = json_object_object_get(result, "environment");
	char text[FIELD_TEXT];

	for (const struct field *field = environment_fields; field->key; field++) {
		struct json_object *value = json_object_object_get(of, field->key);

		printf("# %s: %s\n", field->label, field_text(field, value, text, sizeof(text)));
	}
}

static void claim_ktap(struct json_object *claim, size_t number)
{
	struct json_object *cases = json_object_object_get(claim, "cases");
	const char *verdict = result_get_text(claim, "verdict");
	const char *line = "ok %zu %s # %s\n";

	/* Diagnostic lines belong to the result line that follows them. */
	for (size_t i = 0; cases && i < json_object_array_length(cases); i++) {
		struct json_object *one = json_object_array_get_idx(cases, i);
		bool agrees = json_object_get_boolean(json_object_object_get(one, "agrees"));

		printf("# %s %s\n", agrees ? "yes" : "NO", result_get_text(one, "case"));
	}

	if (!strcmp(verdict, verdict_name(VERDICT_DOES_NOT_HOLD)))
		line = "not ok %zu %s # %s\n";
	else if (!strcmp(verdict, verdict_name(VERDICT_UNKNOWN)))
		line = "ok %zu %s # SKIP %s\n";
	printf(line, number, result_get_text(claim, "id"), result_get_text(claim, "evidence"));
}

static void report_ktap(struct json_object *result)
{
	struct json_object *array = json_object_object_get(result, "claims");
	size_t count = json_object_array_length(array);

	printf("KTAP version 1\n1..%zu\n", count);
	environment_ktap(result);
	for (size_t i = 0; i < count; i++)
		claim_ktap(json_object_array_get_idx(array, i), i + 1);
}

const struct view report_ktap_view = { .text = report_ktap };
