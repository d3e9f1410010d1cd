// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "memlab.h"

static const struct opt opts[] = {
	ZERO_OPT, GFP_OPT,   CONTEXT_OPT, NODE_OPT,  ARRAY_OPT,
	SIZE_OPT, ORDER_OPT, CACHE_OPT,	  STALE_OPT, END_OF_OPTS,
};

static const struct view view = {
	.fields = buffer_fields,
	.bare = (const char *const[]){ "id", NULL },
};

static void describe(struct memlab_dev *dev, const struct memlab_buf *buf,
		     const struct request *request, const struct memlab_call *call)
{
	struct memlab_buf_info *info = memlab_buf_get_info(buf);
	struct json_object *result;

	if (!info) {
		uint32_t id = memlab_buf_get_id(buf);

		die(STATUS_NO, "buffer %u is allocated, but: %s", id,
		    explain_buffer(dev, id, "describe", errno));
	}

	result = result_buffer(info);
	result_add(result, "nanoseconds", result_uint(memlab_call_get_nanoseconds(call)));
	result_add(result, "stale",
		   request->count_stale ? result_uint(memlab_call_get_stale(call)) : NULL);
	output(result, &view);

	json_object_put(result);
	memlab_buf_info_free(info);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct request request = { .persistent = true, .node = -1 };
	struct memlab_call *call;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	int status;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		request_option(cmd, &request, c);
	request_operands(cmd, &request, options_operands(cmd, argc, argv, 1, 2));

	dev = device_open(ACCESS_CHANGE);
	call = need(memlab_call_new());
	buf = request_alloc(dev, &request, call);
	if (buf)
		describe(dev, buf, &request, call);

	status = buf ? STATUS_OK : STATUS_NO;
	memlab_buf_close(buf);
	memlab_call_free(call);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_alloc = {
	.name = "alloc",
	.operands = REQUEST_OPERANDS,
	.help = "allocate a buffer that stays until it is freed",
	.details = REQUEST_DETAILS "With -q, prints the id of the buffer.",
	.opts = opts,
	.run = run,
};
