// SPDX-License-Identifier: GPL-2.0-only
/* __GFP_NOWARN: failing in silence. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dma_zone.h"
#include "witness.h"

#define KERNEL	MEMLAB_LIB_GFP_KERNEL
#define NORETRY (KERNEL | MEMLAB_LIB_GFP_NORETRY)
#define NOWARN	MEMLAB_LIB_GFP_NOWARN

/* Failing requests with each set of flags. */
#define REQUESTS 16

/* The kernel reports one failure in ten seconds (mm/page_alloc.c, warn_alloc()). */
#define RATE_LIMIT_S 11

#define DEBUG_LEVEL 7
#define NAME_SIZE   16

static const struct {
	const char *name;
	struct claim_request request;
} silent[] = {
	{ "nowait", DMA_PAGE(MEMLAB_LIB_GFP_NOWAIT | NOWARN) },
	{ "kernel,noretry", DMA_PAGE(NORETRY | NOWARN) },
	{ "kernel", DMA_PAGE(KERNEL | NOWARN) },
};

/* A report begins with the name of the process. */
static char *find_report(struct kmsg *kmsg)
{
	char name[NAME_SIZE] = "";
	char *text, *report;

	prctl(PR_GET_NAME, name);
	text = text_format("%s: page allocation failure", name);
	report = kmsg_find(kmsg, text, DEBUG_LEVEL);
	free(text);
	return report;
}

/* Returns how many requests failed. */
static unsigned int measure_silent(struct claim_run *run, const struct dma_zone *zone,
				   struct kmsg *kmsg)
{
	unsigned int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		uint64_t stalls;
		char *report;

		if (!dma_zone_fail(run, zone, &silent[i].request, REQUESTS, &stalls))
			continue;
		failed += REQUESTS;
		report = find_report(kmsg);
		claim_case(run, !report, "%d requests with %s,nowarn fail, log: %s", REQUESTS,
			   silent[i].name, report ? report : "silent");
		free(report);
	}
	return failed;
}

/* The same without the flag; a report that was made a moment before is in the way. */
static bool measure_loud(struct claim_run *run, const struct dma_zone *zone, struct kmsg *kmsg)
{
	const struct claim_request request = DMA_PAGE(NORETRY | MEMLAB_LIB_GFP_WARN);
	char *report = NULL;
	bool reported;

	for (int tries = 0; tries < 2 && !report; tries++) {
		uint64_t stalls;

		if (tries)
			sleep(RATE_LIMIT_S);
		if (!dma_zone_fail(run, zone, &request, 1, &stalls))
			return false;
		report = find_report(kmsg);
	}
	reported = report;
	claim_case(run, reported, "a request with kernel,noretry,warn fails, log: %s",
		   report ? report : "silent");
	free(report);
	return true;
}

static enum verdict measure(struct claim_run *run, const struct dma_zone *zone, struct kmsg *kmsg)
{
	unsigned int failed = measure_silent(run, zone, kmsg);

	if (claim_wrong(run))
		return claim_judge(run, "%s", "");
	if (!run->provoke)
		return claim_unknown(run,
				     "needs --provoke, to see the log with a failure that is "
				     "reported: %u failing requests with nowarn left it silent",
				     failed);
	if (!measure_loud(run, zone, kmsg))
		return claim_unknown(run, "a request that warns could not be made: %s",
				     strerror(errno));
	return claim_judge(run,
			   "%u failing requests with nowarn left the kernel's log silent, one "
			   "without it was reported",
			   failed);
}

static enum verdict run_nowarn(struct claim_run *run)
{
	struct kmsg *kmsg = kmsg_watch();
	enum verdict verdict;
	struct dma_zone zone;
	char *why = NULL;

	if (!kmsg)
		return claim_unknown(run, "/dev/kmsg: %s", strerror(errno));
	if (dma_zone_begin(run, &zone, &why)) {
		verdict = measure(run, &zone, kmsg);
		dma_zone_end(run, &zone);
	} else {
		verdict = claim_unknown(run, "%s", why);
		free(why);
	}
	kmsg_close(kmsg);
	return verdict;
}

const struct claim claim_gfp_nowarn = {
	.id = "gfp-nowarn",
	.claim = "__GFP_NOWARN keeps a failing request out of the kernel's log",
	.source = "include/linux/gfp_types.h, \"Action modifiers\": \"__GFP_NOWARN suppresses "
		  "allocation failure reports\"; Documentation/core-api/memory-allocation.rst, "
		  "\"Get Free Page flags\": \"Allocations which have a reasonable fallback "
		  "should be using GFP_NOWARN\".",
	.why = "When the page allocator gives up it reports who asked for what, the stack, and "
	       "the state of memory (mm/page_alloc.c, warn_alloc()), unless it finds the flag; "
	       "at most one report in ten seconds.",
	.how = "The DMA zone is used up where it is as small as on x86, and then pages of it are "
	       "asked for with the flag, without direct reclaim, with little, and with all of "
	       "it. /dev/kmsg must have no \"page allocation failure\" of this process. With "
	       "--provoke one more request is made without the flag, and must be reported; "
	       "without --provoke the verdict is unknown, as a log that is silent anyhow shows "
	       "nothing.",
	.choice = "Wherever failing is expected and handled: large blocks with a fallback, sizes "
		  "that users choose. Else the report is worth having.",
	.needs = NEED_ADMIN | NEED_KMSG,
	.run = run_nowarn,
};
