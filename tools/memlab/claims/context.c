// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc() where sleeping is forbidden. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

#define SEED	 0x61746f6d
#define PER_CASE 8
#define PREEMPT	 0x000000ffU
#define SOFTIRQ	 0x0000ff00U
#define HARDIRQ	 0x000f0000U

/* What the code that called the allocator must have seen; bits of include/linux/preempt.h. */
static const struct {
	unsigned int context;
	unsigned int seen;
	unsigned int preempt_count;
	const char *path; /* where the kernel counts such interrupts, and the row of timers' */
	const char *row;
} contexts[] = {
	{ MEMLAB_LIB_CONTEXT_ATOMIC, MEMLAB_LIB_SEEN_TASK | MEMLAB_LIB_SEEN_LOCKED, PREEMPT, NULL,
	  NULL },
	{ MEMLAB_LIB_CONTEXT_SOFTIRQ, MEMLAB_LIB_SEEN_SOFTIRQ, SOFTIRQ, "/proc/softirqs",
	  "HRTIMER" },
	{ MEMLAB_LIB_CONTEXT_HARDIRQ, MEMLAB_LIB_SEEN_HARDIRQ | MEMLAB_LIB_SEEN_IRQS_OFF, HARDIRQ,
	  "/proc/interrupts", "LOC" },
};

static const uint64_t flags[] = { MEMLAB_LIB_GFP_ATOMIC, MEMLAB_LIB_GFP_NOWAIT };
static const uint64_t sizes[] = { 8, 64, 96, 200, 1024, 4096, 8192, 12345, 65536 };

/* Other kernels count interrupts only, and not how often preemption is off. */
static bool counts_preemption(const struct claim_run *run)
{
	return memlab_dev_info_has_feature(run->info, MEMLAB_LIB_FEATURE_PREEMPT_COUNT);
}

static const char *not_as_asked(const struct claim_run *run, const struct memlab_call *call,
				unsigned int which, uint64_t gfp)
{
	unsigned int seen = memlab_call_get_seen(call);
	bool counted = contexts[which].preempt_count != PREEMPT || counts_preemption(run);

	if ((seen & contexts[which].seen) != contexts[which].seen)
		return "the allocation did not run in that context";
	if (counted && !(memlab_call_get_preempt_count(call) & contexts[which].preempt_count))
		return "preempt_count is not that of the context";
	if (!(memlab_call_get_gfp_used(call) & gfp))
		return "kmalloc was given other flags";
	return NULL;
}

static const char *not_usable(struct claim_run *run, struct memlab_buf *buf)
{
	const char *wrong = "cannot be described";
	struct look look;
	size_t pages;
	char *detail;

	if (look_at(run, buf, &look)) {
		wrong = look_contradiction(&look);
		if (!wrong)
			wrong = look_misuse(&look, run->page_size, &pages);
	}
	look_free(&look);
	if (!wrong && !bytes_agree(run, buf, SEED, &detail)) {
		free(detail);
		return "other bytes than were written";
	}
	if (!wrong)
		free(detail);
	return wrong;
}

/* Each allocation is waited for, so it takes an interrupt of its own. */
static void measure_interrupts(struct claim_run *run, unsigned int which, uint64_t before,
			       uint64_t calls)
{
	uint64_t now;

	/* Rows have other names on other machines. */
	if (!contexts[which].row || !row_sum(contexts[which].path, contexts[which].row, &now))
		return;
	claim_case(run, now - before >= calls,
		   "%s of %s: %" PRIu64 " more after %" PRIu64 " allocations in %s",
		   contexts[which].row, contexts[which].path, now - before, calls,
		   memlab_context_name(contexts[which].context));
}

static void measure_context(struct claim_run *run, unsigned int which, uint64_t gfp, uint64_t bytes)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
					       .bytes = bytes,
					       .gfp = gfp,
					       .context = contexts[which].context };
	struct memlab_call *call = claim_call(run);
	char size[SIZE_TEXT];

	for (int i = 0; i < PER_CASE; i++) {
		struct memlab_buf *buf = claim_alloc(run, &request, call);
		const char *wrong = buf ? not_as_asked(run, call, which, gfp) : strerror(errno);

		if (buf && !wrong)
			wrong = not_usable(run, buf);
		claim_case(run, !wrong, "%s, GFP_%s, in %s (preempt_count 0x%x): %s",
			   size_text(size, bytes), memlab_gfp_name(gfp),
			   memlab_context_name(contexts[which].context),
			   memlab_call_get_preempt_count(call),
			   wrong ? wrong : "served, bytes right");
	}
	claim_free_all(run);
}

static enum verdict run_atomic(struct claim_run *run)
{
	struct kmsg *kmsg = kmsg_watch();
	char *complaint;

	if (!kmsg)
		return claim_unknown(run, "/dev/kmsg: %s", strerror(errno));
	for (unsigned int which = 0; which < ARRAY_SIZE(contexts); which++) {
		uint64_t cases = run->case_count, before = 0;

		if (contexts[which].row)
			row_sum(contexts[which].path, contexts[which].row, &before);
		for (size_t flag = 0; flag < ARRAY_SIZE(flags); flag++)
			for (size_t size = 0; size < ARRAY_SIZE(sizes); size++)
				measure_context(run, which, flags[flag], sizes[size]);
		measure_interrupts(run, which, before, run->case_count - cases);
	}
	/* A kmalloc() that slept would have the scheduler say so, on every kernel. */
	complaint = kmsg_complaint(kmsg);
	claim_case(run, !complaint, "kernel log: %s", complaint ? complaint : "no complaint");
	free(complaint);
	kmsg_close(kmsg);
	return claim_judge(run,
			   "served with a spinlock held, in softirq and in hardirq; the scheduler "
			   "complained of no sleep%s",
			   counts_preemption(run) ?
				   "" :
				   ", but would not notice one under a spinlock: no "
				   "PREEMPT_COUNT here");
}

const struct claim claim_kmalloc_atomic = {
	.id = "kmalloc-atomic",
	.claim = "kmalloc works where sleeping is forbidden, with GFP_ATOMIC or GFP_NOWAIT",
	.source = "Documentation/core-api/memory-allocation.rst, \"Get Free Page flags\": \"If "
		  "the allocation is performed from an atomic context, e.g interrupt handler, use "
		  "GFP_NOWAIT\", and \"you may use GFP_ATOMIC\" if reserves are justified; "
		  "include/linux/slab.h, kernel-doc of kmalloc(): \"Allocation will not sleep\".",
	.why = "Without __GFP_DIRECT_RECLAIM the page allocator takes what is free or gives up; "
	       "it does not wait for memory to be written back. GFP_ATOMIC may use a part of the "
	       "reserves on top.",
	.how = "Sizes from 8 bytes to 64 KiB with both flags, really allocated with preemption "
	       "off and a spinlock held, in a soft interrupt, and in a hard interrupt of a timer. "
	       "The driver reports preempt_count as the calling code saw it, and /proc/softirqs "
	       "and /proc/interrupts must count at least as many interrupts of timers. The memory "
	       "is examined by pagemap, kpageflags and its bytes. Had kmalloc() slept, the "
	       "scheduler would say \"scheduling while atomic\" in the kernel's log, which must "
	       "stay clean.",
	.choice = "The way to allocate in interrupt handlers and under spinlocks. It fails more "
		  "easily than GFP_KERNEL, so there must be a way to go on without.",
	.needs = NEED_PHYS | NEED_ADMIN | NEED_KMSG | NEED_CONTEXTS,
	.run = run_atomic,
};
