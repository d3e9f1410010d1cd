/* SPDX-License-Identifier: GPL-2.0-only */
/* A cache of the caller's own, for the files that make it and that call its functions. */
#ifndef MEMLAB_CACHE_H
#define MEMLAB_CACHE_H

#include "memlab.h"

struct memlab_cache {
	struct kref ref;
	struct rcu_head rcu;
	u32 id;
	u32 flags; /* MEMLAB_CACHE_* */
	u32 align;
	u64 bytes; /* of an object */
	u64 user_offset;
	u64 user_bytes;
	bool never_merged;
	struct kmem_cache *kernel;
	char name[MEMLAB_NAME_SIZE];

	u64 objects;		    /* cache lock */
	u64 most_objects;	    /* that are charged; cache lock */
	bool live;		    /* in the table; cache lock */
	struct list_head file_link; /* cache lock */
	struct memlab_owner owner;
	struct memlab_charge charge;
};

/* Inline, as what it takes would count for what the cache's functions take. */
static inline struct kmem_cache *memlab_cache_kernel(const struct memlab_cache *cache)
{
	return cache->kernel;
}

struct memlab_cache *memlab_cache_create(struct memlab_request *req,
					 const struct memlab_cache_create *arg);
int memlab_cache_make(struct memlab_cache *cache);
u64 memlab_cache_takes(const struct memlab_cache *cache, u64 objects);
void memlab_cache_publish(struct memlab_cache *cache);
void memlab_cache_abort(struct memlab_cache *cache);
int memlab_cache_remove(struct memlab_cache *cache);
int memlab_cache_next(struct file *filp, u32 *id);
u32 memlab_cache_generation(void);
int memlab_cache_look(const struct memlab_viewer *viewer, u32 id, struct memlab_cache_query *query);
int memlab_cache_look_next(const struct memlab_viewer *viewer, u32 *id,
			   struct memlab_cache_query *query);
void memlab_cache_describe(const struct memlab_cache *cache, struct memlab_cache_query *query);
u64 memlab_cache_objects(const struct memlab_cache *cache);

#endif /* MEMLAB_CACHE_H */
