// SPDX-License-Identifier: GPL-2.0-only
/* How often to try: __GFP_NORETRY, __GFP_RETRY_MAYFAIL. */
#include <inttypes.h>
#include <stdlib.h>

#include "dma_zone.h"
#include "pressure.h"

#define KERNEL	MEMLAB_LIB_GFP_KERNEL
#define NORETRY (KERNEL | MEMLAB_LIB_GFP_NORETRY)
#define MAYFAIL (KERNEL | MEMLAB_LIB_GFP_RETRY_MAYFAIL)

/* How often a request of each kind met the limit of a full cgroup. */
struct rounds {
	double noretry;
	double mayfail;
};

static double each(const struct pressure_done *done)
{
	return (double)done->rounds / PRESSURE_REQUESTS;
}

/* Both kinds, of which the second must try more than twice as often. */
static bool compare(struct claim_run *run, struct pressure *pressure, struct rounds *rounds)
{
	struct pressure_done noretry, mayfail;

	if (!pressure_build(pressure, 0) ||
	    !pressure_case_full(run, pressure, "kernel,noretry", NORETRY, &noretry) ||
	    !pressure_case_full(run, pressure, "kernel,retry-mayfail", MAYFAIL, &mayfail))
		return false;
	*rounds = (struct rounds){ each(&noretry), each(&mayfail) };
	claim_case(run, noretry.rounds && 2 * noretry.rounds < mayfail.rounds,
		   "a request with noretry met the limit %.1f times, with retry-mayfail %.1f times",
		   rounds->noretry, rounds->mayfail);
	return true;
}

/* ---- gfp-noretry ---- */

static bool noretry_in_cgroup(struct claim_run *run, struct pressure *pressure, void *rounds)
{
	return pressure_build(pressure, PRESSURE_LENT) &&
	       pressure_case_lent(run, pressure, "kernel,noretry", NORETRY, PRESSURE_REQUESTS) &&
	       compare(run, pressure, rounds);
}

/* A round may be counted twice, when it looks at pages again that it had spared. */
static bool noretry_in_zone(struct claim_run *run, const struct dma_zone *zone, uint64_t *stalls)
{
	return dma_zone_case_stalls(run, zone, "kernel,noretry", NORETRY, DMA_ZONE_REQUESTS,
				    2 * DMA_ZONE_REQUESTS, stalls);
}

static enum verdict run_noretry(struct claim_run *run)
{
	uint64_t stalls = 0;
	struct rounds rounds;
	enum verdict verdict;
	char *why = NULL;

	if (!pressure_run(run, noretry_in_cgroup, &rounds, &verdict))
		return verdict;
	dma_zone_run(run, noretry_in_zone, &stalls, &why);
	verdict =
		claim_judge(run,
			    "a request that fails met the cgroup's limit %.1f times, with "
			    "retry-mayfail %.1f times, no OOM kill; direct reclaim entered %" PRIu64
			    " times in %d requests for the empty DMA zone%s%s",
			    rounds.noretry, rounds.mayfail, stalls, why ? 0 : DMA_ZONE_REQUESTS,
			    why ? ": " : "", why ? why : "");
	free(why);
	return verdict;
}

const struct claim claim_gfp_noretry = {
	.id = "gfp-noretry",
	.claim = "__GFP_NORETRY makes one round of reclaim and then fails, without the OOM killer",
	.source = "Documentation/core-api/memory-allocation.rst, \"GFP flags and reclaim "
		  "behavior\": \"all allocation requests fail early rather than cause disruptive "
		  "reclaim (one round of reclaim in this implementation). The OOM killer is not "
		  "invoked\".",
	.why = "After direct reclaim, and direct compaction for more than a page, the page "
	       "allocator gives up where it would try again without the flag (mm/page_alloc.c, "
	       "__alloc_pages_slowpath()). For a memory cgroup it is the same, but for a second "
	       "try after charges that lay ready on CPUs were given back (mm/memcontrol.c, "
	       "try_charge_memcg()).",
	.how = "In a memory cgroup at its limit, blocks of 8 pages must be served while 4 MiB "
	       "could be reclaimed, and fail when nothing could. How often a request met the "
	       "limit (max in memory.events, or memory.failcnt) must be less than half of what "
	       "it is with __GFP_RETRY_MAYFAIL, and oom_kill must not rise, there and in "
	       "/proc/vmstat. Then the DMA zone is used up where it is as small as on x86: each "
	       "request for one of its pages that fails must add one to allocstall_dma in "
	       "/proc/vmstat, or two.",
	.choice = "For requests that sleep but have a cheap fallback, such as a large block "
		  "instead of which single pages would do. kvmalloc() uses it for its first try.",
	.needs = NEED_ADMIN,
	.run = run_noretry,
};

/* ---- gfp-retry-mayfail ---- */

static bool mayfail_in_cgroup(struct claim_run *run, struct pressure *pressure, void *rounds)
{
	return pressure_build(pressure, PRESSURE_LENT) &&
	       pressure_case_lent(run, pressure, "kernel,retry-mayfail", MAYFAIL,
				  PRESSURE_REQUESTS) &&
	       compare(run, pressure, rounds);
}

static enum verdict run_mayfail(struct claim_run *run)
{
	struct rounds rounds;
	enum verdict verdict;

	if (!pressure_run(run, mayfail_in_cgroup, &rounds, &verdict))
		return verdict;
	return claim_judge(run,
			   "%d of %d blocks served while memory can be reclaimed; when none can, "
			   "ENOMEM after %.1f tries (noretry: %.1f), no OOM kill",
			   PRESSURE_REQUESTS, PRESSURE_REQUESTS, rounds.mayfail, rounds.noretry);
}

const struct claim claim_gfp_retry_mayfail = {
	.id = "gfp-retry-mayfail",
	.claim = "__GFP_RETRY_MAYFAIL tries hard, but fails rather than have a process killed",
	.source = "Documentation/core-api/memory-allocation.rst, \"GFP flags and reclaim "
		  "behavior\": \"all allocation requests try really hard. The request will fail "
		  "if the reclaim cannot make any progress. The OOM killer won't be triggered\".",
	.why = "Up to order 3 (PAGE_ALLOC_COSTLY_ORDER) the page allocator retries reclaim and "
	       "then calls the OOM killer, unless it finds this flag there (mm/page_alloc.c, "
	       "__alloc_pages_may_oom()). Above, it gives up early without the flag and retries "
	       "with it. Memory cgroups do the same at their limit (mm/memcontrol.c, "
	       "try_charge_memcg()).",
	.how = "In a memory cgroup at its limit, blocks of 8 pages must be served while 4 MiB "
	       "could be reclaimed, and fail with ENOMEM when nothing could. How often a request "
	       "met the limit (max in memory.events, or memory.failcnt) must be more than twice "
	       "what it is with __GFP_NORETRY, and oom_kill must not rise, there and in "
	       "/proc/vmstat. Up to order 3 the driver adds the flag to all requests that may "
	       "sleep and have no other of its kind, so that no process is killed on account of "
	       "them.",
	.choice = "For what is worth waiting for but not worth a process, above all requests "
		  "whose size a user chooses. The caller must handle NULL.",
	.needs = NEED_ADMIN,
	.run = run_mayfail,
};
