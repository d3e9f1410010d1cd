/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory can be taken before somebody else feels it. */
#ifndef MEMLAB_HEADROOM_H
#define MEMLAB_HEADROOM_H

#include <stdint.h>

/**
 * headroom_read() - free memory above what the kernel defends
 * @bytes: out: what can be allocated before a zone falls to its high watermark, where
 *	the kernel stops to reclaim, or a memory cgroup of the caller reaches its limit
 *
 * Zones are those that the kernel's own allocations come from, so not Movable; what
 * each of them holds back from allocations that could go elsewhere (lowmem_reserve)
 * does not count. Of cgroups, those of version 2 are known.
 *
 * Return: 0, or -1 with errno.
 */
int headroom_read(uint64_t *bytes);

#endif /* MEMLAB_HEADROOM_H */
