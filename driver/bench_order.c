// SPDX-License-Identifier: GPL-2.0-only
/* In which order objects are freed, and elements visited. */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/sched.h>

#include "bench.h"

#define SEED 0x6d656d6c6162ULL
/* Elements between two looks for a signal. */
#define RING_PART 4096

/* From 0 to below @limit, which is not above 2^32. */
static u64 memlab_below(struct rnd_state *state, u64 limit)
{
	return (prandom_u32_state(state) * limit) >> 32;
}

/* Objects will be freed in the order of the array. */
void memlab_bench_order_objects(void **objects, u64 count, u32 order)
{
	struct rnd_state state;
	u64 i, other;

	switch (order) {
	case MEMLAB_BENCH_REVERSE:
		for (i = 0; i < count / 2; i++)
			swap(objects[i], objects[count - 1 - i]);
		break;
	case MEMLAB_BENCH_SHUFFLED:
		prandom_seed_state(&state, SEED);
		for (i = count; i > 1; i--) {
			other = memlab_below(&state, i);
			swap(objects[i - 1], objects[other]);
		}
		break;
	}
}

static u64 *memlab_element(struct memlab_bench_run *run, u64 index)
{
	return run->objects[0] + index * run->job->arg->stride;
}

static int memlab_ring_pause(const struct memlab_bench_run *run, u64 index)
{
	if (index % RING_PART)
		return 0;
	cond_resched();
	return memlab_bench_stopped(run) ? -EINTR : 0;
}

/* Each leads to a neighbour, or, before they are shuffled, to itself. */
static int memlab_ring_lay(struct memlab_bench_run *run, u64 count)
{
	u64 stride = run->job->arg->stride, next, i;
	int err;

	for (i = 0; i < count; i++) {
		switch (run->job->arg->order) {
		case MEMLAB_BENCH_REVERSE:
			next = i ? i - 1 : count - 1;
			break;
		case MEMLAB_BENCH_SHUFFLED:
			next = i;
			break;
		default:
			next = i + 1 < count ? i + 1 : 0;
		}
		*memlab_element(run, i) = next * stride;
		err = memlab_ring_pause(run, i);
		if (err)
			return err;
	}
	return 0;
}

/* By Sattolo's algorithm, which makes one ring of all. */
static int memlab_ring_shuffle(struct memlab_bench_run *run, u64 count)
{
	struct rnd_state state;
	u64 i, *other;
	int err;

	prandom_seed_state(&state, SEED);
	for (i = count - 1; i > 0; i--) {
		other = memlab_element(run, memlab_below(&state, i));
		swap(*memlab_element(run, i), *other);
		err = memlab_ring_pause(run, i);
		if (err)
			return err;
	}
	return 0;
}

/**
 * memlab_bench_make_ring() - let each element of the first object lead to the next
 * @run: has the object
 *
 * Return: 0, or -EINTR.
 */
int memlab_bench_make_ring(struct memlab_bench_run *run)
{
	const struct memlab_bench *arg = run->job->arg;
	u64 count = (run->buf.bytes - sizeof(u64)) / arg->stride + 1;
	int err = memlab_ring_lay(run, count);

	if (!err && arg->order == MEMLAB_BENCH_SHUFFLED)
		err = memlab_ring_shuffle(run, count);
	return err;
}
