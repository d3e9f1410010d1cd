/* SPDX-License-Identifier: GPL-2.0-only */
/* A kmalloc buffer before and after something was done to it. */
#ifndef MEMLAB_WATCHED_H
#define MEMLAB_WATCHED_H

#include "witness.h"

struct watched {
	struct kcore *kcore;
	struct memlab_buf *buf;
	uint64_t kaddr;
	uint64_t usable;
};

/* Allocates and fills it. False with errno. */
bool watched_make(struct claim_run *run, struct watched *watched, uint64_t bytes);

/* Looks where it is now. False with errno. */
bool watched_look(struct watched *watched);

/*
 * What is wrong with the first bytes of what it was filled with, by the driver's CHECK and
 * by /proc/kcore where it is now; NULL: nothing.
 */
const char *watched_wrong(const struct watched *watched, uint64_t bytes);

#endif /* MEMLAB_WATCHED_H */
