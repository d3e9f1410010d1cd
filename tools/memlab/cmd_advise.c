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

static const char *expectation(struct json_object *advice)
{
	struct json_object *contiguous = json_object_object_get(advice, "contiguous");
	struct json_object *served = json_object_object_get(advice, "served");

	if (!result_get_text(json_object_object_get(advice, "use"), "allocator"))
		return "what only the device's driver can say";
	if (!contiguous || !served)
		return "unknown: see below what is unchecked";
	if (!json_object_get_boolean(served))
		return "failure, as things are now";
	return json_object_get_boolean(contiguous) ? "one physical run" : "scattered pages";
}

static void expect_line(struct json_object *advice)
{
	char usable[SIZE_TEXT], waste[SIZE_TEXT];

	printf("Expect     %s", expectation(advice));
	if (json_object_object_get(advice, "usable_size"))
		printf("; %s usable, %s more than asked for",
		       size_text(usable, result_get_uint(advice, "usable_size")),
		       size_text(waste, result_get_uint(advice, "waste")));
	putchar('\n');
}

/* A fact that was found without the driver, and where. */
static void fact_line(const char *label, const char *what, struct json_object *fact)
{
	char size[SIZE_TEXT];

	printf("%-10s %s %s: %s\n", label, what, size_text(size, result_get_uint(fact, "value")),
	       result_get_text(fact, "source"));
}

/* What stands in for the driver, and what could not be checked without it. */
static void kernel_text(struct json_object *advice)
{
	struct json_object *kernel = json_object_object_get(advice, "kernel");
	struct json_object *gaps = json_object_object_get(advice, "unchecked");

	if (!kernel)
		return;
	printf("Kernel     Linux %s on %s, without the driver\n",
	       result_get_text(kernel, "release"), result_get_text(kernel, "machine"));
	fact_line("", "kmalloc() ends at", json_object_object_get(kernel, "kmalloc_max_size"));
	fact_line("", "its slab caches end at",
		  json_object_object_get(kernel, "kmalloc_max_cache_size"));
	for (size_t i = 0; i < json_object_array_length(gaps); i++) {
		struct json_object *gap = json_object_array_get_idx(gaps, i);

		printf("%-10s %s: %s\n", i ? "" : "Unchecked", result_get_text(gap, "what"),
		       result_get_text(gap, "why"));
	}
}

static void largest_line(struct json_object *advice)
{
	char largest[SIZE_TEXT];

	printf("Now        the largest block that a request gets is %s\n",
	       json_object_object_get(advice, "largest_contiguous") ?
		       size_text(largest, result_get_uint(advice, "largest_contiguous")) :
		       "unknown");
}

static void advise_text(struct json_object *advice)
{
	struct json_object *reasons = json_object_object_get(advice, "reasons");
	struct json_object *use = json_object_object_get(advice, "use");
	struct json_object *tried = json_object_object_get(advice, "tried");

	if (use)
		call_line("Use", use);
	else
		printf("Use        nothing: no allocator can serve that\n");
	call_line("Or", json_object_object_get(advice, "runner_up"));
	if (use)
		expect_line(advice);
	largest_line(advice);
	for (size_t i = 0; i < json_object_array_length(reasons); i++) {
		struct json_object *reason = json_object_array_get_idx(reasons, i);

		printf("%-10s %s [%s]\n", i ? "" : "Why", result_get_text(reason, "text"),
		       result_get_text(reason, "claim"));
	}
	kernel_text(advice);
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

/* The device, or NULL and for free() why not: no driver, no permission, another ABI. */
static struct memlab_dev *open_driver(char **why)
{
	struct memlab_dev *dev = memlab_dev_open(settings.device);
	struct memlab_dev_info *info;
	unsigned int version;

	if (!dev) {
		*why = explain_open(settings.device, ACCESS_CHANGE, errno);
		return NULL;
	}
	info = device_info(dev);
	version = memlab_dev_info_get_abi_version(info);
	memlab_dev_info_free(info);
	if (version == MEMLAB_LIB_ABI_VERSION)
		return dev;

	memlab_dev_close(dev);
	*why = text_format("the driver of %s has version %u of the ABI, and this memlab needs %u",
			   settings.device, version, MEMLAB_LIB_ABI_VERSION);
	return NULL;
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
	char *why = NULL;
	int status;

	parse(cmd, &arguments, argc, argv);
	dev = open_driver(&why);
	if (!dev && arguments.try)
		die(STATUS_NO_DEVICE, "--try needs the driver: %s", why);
	if (dev ? advise(dev, &arguments.question, &advice) :
		  advise_without_driver(why, &arguments.question, &advice))
		die(STATUS_NO, "cannot ask the kernel: %s", strerror(errno));
	free(why);

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
		"\"memlab verify --explain\" tells more. Without the driver, or without permission to\n"
		"use it, the answer comes from the kernel's version, /proc and /sys, and lists what is\n"
		"unchecked; --try needs the driver. The exit status is 1 when there is nothing to use,\n"
		"or --try failed. With -q, prints the functions that allocate and that make the cache.",
	.opts = opts,
	.run = run,
};
