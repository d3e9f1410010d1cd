/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel memory that a process holds by pipes: pages with content, and rings. */
#ifndef MEMLAB_FRAG_PIPES_H
#define MEMLAB_FRAG_PIPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Order of the ring of a pipe that is to be filled. Such blocks are served at all times,
 * and the CPU that frees one keeps it in its list of free pages, like single ones.
 */
#define PIPES_RING_ORDER 2

/**
 * struct pipes - pipes that are filled one after another
 * @count: number of pipes
 * @pages: pages that are in all of them
 *
 * What is not documented is frag_pipes.c's own.
 */
struct pipes {
	size_t count;
	uint64_t pages;

	int *readers;
	int *writers;
	size_t filled; /* the first so many have no room */
	uint64_t room; /* in the next one */
};

/**
 * pipes_room() - how many pages fit into a pipe whose ring is a block of an order
 * @order: the order; above 1 kmalloc() serves such a ring by a block of its own
 *
 * Return: the number, a power of two.
 */
uint64_t pipes_room(unsigned int order);

/**
 * pipes_open() - make pipes with room for so many pages at least
 * @pipes: out; not to be used after a failure
 * @pages: the number
 *
 * All at once, so that what they need themselves is not between their pages.
 *
 * Return: true, or false with errno.
 */
bool pipes_open(struct pipes *pipes, uint64_t pages);

/**
 * pipes_fill() - allocate pages, for which there must be room
 * @pipes: the pipes
 * @pages: how many
 *
 * When nobody else allocates they follow each other in physical memory.
 *
 * Return: true, or false with errno.
 */
bool pipes_fill(struct pipes *pipes, uint64_t pages);

/**
 * pipes_close() - free all pages
 * @pipes: the pipes; there are none afterwards
 */
void pipes_close(struct pipes *pipes);

/**
 * pipes_block() - allocate one block, as the ring of an empty pipe
 * @order: its order, above 1
 *
 * Serves order by order what kmalloc(GFP_KERNEL) would, and fails where that does. Above
 * order 3 no process is killed for it. The block lasts until the process ends.
 *
 * Return: true, or false with errno: ENOMEM when there is none, EINVAL when it is more
 * than pipes can have.
 */
bool pipes_block(unsigned int order);

#endif /* MEMLAB_FRAG_PIPES_H */
