// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "own_cache.h"

/*
 * A part for user space keeps a cache from being merged with others, on every kernel, so
 * that its name is found in /proc/slabinfo.
 */
struct memlab_cache *own_cache_make(struct claim_run *run, uint64_t bytes, uint32_t align)
{
	struct memlab_cache_config *config = need(memlab_cache_config_new());
	struct memlab_cache *cache;

	memlab_cache_config_set_size(config, bytes);
	memlab_cache_config_set_align(config, align);
	memlab_cache_config_set_usercopy(config, 0, bytes);
	cache = claim_make_cache(run, config, NULL);
	memlab_cache_config_free(config);
	return cache;
}

struct memlab_buf *own_cache_alloc(struct claim_run *run, const struct memlab_cache *cache)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_CACHE,
					       .cache = cache };

	return claim_alloc(run, &request, NULL);
}

bool own_cache_row(const char *name, struct slabinfo_row *row)
{
	struct slabinfo info;
	const struct slabinfo_row *found;

	if (!slabinfo_read(&info))
		return false;
	found = slabinfo_find(&info, name);
	if (found)
		*row = *found;
	slabinfo_free(&info);
	errno = 0;
	return found;
}
