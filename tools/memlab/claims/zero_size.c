// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc(0). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

/* include/linux/slab.h: ((void *)16) */
#define ZERO_SIZE_PTR 16

/* How often it is tried: many objects more would be in use if each call took one. */
#define CALLS 4096

/* Objects in use in the smallest caches of kmalloc(); those on a CPU count. */
static bool count_objects(uint64_t *objects)
{
	static const char *const names[] = { "kmalloc-8", "kmalloc-16", "kmalloc-32" };
	struct slabinfo info;

	if (!slabinfo_read(&info))
		return false;
	*objects = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct slabinfo_row *row = slabinfo_find(&info, names[i]);

		*objects += row ? row->active : 0;
	}
	slabinfo_free(&info);
	return true;
}

static enum verdict measure(struct claim_run *run, struct kmsg *kmsg, const struct kcore *kcore)
{
	uint64_t before, after;
	bool direct, within;
	char *complaint;

	if (!count_objects(&before))
		return claim_unknown(run, "/proc/slabinfo: %s", strerror(errno));
	for (int i = 0; i < CALLS; i++) {
		uint64_t result;

		if (memlab_probe(run->dev, MEMLAB_LIB_PROBE_KMALLOC_ZERO, 0, 0, 0, &result))
			return claim_unknown(run, "kmalloc(0) cannot be tried: %s",
					     strerror(errno));
		claim_case(run, result == ZERO_SIZE_PTR, "kmalloc(0) returns %s, kfree() takes it",
			   result == ZERO_SIZE_PTR ? "ZERO_SIZE_PTR (16)" :
			   result		   ? "some other pointer" :
						     "NULL");
	}
	if (!count_objects(&after))
		return claim_unknown(run, "/proc/slabinfo: %s", strerror(errno));
	claim_case(run, after < before + CALLS / 2,
		   "/proc/slabinfo: %" PRIu64
		   " objects of the smallest caches in use before %d calls, "
		   "%" PRIu64 " after",
		   before, CALLS, after);
	within = kcore_within(kcore, ZERO_SIZE_PTR, 1, &direct);
	claim_case(run, !within, "/proc/kcore has %s at address 16",
		   within ? "memory" : "no memory");
	complaint = kmsg_complaint(kmsg);
	claim_case(run, !complaint, "kernel log: %s", complaint ? complaint : "no complaint");
	free(complaint);
	return claim_judge(run,
			   "%d calls return ZERO_SIZE_PTR, where there is no memory, and kfree() "
			   "takes it without a complaint",
			   CALLS);
}

static enum verdict run_zero_size(struct claim_run *run)
{
	struct kmsg *kmsg = kmsg_watch();
	struct kcore *kcore = kcore_open();
	enum verdict verdict;

	if (kmsg && kcore)
		verdict = measure(run, kmsg, kcore);
	else
		verdict = claim_unknown(run, "the kernel's log or /proc/kcore cannot be opened: %s",
					strerror(errno));
	kcore_close(kcore);
	kmsg_close(kmsg);
	return verdict;
}

const struct claim claim_kmalloc_zero_size = {
	.id = "kmalloc-zero-size",
	.claim = "kmalloc(0) returns ZERO_SIZE_PTR, which can be freed",
	.source = "include/linux/slab.h, comment on ZERO_SIZE_PTR: \"ZERO_SIZE_PTR will be "
		  "returned for zero sized kmalloc requests. Dereferencing ZERO_SIZE_PTR will "
		  "lead to a distinct access fault\".",
	.why = "A size of zero is legal where it is computed, for an array without elements for "
	       "instance, and is no failure, so it is not NULL. No memory is behind it: any use "
	       "of it faults. kfree() knows it and does nothing.",
	.how = "The driver calls kmalloc(0) and kfree() some thousand times and tells whether "
	       "the pointer is ZERO_SIZE_PTR, NULL or another one. /proc/kcore must have no "
	       "memory at that address, /proc/slabinfo must not count as many objects more, and "
	       "the kernel's log must stay clean.",
	.choice = "A check for NULL does not find a size of zero. Code that uses the first byte "
		  "unconditionally must check the size.",
	.needs = NEED_KCORE | NEED_SLABINFO | NEED_KMSG,
	.run = run_zero_size,
};
