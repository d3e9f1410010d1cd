// SPDX-License-Identifier: GPL-2.0-only
/* Which GFP flags kvmalloc() takes. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

#define KERNEL MEMLAB_LIB_GFP_KERNEL

/* What is to be seen of a flag; OTHERS are told, and say nothing about the claim. */
enum expected { BOTH_WAYS, CONTIGUOUS_ONLY, REFUSED, OTHERS };

static const struct {
	uint64_t gfp;
	enum expected expected;
} flags_known[] = {
	{ KERNEL, BOTH_WAYS },
	{ MEMLAB_LIB_GFP_NOWAIT, CONTIGUOUS_ONLY },
	{ MEMLAB_LIB_GFP_ATOMIC, CONTIGUOUS_ONLY },
	{ MEMLAB_LIB_GFP_USER, BOTH_WAYS },
	{ MEMLAB_LIB_GFP_HIGHUSER, REFUSED },
	{ KERNEL | MEMLAB_LIB_GFP_DMA32, REFUSED },
	{ KERNEL | MEMLAB_LIB_GFP_DMA, OTHERS },
	{ KERNEL | MEMLAB_LIB_GFP_ZERO, BOTH_WAYS },
	{ KERNEL | MEMLAB_LIB_GFP_HIGH, BOTH_WAYS },
	{ KERNEL | MEMLAB_LIB_GFP_NOFAIL, OTHERS },
	{ KERNEL | MEMLAB_LIB_GFP_NORETRY, BOTH_WAYS },
	{ KERNEL | MEMLAB_LIB_GFP_RETRY_MAYFAIL, BOTH_WAYS },
	{ KERNEL | MEMLAB_LIB_GFP_NOWARN, BOTH_WAYS },
	{ KERNEL | MEMLAB_LIB_GFP_ACCOUNT, BOTH_WAYS },
};

/* What became of a request. */
enum outcome { BY_KMALLOC, BY_VMALLOC, SAID_NO, NOT_CALLED, CONTRADICTORY };

static const char *const outcomes[] = {
	[BY_KMALLOC] = "by kmalloc",
	[BY_VMALLOC] = "by vmalloc",
	[SAID_NO] = "NULL",
	[NOT_CALLED] = "refused",
	[CONTRADICTORY] = "the driver and the witnesses do not agree",
};

static enum outcome outcome_of(struct claim_run *run, struct kcore *kcore, uint64_t gfp,
			       uint64_t bytes)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_KVMALLOC,
					       .bytes = bytes,
					       .gfp = gfp };
	enum outcome outcome = CONTRADICTORY;
	struct memlab_buf *buf;
	struct look look;
	bool is_vmalloc;

	if (!claim_allowed(run, &request, NULL))
		return NOT_CALLED;
	buf = claim_alloc(run, &request, NULL);
	if (!buf)
		return errno == ENOMEM ? SAID_NO : NOT_CALLED;
	if (look_at(run, buf, &look) && !look_path(&look, kcore, run->page_size, &is_vmalloc))
		outcome = is_vmalloc ? BY_VMALLOC : BY_KMALLOC;
	look_free(&look);
	claim_free(run, buf);
	return outcome;
}

static bool as_expected(enum expected expected, enum outcome small, enum outcome large)
{
	switch (expected) {
	case BOTH_WAYS:
		return small == BY_KMALLOC && large == BY_VMALLOC;
	case CONTIGUOUS_ONLY:
		return small == BY_KMALLOC && large == SAID_NO;
	case REFUSED:
		return small == NOT_CALLED && large == NOT_CALLED;
	default:
		return small != CONTRADICTORY && large != CONTRADICTORY && small != BY_VMALLOC &&
		       large != BY_KMALLOC;
	}
}

/* "kernel,zero", for free(). */
static char *names_of(uint64_t gfp)
{
	char *names = text_format("%s", "");

	for (uint64_t flag = 1; flag && flag <= gfp; flag <<= 1) {
		char *longer;

		if (!(gfp & flag))
			continue;
		longer = text_format("%s%s%s", names, *names ? "," : "", memlab_gfp_name(flag));
		free(names);
		names = longer;
	}
	return names;
}

static enum verdict run_gfp(struct claim_run *run)
{
	uint64_t large = memlab_dev_info_get_kmalloc_max_size(run->info) + run->page_size;
	struct kmsg *kmsg = kmsg_watch();
	struct kcore *kcore = kcore_open();
	char *complaint;

	if (!kmsg || !kcore)
		return claim_unknown(run, "the kernel's log or /proc/kcore cannot be opened: %s",
				     strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(flags_known); i++) {
		enum outcome small_is = outcome_of(run, kcore, flags_known[i].gfp, 64);
		enum outcome large_is = outcome_of(run, kcore, flags_known[i].gfp, large);
		char *names = names_of(flags_known[i].gfp);

		claim_case(run, as_expected(flags_known[i].expected, small_is, large_is),
			   "%s: 64 bytes %s; %" PRIu64 " bytes, too large for kmalloc, %s", names,
			   outcomes[small_is], large, outcomes[large_is]);
		free(names);
	}
	complaint = kmsg_complaint(kmsg);
	claim_case(run, !complaint, "kernel log: %s", complaint ? complaint : "no complaint");
	free(complaint);
	kcore_close(kcore);
	kmsg_close(kmsg);
	return claim_judge(run,
			   "NOWAIT and ATOMIC get no vmalloc memory, though KERNEL does at the "
			   "same size; HIGHUSER and DMA32 are not for slabs");
}

const struct claim claim_kvmalloc_gfp = {
	.id = "kvmalloc-gfp",
	.claim = "Only some GFP flags may be used with kvmalloc",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"There are restrictions on which GFP flags can be used with kvmalloc\"; "
		  "mm/util.c, kernel-doc of kvmalloc_node(): \"GFP_NOWAIT and GFP_ATOMIC are not "
		  "supported, neither is the __GFP_NORETRY modifier\".",
	.why = "The flags must suit both ways. vmalloc() may sleep, whatever the flags, so "
	       "kvmalloc() returns NULL instead of going there when they forbid it. Slab caches "
	       "warn of __GFP_HIGHMEM and __GFP_DMA32 (GFP_SLAB_BUG_MASK). __GFP_NORETRY is what "
	       "the first try has anyhow, and vmalloc() does not honour it. From about Linux 6.19 "
	       "on vmalloc() takes GFP_NOWAIT and GFP_ATOMIC.",
	.how = "Each flag with 64 bytes, and with a page more than KMALLOC_MAX_SIZE, which "
	       "kmalloc() cannot serve. KERNEL must be served both ways. With NOWAIT and ATOMIC "
	       "the large request must reach kvmalloc() and come back NULL, and the small one be "
	       "served. Ways are seen by /proc/kcore and /proc/kpageflags. The driver itself "
	       "refuses what would make the kernel warn. The kernel's log must stay clean.",
	.choice = "Use it with GFP_KERNEL, where sleeping is allowed. In atomic context it is "
		  "kmalloc() by another name, and fails where that does.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE | NEED_ADMIN | NEED_KMSG,
	.run = run_gfp,
};
