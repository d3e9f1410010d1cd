/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/pagetypeinfo: what the free blocks are reserved for. */
#ifndef MEMLAB_PAGETYPEINFO_H
#define MEMLAB_PAGETYPEINFO_H

#include <stdbool.h>
#include <stdint.h>

/**
 * pagetypeinfo_cma() - free blocks that are reserved for the contiguous memory allocator
 * @node: a NUMA node
 * @zone: a memory zone of it, such as "DMA32"
 * @blocks: gets their number, by order
 * @orders: number of orders
 *
 * Until a driver claims them by dma_alloc_coherent(), the kernel puts into them only what
 * it can move away (mm/page_alloc.c, ALLOC_CMA): kmalloc() and vmalloc() get none. Only
 * root may read the file, mode 0400, and it tells of at most 100 000 blocks of an order.
 *
 * Return: whether there are any; false too where the file cannot be read.
 */
bool pagetypeinfo_cma(int node, const char *zone, uint64_t *blocks, unsigned int orders);

#endif /* MEMLAB_PAGETYPEINFO_H */
