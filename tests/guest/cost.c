// SPDX-License-Identifier: GPL-2.0
/*
 * cost: what memlab's calls cost, beside the least that they could.
 *
 *	cost BUFFERS	what calls cost, and what they do with so many live buffers
 *	cost threads	pairs of calls that one thread makes, and two with a device each
 *
 * Writes a line of JSON, names with medians in nanoseconds, which are instructions in a
 * machine whose time counts them. Reading the clock is subtracted. The first one needs
 * /dev/floor, and keeps its buffers until standard input ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/memlab.h>

#include "../floor/floor.h"

#define ROUNDS 501
#define FEW    15 /* of what takes long */
/*
 * vfree() leaves areas for later until they have lazy_max_pages() (mm/vmalloc.c, since 2.6.28):
 * 32 MiB for one processor, which are 4096 of a page and a guard page. One cleaning more or
 * less, in 60000 pairs, is less than one in a hundred.
 */
#define VMALLOCS    60000
#define PAGE	    4096UL
#define KIB	    1024UL
#define MIB	    (1024 * KIB)
#define EXTENTS	    32768
#define SLICE	    300000 /* microseconds, of threads */
#define NS_A_SECOND 1000000000UL

static int device, null, raw, pagemap;
static unsigned long clock_cost;
static const char *separator = "{";

static long check(long result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NS_A_SECOND + time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return left < right ? -1 : left > right;
}

static unsigned long median(unsigned long *times, size_t count)
{
	qsort(times, count, sizeof(*times), ascending);
	return times[count / 2] > clock_cost ? times[count / 2] - clock_cost : 0;
}

static void tell(const char *name, double value)
{
	printf("%s\"%s\": %.3f", separator, name, value);
	separator = ", ";
}

/* What is timed, and what prepares it and clears it away. */
struct subject {
	const char *name;
	void (*before)(const struct subject *subject);
	void (*timed)(const struct subject *subject);
	void (*after)(const struct subject *subject);
	uint32_t allocator;
	unsigned long bytes;
};

static struct memlab_alloc made;
static char *mapped;

static void allocate(const struct subject *subject)
{
	made = (struct memlab_alloc){
		.size = sizeof(made),
		.allocator = subject->allocator,
		.bytes = subject->bytes,
	};
	check(ioctl(device, MEMLAB_IOC_ALLOC, &made), "ALLOC");
}

static void release(const struct subject *subject)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = made.id };

	(void)subject;
	check(ioctl(device, MEMLAB_IOC_FREE, &arg), "FREE");
}

static void nothing(const struct subject *subject)
{
	(void)subject;
	ioctl(null, _IO(MEMLAB_IOC_TYPE, 0xFF), 0);
}

static void pair(const struct subject *subject)
{
	allocate(subject);
	release(subject);
}

static void layout(const struct subject *subject)
{
	static struct memlab_extent extents[EXTENTS];
	struct memlab_layout arg = {
		.size = sizeof(arg),
		.id = made.id,
		.capacity = EXTENTS,
		.extents = (uintptr_t)extents,
	};

	(void)subject;
	do {
		arg.start = arg.next;
		arg.flags = 0;
		check(ioctl(device, MEMLAB_IOC_LAYOUT, &arg), "LAYOUT");
	} while (arg.next);
}

/* The kernel's own word on the pages of the mapping; runs of them are counted. */
static void read_pagemap(const struct subject *subject)
{
	static uint64_t entries[8192];
	unsigned long address = (unsigned long)mapped, left = subject->bytes / PAGE;
	uint64_t last = 0;
	volatile unsigned long runs = 0;

	while (left) {
		size_t count = left < 8192 ? left : 8192;

		check(pread(pagemap, entries, count * 8, (off_t)(address / PAGE * 8)), "pagemap");
		for (size_t i = 0; i < count; i++) {
			runs += entries[i] != last + 1;
			last = entries[i];
		}
		address += count * PAGE;
		left -= count;
	}
}

static void map(const struct subject *subject)
{
	mapped = mmap(NULL, subject->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		      (off_t)made.map_offset);
	if (mapped == MAP_FAILED)
		check(-1, "mmap");
}

static void touch(const struct subject *subject)
{
	for (unsigned long at = 0; at < subject->bytes; at += PAGE)
		*(volatile char *)(mapped + at);
}

static void unmap(const struct subject *subject)
{
	check(munmap(mapped, subject->bytes), "munmap");
}

static void allocate_and_map(const struct subject *subject)
{
	allocate(subject);
	map(subject);
	touch(subject);
}

static void unmap_and_release(const struct subject *subject)
{
	unmap(subject);
	release(subject);
}

/* The buffer is cleared when it is first mapped: that is no cost of mapping. */
static void allocate_cleared(const struct subject *subject)
{
	allocate_and_map(subject);
	unmap(subject);
}

#define PAGES	MEMLAB_ALLOCATOR_PAGES
#define KMALLOC MEMLAB_ALLOCATOR_KMALLOC
#define VMALLOC MEMLAB_ALLOCATOR_VMALLOC

static const struct subject subjects[] = {
	{ "empty", NULL, nothing, NULL, 0, 0 },
	{ "pair", NULL, pair, NULL, KMALLOC, 64 },
	{ "layout_kmalloc_64k", allocate, layout, release, KMALLOC, 64 * KIB },
	{ "layout_kmalloc_4m", allocate, layout, release, KMALLOC, 4 * MIB },
	{ "layout_vmalloc_64m", allocate, layout, release, VMALLOC, 64 * MIB },
	{ "pagemap_vmalloc_64m", allocate_and_map, read_pagemap, unmap_and_release, VMALLOC,
	  64 * MIB },
	{ "mmap_pages_4m", allocate_cleared, map, unmap_and_release, PAGES, 4 * MIB },
	{ "mmap_kmalloc_4m", allocate_cleared, map, unmap_and_release, KMALLOC, 4 * MIB },
	{ "mmap_vmalloc_4m", allocate_cleared, map, unmap_and_release, VMALLOC, 4 * MIB },
	{ "munmap_pages_4m", allocate_and_map, unmap, release, PAGES, 4 * MIB },
	{ "munmap_kmalloc_4m", allocate_and_map, unmap, release, KMALLOC, 4 * MIB },
	{ "munmap_vmalloc_4m", allocate_and_map, unmap, release, VMALLOC, 4 * MIB },
};

static void measure(const struct subject *subject)
{
	size_t rounds = subject->bytes < MIB ? ROUNDS : FEW;
	unsigned long times[ROUNDS];

	for (size_t i = 0; i < rounds; i++) {
		unsigned long start;

		if (subject->before)
			subject->before(subject);
		start = now();
		subject->timed(subject);
		times[i] = now() - start;
		if (subject->after)
			subject->after(subject);
	}
	tell(subject->name, (double)median(times, rounds));
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* How many pages are not there when they are first touched. */
static void measure_faults(const char *name, uint32_t allocator)
{
	const struct subject subject = { .allocator = allocator, .bytes = 4 * MIB };
	unsigned long start;
	long before;

	allocate_cleared(&subject);
	map(&subject);
	before = faults();
	start = now();
	touch(&subject);
	start = now() - start;
	tell(name, (double)(faults() - before));
	unmap_and_release(&subject);
}

/* Pairs of calls in the kernel, with nothing around them. */
static void measure_raw(const char *name, uint32_t what, uint32_t flags, unsigned long bytes,
			uint64_t count)
{
	struct floor arg = { .what = what, .flags = flags, .bytes = bytes, .count = 1 };

	check(ioctl(raw, FLOOR_IOC, &arg), "floor");
	arg.count = count;
	check(ioctl(raw, FLOOR_IOC, &arg), "floor");
	tell(name, (double)arg.nanoseconds / (double)count);
}

/* The same by BENCH. */
static void measure_bench(const char *name, uint32_t allocator, unsigned long bytes, uint64_t count)
{
	struct memlab_bench_result result = { 0 };
	struct memlab_bench arg = {
		.size = sizeof(arg),
		.allocator = allocator,
		.bytes = bytes,
		.gfp = MEMLAB_GFP_KERNEL | MEMLAB_GFP_NO_ACCOUNT,
		.pattern = MEMLAB_BENCH_PAIR,
		.operations = count,
		.results = (uintptr_t)&result,
	};

	check(ioctl(device, MEMLAB_IOC_BENCH, &arg), "BENCH");
	tell(name, (double)result.nanoseconds / (double)result.operations);
}

/* What all slab caches have, from /proc/slabinfo. */
static double slab_bytes(void)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	unsigned long per_slab, slabs;
	char line[512];
	double sum = 0;

	if (!file)
		check(-1, "/proc/slabinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*u %*u %*u %*u %lu : %*s %*u %*u %*u : %*s %*u %lu",
			   &per_slab, &slabs) == 2)
			sum += (double)per_slab * (double)slabs * PAGE;
	fclose(file);
	return sum;
}

/*
 * What the kernel takes for itself, from /proc/meminfo. Not what is not free: pages on the
 * lists of processors are neither.
 */
static double kernel_bytes(void)
{
	static const char *const kinds[] = { "Slab:", "VmallocUsed:", "Percpu:" };
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128], kind[32];
	unsigned long kib;
	double sum = 0;

	if (!file)
		check(-1, "/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
			if (sscanf(line, "%31s %lu", kind, &kib) == 2 && !strcmp(kind, kinds[i]))
				sum += (double)kib * KIB;
	fclose(file);
	return sum;
}

/* The kernel's memory for so many allocations of 8 bytes, with nothing around them. */
static double held_bytes(double (*bytes)(void), unsigned long count)
{
	struct floor arg = { .what = FLOOR_HOLD, .flags = FLOOR_ACCOUNT, .bytes = 8 };
	int fd = (int)check(open("/dev/floor", O_RDWR), "/dev/floor");
	double before = bytes();

	arg.count = count;
	check(ioctl(fd, FLOOR_IOC, &arg), "floor");
	before = bytes() - before;
	close(fd);
	return before;
}

/* How long the tool takes to list all buffers: as a table, or their ids. */
static double list_time(char *option)
{
	char tool[] = "memlab", verb[] = "list";
	char *const arguments[] = { tool, verb, option, NULL };
	posix_spawn_file_actions_t actions;
	unsigned long start = now();
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	errno = posix_spawnp(&pid, tool, &actions, NULL, arguments, environ);
	if (errno || waitpid(pid, &status, 0) != pid || status)
		check(-1, "memlab list");
	posix_spawn_file_actions_destroy(&actions);
	return (double)(now() - start);
}

/* What a live buffer costs: memory, time in a list, and the time of others' calls. */
static void measure_many(unsigned long count)
{
	static const struct subject live = { .allocator = KMALLOC, .bytes = 8 };
	static const struct subject with_few = { "pair_few", NULL, pair, NULL, KMALLOC, 64 };
	static const struct subject with_many = { "pair_many", NULL, pair, NULL, KMALLOC, 64 };
	double slab, all, raw_slab, raw_all, table, ids;

	for (unsigned long i = 0; i < 10; i++)
		allocate(&live);
	measure(&with_few);
	list_time(NULL);
	table = list_time(NULL);
	ids = list_time("-q");
	raw_slab = held_bytes(slab_bytes, count);
	raw_all = held_bytes(kernel_bytes, count);
	slab = slab_bytes();
	all = kernel_bytes();
	for (unsigned long i = 0; i < count; i++)
		allocate(&live);
	tell("bookkeeping_slab", (slab_bytes() - slab - raw_slab) / (double)count);
	tell("bookkeeping_all", (kernel_bytes() - all - raw_all) / (double)count);
	tell("raw_bookkeeping", raw_slab / (double)count);
	tell("list_table", (list_time(NULL) - table) / (double)count);
	tell("list_ids", (list_time("-q") - ids) / (double)count);
	measure(&with_many);
}

/* A thread that makes pairs of calls until it shall stop, by a device of its own. */
struct worker {
	pthread_t thread;
	int cpu;
	unsigned long pairs;
};

static volatile int stop;

static void *work(void *data)
{
	struct worker *worker = data;
	int fd = (int)check(open("/dev/memlab", O_RDWR), "/dev/memlab");
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(worker->cpu, &set);
	check(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	while (!stop) {
		struct memlab_alloc alloc = { .size = sizeof(alloc),
					      .allocator = KMALLOC,
					      .bytes = 64 };
		struct memlab_free free = { .size = sizeof(free) };

		check(ioctl(fd, MEMLAB_IOC_ALLOC, &alloc), "ALLOC");
		free.id = alloc.id;
		check(ioctl(fd, MEMLAB_IOC_FREE, &free), "FREE");
		worker->pairs++;
	}
	close(fd);
	return NULL;
}

/* Pairs in a second, of so many threads. */
static double throughput(int threads)
{
	struct worker workers[2] = { { .cpu = 0 }, { .cpu = 1 } };
	unsigned long start = now(), sum = 0;
	int i;

	stop = 0;
	for (i = 0; i < threads; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			check(-1, "pthread_create");
	usleep(SLICE);
	stop = 1;
	for (i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		sum += workers[i].pairs;
	}
	return (double)sum * 1e9 / (double)(now() - start);
}

static void find_clock_cost(void)
{
	unsigned long times[ROUNDS];

	for (size_t i = 0; i < ROUNDS; i++) {
		unsigned long start = now();

		times[i] = now() - start;
	}
	clock_cost = median(times, ROUNDS);
}

int main(int argc, char **argv)
{
	char end;

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "threads")) {
		tell("one_thread", throughput(1));
		tell("two_threads", throughput(2));
		puts("}");
		return 0;
	}
	device = (int)check(open("/dev/memlab", O_RDWR), "/dev/memlab");
	null = (int)check(open("/dev/null", O_RDWR), "/dev/null");
	raw = (int)check(open("/dev/floor", O_RDWR), "/dev/floor");
	pagemap = (int)check(open("/proc/self/pagemap", O_RDONLY), "pagemap");
	find_clock_cost();
	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++)
		measure(&subjects[i]);
	measure_faults("faults_pages_4m", PAGES);
	measure_faults("faults_kmalloc_4m", KMALLOC);
	measure_faults("faults_vmalloc_4m", VMALLOC);
	measure_raw("raw_charged_64", FLOOR_KMALLOC, FLOOR_ACCOUNT, 64, 100000);
	measure_raw("raw_kmalloc_64", FLOOR_KMALLOC, 0, 64, 100000);
	measure_raw("raw_kmalloc_4k", FLOOR_KMALLOC, 0, 4 * KIB, 100000);
	measure_raw("raw_kmalloc_64k", FLOOR_KMALLOC, 0, 64 * KIB, 10000);
	measure_raw("raw_vmalloc_64", FLOOR_VMALLOC, 0, 64, VMALLOCS);
	measure_raw("raw_vmalloc_4k", FLOOR_VMALLOC, 0, 4 * KIB, VMALLOCS);
	measure_raw("raw_vmalloc_64k", FLOOR_VMALLOC, 0, 64 * KIB, 10000);
	measure_bench("bench_kmalloc_64", KMALLOC, 64, 100000);
	measure_bench("bench_kmalloc_4k", KMALLOC, 4 * KIB, 100000);
	measure_bench("bench_kmalloc_64k", KMALLOC, 64 * KIB, 10000);
	measure_bench("bench_vmalloc_64", VMALLOC, 64, VMALLOCS);
	measure_bench("bench_vmalloc_4k", VMALLOC, 4 * KIB, VMALLOCS);
	measure_bench("bench_vmalloc_64k", VMALLOC, 64 * KIB, 10000);
	measure_many(strtoul(argv[1], NULL, 10));
	puts("}");
	fflush(stdout);
	return read(STDIN_FILENO, &end, 1) < 0;
}
