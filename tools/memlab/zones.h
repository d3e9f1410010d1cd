/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/zoneinfo: what the page allocator defends. */
#ifndef MEMLAB_ZONES_H
#define MEMLAB_ZONES_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct zone - a memory zone of a NUMA node; all numbers are of pages
 * @node: the node
 * @name: as the kernel writes it, such as "DMA32"
 * @free: free pages, without those of the contiguous memory allocator
 * @min: watermark below which only reserves are left
 * @high: watermark up to which the kernel reclaims in the background
 * @protection: the most that is added to the watermarks for requests that a higher
 *	zone could serve (lowmem_reserve)
 * @cpu_high: how many free pages a CPU keeps for itself
 */
struct zone {
	int node;
	char name[16];
	uint64_t free;
	uint64_t min;
	uint64_t high;
	uint64_t protection;
	uint64_t cpu_high;
};

/**
 * struct zones - a snapshot
 * @count: number of zones
 * @zone: those that the kernel's own allocations come from: not Movable and Device
 */
struct zones {
	size_t count;
	struct zone zone[];
};

/**
 * zones_read() - take a snapshot
 *
 * Return: it, for free(); or NULL with the errno of fopen(3), ENOMEM, or EIO for a
 * file that is not as expected.
 */
struct zones *zones_read(void);

#endif /* MEMLAB_ZONES_H */
