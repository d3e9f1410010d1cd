// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "advise.h"

#define OPT_COUNT	   (OPT_LONG_ONLY + 32)
#define OPT_DMA		   (OPT_LONG_ONLY + 33)
#define OPT_USER_COPY	   (OPT_LONG_ONLY + 34)
#define OPT_USER_TRIGGERED (OPT_LONG_ONLY + 35)
#define OPT_SAME_SIZE_MANY (OPT_LONG_ONLY + 36)
#define OPT_LONG_LIVED	   (OPT_LONG_ONLY + 37)
#define OPT_TRY		   (OPT_LONG_ONLY + 38)

static const struct opt opts[] = {
	{ "size", OPT_SIZE, "SIZE", "of one object, such as 64K" },
	{ "count", OPT_COUNT, "N", "an array of N, or with --same-size-many N objects" },
	{ "context", OPT_CONTEXT, "CONTEXT", "where it is needed (default: process)" },
	{ "dma", OPT_DMA, NULL, "for a device that cannot gather scattered pages" },
	{ "user-copy", OPT_USER_COPY, NULL, "a part is copied to or from user space" },
	{ "user-triggered", OPT_USER_TRIGGERED, NULL, "a program's request allocates it" },
	{ "same-size-many", OPT_SAME_SIZE_MANY, NULL, "many objects, one allocation each" },
	{ "long-lived", OPT_LONG_LIVED, NULL, "it stays until the driver goes" },
	{ "try", OPT_TRY, NULL, "do it, show what came of it, and undo it" },
	END_OF_OPTS,
};

static void call_line(const char *label, struct json_object *call)
{
	if (!call)
		return;
	printf("%-10s %s%s; free by %s()\n", label, result_get_text(call, "call"),
	       result_get_bool(call, "ahead") ? " beforehand, in process context" : "",
	       result_get_text(call, "free_function"));
}

static void expect_line(struct json_object *advice)
{
	char usable[SIZE_TEXT], waste[SIZE_TEXT];

	printf("Expect     %s", !json_object_object_get(advice, "served") ?
					"what only the device's driver can say" :
				!result_get_bool(advice, "served") ? "failure, as things are now" :
				result_get_bool(advice, "contiguous") ? "one physical run" :
									"scattered pages");
	if (json_object_object_get(advice, "usable_size"))
		printf("; %s usable, %s more than asked for",
		       size_text(usable, result_get_uint(advice, "usable_size")),
		       size_text(waste, result_get_uint(advice, "waste")));
	putchar('\n');
}

static void advise_text(struct json_object *advice)
{
	struct json_object *reasons = json_object_object_get(advice, "reasons");
	struct json_object *use = json_object_object_get(advice, "use");
	struct json_object *tried = json_object_object_get(advice, "tried");
	char largest[SIZE_TEXT];

	if (use)
		call_line("Use", use);
	else
		printf("Use        nothing: no allocator can serve that\n");
	call_line("Or", json_object_object_get(advice, "runner_up"));
	if (use)
		expect_line(advice);
	printf("Now        the largest block that a request gets is %s\n",
	       size_text(largest, result_get_uint(advice, "largest_contiguous")));
	for (size_t i = 0; i < json_object_array_length(reasons); i++) {
		struct json_object *reason = json_object_array_get_idx(reasons, i);

		printf("%-10s %s [%s]\n", i ? "" : "Why", result_get_text(reason, "text"),
		       result_get_text(reason, "claim"));
	}
	if (tried) {
		printf("\nTried:\n");
		output_record(tried, buffer_fields);
	}
}

static const struct view view = {
	.text = advise_text,
	.bare = (const char *const[]){ "function", "cache_function", NULL },
	.bare_of = "use",
};

/* Returns what the buffer was, or NULL after saying why there is none. */
static struct json_object *perform(struct memlab_dev *dev, const struct advice_call *call)
{
	struct json_object *result = NULL;
	struct memlab_call *told;
	struct memlab_buf_info *info;
	struct advice_made made;

	if (!call->offered) {
		warn("cannot try %s(): it takes a device", call->function);
		return NULL;
	}
	told = need(memlab_call_new());
	if (advice_perform(dev, call, &made, told)) {
		char *why = explain_alloc(dev, &call->request, memlab_call_get_reason(told), errno);

		warn("%s", why);
		free(why);
		goto out_free_told;
	}

	info = memlab_buf_get_info(made.buf);
	if (!info)
		die(STATUS_NO, "allocated, but not described: %s", strerror(errno));
	result = result_buffer(info);
	result_add(result, "nanoseconds", result_uint(memlab_call_get_nanoseconds(told)));
	memlab_buf_info_free(info);
	advice_undo(&made);
out_free_told:
	memlab_call_free(told);
	return result;
}

struct arguments {
	struct advice_question question;
	bool try;
};

static void parse(const struct command *cmd, struct arguments *arguments, int argc, char **argv)
{
	struct advice_question *question = &arguments->question;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		switch (c) {
		case OPT_SIZE:
			question->bytes = size_parse_positive(cmd, "--size", optarg);
			break;
		case OPT_COUNT:
			question->count = number_parse(cmd, "--count", optarg, 0, UINT64_MAX);
			break;
		case OPT_CONTEXT:
			question->context =
				name_parse(cmd, "context", optarg, memlab_context_name, 0);
			break;
		case OPT_DMA:
			question->dma = true;
			break;
		case OPT_USER_COPY:
			question->user_copy = true;
			break;
		case OPT_USER_TRIGGERED:
			question->user_triggered = true;
			break;
		case OPT_SAME_SIZE_MANY:
			question->same_size_many = true;
			break;
		case OPT_LONG_LIVED:
			question->long_lived = true;
			break;
		case OPT_TRY:
			arguments->try = true;
			break;
		}
	}

	options_operands(cmd, argc, argv, 0, 0);
	if (!question->bytes)
		usage(cmd, "how large? Give --size SIZE, that of one object");
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct json_object *result;
	struct memlab_dev *dev;
	struct advice advice;
	int status;

	parse(cmd, &arguments, argc, argv);
	dev = device_open(ACCESS_CHANGE);
	if (advise(dev, &arguments.question, &advice))
		die(STATUS_NO, "cannot ask the kernel: %s", strerror(errno));

	result = result_advice(&advice);
	status = advice.possible ? STATUS_OK : STATUS_NO;
	if (arguments.try && advice.possible) {
		struct json_object *tried = perform(dev, &advice.use);

		result_add(result, "tried", tried);
		if (!tried)
			status = STATUS_NO;
	}
	output(result, &view);

	json_object_put(result);
	advice_clear(&advice);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_advise = {
	.name = "advise",
	.operands = "",
	.help = "name the allocator and the flags to use, and why",
	.details =
		"Says what to use for memory of such a size and purpose on the kernel that runs, the\n"
		"second best, what to expect, and why: each reason names a claim, of which\n"
		"\"memlab verify --explain\" tells more. The exit status is 1 when there is nothing to\n"
		"use, or --try failed. With -q, prints the functions that allocate and that make the\n"
		"cache.",
	.opts = opts,
	.run = run,
};
