// SPDX-License-Identifier: GPL-2.0-only
/* One thread for each processor, begun together; or the caller's own. */
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/topology.h>

#include "bench.h"

/* How long a thread waits for the others, in nanoseconds: one may not get its processor. */
#define START_PATIENCE 10000000

/* All are awake, so this is short; whoever sleeps here would begin late. */
static void memlab_bench_start_line(struct memlab_bench_job *job)
{
	u64 end = ktime_get_ns() + START_PATIENCE;

	atomic_dec(&job->waiting);
	while (atomic_read(&job->waiting) && ktime_get_ns() < end)
		cpu_relax();
}

static int memlab_bench_thread(void *data)
{
	struct memlab_bench_run *run = data;
	struct memlab_bench_job *job = run->job;

	memlab_bench_start_line(job);
	memlab_bench_run(run);
	if (atomic_dec_and_test(&job->running))
		complete(&job->done);
	/* Whoever made this thread waits for its end. */
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return run->err;
}

static int memlab_bench_create(struct memlab_bench_run *run, u32 cpu)
{
	struct task_struct *task;

	task = kthread_create_on_node(memlab_bench_thread, run, cpu_to_node(cpu), "memlab/%u", cpu);
	if (IS_ERR(task))
		return signal_pending(current) ? -EINTR : PTR_ERR(task);
	kthread_bind(task, cpu);
	run->task = task;
	return 0;
}

static int memlab_bench_run_all(struct memlab_bench_job *job, struct memlab_bench_run *runs,
				u32 count)
{
	u32 i;

	atomic_set(&job->waiting, count);
	atomic_set(&job->running, count);
	for (i = 0; i < count; i++)
		wake_up_process(runs[i].task);
	if (!wait_for_completion_interruptible(&job->done))
		return 0;
	WRITE_ONCE(job->stop, true);
	return -EINTR;
}

/**
 * memlab_bench_threads() - measure in all threads
 * @job: what they do
 * @runs: one for each, of which job, buf and memory are set
 * @cpus: the processor of each, or NULL for the caller's thread
 *
 * Return: 0, -EINTR, or -ENOMEM when there was none for a thread.
 */
int memlab_bench_threads(struct memlab_bench_job *job, struct memlab_bench_run *runs,
			 const u32 *cpus)
{
	u32 count = job->arg->cpu_count, i;
	int err = 0;

	if (!cpus) {
		memlab_bench_run(runs);
		return runs->err;
	}
	init_completion(&job->done);
	for (i = 0; i < count && !err; i++)
		err = memlab_bench_create(&runs[i], cpus[i]);
	if (!err)
		err = memlab_bench_run_all(job, runs, count);
	for (i = 0; i < count && runs[i].task; i++)
		kthread_stop(runs[i].task);
	return err;
}
