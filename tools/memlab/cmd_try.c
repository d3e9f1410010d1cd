// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "trial.h"

/* For a look; --limit asks for more. */
#define ROWS 16

static const struct opt opts[] = {
	ZERO_OPT,  GFP_OPT,  CONTEXT_OPT, NODE_OPT, ARRAY_OPT,	SIZE_OPT,    ORDER_OPT,
	CACHE_OPT, SEED_OPT, LIMIT_OPT,	  MAP_OPT,  NO_MAP_OPT, END_OF_OPTS,
};

static const struct field witness_fields[] = {
	{ "name", "WITNESS", KIND_TEXT, NULL },
	{ "agrees", "AGREES", KIND_BOOL, "not asked" },
	{ "detail", "DETAIL", KIND_TEXT, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static void try_text(struct json_object *result)
{
	layout_text(result);
	putchar('\n');
	output_table(json_object_object_get(result, "witnesses"), witness_fields, 0);
	printf("\nVerified: %s\n",
	       json_object_get_boolean(json_object_object_get(result, "verified")) ? "yes" : "no");
}

static const struct view view = {
	.text = try_text,
	.bare = (const char *const[]){ "verified", NULL },
};

static struct json_object *ask(struct memlab_dev *dev, const struct memlab_buf *buf, uint64_t seed)
{
	uint32_t id = memlab_buf_get_id(buf);
	struct memlab_extents *extents = NULL;
	struct memlab_dev_info *dev_info;
	struct memlab_buf_info *info;
	struct json_object *witnesses, *result;
	struct trial trial = { .buf = buf, .seed = seed };
	size_t map_length = 0;
	bool verified;

	info = memlab_buf_get_info(buf);
	if (info)
		extents = memlab_buf_get_extents(buf);
	if (!extents)
		die(STATUS_NO, "%s", explain_buffer(dev, id, "describe", errno));

	if (memlab_buf_get_map_length(buf)) {
		trial.map = memlab_buf_map(buf, true, &map_length);
		if (!trial.map)
			die(STATUS_NO, "%s", explain_buffer(dev, id, "map", errno));
	}

	dev_info = device_info(dev);
	trial.page_size = memlab_dev_info_get_page_size(dev_info);
	trial.info = info;
	trial.extents = extents;
	buffer_copy_range(dev, info, &trial.copy_offset, &trial.copy_length);
	witnesses = witnesses_ask(&trial, &verified);

	result = result_layout(info, extents);
	result_add(result, "verified", result_bool(verified));
	result_add(result, "witnesses", witnesses);

	if (trial.map && memlab_buf_unmap(trial.map, map_length))
		die(STATUS_NO, "cannot unmap buffer %u: %s", id, strerror(errno));
	memlab_dev_info_free(dev_info);
	memlab_extents_free(extents);
	memlab_buf_info_free(info);
	return result;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .seed = DEFAULT_SEED };
	struct request request = { .node = -1 };
	struct json_object *result;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	int status = STATUS_NO;
	uint32_t id;
	int c;

	settings.limited = true;
	settings.limit = ROWS;
	while ((c = options_next(cmd, argc, argv)) != -1) {
		request_option(cmd, &request, c);
		range_option(cmd, &range, c);
		layout_option(cmd, c);
	}
	request_operands(cmd, &request, options_operands(cmd, argc, argv, 1, 2));

	dev = device_open(ACCESS_CHANGE);
	buf = request_alloc(dev, &request, NULL);
	if (!buf)
		goto out_close_dev;

	result = ask(dev, buf, range.seed);
	id = memlab_buf_get_id(buf);
	if (memlab_buf_free(buf))
		die(STATUS_NO, "%s", explain_buffer(dev, id, "free", errno));

	output(result, &view);
	if (json_object_get_boolean(json_object_object_get(result, "verified")))
		status = STATUS_OK;
	json_object_put(result);

out_close_dev:
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_try = {
	.name = "try",
	.operands = REQUEST_OPERANDS,
	.help = "allocate, map and verify a buffer, show its layout, free it",
	.details = REQUEST_DETAILS
	"Prints 16 extents unless --limit says otherwise. The exit status is 1 when a\n"
	"witness does not agree. With -q, prints true or false: verified or not.",
	.opts = opts,
	.run = run,
};
