/* SPDX-License-Identifier: GPL-2.0-only */
/* Free memory in small blocks, on purpose and for a while. */
#ifndef MEMLAB_FRAG_H
#define MEMLAB_FRAG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Enough for all of free memory to end up in small blocks (see frag_hold.c), which
 * takes two thirds of it for a while, and some to spare.
 */
#define FRAG_DEFAULT_PERCENT 75
#define FRAG_MAX_PERCENT     90

/**
 * struct frag_options - what to make of free memory
 * @order: the largest order of which free blocks are to be left
 * @percent: of free memory, from 1 to FRAG_MAX_PERCENT: the most that is held at any
 *	time. Below 67, large blocks are left over
 */
struct frag_options {
	unsigned int order;
	unsigned int percent;
};

struct frag;

/**
 * frag_begin() - fragment free memory
 * @options: how
 * @why: out: on failure, what is in the way; for free()
 *
 * Afterwards there are next to no free blocks above @order, and the kernel cannot make
 * some by compaction, as the memory between is its own. A few MiB of blocks of order 3
 * are left in any case: up to that order the page allocator does not fail but would
 * rather have a process killed; and a zone at its watermark may have larger blocks, which
 * only requests get that may use reserves, such as GFP_ATOMIC. In a rare case reclaim
 * makes a large block for a request all the same. Memory is taken only down to the zones'
 * high watermarks and some MiB, below the limits of the caller's memory cgroups, and by a
 * process that the OOM killer would choose first.
 *
 * That process is a child of the caller's, without any of its files. The memory is back
 * after frag_end(), and also when that process or the calling thread dies, however it
 * does. Needs CAP_SYS_RESOURCE, but no driver.
 *
 * Return: a handle for frag_end(), or NULL with errno (EPERM without the capability).
 */
struct frag *frag_begin(const struct frag_options *options, char **why);

/**
 * frag_end() - give all of the memory back, and wait until it is
 * @frag: the handle, or NULL
 */
void frag_end(struct frag *frag);

/**
 * frag_get_held() - memory that is held so that the rest is fragmented
 * @frag: the handle
 *
 * Return: bytes.
 */
uint64_t frag_get_held(const struct frag *frag);

/**
 * frag_get_fd() - a descriptor that poll(2) finds ready when the memory is held no more
 * @frag: the handle
 *
 * That is when the process that held it was killed from outside. Not to be read.
 *
 * Return: the descriptor, which stays the handle's.
 */
int frag_get_fd(const struct frag *frag);

/**
 * frag_is_held() - is the memory still held?
 * @frag: the handle
 *
 * Return: true if so.
 */
bool frag_is_held(const struct frag *frag);

#endif /* MEMLAB_FRAG_H */
