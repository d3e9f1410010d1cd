// SPDX-License-Identifier: GPL-2.0-only
/* The callers' own slab caches: their table, and a cache's life. */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "cache.h"

/* The xarray's lock is the cache lock. */
static DEFINE_XARRAY_ALLOC1(memlab_caches);
static atomic_t memlab_cache_changes = ATOMIC_INIT(1);

/* As memlab_table_changed() and memlab_table_generation(), of caches. */
static void memlab_cache_changed(void)
{
	if (atomic_inc_return(&memlab_cache_changes) == 0)
		atomic_inc(&memlab_cache_changes);
}

u32 memlab_cache_generation(void)
{
	return atomic_read_acquire(&memlab_cache_changes);
}

/**
 * memlab_cache_create() - make a cache that nobody can find yet
 * @req: the ioctl
 * @arg: the request, checked
 *
 * Ids, and with them names, are used again as soon as possible: the kernel never
 * removes the link to a merged cache from /sys/kernel/slab, but replaces it when there
 * is another cache of that name (mm/slub.c, sysfs_slab_alias()). End it with
 * memlab_cache_publish() or memlab_cache_abort().
 *
 * Return: the cache, or an ERR_PTR() with an errno of the ABI.
 */
struct memlab_cache *memlab_cache_create(struct memlab_request *req,
					 const struct memlab_cache_create *arg)
{
	struct memlab_cache *cache = kzalloc(sizeof(*cache), MEMLAB_GFP_OWN);
	int err;

	if (!cache)
		return ERR_PTR(-ENOMEM);
	kref_init(&cache->ref);
	INIT_LIST_HEAD(&cache->file_link);
	memlab_owner_init(&cache->owner, req->filp->private_data);
	cache->flags = arg->flags;
	cache->align = arg->align;
	cache->bytes = arg->bytes;
	cache->user_offset = arg->user_offset;
	cache->user_bytes = arg->user_bytes;
	cache->never_merged = !memlab_quota_exempt();

	err = memlab_quota_charge(&cache->charge, cache->owner.uid, memlab_cache_takes(cache, 0),
				  true);
	if (err)
		goto err_free;
	err = xa_alloc(&memlab_caches, &cache->id, NULL, XA_LIMIT(1, INT_MAX), MEMLAB_GFP_OWN);
	if (err) {
		err = err == -EBUSY ? -ENOSPC : err;
		goto err_uncharge;
	}
	err = memlab_cache_make(cache);
	if (err)
		goto err_erase;
	return cache;

err_erase:
	xa_erase(&memlab_caches, cache->id);
err_uncharge:
	memlab_quota_uncharge(&cache->charge);
err_free:
	memlab_owner_release(&cache->owner);
	kfree(cache);
	return ERR_PTR(err);
}

static void memlab_cache_forget(struct rcu_head *rcu)
{
	struct memlab_cache *cache = container_of(rcu, struct memlab_cache, rcu);

	memlab_owner_release(&cache->owner);
	kfree(cache);
}

static void memlab_cache_release(struct kref *ref)
{
	struct memlab_cache *cache = container_of(ref, struct memlab_cache, ref);

	kmem_cache_destroy(cache->kernel);
	xa_erase(&memlab_caches, cache->id);
	memlab_quota_uncharge(&cache->charge);
	call_rcu(&cache->rcu, memlab_cache_forget);
}

/* May sleep, and destroy the cache. */
void memlab_cache_put(struct memlab_cache *cache)
{
	kref_put(&cache->ref, memlab_cache_release);
}

/* Let everyone who may use it find the cache. Takes over the caller's reference. */
void memlab_cache_publish(struct memlab_cache *cache)
{
	xa_lock(&memlab_caches);
	/* The slot is reserved: storing into it needs no memory. */
	__xa_store(&memlab_caches, cache->id, cache, 0);
	cache->live = true;
	list_add_tail(&cache->file_link, &cache->owner.file->caches);
	memlab_cache_changed();
	xa_unlock(&memlab_caches);
}

/* Undo memlab_cache_create(). */
void memlab_cache_abort(struct memlab_cache *cache)
{
	memlab_cache_put(cache);
}

/* With the cache lock held; the caller puts the table's reference afterwards. */
static void memlab_cache_unpublish(struct memlab_cache *cache)
{
	cache->live = false;
	/* Nobody finds it, but the id is taken until the name is free. */
	__xa_store(&memlab_caches, cache->id, XA_ZERO_ENTRY, 0);
	list_del_init(&cache->file_link);
	memlab_cache_changed();
}

/**
 * memlab_cache_remove() - take a cache out of the table, to be destroyed
 * @cache: the cache; the caller has a reference of its own
 *
 * Return: 0, -EBUSY while it has live objects, -ENOENT if somebody else was first.
 */
int memlab_cache_remove(struct memlab_cache *cache)
{
	int err = 0;

	xa_lock(&memlab_caches);
	if (!cache->live)
		err = -ENOENT;
	else if (cache->objects)
		err = -EBUSY;
	else
		memlab_cache_unpublish(cache);
	xa_unlock(&memlab_caches);
	if (!err)
		memlab_cache_put(cache);
	return err;
}

/*
 * A file is released: its persistent caches stay, the others leave the table. Those
 * that have persistent objects go with the last one.
 */
void memlab_cache_forget_file(struct memlab_file *file)
{
	struct memlab_cache *cache;

	xa_lock(&memlab_caches);
	while ((cache = list_first_entry_or_null(&file->caches, struct memlab_cache, file_link))) {
		WRITE_ONCE(cache->owner.file, NULL);
		if (cache->flags & MEMLAB_CACHE_PERSISTENT) {
			list_del_init(&cache->file_link);
			continue;
		}
		memlab_cache_unpublish(cache);
		xa_unlock(&memlab_caches);
		memlab_cache_put(cache);
		cond_resched();
		xa_lock(&memlab_caches);
	}
	xa_unlock(&memlab_caches);
}

/* The module goes: nobody is left but persistent caches, and their objects are gone. */
void memlab_cache_destroy_all(void)
{
	struct memlab_cache *cache;
	unsigned long id;

	xa_for_each(&memlab_caches, id, cache)
		memlab_cache_put(cache);
	xa_destroy(&memlab_caches);
}

/**
 * memlab_cache_get() - a cache by its id
 * @filp: the file through which it is asked for
 * @id: the id
 *
 * Return: the cache, to be put, or ERR_PTR(-ENOENT) when there is none or the
 * caller may not use it.
 */
struct memlab_cache *memlab_cache_get(struct file *filp, u32 id)
{
	struct memlab_cache *cache;

	xa_lock(&memlab_caches);
	cache = xa_load(&memlab_caches, id);
	if (cache && memlab_owner_admits(&cache->owner, filp))
		kref_get(&cache->ref);
	else
		cache = ERR_PTR(-ENOENT);
	xa_unlock(&memlab_caches);
	return cache;
}

/* As memlab_table_next(), of caches. */
int memlab_cache_next(struct file *filp, u32 *id)
{
	unsigned long index = *id;
	struct memlab_cache *cache;
	bool admitted = false;

	do {
		xa_lock(&memlab_caches);
		cache = xa_find_after(&memlab_caches, &index, ULONG_MAX, XA_PRESENT);
		if (cache)
			admitted = memlab_owner_admits(&cache->owner, filp);
		xa_unlock(&memlab_caches);
		if (!cache)
			return -ENOENT;
		if (!admitted && signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (!admitted);
	*id = index;
	return 0;
}

/**
 * memlab_cache_look() - what a cache is
 * @viewer: who asks, through netlink
 * @id: its id
 * @query: is filled in, but for its size and id
 *
 * Return: 0, or -ENOENT when there is none that they may see.
 */
int memlab_cache_look(const struct memlab_viewer *viewer, u32 id, struct memlab_cache_query *query)
{
	const struct memlab_cache *cache;
	int err = -ENOENT;

	rcu_read_lock();
	cache = xa_load(&memlab_caches, id);
	if (cache && memlab_owner_is_seen(&cache->owner, viewer)) {
		memlab_cache_describe(cache, query);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}

/* The same, of the next one above @id, which becomes its id. */
int memlab_cache_look_next(const struct memlab_viewer *viewer, u32 *id,
			   struct memlab_cache_query *query)
{
	unsigned long index = *id;
	int err;

	do {
		if (!xa_find_after(&memlab_caches, &index, ULONG_MAX, XA_PRESENT))
			return -ENOENT;
		err = memlab_cache_look(viewer, index, query);
		cond_resched();
	} while (err);
	*id = index;
	return 0;
}

/**
 * memlab_cache_add_object() - count an object that shall come from a cache
 * @cache: the cache; the caller has a reference
 *
 * A slab stays while one of its objects lives, and empty ones may stay for long. So a
 * cache counts for the most objects that it ever had. Undo with
 * memlab_cache_remove_object().
 *
 * Return: 0, -ENOENT when the cache is being destroyed, -EDQUOT or -ENOSPC.
 */
int memlab_cache_add_object(struct memlab_cache *cache)
{
	u64 objects;
	int err = 0;

	xa_lock(&memlab_caches);
	objects = cache->objects + 1;
	if (!cache->live)
		err = -ENOENT;
	else if (objects > cache->most_objects)
		err = memlab_quota_resize(&cache->charge, memlab_cache_takes(cache, objects));
	if (!err) {
		cache->most_objects = max(cache->most_objects, objects);
		WRITE_ONCE(cache->objects, objects);
	}
	xa_unlock(&memlab_caches);
	return err;
}

/* Its objects are gone: so go its slabs, and what they count for. */
static void memlab_cache_shrink(struct memlab_cache *cache)
{
	kmem_cache_shrink(cache->kernel);
	xa_lock(&memlab_caches);
	if (!cache->objects) {
		cache->most_objects = 0;
		memlab_quota_resize(&cache->charge, memlab_cache_takes(cache, 0));
	}
	xa_unlock(&memlab_caches);
}

/* May sleep. */
void memlab_cache_remove_object(struct memlab_cache *cache)
{
	bool shrink;

	xa_lock(&memlab_caches);
	WRITE_ONCE(cache->objects, cache->objects - 1);
	shrink = !cache->objects && cache->charge.bytes > memlab_cache_takes(cache, 0);
	xa_unlock(&memlab_caches);
	if (shrink)
		memlab_cache_shrink(cache);
}

u64 memlab_cache_objects(const struct memlab_cache *cache)
{
	return READ_ONCE(cache->objects);
}
