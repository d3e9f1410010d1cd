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

/* Extents that are copied to the caller at a time. */
#define FEW_EXTENTS 32

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

/* MEMLAB_BUFFER_*, as far as this caller is concerned; but for kernel addresses. */
u32 memlab_layout_flags(const struct memlab_buffer *buf, u64 extent_count)
{
	u32 flags = 0;

	if (extent_count == 1)
		flags |= MEMLAB_BUFFER_CONTIGUOUS;
	if (memlab_region_map_length(buf))
		flags |= MEMLAB_BUFFER_MAPPABLE;
	if (!memlab_may_see_phys())
		flags |= MEMLAB_BUFFER_PHYS_HIDDEN;
	return flags;
}

/* Of the zone, and so of the node. */
static __always_inline bool memlab_zones_join(unsigned long pfn, unsigned long other)
{
	return page_zone_id(pfn_to_page(pfn)) == page_zone_id(pfn_to_page(other));
}

/* Whether a frame goes on where another one ends. */
static __always_inline bool memlab_frames_join(unsigned long pfn, unsigned long next)
{
	return next == pfn + 1 && memlab_zones_join(pfn, next);
}

/*
 * How many of so many neighbours are in the zone of the first. They are those of one page
 * table; no part of a zone is that small, so that if the ends are, all are (as in
 * mm/page_alloc.c, __pageblock_pfn_to_page()).
 */
static __always_inline unsigned long memlab_zone_run(unsigned long pfn, unsigned long run)
{
	unsigned long count = 1;

	if (likely(memlab_zones_join(pfn, pfn + run - 1)))
		return run;
	while (memlab_zones_join(pfn, pfn + count))
		count++;
	return count;
}

/* All but its length. */
static __always_inline void memlab_extent_begin(struct memlab_extent *extent, u64 offset,
						unsigned long pfn, u64 in_page)
{
	const struct page *page = pfn_to_page(pfn);

	extent->offset = offset;
	extent->phys = PFN_PHYS(pfn) + in_page;
	extent->node = page_to_nid(page);
	extent->zone = memlab_zone_number(page);
}

/* Of a buffer of neighbouring pages there is but one. */
static void memlab_layout_linear(const struct memlab_buffer *buf, u64 start,
				 struct memlab_extent *extent)
{
	memlab_extent_begin(extent, start, page_to_pfn(memlab_backing_page(buf, start)),
			    offset_in_page(buf->addr + start));
	extent->length = buf->bytes - start;
}

/*
 * Where extents begin, up to the end or to the first that there is no room for; *@offset is
 * where that is. For pages of vmalloc(), which begin where the buffer does.
 *
 * Returns their number, or -EINTR.
 */
static int memlab_layout_begins(struct memlab_walk *walk, u64 *offset,
				struct memlab_extent *extents, u32 most)
{
	struct memlab_frames frames; /* by itself, so that it can be kept in registers */
	unsigned long pfn, last = 0, run, i;
	u64 at = *offset;
	u32 count = 0;

	while (at < walk->buf->bytes) {
		memlab_walk_look(walk, at);
		frames = walk->frames;
		for (i = 0; i < frames.count; i += run) {
			pfn = memlab_frames_peek(&frames, i);
			run = memlab_zone_run(pfn, memlab_frames_run(&frames, i));
			if (!count || !memlab_frames_join(last, pfn)) {
				if (count == most) {
					*offset = at;
					return count;
				}
				memlab_extent_begin(&extents[count++], at, pfn, offset_in_page(at));
			}
			last = pfn + run - 1;
			at = PAGE_ALIGN_DOWN(at) + run * PAGE_SIZE;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	*offset = walk->buf->bytes;
	return count;
}

/**
 * memlab_layout_extents() - the next extents of a buffer
 * @walk: a walk through the buffer
 * @offset: where the first one starts or goes on, below the size; out: where the last one ends
 * @extents: are filled in, as if everybody could see physical addresses
 * @most: room for so many, from 1
 *
 * Return: how many there are, or -EINTR when a fatal signal came first.
 */
int memlab_layout_extents(struct memlab_walk *walk, u64 *offset, struct memlab_extent *extents,
			  u32 most)
{
	int count, i;
	u64 end;

	if (memlab_backing_linear(walk->buf)) {
		memlab_layout_linear(walk->buf, *offset, extents);
		*offset = walk->buf->bytes;
		return 1;
	}
	count = memlab_layout_begins(walk, offset, extents, most);
	for (i = count - 1, end = *offset; i >= 0; end = extents[i--].offset)
		extents[i].length = end - extents[i].offset;
	return count;
}

/* Goes on where a signal ended it. By itself, as what it needs of the stack is cleared. */
static noinline int memlab_layout_walk_pages(struct memlab_buffer *buf)
{
	struct memlab_region *region = buf->region;
	struct memlab_walk walk = { .buf = buf };
	unsigned long pfn, last = 0;
	u64 end;

	if (region->walked_to && region->walked_to < buf->bytes)
		last = memlab_walk_pfn(&walk, region->walked_to - PAGE_SIZE);
	while (region->walked_to < buf->bytes) {
		end = min(region->walked_to + PAGE_SIZE, buf->bytes);
		pfn = memlab_walk_pfn(&walk, region->walked_to);
		if (!region->walked_to || !memlab_frames_join(last, pfn)) {
			buf->extent_count++;
			region->last_extent = 0;
		}
		last = pfn;
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
	struct memlab_walk walk = { .buf = buf };
	u64 offset = arg->start;
	int count, i;

	arg->count = 0;
	while (arg->count < arg->capacity && offset < buf->bytes) {
		count = memlab_layout_extents(&walk, &offset, extents,
					      min_t(u32, FEW_EXTENTS, arg->capacity - arg->count));
		if (count < 0)
			return count;
		for (i = 0; arg->flags & MEMLAB_BUFFER_PHYS_HIDDEN && i < count; i++)
			extents[i].phys = 0;
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
