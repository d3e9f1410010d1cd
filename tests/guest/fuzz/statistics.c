// SPDX-License-Identifier: GPL-2.0-only
/* How often each call was made, and what became of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

#define TYPES  64
#define ERRORS 134

/* Children count, too. */
static unsigned long long (*counts)[ERRORS];

void statistics_start(void)
{
	counts = mmap(NULL, TYPES * sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED || call_type_count > TYPES) {
		fprintf(stderr, "fuzz: no place for statistics\n");
		exit(3);
	}
}

/* Netlink answers with any number; one that is no errno counts as the last one. */
void count_call(const struct call *call, long err)
{
	unsigned long number = err > 0 ? 0 : (unsigned long)-err;

	if (number >= ERRORS)
		number = ERRORS - 1;
	__atomic_add_fetch(&counts[call->type - call_types][number], 1, __ATOMIC_RELAXED);
}

unsigned long long calls_done(void)
{
	unsigned long long sum = 0;
	unsigned int type, err;

	for (type = 0; type < call_type_count; type++)
		for (err = 0; err < ERRORS; err++)
			sum += counts[type][err];
	return sum;
}

static void print_call_type(FILE *out, unsigned int type)
{
	const char *comma = "";
	unsigned int err;

	fprintf(out, "\"%s\": {", call_types[type].name);
	for (err = 0; err < ERRORS; err++) {
		if (!counts[type][err])
			continue;
		fprintf(out, "%s\"%s\": %llu", comma,
			err ? strerrorname_np((int)err) ?: "other" : "ok", counts[type][err]);
		comma = ", ";
	}
	fprintf(out, "}");
}

/* As members of a JSON object. */
void print_statistics(FILE *out)
{
	unsigned int type;

	fprintf(out, "\"operations\": %llu, \"calls\": {", calls_done());
	for (type = 0; type < call_type_count; type++) {
		fprintf(out, type ? ", " : "");
		print_call_type(out, type);
	}
	fprintf(out, "}");
}
