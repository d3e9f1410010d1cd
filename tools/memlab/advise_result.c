// SPDX-License-Identifier: GPL-2.0-only
/* What was advised, as JSON. */
#include "advise.h"

static struct json_object *result_call(const struct advice_call *call)
{
	struct json_object *object = need(json_object_new_object());
	const struct request *request = &call->request;

	result_add(object, "function", result_text(call->function));
	result_add(object, "cache_function", result_text(call->cache_function));
	result_add(object, "free_function", result_text(call->free_function));
	result_add(object, "call", result_text(call->text));
	result_add(object, "ahead", result_bool(call->ahead));
	result_add(object, "allocator",
		   call->offered ? result_text(memlab_allocator_name(request->allocator)) : NULL);
	result_add(object, "gfp", call->offered ? result_gfp(request->gfp) : NULL);
	result_add(object, "context",
		   call->offered ? result_text(memlab_context_name(request->context)) : NULL);
	result_add(object, "accepted", call->checked ? result_bool(true) : NULL);
	return object;
}

static struct json_object *result_reasons(const struct advice *advice)
{
	struct json_object *array = need(json_object_new_array());

	for (size_t i = 0; i < advice->reason_count; i++) {
		struct json_object *object = need(json_object_new_object());

		result_add(object, "claim", result_text(advice->reasons[i].claim));
		result_add(object, "text", result_text(advice->reasons[i].text));
		result_append(array, object);
	}
	return array;
}

/* Facts by name, each with its source, beside what uname(2) reports. */
static struct json_object *result_kernel(const struct advice *advice)
{
	struct json_object *object = need(json_object_new_object());

	result_add(object, "release", result_text(advice->release));
	result_add(object, "machine", result_text(advice->machine));
	for (size_t i = 0; i < advice->fact_count; i++) {
		const struct advice_fact *fact = &advice->facts[i];
		struct json_object *one = need(json_object_new_object());

		result_add(one, "value", result_uint(fact->value));
		result_add(one, "source", result_text(fact->source));
		result_add(object, fact->name, one);
	}
	return object;
}

static struct json_object *result_gaps(const struct advice *advice)
{
	struct json_object *array = need(json_object_new_array());

	for (size_t i = 0; i < advice->gap_count; i++) {
		struct json_object *object = need(json_object_new_object());

		result_add(object, "what", result_text(advice->gaps[i].what));
		result_add(object, "why", result_text(advice->gaps[i].why));
		result_append(array, object);
	}
	return array;
}

struct json_object *result_advice(const struct advice *advice)
{
	struct json_object *object = need(json_object_new_object());
	bool known = advice->possible && advice->use.offered;
	bool contiguous_known = known && advice->contiguous_known;

	result_add(object, "use", advice->possible ? result_call(&advice->use) : NULL);
	result_add(object, "runner_up",
		   advice->has_runner_up ? result_call(&advice->runner_up) : NULL);
	result_add(object, "size", result_uint(advice->total));
	result_add(object, "served",
		   known && advice->served_known ? result_bool(advice->served) : NULL);
	result_add(object, "contiguous", contiguous_known ? result_bool(advice->contiguous) : NULL);
	result_add(object, "usable_size", result_uint_or_null(advice->usable));
	result_add(object, "waste",
		   advice->usable ? result_uint(advice->usable - advice->total) : NULL);
	result_add(object, "largest_contiguous",
		   advice->largest_known ? result_uint(advice->largest) : NULL);
	result_add(object, "reasons", result_reasons(advice));
	result_add(object, "driver", result_bool(advice->driver));
	result_add(object, "kernel", advice->driver ? NULL : result_kernel(advice));
	result_add(object, "unchecked", result_gaps(advice));
	return object;
}
