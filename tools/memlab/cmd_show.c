// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "memlab.h"

static const struct view view = {
	.fields = buffer_fields,
	.bare = (const char *const[]){ "id", NULL },
};

/* Returns NULL after saying why. */
static struct json_object *describe(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;
	struct json_object *result = NULL;

	if (info) {
		result = result_buffer(info);
	} else {
		char *why = explain_buffer(dev, id, "describe", errno);

		warn("%s", why);
		free(why);
	}

	memlab_buf_info_free(info);
	memlab_buf_close(buf);
	return result;
}

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
		struct json_object *buffer = describe(dev, id_parse(cmd, *id));

		if (buffer)
			result_append(result, buffer);
		else
			status = STATUS_NO;
	}

	/* One id asks for one object, not for a list that happens to be short. */
	if (ids[1])
		output(result, &view);
	else if (status == STATUS_OK)
		output(json_object_array_get_idx(result, 0), &view);

	json_object_put(result);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_show = {
	.name = "show",
	.operands = "ID...",
	.help = "describe buffers",
	.details = "With one ID, JSON is an object; with several, an array of those that exist.\n"
		   "With -q, prints the ids of those that exist.",
	.run = run,
};
