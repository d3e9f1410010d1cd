// SPDX-License-Identifier: GPL-2.0-only
/* What the driver told of a buffer. */
#include <unistd.h>

#include "memlab.h"

/* Of alloc_pages() alone the order is what was asked for; null for others. */
struct json_object *result_order(unsigned int backing, uint64_t usable)
{
	uint64_t pages = usable / (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t order = 0;

	if (backing != MEMLAB_LIB_BACKING_PAGES)
		return NULL;

	while (pages >> (order + 1))
		order++;
	return result_uint(order);
}

/* The way that kvmalloc() went; null for others. */
struct json_object *result_path(unsigned int allocator, unsigned int backing)
{
	if (allocator != MEMLAB_LIB_ALLOCATOR_KVMALLOC)
		return NULL;
	return result_text(backing == MEMLAB_LIB_BACKING_VMALLOC ? "vmalloc" : "kmalloc");
}

struct json_object *result_buffer(const struct memlab_buf_info *info)
{
	struct json_object *object = need(json_object_new_object());
	unsigned int allocator = memlab_buf_info_get_allocator(info);
	unsigned int backing = memlab_buf_info_get_backing(info);
	uint64_t size = memlab_buf_info_get_size(info);
	uint64_t usable = memlab_buf_info_get_usable_size(info);
	uint64_t count = memlab_buf_info_get_count(info);
	const char *cache_name = memlab_buf_info_get_cache_name(info);
	unsigned int context = memlab_buf_info_get_context(info);
	bool phys_hidden = memlab_buf_info_is_phys_hidden(info);
	bool kaddr_hidden = memlab_buf_info_is_kernel_address_hidden(info);
	uint64_t map_length = memlab_buf_info_get_map_length(info);
	uint64_t kaddr = memlab_buf_info_get_kernel_address(info);
	uint32_t pid = memlab_buf_info_get_owner_pid(info);

	result_add(object, "id", result_uint(memlab_buf_info_get_id(info)));
	result_add(object, "allocator", result_name(memlab_allocator_name(allocator), allocator));
	result_add(object, "function", result_text(memlab_buf_info_get_function(info)));
	result_add(object, "size", result_uint(size));
	result_add(object, "count", result_uint_or_null(count));
	result_add(object, "element_size",
		   result_uint_or_null(memlab_buf_info_get_element_size(info)));
	result_add(object, "order", result_order(backing, usable));
	result_add(object, "usable_size", result_uint(usable));
	result_add(object, "slack", result_uint(usable - size));
	result_add(object, "backing", result_name(memlab_backing_name(backing), backing));
	result_add(object, "path", result_path(allocator, backing));
	result_add(object, "cache_id", result_uint_or_null(memlab_buf_info_get_cache_id(info)));
	result_add(object, "cache_name", *cache_name ? result_text(cache_name) : NULL);
	result_add(object, "gfp", result_gfp(memlab_buf_info_get_gfp(info)));
	result_add(object, "gfp_used", result_gfp(memlab_buf_info_get_gfp_used(info)));
	result_add(object, "context", result_name(memlab_context_name(context), context));
	result_add(object, "seen", result_seen(memlab_buf_info_get_seen(info)));
	result_add(object, "preempt_count", result_uint(memlab_buf_info_get_preempt_count(info)));
	result_add(object, "contiguous", result_bool(memlab_buf_info_is_contiguous(info)));
	result_add(object, "extent_count", result_uint(memlab_buf_info_get_extent_count(info)));
	result_add(object, "largest_extent", result_uint(memlab_buf_info_get_largest_extent(info)));
	result_add(object, "kernel_address", kaddr_hidden ? NULL : result_hex(kaddr));
	result_add(object, "kernel_align", result_uint(memlab_buf_info_get_kernel_align(info)));
	result_add(object, "phys_hidden", result_bool(phys_hidden));
	result_add(object, "phys",
		   phys_hidden ? NULL : result_uint(memlab_buf_info_get_phys(info)));
	result_add(object, "phys_align", result_uint(memlab_buf_info_get_phys_align(info)));
	result_add(object, "node", result_node(memlab_buf_info_get_node(info)));
	result_add(object, "zero", result_bool(memlab_buf_info_is_zero(info)));
	result_add(object, "persistent", result_bool(memlab_buf_info_is_persistent(info)));
	result_add(object, "resizes", result_uint(memlab_buf_info_get_resizes(info)));
	result_add(object, "mappable", result_bool(map_length > 0));
	result_add(object, "map_length", result_uint(map_length));
	result_add(object, "mappings", result_uint(memlab_buf_info_get_mappings(info)));
	result_add(object, "owner_uid", result_uint(memlab_buf_info_get_owner_uid(info)));
	/* Buffers outlive processes. */
	result_add(object, "owner_pid", pid ? result_uint(pid) : NULL);
	return object;
}

static struct json_object *result_extents(const struct memlab_extents *extents)
{
	struct json_object *array = need(json_object_new_array());
	size_t count = memlab_extents_get_count(extents);
	bool hidden = memlab_extents_is_phys_hidden(extents);
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < count; i++) {
		struct json_object *extent = need(json_object_new_object());
		uint64_t phys = memlab_extents_get_phys(extents, i);
		uint64_t length = memlab_extents_get_length(extents, i);
		unsigned int zone = memlab_extents_get_zone(extents, i);

		result_add(extent, "offset", result_uint(memlab_extents_get_offset(extents, i)));
		result_add(extent, "phys", hidden ? NULL : result_uint(phys));
		result_add(extent, "length", result_uint(length));
		result_add(extent, "pages", result_uint((length + page_size - 1) / page_size));
		result_add(extent, "node", result_node(memlab_extents_get_node(extents, i)));
		result_add(extent, "zone", result_name(memlab_zone_name(zone), zone));
		result_append(array, extent);
	}

	return array;
}

struct json_object *result_layout(const struct memlab_buf_info *info,
				  const struct memlab_extents *extents)
{
	struct json_object *layout = result_buffer(info);

	result_add(layout, "extents", result_extents(extents));
	return layout;
}
