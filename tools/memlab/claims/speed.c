// SPDX-License-Identifier: GPL-2.0-only
/* What a call costs. */
#include <inttypes.h>
#include <stdlib.h>

#include "witness.h"

#define ROUNDS	     63
#define ROUNDS_LARGE 15
#define LARGE	     (256U << 10)
/* A smaller difference than by half is said to be lost; chance decides who is ahead then. */
#define LOST_PERCENT 150

/* Nanoseconds; no call is as short. */
#define MAX_CLOCK_STEP 100

#define BEHIND_PERCENT 200
#define SEEN_PART      3

/* Nanoseconds of many calls. */
struct times {
	uint64_t driver[ROUNDS]; /* the kernel's function alone, by the driver's word */
	uint64_t user[ROUNDS];	 /* the whole system call, by the program's clock */
	bool impossible;	 /* a part was longer than the whole */
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t median(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static uint64_t shortest(const uint64_t *values, size_t count)
{
	uint64_t least = values[0];

	for (size_t i = 1; i < count; i++)
		if (values[i] < least)
			least = values[i];
	return least;
}

static bool time_call(struct claim_run *run, unsigned int allocator, uint64_t bytes, bool zero,
		      struct times *times, size_t at)
{
	const struct claim_request request = { .allocator = allocator,
					       .bytes = bytes,
					       .zero = zero };
	struct memlab_call *call = claim_call(run);
	uint64_t begin = clock_now();
	struct memlab_buf *buf = claim_alloc(run, &request, call);
	uint64_t end = clock_now();

	if (!buf)
		return false;
	times->driver[at] = memlab_call_get_nanoseconds(call);
	times->user[at] = end - begin;
	times->impossible |= times->driver[at] > times->user[at];
	claim_free(run, buf);
	return true;
}

struct comparison {
	bool impossible;
	uint64_t kmalloc, vmalloc;	     /* medians, the kernel's function */
	uint64_t kmalloc_user, vmalloc_user; /* the shortest system calls */
};

static bool compare_size(struct claim_run *run, uint64_t bytes, bool zero,
			 struct comparison *result)
{
	size_t rounds = bytes < LARGE ? ROUNDS : ROUNDS_LARGE;
	struct times kmalloc = { .impossible = false }, vmalloc = { .impossible = false };

	/* By turns, so that whatever disturbs one disturbs the other. */
	for (size_t i = 0; i < rounds; i++)
		if (!time_call(run, MEMLAB_LIB_ALLOCATOR_KMALLOC, bytes, zero, &kmalloc, i) ||
		    !time_call(run, MEMLAB_LIB_ALLOCATOR_VMALLOC, bytes, zero, &vmalloc, i))
			return false;
	*result = (struct comparison){
		.impossible = kmalloc.impossible || vmalloc.impossible,
		.kmalloc = median(kmalloc.driver, rounds),
		.vmalloc = median(vmalloc.driver, rounds),
		.kmalloc_user = shortest(kmalloc.user, rounds),
		.vmalloc_user = shortest(vmalloc.user, rounds),
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
	/* The program's clock can see a difference that is a fair part of the system call. */
	if (c->vmalloc > c->kmalloc && SEEN_PART * (c->vmalloc - c->kmalloc) < c->kmalloc_user)
		return NULL;
	if (!is_less(c->kmalloc_user, c->vmalloc_user, percent))
		return "the system call with kmalloc takes longer, by the program's clock";
	return NULL;
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
			   "%s: kmalloc %" PRIu64 " ns, vmalloc %" PRIu64 " ns; zeroed %" PRIu64
			   " and %" PRIu64 " ns; system call %" PRIu64 " and %" PRIu64 " ns%s%s",
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
			   "64 B: %" PRIu64 " ns, vmalloc %" PRIu64 " ns; %s: %" PRIu64
			   " and %" PRIu64 " ns; init_on_alloc %s; the difference is %s",
			   small.kmalloc, small.vmalloc, size_text(size, last), large.kmalloc,
			   large.vmalloc, init ? "on" : "off", lost_text);
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
	.how = "The same sizes by turns, 63 times each, and 15 times from 256 KiB on. The medians "
	       "of the time that the kernel's function took are compared. No call can take longer "
	       "than the whole system call by the program's own clock, and where the difference "
	       "is a third of it or more, the shortest system calls must show it, too. Up to a "
	       "page kmalloc() must be ahead. Above, the difference counts as lost in zeroing "
	       "from the size on at which vmalloc() of zeroed memory takes less than one and a "
	       "half times as long; from there on kmalloc() must not take twice as long. Nothing is "
	       "compared by a clock whose steps, by clock_getres(2), are longer than 100 ns.",
	.choice = "For small and frequent allocations the difference is large. For a few large "
		  "ones it is not what decides; what it costs to use the memory afterwards, in "
		  "TLB misses, is not measured here.",
	.run = run_faster,
};
