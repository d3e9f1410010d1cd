// SPDX-License-Identifier: GPL-2.0-only
/* __GFP_ACCOUNT: memory that is charged to a memory cgroup. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"
#include "worker.h"

#define KERNEL	   MEMLAB_LIB_GFP_KERNEL
#define NO_ACCOUNT MEMLAB_LIB_GFP_NO_ACCOUNT

/* Much more than the kernel charges ahead, and than the driver needs beside it. */
#define BYTES (2ULL << 20)

/*
 * What is charged besides: the driver's own account of each buffer, page tables. A kernel
 * that looks for mistakes adds to each object, to the driver's as well.
 */
#define BESIDE	     (BYTES / 4)
#define BESIDE_DEBUG (BYTES / 2)

/* memory.stat may lag behind for two seconds (FLUSH_TIME in mm/memcontrol.c). */
#define WAIT_STEP_US 50000
#define WAIT_STEPS   50

static const struct {
	unsigned int allocator;
	uint64_t bytes;
} sizes[] = {
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 8192 },	  { MEMLAB_LIB_ALLOCATOR_KMALLOC, 65536 },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 262144 }, { MEMLAB_LIB_ALLOCATOR_KVMALLOC, 131072 },
	{ MEMLAB_LIB_ALLOCATOR_PAGES, 65536 },	  { MEMLAB_LIB_ALLOCATOR_PAGES_EXACT, 40960 },
	{ MEMLAB_LIB_ALLOCATOR_CACHE, 8192 },
};

struct place {
	struct cgroup *cgroup;
	struct worker *worker;
};

/* What is to be charged, and how far off that may be; bytes. */
struct wanted {
	int64_t bytes;
	int64_t off;
};

static bool is_near(int64_t charged, const struct wanted *wanted)
{
	int64_t off = charged - wanted->bytes;

	return off >= -wanted->off && off <= wanted->off;
}

/* What the cgroup has been charged, of all kinds, and of the kernel's memory. */
struct charge {
	int64_t all;
	int64_t kernel;
};

static bool charge_get(const struct place *place, struct charge *charge)
{
	uint64_t all, kernel;

	if (!cgroup_get(place->cgroup, CGROUP_USAGE, &all) ||
	    !cgroup_get(place->cgroup, CGROUP_KERNEL, &kernel))
		return false;
	*charge = (struct charge){ (int64_t)all, (int64_t)kernel };
	return true;
}

static bool charge_is(const struct charge *charge, const struct wanted *wanted)
{
	return is_near(charge->all, wanted) && is_near(charge->kernel, wanted);
}

/* The difference to @before, when it is as wanted, or at last. */
static bool charged_since(const struct place *place, const struct charge *before,
			  const struct wanted *wanted, struct charge *charge)
{
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (!charge_get(place, charge))
			return false;
		charge->all -= before->all;
		charge->kernel -= before->kernel;
		if (charge_is(charge, wanted))
			break;
		usleep(WAIT_STEP_US);
	}
	return true;
}

/* How many bytes are taken for a request, by /proc/slabinfo where it is an object. */
static uint64_t room_of(struct claim_run *run, const struct claim_request *request)
{
	struct memlab_buf *buf = claim_alloc(run, request, NULL);
	struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;
	const struct slabinfo_row *row = NULL;
	uint64_t room = request->bytes;
	struct slabinfo slabinfo;

	if (info && memlab_buf_info_get_backing(info) == MEMLAB_LIB_BACKING_SLAB &&
	    slabinfo_read(&slabinfo)) {
		slabinfo_objects(&slabinfo, memlab_buf_info_get_cache_name(info), &row);
		if (row)
			room = row->room;
		slabinfo_free(&slabinfo);
	}
	memlab_buf_info_free(info);
	if (buf)
		claim_free(run, buf);
	return room;
}

/* False when the cgroup, or the process in it, is of no use any more. */
static bool measure(struct claim_run *run, const struct place *place,
		    const struct claim_request *request)
{
	unsigned int count = (unsigned int)(BYTES / request->bytes);
	bool account = !(request->gfp & NO_ACCOUNT);
	uint64_t room = room_of(run, request);
	const struct wanted none = { 0, room > request->bytes ? BESIDE_DEBUG : BESIDE };
	const struct wanted wanted = { account ? (int64_t)(count * room) : 0, none.off };
	struct charge before, charged, left;
	struct worker_done done;
	char size[SIZE_TEXT];

	if (!charge_get(place, &before) ||
	    !worker_alloc(place->worker, request, count, true, &done))
		return false;
	if (done.err) {
		claim_unknown(run, "cannot be measured: %s failed: %s",
			      memlab_allocator_name(request->allocator), strerror(done.err));
		return false;
	}
	if (!charged_since(place, &before, &wanted, &charged) || !worker_free(place->worker) ||
	    !charged_since(place, &before, &none, &left))
		return false;
	claim_case(run, charge_is(&charged, &wanted) && charge_is(&left, &none),
		   "%u times %s of %s, %s: %+" PRId64 " KiB of kernel memory, %+" PRId64
		   " KiB in all; when freed %+" PRId64 " and %+" PRId64 " KiB",
		   count, memlab_allocator_name(request->allocator),
		   size_text(size, request->bytes), account ? "account" : "no-account",
		   charged.kernel / 1024, charged.all / 1024, left.kernel / 1024, left.all / 1024);
	return true;
}

static bool measure_all(struct claim_run *run, const struct place *place,
			const struct memlab_cache *cache)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
		struct claim_request request = { .allocator = sizes[i / 2].allocator,
						 .bytes = sizes[i / 2].bytes,
						 .gfp = KERNEL | (i % 2 ? NO_ACCOUNT :
									  MEMLAB_LIB_GFP_ACCOUNT) };

		if (request.allocator == MEMLAB_LIB_ALLOCATOR_CACHE)
			request.cache = cache;
		if (!measure(run, place, &request))
			return false;
	}
	return true;
}

static struct memlab_cache *make_cache(struct claim_run *run)
{
	struct memlab_cache_config *config = need(memlab_cache_config_new());
	struct memlab_cache *cache;

	memlab_cache_config_set_size(config, sizes[ARRAY_SIZE(sizes) - 1].bytes);
	cache = claim_make_cache(run, config, NULL);
	memlab_cache_config_free(config);
	return cache;
}

static enum verdict measure_in(struct claim_run *run, const struct place *place,
			       const struct memlab_cache *cache)
{
	if (!measure_all(run, place, cache)) {
		if (!run->evidence)
			claim_unknown(run, "the process in the cgroup ended, or the cgroup");
		return VERDICT_UNKNOWN;
	}
	return claim_judge(run,
			   "2 MiB of each allocator were charged with account (%s), until "
			   "freed, and not with no-account",
			   cgroup_is_v1(place->cgroup) ? "memory.kmem.usage_in_bytes" :
							 "kernel in memory.stat");
}

static enum verdict run_account(struct claim_run *run)
{
	const struct memlab_cache *cache = make_cache(run);
	enum verdict verdict;
	struct place place;
	char *why = NULL;

	if (!cache)
		return claim_unknown(run, "a cache could not be made: %s", strerror(errno));
	place.cgroup = cgroup_begin(false, NULL, &why);
	place.worker = place.cgroup ? worker_begin(place.cgroup, &why) : NULL;
	if (place.worker)
		verdict = measure_in(run, &place, cache);
	else
		verdict = claim_unknown(run, "needs a memory cgroup: %s", why);
	free(why);
	worker_end(place.worker);
	cgroup_end(place.cgroup);
	return verdict;
}

const struct claim claim_gfp_account = {
	.id = "gfp-account",
	.claim = "__GFP_ACCOUNT charges kernel memory to the memory cgroup of the process",
	.source = "Documentation/core-api/memory-allocation.rst, \"Get Free Page flags\": "
		  "\"Untrusted allocations triggered from userspace should be a subject of kmem "
		  "accounting and must have __GFP_ACCOUNT bit set\"; include/linux/gfp_types.h: "
		  "\"__GFP_ACCOUNT causes the allocation to be accounted to kmemcg\".",
	.why = "The page allocator and the slab allocator charge what they hand out to the "
	       "memory cgroup of the current process when the flag is set (mm/page_alloc.c, "
	       "__alloc_pages(), and memcg_slab_pre_alloc_hook()), and the cgroup's limit "
	       "applies to it. kmalloc() has caches of its own for such objects on many kernels "
	       "(kmalloc-cg-*).",
	.how = "A process in a memory cgroup of its own allocates 2 MiB by each allocator, with "
	       "the flag and without it (the driver's no-account). The cgroup's own counts, of "
	       "kernel memory (kernel in memory.stat, or memory.kmem.usage_in_bytes of v1) and "
	       "of all (memory.current, or memory.usage_in_bytes), must rise by as much, or not "
	       "at all, give or take a quarter for the driver's bookkeeping and for what is "
	       "charged ahead; and they must be back when all is freed. Where objects have more "
	       "room in /proc/slabinfo, as in a kernel that looks for mistakes, that is what must "
	       "be charged, give or take a half.",
	.choice = "GFP_KERNEL_ACCOUNT whenever a user decides how much is allocated, or how "
		  "often. Else a container could use up the memory of its host.",
	.needs = NEED_ADMIN,
	.run = run_account,
};
