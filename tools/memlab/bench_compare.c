// SPDX-License-Identifier: GPL-2.0-only
/* Two results of `memlab bench -j`: how much longer the second one took. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct field fields[] = {
	{ "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "size", "SIZE", KIND_SIZE, NULL },
	{ "first_ns", "FIRST", KIND_NUMBER, "-" },
	{ "second_ns", "SECOND", KIND_NUMBER, "-" },
	{ "ratio", "RATIO", KIND_NUMBER, "-" },
	{ "ratio_min", "FROM", KIND_NUMBER, "-" },
	{ "ratio_max", "TO", KIND_NUMBER, "-" },
	{ "verdict", "SECOND IS", KIND_TEXT, "-" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const char *const bare[] = { "allocator", "size", "ratio", NULL };

static struct json_object *part(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key);
}

static double number(struct json_object *object, const char *key)
{
	return json_object_get_double(part(object, key));
}

/* A ratio to the thousandth; its text is made here, as printf() follows the locale. */
static struct json_object *ratio(double over, double under)
{
	uint64_t thousandths = (uint64_t)(1000 * over / under + 0.5);
	char text[SIZE_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, thousandths / 1000,
		 thousandths % 1000);
	return need(json_object_new_double_s((double)thousandths / 1000, text));
}

/* The one that is about the same, or NULL. */
static struct json_object *twin(struct json_object *results, struct json_object *of)
{
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);

		if (json_object_equal(part(one, "allocator"), part(of, "allocator")) &&
		    json_object_equal(part(one, "size"), part(of, "size")))
			return one;
	}
	return NULL;
}

static struct json_object *row(struct json_object *a, struct json_object *b)
{
	struct json_object *result = need(json_object_new_object());
	const char *verdict = "not told apart";

	result_add(result, "allocator", json_object_get(part(a, "allocator")));
	result_add(result, "size", json_object_get(part(a, "size")));
	result_add(result, "first_ns", json_object_get(part(a, "ns")));
	result_add(result, "second_ns", json_object_get(part(b, "ns")));
	if (number(a, "min") <= 0 || number(b, "min") <= 0) {
		result_add(result, "verdict", NULL);
		return result;
	}
	result_add(result, "ratio", ratio(number(b, "ns"), number(a, "ns")));
	result_add(result, "ratio_min", ratio(number(b, "min"), number(a, "max")));
	result_add(result, "ratio_max", ratio(number(b, "max"), number(a, "min")));
	/* No round of one lies among those of the other. */
	if (number(b, "min") > number(a, "max"))
		verdict = "slower";
	if (number(b, "max") < number(a, "min"))
		verdict = "faster";
	result_add(result, "verdict", result_text(verdict));
	return result;
}

/* Members of the settings without which there is nothing to compare. */
static void check_settings(const char *first, struct json_object *a, const char *second,
			   struct json_object *b)
{
	static const char *const keys[] = { "pattern", "order",	  "context",
					    "zero",    "objects", "stride" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *x = part(part(a, "settings"), keys[i]);
		struct json_object *y = part(part(b, "settings"), keys[i]);

		if (!json_object_equal(x, y))
			die(STATUS_NO, "%s and %s measured different things: %s is %s and %s",
			    first, second, keys[i], json_object_get_string(x) ?: "none",
			    json_object_get_string(y) ?: "none");
	}
}

struct json_object *bench_compare(const struct command *cmd, const char *first, const char *second)
{
	struct json_object *a = bench_load(cmd, first), *b = bench_load(cmd, second);
	struct json_object *rows = need(json_object_new_array());
	struct json_object *results = part(a, "results");

	check_settings(first, a, second, b);
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);
		struct json_object *other = twin(part(b, "results"), one);

		if (other)
			result_append(rows, row(one, other));
	}
	if (!json_object_array_length(rows))
		die(STATUS_NO, "%s and %s have no allocator and size in common", first, second);
	json_object_put(a);
	json_object_put(b);
	return rows;
}

const struct view bench_compare_view = { .fields = fields, .table = true, .bare = bare };
