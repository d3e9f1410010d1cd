/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of MEMLAB_IOC_BENCH share: bench.c -> bench_thread.c -> bench_run.c. */
#ifndef MEMLAB_BENCH_H
#define MEMLAB_BENCH_H

#include <linux/completion.h>

#include "allocator.h"

/* What all threads do, and when they stop. */
struct memlab_bench_job {
	const struct memlab_bench *arg;
	const struct memlab_buffer *buf; /* as if for one object; has no memory */
	gfp_t gfp;
	atomic_t waiting; /* threads that have yet to arrive at the start */
	atomic_t running;
	struct completion done;
	bool stop;
};

/* A histogram: operations or allocations, and frees. */
struct memlab_histogram {
	u64 counts[2][MEMLAB_BENCH_BUCKETS];
};

/* What one thread does. */
struct memlab_bench_run {
	struct memlab_bench_job *job;
	struct task_struct *task; /* NULL: the caller's own */
	struct memlab_buffer buf; /* that of the job; changes while memory grows */
	void **objects;
	struct memlab_histogram *histogram; /* or NULL */
	struct memlab_bench_result result;
	u64 timer;    /* nanoseconds that a time is too long */
	u64 deadline; /* by ktime_get_ns(); 0: none */
	u64 at;	      /* offset of the next access */
	u64 chunk[2]; /* how many operations, or allocations, and frees fit into a chunk */
	int err;
};

/* histogram.c */
void memlab_histogram_add(u64 *counts, u64 nanoseconds);

/* bench_step.c */
typedef u64 (*memlab_bench_step)(struct memlab_bench_run *run, u64 first, u64 count);

u64 memlab_bench_timer(struct memlab_bench_run *run);
u64 memlab_step_pairs(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_pairs_each(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_fill(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_fill_each(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_drain(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_drain_each(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_fill_bulk(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_drain_bulk(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_grow(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_read(struct memlab_bench_run *run, u64 first, u64 count);
u64 memlab_step_write(struct memlab_bench_run *run, u64 first, u64 count);

/* bench_order.c */
void memlab_bench_order_objects(void **objects, u64 count, u32 order);
int memlab_bench_make_ring(struct memlab_bench_run *run);

/* bench_run.c */
bool memlab_bench_stopped(const struct memlab_bench_run *run);
void memlab_bench_run(struct memlab_bench_run *run);

/* bench_thread.c */
int memlab_bench_threads(struct memlab_bench_job *job, struct memlab_bench_run *runs,
			 const u32 *cpus);

#endif /* MEMLAB_BENCH_H */
