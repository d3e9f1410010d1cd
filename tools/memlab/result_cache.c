// SPDX-License-Identifier: GPL-2.0-only
/* What the driver told of a cache. */
#include "memlab.h"

struct json_object *result_cache(const struct memlab_cache_info *info)
{
	struct json_object *object = need(json_object_new_object());
	uint64_t user_size = memlab_cache_info_get_user_size(info);
	uint64_t user_offset = memlab_cache_info_get_user_offset(info);

	result_add(object, "id", result_uint(memlab_cache_info_get_id(info)));
	result_add(object, "name", result_text(memlab_cache_info_get_name(info)));
	result_add(object, "function", result_text(memlab_cache_info_get_function(info)));
	result_add(object, "size", result_uint(memlab_cache_info_get_size(info)));
	result_add(object, "align", result_uint_or_null(memlab_cache_info_get_align(info)));
	result_add(object, "user_offset", user_size ? result_uint(user_offset) : NULL);
	result_add(object, "user_size", result_uint_or_null(user_size));
	result_add(object, "no_merge", result_bool(memlab_cache_info_is_no_merge(info)));
	result_add(object, "hwcache_align", result_bool(memlab_cache_info_is_hwcache_align(info)));
	result_add(object, "objects", result_uint(memlab_cache_info_get_objects(info)));
	result_add(object, "persistent", result_bool(memlab_cache_info_is_persistent(info)));
	result_add(object, "owner_uid", result_uint(memlab_cache_info_get_owner_uid(info)));
	/* Caches outlive processes. */
	result_add(object, "owner_pid", result_uint_or_null(memlab_cache_info_get_owner_pid(info)));
	return object;
}
