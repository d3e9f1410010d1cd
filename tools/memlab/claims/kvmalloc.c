// SPDX-License-Identifier: GPL-2.0-only
/* kvmalloc(): kmalloc() where it can, vmalloc() where it must. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

/* Nothing above order 3 is left free; what the page allocator holds to be costly fails. */
#define FRAGMENT_ORDER	 3
#define FRAGMENT_PERCENT 75

static struct claim_request kvmalloc_of(uint64_t bytes)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC, .bytes = bytes };
}

/* One buffer and the way it took; it stays allocated. */
struct way {
	bool served;
	bool is_vmalloc;
	size_t runs;	   /* physical runs, by pagemap; 0 when it cannot be mapped */
	const char *wrong; /* the driver and the witnesses do not agree */
};

static struct way way_of(struct claim_run *run, struct kcore *kcore, uint64_t bytes)
{
	const struct claim_request request = kvmalloc_of(bytes);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	struct way way = { .served = buf, .wrong = "cannot be described" };
	struct look look;

	if (!buf)
		return way;
	if (look_at(run, buf, &look)) {
		way.wrong = look_path(&look, kcore, run->page_size, &way.is_vmalloc);
		way.runs = frames_runs(&look.mapped);
	}
	look_free(&look);
	return way;
}

/* ---- kvmalloc-fallback ---- */

#define FALLBACK_TRIES 128

/* Above the largest size of kmalloc() there is only one way. */
static void measure_above(struct claim_run *run, struct kcore *kcore, uint64_t bytes)
{
	struct way way = way_of(run, kcore, bytes);
	char size[SIZE_TEXT];

	if (way.served)
		claim_case(run, !way.wrong && way.is_vmalloc, "%s, above KMALLOC_MAX_SIZE: %s",
			   size_text(size, bytes),
			   way.wrong	  ? way.wrong :
			   way.is_vmalloc ? "by vmalloc" :
					    "by kmalloc, which cannot be");
	claim_free_all(run);
}

/* Small ones are kmalloc's; returns whether a buffer was served by kmalloc. */
static bool measure_below(struct claim_run *run, struct kcore *kcore, uint64_t bytes)
{
	struct way way = way_of(run, kcore, bytes);
	char size[SIZE_TEXT];

	if (way.served)
		claim_case(run, !way.wrong, "%s: %s", size_text(size, bytes),
			   way.wrong	  ? way.wrong :
			   way.is_vmalloc ? "by vmalloc" :
					    "by kmalloc");
	claim_free_all(run);
	return way.served && !way.wrong && !way.is_vmalloc;
}

/*
 * In fragmented memory, until a buffer is served by vmalloc(); blocks that are left are
 * used up by holding what kmalloc() serves. Returns its physical runs, or 0.
 */
static size_t measure_fragmented(struct claim_run *run, struct kcore *kcore, uint64_t bytes,
				 size_t *by_kmalloc)
{
	char size[SIZE_TEXT];
	size_t runs = 0;

	for (int i = 0; i < FALLBACK_TRIES && !runs; i++) {
		struct way way = way_of(run, kcore, bytes);

		if (!way.served)
			break;
		claim_case(run, !way.wrong, "%s in fragmented memory: %s, %zu physical runs",
			   size_text(size, bytes),
			   way.wrong	  ? way.wrong :
			   way.is_vmalloc ? "by vmalloc" :
					    "by kmalloc",
			   way.runs);
		if (way.is_vmalloc)
			runs = way.runs;
		else
			++*by_kmalloc;
	}
	claim_free_all(run);
	return runs;
}

static enum verdict judge_fallback(struct claim_run *run, size_t below, size_t fallbacks,
				   size_t runs, uint64_t smallest)
{
	char size[SIZE_TEXT];

	if (claim_wrong(run))
		return claim_judge(run, "%s", "");
	if (!below)
		return claim_unknown(run, "no buffer was served by kmalloc: memory is too "
					  "fragmented to see both ways");
	if (!fallbacks)
		return claim_unknown(run, "memory could not be fragmented enough to make kmalloc "
					  "fail below KMALLOC_MAX_SIZE");
	return claim_judge(run,
			   "by kmalloc where it can; above KMALLOC_MAX_SIZE always by vmalloc; in "
			   "fragmented memory from %s on (%zu physical runs)",
			   size_text(size, smallest), runs);
}

static enum verdict run_fallback(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info);
	size_t below = 0, fallbacks = 0, by_kmalloc = 0, runs = 0;
	struct kcore *kcore = kcore_open();
	uint64_t smallest = 0;

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (uint64_t factor = 1; factor <= 4; factor++) {
		measure_above(run, kcore, factor * max + 1);
		measure_above(run, kcore, (factor + 1) * max);
	}
	for (uint64_t bytes = 8; bytes <= max; bytes *= 2)
		below += measure_below(run, kcore, bytes);

	if (!claim_fragment(run, FRAGMENT_ORDER, FRAGMENT_PERCENT)) {
		kcore_close(kcore);
		return VERDICT_UNKNOWN;
	}
	for (uint64_t bytes = max; bytes > run->page_size << FRAGMENT_ORDER; bytes /= 4) {
		size_t now = measure_fragmented(run, kcore, bytes, &by_kmalloc);

		if (!now)
			continue;
		fallbacks++;
		runs = now;
		smallest = bytes;
	}
	kcore_close(kcore);
	return judge_fallback(run, below, fallbacks, runs, smallest);
}

const struct claim claim_kvmalloc_fallback = {
	.id = "kvmalloc-fallback",
	.claim = "kvmalloc tries kmalloc first, and vmalloc if that fails",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"It will try to allocate memory with kmalloc and if the allocation fails it "
		  "will be retried with vmalloc\"; mm/util.c, kernel-doc of kvmalloc_node().",
	.why = "A contiguous block is cheaper to use, and taking one whole breaks up fewer large "
	       "blocks than taking its pages one by one, so it is tried first; but without much "
	       "effort (__GFP_NORETRY), since there is another way.",
	.how = "The way that a buffer took is seen by its kernel address, which lies in the "
	       "direct map or not by /proc/kcore, and by the flags of its pages in "
	       "/proc/kpageflags; the driver's word must agree. Sizes above KMALLOC_MAX_SIZE must "
	       "all be vmalloc's. Below it, powers of two are served by kmalloc(); then free "
	       "memory is broken into small blocks on purpose, and some must be served by "
	       "vmalloc().",
	.choice = "The choice for a size that may be large, or that user space chooses, when "
		  "physical contiguity is not needed: it does not fail for fragmentation. Free it "
		  "by kvfree().",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.fragments = true,
	.run = run_fallback,
};

/* ---- kvmalloc-small ---- */

/* Larger buffers of this size must be seen to fall back, while those of a page do not. */
#define CONTRAST_BYTES (64U << 10)
#define SMALL_STEP     5
#define PAGE_TIMES     64

static void measure_small(struct claim_run *run, struct kcore *kcore, uint64_t bytes)
{
	struct way way = way_of(run, kcore, bytes);

	if (way.served)
		claim_case(run, !way.wrong && !way.is_vmalloc, "%" PRIu64 " bytes: %s", bytes,
			   way.wrong	  ? way.wrong :
			   way.is_vmalloc ? "by vmalloc" :
					    "by kmalloc");
}

static bool falls_back(struct claim_run *run, struct kcore *kcore, uint64_t bytes)
{
	for (int i = 0; i < FALLBACK_TRIES; i++) {
		struct way way = way_of(run, kcore, bytes);

		if (!way.served || way.is_vmalloc)
			return way.served;
	}
	return false;
}

static enum verdict run_small(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();
	char size[SIZE_TEXT];
	bool contrast;

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	if (!claim_fragment(run, FRAGMENT_ORDER, FRAGMENT_PERCENT)) {
		kcore_close(kcore);
		return VERDICT_UNKNOWN;
	}
	/* What falls back is held, so that it goes on to be so. */
	contrast = falls_back(run, kcore, CONTRAST_BYTES);
	for (uint64_t bytes = 1; bytes < run->page_size; bytes += SMALL_STEP)
		measure_small(run, kcore, bytes);
	for (int i = 0; i < PAGE_TIMES; i++)
		measure_small(run, kcore, run->page_size);
	kcore_close(kcore);

	if (!contrast && !claim_wrong(run))
		return claim_unknown(run, "memory could not be fragmented enough to make larger "
					  "buffers fall back");
	return claim_judge(run, "never by vmalloc, in memory so fragmented that %s fell back",
			   size_text(size, CONTRAST_BYTES));
}

const struct claim claim_kvmalloc_small = {
	.id = "kvmalloc-small",
	.claim = "kvmalloc never falls back to vmalloc for a page or less",
	.source = "mm/util.c, kvmalloc_node(), the comment: \"It doesn't really make sense to "
		  "fallback to vmalloc for sub page requests\".",
	.why = "vmalloc() takes at least a page. If kmalloc() could not get a page, there is none "
	       "for vmalloc() either.",
	.how = "Free memory is broken into small blocks on purpose, until a buffer of 64 KiB is "
	       "seen to fall back. Then sizes up to a page, and many of a page, must still be "
	       "slabs' by /proc/kpageflags, at addresses in the direct map by /proc/kcore. That "
	       "kmalloc() of a page or less itself fails is not brought about: it would take the "
	       "last free page of the machine.",
	.choice = "kvmalloc() costs nothing for small sizes: it is kmalloc() then. And it can "
		  "fail for them, so its result must be checked.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.fragments = true,
	.run = run_small,
};
