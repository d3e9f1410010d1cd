// SPDX-License-Identifier: GPL-2.0-only
/* Run a piece of work in process, atomic, softirq or hardirq context. */
#include <linux/capability.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "allocator.h"
#include "compat.h"

static bool memlab_sleep_in_atomic;

static int memlab_sleep_in_atomic_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (err)
		return err;
	if (on && !IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		return -EOPNOTSUPP;
	WRITE_ONCE(memlab_sleep_in_atomic, on);
	return 0;
}

static const struct kernel_param_ops memlab_sleep_in_atomic_ops = {
	.set = memlab_sleep_in_atomic_set,
	.get = param_get_bool,
};

module_param_cb(sleep_in_atomic, &memlab_sleep_in_atomic_ops, &memlab_sleep_in_atomic, 0600);
MODULE_PARM_DESC(
	sleep_in_atomic,
	"Let administrators try in atomic context what may sleep, on a kernel with CONFIG_DEBUG_ATOMIC_SLEEP");

bool memlab_context_may_sleep_in_atomic(void)
{
	return READ_ONCE(memlab_sleep_in_atomic);
}

/* Bit n for enum memlab_context n. */
u32 memlab_context_mask(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return BIT(MEMLAB_CONTEXT_PROCESS);
	return BIT(MEMLAB_CONTEXT_PROCESS) | BIT(MEMLAB_CONTEXT_ATOMIC) |
	       BIT(MEMLAB_CONTEXT_SOFTIRQ) | BIT(MEMLAB_CONTEXT_HARDIRQ);
}

static int memlab_context_check(u32 context, u64 bytes, u32 *reason)
{
	if (context > MEMLAB_CONTEXT_HARDIRQ)
		return -EINVAL;
	if (!(memlab_context_mask() & BIT(context))) {
		*reason = MEMLAB_REASON_CONTEXT_KERNEL;
		return -EOPNOTSUPP;
	}
	if (context != MEMLAB_CONTEXT_PROCESS && bytes > min_t(u64, KMALLOC_MAX_SIZE, SZ_4M)) {
		*reason = MEMLAB_REASON_CONTEXT_SIZE;
		return -ERANGE;
	}
	return 0;
}

/* Only where the kernel notices and goes on. */
static bool memlab_context_dares(u32 context)
{
	return context == MEMLAB_CONTEXT_ATOMIC && memlab_context_may_sleep_in_atomic() &&
	       capable(CAP_SYS_ADMIN);
}

/* Whatever the flags; interrupts never (mm/vmalloc.c, __get_vm_area_node()). */
static bool memlab_context_takes_vmalloc(u32 context)
{
	return context == MEMLAB_CONTEXT_ATOMIC &&
	       (memlab_vmalloc_takes_nowait() || memlab_context_dares(context));
}

/**
 * memlab_context_check_alloc() - refuse what would sleep, before it runs
 * @buf: a buffer that is being made
 * @reason: out: enum memlab_reason when refused
 *
 * Return: 0, -EINVAL, -ERANGE, -EOPNOTSUPP or -EPERM.
 */
int memlab_context_check_alloc(const struct memlab_buffer *buf, u32 *reason)
{
	u64 bytes = buf->shape.overflows ? 0 : buf->bytes;
	u32 context = buf->context;
	int err;

	err = memlab_context_check(context, bytes, reason);
	if (err || context == MEMLAB_CONTEXT_PROCESS)
		return err;
	if (buf->ops == &memlab_vmalloc && !memlab_context_takes_vmalloc(context)) {
		*reason = MEMLAB_REASON_VMALLOC_SLEEPS;
		return -EOPNOTSUPP;
	}
	if (memlab_gfp_sleeps(buf->gfp) && !memlab_context_dares(context)) {
		*reason = MEMLAB_REASON_GFP_SLEEPS;
		return -EOPNOTSUPP;
	}
	/* Where vmalloc() does without sleeping, kvmalloc() may fall back to it. */
	if (context != MEMLAB_CONTEXT_ATOMIC && buf->ops == &memlab_kvmalloc &&
	    memlab_vmalloc_takes_nowait() && bytes > PAGE_SIZE) {
		*reason = MEMLAB_REASON_CONTEXT_SIZE;
		return -ERANGE;
	}
	/* Interrupts belong to no process and to no memory cgroup. */
	if (context != MEMLAB_CONTEXT_ATOMIC && !capable(CAP_SYS_ADMIN)) {
		*reason = MEMLAB_REASON_ADMIN_UNCHARGED;
		return -EPERM;
	}
	return 0;
}

/*
 * In an interrupt vfree() makes a list of what it will free later, with a pointer in each
 * (mm/vmalloc.c, vfree_atomic()). KASAN reports it where less than that was asked for.
 */
static bool memlab_context_holds_pointer(const struct memlab_buffer *buf, u32 context)
{
	return !IS_ENABLED(CONFIG_KASAN_VMALLOC) || context <= MEMLAB_CONTEXT_ATOMIC ||
	       buf->backing != MEMLAB_BACKING_VMALLOC || buf->bytes >= sizeof(struct llist_node);
}

/**
 * memlab_context_check_free() - the same for freeing
 * @buf: the buffer
 * @context: enum memlab_context in which to free it
 * @reason: out: enum memlab_reason when refused
 *
 * vfree() hands its work on in an interrupt, but not with a spinlock held
 * (mm/vmalloc.c, vfree()).
 *
 * Return: 0, -EINVAL, -ERANGE or -EOPNOTSUPP.
 */
int memlab_context_check_free(const struct memlab_buffer *buf, u32 context, u32 *reason)
{
	int err = memlab_context_check(context, buf->bytes, reason);

	if (err)
		return err;
	if (context == MEMLAB_CONTEXT_ATOMIC && buf->backing == MEMLAB_BACKING_VMALLOC &&
	    !memlab_context_dares(context)) {
		*reason = MEMLAB_REASON_FREE_SLEEPS;
		return -EOPNOTSUPP;
	}
	if (!memlab_context_holds_pointer(buf, context)) {
		*reason = MEMLAB_REASON_CONTEXT_SIZE;
		return -ERANGE;
	}
	return 0;
}

/* A piece of work on its way to an interrupt. */
struct memlab_errand {
	struct hrtimer timer;
	struct completion done;
	void (*work)(void *data);
	void *data;
	struct memlab_seen *seen;
};

/* Times the work and notes where it runs. */
static void memlab_work_here(void (*work)(void *data), void *data, struct memlab_seen *seen,
			     u32 flags)
{
	u64 start;

	if (in_task())
		flags |= MEMLAB_SEEN_TASK;
	if (in_serving_softirq())
		flags |= MEMLAB_SEEN_SOFTIRQ;
	if (in_hardirq())
		flags |= MEMLAB_SEEN_HARDIRQ;
	if (irqs_disabled())
		flags |= MEMLAB_SEEN_IRQS_OFF;
	seen->flags = flags;
	seen->preempt_count = preempt_count();

	start = ktime_get_ns();
	work(data);
	seen->nanoseconds = ktime_get_ns() - start;
}

static enum hrtimer_restart memlab_errand_run(struct hrtimer *timer)
{
	struct memlab_errand *errand = container_of(timer, struct memlab_errand, timer);

	memlab_work_here(errand->work, errand->data, errand->seen, 0);
	complete(&errand->done);
	return HRTIMER_NORESTART;
}

static void memlab_work_in_timer(enum hrtimer_mode mode, void (*work)(void *data), void *data,
				 struct memlab_seen *seen)
{
	struct memlab_errand errand = { .work = work, .data = data, .seen = seen };

	init_completion(&errand.done);
	memlab_hrtimer_setup_on_stack(&errand.timer, memlab_errand_run, mode);
	hrtimer_start(&errand.timer, 0, mode);
	wait_for_completion(&errand.done);
	/* The timer may still be in use by who ran it. */
	hrtimer_cancel(&errand.timer);
	destroy_hrtimer_on_stack(&errand.timer);
}

static void memlab_work_with_spinlock(void (*work)(void *data), void *data,
				      struct memlab_seen *seen)
{
	spinlock_t lock; /* nobody else's */

	spin_lock_init(&lock);
	spin_lock(&lock);
	memlab_work_here(work, data, seen, MEMLAB_SEEN_LOCKED);
	spin_unlock(&lock);
}

/**
 * memlab_context_run() - run a piece of work in a context
 * @context: enum memlab_context, offered by this kernel
 * @work: the work; must not sleep outside of process context
 * @data: what it is called with
 * @seen: out: where it ran and how long it took
 *
 * Returns when the work is done.
 */
void memlab_context_run(u32 context, void (*work)(void *data), void *data, struct memlab_seen *seen)
{
	switch (context) {
	case MEMLAB_CONTEXT_ATOMIC:
		memlab_work_with_spinlock(work, data, seen);
		break;
	case MEMLAB_CONTEXT_SOFTIRQ:
		memlab_work_in_timer(HRTIMER_MODE_REL_SOFT, work, data, seen);
		break;
	case MEMLAB_CONTEXT_HARDIRQ:
		memlab_work_in_timer(HRTIMER_MODE_REL, work, data, seen);
		break;
	default:
		memlab_work_here(work, data, seen, 0);
	}
}
