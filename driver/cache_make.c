// SPDX-License-Identifier: GPL-2.0-only
/* kmem_cache_create(), and what a cache and its objects take. */
#include <linux/cache.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "cache.h"
#include "compat.h"

/* A cache counts for one slab at least. */
#define MEMLAB_CACHE_LEAST SZ_32K
/* Pages that there must be to make one. */
#define MEMLAB_CACHE_PAGES 1024

/*
 * What so many objects may take (mm/slub.c, calculate_order()): up to a quarter of a
 * slab may be lost, or more where not even 32 KiB (slub_max_order) lose less.
 */
u64 memlab_cache_takes(const struct memlab_cache *cache, u64 objects)
{
	u64 align = max_t(u64, cache->align, ARCH_SLAB_MINALIGN);
	u64 bytes;

	if (cache->flags & MEMLAB_CACHE_HWCACHE_ALIGN)
		align = max_t(u64, align, cache_line_size());
	bytes = ALIGN(cache->bytes, align);
	if (bytes > MEMLAB_CACHE_LEAST)
		bytes = PAGE_SIZE << get_order(bytes);
	else
		bytes = max(bytes + DIV_ROUND_UP(bytes, 3),
			    DIV_ROUND_UP(MEMLAB_CACHE_LEAST, MEMLAB_CACHE_LEAST / bytes));
	return max_t(u64, MEMLAB_CACHE_LEAST, objects * bytes);
}

struct memlab_cache_work {
	struct work_struct work;
	struct memlab_cache *cache;
};

/*
 * Who is bound by limits gets a cache for itself: the slabs of a merged one stay while
 * anybody has an object there, and would count for nobody.
 */
static void memlab_cache_make_work(struct work_struct *work)
{
	struct memlab_cache *cache = container_of(work, struct memlab_cache_work, work)->cache;
	slab_flags_t flags = cache->never_merged ? MEMLAB_SLAB_UNMERGED : 0;

	if (cache->flags & MEMLAB_CACHE_NO_MERGE)
		flags |= SLAB_NO_MERGE;
	if (cache->flags & MEMLAB_CACHE_HWCACHE_ALIGN)
		flags |= SLAB_HWCACHE_ALIGN;
	snprintf(cache->name, sizeof(cache->name), "memlab-%u", cache->id);
	if (cache->flags & MEMLAB_CACHE_USERCOPY)
		cache->kernel = kmem_cache_create_usercopy(cache->name, cache->bytes, cache->align,
							   flags, cache->user_offset,
							   cache->user_bytes, NULL);
	else
		cache->kernel =
			kmem_cache_create(cache->name, cache->bytes, cache->align, flags, NULL);
}

/*
 * kmem_cache_create() prints a stack trace when it fails. So nobody may kill the one
 * who calls it (mm/percpu.c takes a lock that a fatal signal ends), and there must be
 * some memory.
 */
int memlab_cache_make(struct memlab_cache *cache)
{
	struct memlab_cache_work work = { .cache = cache };

	if (si_mem_available() < MEMLAB_CACHE_PAGES)
		return -ENOMEM;
	INIT_WORK_ONSTACK(&work.work, memlab_cache_make_work);
	queue_work(memlab_unbound_workqueue(), &work.work);
	flush_work(&work.work);
	destroy_work_on_stack(&work.work);
	return cache->kernel ? 0 : -ENOMEM;
}
