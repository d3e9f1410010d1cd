/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of buffers itself; for table.c, mapping.c and snapshot.c only. */
#ifndef MEMLAB_TABLE_H
#define MEMLAB_TABLE_H

#include <linux/xarray.h>

#include "memlab.h"

extern struct xarray memlab_table;

/* Whether others may see it: while it is being made it only has its place in the table. */
static inline bool memlab_table_shows(const struct memlab_buffer *buf)
{
	/* With the release in memlab_table_publish(): who sees it live sees all of it. */
	return smp_load_acquire(&buf->live);
}

#endif /* MEMLAB_TABLE_H */
