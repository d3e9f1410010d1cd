// SPDX-License-Identifier: GPL-2.0-only
/* Events of the driver, and how a line tells one. */
#include <inttypes.h>
#include <string.h>

#include "genl.h"
#include "result_event.h"

/* The name of a type, or NULL beyond the last one. */
const char *event_name(unsigned int type)
{
	static const char *const names[] = {
		[EVENT_ALLOCATED] = "allocated", [EVENT_RESIZED] = "resized",
		[EVENT_FREED] = "freed",	 [EVENT_MAPPED] = "mapped",
		[EVENT_UNMAPPED] = "unmapped",	 [EVENT_FAILED] = "failed",
	};

	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

static struct json_object *result_error(unsigned int error)
{
	return error ? result_name(strerrorname_np((int)error), error) : NULL;
}

struct json_object *result_event(const struct netlink_event *event)
{
	struct json_object *object = need(json_object_new_object());
	const char *allocator = memlab_allocator_name(event->allocator);
	const char *backing = memlab_backing_name(event->backing);
	const char *reason = memlab_reason_name(event->reason);

	result_add(object, "seq", result_uint(event->seq));
	result_add(object, "time", result_seconds(event->time));
	result_add(object, "event", result_name(event_name(event->type), event->type));
	result_add(object, "uid", result_uint(event->uid));
	result_add(object, "pid", result_uint(event->pid));
	result_add(object, "comm", result_text(event->comm));
	result_add(object, "id", result_uint_or_null(event->id));
	result_add(object, "allocator", result_name(allocator, event->allocator));
	result_add(object, "backing", event->backing ? result_name(backing, event->backing) : NULL);
	result_add(object, "context",
		   result_name(memlab_context_name(event->context), event->context));
	result_add(object, "size", result_uint(event->bytes));
	result_add(object, "usable", result_uint_or_null(event->usable));
	result_add(object, "old_size", result_uint_or_null(event->old_bytes));
	result_add(object, "gfp", result_gfp(event->gfp));
	result_add(object, "gfp_used", result_gfp(event->gfp_used));
	result_add(object, "function", *event->function ? result_text(event->function) : NULL);
	result_add(object, "cache", result_uint_or_null(event->cache_id));
	result_add(object, "mappings", event->has_mappings ? result_uint(event->mappings) : NULL);
	result_add(object, "error", result_error(event->error));
	result_add(object, "reason", event->reason ? result_name(reason, event->reason) : NULL);
	return object;
}

/* So many events are missing here. */
struct json_object *result_lost(uint64_t count)
{
	struct json_object *object = need(json_object_new_object());

	result_add(object, "event", result_text("lost"));
	result_add(object, "count", result_uint(count));
	return object;
}

static const struct field fields[] = {
	{ "time", "TIME", KIND_TIME, NULL },	   { "event", "EVENT", KIND_TEXT, NULL },
	{ "id", "ID", KIND_NUMBER, NULL },	   { "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "backing", "BACKING", KIND_TEXT, NULL }, { "size", "SIZE", KIND_SIZE, NULL },
	{ "uid", "UID", KIND_NUMBER, NULL },	   { "pid", "PID", KIND_NUMBER, NULL },
	{ "comm", "COMM", KIND_TEXT, NULL },	   { NULL, NULL, KIND_TEXT, NULL },
};

static const int widths[] = { 15, 9, 7, 11, 7, 9, 6, 7, 15 };

_Static_assert(ARRAY_SIZE(widths) == ARRAY_SIZE(fields) - 1, "each column has a width");

/* What only some kinds of events have. */
static void rest(struct json_object *event, char *text)
{
	const char *error = result_get_text(event, "error");
	const char *reason = result_get_text(event, "reason");
	uint64_t old = result_get_uint(event, "old_size");
	size_t used = 0;
	char size[SIZE_TEXT];

	if (json_object_object_get(event, "count"))
		used = (size_t)snprintf(text, FIELD_TEXT, "%" PRIu64 " events",
					result_get_uint(event, "count"));
	if (json_object_object_get(event, "mappings"))
		used = (size_t)snprintf(text, FIELD_TEXT, "mappings: %" PRIu64,
					result_get_uint(event, "mappings"));
	if (old)
		used = (size_t)snprintf(text, FIELD_TEXT, "was %s ", size_text(size, old));
	if (error)
		snprintf(text + used, FIELD_TEXT - used, "%s%s%s", error, reason ? ": " : "",
			 reason ? reason : "");
}

const struct line_view event_view = {
	.fields = fields,
	.widths = widths,
	.rest = rest,
	.bare = (const char *const[]){ "event", "id", "allocator", "size", "uid", "pid", "count",
				       NULL },
};
