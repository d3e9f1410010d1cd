/* SPDX-License-Identifier: GPL-2.0-only */
/* The frame of what a claim holds; see claim.h for what claims use of it. */
#ifndef MEMLAB_HELD_H
#define MEMLAB_HELD_H

#include "claim.h"

struct frag;

/* How memory is fragmented, if it is; it may outlive a claim. */
struct fragmentation {
	struct frag *frag;
	unsigned int order;
	unsigned int percent;
};

void fragmentation_end(struct fragmentation *fragmentation);

struct claim_held *held_new(void);
void held_free(struct claim_run *run);

#endif /* MEMLAB_HELD_H */
