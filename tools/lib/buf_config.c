// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

EXPORT struct memlab_buf_config *memlab_buf_config_new(void)
{
	return calloc(1, sizeof(struct memlab_buf_config));
}

EXPORT void memlab_buf_config_free(struct memlab_buf_config *config)
{
	free(config);
}

EXPORT void memlab_buf_config_set_allocator(struct memlab_buf_config *config,
					    unsigned int allocator)
{
	config->allocator = allocator;
}

EXPORT void memlab_buf_config_set_size(struct memlab_buf_config *config, uint64_t bytes)
{
	config->bytes = bytes;
}

EXPORT void memlab_buf_config_set_array(struct memlab_buf_config *config, uint64_t count,
					uint64_t element_bytes)
{
	config->count = count;
	config->element_bytes = element_bytes;
}

EXPORT void memlab_buf_config_set_zero(struct memlab_buf_config *config, bool zero)
{
	set_flag(&config->flags, MEMLAB_ALLOC_ZERO, zero);
}

EXPORT void memlab_buf_config_set_persistent(struct memlab_buf_config *config, bool persistent)
{
	set_flag(&config->flags, MEMLAB_ALLOC_PERSISTENT, persistent);
}

EXPORT void memlab_buf_config_set_count_stale(struct memlab_buf_config *config, bool count_stale)
{
	set_flag(&config->flags, MEMLAB_ALLOC_COUNT_STALE, count_stale);
}

EXPORT void memlab_buf_config_set_node(struct memlab_buf_config *config, int node)
{
	set_flag(&config->flags, MEMLAB_ALLOC_NODE, node >= 0);
	config->node = node >= 0 ? node : 0;
}

EXPORT void memlab_buf_config_set_gfp(struct memlab_buf_config *config, uint64_t gfp)
{
	config->gfp = gfp;
}

EXPORT void memlab_buf_config_set_context(struct memlab_buf_config *config, unsigned int context)
{
	config->context = context;
}

EXPORT void memlab_buf_config_set_cache(struct memlab_buf_config *config,
					const struct memlab_cache *cache)
{
	config->cache = cache ? cache->id : 0;
	config->cache_bytes = cache ? cache->bytes : 0;
}
