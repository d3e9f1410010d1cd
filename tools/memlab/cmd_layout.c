// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "memlab.h"

static const struct opt opts[] = {
	LIMIT_OPT,
	MAP_OPT,
	NO_MAP_OPT,
	END_OF_OPTS,
};

static const struct view view = {
	.text = layout_text,
	.bare = (const char *const[]){ "offset", "phys", "length", "node", "zone", NULL },
	.bare_of = "extents",
};

static int run(const struct command *cmd, int argc, char **argv)
{
	struct memlab_extents *extents;
	struct memlab_buf_info *info;
	struct json_object *result;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	uint32_t id;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		layout_option(cmd, c);
	id = id_parse(cmd, options_operands(cmd, argc, argv, 1, 1)[0]);

	dev = device_open(ACCESS_LOOK);
	buf = buffer_open(dev, id);
	info = memlab_buf_get_info(buf);
	extents = info ? memlab_buf_get_extents(buf) : NULL;
	if (!extents)
		die(STATUS_NO, "%s", explain_buffer(dev, id, "describe", errno));

	result = result_layout(info, extents);
	output(result, &view);

	json_object_put(result);
	memlab_extents_free(extents);
	memlab_buf_info_free(info);
	memlab_buf_close(buf);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_layout = {
	.name = "layout",
	.operands = "ID",
	.help = "show the physical memory that a buffer is made of",
	.details =
		"With -q, prints offset, physical address, length, node and zone of each extent,\n"
		"tab-separated, one extent a line; \"-\" is an address that is hidden from you.",
	.opts = opts,
	.run = run,
};
