// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "genl.h"
#include "memlab.h"

#define MAX_ALLOCATORS 32

static const struct opt opts[] = {
	{ "watch", 'w', "SECONDS", "look again and again, with so much time between" },
	END_OF_OPTS,
};

static const struct field fields[] = {
	{ "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "calls", "CALLS", KIND_NUMBER, NULL },
	{ "failures", "FAILURES", KIND_NUMBER, NULL },
	{ "refused", "REFUSED", KIND_NUMBER, NULL },
	{ "resizes", "RESIZES", KIND_NUMBER, NULL },
	{ "frees", "FREES", KIND_NUMBER, NULL },
	{ "live", "LIVE", KIND_NUMBER, NULL },
	{ "bytes", "BYTES", KIND_SIZE, NULL },
	{ "peak_bytes", "PEAK", KIND_SIZE, NULL },
	{ "fallbacks", "FALLBACKS", KIND_NUMBER, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const char *const keys[] = {
	"allocator", "calls", "failures",   "refused",	 "resizes", "frees",
	"live",	     "bytes", "peak_bytes", "fallbacks", NULL,
};

/* "12 +3": a value, and by how much it is another one than at the last look. */
static struct json_object *cell(const struct field *field, struct json_object *value,
				struct json_object *change)
{
	char now[FIELD_TEXT], by[SIZE_TEXT];
	int64_t difference = json_object_get_int64(change);
	uint64_t most = (uint64_t)llabs(difference);
	struct json_object *result;
	char *text;

	if (!value || !difference)
		return result_text(field_text(field, value, now, sizeof(now)));

	if (field->kind == KIND_SIZE)
		size_text(by, most);
	else
		snprintf(by, sizeof(by), "%" PRIu64, most);
	text = text_format("%s %c%s", field_text(field, value, now, sizeof(now)),
			   difference < 0 ? '-' : '+', by);
	result = result_text(text);
	free(text);
	return result;
}

/* The table, of texts that tell the changes, too. */
static void stats_text(struct json_object *result)
{
	struct json_object *rows = need(json_object_new_array());
	struct field columns[ARRAY_SIZE(fields)];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		columns[i] = fields[i];
		/* A size is written out already; as a number it still goes to the right. */
		if (columns[i].kind == KIND_SIZE)
			columns[i].kind = KIND_NUMBER;
	}

	for (size_t i = 0; i < json_object_array_length(result); i++) {
		struct json_object *object = json_object_array_get_idx(result, i);
		struct json_object *change = json_object_object_get(object, "change");
		struct json_object *row = need(json_object_new_object());

		for (const struct field *field = fields; field->key; field++)
			result_add(row, field->key,
				   cell(field, json_object_object_get(object, field->key),
					json_object_object_get(change, field->key)));
		result_append(rows, row);
	}

	output_table(rows, columns, 0);
	json_object_put(rows);
}

static const struct view view = { .text = stats_text, .bare = keys };

/* What was found when. */
struct snapshot {
	struct netlink_stats *stats;
	size_t count;
	struct timespec time;
};

struct look {
	unsigned int milliseconds;
	bool wanted[MAX_ALLOCATORS + 1]; /* by allocator; [0]: all */
	struct snapshot last;
};

static struct json_object *result_counters(const struct netlink_stats *stats)
{
	struct json_object *object = need(json_object_new_object());
	unsigned int allocator = stats->allocator;

	result_add(object, "allocator", result_name(memlab_allocator_name(allocator), allocator));
	result_add(object, "calls", result_uint(stats->calls));
	result_add(object, "failures", result_uint(stats->failures));
	result_add(object, "refused", result_uint(stats->refused));
	result_add(object, "resizes", result_uint(stats->resizes));
	result_add(object, "frees", result_uint(stats->frees));
	result_add(object, "live", result_uint(stats->live));
	result_add(object, "bytes", result_uint(stats->bytes));
	result_add(object, "peak_bytes", result_uint(stats->peak_bytes));
	result_add(object, "fallbacks",
		   stats->has_fallbacks ? result_uint(stats->fallbacks) : NULL);
	return object;
}

/* How the counters of @now differ from those of @before; null if there are none. */
static struct json_object *result_change(struct json_object *now, struct json_object *before,
					 uint64_t nanoseconds)
{
	struct json_object *change;

	if (!before)
		return NULL;

	change = need(json_object_new_object());
	result_add(change, "seconds", result_seconds(nanoseconds));
	for (const char *const *key = keys + 1; *key; key++) {
		int64_t difference =
			(int64_t)(result_get_uint(now, *key) - result_get_uint(before, *key));
		bool is_number = json_object_object_get(now, *key);

		result_add(change, *key,
			   is_number ? need(json_object_new_int64(difference)) : NULL);
	}
	return change;
}

static struct json_object *find(const struct snapshot *snapshot, unsigned int allocator)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (snapshot->stats[i].allocator == allocator)
			return result_counters(&snapshot->stats[i]);
	return NULL;
}

static bool is_wanted(const struct look *look, unsigned int allocator)
{
	return look->wanted[0] || (allocator <= MAX_ALLOCATORS && look->wanted[allocator]);
}

static uint64_t between(const struct timespec *from, const struct timespec *to)
{
	return (uint64_t)(to->tv_sec - from->tv_sec) * 1000000000 + (uint64_t)to->tv_nsec -
	       (uint64_t)from->tv_nsec;
}

static struct json_object *result_stats(const struct look *look, const struct snapshot *now)
{
	struct json_object *array = need(json_object_new_array());
	uint64_t nanoseconds = between(&look->last.time, &now->time);

	for (size_t i = 0; i < now->count; i++) {
		struct json_object *object, *before;

		if (!is_wanted(look, now->stats[i].allocator))
			continue;
		object = result_counters(&now->stats[i]);
		before = find(&look->last, now->stats[i].allocator);
		if (look->milliseconds)
			result_add(object, "change", result_change(object, before, nanoseconds));
		json_object_put(before);
		result_append(array, object);
	}
	return array;
}

static void look_once(void *arg)
{
	struct look *look = arg;
	struct netlink *netlink = family_open();
	struct snapshot now;
	struct json_object *result;
	bool disturbed;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &now.time);
	err = netlink_get_stats(netlink, &now.stats, &now.count, &disturbed);
	if (err)
		family_die(netlink, "tell the statistics", err);
	netlink_close(netlink);

	result = result_stats(look, &now);
	output(result, &view);
	json_object_put(result);
	if (disturbed)
		warn("the statistics changed in the middle: they are not all of one moment");

	free(look->last.stats);
	look->last = now;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct look look = { 0 };
	char **names;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		if (c == 'w')
			look.milliseconds = seconds_parse(cmd, "--watch", optarg);

	names = options_operands(cmd, argc, argv, 0, INT_MAX);
	look.wanted[0] = !*names;
	for (; *names; names++)
		look.wanted[name_parse(cmd, "allocator", *names, memlab_allocator_name, 1)] = true;

	watch(look.milliseconds, look_once, &look);
	free(look.last.stats);
	return STATUS_OK;
}

const struct command cmd_stats = {
	.name = "stats",
	.operands = "[ALLOCATOR...]",
	.help = "tell what became of the calls of each allocator",
	.details =
		"Since the driver was loaded, for all users; this needs CAP_SYS_ADMIN. With --watch,\n"
		"each look but the first also tells by how much a value has changed since the last\n"
		"one: \"12 +3\". With -q, prints the columns of the table, separated by tabs.",
	.opts = opts,
	.run = run,
};
