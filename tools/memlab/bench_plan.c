// SPDX-License-Identifier: GPL-2.0-only
/* The command line of `memlab bench`: what to measure, and how. */
#include <stdlib.h>

#include "bench.h"

#define ALLOCATORS	 "kmalloc,vmalloc"
#define SIZES		 "64..4M"
#define ROUNDS		 5
#define MAX_ROUNDS	 1000
#define MILLISECONDS	 20
#define MAX_MILLISECONDS 1000000
#define OBJECTS		 256
#define STRIDE		 64

enum {
	OPT_ALLOCATORS = 'a',
	OPT_SIZES = 'S',
	OPT_PATTERN = 'p',
	OPT_ROUNDS = 'r',
	OPT_TIME = 't',
	OPT_EACH = 'e',
	OPT_FREE_ORDER = OPT_LONG_ONLY + 110,
	OPT_OBJECTS,
	OPT_STRIDE,
	OPT_CPUS,
};

const struct opt bench_opts[] = {
	{ "allocators", OPT_ALLOCATORS, "LIST", "compare these (default: " ALLOCATORS ")" },
	{ "sizes", OPT_SIZES, "LIST",
	  "at these sizes, such as 64,4K,64K..4M (default: " SIZES ")" },
	{ "pattern", OPT_PATTERN, "PATTERN",
	  "pair (default), batch, bulk, grow, read or write: see below" },
	{ "order", OPT_FREE_ORDER, "ORDER",
	  "free or access in this order: same, reverse, shuffled" },
	{ "objects", OPT_OBJECTS, "N", "so many at a time in batch and bulk (default: 256)" },
	{ "stride", OPT_STRIDE, "SIZE",
	  "bytes between accesses (default: 64), or of a step of grow (1/16 of the size)" },
	CONTEXT_OPT,
	{ "gfp", OPT_GFP, "LIST",
	  "with these GFP flags (default: kernel,no-account, or kernel without privileges)" },
	ZERO_OPT,
	NODE_OPT,
	CACHE_OPT,
	{ "cpus", OPT_CPUS, "LIST", "on these processors at the same time, such as 0,2-3" },
	{ "rounds", OPT_ROUNDS, "N", "measure each so often (default: 5)" },
	{ "time", OPT_TIME, "MILLISECONDS", "for so long each time (default: 20)" },
	{ "each", OPT_EACH, NULL, "time each operation, for percentiles" },
	{ "csv", OPT_CSV, NULL, "print comma-separated values" },
	{ "plot", OPT_PLOT, "FILE", "draw time against size, as .svg or .png, by gnuplot" },
	{ "load", OPT_LOAD, "FILE", "measure nothing, but show a result that -j printed" },
	{ "compare", OPT_COMPARE, NULL, "compare two results that -j printed, FILE and FILE" },
	END_OF_OPTS,
};

void bench_plan_begin(struct bench_plan *plan, const struct command *cmd)
{
	*plan = (struct bench_plan){
		.cmd = cmd,
		.request = { .node = -1 },
		.pattern = MEMLAB_LIB_BENCH_PAIR,
		.rounds = ROUNDS,
		.milliseconds = MILLISECONDS,
	};
}

/* Returns whether the option is one of the plan's. */
bool bench_plan_option(struct bench_plan *plan, int c)
{
	const struct command *cmd = plan->cmd;

	switch (c) {
	case OPT_ALLOCATORS:
		free(plan->allocators);
		plan->allocators = allocators_parse(cmd, optarg, &plan->allocator_count);
		return true;
	case OPT_SIZES:
		free(plan->sizes);
		plan->sizes = sizes_parse(cmd, optarg, &plan->size_count);
		return true;
	case OPT_CPUS:
		free(plan->cpus);
		plan->cpus = cpus_parse(cmd, optarg, &plan->cpu_count);
		return true;
	case OPT_PATTERN:
		plan->pattern = name_parse(cmd, "pattern", optarg, memlab_bench_pattern_name, 1);
		return true;
	case OPT_FREE_ORDER:
		plan->order = name_parse(cmd, "order", optarg, memlab_bench_order_name, 0);
		return true;
	case OPT_OBJECTS:
		plan->objects = (uint32_t)number_parse(cmd, "--objects", optarg, 1,
						       MEMLAB_LIB_BENCH_MAX_OBJECTS);
		return true;
	case OPT_STRIDE:
		plan->stride = size_parse_positive(cmd, "--stride", optarg);
		return true;
	case OPT_ROUNDS:
		plan->rounds = (unsigned int)number_parse(cmd, "--rounds", optarg, 1, MAX_ROUNDS);
		return true;
	case OPT_TIME:
		plan->milliseconds =
			(unsigned int)number_parse(cmd, "--time", optarg, 1, MAX_MILLISECONDS);
		return true;
	case OPT_EACH:
		plan->each = true;
		return true;
	case OPT_CSV:
	case OPT_PLOT:
	case OPT_LOAD:
	case OPT_COMPARE:
		return false;
	default:
		plan->gfp_given |= c == OPT_GFP;
		request_option(cmd, &plan->request, c);
		return true;
	}
}

/* Options that only go together, or not at all. */
static void settle_pattern(struct bench_plan *plan)
{
	bool batch = plan->pattern == MEMLAB_LIB_BENCH_BATCH ||
		     plan->pattern == MEMLAB_LIB_BENCH_BULK;
	bool access = plan->pattern == MEMLAB_LIB_BENCH_READ ||
		      plan->pattern == MEMLAB_LIB_BENCH_WRITE;
	const char *name = memlab_bench_pattern_name(plan->pattern);

	if (plan->objects && !batch)
		usage(plan->cmd, "--objects is for batch and bulk, not for %s", name);
	if (plan->pattern == MEMLAB_LIB_BENCH_BULK && plan->objects > MEMLAB_LIB_BENCH_MAX_BULK)
		usage(plan->cmd, "--objects %u is too many for bulk: the most is %d", plan->objects,
		      MEMLAB_LIB_BENCH_MAX_BULK);
	if (plan->stride && !access && plan->pattern != MEMLAB_LIB_BENCH_GROW)
		usage(plan->cmd, "--stride is for read, write and grow, not for %s", name);
	if (plan->order && !batch && !access)
		usage(plan->cmd, "--order is for batch, bulk, read and write, not for %s", name);
	if (access && plan->stride % 8)
		usage(plan->cmd, "--stride %llu is no multiple of 8, the bytes of an access",
		      (unsigned long long)plan->stride);
	if (batch && !plan->objects)
		plan->objects = OBJECTS;
	if (access && !plan->stride)
		plan->stride = STRIDE;
}

/* The size of a cache's objects is the only one that there is. */
static void settle_cache(struct bench_plan *plan, struct memlab_dev *dev)
{
	bool uses_cache = false;

	for (size_t i = 0; i < plan->allocator_count; i++)
		uses_cache |= plan->allocators[i] == MEMLAB_LIB_ALLOCATOR_CACHE;
	if (uses_cache && !plan->request.cache)
		usage(plan->cmd,
		      "cache needs a cache: --cache ID (memlab cache list, memlab cache create)");
	if (plan->request.cache && !uses_cache)
		usage(plan->cmd, "--cache is for the allocator cache: --allocators cache");
	if (uses_cache && !plan->sizes) {
		struct memlab_cache *cache = cache_open(dev, plan->request.cache);

		plan->sizes = need(malloc(sizeof(*plan->sizes)));
		plan->sizes[0] = memlab_cache_get_size(cache);
		plan->size_count = 1;
		memlab_cache_close(cache);
	}
}

/* Whoever may have memory that is charged to nobody measures the allocator alone. */
static void settle_gfp(struct bench_plan *plan, struct memlab_dev *dev)
{
	struct memlab_buf_config *config = need(memlab_buf_config_new());

	if (!plan->gfp_given) {
		const uint64_t gfp = MEMLAB_LIB_GFP_KERNEL | MEMLAB_LIB_GFP_NO_ACCOUNT;

		memlab_buf_config_set_allocator(config, MEMLAB_LIB_ALLOCATOR_KMALLOC);
		memlab_buf_config_set_size(config, 1);
		memlab_buf_config_set_gfp(config, gfp);
		if (!memlab_buf_config_check(dev, config, NULL))
			plan->request.gfp = gfp;
		if (plan->request.context)
			plan->request.gfp = MEMLAB_LIB_GFP_NOWAIT |
					    (plan->request.gfp & MEMLAB_LIB_GFP_NO_ACCOUNT);
	}
	memlab_buf_config_free(config);
}

/* After the last option. */
void bench_plan_settle(struct bench_plan *plan, struct memlab_dev *dev)
{
	if (!plan->allocators)
		plan->allocators = allocators_parse(plan->cmd, ALLOCATORS, &plan->allocator_count);
	settle_pattern(plan);
	settle_cache(plan, dev);
	if (!plan->sizes)
		plan->sizes = sizes_parse(plan->cmd, SIZES, &plan->size_count);
	settle_gfp(plan, dev);
}

void bench_plan_end(struct bench_plan *plan)
{
	free(plan->allocators);
	free(plan->sizes);
	free(plan->cpus);
}
