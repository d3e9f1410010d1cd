// SPDX-License-Identifier: GPL-2.0-only
/* A buffer to physical extents. */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "walk.h"

/* Pages between two looks for a signal. */
#define WALK_PAGES 1024
#define WALK_PARTS (WALK_PAGES / MEMLAB_WALK_PAGES)

/* Extents that are copied to the caller at a time. */
#define FEW_EXTENTS 16

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
	if (memlab_region_map_length(buf))
		flags |= MEMLAB_BUFFER_MAPPABLE;
	if (!memlab_may_see_phys())
		flags |= MEMLAB_BUFFER_PHYS_HIDDEN;
	if (!memlab_may_see_kaddr())
		flags |= MEMLAB_BUFFER_KADDR_HIDDEN;
	return flags;
}

/* Whether @next goes on where @page ends, as far as an extent is concerned. */
static __always_inline bool memlab_pages_join(const struct page *page, const struct page *next)
{
	return page_to_pfn(next) == page_to_pfn(page) + 1 &&
	       page_to_nid(next) == page_to_nid(page) && page_zonenum(next) == page_zonenum(page);
}

/* How many pages go on from one to the next, beginning with that of an offset; or -EINTR. */
static long memlab_layout_run(struct memlab_walk *walk, u64 start)
{
	const struct memlab_buffer *buf = walk->buf;
	unsigned long first = (unsigned long)(buf->addr + start) >> PAGE_SHIFT, number = first;
	unsigned long last = (unsigned long)(buf->addr + buf->bytes - 1) >> PAGE_SHIFT;
	struct page *page = memlab_walk_page(walk, start), **next, **end;
	unsigned int parts = 0;

	next = &walk->pages[number - walk->first + 1];
	end = walk->pages + walk->count;
	for (; number < last; number++, page = *next++) {
		if (next == end) {
			memlab_walk_fill(walk, number + 1);
			next = walk->pages;
			end = next + walk->count;
			if (++parts % WALK_PARTS == 0) {
				if (fatal_signal_pending(current))
					return -EINTR;
				cond_resched();
			}
		}
		if (!memlab_pages_join(page, *next))
			break;
	}
	return number - first + 1;
}

static void memlab_layout_fill_in(struct memlab_extent *extent, const struct page *page,
				  u64 in_page, u64 start, u64 length)
{
	*extent = (struct memlab_extent){
		.offset = start,
		.phys = page_to_phys(page) + in_page,
		.length = length,
		.node = page_to_nid(page),
		.zone = memlab_zone_number(page),
	};
}

/* Of a buffer of neighbouring pages there is but one. */
static void memlab_layout_linear(const struct memlab_buffer *buf, u64 start,
				 struct memlab_extent *extent)
{
	memlab_layout_fill_in(extent, memlab_backing_page(buf, start),
			      offset_in_page(buf->addr + start), start, buf->bytes - start);
}

/**
 * memlab_layout_extent() - the extent that starts at an offset, or goes on there
 * @walk: a walk through the buffer
 * @start: the offset, below the size
 * @extent: is filled in, as if everybody could see physical addresses
 *
 * Return: 0, or -EINTR when a fatal signal came first.
 */
int memlab_layout_extent(struct memlab_walk *walk, u64 start, struct memlab_extent *extent)
{
	const struct memlab_buffer *buf = walk->buf;
	u64 in_page = offset_in_page(buf->addr + start);
	const struct page *page;
	long pages;

	if (memlab_backing_linear(buf)) {
		memlab_layout_linear(buf, start, extent);
		return 0;
	}
	page = memlab_walk_page(walk, start);
	pages = memlab_layout_run(walk, start);
	if (pages < 0)
		return pages;
	memlab_layout_fill_in(extent, page, in_page, start,
			      min(buf->bytes - start, ((u64)pages << PAGE_SHIFT) - in_page));
	return 0;
}

/* Goes on where a signal ended it. By itself, as what it needs of the stack is cleared. */
static noinline int memlab_layout_walk_pages(struct memlab_buffer *buf)
{
	struct memlab_region *region = buf->region;
	struct page *page = NULL, *next;
	struct memlab_walk walk;
	u64 end;

	memlab_walk_init(&walk, buf);
	if (region->walked_to && region->walked_to < buf->bytes)
		page = memlab_backing_page(buf, region->walked_to - PAGE_SIZE);
	while (region->walked_to < buf->bytes) {
		end = min(region->walked_to + PAGE_SIZE, buf->bytes);
		next = memlab_walk_page(&walk, region->walked_to);
		if (!page || !memlab_pages_join(page, next)) {
			buf->extent_count++;
			region->last_extent = 0;
		}
		page = next;
		region->last_extent += end - region->walked_to;
		buf->largest_extent = max(buf->largest_extent, region->last_extent);
		region->walked_to = end;
		if (end / PAGE_SIZE % WALK_PAGES == 0) {
			cond_resched();
			if (end < buf->bytes && signal_pending(current))
				return -EINTR;
		}
	}
	return 0;
}

static int memlab_layout_walk(struct memlab_buffer *buf)
{
	int err = 0;

	/* Of what was walked before, it is the same. */
	buf->phys = memlab_layout_phys(buf);
	if (memlab_backing_linear(buf)) {
		buf->extent_count = 1;
		buf->largest_extent = buf->bytes;
	} else {
		err = memlab_layout_walk_pages(buf);
	}
	if (err)
		return err;
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
	int err = 0;

	/* Pairs with the release when the walk has come to its end. */
	if (smp_load_acquire(&buf->walked)) {
		*count = buf->extent_count;
		*largest = buf->largest_extent;
		return 0;
	}
	err = memlab_buffer_lock(buf, TASK_INTERRUPTIBLE);
	if (err)
		return err;
	err = memlab_layout_walk(buf);
	*count = buf->extent_count;
	*largest = buf->largest_extent;
	memlab_buffer_unlock(buf);
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
	if (buf->region) {
		buf->region->walked_to = 0;
		buf->region->last_extent = 0;
	}
	buf->extent_count = 0;
	buf->largest_extent = 0;
	buf->walked = false;
}

/* The next few extents; *@offset is that of what follows. Returns their number, or -EINTR. */
static int memlab_layout_few(struct memlab_walk *walk, const struct memlab_layout *arg,
			     struct memlab_extent *extents, u64 *offset)
{
	u32 most = min_t(u32, FEW_EXTENTS, arg->capacity - arg->count), count;
	int err;

	for (count = 0; count < most && *offset < walk->buf->bytes; count++) {
		err = memlab_layout_extent(walk, *offset, &extents[count]);
		if (err)
			return err;
		*offset += extents[count].length;
		if (arg->flags & MEMLAB_BUFFER_PHYS_HIDDEN)
			extents[count].phys = 0;
	}
	return count;
}

/* All that a buffer of neighbouring pages has. */
static int memlab_layout_copy_one(const struct memlab_buffer *buf, struct memlab_layout *arg)
{
	struct memlab_extent extent;

	arg->count = 0;
	arg->next = arg->capacity ? 0 : arg->start;
	if (!arg->capacity)
		return 0;
	memlab_layout_linear(buf, arg->start, &extent);
	if (arg->flags & MEMLAB_BUFFER_PHYS_HIDDEN)
		extent.phys = 0;
	if (copy_to_user(u64_to_user_ptr(arg->extents), &extent, sizeof(extent)))
		return -EFAULT;
	arg->count = 1;
	return 0;
}

/* By itself, as its stack need not be cleared where it is not wanted. */
static noinline int memlab_layout_copy(const struct memlab_buffer *buf, struct memlab_layout *arg)
{
	struct memlab_extent __user *array = u64_to_user_ptr(arg->extents);
	struct memlab_extent extents[FEW_EXTENTS];
	struct memlab_walk walk;
	u64 offset = arg->start;
	int count;

	memlab_walk_init(&walk, buf);
	arg->count = 0;
	while (arg->count < arg->capacity && offset < buf->bytes) {
		count = memlab_layout_few(&walk, arg, extents, &offset);
		if (count < 0)
			return count;
		if (copy_to_user(&array[arg->count], extents, count * sizeof(*extents)))
			return -EFAULT;
		arg->count += count;
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
	if (memlab_backing_linear(buf))
		err = memlab_layout_copy_one(buf, arg);
	else
		err = memlab_layout_copy(buf, arg);
	if (!err)
		err = memlab_reply(req, arg);
out_put:
	memlab_buffer_put(buf);
	return err;
}
