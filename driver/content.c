// SPDX-License-Identifier: GPL-2.0-only
/* A buffer's bytes: cleared before anybody sees them, then READ and WRITE. */
#include <linux/err.h>
#include <linux/kasan.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "memlab.h"

/* Bytes between two looks for a signal. */
#define STEP SZ_1M

/*
 * The rest of the last page is the buffer's, but not what was asked for, so that
 * memory debuggers take a write there for an overrun. Hence without the tag, byte
 * by byte, not instrumented, and volatile so that it does not become a memset().
 */
static noinline void __no_sanitize_address memlab_clear_tail(void *addr, u64 from, u64 to)
{
	u8 *bytes = kasan_reset_tag(addr);

	while (from < to)
		WRITE_ONCE(bytes[from++], 0);
}

/* Goes on where a signal ended it. */
static int memlab_clear_body(struct memlab_buffer *buf, unsigned int state)
{
	u64 n;

	while (buf->cleared_to < buf->bytes) {
		n = min_t(u64, buf->bytes - buf->cleared_to, STEP);
		memset(buf->addr + buf->cleared_to, 0, n);
		buf->cleared_to += n;
		cond_resched();
		if (buf->cleared_to < buf->bytes && signal_pending_state(state, current))
			return -EINTR;
	}
	return 0;
}

/**
 * memlab_content_clear() - get a buffer ready to be seen
 * @buf: the buffer
 * @state: TASK_INTERRUPTIBLE, or TASK_KILLABLE where only a fatal signal counts
 *
 * Called before anything that shows, compares or changes content. Not part of the
 * allocation, whose cost and raw content are worth looking at.
 *
 * Return: 0, or -EINTR when a signal came first.
 */
int memlab_content_clear(struct memlab_buffer *buf, unsigned int state)
{
	int err;

	err = memlab_buffer_lock(buf, state);
	if (err)
		return err;
	if (!buf->cleared) {
		if (!buf->zeroed)
			err = memlab_clear_body(buf, state);
		if (!err) {
			memlab_clear_tail(buf->addr, buf->bytes, memlab_region_map_length(buf));
			buf->cleared = true;
		}
	}
	memlab_buffer_unlock(buf);
	return err;
}

/**
 * memlab_content_count() - how many bytes are not zero
 * @buf: a buffer that nobody else can find
 * @from: the first byte to count
 * @stale: out: the number of them, up to the end
 *
 * Return: 0, or -EINTR when a signal came first.
 */
int memlab_content_count(const struct memlab_buffer *buf, u64 from, u64 *stale)
{
	u64 end;

	*stale = 0;
	while (from < buf->bytes) {
		for (end = min_t(u64, buf->bytes, from + STEP); from < end; from++)
			*stale += !!READ_ONCE(*(u8 *)(buf->addr + from));
		cond_resched();
		if (from < buf->bytes && signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * memlab_content_get() - a buffer whose content a request is about, ready for it
 * @req: the request
 * @id: the buffer's id
 * @zero: all members that must be 0, or-ed together
 * @offset: first byte
 * @length: bytes
 *
 * Return: the buffer, to be put, or an ERR_PTR(): -EINVAL, -ENOENT, -ERANGE when
 * the bytes do not all lie in the buffer, -EINTR when a signal came first.
 */
struct memlab_buffer *memlab_content_get(const struct memlab_request *req, u32 id, u64 zero,
					 u64 offset, u64 length)
{
	struct memlab_buffer *buf = memlab_request_buffer(req, id, zero);
	int err;

	if (IS_ERR(buf))
		return buf;
	if (offset > buf->bytes || length > buf->bytes - offset)
		err = -ERANGE;
	else
		err = memlab_content_clear(buf, TASK_INTERRUPTIBLE);
	if (err) {
		memlab_buffer_put(buf);
		return ERR_PTR(err);
	}
	return buf;
}

static int memlab_transfer(struct memlab_buffer *buf, struct memlab_transfer *arg, bool write)
{
	void __user *data = u64_to_user_ptr(arg->data);
	u64 n, left;
	void *addr;

	arg->done = 0;
	while (arg->done < arg->length) {
		if (signal_pending(current))
			return arg->done ? 0 : -EINTR;
		n = min_t(u64, arg->length - arg->done, STEP);
		addr = buf->addr + arg->offset + arg->done;
		if (write)
			left = memlab_copy_in(addr, data + arg->done, n);
		else
			left = copy_to_user(data + arg->done, addr, n);
		arg->done += n - left;
		if (left)
			return arg->done ? 0 : -EFAULT;
		cond_resched();
	}
	return 0;
}

static int memlab_ioctl_transfer(struct memlab_request *req, bool write)
{
	struct memlab_transfer *arg = req->arg;
	struct memlab_buffer *buf;
	int err;

	buf = memlab_content_get(req, arg->id, arg->flags | arg->reserved, arg->offset,
				 arg->length);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	/* The kernel would stop (CONFIG_HARDENED_USERCOPY). */
	if (buf->cache && !memlab_cache_copyable(buf->cache, arg->offset, arg->length) &&
	    !memlab_cache_dares())
		err = -EOPNOTSUPP;
	else
		err = memlab_transfer(buf, arg, write);
	if (!err)
		err = memlab_reply(req, arg);
	memlab_buffer_put(buf);
	return err;
}

int memlab_ioctl_read(struct memlab_request *req)
{
	return memlab_ioctl_transfer(req, false);
}

int memlab_ioctl_write(struct memlab_request *req)
{
	return memlab_ioctl_transfer(req, true);
}
