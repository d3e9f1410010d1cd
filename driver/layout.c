// SPDX-License-Identifier: GPL-2.0-only
/* A buffer to physical extents. */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "memlab.h"

/* Pages between two looks for a signal. */
#define WALK_PAGES 1024

static u32 memlab_zone_number(const struct page *page)
{
	switch (page_zonenum(page)) {
#ifdef CONFIG_ZONE_DMA
	case ZONE_DMA:
		return MEMLAB_ZONE_DMA;
#endif
#ifdef CONFIG_ZONE_DMA32
	case ZONE_DMA32:
		return MEMLAB_ZONE_DMA32;
#endif
	case ZONE_NORMAL:
		return MEMLAB_ZONE_NORMAL;
#ifdef CONFIG_HIGHMEM
	case ZONE_HIGHMEM:
		return MEMLAB_ZONE_HIGHMEM;
#endif
	case ZONE_MOVABLE:
		return MEMLAB_ZONE_MOVABLE;
#ifdef CONFIG_ZONE_DEVICE
	case ZONE_DEVICE:
		return MEMLAB_ZONE_DEVICE;
#endif
	default:
		return MEMLAB_ZONE_UNKNOWN;
	}
}

/* Physical address of the first byte. */
phys_addr_t memlab_layout_phys(const struct memlab_buffer *buf)
{
	return page_to_phys(memlab_backing_page(buf, 0)) + offset_in_page(buf->addr);
}

/* MEMLAB_BUFFER_*, as far as this caller is concerned. */
u32 memlab_layout_flags(const struct memlab_buffer *buf, u64 extent_count)
{
	u32 flags = 0;

	if (extent_count == 1)
		flags |= MEMLAB_BUFFER_CONTIGUOUS;
	if (buf->map_length)
		flags |= MEMLAB_BUFFER_MAPPABLE;
	if (!memlab_may_see_phys())
		flags |= MEMLAB_BUFFER_PHYS_HIDDEN;
	if (!memlab_may_see_kaddr())
		flags |= MEMLAB_BUFFER_KADDR_HIDDEN;
	return flags;
}

/* Whether @next goes on where @page ends, as far as an extent is concerned. */
static bool memlab_pages_join(const struct page *page, const struct page *next)
{
	return page_to_pfn(next) == page_to_pfn(page) + 1 &&
	       page_to_nid(next) == page_to_nid(page) && page_zonenum(next) == page_zonenum(page);
}

/**
 * memlab_layout_extent() - the extent that starts at an offset, or goes on there
 * @buf: the buffer
 * @start: the offset, below the size
 * @extent: is filled in, as if everybody could see physical addresses
 *
 * Return: 0, or -EINTR when a fatal signal came first.
 */
int memlab_layout_extent(const struct memlab_buffer *buf, u64 start, struct memlab_extent *extent)
{
	u64 in_page = offset_in_page(buf->addr + start);
	struct page *page = memlab_backing_page(buf, start);
	u64 end = start - in_page + PAGE_SIZE;
	struct page *next;

	*extent = (struct memlab_extent){
		.offset = start,
		.phys = page_to_phys(page) + in_page,
		.node = page_to_nid(page),
		.zone = memlab_zone_number(page),
	};
	if (memlab_backing_linear(buf))
		end = buf->bytes;

	for (; end < buf->bytes; end += PAGE_SIZE) {
		next = memlab_backing_page(buf, end);
		if (!memlab_pages_join(page, next))
			break;
		page = next;
		if (end / PAGE_SIZE % WALK_PAGES == 0) {
			if (fatal_signal_pending(current))
				return -EINTR;
			cond_resched();
		}
	}
	extent->length = min(end, buf->bytes) - start;
	return 0;
}

/* Goes on where a signal ended it. */
static int memlab_layout_walk(struct memlab_buffer *buf)
{
	struct page *page = NULL, *next;
	u64 end;

	if (!buf->walked_to)
		buf->phys = memlab_layout_phys(buf);
	if (memlab_backing_linear(buf)) {
		buf->extent_count = 1;
		buf->largest_extent = buf->bytes;
		buf->walked_to = buf->bytes;
	}
	if (buf->walked_to && buf->walked_to < buf->bytes)
		page = memlab_backing_page(buf, buf->walked_to - PAGE_SIZE);
	while (buf->walked_to < buf->bytes) {
		end = min(buf->walked_to + PAGE_SIZE, buf->bytes);
		next = memlab_backing_page(buf, buf->walked_to);
		if (!page || !memlab_pages_join(page, next)) {
			buf->extent_count++;
			buf->last_extent = 0;
		}
		page = next;
		buf->last_extent += end - buf->walked_to;
		buf->largest_extent = max(buf->largest_extent, buf->last_extent);
		buf->walked_to = end;
		if (end / PAGE_SIZE % WALK_PAGES == 0) {
			cond_resched();
			if (end < buf->bytes && signal_pending(current))
				return -EINTR;
		}
	}
	/* Who sees it set sees the rest (snapshot.c). */
	smp_store_release(&buf->walked, true);
	return 0;
}

/**
 * memlab_layout_summary() - number of extents and length of the longest
 * @buf: the buffer
 * @count: out
 * @largest: out, bytes
 *
 * A buffer's pages change only when it is resized, so they are walked once.
 *
 * Return: 0, or -EINTR when a signal came first.
 */
int memlab_layout_summary(struct memlab_buffer *buf, u64 *count, u64 *largest)
{
	int err;

	if (mutex_lock_interruptible(&buf->lock))
		return -EINTR;
	err = memlab_layout_walk(buf);
	*count = buf->extent_count;
	*largest = buf->largest_extent;
	mutex_unlock(&buf->lock);
	return err;
}

/*
 * The buffer has got its pages, and nobody else uses it yet: so dumps need no reference,
 * which would be in the way of RESIZE. What a signal ends goes on when somebody asks.
 */
void memlab_layout_count(struct memlab_buffer *buf)
{
	memlab_layout_walk(buf);
}

/* The buffer has other pages now; nobody else uses it. */
void memlab_layout_forget(struct memlab_buffer *buf)
{
	buf->walked_to = 0;
	buf->extent_count = 0;
	buf->largest_extent = 0;
	buf->last_extent = 0;
	buf->walked = false;
}

static int memlab_layout_copy(const struct memlab_buffer *buf, struct memlab_layout *arg)
{
	struct memlab_extent __user *array = u64_to_user_ptr(arg->extents);
	struct memlab_extent extent;
	u64 offset = arg->start;
	int err;

	arg->count = 0;
	while (arg->count < arg->capacity && offset < buf->bytes) {
		err = memlab_layout_extent(buf, offset, &extent);
		if (err)
			return err;
		if (arg->flags & MEMLAB_BUFFER_PHYS_HIDDEN)
			extent.phys = 0;
		if (copy_to_user(&array[arg->count], &extent, sizeof(extent)))
			return -EFAULT;
		offset += extent.length;
		arg->count++;
		if (signal_pending(current))
			break;
		cond_resched();
	}
	arg->next = offset < buf->bytes ? offset : 0;
	return 0;
}

int memlab_ioctl_layout(struct memlab_request *req)
{
	struct memlab_layout *arg = req->arg;
	struct memlab_buffer *buf;
	u64 largest;
	int err;

	buf = memlab_request_buffer(req, arg->id, arg->flags | arg->reserved);
	if (IS_ERR(buf))
		return PTR_ERR(buf);

	err = -ERANGE;
	if (arg->start >= buf->bytes)
		goto out_put;
	err = memlab_layout_summary(buf, &arg->extent_count, &largest);
	if (err)
		goto out_put;
	arg->flags = memlab_layout_flags(buf, arg->extent_count);
	err = memlab_layout_copy(buf, arg);
	if (!err)
		err = memlab_reply(req, arg);
out_put:
	memlab_buffer_put(buf);
	return err;
}
