/* SPDX-License-Identifier: GPL-2.0-only */
/* A slab cache of one's own, whose name is in /proc/slabinfo. */
#ifndef MEMLAB_CLAIM_CACHE_H
#define MEMLAB_CLAIM_CACHE_H

#include "witness.h"

/* All of an object may be copied to and from user space. NULL with errno. */
struct memlab_cache *own_cache_make(struct claim_run *run, uint64_t bytes, uint32_t align);

/* An object of a cache; NULL with errno. */
struct memlab_buf *own_cache_alloc(struct claim_run *run, const struct memlab_cache *cache);

/* The cache's line. False: not there, or with errno other than 0: cannot be asked. */
bool own_cache_row(const char *name, struct slabinfo_row *row);

#endif /* MEMLAB_CLAIM_CACHE_H */
