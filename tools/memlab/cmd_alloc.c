// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "memlab.h"

static const struct opt opts[] = {
	ZERO_OPT,
	NODE_OPT,
	{ NULL, 0, NULL, NULL },
};

static const struct view view = {
	.fields = buffer_fields,
	.bare = (const char *const[]){ "id", NULL },
};

static int describe(struct memlab_dev *dev, const struct memlab_buf *buf)
{
	struct memlab_buf_info *info = memlab_buf_get_info(buf);
	struct json_object *result;

	if (!info) {
		uint32_t id = memlab_buf_get_id(buf);

		die(STATUS_NO, "buffer %u is allocated, but: %s", id,
		    explain_buffer(dev, id, "describe", errno));
	}

	result = result_buffer(info);
	output(result, &view);

	json_object_put(result);
	memlab_buf_info_free(info);
	return STATUS_OK;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct request request = { .persistent = true, .node = -1 };
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	int status = STATUS_NO;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		request_option(cmd, &request, c);
	request_operands(cmd, &request, options_operands(cmd, argc, argv, 2, 2));

	dev = device_open(ACCESS_CHANGE);
	buf = request_alloc(dev, &request);
	if (buf)
		status = describe(dev, buf);

	memlab_buf_close(buf);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_alloc = {
	.name = "alloc",
	.operands = "ALLOCATOR SIZE",
	.help = "allocate a buffer that stays until it is freed",
	.details =
		"ALLOCATOR is kmalloc or vmalloc. SIZE is in bytes, or with a unit: 64K, 2MiB, 1G.\n"
		"With -q, prints the id of the buffer.",
	.opts = opts,
	.run = run,
};
