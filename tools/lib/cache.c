// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

SAME(CACHE_MAX_BYTES);

EXPORT struct memlab_cache *memlab_cache_create(struct memlab_dev *dev,
						const struct memlab_cache_config *config,
						struct memlab_call *call)
{
	struct memlab_cache_create create = {
		.size = sizeof(create),
		.flags = config->flags,
		.bytes = config->bytes,
		.align = config->align,
		.user_offset = config->user_offset,
		.user_bytes = config->user_bytes,
	};
	struct memlab_cache *cache;

	call_tell(call, (struct memlab_call){ 0 });

	/* First, as nothing may fail once the kernel has made the cache. */
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;

	if (dev_ioctl(dev, MEMLAB_IOC_CACHE_CREATE, &create)) {
		call_tell(call, (struct memlab_call){ .reason = create.reason });
		free(cache);
		return NULL;
	}

	cache->dev = dev;
	cache->id = create.id;
	cache->bytes = config->bytes;
	cache->name = name_from(create.name);
	call_tell(call, (struct memlab_call){
				.reason = create.reason,
				.function = name_from(create.function),
			});
	return cache;
}

EXPORT struct memlab_cache *memlab_cache_open(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_cache_query query;
	struct memlab_cache *cache;

	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;

	if (cache_query(dev, id, &query)) {
		free(cache);
		return NULL;
	}

	cache->dev = dev;
	cache->id = id;
	cache->bytes = query.bytes;
	cache->name = name_from(query.name);
	return cache;
}

EXPORT int memlab_cache_destroy(struct memlab_cache *cache)
{
	struct memlab_cache_destroy arg = { .size = sizeof(arg), .id = cache->id };

	if (dev_ioctl(cache->dev, MEMLAB_IOC_CACHE_DESTROY, &arg))
		return -1;

	free(cache);
	return 0;
}

EXPORT void memlab_cache_close(struct memlab_cache *cache)
{
	free(cache);
}

EXPORT uint32_t memlab_cache_get_id(const struct memlab_cache *cache)
{
	return cache->id;
}

EXPORT const char *memlab_cache_get_name(const struct memlab_cache *cache)
{
	return cache->name.text;
}

EXPORT uint64_t memlab_cache_get_size(const struct memlab_cache *cache)
{
	return cache->bytes;
}
