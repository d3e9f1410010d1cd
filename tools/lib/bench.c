// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <sys/ioctl.h>

#include "internal.h"

struct memlab_bench_report {
	uint64_t gfp_used;
	uint64_t timer;
	struct name function;
	struct name free_function;
	uint32_t threads;
	struct memlab_bench_result *results;
	uint64_t *histogram; /* of operations or allocations, then of frees; or NULL */
};

static struct memlab_bench request(const struct memlab_buf_config *what,
				   const struct memlab_bench_config *how)
{
	const struct memlab_alloc alloc = alloc_request(what);

	return (struct memlab_bench){
		.size = sizeof(struct memlab_bench),
		.flags = how->flags,
		.allocator = alloc.allocator,
		.alloc_flags = alloc.flags,
		.node = alloc.node,
		.context = alloc.context,
		.cache = alloc.cache,
		.gfp = alloc.gfp,
		.bytes = alloc.bytes,
		.count = alloc.count,
		.pattern = how->pattern,
		.order = how->order,
		.objects = how->objects,
		.cpu_count = how->cpu_count,
		.stride = how->stride,
		.operations = how->operations,
		.nanoseconds = how->nanoseconds,
		.cpus = (uintptr_t)how->cpus,
	};
}

static struct memlab_bench_report *report_new(uint32_t threads, bool each)
{
	struct memlab_bench_report *report = calloc(1, sizeof(*report));

	if (!report)
		return NULL;

	report->threads = threads;
	report->results = calloc(threads, sizeof(*report->results));
	if (each)
		report->histogram = calloc(2 * MEMLAB_BENCH_BUCKETS, sizeof(*report->histogram));
	if (report->results && (report->histogram || !each))
		return report;

	memlab_bench_report_free(report);
	return NULL;
}

/* Not dev_ioctl(): a signal ends it. */
EXPORT struct memlab_bench_report *memlab_bench_run(const struct memlab_dev *dev,
						    const struct memlab_buf_config *what,
						    const struct memlab_bench_config *how,
						    struct memlab_call *call)
{
	struct memlab_bench bench = request(what, how);
	struct memlab_bench_report *report;

	call_tell(call, (struct memlab_call){ 0 });
	report = report_new(how->cpu_count ? how->cpu_count : 1, how->flags & MEMLAB_BENCH_EACH);
	if (!report)
		return NULL;

	bench.results = (uintptr_t)report->results;
	bench.histogram = (uintptr_t)report->histogram;
	if (ioctl(dev->fd, MEMLAB_IOC_BENCH, &bench)) {
		call_tell(call, (struct memlab_call){ .reason = bench.reason });
		memlab_bench_report_free(report);
		return NULL;
	}

	report->gfp_used = bench.gfp_used;
	report->timer = bench.timer;
	report->function = name_from(bench.function);
	report->free_function = name_from(bench.free_function);
	return report;
}

EXPORT void memlab_bench_report_free(struct memlab_bench_report *report)
{
	int err = errno;

	if (report) {
		free(report->results);
		free(report->histogram);
	}
	free(report);
	errno = err;
}

EXPORT uint64_t memlab_bench_report_get_gfp_used(const struct memlab_bench_report *report)
{
	return report->gfp_used;
}

EXPORT uint64_t memlab_bench_report_get_timer(const struct memlab_bench_report *report)
{
	return report->timer;
}

EXPORT const char *memlab_bench_report_get_function(const struct memlab_bench_report *report)
{
	return report->function.text;
}

EXPORT const char *memlab_bench_report_get_free_function(const struct memlab_bench_report *report)
{
	return report->free_function.text;
}

EXPORT uint32_t memlab_bench_report_get_thread_count(const struct memlab_bench_report *report)
{
	return report->threads;
}

EXPORT uint32_t memlab_bench_report_get_cpu(const struct memlab_bench_report *report,
					    uint32_t thread)
{
	return report->results[thread].cpu;
}

EXPORT unsigned int memlab_bench_report_get_seen(const struct memlab_bench_report *report,
						 uint32_t thread)
{
	return report->results[thread].seen;
}

EXPORT uint64_t memlab_bench_report_get_operations(const struct memlab_bench_report *report,
						   uint32_t thread)
{
	return report->results[thread].operations;
}

EXPORT uint64_t memlab_bench_report_get_failures(const struct memlab_bench_report *report,
						 uint32_t thread)
{
	return report->results[thread].failures;
}

EXPORT uint64_t memlab_bench_report_get_nanoseconds(const struct memlab_bench_report *report,
						    uint32_t thread)
{
	return report->results[thread].nanoseconds;
}

EXPORT uint64_t memlab_bench_report_get_free_nanoseconds(const struct memlab_bench_report *report,
							 uint32_t thread)
{
	return report->results[thread].free_nanoseconds;
}

EXPORT uint64_t memlab_bench_report_get_elapsed(const struct memlab_bench_report *report,
						uint32_t thread)
{
	return report->results[thread].elapsed;
}

EXPORT uint64_t memlab_bench_report_get_longest(const struct memlab_bench_report *report,
						bool frees)
{
	uint64_t longest = 0;

	for (uint32_t i = 0; i < report->threads; i++) {
		const struct memlab_bench_result *result = &report->results[i];
		uint64_t one = frees ? result->longest_free : result->longest;

		if (one > longest)
			longest = one;
	}
	return longest;
}

EXPORT void memlab_bench_report_add_histogram(const struct memlab_bench_report *report, bool frees,
					      uint64_t *counts)
{
	size_t first = frees ? MEMLAB_BENCH_BUCKETS : 0;

	for (size_t i = 0; report->histogram && i < MEMLAB_BENCH_BUCKETS; i++)
		counts[i] += report->histogram[first + i];
}

EXPORT uint64_t memlab_bench_bucket_least(unsigned int bucket)
{
	unsigned int power = bucket / MEMLAB_BENCH_SUBBUCKETS;

	if (power < 2)
		return bucket;

	return (uint64_t)(MEMLAB_BENCH_SUBBUCKETS + bucket % MEMLAB_BENCH_SUBBUCKETS)
	       << (power - 1);
}

EXPORT uint64_t memlab_bench_percentile(const uint64_t *counts, unsigned int per_mille)
{
	uint64_t total = 0, sum = 0;
	unsigned int bucket;

	for (bucket = 0; bucket < MEMLAB_BENCH_BUCKETS; bucket++)
		total += counts[bucket];
	if (!total)
		return 0;

	for (bucket = 0; bucket + 1 < MEMLAB_BENCH_BUCKETS; bucket++) {
		sum += counts[bucket];
		if (sum && (double)sum * 1000 >= (double)total * per_mille)
			break;
	}
	return memlab_bench_bucket_least(bucket + 1) - 1;
}
