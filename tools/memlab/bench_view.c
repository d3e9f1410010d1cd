// SPDX-License-Identifier: GPL-2.0-only
/* What was measured, as a table, bare, or as comma-separated values. */
#include <string.h>

#include "bench.h"

static const struct field plain_fields[] = {
	{ "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "size", "SIZE", KIND_SIZE, NULL },
	{ "ns", "NS", KIND_NUMBER, "-" },
	{ "min", "MIN", KIND_NUMBER, "-" },
	{ "max", "MAX", KIND_NUMBER, "-" },
	{ "spread_percent", "SPREAD %", KIND_NUMBER, "-" },
	{ "operations", "OPERATIONS", KIND_NUMBER, "-" },
	{ "failures", "FAILURES", KIND_NUMBER, "-" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct field batch_fields[] = {
	{ "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "size", "SIZE", KIND_SIZE, NULL },
	{ "ns", "NS", KIND_NUMBER, "-" },
	{ "alloc_ns", "ALLOC", KIND_NUMBER, "-" },
	{ "free_ns", "FREE", KIND_NUMBER, "-" },
	{ "min", "MIN", KIND_NUMBER, "-" },
	{ "max", "MAX", KIND_NUMBER, "-" },
	{ "spread_percent", "SPREAD %", KIND_NUMBER, "-" },
	{ "failures", "FAILURES", KIND_NUMBER, "-" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct field each_fields[] = {
	{ "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "size", "SIZE", KIND_SIZE, NULL },
	{ "what", "WHAT", KIND_TEXT, NULL },
	{ "p50", "P50", KIND_NUMBER, "-" },
	{ "p90", "P90", KIND_NUMBER, "-" },
	{ "p99", "P99", KIND_NUMBER, "-" },
	{ "p99_9", "P99.9", KIND_NUMBER, "-" },
	{ "max", "MAX", KIND_NUMBER, "-" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const char *const bare[] = { "allocator", "size", "ns", NULL };

static const char *const columns[] = {
	"allocator", "size",	"ns",	      "min",	    "max",	"spread_percent",
	"alloc_ns",  "free_ns", "per_second", "operations", "failures", NULL,
};

static const char *const each_columns[] = { "p50", "p90", "p99", "p99_9", "max", NULL };

static struct json_object *part(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

/* A row for allocations, and one for frees. */
static void each_rows(struct json_object *rows, struct json_object *one, bool apart)
{
	static const char *const keys[] = { "each", "each_free" };
	const char *const names[] = { apart ? "alloc" : "all", "free" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *each = part(one, keys[i]), *row;

		if (!each)
			continue;
		row = need(json_object_new_object());
		result_add(row, "allocator", json_object_get(part(one, "allocator")));
		result_add(row, "size", json_object_get(part(one, "size")));
		result_add(row, "what", result_text(names[i]));
		for (const char *const *key = each_columns; *key; key++)
			result_add(row, *key, json_object_get(part(each, *key)));
		result_append(rows, row);
	}
}

static void each_text(struct json_object *results)
{
	struct json_object *rows = need(json_object_new_array());

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);

		each_rows(rows, one, part(one, "each_free"));
	}
	printf("\nEach operation, in nanoseconds:\n\n");
	output_table(rows, each_fields, 0);
	json_object_put(rows);
}

/* Whether any of them has a value there. */
static bool any(struct json_object *results, const char *key)
{
	for (size_t i = 0; i < json_object_array_length(results); i++)
		if (part(json_object_array_get_idx(results, i), key))
			return true;
	return false;
}

static bool any_true(struct json_object *results, const char *key)
{
	for (size_t i = 0; i < json_object_array_length(results); i++)
		if (result_get_bool(json_object_array_get_idx(results, i), key))
			return true;
	return false;
}

static void notes(struct json_object *result)
{
	struct json_object *results = part(result, "results");

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		const char *why = result_get_text(json_object_array_get_idx(results, i), "refused");

		if (why)
			printf("\nNot measured: %s\n", why);
	}
	if (any_true(results, "wide"))
		printf("\nWhere the spread is above 20 %%, rounds differ too much to compare: "
		       "close other programs,\nor give more --rounds and --time.\n");
	if (result_get_bool(part(result, "environment"), "virtual"))
		printf("\nIn a virtual machine, times are its host's, too: compare ratios.\n");
}

void bench_text(struct json_object *result)
{
	struct json_object *results = part(result, "results");

	output_record(part(result, "environment"), bench_machine_fields);
	printf("\nPattern %s, %s context; nanoseconds an operation, median of %s rounds:\n\n",
	       result_get_text(part(result, "settings"), "pattern"),
	       result_get_text(part(result, "settings"), "context"),
	       result_get_text(part(result, "settings"), "rounds"));
	output_table(results, any(results, "free_ns") ? batch_fields : plain_fields, 0);
	if (any(results, "each"))
		each_text(results);
	notes(result);
}

static void csv_value(struct json_object *object, const char *key, bool last)
{
	const char *text = object ? result_get_text(object, key) : NULL;

	printf("%s%s", text ? text : "", last ? "\n" : ",");
}

/* Names of allocators and numbers need no quotes. */
void bench_csv(struct json_object *result)
{
	struct json_object *results = part(result, "results");

	for (const char *const *key = columns; *key; key++)
		printf("%s,", *key);
	for (const char *const *key = each_columns; *key; key++)
		printf("each_%s%s", *key, key[1] ? "," : "\n");
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);

		for (const char *const *key = columns; *key; key++)
			csv_value(one, *key, false);
		for (const char *const *key = each_columns; *key; key++)
			csv_value(part(one, "each"), *key, !key[1]);
	}
}

const struct view bench_view = { .text = bench_text, .bare = bare, .bare_of = "results" };
const struct view bench_csv_view = { .text = bench_csv, .bare = bare, .bare_of = "results" };
