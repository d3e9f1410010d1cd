// SPDX-License-Identifier: GPL-2.0-only
/* GFP_NOWAIT: what is free, and no more. */
#include <inttypes.h>
#include <stdlib.h>

#include "dma_zone.h"
#include "pressure.h"

#define KERNEL	MEMLAB_LIB_GFP_KERNEL
#define NOWAIT	MEMLAB_LIB_GFP_NOWAIT
#define NORETRY (KERNEL | MEMLAB_LIB_GFP_NORETRY)

static bool in_cgroup(struct claim_run *run, struct pressure *pressure, void *unused)
{
	(void)unused;
	return pressure_build(pressure, PRESSURE_LENT) &&
	       pressure_case_lent(run, pressure, "nowait", NOWAIT, 0) &&
	       pressure_case_lent(run, pressure, "kernel", KERNEL, PRESSURE_REQUESTS);
}

/* With a request that does reclaim it is seen that the counter counts. */
static bool in_zone(struct claim_run *run, const struct dma_zone *zone, uint64_t *stalls)
{
	uint64_t others;

	return dma_zone_case_stalls(run, zone, "nowait", NOWAIT, 0, 0, stalls) &&
	       dma_zone_case_stalls(run, zone, "kernel,noretry", NORETRY, DMA_ZONE_REQUESTS,
				    UINT64_MAX, &others);
}

static enum verdict run_nowait(struct claim_run *run)
{
	enum verdict verdict;
	char *why = NULL;
	uint64_t stalls;

	if (!pressure_run(run, in_cgroup, NULL, &verdict))
		return verdict;
	dma_zone_run(run, in_zone, &stalls, &why);
	verdict = claim_judge(
		run,
		"with reclaimable memory nowait gets 0 of %d blocks where kernel gets "
		"%d; direct reclaim %s%s",
		PRESSURE_REQUESTS, PRESSURE_REQUESTS,
		why ? "not counted: " : "never entered (allocstall_dma)", why ? why : "");
	free(why);
	return verdict;
}

const struct claim claim_gfp_nowait = {
	.id = "gfp-nowait",
	.claim = "GFP_NOWAIT never reclaims memory itself, and fails where GFP_KERNEL would "
		 "succeed",
	.source = "Documentation/core-api/memory-allocation.rst, \"Get Free Page flags\": \"This "
		  "flag prevents direct reclaim and IO or filesystem operations. Consequently, "
		  "under memory pressure GFP_NOWAIT allocation is likely to fail\".",
	.why = "Without __GFP_DIRECT_RECLAIM the page allocator takes what is free, wakes "
	       "kswapd, and returns NULL if that was not enough (mm/page_alloc.c, "
	       "__alloc_pages_slowpath()). Charging a memory cgroup does the same "
	       "(mm/memcontrol.c, try_charge_memcg()).",
	.how = "A process in a memory cgroup of its own lends 4 MiB to the kernel (MADV_FREE), "
	       "and the cgroup is limited to what it uses. Blocks of 8 pages are asked for with "
	       "GFP_NOWAIT, of which none must be served, and then with GFP_KERNEL, of which all "
	       "must. Then the DMA zone, where it is as small as on x86, is used up; requests "
	       "for its pages that fail must add nothing to allocstall_dma in /proc/vmstat, to "
	       "which such requests with __GFP_NORETRY add.",
	.choice = "For atomic contexts, and for attempts that have a fallback. Whoever uses it "
		  "must expect NULL at any time: memory that could be had by waiting a moment "
		  "does not count.",
	.needs = NEED_ADMIN,
	.run = run_nowait,
};
