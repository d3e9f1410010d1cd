// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "memlab.h"

static const struct opt opts[] = {
	SEED_OPT,
	OFFSET_OPT,
	LENGTH_OPT,
	END_OF_OPTS,
};

static void checked_text(struct json_object *result)
{
	const char *id = result_get_text(result, "id");
	const char *wrong = result_get_text(result, "first_wrong");

	if (wrong)
		printf("buffer %s differs from the pattern of seed %s: first at offset %s\n", id,
		       result_get_text(result, "seed"), wrong);
	else
		printf("all %s bytes of buffer %s from offset %s on are the pattern of seed %s\n",
		       result_get_text(result, "length"), id, result_get_text(result, "offset"),
		       result_get_text(result, "seed"));
}

static const struct view view = {
	.text = checked_text,
	.bare = (const char *const[]){ "first_wrong", NULL },
};

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .seed = DEFAULT_SEED };
	struct json_object *result;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	uint64_t first_wrong;
	int differs, c;
	uint32_t id;

	while ((c = options_next(cmd, argc, argv)) != -1)
		range_option(cmd, &range, c);
	id = id_parse(cmd, options_operands(cmd, argc, argv, 1, 1)[0]);

	dev = device_open(ACCESS_LOOK);
	buf = buffer_open(dev, id);
	range_settle(buf, &range);
	differs = memlab_buf_check(buf, range.seed, range.offset, range.length, &first_wrong);
	if (differs < 0)
		die(STATUS_NO, "%s", explain_buffer(dev, id, "check", errno));

	result = result_range(buf, &range);
	result_add(result, "seed", result_hex(range.seed));
	result_add(result, "matches", result_bool(!differs));
	result_add(result, "first_wrong", differs ? result_uint(first_wrong) : NULL);
	output(result, &view);

	json_object_put(result);
	memlab_buf_close(buf);
	memlab_dev_close(dev);
	return differs ? STATUS_NO : STATUS_OK;
}

const struct command cmd_check = {
	.name = "check",
	.operands = "ID",
	.help = "have the kernel compare a buffer with the pattern of fill",
	.details =
		"The exit status is 1 when a byte differs. With -q, prints the offset of the first\n"
		"byte that differs, or \"-\".",
	.opts = opts,
	.run = run,
};
