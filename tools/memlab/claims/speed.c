// SPDX-License-Identifier: GPL-2.0-only
/* What a call costs. */
#include <inttypes.h>
#include <stdlib.h>

#include "witness.h"

#define ROUNDS 31
/* For so long each time, in nanoseconds. */
#define LONG 100000
/* A smaller difference than by half is said to be lost; chance decides who is ahead then. */
#define LOST_PERCENT 150

/* Nanoseconds; no call is as short. */
#define MAX_CLOCK_STEP 100

#define BEHIND_PERCENT 200

/* Nanoseconds of a pair of calls, in each round. */
struct times {
	uint64_t driver[ROUNDS]; /* the kernel's functions alone, by the driver's word */
	uint64_t user[ROUNDS];	 /* a part of the whole system call, by the program's clock */
	bool impossible;	 /* all of them were longer than the whole */
};

/* What nothing else disturbed. */
static uint64_t least(const uint64_t values[ROUNDS])
{
	uint64_t result = values[0];

	for (size_t i = 1; i < ROUNDS; i++)
		if (values[i] < result)
			result = values[i];
	return result;
}

/* One round of one allocator. Returns false with errno when it cannot be measured. */
static bool time_pairs(const struct claim_run *run, unsigned int allocator, uint64_t bytes,
		       bool zero, struct times *times, size_t at)
{
	struct memlab_buf_config *what = need(memlab_buf_config_new());
	struct memlab_bench_config *how = need(memlab_bench_config_new());
	uint64_t begin, end, pairs = 0, failures = 1, nanoseconds = 0;
	struct memlab_bench_report *report;

	memlab_buf_config_set_allocator(what, allocator);
	memlab_buf_config_set_size(what, bytes);
	memlab_buf_config_set_zero(what, zero);
	memlab_bench_config_set_nanoseconds(how, LONG);
	begin = clock_now();
	report = memlab_bench_run(run->dev, what, how, NULL);
	end = clock_now();
	if (report) {
		pairs = memlab_bench_report_get_operations(report, 0);
		failures = memlab_bench_report_get_failures(report, 0);
		nanoseconds = memlab_bench_report_get_nanoseconds(report, 0);
	}
	memlab_bench_report_free(report);
	memlab_bench_config_free(how);
	memlab_buf_config_free(what);
	if (!pairs || failures)
		return false;
	times->driver[at] = nanoseconds / pairs;
	times->user[at] = (end - begin) / pairs;
	times->impossible |= nanoseconds > end - begin;
	return true;
}

struct comparison {
	bool impossible;
	uint64_t kmalloc, vmalloc;	     /* the least, by the driver's word */
	uint64_t kmalloc_user, vmalloc_user; /* the same by the program's clock */
};

static bool compare_size(const struct claim_run *run, uint64_t bytes, bool zero,
			 struct comparison *result)
{
	struct times kmalloc = { .impossible = false }, vmalloc = { .impossible = false };

	/* By turns, so that whatever disturbs one disturbs the other. */
	for (size_t i = 0; i < ROUNDS; i++)
		if (!time_pairs(run, MEMLAB_LIB_ALLOCATOR_KMALLOC, bytes, zero, &kmalloc, i) ||
		    !time_pairs(run, MEMLAB_LIB_ALLOCATOR_VMALLOC, bytes, zero, &vmalloc, i))
			return false;
	*result = (struct comparison){
		.impossible = kmalloc.impossible || vmalloc.impossible,
		.kmalloc = least(kmalloc.driver),
		.vmalloc = least(vmalloc.driver),
		.kmalloc_user = least(kmalloc.user),
		.vmalloc_user = least(vmalloc.user),
	};
	return true;
}

static bool is_less(uint64_t a, uint64_t b, uint64_t percent)
{
	return a * 100 < b * percent;
}

/* What speaks against kmalloc() being faster at a size, or NULL. */
static const char *not_faster(const struct comparison *c, uint64_t bytes, uint64_t page_size)
{
	/* Up to a page there is little to zero, and no doubt. */
	uint64_t percent = bytes <= page_size ? 100 : BEHIND_PERCENT;

	if (c->impossible)
		return "the driver reports more time than the system call took";
	if (!is_less(c->kmalloc, c->vmalloc, percent))
		return "kmalloc takes longer, by the driver's word";
	if (!is_less(c->kmalloc_user, c->vmalloc_user, percent))
		return "kmalloc takes longer, by the program's clock";
	return NULL;
}

static double ratio(const struct comparison *c)
{
	return c->kmalloc ? (double)c->vmalloc / (double)c->kmalloc : 0;
}

static enum verdict run_faster(struct claim_run *run)
{
	bool init = memlab_dev_info_has_feature(run->info, MEMLAB_LIB_FEATURE_INIT_ON_ALLOC);
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info), lost = 0, last = 0;
	struct comparison small = { 0 }, large = { 0 };
	char size[SIZE_TEXT], lost_text[2 * SIZE_TEXT];

	if (clock_step() > MAX_CLOCK_STEP)
		return claim_unknown(
			run,
			"needs a better clock: this kernel's advances in steps of %" PRIu64
			" ns, see /sys/devices/system/clocksource",
			clock_step());
	for (uint64_t bytes = 64; bytes <= max; bytes *= 4) {
		struct comparison plain, zeroed;
		const char *wrong;

		if (!compare_size(run, bytes, false, &plain) ||
		    !compare_size(run, bytes, true, &zeroed))
			break;
		wrong = not_faster(&plain, bytes, run->page_size);
		claim_case(run, !wrong,
			   "%s: kmalloc and kfree %" PRIu64 " ns, vmalloc and vfree %" PRIu64
			   " ns; zeroed %" PRIu64 " and %" PRIu64 " ns; by the program's clock "
			   "%" PRIu64 " and %" PRIu64 " ns%s%s",
			   size_text(size, bytes), plain.kmalloc, plain.vmalloc, zeroed.kmalloc,
			   zeroed.vmalloc, plain.kmalloc_user, plain.vmalloc_user,
			   wrong ? ": " : "", wrong ? wrong : "");
		if (bytes == 64)
			small = plain;
		large = plain;
		last = bytes;
		/* From there on, and not only there. */
		if (zeroed.vmalloc * 100 >= zeroed.kmalloc * LOST_PERCENT)
			lost = 0;
		else if (!lost)
			lost = bytes;
	}

	if (!last)
		return claim_unknown(run, "there was no memory to compare with");
	if (lost)
		snprintf(lost_text, sizeof(lost_text), "lost in zeroing from %s on",
			 size_text(size, lost));
	else
		snprintf(lost_text, sizeof(lost_text), "not lost in zeroing at any size");
	return claim_judge(run,
			   "64 B: %" PRIu64 " ns, vmalloc %" PRIu64 " ns, %.1f times as long; %s: "
			   "%" PRIu64 " and %" PRIu64 " ns, %.1f times; init_on_alloc %s; the "
			   "difference is %s",
			   small.kmalloc, small.vmalloc, ratio(&small), size_text(size, last),
			   large.kmalloc, large.vmalloc, ratio(&large), init ? "on" : "off",
			   lost_text);
}

const struct claim claim_kmalloc_faster = {
	.id = "kmalloc-faster",
	.claim = "kmalloc is faster than vmalloc",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "kmalloc() is \"the most straightforward way\", vmalloc() is for large "
		  "allocations; mm/util.c, kernel-doc of kvmalloc_node(): \"if kmalloc is "
		  "preferable to the vmalloc fallback, due to visible performance drawbacks\".",
	.why = "For a small object kmalloc() takes one from a list of the CPU; vmalloc() finds a "
	       "range of addresses, gets each page, and writes page tables. If the memory is "
	       "zeroed, by __GFP_ZERO or by init_on_alloc, that takes the same time for both, and "
	       "the larger the size, the more of the time it is.",
	.how = "Pairs of an allocation and a free, in a loop in the kernel for a tenth of a "
	       "millisecond, the same sizes by turns, 31 times each; the least that a pair took is "
	       "compared. It must show the same by the program's own clock, by which no loop can "
	       "take longer than the whole system call. Up to a page kmalloc() must be ahead. "
	       "Above, the difference counts as lost in zeroing from the size on at which vmalloc() "
	       "of zeroed memory takes less than one and a half times as long; from there on "
	       "kmalloc() must not take twice as long. Nothing is compared by a clock whose steps, "
	       "by clock_getres(2), are longer than 100 ns.",
	.choice = "For small and frequent allocations the difference is large. For a few large "
		  "ones it is not what decides; what it costs to use the memory afterwards, in "
		  "TLB misses, is not measured here, but by memlab bench --pattern read.",
	.run = run_faster,
};
