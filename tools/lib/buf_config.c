// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

static void set_flag(struct memlab_buf_config *config, uint32_t flag, bool on)
{
	if (on)
		config->flags |= flag;
	else
		config->flags &= ~flag;
}

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

EXPORT void memlab_buf_config_set_zero(struct memlab_buf_config *config, bool zero)
{
	set_flag(config, MEMLAB_ALLOC_ZERO, zero);
}

EXPORT void memlab_buf_config_set_persistent(struct memlab_buf_config *config, bool persistent)
{
	set_flag(config, MEMLAB_ALLOC_PERSISTENT, persistent);
}

EXPORT void memlab_buf_config_set_node(struct memlab_buf_config *config, int node)
{
	set_flag(config, MEMLAB_ALLOC_NODE, node >= 0);
	config->node = node >= 0 ? node : 0;
}
