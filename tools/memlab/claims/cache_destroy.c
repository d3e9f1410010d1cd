// SPDX-License-Identifier: GPL-2.0-only
/* Slab caches of one's own: their end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "own_cache.h"

#define SEED	     0x64657374
#define LIVE	     8
#define LIVE_BYTES   300
#define DESTROY_RUNS 4

/* NULL, or what is wrong with a cache that has live objects and shall be destroyed. */
static const char *wrong_refusal(struct claim_run *run, struct memlab_cache *cache,
				 struct memlab_buf *object)
{
	struct slabinfo_row row;
	char name[sizeof(row.name)];

	snprintf(name, sizeof(name), "%s", memlab_cache_get_name(cache));
	if (claim_end_cache(run, cache))
		return "was destroyed";
	if (errno != EBUSY)
		return strerror(errno);
	if (!own_cache_row(name, &row))
		return "is no longer in /proc/slabinfo";
	if (memlab_buf_check(object, SEED, 0, 0, NULL))
		return "lost the content of an object";
	return NULL;
}

/* Frees one object after the other; false when the cache was destroyed too early. */
static bool measure_live(struct claim_run *run, struct memlab_cache *cache,
			 struct memlab_buf *objects[LIVE])
{
	for (size_t left = LIVE; left; left--) {
		const char *wrong = wrong_refusal(run, cache, objects[left - 1]);

		if (!claim_case(run, !wrong, "a cache with %zu live objects: %s", left,
				wrong ? wrong : "EBUSY, still in /proc/slabinfo, content intact"))
			return false;
		claim_free(run, objects[left - 1]);
	}
	return true;
}

/* False with errno: cannot be measured. */
static bool measure_end(struct claim_run *run)
{
	struct memlab_cache *cache = own_cache_make(run, LIVE_BYTES, 0);
	struct memlab_buf *objects[LIVE];
	struct slabinfo_row row;
	char name[sizeof(row.name)];
	bool destroyed, listed;

	if (!cache)
		return false;
	snprintf(name, sizeof(name), "%s", memlab_cache_get_name(cache));
	for (size_t i = 0; i < LIVE; i++) {
		objects[i] = own_cache_alloc(run, cache);
		if (!objects[i] || memlab_buf_fill(objects[i], SEED, 0, 0))
			return false;
	}
	if (!own_cache_row(name, &row))
		return false;
	if (!measure_live(run, cache, objects))
		return true;
	destroyed = claim_end_cache(run, cache);
	listed = own_cache_row(name, &row);
	claim_case(run, destroyed && !listed, "%s without objects: %s, %s in /proc/slabinfo", name,
		   destroyed ? "destroyed" : "not destroyed", listed ? "still" : "no longer");
	return true;
}

static enum verdict run_destroy(struct claim_run *run)
{
	struct kmsg *kmsg = kmsg_watch();
	char *complaint;

	if (!kmsg)
		return claim_unknown(run, "/dev/kmsg: %s", strerror(errno));
	for (int i = 0; i < DESTROY_RUNS && !claim_wrong(run); i++) {
		if (measure_end(run))
			continue;
		kmsg_close(kmsg);
		return claim_unknown(run, "cannot be measured: %s",
				     errno ? strerror(errno) :
					     "the cache is not in /proc/slabinfo");
	}
	complaint = kmsg_complaint(kmsg);
	claim_case(run, !complaint, "kernel log: %s", complaint ? complaint : "no complaint");
	free(complaint);
	kmsg_close(kmsg);
	return claim_judge(
		run,
		"refused with %d to 1 live objects (EBUSY, still in /proc/slabinfo), done "
		"after the last one (gone from there), kernel log clean",
		LIVE);
}

const struct claim claim_cache_destroy = {
	.id = "cache-destroy",
	.claim = "A cache with live objects must not be destroyed, and can be after its last "
		 "object",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"don't forget to destroy the cache with kmem_cache_destroy()\"; "
		  "mm/slab_common.c, kmem_cache_destroy(): \"Slab cache still has objects\".",
	.why = "The objects' memory is the cache's. kmem_cache_destroy() finds slabs that are in "
	       "use, prints a warning, and leaves the cache half taken apart: a bug of the "
	       "caller's that cannot be mended then.",
	.how = "The driver counts live objects and refuses to call kmem_cache_destroy() while "
	       "there are any. With every number of objects from 8 down to 1 it must refuse, "
	       "/proc/slabinfo must have the cache, and the content must be intact. Without "
	       "objects the cache must be destroyed and be gone from there, and the kernel's log "
	       "must stay clean: the kernel itself would complain of an object that was left.",
	.choice = "Free every object first, before a module is unloaded above all. Caches whose "
		  "objects are freed after a grace period need rcu_barrier() before.",
	.needs = NEED_SLABINFO | NEED_KMSG,
	.run = run_destroy,
};
