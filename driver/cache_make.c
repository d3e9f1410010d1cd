// SPDX-License-Identifier: GPL-2.0-only
/* kmem_cache_create(), and what a cache and its objects take. */
#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "cache.h"
#include "compat.h"

/* The largest slab of small objects (mm/slub.c, slub_max_order). */
#define MEMLAB_CACHE_SLAB SZ_32K
/* Pages that there must be to make one. */
#define MEMLAB_CACHE_PAGES 1024

/*
 * Objects that a processor may keep for itself beside the slab that it takes them from.
 * Up to Linux 6.19 those of its partial slabs, which are taken to be half full
 * (set_cpu_partial()), since then two sheaves of fewer (calculate_sheaf_capacity()).
 */
static u64 memlab_cache_kept(u64 bytes)
{
	if (bytes >= PAGE_SIZE)
		return 12;
	if (bytes >= 1024)
		return 48;
	return bytes >= 256 ? 104 : 240;
}

/*
 * What so many objects may take (mm/slub.c, calculate_order()): up to a quarter of a
 * slab may be lost, or more where not even 32 KiB (slub_max_order) lose less. An object
 * that one processor keeps is none for another. What a node keeps serves all its
 * processors; where there are several, up to ten empty slabs of each go uncounted. So
 * does what slub_debug or KASAN add to an object, of which modules are not told.
 */
u64 memlab_cache_takes(const struct memlab_cache *cache, u64 objects)
{
	u64 align = max_t(u64, cache->align, ARCH_SLAB_MINALIGN);
	u64 bytes, slab, kept;

	if (cache->flags & MEMLAB_CACHE_HWCACHE_ALIGN)
		align = max_t(u64, align, cache_line_size());
	bytes = ALIGN(cache->bytes, align);
	kept = memlab_cache_kept(bytes);
	if (bytes > MEMLAB_CACHE_SLAB)
		bytes = PAGE_SIZE << get_order(bytes);
	else
		bytes = max(bytes + DIV_ROUND_UP(bytes, 3),
			    DIV_ROUND_UP(MEMLAB_CACHE_SLAB, MEMLAB_CACHE_SLAB / bytes));
	slab = max_t(u64, MEMLAB_CACHE_SLAB, bytes);
	return num_online_cpus() * (slab + kept * bytes) + max(slab, objects * bytes);
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
