// SPDX-License-Identifier: GPL-2.0-only
/* The tables of commands and options as a result, so that programs can read them too. */
#include <ctype.h>
#include <string.h>

#include "memlab.h"

#define HELP_COLUMN 24

static struct json_object *result_options(const struct opt *opts)
{
	struct json_object *array = need(json_object_new_array());

	for (; opts && opts->name; opts++) {
		struct json_object *option = need(json_object_new_object());
		char letter[2] = { (char)opts->val, '\0' };

		result_add(option, "name", result_text(opts->name));
		result_add(option, "short", opts->val < OPT_LONG_ONLY ? result_text(letter) : NULL);
		result_add(option, "argument", result_text(opts->arg));
		result_add(option, "help", result_text(opts->help));
		result_append(array, option);
	}

	return array;
}

static struct json_object *result_commands(const struct command *const *known);

static struct json_object *result_command(const struct command *cmd)
{
	struct json_object *command = need(json_object_new_object());
	char path[COMMAND_PATH];

	result_add(command, "name", result_text(command_path(path, cmd)));
	result_add(command, "operands", result_text(cmd->operands));
	result_add(command, "help", result_text(cmd->help));
	result_add(command, "details", result_text(cmd->details));
	result_add(command, "commands", result_commands(cmd->subcommands));
	result_add(command, "options", result_options(cmd->opts));
	return command;
}

static struct json_object *result_commands(const struct command *const *known)
{
	struct json_object *array = need(json_object_new_array());

	for (; known && *known; known++)
		result_append(array, result_command(*known));
	return array;
}

/* A long name has its help on the next line. */
static void print_entry(const char *name, const char *help)
{
	printf("  %-*s", HELP_COLUMN, name);
	if (strlen(name) > HELP_COLUMN)
		printf("\n  %*s", HELP_COLUMN, "");
	printf(" %s\n", help);
}

static void print_options(struct json_object *options)
{
	for (size_t i = 0; i < json_object_array_length(options); i++) {
		struct json_object *option = json_object_array_get_idx(options, i);
		const char *letter = result_get_text(option, "short");
		const char *argument = result_get_text(option, "argument");
		char text[FIELD_TEXT];

		snprintf(text, sizeof(text), "%s%s%s--%s%s%s", letter ? "-" : "   ",
			 letter ? letter : "", letter ? ", " : " ", result_get_text(option, "name"),
			 argument ? " " : "", argument ? argument : "");
		print_entry(text, result_get_text(option, "help"));
	}
}

static void print_commands(struct json_object *known)
{
	for (size_t i = 0; i < json_object_array_length(known); i++) {
		struct json_object *command = json_object_array_get_idx(known, i);
		char text[FIELD_TEXT];

		snprintf(text, sizeof(text), "%s %s", result_get_text(command, "name"),
			 result_get_text(command, "operands"));
		print_entry(text, result_get_text(command, "help"));
	}
}

static void tool_text(struct json_object *result)
{
	printf("Usage: memlab [OPTIONS] COMMAND [OPERANDS]\n"
	       "\n"
	       "Ask the running kernel for memory and see what it is made of.\n"
	       "\n"
	       "Commands:\n");
	print_commands(json_object_object_get(result, "commands"));
	printf("\nOptions, before or after the command:\n");
	print_options(json_object_object_get(result, "options"));
	printf("\n"
	       "Exit status: 0 done; 1 the kernel said no, or something does not hold;\n"
	       "2 wrong usage; 3 no driver, or no permission on the device.\n"
	       "\n"
	       "\"memlab help COMMAND\" tells more of a command, memlab(1) all.\n");
}

static void command_text(struct json_object *result)
{
	struct json_object *known = json_object_object_get(result, "commands");
	const char *operands = result_get_text(result, "operands");
	const char *details = result_get_text(result, "details");
	const char *help = result_get_text(result, "help");

	printf("Usage: memlab %s [OPTIONS]%s%s\n\n", result_get_text(result, "name"),
	       *operands ? " " : "", operands);
	/* A help text begins in lower case, as it stands behind a name in lists. */
	printf("%c%s.\n", toupper((unsigned char)help[0]), help + 1);
	if (details)
		printf("%s\n", details);
	if (json_object_array_length(known)) {
		printf("\nCommands:\n");
		print_commands(known);
	}
	printf("\nOptions:\n");
	print_options(json_object_object_get(result, "options"));
	print_options(json_object_object_get(result, "common_options"));
}

static const struct view tool_view = {
	.text = tool_text,
	.bare = (const char *const[]){ "name", NULL },
	.bare_of = "commands",
};

static const struct view command_view = {
	.text = command_text,
	.bare = (const char *const[]){ "name", "short", "argument", NULL },
	.bare_of = "options",
};

static const struct view group_view = {
	.text = command_text,
	.bare = (const char *const[]){ "name", NULL },
	.bare_of = "commands",
};

/* Help on a command, or on all if that is NULL. */
void help_print(const struct command *cmd)
{
	struct json_object *result;

	if (cmd) {
		result = result_command(cmd);
		result_add(result, "common_options", result_options(common_opts));
		output(result, cmd->subcommands ? &group_view : &command_view);
	} else {
		result = need(json_object_new_object());
		result_add(result, "commands", result_commands(commands));
		result_add(result, "options", result_options(common_opts));
		output(result, &tool_view);
	}

	json_object_put(result);
}

void help_hint(const struct command *cmd)
{
	char path[COMMAND_PATH] = "";

	if (cmd)
		command_path(path, cmd);
	fprintf(stderr, "\"memlab help%s%s\" tells more.\n", cmd ? " " : "", path);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	const struct command *about = NULL;
	char **operands;

	while (options_next(cmd, argc, argv) != -1)
		;
	operands = options_operands(cmd, argc, argv, 0, 2);
	if (operands[0])
		about = command_find(NULL, operands[0]);
	if (operands[0] && operands[1]) {
		if (!about->subcommands)
			usage(cmd, "\"memlab %s\" has no commands of its own", about->name);
		about = command_find(about, operands[1]);
	}

	help_print(about);
	return STATUS_OK;
}

const struct command cmd_help = {
	.name = "help",
	.operands = "[COMMAND...]",
	.help = "tell how to use memlab or a command",
	.details =
		"With -q, prints the names of the commands; for a command, name, short form and\n"
		"argument of each of its options, tab-separated. JSON has the whole tables.",
	.run = run,
};
