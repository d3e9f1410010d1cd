/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands that "memlab cache" is made of. */
#ifndef MEMLAB_CACHE_H
#define MEMLAB_CACHE_H

#include "memlab.h"

extern const struct command cmd_cache_create, cmd_cache_list, cmd_cache_show, cmd_cache_destroy;

/* ---- cache_view.c ---- */

extern const struct view cache_view;
extern const struct view cache_table_view;

struct json_object *cache_describe(struct memlab_dev *dev, uint32_t id);

#endif /* MEMLAB_CACHE_H */
