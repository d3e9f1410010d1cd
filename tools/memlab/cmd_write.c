// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memlab.h"

#define PART (1U << 20)

#define OPT_HEX	 'x'
#define OPT_FILE 'f'

static const struct opt opts[] = {
	OFFSET_OPT,
	{ "hex", OPT_HEX, "HEX", "write these bytes, two hexadecimal digits each" },
	{ "file", OPT_FILE, "FILE", "write the content of FILE (default: standard input)" },
	END_OF_OPTS,
};

static void written_text(struct json_object *result)
{
	printf("wrote %s bytes to buffer %s from offset %s on\n", result_get_text(result, "length"),
	       result_get_text(result, "id"), result_get_text(result, "offset"));
}

static const struct view view = {
	.text = written_text,
	.bare = (const char *const[]){ "length", NULL },
};

static int digit_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit ? strchr(digits, tolower((unsigned char)digit)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Returns the number of bytes. White space may stand between them. */
static size_t hex_parse(const struct command *cmd, const char *hex, unsigned char *bytes)
{
	size_t count = 0;

	for (; *hex; hex++) {
		int high, low;

		if (isspace((unsigned char)*hex))
			continue;
		high = digit_value(hex[0]);
		low = digit_value(hex[1]);
		if (high < 0 || low < 0)
			usage(cmd,
			      "--hex: \"%.2s\" is not a byte: write two hexadecimal digits for each, such as \"00 ff\"",
			      hex);
		bytes[count++] = (unsigned char)(high << 4 | low);
		hex++;
	}

	if (!count)
		usage(cmd, "--hex: no bytes given");
	return count;
}

static void write_part(struct memlab_dev *dev, const struct memlab_buf *buf, uint64_t offset,
		       const unsigned char *bytes, size_t length)
{
	if (memlab_buf_write(buf, offset, bytes, length))
		die(STATUS_NO, "%s", explain_buffer(dev, memlab_buf_get_id(buf), "write", errno));
}

/* A file says beforehand that it is too long, and then nothing is written. */
static void check_file_size(const struct memlab_buf *buf, const struct range *range, FILE *from)
{
	struct range whole = *range;
	struct stat st;
	off_t position = ftello(from);

	if (fstat(fileno(from), &st) || !S_ISREG(st.st_mode) || position < 0 ||
	    st.st_size <= position)
		return;

	whole.length = (uint64_t)(st.st_size - position);
	range_settle(buf, &whole);
}

static void write_stream(struct memlab_dev *dev, const struct memlab_buf *buf, struct range *range,
			 FILE *from, const char *name)
{
	uint64_t room = memlab_buf_get_size(buf) - range->offset;
	unsigned char *bytes = need(malloc(PART));
	size_t got;

	check_file_size(buf, range, from);
	while ((got = fread(bytes, 1, PART, from)) > 0) {
		size_t fits = got < room - range->length ? got : (size_t)(room - range->length);

		if (fits)
			write_part(dev, buf, range->offset + range->length, bytes, fits);
		range->length += fits;
		if (fits < got)
			die(STATUS_NO,
			    "%s goes on after the end of buffer %u: wrote %" PRIu64
			    " bytes, all that fits from offset %" PRIu64 " on",
			    name, memlab_buf_get_id(buf), range->length, range->offset);
	}
	if (ferror(from))
		die(STATUS_NO, "cannot read %s after %" PRIu64 " bytes: %s", name, range->length,
		    strerror(errno));

	free(bytes);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	const char *hex = NULL, *path = NULL;
	struct range range = { .offset = 0 };
	struct json_object *result;
	unsigned char *bytes = NULL;
	size_t count = 0;
	FILE *from = stdin;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	uint32_t id;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		if (c == OPT_HEX)
			hex = optarg;
		else if (c == OPT_FILE)
			path = optarg;
		else
			range_option(cmd, &range, c);
	}
	id = id_parse(cmd, options_operands(cmd, argc, argv, 1, 1)[0]);
	if (hex && path)
		usage(cmd, "--hex and --file exclude each other");
	if (hex) {
		bytes = need(malloc(strlen(hex) / 2 + 1));
		count = hex_parse(cmd, hex, bytes);
	}
	if (path) {
		from = fopen(path, "re");
		if (!from)
			die(STATUS_NO, "cannot open %s: %s", path, strerror(errno));
	}

	dev = device_open(ACCESS_CHANGE);
	buf = buffer_open(dev, id);
	if (hex) {
		range.length = count;
		range_settle(buf, &range);
		write_part(dev, buf, range.offset, bytes, count);
	} else {
		struct range rest = range;

		range_settle(buf, &rest);
		write_stream(dev, buf, &range, from, path ? path : "standard input");
	}

	result = result_range(buf, &range);
	output(result, &view);

	json_object_put(result);
	memlab_buf_close(buf);
	memlab_dev_close(dev);
	if (path)
		fclose(from);
	free(bytes);
	return STATUS_OK;
}

const struct command cmd_write = {
	.name = "write",
	.operands = "ID",
	.help = "write bytes into a buffer",
	.details = "With -q, prints the number of bytes written.",
	.opts = opts,
	.run = run,
};
