// SPDX-License-Identifier: GPL-2.0-only
/* __GFP_DMA32: page frames below 4 GiB. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"
#include "zoneinfo.h"

#define KERNEL	 MEMLAB_LIB_GFP_KERNEL
#define DMA32	 MEMLAB_LIB_GFP_DMA32
#define FOUR_GIB (4ULL << 30)

/* Buffers of each kind, with the flag and without it. */
#define BUFFERS 6

static const struct {
	unsigned int allocator;
	uint64_t bytes;
} sizes[] = {
	{ MEMLAB_LIB_ALLOCATOR_PAGES, 4096 },	  { MEMLAB_LIB_ALLOCATOR_PAGES, 65536 },
	{ MEMLAB_LIB_ALLOCATOR_PAGES, 1U << 20 }, { MEMLAB_LIB_ALLOCATOR_PAGES_EXACT, 40960 },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 262144 }, { MEMLAB_LIB_ALLOCATOR_VMALLOC, 1U << 20 },
};

struct tally {
	size_t frames;
	size_t above; /* of these, at 4 GiB or more */
};

/* By pagemap, whose word the driver's must be. False: they do not agree, or errno. */
static bool count_frames(struct claim_run *run, struct memlab_buf *buf, struct tally *tally)
{
	struct frames reported, mapped = { 0 };
	bool agree = frames_reported(run, buf, &reported) && frames_mapped(run, buf, &mapped) &&
		     frames_equal(&reported, &mapped);

	tally->frames += mapped.count;
	for (size_t i = 0; i < mapped.count; i++)
		tally->above += mapped.pfns[i] >= FOUR_GIB / run->page_size;
	frames_free(&reported);
	frames_free(&mapped);
	return agree;
}

/* A buffer with the flag, and one without: @low and @plain are what has been seen. */
static bool measure(struct claim_run *run, size_t which, struct tally *low, struct tally *plain)
{
	struct claim_request request = { .allocator = sizes[which].allocator,
					 .bytes = sizes[which].bytes,
					 .gfp = KERNEL };
	struct tally seen = { 0 };
	struct memlab_buf *buf;
	char size[SIZE_TEXT];
	bool agree;

	buf = claim_alloc(run, &request, NULL);
	if (!buf || !count_frames(run, buf, plain))
		return false;

	request.gfp = KERNEL | DMA32;
	buf = claim_alloc(run, &request, NULL);
	/* From 6.19 on vmalloc() warns of the flag, so that the driver refuses it. */
	if (!buf)
		return errno == EINVAL && request.allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC;
	agree = count_frames(run, buf, &seen);
	claim_case(run, agree && seen.frames && !seen.above,
		   "%s of %s with dma32: %zu frames, %zu of them at 4 GiB or above%s",
		   memlab_allocator_name(request.allocator), size_text(size, request.bytes),
		   seen.frames, seen.above, agree ? "" : "; the driver and pagemap do not agree");
	low->frames += seen.frames;
	return true;
}

static enum verdict run_dma32(struct claim_run *run)
{
	struct tally low = { 0 }, plain = { 0 };
	struct zoneinfo zone;

	if (!zoneinfo_get("DMA32", -1, &zone))
		return claim_unknown(run, "there is no DMA32 zone to tell from others");
	if (!zoneinfo_get("Normal", -1, &zone))
		return claim_unknown(run, "all memory of this machine is below 4 GiB, so the flag "
					  "makes no difference that could be seen");
	for (size_t i = 0; i < BUFFERS * ARRAY_SIZE(sizes); i++)
		if (!measure(run, i % ARRAY_SIZE(sizes), &low, &plain))
			return claim_unknown(run, "cannot be measured: %s", strerror(errno));
	if (!claim_wrong(run) && !plain.above)
		return claim_unknown(run,
				     "none of %zu frames without the flag was above 4 GiB "
				     "either",
				     plain.frames);
	return claim_judge(
		run,
		"all of %zu frames with dma32 are below 4 GiB by pagemap; without it %zu "
		"of %zu are above",
		low.frames, plain.above, plain.frames);
}

const struct claim claim_gfp_dma32 = {
	.id = "gfp-dma32",
	.claim = "__GFP_DMA32 gives page frames below 4 GiB",
	.source = "include/linux/gfp_types.h, \"Useful GFP flag combinations\": \"GFP_DMA32 is "
		  "similar to GFP_DMA except that the caller requires a 32-bit address\"; "
		  "Documentation/core-api/memory-allocation.rst, \"Get Free Page flags\".",
	.why = "The flag chooses the highest zone that a page may come from: ZONE_DMA32, which "
	       "ends at 4 GiB on x86-64. Without it, memory comes from ZONE_NORMAL first, which "
	       "lies above. kmalloc() has no caches for it.",
	.how = "Buffers of the page allocator, and of vmalloc() where it takes the flag, with it "
	       "and without it. All frames of those with it must be below 4 GiB in "
	       "/proc/self/pagemap, and at least one of the others above; on a machine without "
	       "memory above 4 GiB the verdict is unknown.",
	.choice = "For devices that send 32-bit addresses. The DMA API (dma_alloc_coherent() "
		  "with a DMA mask) knows what a device can reach and should be used instead.",
	.needs = NEED_PHYS | NEED_ADMIN,
	.run = run_dma32,
};
