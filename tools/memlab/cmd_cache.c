// SPDX-License-Identifier: GPL-2.0-only
#include "cache.h"

static const struct command *const subcommands[] = {
	&cmd_cache_create, &cmd_cache_list, &cmd_cache_show, &cmd_cache_destroy, NULL,
};

const struct command cmd_cache = {
	.name = "cache",
	.operands = "COMMAND ...",
	.help = "make, list, describe and destroy slab caches",
	.details =
		"A cache serves objects of one size, for \"memlab alloc cache --cache ID\". It stays\n"
		"until it is destroyed. \"memlab help cache COMMAND\" tells more of a command.",
	.subcommands = subcommands,
	.run = command_run_group,
};
