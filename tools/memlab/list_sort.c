// SPDX-License-Identifier: GPL-2.0-only
/* The order of a list of buffers. */
#include <stdlib.h>
#include <string.h>

#include "list_sort.h"

struct row {
	struct netlink_buffer buffer;
	struct json_object *key;
};

static int order_of(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* What is absent comes first; numbers by value, all else as it is shown. */
static int compare_values(struct json_object *a, struct json_object *b)
{
	if (!a || !b)
		return !!a - !!b;
	if (json_object_is_type(a, json_type_int))
		return order_of(json_object_get_uint64(a), json_object_get_uint64(b));
	return strcmp(json_object_get_string(a), json_object_get_string(b));
}

static int compare(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int sign = compare_values(a->key, b->key);

	return sign ? sign : order_of(a->buffer.id, b->buffer.id);
}

/* Buffers that are alike in the column are in the order of their ids. */
void list_sort(const struct list_order *order, struct netlink_buffer *buffers, size_t count)
{
	const struct list_column *column = order->column ? order->column : list_columns;
	struct row *rows = need(calloc(count + 1, sizeof(*rows)));

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct row){ buffers[i], column->get(&buffers[i]) };

	qsort(rows, count, sizeof(*rows), compare);

	for (size_t i = 0; i < count; i++) {
		buffers[order->reverse ? count - 1 - i : i] = rows[i].buffer;
		json_object_put(rows[i].key);
	}
	free(rows);
}
