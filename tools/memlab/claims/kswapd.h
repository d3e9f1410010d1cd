/* SPDX-License-Identifier: GPL-2.0-only */
/* Kswapd, after a zone was used up. */
#ifndef MEMLAB_KSWAPD_H
#define MEMLAB_KSWAPD_H

#include "cgroup_root.h"
#include "zoneinfo.h"

/*
 * When kswapd has tried in vain to make room in a zone, it gives up on the whole node,
 * up to the next reclaim there that succeeds. So some is done, in a memory cgroup without
 * a limit and without processes, whose directory is @dir. @zone: as it was before; waits
 * until it has free memory again. Does nothing if kswapd had given up before, or has not.
 */
void kswapd_revive(const struct cgroup_root *root, int dir, const struct zoneinfo *zone);

#endif /* MEMLAB_KSWAPD_H */
