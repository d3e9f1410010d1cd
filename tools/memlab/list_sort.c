// SPDX-License-Identifier: GPL-2.0-only
/* The order of a list of buffers. */
#include <stdlib.h>

#include "list_sort.h"

struct row {
	struct value key;
	const struct netlink_buffer *buffer;
};

static int compare(const void *one, const void *other)
{
	const struct row *a = one, *b = other;
	int sign = value_compare(a->key, b->key);

	return sign ? sign : (a->buffer->id > b->buffer->id) - (a->buffer->id < b->buffer->id);
}

/* The kernel tells of buffers in the order of their ids. */
static bool is_sorted(const struct row *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare(&rows[i - 1], &rows[i]) > 0)
			return false;
	return true;
}

/*
 * The buffers one after the other, for free(). Those that are alike in the column are in the
 * order of their ids.
 */
const struct netlink_buffer **list_sort(const struct list_order *order,
					const struct netlink_buffer *buffers, size_t count)
{
	const struct list_column *column = order->column ? order->column : list_columns;
	const struct netlink_buffer **sorted = need(calloc(count + 1, sizeof(*sorted)));
	struct row *rows = need(calloc(count + 1, sizeof(*rows)));

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct row){ column->get(&buffers[i]), &buffers[i] };

	if (!is_sorted(rows, count))
		qsort(rows, count, sizeof(*rows), compare);

	for (size_t i = 0; i < count; i++) {
		sorted[order->reverse ? count - 1 - i : i] = rows[i].buffer;
		value_release(rows[i].key);
	}
	free(rows);
	return sorted;
}
