// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buddyinfo.h"
#include "frag.h"
#include "frag_wait.h"
#include "memlab.h"
#include "result_buddy.h"

#define OPT_SHARE (OPT_LONG_ONLY + 32)
#define OPT_HOLD  (OPT_LONG_ONLY + 33)

_Static_assert(FRAG_DEFAULT_PERCENT == 75, "the help says so");

static const struct opt opts[] = {
	{ "order", OPT_ORDER, "N", "leave free blocks up to this order (default: 0)" },
	{ "share", OPT_SHARE, "PERCENT", "of free memory, to hold at most (default: 75)" },
	{ "hold", OPT_HOLD, "SECONDS", "for so long, whatever becomes of standard input" },
	END_OF_OPTS,
};

/* Told in two parts: what it is like now, and in the end what it is like then. */
static void frag_text(struct json_object *result)
{
	struct json_object *now = json_object_object_get(result, "fragmented");
	struct json_object *after = json_object_object_get(result, "after");
	struct json_object *rows = need(json_object_new_array());
	char held[SIZE_TEXT], block[SIZE_TEXT];
	uint64_t order;

	if (after) {
		buddy_rows(rows, after, "after");
		buddy_table(rows);
		json_object_put(rows);
		return;
	}

	buddy_rows(rows, json_object_object_get(result, "before"), "before");
	buddy_rows(rows, now, "now");
	buddy_table(rows);
	json_object_put(rows);

	order = result_get_uint(now, "largest_order");
	printf("\nHolding %s; the largest block that a request gets is of order %llu, %s\n",
	       size_text(held, result_get_uint(result, "held")), (unsigned long long)order,
	       size_text(block, (uint64_t)sysconf(_SC_PAGESIZE) << order));
}

static const struct view view = {
	.text = frag_text,
	.bare = (const char *const[]){ "held", NULL },
};

struct arguments {
	struct frag_options options;
	int seconds;
	char **command;
};

static unsigned int order_parse(const struct command *cmd, const char *text)
{
	struct buddyinfo *info = buddyinfo_read();
	unsigned int order;

	if (!info)
		die(STATUS_NO, "cannot read /proc/buddyinfo: %s", strerror(errno));
	/* There must be blocks to break. */
	order = (unsigned int)number_parse(cmd, "--order", text, 0, info->orders - 2);
	free(info);
	return order;
}

static void parse(const struct command *cmd, struct arguments *arguments, int argc, char **argv)
{
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		switch (c) {
		case OPT_ORDER:
			arguments->options.order = order_parse(cmd, optarg);
			break;
		case OPT_SHARE:
			arguments->options.percent = (unsigned int)number_parse(
				cmd, "--share", optarg, 1, FRAG_MAX_PERCENT);
			break;
		case OPT_HOLD:
			arguments->seconds = (int)number_parse(cmd, "--hold", optarg, 0, 1000000);
			break;
		}
	}

	arguments->command = options_operands(cmd, argc, argv, 0, INT_MAX);
	if (*arguments->command && arguments->seconds >= 0)
		usage(cmd, "--hold and a command exclude each other");
}

static struct frag *begin(const struct frag_options *options)
{
	char *why;
	struct frag *frag = frag_begin(options, &why);

	if (!frag)
		die(errno == EPERM ? STATUS_NO_DEVICE : STATUS_NO, "cannot fragment memory: %s",
		    why);
	return frag;
}

/* The command's output is to be its own: ours goes to standard error. */
static int set_output_aside(void)
{
	int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	if (output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		die(STATUS_NO, "cannot set standard output aside: %s", strerror(errno));
	return output;
}

static int hold(const struct frag *frag, const struct arguments *arguments, int output_fd)
{
	bool asks = arguments->seconds < 0 && isatty(STDIN_FILENO);

	if (*arguments->command)
		return frag_run(frag, arguments->command, output_fd);
	if (asks && settings.format == FORMAT_TEXT)
		fprintf(stderr, "Ctrl-D gives the memory back.\n");
	frag_wait(frag, arguments->seconds);
	return STATUS_OK;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct arguments arguments = { .options.percent = FRAG_DEFAULT_PERCENT, .seconds = -1 };
	struct json_object *result = need(json_object_new_object());
	int output_fd = -1;
	struct frag *frag;
	bool held;
	int status;

	parse(cmd, &arguments, argc, argv);
	if (*arguments.command)
		output_fd = set_output_aside();

	result_add(result, "order", result_uint(arguments.options.order));
	result_add(result, "share", result_uint(arguments.options.percent));
	result_add(result, "before", result_buddy());
	frag = begin(&arguments.options);
	result_add(result, "held", result_uint(frag_get_held(frag)));
	result_add(result, "fragmented", result_buddy());
	if (settings.format != FORMAT_JSON)
		output(result, &view);

	status = hold(frag, &arguments, output_fd);
	held = frag_is_held(frag);
	frag_end(frag);

	result_add(result, "after", result_buddy());
	if (settings.format != FORMAT_BARE)
		output(result, &view);
	json_object_put(result);
	if (held)
		return status;
	warn("the process that held the memory was killed: it was not fragmented to the end");
	return status ? status : STATUS_NO;
}

const struct command cmd_frag = {
	.name = "frag",
	.operands = "[-- COMMAND...]",
	.help = "fragment free memory, and undo it at the end",
	.details =
		"Leaves next to no free block above the order, so that large requests fail or are\n"
		"served in pieces, while COMMAND runs; or until a signal or, without --hold, the end\n"
		"of standard input. With COMMAND, all that memlab prints goes to standard error, and\n"
		"the exit status is COMMAND's. With -q, prints how many bytes are held.",
	.opts = opts,
	.run = run,
};
