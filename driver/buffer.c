// SPDX-License-Identifier: GPL-2.0-only
/* A buffer's life: made, published, put. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "memlab.h"

/*
 * A mapping shows whole pages, so a buffer can be mapped only if it starts one
 * and owns the last one to its end.
 */
static u64 memlab_buffer_map_length(const struct memlab_buffer *buf)
{
	u64 length = PAGE_ALIGN(buf->bytes);

	if (!PAGE_ALIGNED(buf->addr) || buf->usable < length)
		return 0;
	/* Without special entries, mapping a page means taking a reference to it. */
	if (buf->ops->map_kind == MEMLAB_MAP_SPECIAL && !IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL))
		return 0;
	return length;
}

/**
 * memlab_buffer_create() - allocate a buffer that nobody can find yet
 * @file: the open file that asks
 * @arg: the request
 *
 * End it with memlab_table_publish() or memlab_buffer_abort().
 *
 * Return: the buffer, or an ERR_PTR() with an errno of the ABI.
 */
struct memlab_buffer *memlab_buffer_create(struct memlab_file *file, const struct memlab_alloc *arg)
{
	const struct memlab_allocator_ops *ops = memlab_allocator_find(arg->allocator);
	struct memlab_buffer *buf;
	int err;

	if (!ops)
		return ERR_PTR(-EINVAL);
	err = memlab_allocator_check(ops, arg);
	if (err)
		return ERR_PTR(err);

	buf = kzalloc(sizeof(*buf), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	kref_init(&buf->ref);
	mutex_init(&buf->lock);
	INIT_LIST_HEAD(&buf->file_link);
	buf->file = file;
	buf->allocator = arg->allocator;
	buf->ops = ops;
	buf->alloc_flags = arg->flags;
	buf->node = arg->node;
	buf->bytes = arg->bytes;
	buf->uid = current_euid();
	buf->pid = get_task_pid(current, PIDTYPE_TGID);

	err = memlab_quota_charge(buf, ops->footprint(buf->bytes));
	if (err)
		goto err_free_buffer;
	err = ops->alloc(buf);
	if (err)
		goto err_uncharge;
	buf->map_length = memlab_buffer_map_length(buf);
	err = memlab_table_reserve(buf);
	if (err)
		goto err_free_memory;
	return buf;

err_free_memory:
	ops->free(buf);
err_uncharge:
	memlab_quota_uncharge(buf);
err_free_buffer:
	put_pid(buf->pid);
	kfree(buf);
	return ERR_PTR(err);
}

static void memlab_buffer_destroy(struct kref *ref)
{
	struct memlab_buffer *buf = container_of(ref, struct memlab_buffer, ref);

	buf->ops->free(buf);
	memlab_quota_uncharge(buf);
	put_pid(buf->pid);
	kfree(buf);
}

/* Undo memlab_buffer_create(). */
void memlab_buffer_abort(struct memlab_buffer *buf)
{
	memlab_table_release(buf);
	memlab_buffer_put(buf);
}

/* May sleep, and free the memory. */
void memlab_buffer_put(struct memlab_buffer *buf)
{
	kref_put(&buf->ref, memlab_buffer_destroy);
}
