// SPDX-License-Identifier: GPL-2.0-only
/* The page allocator's free blocks: to JSON, and from there to a table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buddyinfo.h"
#include "memlab.h"
#include "result_buddy.h"

static struct json_object *result_blocks(const struct buddyinfo *info,
					 const struct buddy_zone *zone)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	struct json_object *object = need(json_object_new_object());
	struct json_object *blocks = need(json_object_new_array());
	uint64_t bytes = 0;

	for (unsigned int order = 0; order < info->orders; order++) {
		bytes += zone->blocks[order] * (page_size << order);
		result_append(blocks, result_uint(zone->blocks[order]));
	}
	result_add(object, "node", result_node(zone->node));
	result_add(object, "zone", result_text(zone->name));
	result_add(object, "free", result_uint(bytes));
	result_add(object, "blocks", blocks);
	return object;
}

struct json_object *result_buddy(void)
{
	struct json_object *object = need(json_object_new_object());
	struct json_object *array = need(json_object_new_array());
	struct buddyinfo *info = buddyinfo_read();
	struct zones *zones = zones_read();
	int largest;

	if (!info || !zones)
		die(STATUS_NO, "cannot read %s: %s", info ? "/proc/zoneinfo" : "/proc/buddyinfo",
		    strerror(errno));

	largest = buddyinfo_largest_served(info, zones);
	result_add(object, "free", result_uint(buddyinfo_bytes(info, 0)));
	result_add(object, "largest_order", largest < 0 ? NULL : result_uint((uint64_t)largest));
	for (size_t i = 0; i < info->count; i++)
		result_append(array, result_blocks(info, &info->zones[i]));
	result_add(object, "zones", array);

	free(zones);
	free(info);
	return object;
}

/* The numbers of an array, each under its index, for output_table(). */
static struct json_object *as_row(struct json_object *zone, const char *when)
{
	struct json_object *row = need(json_object_new_object());
	struct json_object *blocks = json_object_object_get(zone, "blocks");

	result_add(row, "when", result_text(when));
	result_add(row, "node", json_object_get(json_object_object_get(zone, "node")));
	result_add(row, "zone", json_object_get(json_object_object_get(zone, "zone")));
	result_add(row, "free", json_object_get(json_object_object_get(zone, "free")));
	for (size_t order = 0; order < json_object_array_length(blocks); order++) {
		char name[SIZE_TEXT];

		snprintf(name, sizeof(name), "%zu", order);
		result_add(row, name, json_object_get(json_object_array_get_idx(blocks, order)));
	}
	return row;
}

void buddy_rows(struct json_object *rows, struct json_object *buddy, const char *when)
{
	struct json_object *zones = json_object_object_get(buddy, "zones");

	for (size_t i = 0; i < json_object_array_length(zones); i++)
		result_append(rows, as_row(json_object_array_get_idx(zones, i), when));
}

void buddy_table(struct json_object *rows)
{
	static char names[BUDDYINFO_ORDERS][4];
	struct field fields[BUDDYINFO_ORDERS + 5] = {
		{ "when", "FREE BLOCKS", KIND_TEXT, NULL },
		{ "node", "NODE", KIND_NUMBER, NULL },
		{ "zone", "ZONE", KIND_TEXT, NULL },
	};
	struct json_object *first = json_object_array_get_idx(rows, 0);
	size_t count = 3;

	for (unsigned int order = 0; order < BUDDYINFO_ORDERS; order++) {
		snprintf(names[order], sizeof(names[order]), "%u", order);
		if (json_object_object_get(first, names[order]))
			fields[count++] =
				(struct field){ names[order], names[order], KIND_NUMBER, NULL };
	}
	fields[count] = (struct field){ "free", "FREE", KIND_SIZE, NULL };
	output_table(rows, fields, 0);
}
