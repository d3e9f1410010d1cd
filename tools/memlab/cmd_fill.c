// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "memlab.h"

static const struct opt opts[] = {
	SEED_OPT,
	OFFSET_OPT,
	LENGTH_OPT,
	END_OF_OPTS,
};

static void filled_text(struct json_object *result)
{
	printf("filled %s bytes of buffer %s from offset %s on with the pattern of seed %s\n",
	       result_get_text(result, "length"), result_get_text(result, "id"),
	       result_get_text(result, "offset"), result_get_text(result, "seed"));
}

static const struct view view = {
	.text = filled_text,
	.bare = (const char *const[]){ "length", NULL },
};

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .seed = DEFAULT_SEED };
	struct json_object *result;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	uint32_t id;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		range_option(cmd, &range, c);
	id = id_parse(cmd, options_operands(cmd, argc, argv, 1, 1)[0]);

	dev = device_open(ACCESS_CHANGE);
	buf = buffer_open(dev, id);
	range_settle(buf, &range);
	if (memlab_buf_fill(buf, range.seed, range.offset, range.length))
		die(STATUS_NO, "%s", explain_buffer(dev, id, "fill", errno));

	result = result_range(buf, &range);
	result_add(result, "seed", result_hex(range.seed));
	output(result, &view);

	json_object_put(result);
	memlab_buf_close(buf);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_fill = {
	.name = "fill",
	.operands = "ID",
	.help = "have the kernel write a pattern into a buffer",
	.details = "Each byte of the pattern depends on the seed and on its offset in the buffer.\n"
		   "With -q, prints the number of bytes written.",
	.opts = opts,
	.run = run,
};
