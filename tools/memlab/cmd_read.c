// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memlab.h"

/* A multiple of a line of the dump. */
#define PART (1U << 20)

#define OPT_FORMAT 'f'

enum shape { SHAPE_DEFAULT, SHAPE_HEX, SHAPE_RAW };

static const struct opt opts[] = {
	OFFSET_OPT,
	LENGTH_OPT,
	{ "format", OPT_FORMAT, "FORMAT", "hex or raw (default: hex on a terminal, else raw)" },
	END_OF_OPTS,
};

static enum shape shape_parse(const struct command *cmd, const char *name)
{
	if (!strcmp(name, "hex"))
		return SHAPE_HEX;
	if (!strcmp(name, "raw"))
		return SHAPE_RAW;
	usage(cmd, "--format \"%s\" is neither hex nor raw", name);
}

static void read_part(struct memlab_dev *dev, const struct memlab_buf *buf, uint64_t offset,
		      unsigned char *bytes, size_t length)
{
	if (memlab_buf_read(buf, offset, bytes, length))
		die(STATUS_NO, "%s", explain_buffer(dev, memlab_buf_get_id(buf), "read", errno));
}

static size_t part_of(uint64_t length)
{
	return length < PART ? (size_t)length : PART;
}

static void read_json(struct memlab_dev *dev, const struct memlab_buf *buf,
		      const struct range *range)
{
	static const char digits[] = "0123456789abcdef";
	struct json_object *result;
	unsigned char *bytes;
	char *hex;

	/* The length of a json-c string is an int. */
	if (range->length > (INT_MAX - 1) / 2)
		die(STATUS_NO,
		    "JSON holds %d bytes at most: use --length, or --format raw without --json",
		    (INT_MAX - 1) / 2);

	bytes = need(malloc((size_t)range->length));
	hex = need(malloc((size_t)range->length * 2));
	read_part(dev, buf, range->offset, bytes, (size_t)range->length);
	for (size_t i = 0; i < range->length; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}

	result = result_range(buf, range);
	result_add(result, "data", need(json_object_new_string_len(hex, (int)range->length * 2)));
	output(result, NULL);

	json_object_put(result);
	free(hex);
	free(bytes);
}

/* As it may be gigabytes, it goes to the output in parts and not by way of JSON. */
static void read_bytes(struct memlab_dev *dev, const struct memlab_buf *buf,
		       const struct range *range, enum shape shape)
{
	unsigned char *bytes = need(malloc(PART));
	struct hexdump dump = { .has_line = false };
	uint64_t offset = range->offset;
	uint64_t left = range->length;

	while (left && output_flush()) {
		size_t part = part_of(left);

		read_part(dev, buf, offset, bytes, part);
		if (shape == SHAPE_HEX)
			hexdump_part(&dump, offset, bytes, part);
		else
			fwrite(bytes, 1, part, stdout);
		offset += part;
		left -= part;
	}
	if (shape == SHAPE_HEX)
		hexdump_end(offset);

	free(bytes);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct range range = { .offset = 0 };
	enum shape shape = SHAPE_DEFAULT;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	uint32_t id;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		if (c == OPT_FORMAT)
			shape = shape_parse(cmd, optarg);
		else
			range_option(cmd, &range, c);
	}
	id = id_parse(cmd, options_operands(cmd, argc, argv, 1, 1)[0]);
	if (settings.format == FORMAT_JSON && shape != SHAPE_DEFAULT)
		usage(cmd, "--json and --format exclude each other");
	if (shape == SHAPE_DEFAULT)
		shape = settings.format == FORMAT_TEXT && isatty(STDOUT_FILENO) ? SHAPE_HEX :
										  SHAPE_RAW;

	dev = device_open(ACCESS_LOOK);
	buf = buffer_open(dev, id);
	range_settle(buf, &range);

	if (settings.format == FORMAT_JSON)
		read_json(dev, buf, &range);
	else
		read_bytes(dev, buf, &range, shape);

	memlab_buf_close(buf);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_read = {
	.name = "read",
	.operands = "ID",
	.help = "print the content of a buffer",
	.details = "JSON has it as a string of hexadecimal digits. With -q, the default is raw.",
	.opts = opts,
	.run = run,
};
