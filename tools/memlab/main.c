// SPDX-License-Identifier: GPL-2.0-only
/* memlab: ask the kernel for memory and look at what it is made of. */
#include <locale.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include "memlab.h"

struct settings settings;

const struct command *const commands[] = {
	&cmd_info,   &cmd_alloc,  &cmd_list,  &cmd_monitor, &cmd_stats, &cmd_show,
	&cmd_layout, &cmd_read,	  &cmd_write, &cmd_fill,    &cmd_check, &cmd_resize,
	&cmd_free,   &cmd_try,	  &cmd_cache, &cmd_frag,    &cmd_bench, &cmd_verify,
	&cmd_advise, &cmd_report, &cmd_help,  &cmd_version, NULL,
};

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
	/* Nobody else is there to print: long lists need not lock it for each cell. */
	__fsetlocking(stdout, FSETLOCKING_BYCALLER);
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

	cmd = command_find(NULL, operands[0]);
	argc -= (int)(operands - argv);
	operands[0] = name;

	return cmd->run(cmd, argc, operands);
}
