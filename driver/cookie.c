// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cookies: the ranges of mmap offsets that stand for buffers.
 *
 * The tree is instantiated here because not every kernel has the common one
 * (CONFIG_INTERVAL_TREE).
 */
#include <linux/interval_tree_generic.h>
#include <linux/limits.h>
#include <linux/mm.h>

#include "memlab.h"

/*
 * 32-bit programs pass page offsets of 32 bits to mmap2(), so cookies stay below
 * that. Page 0 is left out: an offset of zero is what a program passes that did
 * not ask.
 */
#define COOKIE_FIRST 1UL
#define COOKIE_LAST  ((unsigned long)U32_MAX)

#define cookie_start(cookie) ((cookie)->start)
#define cookie_last(cookie)  ((cookie)->last)

INTERVAL_TREE_DEFINE(struct memlab_cookie, rb, unsigned long, subtree_last, cookie_start,
		     cookie_last, static inline, cookie_tree)

static struct rb_root_cached cookies = RB_ROOT_CACHED;
static unsigned long next_start = COOKIE_FIRST;

/**
 * memlab_cookie_insert() - give a buffer its range of offsets
 * @buf: the buffer; nothing to do if it cannot be mapped
 *
 * Ranges are handed out in ascending order, so that one is not used again soon
 * after its buffer is gone, and a program that kept it gets an error and not the
 * pages of another buffer.
 *
 * Return: 0, or -ENOSPC when no gap is large enough.
 */
int memlab_cookie_insert(struct memlab_buffer *buf)
{
	unsigned long pages = memlab_region_map_length(buf) >> PAGE_SHIFT;
	unsigned long start = next_start;
	struct memlab_cookie *taken, *cookie;
	bool wrapped = false;

	if (!pages)
		return 0;
	if (pages > COOKIE_LAST - COOKIE_FIRST + 1)
		return -ENOSPC;
	for (;;) {
		if (start > COOKIE_LAST - pages + 1) {
			if (wrapped)
				return -ENOSPC;
			wrapped = true;
			start = COOKIE_FIRST;
		}
		taken = cookie_tree_iter_first(&cookies, start, start + pages - 1);
		if (!taken)
			break;
		start = taken->last + 1;
	}
	cookie = &buf->region->cookie;
	cookie->start = start;
	cookie->last = start + pages - 1;
	cookie_tree_insert(cookie, &cookies);
	next_start = cookie->last + 1;
	return 0;
}

void memlab_cookie_remove(struct memlab_buffer *buf)
{
	if (memlab_region_map_length(buf))
		cookie_tree_remove(&buf->region->cookie, &cookies);
}

/**
 * memlab_cookie_find() - whose range some page offsets lie in
 * @pgoff: first page offset
 * @pages: number of page offsets, from 1
 *
 * Return: the one buffer whose range holds them all, or NULL.
 */
struct memlab_buffer *memlab_cookie_find(unsigned long pgoff, unsigned long pages)
{
	struct memlab_cookie *cookie = cookie_tree_iter_first(&cookies, pgoff, pgoff);

	if (!cookie || pages > cookie->last - pgoff + 1)
		return NULL;
	return container_of(cookie, struct memlab_region, cookie)->buf;
}
