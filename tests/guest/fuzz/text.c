// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs as text: a call a line, its thread, its name, and those arguments that are not as
 * usual. An empty line ends a program; # begins a comment.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define LINE_MAX_BYTES 1024

void print_call(FILE *out, const struct call *call)
{
	const struct arg *arg;
	unsigned int i;

	fprintf(out, "%u %s", call->thread, call->type->name);
	for (i = 0; i < call->type->arg_count; i++) {
		arg = &call->type->args[i];
		if (call->args[i] != arg->usual)
			fprintf(out, call->args[i] < 10 ? " %s=%llu" : " %s=%#llx", arg->name,
				call->args[i]);
	}
	fprintf(out, "\n");
}

void print_program(FILE *out, const struct program *program)
{
	unsigned int i;

	for (i = 0; i < program->count; i++)
		print_call(out, &program->calls[i]);
	fprintf(out, "\n");
}

static void bad(const char *what, const char *text)
{
	fprintf(stderr, "fuzz: %s: %s\n", what, text);
	exit(2);
}

static void read_argument(struct call *call, char *text)
{
	char *value = strchr(text, '='), *end;
	unsigned int i;

	if (!value)
		bad("no argument", text);
	*value++ = '\0';
	for (i = 0; i < call->type->arg_count; i++)
		if (!strcmp(call->type->args[i].name, text))
			break;
	if (i == call->type->arg_count)
		bad("no such argument", text);
	call->args[i] = strtoull(value, &end, 0);
	if (!*value || *end)
		bad("no number", value);
}

static void read_call(char *line, struct call *call)
{
	char *rest = NULL, *word = strtok_r(line, "\n ", &rest);
	unsigned int i;

	if (strlen(word) != 1 || *word < '0' || *word > '3')
		bad("a call begins with its thread, 0 to 3", word);
	memset(call, 0, sizeof(*call));
	call->thread = (unsigned int)(*word - '0');
	word = strtok_r(NULL, "\n ", &rest);
	call->type = word ? find_call_type(word) : NULL;
	if (!call->type)
		bad("no such call", word ?: "");
	for (i = 0; i < call->type->arg_count; i++)
		call->args[i] = call->type->args[i].usual;
	while ((word = strtok_r(NULL, "\n ", &rest)))
		read_argument(call, word);
}

/**
 * read_program() - read the next program
 * @in: from where
 * @program: is filled in
 *
 * Return: whether there was one. What cannot be read ends the process.
 */
bool read_program(FILE *in, struct program *program)
{
	char line[LINE_MAX_BYTES];

	program->count = 0;
	while (fgets(line, sizeof(line), in)) {
		if (*line == '#')
			continue;
		if (*line == '\n' && program->count)
			return true;
		if (*line == '\n')
			continue;
		if (program->count == CALLS_MAX)
			bad("too many calls, from", line);
		read_call(line, &program->calls[program->count++]);
	}
	return program->count;
}
