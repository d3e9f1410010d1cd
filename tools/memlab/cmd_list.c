// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "memlab.h"

static const struct field fields[] = {
	{ "id", "ID", KIND_NUMBER, NULL },
	{ "allocator", "ALLOCATOR", KIND_TEXT, NULL },
	{ "size", "SIZE", KIND_SIZE, NULL },
	{ "backing", "BACKING", KIND_TEXT, NULL },
	{ "extent_count", "EXTENTS", KIND_NUMBER, NULL },
	{ "largest_extent", "LARGEST", KIND_SIZE, NULL },
	{ "phys", "PHYS", KIND_PHYS, "hidden" },
	{ "mappings", "MAPPINGS", KIND_NUMBER, NULL },
	{ "persistent", "PERSISTENT", KIND_BOOL, NULL },
	{ "owner_uid", "UID", KIND_NUMBER, NULL },
	{ "owner_pid", "PID", KIND_NUMBER, "gone" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct view view = {
	.fields = fields,
	.table = true,
	.bare = (const char *const[]){ "id", NULL },
};

/* A buffer that another process frees while we look is none to be listed. */
static void add_buffer(struct memlab_dev *dev, uint32_t id, struct json_object *array)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;

	if (info)
		result_append(array, result_buffer(info));
	else if (errno != ENOENT)
		die(STATUS_NO, "%s", explain_buffer(dev, id, "describe", errno));

	memlab_buf_info_free(info);
	memlab_buf_close(buf);
}

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
	while ((more = memlab_dev_next_id(dev, &id)) > 0)
		add_buffer(dev, id, result);
	if (more < 0)
		die(STATUS_NO, "cannot list the buffers: %s", strerror(errno));

	output(result, &view);

	json_object_put(result);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_list = {
	.name = "list",
	.operands = "",
	.help = "list the buffers that you can use",
	.details = "These are the buffers of your user, or all of them with CAP_SYS_ADMIN.\n"
		   "With -q, prints their ids, one a line.",
	.run = run,
};
