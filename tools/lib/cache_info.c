// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

struct memlab_cache_info {
	struct memlab_cache_query kernel;
	struct name name;
	struct name function;
};

int cache_query(const struct memlab_dev *dev, uint32_t id, struct memlab_cache_query *query)
{
	*query = (struct memlab_cache_query){ .size = sizeof(*query), .id = id };

	return dev_ioctl(dev, MEMLAB_IOC_CACHE_QUERY, query);
}

EXPORT struct memlab_cache_info *memlab_cache_get_info(const struct memlab_cache *cache)
{
	struct memlab_cache_info *info;

	info = calloc(1, sizeof(*info));
	if (!info)
		return NULL;

	if (cache_query(cache->dev, cache->id, &info->kernel)) {
		free(info);
		return NULL;
	}

	info->name = name_from(info->kernel.name);
	info->function = name_from(info->kernel.function);
	return info;
}

EXPORT void memlab_cache_info_free(struct memlab_cache_info *info)
{
	free(info);
}

EXPORT uint32_t memlab_cache_info_get_id(const struct memlab_cache_info *info)
{
	return info->kernel.id;
}

EXPORT const char *memlab_cache_info_get_name(const struct memlab_cache_info *info)
{
	return info->name.text;
}

EXPORT const char *memlab_cache_info_get_function(const struct memlab_cache_info *info)
{
	return info->function.text;
}

EXPORT uint64_t memlab_cache_info_get_size(const struct memlab_cache_info *info)
{
	return info->kernel.bytes;
}

EXPORT uint32_t memlab_cache_info_get_align(const struct memlab_cache_info *info)
{
	return info->kernel.align;
}

EXPORT uint64_t memlab_cache_info_get_user_offset(const struct memlab_cache_info *info)
{
	return info->kernel.user_offset;
}

EXPORT uint64_t memlab_cache_info_get_user_size(const struct memlab_cache_info *info)
{
	return info->kernel.user_bytes;
}

EXPORT uint64_t memlab_cache_info_get_objects(const struct memlab_cache_info *info)
{
	return info->kernel.objects;
}

EXPORT bool memlab_cache_info_is_no_merge(const struct memlab_cache_info *info)
{
	return info->kernel.flags & MEMLAB_CACHE_NO_MERGE;
}

EXPORT bool memlab_cache_info_is_hwcache_align(const struct memlab_cache_info *info)
{
	return info->kernel.flags & MEMLAB_CACHE_HWCACHE_ALIGN;
}

EXPORT bool memlab_cache_info_is_persistent(const struct memlab_cache_info *info)
{
	return info->kernel.flags & MEMLAB_CACHE_PERSISTENT;
}

EXPORT uint32_t memlab_cache_info_get_owner_uid(const struct memlab_cache_info *info)
{
	return info->kernel.owner_uid;
}

EXPORT uint32_t memlab_cache_info_get_owner_pid(const struct memlab_cache_info *info)
{
	return info->kernel.owner_pid;
}
