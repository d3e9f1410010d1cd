// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

struct memlab_buf_info {
	struct memlab_query kernel;
	struct name function;
	struct name cache_name;
};

int buf_query(const struct memlab_dev *dev, uint32_t id, struct memlab_query *query)
{
	*query = (struct memlab_query){ .size = sizeof(*query), .id = id };

	return dev_ioctl(dev, MEMLAB_IOC_QUERY, query);
}

EXPORT struct memlab_buf_info *memlab_buf_get_info(const struct memlab_buf *buf)
{
	struct memlab_buf_info *info;

	info = calloc(1, sizeof(*info));
	if (!info)
		return NULL;

	if (buf_query(buf->dev, buf->id, &info->kernel)) {
		free(info);
		return NULL;
	}

	info->function = name_from(info->kernel.function);
	info->cache_name = name_from(info->kernel.cache_name);
	return info;
}

EXPORT void memlab_buf_info_free(struct memlab_buf_info *info)
{
	free(info);
}

EXPORT uint32_t memlab_buf_info_get_id(const struct memlab_buf_info *info)
{
	return info->kernel.id;
}

EXPORT unsigned int memlab_buf_info_get_allocator(const struct memlab_buf_info *info)
{
	return info->kernel.allocator;
}

EXPORT unsigned int memlab_buf_info_get_backing(const struct memlab_buf_info *info)
{
	return info->kernel.backing;
}

EXPORT uint64_t memlab_buf_info_get_size(const struct memlab_buf_info *info)
{
	return info->kernel.bytes;
}

EXPORT uint64_t memlab_buf_info_get_usable_size(const struct memlab_buf_info *info)
{
	return info->kernel.usable;
}

EXPORT uint64_t memlab_buf_info_get_map_length(const struct memlab_buf_info *info)
{
	return info->kernel.map_length;
}

EXPORT uint64_t memlab_buf_info_get_extent_count(const struct memlab_buf_info *info)
{
	return info->kernel.extent_count;
}

EXPORT uint64_t memlab_buf_info_get_largest_extent(const struct memlab_buf_info *info)
{
	return info->kernel.largest_extent;
}

EXPORT uint64_t memlab_buf_info_get_kernel_address(const struct memlab_buf_info *info)
{
	return info->kernel.kernel_address;
}

EXPORT uint64_t memlab_buf_info_get_kernel_align(const struct memlab_buf_info *info)
{
	return info->kernel.kernel_align;
}

EXPORT uint64_t memlab_buf_info_get_phys(const struct memlab_buf_info *info)
{
	return info->kernel.phys;
}

EXPORT uint64_t memlab_buf_info_get_phys_align(const struct memlab_buf_info *info)
{
	return info->kernel.phys_align;
}

EXPORT uint32_t memlab_buf_info_get_owner_uid(const struct memlab_buf_info *info)
{
	return info->kernel.owner_uid;
}

EXPORT uint32_t memlab_buf_info_get_owner_pid(const struct memlab_buf_info *info)
{
	return info->kernel.owner_pid;
}

EXPORT uint32_t memlab_buf_info_get_mappings(const struct memlab_buf_info *info)
{
	return info->kernel.mappings;
}

EXPORT int memlab_buf_info_get_node(const struct memlab_buf_info *info)
{
	return info->kernel.alloc_flags & MEMLAB_ALLOC_NODE ? info->kernel.node : -1;
}

EXPORT bool memlab_buf_info_is_zero(const struct memlab_buf_info *info)
{
	return info->kernel.alloc_flags & MEMLAB_ALLOC_ZERO;
}

EXPORT bool memlab_buf_info_is_persistent(const struct memlab_buf_info *info)
{
	return info->kernel.alloc_flags & MEMLAB_ALLOC_PERSISTENT;
}

EXPORT bool memlab_buf_info_is_contiguous(const struct memlab_buf_info *info)
{
	return info->kernel.flags & MEMLAB_BUFFER_CONTIGUOUS;
}

EXPORT bool memlab_buf_info_is_phys_hidden(const struct memlab_buf_info *info)
{
	return info->kernel.flags & MEMLAB_BUFFER_PHYS_HIDDEN;
}

EXPORT bool memlab_buf_info_is_kernel_address_hidden(const struct memlab_buf_info *info)
{
	return info->kernel.flags & MEMLAB_BUFFER_KADDR_HIDDEN;
}

EXPORT uint64_t memlab_buf_info_get_gfp(const struct memlab_buf_info *info)
{
	return info->kernel.gfp;
}

EXPORT uint64_t memlab_buf_info_get_gfp_used(const struct memlab_buf_info *info)
{
	return info->kernel.gfp_used;
}

EXPORT uint64_t memlab_buf_info_get_count(const struct memlab_buf_info *info)
{
	return info->kernel.count;
}

EXPORT uint64_t memlab_buf_info_get_element_size(const struct memlab_buf_info *info)
{
	return info->kernel.element_bytes;
}

EXPORT unsigned int memlab_buf_info_get_context(const struct memlab_buf_info *info)
{
	return info->kernel.context;
}

EXPORT uint32_t memlab_buf_info_get_cache_id(const struct memlab_buf_info *info)
{
	return info->kernel.cache;
}

EXPORT unsigned int memlab_buf_info_get_seen(const struct memlab_buf_info *info)
{
	return info->kernel.seen;
}

EXPORT unsigned int memlab_buf_info_get_preempt_count(const struct memlab_buf_info *info)
{
	return info->kernel.preempt_count;
}

EXPORT uint32_t memlab_buf_info_get_resizes(const struct memlab_buf_info *info)
{
	return info->kernel.resizes;
}

EXPORT const char *memlab_buf_info_get_function(const struct memlab_buf_info *info)
{
	return info->function.text;
}

EXPORT const char *memlab_buf_info_get_cache_name(const struct memlab_buf_info *info)
{
	return info->cache_name.text;
}
