// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is timed: the loops. A step does some operations and returns how long they took;
 * it runs in the context that was asked for.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "bench.h"
#include "cache.h"
#include "loops.h"

#define TIMER_TRIES 64

/* The least of what a clock shows when nothing is between two looks but an empty loop. */
u64 memlab_bench_timer(struct memlab_bench_run *run)
{
	const struct memlab_loops *loops = run->buf.ops->loops;
	u64 least = U64_MAX, start;
	int i;

	for (i = 0; i < TIMER_TRIES; i++) {
		start = ktime_get_ns();
		loops->fill(&run->buf, run->job->gfp, run->objects, 0);
		least = min(least, ktime_get_ns() - start);
	}
	return least;
}

/* What has passed since then, without what it takes to look. */
static u64 memlab_since(const struct memlab_bench_run *run, u64 start)
{
	u64 nanoseconds = ktime_get_ns() - start;

	return nanoseconds - min(nanoseconds, run->timer);
}

/* Of one operation; @which: 0, or 1 for a free. */
static u64 memlab_note(struct memlab_bench_run *run, int which, u64 nanoseconds)
{
	u64 *longest = which ? &run->result.longest_free : &run->result.longest;

	*longest = max(*longest, nanoseconds);
	if (run->histogram)
		memlab_histogram_add(run->histogram->counts[which], nanoseconds);
	return nanoseconds;
}

u64 memlab_step_pairs(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 start = ktime_get_ns();

	run->result.failures += run->buf.ops->loops->pairs(&run->buf, run->job->gfp, count);
	return memlab_since(run, start);
}

u64 memlab_step_fill(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 start = ktime_get_ns();

	run->result.failures +=
		run->buf.ops->loops->fill(&run->buf, run->job->gfp, run->objects + first, count);
	return memlab_since(run, start);
}

u64 memlab_step_drain(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 start = ktime_get_ns();

	run->buf.ops->loops->drain(&run->buf, run->objects + first, count);
	return memlab_since(run, start);
}

u64 memlab_step_fill_each(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 total = 0;

	for (; count--; first++)
		total += memlab_note(run, 0, memlab_step_fill(run, first, 1));
	return total;
}

u64 memlab_step_drain_each(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 total = 0;

	for (; count--; first++)
		if (run->objects[first])
			total += memlab_note(run, 1, memlab_step_drain(run, first, 1));
	return total;
}

/* Returns what allocating took; freeing is added here. */
u64 memlab_step_pairs_each(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 total = 0;

	while (count--) {
		total += memlab_step_fill_each(run, 0, 1);
		run->result.free_nanoseconds += memlab_step_drain_each(run, 0, 1);
	}
	return total;
}

/* All or none. */
u64 memlab_step_fill_bulk(struct memlab_bench_run *run, u64 first, u64 count)
{
	struct kmem_cache *cache = memlab_cache_kernel(run->buf.cache);
	u64 start = ktime_get_ns(), took;

	if (!kmem_cache_alloc_bulk(cache, run->job->gfp, count, run->objects))
		run->objects[0] = NULL;
	took = memlab_since(run, start);
	if (!run->objects[0])
		run->result.failures += count;
	return took;
}

u64 memlab_step_drain_bulk(struct memlab_bench_run *run, u64 first, u64 count)
{
	struct kmem_cache *cache = memlab_cache_kernel(run->buf.cache);
	u64 start = ktime_get_ns();

	if (run->objects[0])
		kmem_cache_free_bulk(cache, count, run->objects);
	return memlab_since(run, start);
}

/* Returns whether there was memory for it. */
static bool memlab_grow(struct memlab_bench_run *run)
{
	struct memlab_buffer *buf = &run->buf;
	u64 stride = run->job->arg->stride, bytes = run->job->arg->bytes;
	struct memlab_shape shape;
	void *addr;

	memlab_shape_set(&buf->shape, stride, 0);
	buf->bytes = stride;
	buf->addr = buf->ops->alloc(buf, run->job->gfp);
	while (buf->addr && buf->bytes < bytes) {
		memlab_shape_set(&shape, min(buf->bytes + stride, bytes), 0);
		addr = buf->ops->resize(buf, &shape, run->job->gfp);
		if (!addr)
			break;
		buf->addr = addr;
		buf->shape = shape;
		cond_resched();
		if (memlab_bench_stopped(run))
			break;
	}
	if (buf->addr)
		buf->ops->free(buf);
	return buf->addr && buf->bytes == bytes;
}

u64 memlab_step_grow(struct memlab_bench_run *run, u64 first, u64 count)
{
	u64 total = 0, start, took;

	while (count--) {
		start = ktime_get_ns();
		if (!memlab_grow(run))
			run->result.failures++;
		took = memlab_since(run, start);
		total += took;
		if (run->job->arg->flags & MEMLAB_BENCH_EACH)
			memlab_note(run, 0, took);
	}
	return total;
}

u64 memlab_step_read(struct memlab_bench_run *run, u64 first, u64 count)
{
	const void *object = run->objects[0];
	u64 at = run->at;
	u64 start = ktime_get_ns();

	while (count--)
		at = READ_ONCE(*(const u64 *)(object + at));
	run->at = at;
	return memlab_since(run, start);
}

u64 memlab_step_write(struct memlab_bench_run *run, u64 first, u64 count)
{
	void *object = run->objects[0];
	u64 at = run->at, next;
	u64 start = ktime_get_ns();

	while (count--) {
		next = READ_ONCE(*(u64 *)(object + at));
		WRITE_ONCE(*(u64 *)(object + at), next);
		at = next;
	}
	run->at = at;
	return memlab_since(run, start);
}
