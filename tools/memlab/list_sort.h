/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLAB_LIST_SORT_H
#define MEMLAB_LIST_SORT_H

#include "list_columns.h"

/* By which column, none meaning by id; and which way round. */
struct list_order {
	const struct list_column *column;
	bool reverse;
};

const struct netlink_buffer **list_sort(const struct list_order *order,
					const struct netlink_buffer *buffers, size_t count);

#endif /* MEMLAB_LIST_SORT_H */
