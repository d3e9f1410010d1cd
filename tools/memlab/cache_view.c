// SPDX-License-Identifier: GPL-2.0-only
/* How caches are shown. */
#include <errno.h>

#include "cache.h"

static const struct field fields[] = {
	{ "id", "id", KIND_NUMBER, NULL },
	{ "name", "name", KIND_TEXT, NULL },
	{ "function", "function", KIND_TEXT, NULL },
	{ "size", "size of an object", KIND_SIZE, NULL },
	{ "align", "alignment asked for", KIND_SIZE, no_row },
	{ "user_offset", "copied to users from", KIND_NUMBER, no_row },
	{ "user_size", "copied to users", KIND_SIZE, "nothing" },
	{ "no_merge", "never merged", KIND_BOOL, no_row_if_zero },
	{ "hwcache_align", "aligned to cache lines", KIND_BOOL, no_row_if_zero },
	{ "objects", "live objects", KIND_NUMBER, NULL },
	{ "persistent", "persistent", KIND_BOOL, NULL },
	{ "owner_uid", "owner's user id", KIND_NUMBER, NULL },
	{ "owner_pid", "owner's process id", KIND_NUMBER, "gone" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct field columns[] = {
	{ "id", "ID", KIND_NUMBER, NULL },
	{ "name", "NAME", KIND_TEXT, NULL },
	{ "size", "SIZE", KIND_SIZE, NULL },
	{ "align", "ALIGN", KIND_SIZE, "-" },
	{ "user_offset", "USER-OFFSET", KIND_NUMBER, "-" },
	{ "user_size", "USER-SIZE", KIND_SIZE, "-" },
	{ "objects", "OBJECTS", KIND_NUMBER, NULL },
	{ "persistent", "PERSISTENT", KIND_BOOL, NULL },
	{ "owner_uid", "UID", KIND_NUMBER, NULL },
	{ "owner_pid", "PID", KIND_NUMBER, "gone" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

const struct view cache_view = {
	.fields = fields,
	.bare = (const char *const[]){ "id", NULL },
};

const struct view cache_table_view = {
	.fields = columns,
	.table = true,
	.bare = (const char *const[]){ "id", NULL },
};

/* Returns NULL with errno when the cache cannot be described. */
struct json_object *cache_describe(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_cache *cache = memlab_cache_open(dev, id);
	struct memlab_cache_info *info = cache ? memlab_cache_get_info(cache) : NULL;
	struct json_object *result = info ? result_cache(info) : NULL;

	memlab_cache_info_free(info);
	memlab_cache_close(cache);
	return result;
}
