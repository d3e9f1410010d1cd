// SPDX-License-Identifier: GPL-2.0-only
#include "memlab.h"

static const struct field fields[] = {
	{ "memlab", "memlab", KIND_TEXT, NULL },
	{ "libmemlab", "libmemlab", KIND_TEXT, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct view view = {
	.fields = fields,
	.bare = (const char *const[]){ "memlab", NULL },
};

void version_print(void)
{
	struct json_object *result = need(json_object_new_object());

	result_add(result, "memlab", result_text(MEMLAB_TOOL_VERSION));
	result_add(result, "libmemlab", result_text(memlab_lib_version()));
	output(result, &view);
	json_object_put(result);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	while (options_next(cmd, argc, argv) != -1)
		;
	options_operands(cmd, argc, argv, 0, 0);

	version_print();
	return STATUS_OK;
}

const struct command cmd_version = {
	.name = "version",
	.operands = "",
	.help = "print the versions of the tool and its library",
	.details = "\"memlab info\" tells the version of the driver. With -q, prints the tool's.",
	.run = run,
};
