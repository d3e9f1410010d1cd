// SPDX-License-Identifier: GPL-2.0-only
/* Which code of the module ran, as KCOV tells it (Documentation/dev-tools/kcov.rst). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kcov.h>

#include "fuzz.h"

#define KCOV	    "/sys/kernel/debug/kcov"
#define TRACE_WORDS (64U << 10)
#define EDGES	    (1U << 20)
#define THREADS	    4

static unsigned long *traces[THREADS];
static int files[THREADS] = { -1, -1, -1, -1 };
static unsigned long module_start, module_end;
static unsigned char *edges, *places;
static unsigned int edge_count, place_count, grown;
static __thread unsigned long *trace;

bool coverage_available(void)
{
	return !access(KCOV, R_OK | W_OK);
}

/* Where the module lies; not all kernels tell. */
static void find_module(void)
{
	unsigned long bytes, start;
	FILE *modules = fopen("/proc/modules", "r");
	char line[256];

	while (modules && fgets(line, sizeof(line), modules))
		if (sscanf(line, "memlab %lu %*s %*s %*s %lx", &bytes, &start) == 2 && start) {
			module_start = start;
			module_end = start + bytes;
		}
	if (modules)
		fclose(modules);
	edges = calloc(1, EDGES);
	places = calloc(1, module_end - module_start + 1);
	if (!module_end || !edges || !places) {
		fprintf(stderr, "fuzz: no address of the module\n");
		exit(3);
	}
}

void coverage_open(unsigned int thread)
{
	int file = open(KCOV, O_RDWR | O_CLOEXEC);

	if (!module_end)
		find_module();
	if (file < 0 || ioctl(file, KCOV_INIT_TRACE, TRACE_WORDS)) {
		fprintf(stderr, "fuzz: %s: %s\n", KCOV, strerror(errno));
		exit(3);
	}
	traces[thread] =
		mmap(NULL, TRACE_WORDS * sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (traces[thread] == MAP_FAILED)
		exit(3);
	files[thread] = file;
}

/* Called by the thread itself, which is the one that is traced from now on. */
void coverage_enter(unsigned int thread)
{
	if (files[thread] < 0)
		return;
	if (ioctl(files[thread], KCOV_ENABLE, KCOV_TRACE_PC)) {
		fprintf(stderr, "fuzz: KCOV_ENABLE: %s\n", strerror(errno));
		exit(3);
	}
	trace = traces[thread];
}

/* Called by a child, which is not traced. */
void coverage_leave(void)
{
	trace = NULL;
}

void coverage_begin(void)
{
	if (trace)
		__atomic_store_n(trace, 0, __ATOMIC_RELAXED);
}

/* Whether it is there for the first time. */
static bool note(unsigned char *map, unsigned long index, unsigned int *count)
{
	if (__atomic_load_n(&map[index], __ATOMIC_RELAXED) ||
	    __atomic_exchange_n(&map[index], 1, __ATOMIC_RELAXED))
		return false;
	__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	return true;
}

void coverage_end(void)
{
	unsigned long count, i, place, last = 0;

	if (!trace)
		return;
	count = __atomic_load_n(trace, __ATOMIC_RELAXED);
	for (i = 1; i <= count && i < TRACE_WORDS; i++) {
		if (trace[i] < module_start || trace[i] >= module_end)
			continue;
		place = trace[i] - module_start;
		note(places, place, &place_count);
		if (note(edges, (place * 0x9e3779b1UL ^ last * 0x85ebca77UL) % EDGES, &edge_count))
			__atomic_store_n(&grown, 1, __ATOMIC_RELAXED);
		last = place;
	}
}

/* Whether anything was new since the last time. */
bool coverage_grew(void)
{
	return __atomic_exchange_n(&grown, 0, __ATOMIC_RELAXED);
}

void coverage_print(FILE *out)
{
	fprintf(out, "\"coverage\": %s, \"places\": %u, \"edges\": %u",
		module_end ? "true" : "false", place_count, edge_count);
}
