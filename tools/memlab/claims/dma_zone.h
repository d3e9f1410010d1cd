/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA zone, used up: the page allocator under pressure, without any for the rest of
 * the system. It is small (16 MiB on x86), nothing else is taken from it while there is
 * other memory, and no process is killed for it.
 */
#ifndef MEMLAB_DMA_ZONE_H
#define MEMLAB_DMA_ZONE_H

#include "cgroup.h"
#include "claim.h"
#include "zoneinfo.h"

struct dma_zone {
	struct cgroup *cgroup;
	struct zoneinfo before;
	uint64_t taken; /* bytes */
};

/* A request for one page of the zone, with these flags besides MEMLAB_LIB_GFP_DMA. */
#define DMA_PAGE(flags)                                              \
	{                                                            \
		.allocator = MEMLAB_LIB_ALLOCATOR_PAGES, .bytes = 1, \
		.gfp = MEMLAB_LIB_GFP_DMA | (flags)                  \
	}

/*
 * Takes all that GFP_NOWAIT can get, in buffers that the claim holds. False with a text
 * for free() if that cannot be done or not be undone.
 */
bool dma_zone_begin(struct claim_run *run, struct dma_zone *zone, char **why);

/* Frees all buffers that the claim holds, and revives kswapd, see kswapd_revive(). */
void dma_zone_end(struct claim_run *run, struct dma_zone *zone);

/*
 * Makes requests until @count of them have failed; what others got is held as well, for
 * there may be pages that lay ready on a CPU, or were given back by somebody. @stalls: how
 * often those that failed had entered direct reclaim, by allocstall_dma in /proc/vmstat.
 * False with errno: they fail for another reason, or do not fail.
 */
bool dma_zone_fail(struct claim_run *run, const struct dma_zone *zone,
		   const struct claim_request *request, unsigned int count, uint64_t *stalls);

/* Takes what has come back of the zone meanwhile. */
bool dma_zone_fill(struct claim_run *run, const struct dma_zone *zone);

/*
 * Requests that fail are a case of a claim: together they must have entered direct reclaim
 * from @least to @most times.
 */
#define DMA_ZONE_REQUESTS 16

bool dma_zone_case_stalls(struct claim_run *run, const struct dma_zone *zone, const char *name,
			  uint64_t gfp, uint64_t least, uint64_t most, uint64_t *stalls);

/* Measures something in the empty zone; false with a text for free(): why it cannot be. */
typedef bool dma_zone_measure(struct claim_run *run, const struct dma_zone *zone, uint64_t *result);

bool dma_zone_run(struct claim_run *run, dma_zone_measure *measure, uint64_t *result, char **why);

#endif /* MEMLAB_DMA_ZONE_H */
