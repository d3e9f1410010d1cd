// SPDX-License-Identifier: GPL-2.0-only
/* Finding a command, and commands that are made of others. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memlab.h"

#define MAX_COMMANDS 32

/* "cache create" for a subcommand. */
const char *command_path(char path[COMMAND_PATH], const struct command *cmd)
{
	snprintf(path, COMMAND_PATH, "%s%s%s", cmd->group ? cmd->group->name : "",
		 cmd->group ? " " : "", cmd->name);
	return path;
}

/* The command of that name: one of @group's, or one of all if that is NULL. */
const struct command *command_find(const struct command *group, const char *name)
{
	const struct command *const *known = group ? group->subcommands : commands;
	const char *names[MAX_COMMANDS + 1] = { NULL };
	const char *guess;

	for (size_t i = 0; known[i] && i < MAX_COMMANDS; i++) {
		if (!strcmp(known[i]->name, name))
			return known[i];
		names[i] = known[i]->name;
	}

	guess = nearest(name, names);
	warn("unknown command \"%s%s%s\"%s%s%s", group ? group->name : "", group ? " " : "", name,
	     guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"?" : "");
	fprintf(stderr, "Commands:");
	for (size_t i = 0; names[i]; i++)
		fprintf(stderr, " %s", names[i]);
	fputc('\n', stderr);
	exit(STATUS_USAGE);
}

/* Runs the subcommand that the first operand names. */
int command_run_group(const struct command *group, int argc, char **argv)
{
	const struct command *cmd;
	char **operands;

	while (options_next(group, argc, argv) != -1)
		;
	operands = options_operands(group, argc, argv, 1, argc);
	cmd = command_find(group, operands[0]);

	argc -= (int)(operands - argv);
	/* getopt() puts it before its messages, and the next scan starts afresh. */
	operands[0] = argv[0];
	optind = 0;
	return cmd->run(cmd, argc, operands);
}
