// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "memlab.h"

static const struct opt opts[] = {
	ZERO_OPT, GFP_OPT, ARRAY_OPT, SIZE_OPT, STALE_OPT, END_OF_OPTS,
};

static const struct field fields[] = {
	{ "id", "id", KIND_NUMBER, NULL },
	{ "allocator", "allocator", KIND_TEXT, NULL },
	{ "function", "function", KIND_TEXT, NULL },
	{ "old_size", "size before", KIND_SIZE, NULL },
	{ "size", "size", KIND_SIZE, NULL },
	{ "count", "elements", KIND_NUMBER, no_row },
	{ "element_size", "size of an element", KIND_SIZE, no_row },
	{ "moved", "moved", KIND_BOOL, NULL },
	{ "kept", "bytes kept", KIND_SIZE, NULL },
	{ "growth_zeroed", "growth zeroed", KIND_BOOL, no_row },
	{ "stale", "stale bytes", KIND_NUMBER, no_row },
	{ "nanoseconds", "nanoseconds", KIND_NUMBER, NULL },
	{ "usable_size", "usable size", KIND_SIZE, NULL },
	{ "slack", "slack", KIND_SIZE, no_row_if_zero },
	{ "backing", "backing", KIND_TEXT, NULL },
	{ "path", "path taken", KIND_TEXT, no_row },
	{ "cache_name", "slab cache", KIND_TEXT, no_row },
	{ "gfp_used", "GFP flags", KIND_LIST, NULL },
	{ "extent_count", "extents", KIND_NUMBER, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct view view = {
	.fields = fields,
	.bare = (const char *const[]){ "moved", NULL },
};

static struct memlab_resize_config *config_of(const struct request *request)
{
	struct memlab_resize_config *config = need(memlab_resize_config_new());
	const struct array *array = &request->array;

	memlab_resize_config_set_size(config, request->bytes);
	memlab_resize_config_set_array(config, array->count, array->element_bytes);
	memlab_resize_config_set_zero(config, request->zero);
	memlab_resize_config_set_gfp(config, request->gfp);
	memlab_resize_config_set_count_stale(config, request->count_stale);
	return config;
}

static struct memlab_buf_info *info_of(struct memlab_dev *dev, const struct memlab_buf *buf)
{
	struct memlab_buf_info *info = memlab_buf_get_info(buf);

	if (!info)
		die(STATUS_NO, "%s",
		    explain_buffer(dev, memlab_buf_get_id(buf), "describe", errno));
	return info;
}

static struct json_object *result_resize(const struct memlab_buf_info *info, uint64_t old_size,
					 bool counted, const struct memlab_call *call)
{
	uint64_t kept = memlab_call_get_kept(call);
	uint64_t stale = memlab_call_get_stale(call);
	bool grown = memlab_buf_info_get_size(info) > old_size;
	struct json_object *result = result_buffer(info);

	counted = counted && stale != MEMLAB_LIB_NOT_COUNTED;
	result_add(result, "old_size", result_uint(old_size));
	result_add(result, "moved", result_bool(memlab_call_is_moved(call)));
	result_add(result, "kept", result_uint(kept));
	result_add(result, "stale", counted ? result_uint(stale) : NULL);
	result_add(result, "growth_zeroed", counted && grown ? result_bool(!stale) : NULL);
	result_add(result, "nanoseconds", result_uint(memlab_call_get_nanoseconds(call)));
	return result;
}

static void resize(struct memlab_dev *dev, struct memlab_buf *buf, struct request *request)
{
	uint32_t id = memlab_buf_get_id(buf);
	struct memlab_resize_config *config = config_of(request);
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_buf_info *before = info_of(dev, buf);
	struct memlab_buf_info *after;
	struct json_object *result;

	request->allocator = memlab_buf_info_get_allocator(before);
	if (memlab_buf_resize(buf, config, call))
		die(STATUS_NO, "%s",
		    explain_resize(dev, id, request, memlab_call_get_reason(call), errno));

	after = info_of(dev, buf);
	result = result_resize(after, memlab_buf_info_get_size(before), request->count_stale, call);
	output(result, &view);

	json_object_put(result);
	memlab_buf_info_free(after);
	memlab_buf_info_free(before);
	memlab_call_free(call);
	memlab_resize_config_free(config);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct request request = { .node = -1 };
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	char **operands;
	bool has_array;
	uint32_t id;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1)
		request_option(cmd, &request, c);
	has_array = array_settle(cmd, &request.array);
	operands = options_operands(cmd, argc, argv, has_array ? 1 : 2, has_array ? 1 : 2);
	id = id_parse(cmd, operands[0]);
	if (!has_array)
		request.bytes = size_parse_positive(cmd, "SIZE", operands[1]);

	dev = device_open(ACCESS_CHANGE);
	buf = buffer_open(dev, id);
	resize(dev, buf, &request);

	memlab_buf_close(buf);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_resize = {
	.name = "resize",
	.operands = "ID [SIZE]",
	.help = "have the kernel resize a buffer, in place or elsewhere",
	.details =
		"SIZE is in bytes, or with a unit: 64K, 2MiB, 1G; it is left out with --array and\n"
		"--size. \"memlab info\" tells which allocators' buffers can be resized here.\n"
		"With -q, prints true or false: moved or not.",
	.opts = opts,
	.run = run,
};
