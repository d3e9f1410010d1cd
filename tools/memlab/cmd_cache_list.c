// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "cache.h"

static int run(const struct command *cmd, int argc, char **argv)
{
	struct json_object *result = need(json_object_new_array());
	struct memlab_dev *dev;
	uint32_t id = 0;
	int more;

	while (options_next(cmd, argc, argv) != -1)
		;
	options_operands(cmd, argc, argv, 0, 0);

	dev = device_open(ACCESS_LOOK);
	while ((more = memlab_dev_next_cache_id(dev, &id)) > 0) {
		struct json_object *cache = cache_describe(dev, id);

		/* One that another process destroys while we look is none to be listed. */
		if (cache)
			result_append(result, cache);
		else if (errno != ENOENT)
			die(STATUS_NO, "%s", explain_cache(dev, id, "describe", errno));
	}
	if (more < 0)
		die(STATUS_NO, "cannot list the caches: %s", strerror(errno));

	output(result, &cache_table_view);

	json_object_put(result);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_cache_list = {
	.name = "list",
	.group = &cmd_cache,
	.operands = "",
	.help = "list the caches that you can use",
	.details = "These are the caches of your user, or all of them with CAP_SYS_ADMIN.\n"
		   "With -q, prints their ids, one a line.",
	.run = run,
};
