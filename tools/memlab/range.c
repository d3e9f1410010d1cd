// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <unistd.h>

#include "memlab.h"

void range_option(const struct command *cmd, struct range *range, int c)
{
	switch (c) {
	case OPT_OFFSET:
		range->offset = size_parse(cmd, "--offset", optarg);
		break;
	case OPT_LENGTH:
		range->length = size_parse_positive(cmd, "--length", optarg);
		break;
	case OPT_SEED:
		range->seed = number_parse(cmd, "--seed", optarg, 0, UINT64_MAX);
		break;
	}
}

/* Makes a length of 0 the rest of the buffer; ends when the range is not within it. */
void range_settle(const struct memlab_buf *buf, struct range *range)
{
	uint64_t size = memlab_buf_get_size(buf);
	uint32_t id = memlab_buf_get_id(buf);
	uint64_t rest;

	if (range->offset >= size)
		die(STATUS_NO,
		    "offset %" PRIu64 " is not within buffer %u: its offsets are 0 to %" PRIu64,
		    range->offset, id, size - 1);

	rest = size - range->offset;
	if (range->length > rest)
		die(STATUS_NO,
		    "%" PRIu64 " bytes from offset %" PRIu64
		    " on go beyond the end of buffer %u: the most from there is %" PRIu64,
		    range->length, range->offset, id, rest);
	if (!range->length)
		range->length = rest;
}

struct json_object *result_range(const struct memlab_buf *buf, const struct range *range)
{
	struct json_object *result = need(json_object_new_object());

	result_add(result, "id", result_uint(memlab_buf_get_id(buf)));
	result_add(result, "offset", result_uint(range->offset));
	result_add(result, "length", result_uint(range->length));
	return result;
}
