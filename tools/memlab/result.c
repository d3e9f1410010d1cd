// SPDX-License-Identifier: GPL-2.0-only
/* From the library's objects to JSON. */
#include <inttypes.h>
#include <unistd.h>

#include "memlab.h"

void result_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		need(NULL);
}

void result_append(struct json_object *array, struct json_object *value)
{
	if (json_object_array_add(array, value))
		need(NULL);
}

/* A text of NULL is null. */
struct json_object *result_text(const char *text)
{
	return text ? need(json_object_new_string(text)) : NULL;
}

struct json_object *result_uint(uint64_t value)
{
	return need(json_object_new_uint64(value));
}

/* For numbers that a reader who keeps them as a double would spoil. */
struct json_object *result_hex(uint64_t value)
{
	char text[SIZE_TEXT];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return result_text(text);
}

struct json_object *result_bool(bool value)
{
	return need(json_object_new_boolean(value));
}

static struct json_object *result_node(int node)
{
	return node < 0 ? NULL : result_uint((uint64_t)node);
}

/* A number that the library has no name for stays one. */
static struct json_object *result_name(const char *name, unsigned int number)
{
	char text[SIZE_TEXT];

	if (name)
		return result_text(name);
	snprintf(text, sizeof(text), "#%u", number);
	return result_text(text);
}

struct json_object *result_buffer(const struct memlab_buf_info *info)
{
	struct json_object *object = need(json_object_new_object());
	unsigned int allocator = memlab_buf_info_get_allocator(info);
	unsigned int backing = memlab_buf_info_get_backing(info);
	bool phys_hidden = memlab_buf_info_is_phys_hidden(info);
	bool kaddr_hidden = memlab_buf_info_is_kernel_address_hidden(info);
	uint64_t map_length = memlab_buf_info_get_map_length(info);
	uint64_t kaddr = memlab_buf_info_get_kernel_address(info);
	uint32_t pid = memlab_buf_info_get_owner_pid(info);

	result_add(object, "id", result_uint(memlab_buf_info_get_id(info)));
	result_add(object, "allocator", result_name(memlab_allocator_name(allocator), allocator));
	result_add(object, "size", result_uint(memlab_buf_info_get_size(info)));
	result_add(object, "usable_size", result_uint(memlab_buf_info_get_usable_size(info)));
	result_add(object, "backing", result_name(memlab_backing_name(backing), backing));
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

uint64_t result_get_uint(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

const char *result_get_text(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}
