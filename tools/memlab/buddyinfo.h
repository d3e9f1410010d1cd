/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/buddyinfo: the free blocks of the page allocator. */
#ifndef MEMLAB_BUDDYINFO_H
#define MEMLAB_BUDDYINFO_H

#include <stddef.h>
#include <stdint.h>

#include "zones.h"

/* The largest number of orders of any configuration (arm64 with pages of 64 KiB has 14). */
#define BUDDYINFO_ORDERS 24

/**
 * struct buddy_zone - a memory zone of a NUMA node
 * @node: the node
 * @name: as the kernel writes it, such as "DMA32"
 * @blocks: number of free blocks of each order
 */
struct buddy_zone {
	int node;
	char name[16];
	uint64_t blocks[BUDDYINFO_ORDERS];
};

/**
 * struct buddyinfo - a snapshot
 * @orders: number of orders; the largest block is page size << (@orders - 1)
 * @cma_error: errno of /proc/pagetypeinfo, or 0
 * @count: number of zones
 * @zones: those that have memory, except Movable, from which the kernel's own
 *	allocations are never served
 *
 * Pages that a CPU keeps ready for itself are in no block. Blocks that are
 * reserved for the contiguous memory allocator are left out, see pagetypeinfo_next_cma(), but
 * with @cma_error: usually only root can read which ones those are.
 */
struct buddyinfo {
	unsigned int orders;
	int cma_error;
	size_t count;
	struct buddy_zone zones[];
};

/**
 * buddyinfo_read() - take a snapshot
 *
 * Return: it, for free(); or NULL with the errno of fopen(3), ENOMEM, or EIO for a
 * file that is not as expected.
 */
struct buddyinfo *buddyinfo_read(void);

/**
 * buddyinfo_blocks() - free blocks of an order in all zones
 * @info: the snapshot
 * @order: any order; there is no block of one that the kernel does not have
 *
 * Return: their number.
 */
uint64_t buddyinfo_blocks(const struct buddyinfo *info, unsigned int order);

/**
 * buddyinfo_largest() - order of the largest free block
 * @info: the snapshot
 *
 * Return: the order, or -1 when there is no free block at all.
 */
int buddyinfo_largest(const struct buddyinfo *info);

/**
 * buddyinfo_largest_served() - order of the largest free block that a request gets
 * @info: the snapshot
 * @zones: what the zones keep back, from about the same time
 *
 * That is what the page allocator has for GFP_KERNEL, without making larger blocks by
 * compaction. A zone at its watermark may have larger ones that it does not give.
 *
 * Return: the order, or -1 when no request is served.
 */
int buddyinfo_largest_served(const struct buddyinfo *info, const struct zones *zones);

/**
 * buddyinfo_bytes() - free memory in blocks of at least an order
 * @info: the snapshot
 * @order: the order; 0 for all free memory
 *
 * Return: bytes.
 */
uint64_t buddyinfo_bytes(const struct buddyinfo *info, unsigned int order);

#endif /* MEMLAB_BUDDYINFO_H */
