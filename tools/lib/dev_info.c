// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

SAME(ABI_VERSION);

struct memlab_dev_info {
	struct memlab_info kernel;
	char driver_version[sizeof(((struct memlab_info *)NULL)->driver_version) + 1];
};

EXPORT struct memlab_dev_info *memlab_dev_get_info(const struct memlab_dev *dev)
{
	struct memlab_dev_info *info;

	info = calloc(1, sizeof(*info));
	if (!info)
		return NULL;

	info->kernel.size = sizeof(info->kernel);
	if (dev_ioctl(dev, MEMLAB_IOC_INFO, &info->kernel)) {
		free(info);
		return NULL;
	}

	for (size_t i = 0; i < sizeof(info->kernel.driver_version); i++)
		info->driver_version[i] = (char)info->kernel.driver_version[i];

	return info;
}

EXPORT void memlab_dev_info_free(struct memlab_dev_info *info)
{
	free(info);
}

EXPORT const char *memlab_dev_info_get_driver_version(const struct memlab_dev_info *info)
{
	return info->driver_version;
}

EXPORT unsigned int memlab_dev_info_get_abi_version(const struct memlab_dev_info *info)
{
	return info->kernel.abi_version;
}

EXPORT uint64_t memlab_dev_info_get_page_size(const struct memlab_dev_info *info)
{
	return info->kernel.page_size;
}

EXPORT uint64_t memlab_dev_info_get_kmalloc_max_size(const struct memlab_dev_info *info)
{
	return info->kernel.kmalloc_max_size;
}

EXPORT uint64_t memlab_dev_info_get_kmalloc_max_cache_size(const struct memlab_dev_info *info)
{
	return info->kernel.kmalloc_max_cache_size;
}

EXPORT uint64_t memlab_dev_info_get_kmalloc_minalign(const struct memlab_dev_info *info)
{
	return info->kernel.kmalloc_minalign;
}

EXPORT unsigned int memlab_dev_info_get_max_order(const struct memlab_dev_info *info)
{
	return info->kernel.max_order;
}

EXPORT uint64_t memlab_dev_info_get_total_ram(const struct memlab_dev_info *info)
{
	return info->kernel.total_ram;
}

EXPORT uint64_t memlab_dev_info_get_max_total_bytes(const struct memlab_dev_info *info)
{
	return info->kernel.max_total_bytes;
}

EXPORT uint64_t memlab_dev_info_get_max_user_bytes(const struct memlab_dev_info *info)
{
	return info->kernel.max_user_bytes;
}

EXPORT uint64_t memlab_dev_info_get_max_user_buffers(const struct memlab_dev_info *info)
{
	return info->kernel.max_user_buffers;
}

EXPORT uint64_t memlab_dev_info_get_total_bytes(const struct memlab_dev_info *info)
{
	return info->kernel.total_bytes;
}

EXPORT uint64_t memlab_dev_info_get_user_bytes(const struct memlab_dev_info *info)
{
	return info->kernel.user_bytes;
}

EXPORT uint64_t memlab_dev_info_get_user_buffers(const struct memlab_dev_info *info)
{
	return info->kernel.user_buffers;
}

EXPORT bool memlab_dev_info_has_allocator(const struct memlab_dev_info *info,
					  unsigned int allocator)
{
	return allocator < 64 && info->kernel.allocators >> allocator & 1;
}

EXPORT bool memlab_dev_info_has_feature(const struct memlab_dev_info *info, unsigned int feature)
{
	return feature < 64 && info->kernel.features >> feature & 1;
}

EXPORT uint64_t memlab_dev_info_get_gfp(const struct memlab_dev_info *info)
{
	return info->kernel.gfp;
}

EXPORT bool memlab_dev_info_is_resizable(const struct memlab_dev_info *info, unsigned int allocator)
{
	return allocator < 64 && info->kernel.resizable >> allocator & 1;
}

EXPORT bool memlab_dev_info_has_context(const struct memlab_dev_info *info, unsigned int context)
{
	/* Drivers that do not tell call from nowhere else. */
	if (context == MEMLAB_CONTEXT_PROCESS)
		return true;

	return context < 32 && info->kernel.contexts >> context & 1;
}

EXPORT uint64_t memlab_dev_info_get_max_user_caches(const struct memlab_dev_info *info)
{
	return info->kernel.max_user_caches;
}

EXPORT uint64_t memlab_dev_info_get_user_caches(const struct memlab_dev_info *info)
{
	return info->kernel.user_caches;
}
