// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

SAME(BENCH_PAIR);
SAME(BENCH_BATCH);
SAME(BENCH_BULK);
SAME(BENCH_GROW);
SAME(BENCH_READ);
SAME(BENCH_WRITE);
SAME(BENCH_SAME);
SAME(BENCH_REVERSE);
SAME(BENCH_SHUFFLED);
SAME(BENCH_MAX_OBJECTS);
SAME(BENCH_MAX_BULK);
SAME(BENCH_MAX_STEPS);
SAME(BENCH_BUCKETS);

static const char *const patterns[] = {
	[MEMLAB_BENCH_PAIR] = "pair", [MEMLAB_BENCH_BATCH] = "batch",
	[MEMLAB_BENCH_BULK] = "bulk", [MEMLAB_BENCH_GROW] = "grow",
	[MEMLAB_BENCH_READ] = "read", [MEMLAB_BENCH_WRITE] = "write",
};

static const char *const orders[] = {
	[MEMLAB_BENCH_SAME] = "same",
	[MEMLAB_BENCH_REVERSE] = "reverse",
	[MEMLAB_BENCH_SHUFFLED] = "shuffled",
};

EXPORT const char *memlab_bench_pattern_name(unsigned int pattern)
{
	return name_of(patterns, ARRAY_SIZE(patterns), pattern);
}

EXPORT int memlab_bench_pattern_from_name(const char *name)
{
	return number_of(patterns, ARRAY_SIZE(patterns), name);
}

EXPORT const char *memlab_bench_order_name(unsigned int order)
{
	return name_of(orders, ARRAY_SIZE(orders), order);
}

EXPORT int memlab_bench_order_from_name(const char *name)
{
	return number_of(orders, ARRAY_SIZE(orders), name);
}

EXPORT struct memlab_bench_config *memlab_bench_config_new(void)
{
	struct memlab_bench_config *config = calloc(1, sizeof(*config));

	if (config)
		config->pattern = MEMLAB_BENCH_PAIR;
	return config;
}

EXPORT void memlab_bench_config_free(struct memlab_bench_config *config)
{
	if (config)
		free(config->cpus);
	free(config);
}

EXPORT void memlab_bench_config_set_pattern(struct memlab_bench_config *config,
					    unsigned int pattern)
{
	config->pattern = pattern;
}

EXPORT void memlab_bench_config_set_order(struct memlab_bench_config *config, unsigned int order)
{
	config->order = order;
}

EXPORT void memlab_bench_config_set_objects(struct memlab_bench_config *config, uint32_t objects)
{
	config->objects = objects;
}

EXPORT void memlab_bench_config_set_stride(struct memlab_bench_config *config, uint64_t stride)
{
	config->stride = stride;
}

EXPORT void memlab_bench_config_set_operations(struct memlab_bench_config *config,
					       uint64_t operations)
{
	config->operations = operations;
}

EXPORT void memlab_bench_config_set_nanoseconds(struct memlab_bench_config *config,
						uint64_t nanoseconds)
{
	config->nanoseconds = nanoseconds;
}

EXPORT void memlab_bench_config_set_each(struct memlab_bench_config *config, bool each)
{
	set_flag(&config->flags, MEMLAB_BENCH_EACH, each);
}

EXPORT int memlab_bench_config_set_cpus(struct memlab_bench_config *config, const uint32_t *cpus,
					uint32_t count)
{
	uint32_t *copy = NULL;

	if (count) {
		copy = calloc(count, sizeof(*copy));
		if (!copy)
			return -1;
		memcpy(copy, cpus, count * sizeof(*copy));
	}

	free(config->cpus);
	config->cpus = copy;
	config->cpu_count = count;
	return 0;
}
