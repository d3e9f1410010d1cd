// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "memlab.h"

static void order_option(const struct command *cmd, struct request *request)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t most = (uint64_t)__builtin_clzll(page_size);

	request->bytes = page_size << number_parse(cmd, "--order", optarg, 0, most);
	request->has_order = true;
}

void request_option(const struct command *cmd, struct request *request, int c)
{
	switch (c) {
	case OPT_ZERO:
		request->zero = true;
		break;
	case OPT_GFP:
		request->gfp = gfp_parse(cmd, optarg);
		break;
	case OPT_CONTEXT:
		request->context = name_parse(cmd, "context", optarg, memlab_context_name, 0);
		break;
	case OPT_NODE:
		request->node = (int)number_parse(cmd, "--node", optarg, 0, INT_MAX);
		break;
	case OPT_ORDER:
		order_option(cmd, request);
		break;
	case OPT_CACHE:
		request->cache = id_parse(cmd, optarg);
		break;
	case OPT_COUNT_STALE:
		request->count_stale = true;
		break;
	default:
		array_option(cmd, &request->array, c);
	}
}

/* What belongs to one allocator only. */
static void check_allocator(const struct command *cmd, const struct request *request)
{
	if (request->has_order && request->allocator != MEMLAB_LIB_ALLOCATOR_PAGES)
		usage(cmd, "--order is for pages, not for %s: give a SIZE",
		      memlab_allocator_name(request->allocator));
	if (request->cache && request->allocator != MEMLAB_LIB_ALLOCATOR_CACHE)
		usage(cmd, "--cache is for cache, not for %s",
		      memlab_allocator_name(request->allocator));
	if (!request->cache && request->allocator == MEMLAB_LIB_ALLOCATOR_CACHE)
		usage(cmd,
		      "cache needs a cache: --cache ID (memlab cache list, memlab cache create)");
}

/* The allocator, and the size unless an option gave it. */
void request_operands(const struct command *cmd, struct request *request, char **operands)
{
	bool has_array = array_settle(cmd, &request->array);

	request->allocator = name_parse(cmd, "allocator", operands[0], memlab_allocator_name, 1);
	check_allocator(cmd, request);

	if (has_array && request->has_order)
		usage(cmd, "--array and --order exclude each other");
	if (operands[1]) {
		if (has_array)
			usage(cmd, "--array and SIZE \"%s\" exclude each other", operands[1]);
		if (request->has_order)
			usage(cmd, "--order and SIZE \"%s\" exclude each other", operands[1]);
		request->bytes = size_parse_positive(cmd, "SIZE", operands[1]);
	} else if (!has_array && !request->has_order && !request->cache) {
		usage(cmd,
		      "no SIZE given: write bytes (4096) or a unit (64K), or an option that stands for it");
	}
}

/*
 * The request as the library wants it. Ends the program when the cache is not there.
 */
struct memlab_buf_config *request_config(struct memlab_dev *dev, const struct request *request)
{
	struct memlab_buf_config *config = need(memlab_buf_config_new());
	const struct array *array = &request->array;

	memlab_buf_config_set_allocator(config, request->allocator);
	memlab_buf_config_set_size(config, request->bytes);
	memlab_buf_config_set_array(config, array->count, array->element_bytes);
	memlab_buf_config_set_gfp(config, request->gfp);
	memlab_buf_config_set_context(config, request->context);
	memlab_buf_config_set_zero(config, request->zero);
	memlab_buf_config_set_persistent(config, request->persistent);
	memlab_buf_config_set_count_stale(config, request->count_stale);
	memlab_buf_config_set_node(config, request->node);
	if (request->cache) {
		struct memlab_cache *cache = cache_open(dev, request->cache);

		memlab_buf_config_set_cache(config, cache);
		memlab_cache_close(cache);
	}

	return config;
}

/*
 * Returns the buffer, or NULL after saying why there is none. @call, if it is not
 * NULL, tells what the kernel's function did.
 */
struct memlab_buf *request_alloc(struct memlab_dev *dev, const struct request *request,
				 struct memlab_call *call)
{
	struct memlab_buf_config *config = request_config(dev, request);
	struct memlab_call *own = call ? call : need(memlab_call_new());
	struct memlab_buf *buf;

	buf = memlab_buf_alloc_call(dev, config, own);
	if (!buf) {
		char *why = explain_alloc(dev, request, memlab_call_get_reason(own), errno);

		warn("%s", why);
		free(why);
	}

	if (!call)
		memlab_call_free(own);
	memlab_buf_config_free(config);
	return buf;
}
