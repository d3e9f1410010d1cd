// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

EXPORT struct memlab_cache_config *memlab_cache_config_new(void)
{
	return calloc(1, sizeof(struct memlab_cache_config));
}

EXPORT void memlab_cache_config_free(struct memlab_cache_config *config)
{
	free(config);
}

EXPORT void memlab_cache_config_set_size(struct memlab_cache_config *config, uint64_t bytes)
{
	config->bytes = bytes;
}

EXPORT void memlab_cache_config_set_align(struct memlab_cache_config *config, uint32_t align)
{
	config->align = align;
}

EXPORT void memlab_cache_config_set_usercopy(struct memlab_cache_config *config, uint64_t offset,
					     uint64_t length)
{
	set_flag(&config->flags, MEMLAB_CACHE_USERCOPY, length);
	config->user_offset = length ? offset : 0;
	config->user_bytes = length;
}

EXPORT void memlab_cache_config_set_no_merge(struct memlab_cache_config *config, bool no_merge)
{
	set_flag(&config->flags, MEMLAB_CACHE_NO_MERGE, no_merge);
}

EXPORT void memlab_cache_config_set_hwcache_align(struct memlab_cache_config *config,
						  bool hwcache_align)
{
	set_flag(&config->flags, MEMLAB_CACHE_HWCACHE_ALIGN, hwcache_align);
}

EXPORT void memlab_cache_config_set_persistent(struct memlab_cache_config *config, bool persistent)
{
	set_flag(&config->flags, MEMLAB_CACHE_PERSISTENT, persistent);
}
