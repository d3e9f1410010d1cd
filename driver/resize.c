// SPDX-License-Identifier: GPL-2.0-only
/* RESIZE: krealloc() and its relatives. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "allocator.h"
#include "event.h"

#define MEMLAB_RESIZE_KNOWN (MEMLAB_RESIZE_ZERO | MEMLAB_RESIZE_COUNT_STALE)

/* A call of the kernel's function. */
struct memlab_resize_work {
	struct memlab_buffer *buf;
	const struct memlab_shape *shape;
	gfp_t gfp;
	void *addr;
};

static const char *memlab_resize_function(const struct memlab_buffer *buf,
					  const struct memlab_shape *shape)
{
	return shape->count ? buf->ops->resize_array_name : buf->ops->resize_name;
}

static int memlab_resize_check(const struct memlab_buffer *buf, const struct memlab_shape *shape,
			       struct memlab_resize *arg)
{
	if (!buf->ops->resize_name) {
		arg->reason = MEMLAB_REASON_NO_RESIZE;
		return -EOPNOTSUPP;
	}
	if (!memlab_resize_function(buf, shape)) {
		arg->reason = MEMLAB_REASON_NO_ARRAY;
		return -EOPNOTSUPP;
	}
	if (!shape->overflows) {
		if (!shape->bytes)
			return -EINVAL;
		if (shape->bytes > buf->ops->max_bytes())
			return -ERANGE;
	}
	if (arg->flags & MEMLAB_RESIZE_COUNT_STALE && !capable(CAP_SYS_ADMIN)) {
		arg->reason = MEMLAB_REASON_ADMIN_STALE;
		return -EPERM;
	}
	return memlab_gfp_check(buf, arg->gfp, shape, false, &arg->reason);
}

static void memlab_resize_do(void *data)
{
	struct memlab_resize_work *work = data;

	work->addr = work->buf->ops->resize(work->buf, work->shape, work->gfp);
}

static int memlab_resize_call(struct memlab_resize_work *work, struct memlab_seen *seen)
{
	const struct memlab_shape *shape = work->shape;
	int err = 0;

	if (work->buf->ops->by_pages && shape->bytes > work->buf->bytes)
		err = memlab_call_carefully(shape->bytes, memlab_resize_do, work, seen);
	else
		memlab_context_run(MEMLAB_CONTEXT_PROCESS, memlab_resize_do, work, seen);
	if (err)
		return err;
	memlab_stats_called(work->buf->allocator, true, work->addr);
	if (work->addr)
		return 0;
	return shape->overflows ? -EOVERFLOW : -ENOMEM;
}

/* The buffer is what the kernel's function made of it. */
static void memlab_resize_settle(struct memlab_resize_work *work, struct memlab_resize *arg)
{
	struct memlab_buffer *buf = work->buf;
	bool moved = work->addr != buf->addr;
	u64 usable = buf->usable;

	if (moved) {
		arg->flags |= MEMLAB_RESIZE_MOVED;
		buf->gfp_made = arg->gfp_used;
	}
	arg->kept = min(buf->bytes, work->shape->bytes);
	buf->addr = work->addr;
	buf->shape = *work->shape;
	buf->gfp = arg->gfp;
	buf->gfp_used = arg->gfp_used;
	buf->function = memlab_resize_function(buf, work->shape);
	buf->resizes++;
	buf->ops->settle(buf);
	memlab_stats_hold(buf, usable, moved);
	buf->zeroed = false;
	buf->cleared = false;
	buf->cleared_to = arg->kept;
	memlab_layout_forget(buf);
	memlab_layout_count(buf);
}

/* Nobody else has the buffer. */
static int memlab_resize_alone(struct memlab_buffer *buf, struct memlab_shape *shape,
			       struct memlab_resize *arg, struct memlab_seen *seen)
{
	struct memlab_resize_work work = { .buf = buf, .shape = shape };
	u64 before = buf->charge.bytes;
	u64 footprint;
	int err;

	arg->gfp_used = memlab_gfp_complete(buf, arg->gfp, shape->overflows ? 0 : shape->bytes);
	if (arg->flags & MEMLAB_RESIZE_ZERO)
		arg->gfp_used |= MEMLAB_GFP_ZERO;
	work.gfp = memlab_gfp(arg->gfp_used);
	err = memlab_content_clear(buf, TASK_INTERRUPTIBLE) ?:
		      memlab_region_expect(buf, shape->overflows ? 0 : shape->bytes,
					   arg->gfp_used & MEMLAB_GFP_NOFAIL);
	if (err)
		return err;

	/* Not less before it is less. */
	footprint = shape->overflows ? 0 : buf->ops->footprint(buf, shape->bytes);
	err = memlab_quota_resize(&buf->charge, max(before, footprint));
	if (err)
		return err;
	err = memlab_resize_call(&work, seen);
	if (err) {
		memlab_quota_resize(&buf->charge, before);
		return err;
	}
	/* A kernel that did not notice an overflow: only this much is there. */
	if (shape->overflows)
		*shape = (struct memlab_shape){ .bytes = ksize(work.addr) };
	memlab_resize_settle(&work, arg);
	memlab_quota_resize(&buf->charge, memlab_buffer_takes(buf));
	arg->nanoseconds = seen->nanoseconds;
	return 0;
}

static void memlab_resize_reply(struct memlab_resize *arg, const struct memlab_buffer *buf)
{
	arg->usable = buf->usable;
	arg->map_offset = memlab_region_map_offset(buf);
	arg->map_length = memlab_region_map_length(buf);
	arg->backing = buf->backing;
	memlab_name_set(arg->function, buf->function);
}

static void memlab_resize_tell(struct memlab_buffer *buf, u64 old_bytes)
{
	struct memlab_event event;

	memlab_event_init(&event, MEMLAB_EVENT_TYPE_RESIZED, buf);
	event.old_bytes = old_bytes;
	memlab_event_end(memlab_event_begin(), &event);
}

static int memlab_resize_buffer(struct memlab_buffer *buf, struct memlab_resize *arg,
				struct memlab_seen *seen)
{
	struct memlab_shape shape;
	u64 old_bytes;
	int err;

	/* As long as nobody has been called. */
	arg->gfp_used = 0;
	memlab_shape_set(&shape, arg->bytes, arg->count);
	err = memlab_resize_check(buf, &shape, arg) ?: memlab_table_begin_resize(buf);
	if (err)
		return err;
	old_bytes = buf->bytes;
	err = memlab_resize_alone(buf, &shape, arg, seen);
	arg->stale = 0;
	/* Resized it is, even if a signal keeps it from being counted. */
	if (!err && arg->flags & MEMLAB_RESIZE_COUNT_STALE &&
	    memlab_content_count(buf, arg->kept, &arg->stale))
		arg->stale = MEMLAB_NOT_COUNTED;
	/* While nobody else can have it, so that nothing else is told of it first. */
	if (!err)
		memlab_resize_tell(buf, old_bytes);
	memlab_table_end_resize(buf, !err);
	if (!err)
		memlab_resize_reply(arg, buf);
	return err;
}

int memlab_ioctl_resize(struct memlab_request *req)
{
	struct memlab_resize *arg = req->arg;
	struct memlab_seen seen = { 0 };
	struct memlab_buffer *buf;
	int err;

	buf = memlab_request_buffer(req, arg->id,
				    arg->reserved | (arg->flags & ~MEMLAB_RESIZE_KNOWN));
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	err = memlab_resize_buffer(buf, arg, &seen);
	if (err)
		memlab_event_resize_failed(arg, buf, seen.flags, err);
	else
		err = memlab_reply(req, arg);
	memlab_buffer_put(buf);
	return err;
}
