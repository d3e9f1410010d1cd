/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of buffers itself; for table.c, mapping.c and snapshot.c only. */
#ifndef MEMLAB_TABLE_H
#define MEMLAB_TABLE_H

#include <linux/xarray.h>

#include "memlab.h"

extern struct xarray memlab_table;

#endif /* MEMLAB_TABLE_H */
