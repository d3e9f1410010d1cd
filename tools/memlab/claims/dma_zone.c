// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dma_zone.h"
#include "witness.h"

/* Direct reclaim for memory of the zone, in /proc/vmstat. */
#define STALLS "allocstall_dma"

/* More is not taken. */
#define MOST_BYTES (64ULL << 20)

/* A zone is used up when it was so often. */
#define TIMES_EMPTY 4

static bool hold(struct claim_run *run, struct dma_zone *zone, uint64_t bytes)
{
	struct claim_request request = DMA_PAGE(MEMLAB_LIB_GFP_NOWAIT);

	request.bytes = bytes;
	if (!claim_alloc(run, &request, NULL))
		return false;
	zone->taken += bytes;
	return true;
}

/* Returns NULL, or what is in the way. */
static const char *take_all(struct claim_run *run, struct dma_zone *zone)
{
	unsigned int order = memlab_dev_info_get_max_order(run->info);

	while (order) {
		if (zone->taken > zone->before.managed * run->page_size)
			return "what was given is more than there is in the zone";
		if (hold(run, zone, run->page_size << order))
			continue;
		if (errno != ENOMEM)
			return strerror(errno);
		order--;
	}
	return dma_zone_fill(run, zone) ? NULL : strerror(errno);
}

bool dma_zone_begin(struct claim_run *run, struct dma_zone *zone, char **why)
{
	const char *wrong;

	*zone = (struct dma_zone){ 0 };
	if (!zoneinfo_get("DMA", -1, &zone->before)) {
		*why = text_format("there is no DMA zone to be used up");
		return false;
	}
	if (zone->before.managed * run->page_size > MOST_BYTES) {
		char size[SIZE_TEXT];

		*why = text_format("the DMA zone, %s, is too large to be used up",
				   size_text(size, zone->before.managed * run->page_size));
		return false;
	}
	/* Before anything has to be undone with it. */
	zone->cgroup = cgroup_begin(false, &zone->before, why);
	if (!zone->cgroup)
		return false;
	wrong = take_all(run, zone);
	if (!wrong)
		return true;
	*why = text_format("the DMA zone cannot be used up: %s", wrong);
	dma_zone_end(run, zone);
	return false;
}

void dma_zone_end(struct claim_run *run, struct dma_zone *zone)
{
	claim_free_all(run);
	cgroup_end(zone->cgroup);
	*zone = (struct dma_zone){ 0 };
}

bool dma_zone_fail(struct claim_run *run, const struct dma_zone *zone,
		   const struct claim_request *request, unsigned int count, uint64_t *stalls)
{
	uint64_t left = zone->before.managed, before, after;

	*stalls = 0;
	if (!vmstat_get(STALLS, &before))
		return false;
	for (; count && left; left--, before = after) {
		bool failed = !claim_alloc(run, request, NULL);

		if (failed && errno != ENOMEM)
			return false;
		if (!vmstat_get(STALLS, &after))
			return false;
		count -= failed;
		*stalls += failed ? after - before : 0;
	}
	return !count;
}

bool dma_zone_fill(struct claim_run *run, const struct dma_zone *zone)
{
	const struct claim_request request = DMA_PAGE(MEMLAB_LIB_GFP_NOWAIT);
	uint64_t stalls;

	return dma_zone_fail(run, zone, &request, TIMES_EMPTY, &stalls);
}

bool dma_zone_case_stalls(struct claim_run *run, const struct dma_zone *zone, const char *name,
			  uint64_t gfp, uint64_t least, uint64_t most, uint64_t *stalls)
{
	const struct claim_request request = DMA_PAGE(gfp);

	if (!dma_zone_fail(run, zone, &request, DMA_ZONE_REQUESTS, stalls))
		return false;
	claim_case(run, *stalls >= least && *stalls <= most,
		   "DMA zone empty: %d requests with %s fail, allocstall_dma %+" PRId64,
		   DMA_ZONE_REQUESTS, name, (int64_t)*stalls);
	return true;
}

bool dma_zone_run(struct claim_run *run, dma_zone_measure *measure, uint64_t *result, char **why)
{
	struct dma_zone zone;
	bool measured;

	if (!dma_zone_begin(run, &zone, why))
		return false;
	measured = measure(run, &zone, result);
	if (!measured)
		*why = text_format("%s", strerror(errno));
	dma_zone_end(run, &zone);
	return measured;
}
