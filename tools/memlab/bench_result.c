// SPDX-License-Identifier: GPL-2.0-only
/* What was measured, as JSON. */
#include <inttypes.h>
#include <stdlib.h>

#include "bench.h"

/* A longer spread than this, in per cent of the median, is too wide to compare. */
#define WIDE 20

static const unsigned int per_milles[] = { 500, 900, 990, 999 };
static const char *const percentiles[] = { "p50", "p90", "p99", "p99_9" };

/* To the thousandth; its text is made here, as printf() follows the locale. */
static struct json_object *number(double value)
{
	uint64_t thousandths = (uint64_t)(value * 1000 + 0.5);
	char text[SIZE_TEXT];

	snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, thousandths / 1000,
		 thousandths % 1000);
	return need(json_object_new_double_s((double)thousandths / 1000, text));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of one member of all rounds, which is at @offset. */
static double *sorted(const struct bench_subject *subject, size_t offset)
{
	double *values = need(calloc(subject->round_count, sizeof(*values)));

	for (unsigned int i = 0; i < subject->round_count; i++)
		values[i] = *(const double *)((const char *)&subject->rounds[i] + offset);
	qsort(values, subject->round_count, sizeof(*values), compare);
	return values;
}

static double median(const double *values, size_t count)
{
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double median_of(const struct bench_subject *subject, size_t offset)
{
	double *values = sorted(subject, offset);
	double result = median(values, subject->round_count);

	free(values);
	return result;
}

static void add_times(struct json_object *result, const struct bench_subject *subject)
{
	double *values = sorted(subject, offsetof(struct bench_round, all));
	double middle = median(values, subject->round_count);
	double least = values[0], most = values[subject->round_count - 1];
	struct json_object *rounds = need(json_object_new_array());
	double spread = middle > 0 ? 100 * (most - least) / middle : 0;

	for (unsigned int i = 0; i < subject->round_count; i++)
		result_append(rounds, number(subject->rounds[i].all));
	result_add(result, "ns", number(middle));
	result_add(result, "min", number(least));
	result_add(result, "max", number(most));
	result_add(result, "spread_percent", number(spread));
	result_add(result, "wide", result_bool(spread > WIDE));
	result_add(result, "rounds", rounds);
	free(values);

	values = sorted(subject, offsetof(struct bench_round, free));
	if (values[subject->round_count - 1] > 0) {
		result_add(result, "alloc_ns",
			   number(median_of(subject, offsetof(struct bench_round, alloc))));
		result_add(result, "free_ns", number(median(values, subject->round_count)));
	} else {
		result_add(result, "alloc_ns", NULL);
		result_add(result, "free_ns", NULL);
	}
	free(values);
	result_add(result, "per_second",
		   number(median_of(subject, offsetof(struct bench_round, per_second))));
}

/* Of a histogram in nanoseconds, or null. */
static struct json_object *distribution(const uint64_t *counts, uint64_t longest)
{
	struct json_object *result;

	if (!memlab_bench_percentile(counts, 1000))
		return NULL;
	result = need(json_object_new_object());
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++) {
		uint64_t value = memlab_bench_percentile(counts, per_milles[i]);

		result_add(result, percentiles[i], result_uint(value < longest ? value : longest));
	}
	result_add(result, "max", result_uint(longest));
	return result;
}

static struct json_object *subject_result(const struct bench_plan *plan,
					  const struct bench_subject *subject)
{
	struct json_object *result = need(json_object_new_object());
	const struct request *request = &subject->request;

	result_add(result, "allocator", result_text(memlab_allocator_name(request->allocator)));
	result_add(result, "size", result_uint(request->bytes));
	result_add(result, "refused", result_text(subject->refused));
	if (subject->refused)
		return result;
	result_add(result, "function", result_text(subject->function));
	result_add(result, "free_function", result_text(subject->free_function));
	result_add(result, "gfp_used", result_gfp(subject->gfp_used));
	result_add(result, "operations", result_uint(subject->operations));
	result_add(result, "failures", result_uint(subject->failures));
	add_times(result, subject);
	result_add(result, "timer_ns", result_uint(subject->timer));
	if (plan->each) {
		result_add(result, "each",
			   distribution(subject->histogram[0], subject->longest[0]));
		result_add(result, "each_free",
			   distribution(subject->histogram[1], subject->longest[1]));
	}
	return result;
}

static struct json_object *settings_result(const struct bench_plan *plan)
{
	struct json_object *result = need(json_object_new_object());
	struct json_object *cpus = need(json_object_new_array());

	for (uint32_t i = 0; i < plan->cpu_count; i++)
		result_append(cpus, result_uint(plan->cpus[i]));
	result_add(result, "pattern", result_text(memlab_bench_pattern_name(plan->pattern)));
	result_add(result, "order", result_text(memlab_bench_order_name(plan->order)));
	result_add(result, "objects", result_uint_or_null(plan->objects));
	result_add(result, "stride", result_uint_or_null(plan->stride));
	result_add(result, "context", result_text(memlab_context_name(plan->request.context)));
	result_add(result, "zero", result_bool(plan->request.zero));
	result_add(result, "node", result_node(plan->request.node));
	result_add(result, "cpus", cpus);
	result_add(result, "rounds", result_uint(plan->rounds));
	result_add(result, "milliseconds", result_uint(plan->milliseconds));
	result_add(result, "each", result_bool(plan->each));
	return result;
}

struct json_object *bench_result(const struct bench_plan *plan,
				 const struct bench_subject *subjects, size_t count,
				 const struct memlab_dev_info *info)
{
	struct json_object *result = need(json_object_new_object());
	struct json_object *results = need(json_object_new_array());

	for (size_t i = 0; i < count; i++)
		result_append(results, subject_result(plan, &subjects[i]));
	result_add(result, "environment", bench_machine(info));
	result_add(result, "settings", settings_result(plan));
	result_add(result, "results", results);
	return result;
}
