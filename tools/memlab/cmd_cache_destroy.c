// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

static const struct opt opts[] = {
	OPT("all", OPT_ALL, NULL, "destroy all caches that \"memlab cache list\" shows"),
	END_OF_OPTS,
};

/* Failures are told on standard error, in every form of output. */
static void destroyed_text(struct json_object *result)
{
	struct json_object *destroyed = json_object_object_get(result, "destroyed");

	for (size_t i = 0; i < json_object_array_length(destroyed); i++)
		printf("destroyed cache %s\n",
		       json_object_get_string(json_object_array_get_idx(destroyed, i)));
}

static const struct view view = {
	.text = destroyed_text,
	.bare_of = "destroyed",
};

/* With @may_be_gone, a cache that another process destroyed is as good as destroyed. */
static void destroy_one(struct memlab_dev *dev, uint32_t id, bool may_be_gone,
			struct json_object *result)
{
	struct memlab_cache *cache = memlab_cache_open(dev, id);
	char *why;

	if (cache && !memlab_cache_destroy(cache)) {
		result_append(json_object_object_get(result, "destroyed"), result_uint(id));
		return;
	}

	if (errno != ENOENT || !may_be_gone) {
		why = explain_cache(dev, id, "destroy", errno);
		result_fail(result, id, why);
		free(why);
	}
	memlab_cache_close(cache);
}

static void destroy_all(struct memlab_dev *dev, struct json_object *result)
{
	uint32_t id = 0;
	int more;

	while ((more = memlab_dev_next_cache_id(dev, &id)) > 0)
		destroy_one(dev, id, true, result);
	if (more < 0)
		die(STATUS_NO, "cannot list the caches: %s", strerror(errno));
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct json_object *result;
	struct memlab_dev *dev;
	bool all = false;
	int status;
	char **ids;

	while (options_next(cmd, argc, argv) != -1)
		all = true;
	ids = options_ids_or_all(cmd, argc, argv, all);

	result = need(json_object_new_object());
	result_add(result, "destroyed", need(json_object_new_array()));
	result_add(result, "failed", need(json_object_new_array()));

	dev = device_open(ACCESS_CHANGE);
	if (all)
		destroy_all(dev, result);
	for (char **id = ids; *id; id++)
		destroy_one(dev, id_parse(cmd, *id), false, result);

	output(result, &view);
	status = result_failed(result) ? STATUS_NO : STATUS_OK;

	json_object_put(result);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_cache_destroy = {
	.name = "destroy",
	.group = &cmd_cache,
	.operands = "[ID...]",
	.help = "give caches back to the kernel",
	.details =
		"All are tried; what cannot be destroyed, as it has live objects, is reported and\n"
		"makes the exit status 1. With -q, prints the ids that were destroyed.",
	.opts = opts,
	.run = run,
};
