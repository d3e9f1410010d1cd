// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define MAX_OPTIONS 32

const struct opt common_opts[] = {
	{ "json", 'j', NULL, "print the result as JSON" },
	{ "quiet", 'q', NULL, "print bare values only" },
	{ "bytes", 'b', NULL, "print sizes in bytes, not in KiB, MiB and so on" },
	{ "device", 'd', "PATH", "use this device file (default: /dev/memlab)" },
	{ "help", 'h', NULL, "print this help" },
	{ "version", 'V', NULL, "print the version" },
	{ NULL, 0, NULL, NULL },
};

static void add_options(const struct opt *opts, struct option *longs, char *shorts)
{
	for (; opts && opts->name; opts++, longs++) {
		longs->name = opts->name;
		longs->has_arg = opts->arg ? required_argument : no_argument;
		longs->val = opts->val;
		if (opts->val >= OPT_LONG_ONLY)
			continue;
		shorts += strlen(shorts);
		*shorts++ = (char)opts->val;
		if (opts->arg)
			*shorts++ = ':';
		*shorts = '\0';
	}
}

static size_t count_options(const struct opt *opts)
{
	size_t count = 0;

	while (opts && opts[count].name)
		count++;
	return count;
}

static void set_format(const struct command *cmd, enum format format)
{
	if (settings.format != FORMAT_TEXT && settings.format != format)
		usage(cmd, "--json and --quiet exclude each other");
	settings.format = format;
}

/* Returns the next option that is the command's own, or -1 after the last one. */
int options_next(const struct command *cmd, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS] = { 0 };
	/* Before a command, stop at the first operand: the rest is not ours. */
	char shorts[2 * MAX_OPTIONS + 2] = "+";
	const struct opt *own = cmd ? cmd->opts : NULL;
	size_t own_count = count_options(own);
	int c;

	if (cmd && !cmd->subcommands)
		shorts[0] = '\0';
	add_options(own, longs, shorts);
	add_options(common_opts, longs + own_count, shorts + strlen(shorts));

	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			set_format(cmd, FORMAT_JSON);
			break;
		case 'q':
			set_format(cmd, FORMAT_BARE);
			break;
		case 'b':
			settings.exact_bytes = true;
			break;
		case 'd':
			settings.device = optarg;
			break;
		case 'h':
			help_print(cmd);
			exit(STATUS_OK);
		case 'V':
			version_print();
			exit(STATUS_OK);
		case '?':
			help_hint(cmd);
			exit(STATUS_USAGE);
		default:
			return c;
		}
	}

	return -1;
}

/* The options before the command. Returns the command and what follows it. */
char **options_before_command(int argc, char **argv)
{
	while (options_next(NULL, argc, argv) != -1)
		;

	argv += optind;
	/* The command's scan starts afresh. */
	optind = 0;
	return argv;
}

/* After the last option: the operands, of which there must be @min to @max. */
char **options_operands(const struct command *cmd, int argc, char **argv, int min, int max)
{
	int count = argc - optind;
	char path[COMMAND_PATH];

	command_path(path, cmd);
	if (count < min)
		usage(cmd, "too few operands: \"memlab %s\" takes %s", path, cmd->operands);
	if (count > max)
		usage(cmd, "\"%s\" is one operand too many: \"memlab %s\" takes %s",
		      argv[optind + max], path, *cmd->operands ? cmd->operands : "none");

	return argv + optind;
}

/* Operands that are ids: at least one, or none with --all. */
char **options_ids_or_all(const struct command *cmd, int argc, char **argv, bool all)
{
	char **ids = options_operands(cmd, argc, argv, 0, argc);

	if (all && *ids)
		usage(cmd, "--all and ids exclude each other");
	if (!all && !*ids)
		usage(cmd, "no id given: name some, or --all");
	for (char **id = ids; *id; id++)
		id_parse(cmd, *id);
	return ids;
}
