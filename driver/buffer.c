// SPDX-License-Identifier: GPL-2.0-only
/* A buffer's life: prepared, allocated, published, put. */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/slab.h>

#include "allocator.h"
#include "event.h"

static struct kmem_cache *memlab_buffers;

/* A cache of one's own wastes less than a size class. */
int memlab_buffers_init(void)
{
	memlab_buffers = KMEM_CACHE(memlab_buffer, SLAB_ACCOUNT);
	return memlab_buffers ? 0 : -ENOMEM;
}

/* The module goes, and all buffers are gone. */
void memlab_buffers_exit(void)
{
	kmem_cache_destroy(memlab_buffers);
}

/* Bytes that it really takes, now that it has them; not more than was charged. */
u64 memlab_buffer_takes(const struct memlab_buffer *buf)
{
	return buf->cache ? 0 : buf->usable;
}

/* The slab cache that its memory is from; empty if it is no slab's. Needs no memory. */
void memlab_buffer_cache_name(const struct memlab_buffer *buf, u8 name[MEMLAB_NAME_SIZE])
{
	memset(name, 0, MEMLAB_NAME_SIZE);
	if (buf->cache)
		strscpy((char *)name, memlab_cache_name(buf->cache), MEMLAB_NAME_SIZE);
	else if (buf->backing == MEMLAB_BACKING_SLAB)
		memlab_kmalloc_cache_name(buf, name, MEMLAB_NAME_SIZE);
}

const char *memlab_buffer_free_function(const struct memlab_buffer *buf)
{
	return buf->free_by_kvfree ? "kvfree" : buf->ops->free_name;
}

static int memlab_buffer_fill_in(struct memlab_buffer *buf, struct file *filp,
				 const struct memlab_alloc *arg)
{
	u64 bytes = arg->bytes;

	/* What is narrower there. */
	if (arg->context > MEMLAB_CONTEXT_HARDIRQ)
		return -EINVAL;
	buf->allocator = arg->allocator;
	if (arg->allocator == MEMLAB_ALLOCATOR_CACHE) {
		buf->cache = memlab_cache_get(filp, arg->cache);
		if (IS_ERR(buf->cache))
			return PTR_ERR(buf->cache);
		buf->cache_id = memlab_cache_id(buf->cache);
		bytes = memlab_cache_bytes(buf->cache);
	} else if (arg->cache) {
		return -EINVAL;
	}
	buf->alloc_flags = arg->flags;
	buf->node = arg->node;
	buf->context = arg->context;
	buf->gfp = arg->gfp;
	memlab_shape_set(&buf->shape, bytes, arg->count);
	buf->zeroed = arg->flags & MEMLAB_ALLOC_ZERO || arg->gfp & MEMLAB_GFP_ZERO;
	return 0;
}

/**
 * memlab_buffer_prepare() - a buffer without memory, its request checked
 * @req: the ioctl
 * @arg: the request; its reason is set when it is refused
 *
 * End it with memlab_buffer_discard(), or go on with memlab_buffer_allocate().
 *
 * Return: the buffer, or an ERR_PTR() with an errno of the ABI.
 */
struct memlab_buffer *memlab_buffer_prepare(struct memlab_request *req, struct memlab_alloc *arg)
{
	const struct memlab_allocator_ops *ops = memlab_allocator_find(arg->allocator);
	struct memlab_buffer *buf;
	int err;

	if (!ops)
		return ERR_PTR(-EINVAL);
	buf = kmem_cache_zalloc(memlab_buffers, MEMLAB_GFP_OWN);
	if (!buf) {
		memlab_event_alloc_failed(arg, NULL, -ENOMEM);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&buf->ref);
	seqcount_init(&buf->resize_seq);
	INIT_LIST_HEAD(&buf->file_link);
	memlab_owner_init(&buf->owner, req->filp->private_data);
	buf->ops = ops;

	err = memlab_buffer_fill_in(buf, req->filp, arg);
	if (!err) {
		buf->function = ops->function(buf);
		err = memlab_allocator_check(buf, arg);
	}
	if (err) {
		memlab_event_alloc_failed(arg, buf, err);
		memlab_buffer_discard(buf);
		return ERR_PTR(err);
	}
	buf->gfp_used = memlab_gfp_complete_alloc(buf);
	buf->gfp_made = buf->gfp_used;
	return buf;
}

static void memlab_buffer_forget(struct memlab_buffer *buf)
{
	memlab_owner_release(&buf->owner);
	kfree(buf->region);
	kmem_cache_free(memlab_buffers, buf);
}

static void memlab_buffer_forget_rcu(struct rcu_head *rcu)
{
	memlab_buffer_forget(container_of(rcu, struct memlab_buffer, rcu));
}

/* Undo memlab_buffer_prepare(). */
void memlab_buffer_discard(struct memlab_buffer *buf)
{
	if (!IS_ERR_OR_NULL(buf->cache))
		memlab_cache_put(buf->cache);
	if (buf->indexed)
		call_rcu(&buf->rcu, memlab_buffer_forget_rcu);
	else
		memlab_buffer_forget(buf);
}

static void memlab_buffer_alloc_work(void *data)
{
	struct memlab_buffer *buf = data;

	buf->addr = buf->ops->alloc(buf, memlab_gfp(buf->gfp_used));
}

static void memlab_buffer_free_work(void *data)
{
	struct memlab_buffer *buf = data;

	if (buf->free_by_kvfree)
		kvfree(buf->addr);
	else
		buf->ops->free(buf);
}

/*
 * The kernel's function for arrays shall say itself that the size overflows. If
 * it does not, the buffer would be smaller than anybody thinks.
 */
static int memlab_buffer_overflow(struct memlab_buffer *buf)
{
	memlab_context_run(buf->context, memlab_buffer_alloc_work, buf, &buf->seen);
	memlab_stats_called(buf->allocator, false, buf->addr);
	if (!buf->addr)
		return -EOVERFLOW;
	memlab_context_run(buf->context, memlab_buffer_free_work, buf, &buf->seen);
	return -EIO;
}

/* The mark is one for all threads of a process. */
static DEFINE_MUTEX(memlab_origin_lock);

/**
 * memlab_call_carefully() - call an allocator that takes page after page
 * @bytes: how much it will take
 * @work: the call
 * @data: what it is called with
 * @seen: out: where it ran and how long it took
 *
 * vmalloc() fails only when all memory has been taken, so that the next allocation of
 * anybody may make the kernel kill a process; and its flags do not reach its page
 * tables. Hence not more than there is, and if somebody has to die, the one who asked
 * (as in kernel/trace/ring_buffer.c). A small one needs but a page of tables.
 *
 * Return: 0 if it was called, -ENOMEM, or -EINTR when a signal came first.
 */
int memlab_call_carefully(u64 bytes, void (*work)(void *data), void *data, struct memlab_seen *seen)
{
	/* A thread of the kernel is nobody to die. */
	bool large = bytes >= PMD_SIZE && !(current->flags & PF_KTHREAD);
	int err = 0;

	if (large && mutex_lock_interruptible(&memlab_origin_lock))
		return -EINTR;
	if (si_mem_available() < (long)(PAGE_ALIGN(bytes) >> PAGE_SHIFT)) {
		err = -ENOMEM;
		goto out_unlock;
	}
	if (large)
		set_current_oom_origin();
	memlab_context_run(MEMLAB_CONTEXT_PROCESS, work, data, seen);
	if (large)
		clear_current_oom_origin();
out_unlock:
	if (large)
		mutex_unlock(&memlab_origin_lock);
	return err;
}

static int memlab_buffer_call(struct memlab_buffer *buf)
{
	int err = 0;

	if (buf->ops->by_pages && buf->context == MEMLAB_CONTEXT_PROCESS)
		err = memlab_call_carefully(buf->bytes, memlab_buffer_alloc_work, buf, &buf->seen);
	else
		memlab_context_run(buf->context, memlab_buffer_alloc_work, buf, &buf->seen);
	if (err)
		return err;
	memlab_stats_called(buf->allocator, false, buf->addr);
	return buf->addr ? 0 : -ENOMEM;
}

static int memlab_buffer_charge(struct memlab_buffer *buf)
{
	int err;

	err = memlab_quota_charge(&buf->charge, buf->owner.uid,
				  buf->ops->footprint(buf, buf->bytes), false);
	if (err || !buf->cache)
		return err;
	err = memlab_cache_add_object(buf->cache);
	if (err)
		memlab_quota_uncharge(&buf->charge);
	return err;
}

static void memlab_buffer_uncharge(struct memlab_buffer *buf)
{
	if (buf->cache)
		memlab_cache_remove_object(buf->cache);
	memlab_quota_uncharge(&buf->charge);
}

/**
 * memlab_buffer_allocate() - memory for a buffer that nobody can find yet
 * @buf: the buffer, prepared
 *
 * End it with memlab_table_publish() or memlab_buffer_abort(); when this fails,
 * with memlab_buffer_discard().
 *
 * Return: 0, or a negative errno of the ABI.
 */
int memlab_buffer_allocate(struct memlab_buffer *buf)
{
	int err;

	if (buf->shape.overflows)
		return memlab_buffer_overflow(buf);
	err = memlab_buffer_charge(buf);
	if (err)
		return err;
	err = memlab_buffer_call(buf);
	if (err)
		goto err_uncharge;
	buf->ops->settle(buf);
	memlab_quota_resize(&buf->charge, memlab_buffer_takes(buf));
	err = memlab_region_begin(buf) ?: memlab_table_reserve(buf);
	if (err)
		goto err_free_memory;
	memlab_stats_hold(buf, 0, true);
	memlab_layout_count(buf);
	return 0;

err_free_memory:
	buf->ops->free(buf);
err_uncharge:
	memlab_buffer_uncharge(buf);
	return err;
}

static void memlab_buffer_destroy(struct memlab_buffer *buf, struct memlab_seen *seen)
{
	memlab_context_run(buf->free_context, memlab_buffer_free_work, buf, seen);
	memlab_buffer_uncharge(buf);
	memlab_stats_drop(buf);
	if (buf->known)
		memlab_event_tell(MEMLAB_EVENT_TYPE_FREED, buf);
	memlab_buffer_discard(buf);
}

/* Undo memlab_buffer_allocate() and memlab_buffer_prepare(). */
void memlab_buffer_abort(struct memlab_buffer *buf)
{
	memlab_table_release(buf);
	memlab_buffer_put(buf);
}

/**
 * memlab_buffer_put_seen() - put a reference; may sleep, and free the memory
 * @buf: the buffer
 * @seen: out: how the memory was freed, if it was the last reference
 */
void memlab_buffer_put_seen(struct memlab_buffer *buf, struct memlab_seen *seen)
{
	if (refcount_dec_and_test(&buf->ref.refcount))
		memlab_buffer_destroy(buf, seen);
}

/* The same for who does not want to know. */
void memlab_buffer_put(struct memlab_buffer *buf)
{
	struct memlab_seen seen;

	memlab_buffer_put_seen(buf, &seen);
}
