// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only a buffer needs that can be mapped, or that is not one run of pages: objects of
 * less than a page, of which there may be very many, do without.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "memlab.h"

/* Of all buffers without a region: their bytes are few. */
static DEFINE_MUTEX(memlab_small_lock);

/*
 * A mapping shows whole pages, so a buffer can be mapped only if it starts one and owns
 * the last one to its end. Objects of caches declare for themselves what user space may
 * touch, so they are not mapped at all.
 */
static u64 memlab_region_length(const struct memlab_buffer *buf)
{
	u64 length = PAGE_ALIGN(buf->bytes);

	if (buf->cache || !PAGE_ALIGNED(buf->addr) || buf->usable < length)
		return 0;
	/* Without special entries, mapping a page means taking a reference to it. */
	if (memlab_backing_map_kind(buf) == MEMLAB_MAP_SPECIAL &&
	    !IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL))
		return 0;
	return length;
}

static int memlab_region_make(struct memlab_buffer *buf, gfp_t gfp)
{
	struct memlab_region *region;

	if (buf->region)
		return 0;
	region = kzalloc(sizeof(*region), gfp);
	if (!region)
		return -ENOMEM;
	region->buf = buf;
	mutex_init(&region->lock);
	/* Dumps look at it without a lock (snapshot.c). */
	smp_store_release(&buf->region, region);
	return 0;
}

/**
 * memlab_region_begin() - give a buffer what it needs for its pages
 * @buf: a buffer that has got its memory, and that nobody can find yet
 *
 * Return: 0 or -ENOMEM.
 */
int memlab_region_begin(struct memlab_buffer *buf)
{
	u64 length = memlab_region_length(buf);
	int err;

	if (!length && memlab_backing_linear(buf))
		return 0;
	err = memlab_region_make(buf, MEMLAB_GFP_OWN);
	if (!err)
		buf->region->map_length = length;
	return err;
}

/**
 * memlab_region_expect() - the same for a buffer that is about to be resized
 * @buf: the buffer; nobody else uses it
 * @bytes: its new size
 * @nofail: the request has __GFP_NOFAIL, and must not fail for want of memlab's own memory
 *
 * A size class above half a page has whole pages.
 *
 * Return: 0 or -ENOMEM.
 */
int memlab_region_expect(struct memlab_buffer *buf, u64 bytes, bool nofail)
{
	if (bytes <= PAGE_SIZE / 2)
		return 0;
	return memlab_region_make(buf, nofail ? GFP_KERNEL_ACCOUNT | __GFP_NOFAIL : MEMLAB_GFP_OWN);
}

/* It has been resized, and is in no tree; table lock. */
void memlab_region_update(struct memlab_buffer *buf)
{
	if (buf->region)
		buf->region->map_length = memlab_region_length(buf);
}

/* It cannot be mapped, whatever it is; table lock. */
void memlab_region_unmap(struct memlab_buffer *buf)
{
	if (buf->region)
		buf->region->map_length = 0;
}

/* Bytes that can be mapped; 0 if none can. */
u64 memlab_region_map_length(const struct memlab_buffer *buf)
{
	const struct memlab_region *region = READ_ONCE(buf->region);

	return region ? region->map_length : 0;
}

/* For mmap(); 0 if it cannot be mapped. */
u64 memlab_region_map_offset(const struct memlab_buffer *buf)
{
	const struct memlab_region *region = READ_ONCE(buf->region);

	return region && region->map_length ? (u64)region->cookie.start << PAGE_SHIFT : 0;
}

static struct mutex *memlab_buffer_mutex(struct memlab_buffer *buf)
{
	return buf->region ? &buf->region->lock : &memlab_small_lock;
}

/* What is cleared or counted once; @state as for memlab_content_clear(). 0 or -EINTR. */
int memlab_buffer_lock(struct memlab_buffer *buf, unsigned int state)
{
	struct mutex *lock = memlab_buffer_mutex(buf);
	int err;

	if (state == TASK_KILLABLE)
		err = mutex_lock_killable(lock);
	else
		err = mutex_lock_interruptible(lock);
	return err ? -EINTR : 0;
}

void memlab_buffer_unlock(struct memlab_buffer *buf)
{
	mutex_unlock(memlab_buffer_mutex(buf));
}
