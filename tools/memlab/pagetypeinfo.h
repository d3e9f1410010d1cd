/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/pagetypeinfo: what the free blocks are reserved for. */
#ifndef MEMLAB_PAGETYPEINFO_H
#define MEMLAB_PAGETYPEINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* With room for the longest name of a zone. */
#define PAGETYPEINFO_NAME 16

/**
 * pagetypeinfo_open() - begin to read
 *
 * Return: a stream for pagetypeinfo_next_cma() and fclose(); or NULL with the errno of
 * fopen(3), or EIO for a file that is not as expected.
 */
FILE *pagetypeinfo_open(void);

/**
 * pagetypeinfo_next_cma() - free blocks that are reserved for the contiguous memory allocator
 * @file: where to go on
 * @node: gets the NUMA node
 * @zone: gets the name of the memory zone of it, such as "DMA32"
 * @blocks: gets their number, by order
 * @orders: number of orders
 *
 * Until a driver claims them by dma_alloc_coherent(), the kernel puts into them only what
 * it can move away (mm/page_alloc.c, ALLOC_CMA): kmalloc() and vmalloc() get none. Only
 * root may read the file, mode 0400, and it tells of at most 100 000 blocks of an order.
 *
 * Return: whether there was one more zone that has such blocks, free or not.
 */
bool pagetypeinfo_next_cma(FILE *file, int *node, char zone[PAGETYPEINFO_NAME], uint64_t *blocks,
			   unsigned int orders);

#endif /* MEMLAB_PAGETYPEINFO_H */
