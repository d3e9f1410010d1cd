// SPDX-License-Identifier: GPL-2.0-only
/* Requests about a buffer as a whole: ALLOC, FREE, QUERY, NEXT. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "allocator.h"
#include "event.h"

/**
 * memlab_request_buffer() - the buffer that a request is about
 * @req: the request
 * @id: the buffer's id
 * @zero: all members that must be 0, or-ed together
 *
 * Return: the buffer, to be put, or ERR_PTR(-EINVAL) or ERR_PTR(-ENOENT).
 */
struct memlab_buffer *memlab_request_buffer(const struct memlab_request *req, u32 id, u64 zero)
{
	if (zero)
		return ERR_PTR(-EINVAL);
	return memlab_table_get(req->filp, id);
}

/* What the kernel's function was given, and what it said. */
static void memlab_alloc_reply(struct memlab_alloc *arg, const struct memlab_buffer *buf)
{
	arg->usable = buf->usable;
	arg->map_offset = memlab_region_map_offset(buf);
	arg->map_length = memlab_region_map_length(buf);
	arg->id = buf->id;
	arg->backing = buf->backing;
	arg->seen = buf->seen.flags;
	arg->preempt_count = buf->seen.preempt_count;
	arg->gfp_used = buf->gfp_used;
	arg->stale = 0;
	arg->nanoseconds = buf->seen.nanoseconds;
	memlab_name_set(arg->function, buf->function);
}

static int memlab_alloc_dry(struct memlab_request *req, const struct memlab_buffer *buf)
{
	if (buf->shape.overflows)
		return -EOVERFLOW;
	memlab_alloc_reply(req->arg, buf);
	return memlab_reply(req, (struct memlab_alloc *)req->arg);
}

static int memlab_alloc_really(struct memlab_request *req, struct memlab_buffer *buf)
{
	struct memlab_alloc *arg = req->arg;
	struct memlab_event event;
	int err = memlab_buffer_allocate(buf);
	bool heard;
	int order;

	if (err) {
		memlab_event_alloc_failed(arg, buf, err);
		memlab_buffer_discard(buf);
		return err;
	}
	memlab_alloc_reply(arg, buf);
	if (arg->flags & MEMLAB_ALLOC_COUNT_STALE)
		err = memlab_content_count(buf, 0, &arg->stale);
	/* The caller must know the id before anybody can use the buffer. */
	if (!err)
		err = memlab_reply(req, arg);
	if (err) {
		memlab_event_alloc_failed(arg, buf, err);
		memlab_buffer_abort(buf);
		return err;
	}
	order = memlab_event_begin();
	heard = memlab_event_is_heard(order, MEMLAB_EVENT_TYPE_ALLOCATED);
	/* Whoever sees it may free it. */
	if (heard)
		memlab_event_init(&event, MEMLAB_EVENT_TYPE_ALLOCATED, buf);
	memlab_table_publish(buf);
	memlab_event_end(order, heard ? &event : NULL);
	return 0;
}

int memlab_ioctl_alloc(struct memlab_request *req)
{
	struct memlab_alloc *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_buffer_prepare(req, arg);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (!(arg->flags & MEMLAB_ALLOC_DRY_RUN))
		return memlab_alloc_really(req, buf);
	err = memlab_alloc_dry(req, buf);
	memlab_buffer_discard(buf);
	return err;
}

static int memlab_free_check(const struct memlab_buffer *buf, struct memlab_free *arg)
{
	if (arg->flags & MEMLAB_FREE_KVFREE && !buf->ops->takes_kvfree) {
		arg->reason = MEMLAB_REASON_NO_KVFREE;
		return -EOPNOTSUPP;
	}
	return memlab_context_check_free(buf, arg->context, &arg->reason);
}

int memlab_ioctl_free(struct memlab_request *req)
{
	struct memlab_free *arg = req->arg;
	struct memlab_seen seen = { 0 };
	struct memlab_buffer *buf;
	int err;

	buf = memlab_request_buffer(req, arg->id,
				    arg->reserved | (arg->flags & ~MEMLAB_FREE_KVFREE));
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	err = memlab_free_check(buf, arg) ?: memlab_table_remove(buf, arg->context);
	if (err) {
		memlab_buffer_put(buf);
		return err;
	}
	buf->free_by_kvfree = arg->flags & MEMLAB_FREE_KVFREE;
	memlab_name_set(arg->function, memlab_buffer_free_function(buf));
	memlab_buffer_put(buf); /* the table's */
	memlab_buffer_put_seen(buf, &seen);

	arg->seen = seen.flags;
	arg->preempt_count = seen.preempt_count;
	arg->nanoseconds = seen.nanoseconds;
	/* Freed is freed, even if the caller cannot be told more. */
	memlab_reply(req, arg);
	return 0;
}

static u64 memlab_align_of(u64 address)
{
	return address & -address;
}

/* What was asked for, and which function served it. */
static void memlab_query_request(struct memlab_query *arg, const struct memlab_buffer *buf)
{
	arg->gfp = buf->gfp;
	arg->gfp_used = buf->gfp_used;
	arg->count = buf->shape.count;
	arg->element_bytes = buf->shape.element_bytes;
	arg->context = buf->context;
	arg->cache = buf->cache ? memlab_cache_id(buf->cache) : 0;
	arg->seen = buf->seen.flags;
	arg->preempt_count = buf->seen.preempt_count;
	arg->resizes = buf->resizes;
	memlab_name_set(arg->function, buf->function);
	memlab_buffer_cache_name(buf, arg->cache_name);
}

int memlab_ioctl_query(struct memlab_request *req)
{
	struct memlab_query *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_request_buffer(req, arg->id, arg->flags | arg->reserved);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	err = memlab_layout_summary(buf, &arg->extent_count, &arg->largest_extent);
	if (err)
		goto out_put;

	arg->allocator = buf->allocator;
	arg->backing = buf->backing;
	arg->alloc_flags = buf->alloc_flags;
	arg->node = buf->node;
	arg->owner_uid = memlab_owner_uid(&buf->owner);
	arg->owner_pid = memlab_owner_pid(&buf->owner);
	arg->mappings = memlab_table_mappings(buf);
	arg->bytes = buf->bytes;
	arg->usable = buf->usable;
	arg->map_offset = memlab_region_map_offset(buf);
	arg->map_length = memlab_region_map_length(buf);

	arg->flags = memlab_layout_flags(buf, arg->extent_count);
	arg->phys = memlab_layout_phys(buf);
	arg->phys_align = memlab_align_of(arg->phys);
	if (arg->flags & MEMLAB_BUFFER_PHYS_HIDDEN)
		arg->phys = 0;
	arg->kernel_address = (unsigned long)buf->addr;
	arg->kernel_align = memlab_align_of(arg->kernel_address);
	if (!memlab_may_see_kaddr()) {
		arg->flags |= MEMLAB_BUFFER_KADDR_HIDDEN;
		arg->kernel_address = 0;
	}
	memlab_query_request(arg, buf);
	err = memlab_reply(req, arg);
out_put:
	memlab_buffer_put(buf);
	return err;
}

int memlab_ioctl_next(struct memlab_request *req)
{
	struct memlab_next *arg = req->arg;
	int err;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	err = memlab_table_next(req->filp, &arg->id);
	return err ?: memlab_reply(req, arg);
}
