// SPDX-License-Identifier: GPL-2.0-only
/* What one thread does: a pattern, in chunks. */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>

#include "bench.h"
#include "loops.h"

/* How long a chunk shall take, in nanoseconds: nobody else runs meanwhile. */
#define CHUNK_PROCESS 500000
#define CHUNK_ATOMIC  50000

/* Part of the operations, in a context. */
struct memlab_chunk {
	struct memlab_bench_run *run;
	memlab_bench_step step;
	u64 first;
	u64 count;
	u64 nanoseconds;
};

bool memlab_bench_stopped(const struct memlab_bench_run *run)
{
	return READ_ONCE(run->job->stop) || signal_pending(current);
}

static bool memlab_bench_is_over(const struct memlab_bench_run *run)
{
	return run->deadline && ktime_get_ns() >= run->deadline;
}

static void memlab_chunk_work(void *data)
{
	struct memlab_chunk *chunk = data;

	chunk->nanoseconds = chunk->step(chunk->run, chunk->first, chunk->count);
}

/* Whether the step allocates, other than what it frees again. */
static bool memlab_keeps(memlab_bench_step step)
{
	return step == memlab_step_fill || step == memlab_step_fill_each;
}

static bool memlab_frees(memlab_bench_step step)
{
	return step == memlab_step_drain || step == memlab_step_drain_each ||
	       step == memlab_step_drain_bulk;
}

/* The most that one call has at a time. */
static u64 memlab_chunk_bytes(const struct memlab_chunk *chunk)
{
	u64 bytes = chunk->run->job->buf->bytes;

	/* Memory that moves is there twice. */
	if (chunk->step == memlab_step_grow)
		return 2 * bytes;
	return memlab_keeps(chunk->step) ? size_mul(bytes, chunk->count) : bytes;
}

/* There is not enough memory to begin with. */
static void memlab_chunk_fail(struct memlab_chunk *chunk)
{
	struct memlab_bench_run *run = chunk->run;

	run->result.failures += chunk->count;
	if (memlab_keeps(chunk->step))
		memset(run->objects + chunk->first, 0, chunk->count * sizeof(*run->objects));
}

/* Returns 0 or -EINTR. */
static int memlab_chunk_do(struct memlab_chunk *chunk)
{
	struct memlab_bench_run *run = chunk->run;
	struct memlab_seen seen = { 0 };
	int err = 0;

	chunk->nanoseconds = 0;
	if (run->buf.ops->by_pages && run->buf.context == MEMLAB_CONTEXT_PROCESS &&
	    !memlab_frees(chunk->step))
		err = memlab_call_carefully(memlab_chunk_bytes(chunk), memlab_chunk_work, chunk,
					    &seen);
	else
		memlab_context_run(run->buf.context, memlab_chunk_work, chunk, &seen);
	if (err == -ENOMEM) {
		memlab_chunk_fail(chunk);
		return 0;
	}
	run->result.seen |= seen.flags;
	return err;
}

/* Until about as much fits as shall; the first ones are small. */
static u64 memlab_chunk_adapt(const struct memlab_bench_run *run, u64 count, u64 nanoseconds)
{
	u64 limit = run->buf.context == MEMLAB_CONTEXT_PROCESS ? CHUNK_PROCESS : CHUNK_ATOMIC;

	if (nanoseconds > limit)
		return max_t(u64, count / 2, 1);
	return nanoseconds < limit / 2 ? 2 * count : count;
}

/**
 * memlab_bench_do() - operations, chunk by chunk
 * @run: the thread
 * @step: what to do
 * @total: how often; the objects from the first one, where a step takes objects
 * @done: out: how many were done
 *
 * Frees go on to their end. Others end when a signal comes, and pairs and accesses, of
 * which none depends on the next, when the time is up.
 *
 * Return: nanoseconds; @run's err is set when a signal came.
 */
static u64 memlab_bench_do(struct memlab_bench_run *run, memlab_bench_step step, u64 total,
			   u64 *done)
{
	bool frees = memlab_frees(step), keeps = memlab_keeps(step);
	struct memlab_chunk chunk = { .run = run, .step = step };
	u64 *size = &run->chunk[frees], nanoseconds = 0;
	u64 start;

	*done = 0;
	while (*done < total) {
		chunk.first = *done;
		chunk.count = min(*size, total - *done);
		start = ktime_get_ns();
		run->err = memlab_chunk_do(&chunk);
		if (run->err)
			break;
		*done += chunk.count;
		nanoseconds += chunk.nanoseconds;
		if (chunk.count == *size)
			*size = memlab_chunk_adapt(run, *size, ktime_get_ns() - start);
		cond_resched();
		if (frees)
			continue;
		if (memlab_bench_stopped(run))
			run->err = -EINTR;
		if (run->err || (!keeps && memlab_bench_is_over(run)))
			break;
	}
	return nanoseconds;
}

static void memlab_bench_pairs(struct memlab_bench_run *run, u64 total)
{
	bool each = run->job->arg->flags & MEMLAB_BENCH_EACH;

	run->result.nanoseconds = memlab_bench_do(run,
						  each ? memlab_step_pairs_each : memlab_step_pairs,
						  total, &run->result.operations);
}

static void memlab_bench_grow(struct memlab_bench_run *run, u64 total)
{
	run->result.nanoseconds =
		memlab_bench_do(run, memlab_step_grow, total, &run->result.operations);
}

static void memlab_bench_batch(struct memlab_bench_run *run)
{
	const struct memlab_bench *arg = run->job->arg;
	bool each = arg->flags & MEMLAB_BENCH_EACH;
	u64 filled, freed;
	int err;

	run->result.nanoseconds += memlab_bench_do(
		run, each ? memlab_step_fill_each : memlab_step_fill, arg->objects, &filled);
	err = run->err;
	memlab_bench_order_objects(run->objects, filled, arg->order);
	run->result.free_nanoseconds += memlab_bench_do(
		run, each ? memlab_step_drain_each : memlab_step_drain, filled, &freed);
	run->result.operations += filled;
	run->err = err;
}

/* All at once is one chunk, however long it takes. */
static void memlab_bench_bulk(struct memlab_bench_run *run)
{
	const struct memlab_bench *arg = run->job->arg;

	run->result.nanoseconds += memlab_step_fill_bulk(run, 0, arg->objects);
	memlab_bench_order_objects(run->objects, run->objects[0] ? arg->objects : 0, arg->order);
	run->result.free_nanoseconds += memlab_step_drain_bulk(run, 0, arg->objects);
	run->result.operations += arg->objects;
	run->result.seen |= MEMLAB_SEEN_TASK;
	cond_resched();
	if (memlab_bench_stopped(run))
		run->err = -EINTR;
}

/* Until there have been enough, or the time is up. */
static void memlab_bench_repeat(struct memlab_bench_run *run, u64 total,
				void (*round)(struct memlab_bench_run *run))
{
	do {
		round(run);
	} while (!run->err && run->result.operations < total && !memlab_bench_is_over(run));
}

/* What it takes to get the object does not count. */
static void memlab_bench_access(struct memlab_bench_run *run, u64 total)
{
	bool write = run->job->arg->pattern == MEMLAB_BENCH_WRITE;
	u64 filled, freed;

	run->objects[0] = NULL;
	memlab_bench_do(run, memlab_step_fill, 1, &filled);
	if (!run->err && run->objects[0])
		run->err = memlab_bench_make_ring(run);
	run->chunk[0] = 1;
	if (!run->err && run->objects[0])
		run->result.nanoseconds =
			memlab_bench_do(run, write ? memlab_step_write : memlab_step_read, total,
					&run->result.operations);
	if (filled) {
		int err = run->err;

		memlab_bench_do(run, memlab_step_drain, 1, &freed);
		run->err = err;
	}
}

/**
 * memlab_bench_run() - measure, in this thread
 * @run: what to do; its result and its err are written
 */
void memlab_bench_run(struct memlab_bench_run *run)
{
	const struct memlab_bench *arg = run->job->arg;
	u64 total = arg->operations ?: U64_MAX;
	u64 start;

	run->chunk[0] = 1;
	run->chunk[1] = 1;
	run->timer = memlab_bench_timer(run);
	run->result.cpu = raw_smp_processor_id();
	start = ktime_get_ns();
	run->deadline = arg->nanoseconds ? start + arg->nanoseconds : 0;
	switch (arg->pattern) {
	case MEMLAB_BENCH_BATCH:
		memlab_bench_repeat(run, total, memlab_bench_batch);
		break;
	case MEMLAB_BENCH_BULK:
		memlab_bench_repeat(run, total, memlab_bench_bulk);
		break;
	case MEMLAB_BENCH_GROW:
		memlab_bench_grow(run, total);
		break;
	case MEMLAB_BENCH_READ:
	case MEMLAB_BENCH_WRITE:
		memlab_bench_access(run, total);
		break;
	default:
		memlab_bench_pairs(run, total);
	}
	run->result.elapsed = ktime_get_ns() - start;
}
