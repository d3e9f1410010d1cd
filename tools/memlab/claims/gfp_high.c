// SPDX-License-Identifier: GPL-2.0-only
/* __GFP_HIGH: the page allocator's reserves. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dma_zone.h"

/* So often a page is asked for without the flag, and then with it. */
#define ROUNDS 12

/* Pages of the watermark min. Half of them are the flag's. */
#define LEAST_RESERVE 4

static const struct claim_request with[] = {
	DMA_PAGE(MEMLAB_LIB_GFP_NOWAIT | MEMLAB_LIB_GFP_HIGH),
	DMA_PAGE(MEMLAB_LIB_GFP_ATOMIC),
};

static const char *const names[] = { "nowait,high", "atomic" };

/* Returns whether it could be measured; @served counts pages that were served. */
static bool measure_round(struct claim_run *run, const struct dma_zone *zone, size_t which,
			  unsigned int *served)
{
	struct memlab_buf *buf;

	if (!dma_zone_fill(run, zone))
		return false;
	buf = claim_alloc(run, &with[which], NULL);
	claim_case(run, buf, "a page of an empty DMA zone: nowait fails, %s %s", names[which],
		   buf ? "is served" : "fails");
	if (buf)
		claim_free(run, buf);
	*served += !!buf;
	return true;
}

static enum verdict measure(struct claim_run *run, const struct dma_zone *zone)
{
	struct zoneinfo empty;
	unsigned int served = 0;

	if (!zoneinfo_get("DMA", zone->before.node, &empty))
		return claim_unknown(run, "/proc/zoneinfo no longer tells of the DMA zone");
	if (empty.min < LEAST_RESERVE)
		return claim_unknown(run,
				     "the DMA zone keeps only %" PRIu64
				     " pages in reserve, too few to be told from chance",
				     empty.min);
	claim_case(run, empty.free <= empty.min,
		   "/proc/zoneinfo: %" PRIu64 " free pages, watermark \"min\" %" PRIu64, empty.free,
		   empty.min);
	for (int i = 0; i < ROUNDS; i++)
		if (!measure_round(run, zone, i % ARRAY_SIZE(with), &served))
			return claim_unknown(run, "the DMA zone does not stay empty: %s",
					     strerror(errno));
	return claim_judge(
		run,
		"with the DMA zone down to %" PRIu64 " free pages (watermark min %" PRIu64
		") nowait failed before each of %d requests for a page, of which nowait,high "
		"and atomic were served %u",
		empty.free, empty.min, ROUNDS, served);
}

static enum verdict run_high(struct claim_run *run)
{
	enum verdict verdict;
	struct dma_zone zone;
	char *why = NULL;

	if (!dma_zone_begin(run, &zone, &why)) {
		verdict = claim_unknown(run, "%s", why);
		free(why);
		return verdict;
	}
	verdict = measure(run, &zone);
	dma_zone_end(run, &zone);
	return verdict;
}

const struct claim claim_gfp_high = {
	.id = "gfp-high",
	.claim = "__GFP_HIGH gives access to reserves that other requests do not get",
	.source = "Documentation/core-api/memory-allocation.rst, \"GFP flags and reclaim "
		  "behavior\": GFP_ATOMIC \"can access some portion of memory reserves\"; "
		  "include/linux/gfp_types.h, \"Watermark modifiers\"; mm/page_alloc.c, "
		  "__zone_watermark_ok(): \"__GFP_HIGH allows access to 50% of the min reserve\" "
		  "(wording of 6.4 and of stable kernels; before, the code alone says it).",
	.why = "The page allocator serves a request only from a zone that has more free pages "
	       "than a watermark. With __GFP_HIGH the lowest one, min, counts only half, and a "
	       "bit less for a request that may not sleep. GFP_ATOMIC is GFP_NOWAIT with this "
	       "flag.",
	.how = "All of the DMA zone that GFP_NOWAIT can get is allocated: it is small, nothing "
	       "else is taken from it while there is other memory, and no process is killed for "
	       "it. /proc/zoneinfo must then show no more free pages than min. In turns, "
	       "GFP_NOWAIT takes what has come back until it fails, and a page is asked for with "
	       "the flag or with GFP_ATOMIC, which must be served. All is given back after some "
	       "hundredths of a second. Kswapd tries in vain to make room in that time and gives "
	       "up on the node, so it is woken by reclaiming half a MiB from a memory cgroup.",
	.choice = "For interrupt handlers and the like whose failure would hurt, such as a "
		  "network card's next receive buffers. Where failing is cheap, GFP_NOWAIT "
		  "leaves the reserve to those who need it. It is a lower watermark, no "
		  "guarantee.",
	.needs = NEED_ADMIN,
	.run = run_high,
};
