// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "pressure.h"
#include "witness.h"

#define BLOCK_PAGES 8

/*
 * Pages that are left: too few for a block, enough for what the driver needs beside it,
 * which would meet the limit in its place otherwise.
 */
#define GAP_PAGES 4

/* The kernel charges up to 64 pages ahead: so many requests find out that there is no more. */
#define PROBES (64 / BLOCK_PAGES + 1)

/* How often requests may find something to reclaim where nothing should be left. */
#define LEFTOVERS 8

static bool begin(struct claim_run *run, struct pressure *pressure, char **why)
{
	*pressure = (struct pressure){ .page_size = run->page_size,
				       .block = BLOCK_PAGES * run->page_size };
	pressure->cgroup = cgroup_begin(false, NULL, why);
	if (!pressure->cgroup)
		return false;
	pressure->worker = worker_begin(pressure->cgroup, why);
	if (pressure->worker)
		return true;
	cgroup_end(pressure->cgroup);
	return false;
}

static struct claim_request block_of(const struct pressure *pressure, uint64_t gfp)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_PAGES,
				       .bytes = pressure->block,
				       .gfp = gfp };
}

static bool leave_pages(struct pressure *pressure, unsigned int pages)
{
	uint64_t usage;

	return cgroup_get(pressure->cgroup, CGROUP_USAGE, &usage) &&
	       cgroup_limit(pressure->cgroup, usage + pages * pressure->page_size);
}

bool pressure_build(struct pressure *pressure, uint64_t lent)
{
	/* This one gives back what was charged ahead; but it would reclaim what is lent. */
	uint64_t gfp = lent ? MEMLAB_LIB_GFP_NOWAIT :
			      MEMLAB_LIB_GFP_KERNEL | MEMLAB_LIB_GFP_NORETRY;
	const struct claim_request request = block_of(pressure, gfp);
	struct worker_done done;

	return cgroup_limit(pressure->cgroup, CGROUP_NO_LIMIT) && worker_free(pressure->worker) &&
	       worker_lend(pressure->worker, lent) && leave_pages(pressure, GAP_PAGES) &&
	       worker_alloc(pressure->worker, &request, PROBES, true, &done) &&
	       leave_pages(pressure, GAP_PAGES);
}

bool pressure_try(struct pressure *pressure, uint64_t gfp, unsigned int count,
		  struct pressure_done *result)
{
	const struct claim_request request = block_of(pressure, gfp);
	struct worker_done done;
	uint64_t before, after;

	if (!cgroup_get(pressure->cgroup, CGROUP_AT_LIMIT, &before) ||
	    !worker_alloc(pressure->worker, &request, count, false, &done) ||
	    !cgroup_get(pressure->cgroup, CGROUP_AT_LIMIT, &after))
		return false;
	*result = (struct pressure_done){ .served = done.count,
					  .err = done.err,
					  .rounds = after - before };
	return true;
}

bool pressure_case_lent(struct claim_run *run, struct pressure *pressure, const char *name,
			uint64_t gfp, unsigned int served)
{
	struct pressure_done done;

	if (!pressure_try(pressure, gfp, PRESSURE_REQUESTS, &done))
		return false;
	claim_case(run, done.served == served && (!done.err || done.err == ENOMEM),
		   "cgroup at its limit, %u MiB reclaimable: %s gets %u of %d blocks",
		   PRESSURE_LENT >> 20, name, done.served, PRESSURE_REQUESTS);
	return true;
}

bool pressure_case_full(struct claim_run *run, struct pressure *pressure, const char *name,
			uint64_t gfp, struct pressure_done *done)
{
	uint64_t before = 0, after = 0, kills = 0;
	unsigned int turn = 0;

	if (!vmstat_get("oom_kill", &before))
		return false;
	/* The more they try, the more they find: small things of the kernel, at last. */
	do {
		if (!pressure_try(pressure, gfp, PRESSURE_REQUESTS, done))
			return false;
	} while (done->served && ++turn < LEFTOVERS);
	if (!vmstat_get("oom_kill", &after) ||
	    !cgroup_get(pressure->cgroup, CGROUP_OOM_KILLS, &kills))
		return false;
	claim_case(
		run, !done->served && done->err == ENOMEM && before == after && !kills,
		"cgroup at its limit, nothing to reclaim: %s gets %u of %d blocks, met the limit "
		"%" PRIu64 " times, OOM kills %" PRIu64,
		name, done->served, PRESSURE_REQUESTS, done->rounds, after - before);
	return true;
}

static enum verdict lost(struct claim_run *run, const struct pressure *pressure)
{
	uint64_t kills;

	if (cgroup_get(pressure->cgroup, CGROUP_OOM_KILLS, &kills) && kills)
		return claim_refuted(run,
				     "the OOM killer ended the process that made the requests");
	return claim_unknown(run, "the process that made the requests ended, or its cgroup");
}

bool pressure_run(struct claim_run *run, pressure_measure *measure, void *arg,
		  enum verdict *verdict)
{
	struct pressure built;
	char *why = NULL;
	bool measured;

	if (!begin(run, &built, &why)) {
		*verdict = claim_unknown(run, "needs a memory cgroup: %s", why);
		free(why);
		return false;
	}
	measured = measure(run, &built, arg);
	if (!measured)
		*verdict = lost(run, &built);
	worker_end(built.worker);
	cgroup_end(built.cgroup);
	return measured;
}
