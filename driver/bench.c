// SPDX-License-Identifier: GPL-2.0-only
/* BENCH: what the kernel's functions take, in loops of their own. */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "bench.h"
#include "compat.h"

/* All that has to be undone in the end. */
struct memlab_bench_room {
	struct memlab_bench_job job;
	struct memlab_bench *arg;
	u32 *cpus; /* NULL: the caller's thread */
	struct memlab_bench_run *runs;
	u32 threads;
	struct memlab_charge charge;
	u64 cache_objects; /* counted */
};

static bool memlab_bench_is_access(u32 pattern)
{
	return pattern == MEMLAB_BENCH_READ || pattern == MEMLAB_BENCH_WRITE;
}

/* Members that are meaningless, whatever the allocator. */
static int memlab_bench_check_members(const struct memlab_bench *arg)
{
	bool batch = arg->pattern == MEMLAB_BENCH_BATCH || arg->pattern == MEMLAB_BENCH_BULK;
	bool access = memlab_bench_is_access(arg->pattern);
	u32 most = arg->pattern == MEMLAB_BENCH_BULK ? MEMLAB_BENCH_MAX_BULK :
						       MEMLAB_BENCH_MAX_OBJECTS;

	if (arg->flags & ~MEMLAB_BENCH_EACH ||
	    arg->alloc_flags & ~(MEMLAB_ALLOC_ZERO | MEMLAB_ALLOC_NODE))
		return -EINVAL;
	if (arg->pattern < MEMLAB_BENCH_PAIR || arg->pattern > MEMLAB_BENCH_WRITE ||
	    arg->order > MEMLAB_BENCH_SHUFFLED)
		return -EINVAL;
	if (arg->order && !batch && !access)
		return -EINVAL;
	if (batch ? !arg->objects || arg->objects > most : arg->objects)
		return -EINVAL;
	if (!arg->operations && !arg->nanoseconds)
		return -EINVAL;
	if (!arg->cpu_count != !arg->cpus || !arg->results)
		return -EINVAL;
	if (arg->histogram && !(arg->flags & MEMLAB_BENCH_EACH))
		return -EINVAL;
	return 0;
}

static int memlab_bench_check_stride(const struct memlab_bench *arg)
{
	bool fits;

	switch (arg->pattern) {
	case MEMLAB_BENCH_GROW:
		fits = arg->stride && arg->stride <= arg->bytes &&
		       arg->bytes / arg->stride < MEMLAB_BENCH_MAX_STEPS;
		break;
	case MEMLAB_BENCH_READ:
	case MEMLAB_BENCH_WRITE:
		fits = arg->stride && arg->stride % sizeof(u64) == 0;
		break;
	default:
		fits = !arg->stride;
	}
	return fits ? 0 : -EINVAL;
}

/* Whether the pattern is one for this allocator, here. */
static int memlab_bench_check_pattern(const struct memlab_buffer *buf, struct memlab_bench *arg)
{
	bool bulk = arg->pattern == MEMLAB_BENCH_BULK, grow = arg->pattern == MEMLAB_BENCH_GROW;

	if (buf->shape.overflows)
		return -EOVERFLOW;
	if (arg->flags & MEMLAB_BENCH_EACH && (bulk || memlab_bench_is_access(arg->pattern))) {
		arg->reason = MEMLAB_REASON_PATTERN_EACH;
		return -EINVAL;
	}
	if (bulk && !buf->cache) {
		arg->reason = MEMLAB_REASON_PATTERN_ALLOCATOR;
		return -EOPNOTSUPP;
	}
	if (grow && !buf->ops->resize_name) {
		arg->reason = MEMLAB_REASON_NO_RESIZE;
		return -EOPNOTSUPP;
	}
	if (grow && arg->count) {
		arg->reason = MEMLAB_REASON_NO_ARRAY;
		return -EOPNOTSUPP;
	}
	if ((bulk || grow) && buf->context != MEMLAB_CONTEXT_PROCESS) {
		arg->reason = MEMLAB_REASON_PATTERN_CONTEXT;
		return -EOPNOTSUPP;
	}
	if (memlab_bench_check_stride(arg) ||
	    (memlab_bench_is_access(arg->pattern) && buf->bytes < sizeof(u64))) {
		arg->reason = MEMLAB_REASON_PATTERN_SIZE;
		return -EINVAL;
	}
	return 0;
}

/* What ALLOC or FREE in that context would risk once, this would do again and again. */
static int memlab_bench_check_context(const struct memlab_buffer *buf, struct memlab_bench *arg)
{
	bool may_be_vmalloc = buf->ops == &memlab_vmalloc ||
			      (buf->ops == &memlab_kvmalloc && memlab_vmalloc_takes_nowait() &&
			       buf->bytes > PAGE_SIZE);

	if (buf->context == MEMLAB_CONTEXT_PROCESS)
		return 0;
	if (memlab_gfp_sleeps(buf->gfp)) {
		arg->reason = MEMLAB_REASON_GFP_SLEEPS;
		return -EOPNOTSUPP;
	}
	if (buf->context == MEMLAB_CONTEXT_ATOMIC && may_be_vmalloc) {
		arg->reason = MEMLAB_REASON_FREE_SLEEPS;
		return -EOPNOTSUPP;
	}
	return 0;
}

/* What ALLOC would say of the request. */
static struct memlab_buffer *memlab_bench_prepare(struct memlab_request *req,
						  struct memlab_bench *arg)
{
	struct memlab_alloc alloc = {
		.allocator = arg->allocator,
		/* Nobody is told of what is refused. */
		.flags = arg->alloc_flags | MEMLAB_ALLOC_DRY_RUN,
		.node = arg->node,
		.bytes = arg->bytes,
		.gfp = arg->gfp,
		.count = arg->count,
		.context = arg->context,
		.cache = arg->cache,
	};
	struct memlab_buffer *buf = memlab_buffer_prepare(req, &alloc);

	arg->reason = alloc.reason;
	return buf;
}

static int memlab_bench_check_cpus(const struct memlab_bench_room *room)
{
	cpumask_var_t seen;
	int err = 0;
	u32 i;

	if (!zalloc_cpumask_var(&seen, MEMLAB_GFP_OWN))
		return -ENOMEM;
	for (i = 0; i < room->threads && !err; i++) {
		if (room->cpus[i] >= nr_cpu_ids || !cpu_online(room->cpus[i]))
			err = -ENXIO;
		else if (cpumask_test_and_set_cpu(room->cpus[i], seen))
			err = -EINVAL;
	}
	free_cpumask_var(seen);
	return err;
}

static int memlab_bench_get_cpus(struct memlab_bench_room *room)
{
	struct memlab_bench *arg = room->arg;

	room->threads = 1;
	if (!arg->cpu_count)
		return 0;
	/* Each is there once. */
	if (arg->cpu_count > nr_cpu_ids)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN)) {
		arg->reason = MEMLAB_REASON_ADMIN_UNCHARGED;
		return -EPERM;
	}
	room->threads = arg->cpu_count;
	room->cpus = kvmalloc_array(room->threads, sizeof(*room->cpus), MEMLAB_GFP_OWN);
	if (!room->cpus)
		return -ENOMEM;
	if (copy_from_user(room->cpus, u64_to_user_ptr(arg->cpus),
			   room->threads * sizeof(*room->cpus)))
		return -EFAULT;
	return memlab_bench_check_cpus(room);
}

static int memlab_bench_make_run(struct memlab_bench_room *room, struct memlab_bench_run *run)
{
	run->job = &room->job;
	run->buf = *room->job.buf;
	run->objects =
		kvcalloc(max_t(u32, room->arg->objects, 1), sizeof(*run->objects), MEMLAB_GFP_OWN);
	if (!run->objects)
		return -ENOMEM;
	if (!room->arg->histogram)
		return 0;
	run->histogram = kvzalloc(sizeof(*run->histogram), MEMLAB_GFP_OWN);
	return run->histogram ? 0 : -ENOMEM;
}

static int memlab_bench_make_runs(struct memlab_bench_room *room)
{
	int err = 0;
	u32 i;

	room->runs = kvcalloc(room->threads, sizeof(*room->runs), MEMLAB_GFP_OWN);
	if (!room->runs)
		return -ENOMEM;
	for (i = 0; i < room->threads && !err; i++)
		err = memlab_bench_make_run(room, &room->runs[i]);
	return err;
}

/* All that there can be at a time counts as long as it lasts. */
static int memlab_bench_charge(struct memlab_bench_room *room)
{
	const struct memlab_buffer *buf = room->job.buf;
	u64 objects = (u64)max_t(u32, room->arg->objects, 1) * room->threads;
	u64 bytes = size_mul(buf->ops->footprint(buf, buf->bytes), objects);
	int err;

	if (room->arg->pattern == MEMLAB_BENCH_GROW)
		bytes = size_mul(bytes, 2);
	bytes = size_add(bytes, objects * sizeof(void *));
	err = memlab_quota_charge(&room->charge, buf->owner.uid, bytes, false);
	while (!err && buf->cache && room->cache_objects < objects) {
		err = memlab_cache_add_object(buf->cache);
		if (!err)
			room->cache_objects++;
		cond_resched();
	}
	return err;
}

static void memlab_bench_leave(struct memlab_bench_room *room)
{
	u32 i;

	for (i = 0; room->runs && i < room->threads; i++) {
		kvfree(room->runs[i].objects);
		kvfree(room->runs[i].histogram);
	}
	kvfree(room->runs);
	kvfree(room->cpus);
	for (; room->cache_objects; room->cache_objects--) {
		memlab_cache_remove_object(room->job.buf->cache);
		cond_resched();
	}
	if (room->charge.user)
		memlab_quota_uncharge(&room->charge);
}

static int memlab_bench_tell_histogram(struct memlab_bench_room *room)
{
	u64 *sum = &room->runs[0].histogram->counts[0][0];
	u32 i, bucket;

	for (i = 1; i < room->threads; i++)
		for (bucket = 0; bucket < 2 * MEMLAB_BENCH_BUCKETS; bucket++)
			sum[bucket] += (&room->runs[i].histogram->counts[0][0])[bucket];
	if (copy_to_user(u64_to_user_ptr(room->arg->histogram), sum,
			 sizeof(*room->runs[0].histogram)))
		return -EFAULT;
	return 0;
}

static int memlab_bench_tell(struct memlab_bench_room *room)
{
	struct memlab_bench_result __user *results = u64_to_user_ptr(room->arg->results);
	const struct memlab_buffer *buf = room->job.buf;
	struct memlab_bench *arg = room->arg;
	u32 i;

	for (i = 0; i < room->threads; i++)
		if (copy_to_user(&results[i], &room->runs[i].result, sizeof(*results)))
			return -EFAULT;
	if (arg->histogram && memlab_bench_tell_histogram(room))
		return -EFAULT;
	arg->gfp_used = buf->gfp_used;
	arg->timer = room->runs[0].timer;
	memlab_name_set(arg->function, buf->function);
	memlab_name_set(arg->free_function, buf->ops->free_name);
	return 0;
}

static int memlab_bench_measure(struct memlab_bench_room *room)
{
	int err = memlab_bench_get_cpus(room);

	err = err ?: memlab_bench_make_runs(room);
	err = err ?: memlab_bench_charge(room);
	err = err ?: memlab_bench_threads(&room->job, room->runs, room->cpus);
	err = err ?: memlab_bench_tell(room);
	memlab_bench_leave(room);
	return err;
}

int memlab_ioctl_bench(struct memlab_request *req)
{
	struct memlab_bench *arg = req->arg;
	struct memlab_bench_room room = { .arg = arg, .job.arg = arg };
	struct memlab_buffer *buf;
	int err;

	err = memlab_bench_check_members(arg);
	if (err)
		return err;
	buf = memlab_bench_prepare(req, arg);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	room.job.buf = buf;
	room.job.gfp = memlab_gfp(buf->gfp_used);
	err = memlab_bench_check_pattern(buf, arg) ?: memlab_bench_check_context(buf, arg);
	err = err ?: memlab_bench_measure(&room);
	err = err ?: memlab_reply(req, arg);
	memlab_buffer_discard(buf);
	return err;
}
