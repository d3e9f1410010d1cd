// SPDX-License-Identifier: GPL-2.0-only
/* A program as a C program that needs nothing of the fuzzer. */
#include <string.h>

#include <linux/memlab.h>

#include "fuzz.h"

#define EMBED(_symbol, _file)                                                             \
	asm(".pushsection .rodata\n.global " #_symbol "\n" #_symbol ":\n.incbin \"" _file \
	    "\"\n.byte 0\n.popsection\n")

EMBED(text_world, "world.h");
EMBED(text_ioctl, "call_ioctl.h");
EMBED(text_memory, "call_memory.h");
EMBED(text_file, "call_file.h");
EMBED(text_netlink, "call_netlink.h");

static const char head[] =
	"// SPDX-"
	"License-Identifier: GPL-2.0-only\n"
	"/* Written by fuzz --to-c; gcc -static -pthread -Iuapi -o reproducer THIS_FILE */\n"
	"#define _GNU_SOURCE\n"
	"#define WORLD_HERE\n";

static const char helpers[] =
	"\n#include <pthread.h>\n#include <sys/wait.h>\n\n"
	"#define CALL(function, ...) function((const __u64[]){ __VA_ARGS__ })\n"
	"#define REQUEST(...) (&(const struct request){ __VA_ARGS__ })\n\n"
	"static volatile int first_is_done;\n\n"
	"static inline void fork_end(pid_t child, unsigned int microseconds)\n"
	"{\n"
	"\tif (child > 0 && microseconds) {\n"
	"\t\tusleep(microseconds);\n"
	"\t\tkill(child, SIGKILL);\n"
	"\t}\n"
	"\twhile (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)\n"
	"\t\t;\n"
	"}\n";

/* Without what the preprocessor would look for, which is here already. */
static void print_embedded(FILE *out, const char *text)
{
	const char *end;

	for (; *text; text = end) {
		end = strchr(text, '\n') + 1;
		if (strncmp(text, "#include \"", 10) && strncmp(text, "/* SPDX", 7))
			fwrite(text, 1, (size_t)(end - text), out);
	}
}

static void print_member(FILE *out, const struct arg *arg, __u64 value)
{
	const char *function = arg->kind == KIND_BUFFER		    ? "buffer_of" :
			       arg->kind == KIND_CACHE		    ? "cache_of" :
			       arg->kind == KIND_DATA && value < 16 ? "data_address" :
								      NULL;

	if (function)
		fprintf(out, " .%s = %s(%#llx),", arg->name, function, value);
	else if (value)
		fprintf(out, " .%s = %#llx,", arg->name, arg->width == 4 ? (__u32)value : value);
}

static void print_request(FILE *out, const struct call *call)
{
	const struct call_type *type = call->type;
	unsigned int i;

	fprintf(out, "\t{\n\t\tstruct %s arg = {", type->struct_name);
	for (i = REQUEST_ARGS; i < type->arg_count; i++)
		print_member(out, &type->args[i], call->args[i]);
	fprintf(out, " };\n\n\t\trequest_memlab(REQUEST(%#llx, %#llx, %#llx, %#llx), %s, &arg,\n",
		call->args[REQUEST_FILE], call->args[REQUEST_PLACE], call->args[REQUEST_TAIL],
		call->args[REQUEST_SLOT], type->function);
	fprintf(out, "\t\t\t       sizeof(arg));\n\t}\n");
}

static void print_source_call(FILE *out, const struct call *call)
{
	unsigned int i;

	if (call->type->command) {
		print_request(out, call);
		return;
	}
	fprintf(out, "\tCALL(%s", call->type->function);
	for (i = 0; i < call->type->arg_count; i++)
		fprintf(out, ", /* %s */ %#llx", call->type->args[i].name, call->args[i]);
	if (!call->type->arg_count)
		fprintf(out, ", 0");
	fprintf(out, ");\n");
}

/* The calls of a thread. */
static void print_calls(FILE *out, const struct program *program, unsigned int from,
			unsigned int to, unsigned int thread)
{
	__u64 child = 0, microseconds = 0;

	for (; from < to; from++) {
		const struct call *call = &program->calls[from];

		if (call->thread != thread)
			continue;
		if (is_fork(call->type) && !child) {
			fprintf(out, "\tif (!(child = fork())) {\n");
			child = call->args[FORK_CALLS] + 1;
			microseconds = call->args[FORK_MICROSECONDS] % 100000;
		} else if (!is_fork(call->type)) {
			/* A child has no children. */
			print_source_call(out, call);
		}
		if (child && !--child)
			fprintf(out, "\t_exit(0);\n\t}\n\tfork_end(child, %llu);\n", microseconds);
	}
	if (child)
		fprintf(out, "\t_exit(0);\n\t}\n\tfork_end(child, %llu);\n", microseconds);
}

static void print_thread(FILE *out, const struct program *program, unsigned int from,
			 unsigned int thread, unsigned int repeat)
{
	fprintf(out,
		"\nstatic void *thread_%u(void *data)\n{\n"
		"\tunsigned int i;\n\tpid_t child = 0;\n\n\t(void)data;\n\t(void)child;\n"
		"\tthread_number = %u;\n"
		"\tfor (i = 0; i < %u%s; i++) {\n",
		thread, thread, repeat, thread && repeat > 1 ? " || !first_is_done" : "");
	print_calls(out, program, from, program->count, thread);
	fprintf(out, "\t}\n%s\treturn NULL;\n}\n", thread ? "" : "\tfirst_is_done = 1;\n");
}

/**
 * print_source() - print a C program that makes the same calls
 * @out: where to
 * @program: the program
 * @repeat: how often
 */
void print_source(FILE *out, const struct program *program, unsigned int repeat)
{
	unsigned int first = 0, thread;

	while (first < program->count && !program->calls[first].thread)
		first++;
	if (first == program->count)
		first = 0;
	fputs(head, out);
	print_embedded(out, text_world);
	print_embedded(out, text_ioctl);
	print_embedded(out, text_memory);
	print_embedded(out, text_file);
	print_embedded(out, text_netlink);
	fputs(helpers, out);
	for (thread = 0; thread < 4; thread++)
		print_thread(out, program, first, thread, repeat);
	fprintf(out, "\nint main(void)\n{\n\tpthread_t ids[4];\n\tpid_t child = 0;\n\n"
		     "\t(void)child;\n\tworld_make();\n\tcall_family(NULL);\n");
	print_calls(out, program, 0, first, 0);
	for (thread = 0; thread < 4; thread++)
		fprintf(out, "\tpthread_create(&ids[%u], NULL, thread_%u, NULL);\n", thread,
			thread);
	for (thread = 0; thread < 4; thread++)
		fprintf(out, "\tpthread_join(ids[%u], NULL);\n", thread);
	fprintf(out, "\treturn 0;\n}\n");
}
