// SPDX-License-Identifier: GPL-2.0-only
#include "monitor.h"

#define OPT_OWN	   (OPT_LONG_ONLY + 32)
#define OPT_BUFFER (OPT_LONG_ONLY + 33)

/* The kernel doubles it, and counts in an int. */
#define MAX_BUFFER ((1U << 30) - 1)

static const struct opt opts[] = {
	{ "filter", 'f', "KEY=VALUE,...", "print only these events" },
	{ "own", OPT_OWN, NULL, "only events of your own buffers" },
	{ "count", 'c', "N", "end after N events were printed" },
	{ "buffer-size", OPT_BUFFER, "SIZE", "room for events that wait (default: 4 MiB)" },
	END_OF_OPTS,
};

static int run(const struct command *cmd, int argc, char **argv)
{
	struct monitor_options options = { 0 };
	int c, status;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		switch (c) {
		case 'f':
			monitor_filter_add(cmd, &options.filter, optarg);
			break;
		case OPT_OWN:
			options.own = true;
			break;
		case 'c':
			options.count = number_parse(cmd, "--count", optarg, 1, UINT64_MAX);
			break;
		case OPT_BUFFER:
			options.buffer = size_parse_positive(cmd, "--buffer-size", optarg);
			if (options.buffer > MAX_BUFFER)
				usage(cmd,
				      "--buffer-size \"%s\" is too large: the most is below 1G",
				      optarg);
			break;
		}
	}
	options_operands(cmd, argc, argv, 0, 0);

	status = monitor_run(&options);
	monitor_filter_clear(&options.filter);
	return status;
}

const struct command cmd_monitor = {
	.name = "monitor",
	.operands = "",
	.help = "print what becomes of buffers, as it happens",
	.details =
		"Prints a line for each event until SIGINT, SIGTERM or, with --count, the last of\n"
		"them: allocated, resized, freed, mapped, unmapped and failed. These are events of\n"
		"all buffers with CAP_SYS_ADMIN, or else of your own. Events that came too fast are\n"
		"lost; a line \"lost\" tells how many, and the end how many in all.\n"
		"\n"
		"A filter has the keys event, id, allocator, uid, user, pid and comm. Several values\n"
		"of one key are alternatives, of different keys each must match:\n"
		"event=failed,event=resized,user=alice.\n"
		"\n"
		"With -j, each line is a JSON object. With -q, it has kind of event, id, allocator,\n"
		"size, user id, process id and number of lost events, with tabs between them.",
	.opts = opts,
	.run = run,
};
