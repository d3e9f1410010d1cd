// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "cache.h"

static int run(const struct command *cmd, int argc, char **argv)
{
	struct json_object *result;
	struct memlab_dev *dev;
	int status = STATUS_OK;
	char **ids;

	while (options_next(cmd, argc, argv) != -1)
		;
	ids = options_operands(cmd, argc, argv, 1, argc);
	for (char **id = ids; *id; id++)
		id_parse(cmd, *id);

	dev = device_open(ACCESS_LOOK);
	result = need(json_object_new_array());
	for (char **id = ids; *id; id++) {
		uint32_t number = id_parse(cmd, *id);
		struct json_object *cache = cache_describe(dev, number);

		if (cache) {
			result_append(result, cache);
		} else {
			char *why = explain_cache(dev, number, "describe", errno);

			warn("%s", why);
			free(why);
			status = STATUS_NO;
		}
	}

	/* One id asks for one object, not for a list that happens to be short. */
	if (ids[1])
		output(result, &cache_view);
	else if (status == STATUS_OK)
		output(json_object_array_get_idx(result, 0), &cache_view);

	json_object_put(result);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_cache_show = {
	.name = "show",
	.group = &cmd_cache,
	.operands = "ID...",
	.help = "describe caches",
	.details = "With one ID, JSON is an object; with several, an array of those that exist.\n"
		   "With -q, prints the ids of those that exist.",
	.run = run,
};
