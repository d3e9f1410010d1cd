// SPDX-License-Identifier: GPL-2.0-only
/* Requests about a buffer as a whole: ALLOC, FREE, QUERY, NEXT. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>

#include "memlab.h"

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

int memlab_ioctl_alloc(struct memlab_request *req)
{
	struct memlab_alloc *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_buffer_create(req->filp->private_data, arg);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	arg->usable = buf->usable;
	arg->map_offset = (u64)buf->cookie.start << PAGE_SHIFT;
	arg->map_length = buf->map_length;
	arg->id = buf->id;
	arg->backing = buf->backing;

	/* The caller must know the id before anybody can use the buffer. */
	err = memlab_reply(req, arg);
	if (err) {
		memlab_buffer_abort(buf);
		return err;
	}
	memlab_table_publish(buf);
	return 0;
}

int memlab_ioctl_free(struct memlab_request *req)
{
	struct memlab_free *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_request_buffer(req, arg->id, arg->flags | arg->reserved);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	err = memlab_table_remove(buf);
	memlab_buffer_put(buf);
	return err;
}

/* A number that is no longer the maker's may be another process's by now. */
static u32 memlab_owner_pid(const struct memlab_buffer *buf)
{
	u32 pid = 0;

	rcu_read_lock();
	if (pid_task(buf->pid, PIDTYPE_TGID))
		pid = pid_vnr(buf->pid);
	rcu_read_unlock();
	return pid;
}

static u64 memlab_align_of(u64 address)
{
	return address & -address;
}

int memlab_ioctl_query(struct memlab_request *req)
{
	struct memlab_query *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_request_buffer(req, arg->id, arg->flags);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	err = memlab_layout_summary(buf, &arg->extent_count, &arg->largest_extent);
	if (err)
		goto out_put;

	arg->allocator = buf->allocator;
	arg->backing = buf->backing;
	arg->alloc_flags = buf->alloc_flags;
	arg->node = buf->node;
	arg->owner_uid = from_kuid_munged(current_user_ns(), buf->uid);
	arg->owner_pid = memlab_owner_pid(buf);
	arg->mappings = memlab_table_mappings(buf);
	arg->bytes = buf->bytes;
	arg->usable = buf->usable;
	arg->map_offset = (u64)buf->cookie.start << PAGE_SHIFT;
	arg->map_length = buf->map_length;

	arg->flags = memlab_layout_flags(buf, arg->extent_count);
	arg->phys = memlab_layout_phys(buf);
	arg->phys_align = memlab_align_of(arg->phys);
	if (arg->flags & MEMLAB_BUFFER_PHYS_HIDDEN)
		arg->phys = 0;
	arg->kernel_address = (unsigned long)buf->addr;
	arg->kernel_align = memlab_align_of(arg->kernel_address);
	if (arg->flags & MEMLAB_BUFFER_KADDR_HIDDEN)
		arg->kernel_address = 0;
	err = memlab_reply(req, arg);
out_put:
	memlab_buffer_put(buf);
	return err;
}

int memlab_ioctl_next(struct memlab_request *req)
{
	struct memlab_next *arg = req->arg;
	struct memlab_buffer *buf;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	buf = memlab_table_next(req->filp, arg->id);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	arg->id = buf->id;
	memlab_buffer_put(buf);
	return memlab_reply(req, arg);
}
