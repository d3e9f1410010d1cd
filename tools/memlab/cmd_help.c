// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "memlab.h"

#define HELP_COLUMN 24

static void print_options(FILE *to, const struct opt *opts)
{
	for (; opts && opts->name; opts++) {
		char text[HELP_COLUMN + 16];

		if (opts->val < OPT_LONG_ONLY)
			snprintf(text, sizeof(text), "-%c, --%s", opts->val, opts->name);
		else
			snprintf(text, sizeof(text), "    --%s", opts->name);
		if (opts->arg) {
			size_t used = strlen(text);

			snprintf(text + used, sizeof(text) - used, " %s", opts->arg);
		}
		fprintf(to, "  %-*s %s\n", HELP_COLUMN, text, opts->help);
	}
}

static void print_tool(FILE *to)
{
	fprintf(to, "Usage: memlab [OPTIONS] COMMAND [OPERANDS]\n"
		    "\n"
		    "Ask the running kernel for memory and see what it is made of.\n"
		    "\n"
		    "Commands:\n");
	for (size_t i = 0; commands[i]; i++) {
		char text[HELP_COLUMN + 16];

		snprintf(text, sizeof(text), "%s %s", commands[i]->name, commands[i]->operands);
		fprintf(to, "  %-*s %s\n", HELP_COLUMN, text, commands[i]->help);
	}

	fprintf(to, "\nOptions, before or after the command:\n");
	print_options(to, common_opts);
	fprintf(to, "\n"
		    "Exit status: 0 done; 1 the kernel said no, or something does not hold;\n"
		    "2 wrong usage; 3 no driver, or no permission on the device.\n"
		    "\n"
		    "\"memlab help COMMAND\" tells more of a command, memlab(1) all.\n");
}

static void print_command(FILE *to, const struct command *cmd)
{
	fprintf(to, "Usage: memlab %s [OPTIONS]%s%s\n\n", cmd->name, *cmd->operands ? " " : "",
		cmd->operands);
	/* A help text begins in lower case, as it stands behind a name in lists. */
	fprintf(to, "%c%s.\n", cmd->help[0] - 'a' + 'A', cmd->help + 1);
	if (cmd->details)
		fprintf(to, "%s\n", cmd->details);
	fprintf(to, "\nOptions:\n");
	print_options(to, cmd->opts);
	print_options(to, common_opts);
}

void help_print(FILE *to, const struct command *cmd)
{
	if (cmd)
		print_command(to, cmd);
	else
		print_tool(to);
}

void help_hint(const struct command *cmd)
{
	fprintf(stderr, "\"memlab help%s%s\" tells more.\n", cmd ? " " : "", cmd ? cmd->name : "");
}

static int run(const struct command *cmd, int argc, char **argv)
{
	char **operands;

	while (options_next(cmd, argc, argv) != -1)
		;
	operands = options_operands(cmd, argc, argv, 0, 1);

	help_print(stdout, operands[0] ? command_find(operands[0]) : NULL);
	return STATUS_OK;
}

const struct command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.help = "tell how to use memlab or a command",
	.run = run,
};
