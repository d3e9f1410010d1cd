/* SPDX-License-Identifier: GPL-2.0-only */
/* What the process does that fragments memory. */
#ifndef MEMLAB_FRAG_HOLD_H
#define MEMLAB_FRAG_HOLD_H

#include <stdint.h>

#include "frag.h"

/**
 * struct frag_report - how it went
 * @err: 0, or an errno
 * @held: bytes held, if @err is 0
 * @why: what is in the way, otherwise
 */
struct frag_report {
	int err;
	uint64_t held;
	char why[232];
};

/**
 * frag_hold() - fragment memory in the calling process, until that ends
 * @options: how
 * @report: out
 *
 * Changes the process: its CPU affinity, limits and attractiveness to the OOM killer.
 */
void frag_hold(const struct frag_options *options, struct frag_report *report);

#endif /* MEMLAB_FRAG_HOLD_H */
