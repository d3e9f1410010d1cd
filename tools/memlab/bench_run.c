// SPDX-License-Identifier: GPL-2.0-only
/* Rounds: each subject in turn, again and again, so that what changes meanwhile is shared. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define NANOSECONDS_PER_MILLISECOND 1000000ULL
#define GROW_STEPS		    16

static struct memlab_bench_config *make_config(const struct bench_plan *plan, uint64_t bytes)
{
	struct memlab_bench_config *how = need(memlab_bench_config_new());
	uint64_t stride = plan->stride;

	if (plan->pattern == MEMLAB_LIB_BENCH_GROW && !stride)
		stride = bytes > GROW_STEPS ? bytes / GROW_STEPS : 1;
	memlab_bench_config_set_pattern(how, plan->pattern);
	memlab_bench_config_set_order(how, plan->order);
	memlab_bench_config_set_objects(how, plan->objects);
	memlab_bench_config_set_stride(how, stride);
	memlab_bench_config_set_each(how, plan->each);
	if (memlab_bench_config_set_cpus(how, plan->cpus, plan->cpu_count))
		need(NULL);
	return how;
}

/* What is wrong with a processor, or NULL when it is none. */
static char *explain_cpus(const struct bench_plan *plan, int err)
{
	char online[256] = "";
	FILE *file;

	if (err != ENXIO || !plan->cpu_count)
		return NULL;
	file = fopen("/sys/devices/system/cpu/online", "re");
	if (file) {
		if (!fgets(online, sizeof(online), file))
			*online = '\0';
		fclose(file);
	}
	online[strcspn(online, "\n")] = '\0';
	return text_format("a processor of --cpus is not online; these are: %s", online);
}

static _Noreturn void end_interrupted(void)
{
	die(STATUS_NO, "interrupted; nothing is left behind");
}

/* Once, to see whether it can be measured at all. */
static void subject_try(const struct bench_plan *plan, struct memlab_dev *dev,
			struct bench_subject *subject)
{
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_bench_report *report;

	memlab_bench_config_set_operations(subject->how, 1);
	report = memlab_bench_run(dev, subject->what, subject->how, call);
	if (report) {
		subject->function = text_format("%s", memlab_bench_report_get_function(report));
		subject->free_function =
			text_format("%s", memlab_bench_report_get_free_function(report));
		subject->gfp_used = memlab_bench_report_get_gfp_used(report);
		memlab_bench_report_free(report);
	} else if (errno == EINTR) {
		end_interrupted();
	} else {
		int err = errno;

		subject->refused = explain_cpus(plan, err);
		if (!subject->refused)
			subject->refused = explain_alloc(dev, &subject->request,
							 memlab_call_get_reason(call), err);
	}
	memlab_bench_config_set_operations(subject->how, 0);
	memlab_bench_config_set_nanoseconds(subject->how,
					    plan->milliseconds * NANOSECONDS_PER_MILLISECOND);
	memlab_call_free(call);
}

/* An allocator, or a size, of which nothing can be measured was not meant. */
static void check_some(const struct bench_subject *subjects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool by_size = false, by_allocator = false;

		for (size_t j = 0; j < count; j++) {
			if (subjects[j].refused)
				continue;
			by_size |= subjects[j].request.bytes == subjects[i].request.bytes;
			by_allocator |= subjects[j].request.allocator ==
					subjects[i].request.allocator;
		}
		if (!by_size || !by_allocator)
			die(STATUS_NO, "%s", subjects[i].refused);
	}
}

struct bench_subject *bench_subjects(const struct bench_plan *plan, struct memlab_dev *dev,
				     size_t *count)
{
	struct bench_subject *subjects;

	*count = plan->allocator_count * plan->size_count;
	subjects = need(calloc(*count, sizeof(*subjects)));
	for (size_t i = 0; i < *count; i++) {
		struct bench_subject *subject = &subjects[i];
		uint64_t bytes = plan->sizes[i / plan->allocator_count];

		subject->request = plan->request;
		subject->request.allocator = plan->allocators[i % plan->allocator_count];
		subject->request.bytes = bytes;
		if (subject->request.allocator != MEMLAB_LIB_ALLOCATOR_CACHE)
			subject->request.cache = 0;
		subject->what = request_config(dev, &subject->request);
		subject->how = make_config(plan, bytes);
		subject->rounds = need(calloc(plan->rounds, sizeof(*subject->rounds)));
		subject_try(plan, dev, subject);
	}
	if (!plan->partial)
		check_some(subjects, *count);
	return subjects;
}

static double per(uint64_t total, uint64_t operations)
{
	return operations ? (double)total / (double)operations : 0;
}

static void subject_add(struct bench_subject *subject, const struct memlab_bench_report *report)
{
	struct bench_round *round = &subject->rounds[subject->round_count++];
	uint64_t operations = 0, nanoseconds = 0, frees = 0;

	for (uint32_t i = 0; i < memlab_bench_report_get_thread_count(report); i++) {
		uint64_t done = memlab_bench_report_get_operations(report, i);

		operations += done;
		nanoseconds += memlab_bench_report_get_nanoseconds(report, i);
		frees += memlab_bench_report_get_free_nanoseconds(report, i);
		subject->failures += memlab_bench_report_get_failures(report, i);
		round->per_second += 1e9 * per(done, memlab_bench_report_get_elapsed(report, i));
	}
	subject->operations += operations;
	subject->timer = memlab_bench_report_get_timer(report);
	round->all = per(nanoseconds + frees, operations);
	if (frees) {
		round->alloc = per(nanoseconds, operations);
		round->free = per(frees, operations);
	}
	for (int frees_too = 0; frees_too < 2; frees_too++) {
		uint64_t longest = memlab_bench_report_get_longest(report, frees_too);

		memlab_bench_report_add_histogram(report, frees_too, subject->histogram[frees_too]);
		if (longest > subject->longest[frees_too])
			subject->longest[frees_too] = longest;
	}
}

static void subject_measure(struct memlab_dev *dev, struct bench_subject *subject)
{
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_bench_report *report =
		memlab_bench_run(dev, subject->what, subject->how, call);

	if (!report && errno == EINTR)
		end_interrupted();
	if (!report) {
		char *why =
			explain_alloc(dev, &subject->request, memlab_call_get_reason(call), errno);

		die(STATUS_NO, "%s", why);
	}
	subject_add(subject, report);
	memlab_bench_report_free(report);
	memlab_call_free(call);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* On a terminal, what is left, in a line that the next one replaces. */
static void progress(double begin, size_t done, size_t total)
{
	double left;

	if (!isatty(STDERR_FILENO))
		return;
	left = done ? (now() - begin) / (double)done * (double)(total - done) : 0;
	if (done < total)
		fprintf(stderr, "\r%3zu %%, %.0f s left \033[K", 100 * done / total, left);
	else
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

void bench_run(const struct bench_plan *plan, struct memlab_dev *dev,
	       struct bench_subject *subjects, size_t count)
{
	size_t total = count * plan->rounds, done = 0;
	double begin = now();

	for (unsigned int round = 0; round < plan->rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			/* Whoever goes first in one round goes last in the next. */
			struct bench_subject *subject = &subjects[round % 2 ? count - 1 - i : i];

			progress(begin, done, total);
			if (!subject->refused)
				subject_measure(dev, subject);
			done++;
		}
	}
	progress(begin, done, total);
}

void bench_subjects_free(struct bench_subject *subjects, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		memlab_buf_config_free(subjects[i].what);
		memlab_bench_config_free(subjects[i].how);
		free(subjects[i].refused);
		free(subjects[i].rounds);
		free(subjects[i].function);
		free(subjects[i].free_function);
	}
	free(subjects);
}
