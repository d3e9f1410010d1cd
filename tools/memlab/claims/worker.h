/* SPDX-License-Identifier: GPL-2.0-only */
/* A process of our own, in a memory cgroup, that allocates what it is told to. */
#ifndef MEMLAB_WORKER_H
#define MEMLAB_WORKER_H

#include "cgroup.h"
#include "claim.h"

struct worker;

/**
 * worker_begin() - start a worker
 * @cgroup: the cgroup that it is in, alone
 * @why: out: on failure, what is in the way; for free()
 *
 * What it has of its own before it enters the cgroup is locked in memory, so that
 * nothing is charged but what it is told to allocate. It ends with the caller.
 *
 * Return: a handle for worker_end(), or NULL.
 */
struct worker *worker_begin(struct cgroup *cgroup, char **why);

/* With all that it holds. NULL is no worker. */
void worker_end(struct worker *worker);

pid_t worker_pid(const struct worker *worker);

/* How a worker's order was carried out. */
struct worker_done {
	unsigned int count; /* how often it succeeded */
	int err;	    /* errno of the last time that it did not, or 0 */
};

/*
 * These are false when the worker is dead or does not answer; then it stays so.
 * worker_alloc() allocates @count buffers, with @stop up to the first failure, and holds
 * them. A cache must have been made before the worker was.
 * worker_resize() resizes all buffers that it holds to @bytes, in the order of their
 * making, from number @first on.
 */
bool worker_alloc(struct worker *worker, const struct claim_request *request, unsigned int count,
		  bool stop, struct worker_done *done);
bool worker_resize(struct worker *worker, uint64_t bytes, uint64_t gfp, unsigned int first,
		   unsigned int count, struct worker_done *done);
/* Frees all its buffers. */
bool worker_free(struct worker *worker);

/* Has @bytes of memory that the kernel may take back, see lend(), and no longer what it had. */
bool worker_lend(struct worker *worker, uint64_t bytes);

#endif /* MEMLAB_WORKER_H */
