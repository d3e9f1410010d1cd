// SPDX-License-Identifier: GPL-2.0-only
/* Lists on the command line, with commas between them, and ranges. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Longer than any sensible list. */
#define MOST 1024

static void *grow(void *list, size_t count, size_t bytes)
{
	return need(realloc(list, (count + 1) * bytes));
}

static void sizes_add(const struct command *cmd, uint64_t **sizes, size_t *count, uint64_t size)
{
	for (size_t i = 0; i < *count; i++)
		if ((*sizes)[i] == size)
			return;
	if (*count == MOST)
		usage(cmd, "--sizes has more than %d sizes", MOST);
	*sizes = grow(*sizes, *count, sizeof(**sizes));
	(*sizes)[(*count)++] = size;
}

/* "64..4M": by powers of two from the first on, and the last one. */
static void sizes_add_range(const struct command *cmd, uint64_t **sizes, size_t *count,
			    char *first_text, const char *last_text)
{
	uint64_t first = size_parse_positive(cmd, "--sizes", first_text);
	uint64_t last = size_parse_positive(cmd, "--sizes", last_text);

	if (first > last)
		usage(cmd, "--sizes \"%s..%s\" goes down: write the smaller one first", first_text,
		      last_text);
	for (uint64_t size = first; size < last; size *= 2) {
		sizes_add(cmd, sizes, count, size);
		if (size > last / 2)
			break;
	}
	sizes_add(cmd, sizes, count, last);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Ascending, each once. */
uint64_t *sizes_parse(const struct command *cmd, const char *text, size_t *count)
{
	char *copy = text_format("%s", text), *rest = copy, *word;
	uint64_t *sizes = NULL;

	*count = 0;
	while ((word = strsep(&rest, ","))) {
		char *dots = strstr(word, "..");

		if (dots) {
			*dots = '\0';
			sizes_add_range(cmd, &sizes, count, word, dots + 2);
		} else {
			sizes_add(cmd, &sizes, count, size_parse_positive(cmd, "--sizes", word));
		}
	}
	free(copy);
	qsort(sizes, *count, sizeof(*sizes), compare);
	return sizes;
}

static void cpus_add(const struct command *cmd, uint32_t **cpus, uint32_t *count, uint64_t cpu)
{
	for (uint32_t i = 0; i < *count; i++)
		if ((*cpus)[i] == cpu)
			usage(cmd, "--cpus names %" PRIu64 " twice: each has one thread", cpu);
	if (*count == MOST)
		usage(cmd, "--cpus has more than %d processors", MOST);
	*cpus = grow(*cpus, *count, sizeof(**cpus));
	(*cpus)[(*count)++] = (uint32_t)cpu;
}

/* "0,2-3", as the kernel writes them. */
uint32_t *cpus_parse(const struct command *cmd, const char *text, uint32_t *count)
{
	char *copy = text_format("%s", text), *rest = copy, *word;
	uint32_t *cpus = NULL;

	*count = 0;
	while ((word = strsep(&rest, ","))) {
		char *dash = strchr(word, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		first = number_parse(cmd, "--cpus", word, 0, UINT32_MAX - 1);
		last = dash ? number_parse(cmd, "--cpus", dash + 1, 0, UINT32_MAX - 1) : first;
		if (first > last)
			usage(cmd, "--cpus \"%s-%s\" goes down: write the smaller one first", word,
			      dash + 1);
		for (uint64_t cpu = first; cpu <= last; cpu++)
			cpus_add(cmd, &cpus, count, cpu);
	}
	free(copy);
	return cpus;
}

unsigned int *allocators_parse(const struct command *cmd, const char *text, size_t *count)
{
	char *copy = text_format("%s", text), *rest = copy, *word;
	unsigned int *allocators = NULL;

	*count = 0;
	while ((word = strsep(&rest, ","))) {
		unsigned int one = name_parse(cmd, "allocator", word, memlab_allocator_name, 1);

		for (size_t i = 0; i < *count; i++)
			if (allocators[i] == one)
				usage(cmd, "--allocators names %s twice", word);
		allocators = grow(allocators, *count, sizeof(*allocators));
		allocators[(*count)++] = one;
	}
	free(copy);
	return allocators;
}
