// SPDX-License-Identifier: GPL-2.0-only
/* vmalloc() may sleep. */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "look.h"

static struct claim_request vmalloc_of(uint64_t bytes, uint64_t gfp, unsigned int context)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC,
				       .bytes = bytes,
				       .gfp = gfp,
				       .context = context };
}

/* ---- a kernel on which vmalloc() need not sleep ---- */

static enum verdict run_really(struct claim_run *run)
{
	static const uint64_t flags[] = { MEMLAB_LIB_GFP_NOWAIT, MEMLAB_LIB_GFP_ATOMIC };
	static const uint64_t sizes[] = { 1, 4096, 65536, 1U << 20 };
	const unsigned int context = MEMLAB_LIB_CONTEXT_ATOMIC;
	struct memlab_call *call = claim_call(run);
	unsigned int served = 0;

	for (size_t flag = 0; flag < ARRAY_SIZE(flags); flag++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			const struct claim_request request =
				vmalloc_of(sizes[i], flags[flag], context);
			struct memlab_buf *buf = claim_alloc(run, &request, call);
			struct look look;

			if (!buf)
				continue;
			if (look_at(run, buf, &look) && !look_contradiction(&look) &&
			    memlab_call_get_seen(call) & MEMLAB_LIB_SEEN_LOCKED) {
				served++;
				claim_case(run, false,
					   "%" PRIu64
					   " bytes, GFP_%s, with a spinlock held: served",
					   sizes[i], memlab_gfp_name(flags[flag]));
			}
			look_free(&look);
		}
	}
	if (!served)
		return claim_unknown(run, "the driver says that vmalloc takes GFP_NOWAIT here, but "
					  "no such call was served");
	return claim_refuted(run,
			     "measured: %u calls with GFP_NOWAIT or GFP_ATOMIC and a spinlock "
			     "held were served; this kernel's vmalloc takes them",
			     served);
}

/* ---- a debug kernel, which tells of the sleep itself ---- */

#define SPLAT "sleeping function called from invalid context"

static enum verdict run_splat(struct claim_run *run)
{
	const struct claim_request request =
		vmalloc_of(65536, MEMLAB_LIB_GFP_KERNEL, MEMLAB_LIB_CONTEXT_ATOMIC);
	struct kmsg *kmsg = kmsg_watch();
	enum verdict verdict;
	char *splat;

	if (!kmsg)
		return claim_unknown(run, "/dev/kmsg: %s", strerror(errno));
	claim_alloc(run, &request, NULL);
	splat = kmsg_find(kmsg, SPLAT, 7);
	if (splat)
		verdict = claim_holds(run,
				      "measured: called with a spinlock held, and the kernel "
				      "says \"%s\"",
				      splat);
	else
		verdict = claim_refuted(run, "called with a spinlock held, and the kernel, built "
					     "with DEBUG_ATOMIC_SLEEP, has nothing to say");
	free(splat);
	kmsg_close(kmsg);
	return verdict;
}

/* ---- any other kernel: does it give up the processor while it works? ---- */

#define CALLS	   8
#define CALL_BYTES (64U << 20)
#define WAKE_NANOS 200000
/* What the system call may do for itself, outside of vmalloc(). */
#define SWITCHES_APART	2
#define SWITCHES_ENOUGH 8

/*
 * Wants this processor for a moment every now and then, with a higher priority. The
 * scheduler can let it have it only where the code in the kernel offers that.
 */
_Noreturn static void compete(int device_fd)
{
	const struct sched_param priority = { .sched_priority = 1 };
	const struct timespec pause = { .tv_nsec = WAKE_NANOS };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Buffers live as long as the open file, which is the parent's business. */
	close(device_fd);
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		_exit(1);
	for (;;)
		nanosleep(&pause, NULL);
}

static uint64_t switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_nivcsw;
}

/* How often the scheduler took the processor away during calls of vmalloc(). */
static uint64_t count_switches(struct claim_run *run, int *calls)
{
	const struct claim_request request = vmalloc_of(CALL_BYTES, 0, MEMLAB_LIB_CONTEXT_PROCESS);
	uint64_t total = 0;

	for (*calls = 0; *calls < CALLS && total < SWITCHES_ENOUGH; ++*calls) {
		uint64_t before = switches(), during;
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);

		during = switches() - before;
		if (!buf)
			break;
		total += during > SWITCHES_APART ? during - SWITCHES_APART : 0;
		claim_case(run, true, "64 MiB: the processor was given up %" PRIu64 " times",
			   during);
		claim_free(run, buf);
	}
	return total;
}

static bool stay_here(cpu_set_t *before)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	return !sched_getaffinity(0, sizeof(*before), before) &&
	       !sched_setaffinity(0, sizeof(here), &here);
}

/* -1: it cannot be measured. */
static int64_t measure_switches(struct claim_run *run, int *calls)
{
	int64_t total = -1;
	cpu_set_t before;
	pid_t child;
	int status;

	if (!stay_here(&before))
		return -1;
	child = fork();
	if (!child)
		compete(memlab_dev_get_fd(run->dev));
	if (child > 0) {
		total = (int64_t)count_switches(run, calls);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		/* It could not have the priority, so nobody competed. */
		if (WIFEXITED(status))
			total = -1;
	}
	sched_setaffinity(0, sizeof(before), &before);
	return total;
}

/* The driver must refuse, and name this reason. */
static void measure_refusals(struct claim_run *run)
{
	static const struct {
		uint64_t gfp;
		unsigned int context;
	} requests[] = {
		{ MEMLAB_LIB_GFP_NOWAIT, MEMLAB_LIB_CONTEXT_PROCESS },
		{ MEMLAB_LIB_GFP_ATOMIC, MEMLAB_LIB_CONTEXT_PROCESS },
		{ MEMLAB_LIB_GFP_KERNEL, MEMLAB_LIB_CONTEXT_ATOMIC },
		{ MEMLAB_LIB_GFP_KERNEL, MEMLAB_LIB_CONTEXT_SOFTIRQ },
		{ MEMLAB_LIB_GFP_KERNEL, MEMLAB_LIB_CONTEXT_HARDIRQ },
		{ MEMLAB_LIB_GFP_NOWAIT, MEMLAB_LIB_CONTEXT_ATOMIC },
		{ MEMLAB_LIB_GFP_ATOMIC, MEMLAB_LIB_CONTEXT_HARDIRQ },
	};
	struct memlab_call *call = claim_call(run);

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct claim_request request =
			vmalloc_of(65536, requests[i].gfp, requests[i].context);
		bool allowed = claim_allowed(run, &request, call);

		claim_case(run,
			   !allowed &&
				   memlab_call_get_reason(call) == MEMLAB_LIB_REASON_VMALLOC_SLEEPS,
			   "GFP_%s in %s: %s", memlab_gfp_name(requests[i].gfp),
			   memlab_context_name(requests[i].context),
			   allowed ? "not refused" :
				     memlab_reason_name(memlab_call_get_reason(call)));
	}
}

static enum verdict run_switches(struct claim_run *run)
{
	char *model = preemption_model();
	bool says = model && (strstr(model, "voluntary") || strstr(model, "none"));
	uint64_t refused;
	int64_t total;
	int calls = 0;

	measure_refusals(run);
	refused = run->case_count;
	if (claim_wrong(run)) {
		free(model);
		return claim_judge(run, "%s", "");
	}
	if (!says) {
		claim_unknown(run,
			      "preemption is %s, so that the scheduler may interrupt any code: "
			      "needs preempt=voluntary, or a kernel with DEBUG_ATOMIC_SLEEP, the "
			      "module parameter sleep_in_atomic and --provoke",
			      model ? model : "unknown");
		free(model);
		return VERDICT_UNKNOWN;
	}
	free(model);

	total = measure_switches(run, &calls);
	if (total < SWITCHES_ENOUGH)
		return claim_unknown(run, "vmalloc was not seen to give up the processor: %s",
				     total < 0 ? "no process could compete for it" :
						 "the calls were too short");
	return claim_holds(run,
			   "measured: in %d calls of 64 MiB vmalloc gave up the processor %" PRIi64
			   " times, as only code that may sleep does; the driver refuses %" PRIu64
			   " kinds of atomic calls, which would be unsafe to try here",
			   calls, total, refused);
}

static enum verdict run_sleeps(struct claim_run *run)
{
	const struct memlab_dev_info *info = run->info;

	if (memlab_dev_info_has_feature(info, MEMLAB_LIB_FEATURE_VMALLOC_NOWAIT))
		return run_really(run);
	if (run->provoke && memlab_dev_info_has_feature(info, MEMLAB_LIB_FEATURE_ATOMIC_SLEEP) &&
	    memlab_dev_info_has_feature(info, MEMLAB_LIB_FEATURE_SLEEP_IN_ATOMIC))
		return run_splat(run);
	return run_switches(run);
}

const struct claim claim_vmalloc_sleeps = {
	.id = "vmalloc-sleeps",
	.claim = "vmalloc must not be called where sleeping is forbidden",
	.source = "mm/vmalloc.c, kernel-doc of __vmalloc_node_range(): \"From the reclaim "
		  "modifiers __GFP_DIRECT_RECLAIM is required (aka GFP_NOWAIT is not "
		  "supported)\"; mm/util.c, kvmalloc_node(), the comment: \"non-sleeping "
		  "allocations are not supported by vmalloc\".",
	.why = "It has much to do: find a range of addresses, get pages, make page tables, for "
	       "which it allocates with GFP_KERNEL whatever the flags, and it lets the scheduler "
	       "in on the way. On 6.1 alloc_vmap_area() says might_sleep(), and "
	       "__get_vm_area_node() has BUG_ON(in_interrupt()). From about Linux 6.19 on "
	       "vmalloc() takes GFP_NOWAIT and GFP_ATOMIC.",
	.how = "The call itself is unsafe where it is forbidden, so there are three kinds of "
	       "evidence, and the verdict says which. Where the kernel's vmalloc() takes "
	       "GFP_NOWAIT, it is called with a spinlock held; if that works, the claim does not "
	       "hold. On a kernel with DEBUG_ATOMIC_SLEEP, with the module parameter "
	       "sleep_in_atomic and --provoke, it is called with a spinlock held, and the "
	       "kernel's own \"sleeping function called from invalid context\" is the evidence. "
	       "Elsewhere a process competes for the processor while vmalloc() works. With "
	       "voluntary or no preemption the scheduler switches only where code in the kernel "
	       "lets it, which is where that code may sleep; getrusage() counts how often.",
	.choice = "In interrupt handlers and under spinlocks use kmalloc() with GFP_NOWAIT or "
		  "GFP_ATOMIC, or allocate before taking the lock.",
	.needs = NEED_PHYS | NEED_ADMIN | NEED_CONTEXTS,
	.run = run_sleeps,
};
