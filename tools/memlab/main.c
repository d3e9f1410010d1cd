// SPDX-License-Identifier: GPL-2.0-only
/* memlab: ask the kernel for memory and look at what it is made of. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memlab.h"

struct settings settings;

const struct command *const commands[] = {
	&cmd_info, &cmd_alloc, &cmd_list, &cmd_show, &cmd_layout, &cmd_read,	&cmd_write,
	&cmd_fill, &cmd_check, &cmd_free, &cmd_try,  &cmd_help,	  &cmd_version, NULL,
};

const struct command *command_find(const char *name)
{
	const char *names[ARRAY_SIZE(commands)] = { NULL };
	const char *guess;

	for (size_t i = 0; commands[i]; i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		names[i] = commands[i]->name;
	}

	guess = nearest(name, names);
	if (guess)
		warn("unknown command \"%s\"; did you mean \"%s\"?", name, guess);
	else
		warn("unknown command \"%s\"", name);
	fprintf(stderr, "Commands:");
	for (size_t i = 0; names[i]; i++)
		fprintf(stderr, " %s", names[i]);
	fputc('\n', stderr);
	exit(STATUS_USAGE);
}

static void at_exit(void)
{
	output_check();
}

int main(int argc, char **argv)
{
	static char name[16] = "memlab";
	const struct command *cmd;
	char **operands;

	setlocale(LC_ALL, "");
	atexit(at_exit);

	settings.device = getenv("MEMLAB_DEVICE");
	if (!settings.device || !*settings.device)
		settings.device = MEMLAB_LIB_DEFAULT_DEVICE;

	/* getopt() puts it before its messages. */
	if (argc)
		argv[0] = name;
	operands = options_before_command(argc, argv);
	if (!operands[0])
		usage(NULL, "no command given");

	cmd = command_find(operands[0]);
	argc -= (int)(operands - argv);
	operands[0] = name;

	return cmd->run(cmd, argc, operands);
}
