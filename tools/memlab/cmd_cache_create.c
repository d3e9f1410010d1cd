// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"

enum {
	OPT_ALIGN = OPT_LONG_ONLY,
	OPT_USERCOPY,
	OPT_NO_MERGE,
	OPT_HWCACHE_ALIGN,
};

static const struct opt opts[] = {
	OPT("align", OPT_ALIGN, "A", "align objects to A bytes, a power of two up to a page"),
	OPT("usercopy", OPT_USERCOPY, "OFFSET:LENGTH",
	    "this part of an object may be copied to and from user space"),
	OPT("no-merge", OPT_NO_MERGE, NULL, "keep the kernel from merging it with another cache"),
	OPT("hwcache-align", OPT_HWCACHE_ALIGN, NULL, "align objects to cache lines"),
	END_OF_OPTS,
};

/* What was asked for, for the explanation as well. */
struct wish {
	uint64_t bytes;
	uint64_t align;
	uint64_t user_offset;
	uint64_t user_bytes;
	bool no_merge;
	bool hwcache_align;
};

static void usercopy_parse(const struct command *cmd, struct wish *wish, const char *text)
{
	char *offset = text_format("%s", text);
	char *colon = strchr(offset, ':');

	if (!colon)
		usage(cmd, "--usercopy \"%s\" is not OFFSET:LENGTH, such as 16:32", text);
	*colon = '\0';
	wish->user_offset = size_parse(cmd, "--usercopy: OFFSET", offset);
	wish->user_bytes = size_parse_positive(cmd, "--usercopy: LENGTH", colon + 1);
	free(offset);
}

static void wish_option(const struct command *cmd, struct wish *wish, int c)
{
	switch (c) {
	case OPT_ALIGN:
		wish->align = size_parse_positive(cmd, "--align", optarg);
		if (wish->align > UINT32_MAX || wish->align & (wish->align - 1))
			usage(cmd, "--align \"%s\" is not a power of two up to a page", optarg);
		break;
	case OPT_USERCOPY:
		usercopy_parse(cmd, wish, optarg);
		break;
	case OPT_NO_MERGE:
		wish->no_merge = true;
		break;
	case OPT_HWCACHE_ALIGN:
		wish->hwcache_align = true;
		break;
	}
}

static char *explain_limit(struct memlab_dev *dev)
{
	struct memlab_dev_info *info = device_info(dev);
	char *why = text_format(
		"you have %" PRIu64 " caches, max_user_caches is %" PRIu64
		". Destroy some (memlab cache list, memlab cache destroy), or have root raise /sys/module/memlab/parameters/max_user_caches",
		memlab_dev_info_get_user_caches(info), memlab_dev_info_get_max_user_caches(info));

	memlab_dev_info_free(info);
	return why;
}

static char *explain_range(const struct wish *wish)
{
	char most[2 * SIZE_TEXT], size[2 * SIZE_TEXT];

	size_text_both(size, wish->bytes);
	if (wish->bytes > MEMLAB_LIB_CACHE_MAX_BYTES)
		return text_format("an object of a cache cannot have %s: the most is %s", size,
				   size_text_both(most, MEMLAB_LIB_CACHE_MAX_BYTES));
	return text_format("--usercopy %" PRIu64 ":%" PRIu64
			   " does not lie within an object, which has %s",
			   wish->user_offset, wish->user_bytes, size);
}

static char *explain_create(struct memlab_dev *dev, const struct wish *wish, unsigned int reason,
			    int err)
{
	static const char failed[] = "cannot create the cache";

	if (reason != MEMLAB_LIB_REASON_NONE)
		return explain_reason(failed, reason);
	if (err == EDQUOT)
		return explain_limit(dev);
	if (err == ERANGE)
		return explain_range(wish);
	if (err == EINVAL && wish->align > (uint64_t)sysconf(_SC_PAGESIZE))
		return text_format("objects cannot be aligned to %" PRIu64
				   " bytes: the most is a page",
				   wish->align);
	return text_format("%s: %s", failed, strerror(err));
}

static struct memlab_cache *create(struct memlab_dev *dev, const struct wish *wish)
{
	struct memlab_cache_config *config = need(memlab_cache_config_new());
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_cache *cache;

	memlab_cache_config_set_size(config, wish->bytes);
	memlab_cache_config_set_align(config, (uint32_t)wish->align);
	memlab_cache_config_set_usercopy(config, wish->user_offset, wish->user_bytes);
	memlab_cache_config_set_no_merge(config, wish->no_merge);
	memlab_cache_config_set_hwcache_align(config, wish->hwcache_align);
	memlab_cache_config_set_persistent(config, true);

	cache = memlab_cache_create(dev, config, call);
	if (!cache)
		die(STATUS_NO, "%s",
		    explain_create(dev, wish, memlab_call_get_reason(call), errno));

	memlab_call_free(call);
	memlab_cache_config_free(config);
	return cache;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct json_object *result;
	struct memlab_cache *cache;
	struct wish wish = { 0 };
	struct memlab_dev *dev;
	uint32_t id;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		wish_option(cmd, &wish, c);
	wish.bytes = size_parse_positive(cmd, "SIZE", options_operands(cmd, argc, argv, 1, 1)[0]);

	dev = device_open(ACCESS_CHANGE);
	cache = create(dev, &wish);
	id = memlab_cache_get_id(cache);
	result = cache_describe(dev, id);
	if (!result)
		die(STATUS_NO, "cache %u is created, but: %s", id,
		    explain_cache(dev, id, "describe", errno));
	output(result, &cache_view);

	json_object_put(result);
	memlab_cache_close(cache);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_cache_create = {
	.name = "create",
	.group = &cmd_cache,
	.operands = "SIZE",
	.help = "make a cache that stays until it is destroyed",
	.details = "SIZE is that of an object. With -q, prints the id of the cache.",
	.opts = opts,
	.run = run,
};
