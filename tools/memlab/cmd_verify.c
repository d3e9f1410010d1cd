// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "claims/run.h"
#include "memlab.h"

#define OPT_FORMAT	  'f'
#define OPT_VERBOSE	  'v'
#define OPT_LIST	  (OPT_LONG_ONLY + 1)
#define OPT_EXPLAIN	  (OPT_LONG_ONLY + 2)
#define OPT_STRICT	  (OPT_LONG_ONLY + 3)
#define OPT_PROVOKE	  (OPT_LONG_ONLY + 4)
#define OPT_KEEP_GOING	  (OPT_LONG_ONLY + 5)
#define OPT_NO_KEEP_GOING (OPT_LONG_ONLY + 6)

static const struct opt opts[] = {
	{ "list", OPT_LIST, NULL, "list the claims, and measure nothing" },
	{ "explain", OPT_EXPLAIN, "CLAIM", "explain a claim, or all that a pattern matches" },
	{ "format", OPT_FORMAT, "FORMAT", "table (default), json, ktap; rst with --explain" },
	{ "verbose", OPT_VERBOSE, NULL, "show every case that was measured" },
	{ "strict", OPT_STRICT, NULL, "exit with 1 when a verdict is \"unknown\", too" },
	{ "keep-going", OPT_KEEP_GOING, NULL, "measure all claims, whatever they say (default)" },
	{ "no-keep-going", OPT_NO_KEEP_GOING, NULL, "stop at the first that does not hold" },
	{ "provoke", OPT_PROVOKE, NULL, "also do what makes the kernel print a warning" },
	{ NULL, 0, NULL, NULL },
};

enum task { TASK_RUN, TASK_LIST, TASK_EXPLAIN };
enum shape { SHAPE_TABLE, SHAPE_KTAP, SHAPE_RST };

struct arguments {
	enum task task;
	enum shape shape;
	bool strict;
	struct run_options run;
	char *explain[2]; /* a pattern, and the end of the list */
};

static void set_format(const struct command *cmd, struct arguments *arguments, const char *name)
{
	arguments->shape = SHAPE_TABLE;
	if (!strcmp(name, "json")) {
		settings.format = FORMAT_JSON;
		return;
	}
	if (settings.format != FORMAT_TEXT)
		usage(cmd, "--format %s and --json or --quiet exclude each other", name);
	if (!strcmp(name, "ktap"))
		arguments->shape = SHAPE_KTAP;
	else if (!strcmp(name, "rst"))
		arguments->shape = SHAPE_RST;
	else if (strcmp(name, "table"))
		usage(cmd, "unknown format \"%s\": there are table, json, ktap and rst", name);
}

static void parse(const struct command *cmd, struct arguments *arguments, int argc, char **argv)
{
	const char *format = NULL;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		switch (c) {
		case OPT_LIST:
			arguments->task = TASK_LIST;
			break;
		case OPT_EXPLAIN:
			arguments->task = TASK_EXPLAIN;
			arguments->explain[0] = optarg;
			break;
		case OPT_FORMAT:
			format = optarg;
			break;
		case OPT_VERBOSE:
			arguments->run.verbose = true;
			break;
		case OPT_STRICT:
			arguments->strict = true;
			break;
		case OPT_KEEP_GOING:
			arguments->run.keep_going = true;
			break;
		case OPT_NO_KEEP_GOING:
			arguments->run.keep_going = false;
			break;
		case OPT_PROVOKE:
			arguments->run.provoke = true;
			break;
		}
	}

	if (format)
		set_format(cmd, arguments, format);
	if (arguments->shape == SHAPE_KTAP && arguments->task != TASK_RUN)
		usage(cmd, "--format ktap is for results, not for --list and --explain");
	if (arguments->shape == SHAPE_RST && arguments->task != TASK_EXPLAIN)
		usage(cmd, "--format rst is for --explain");
}

static int run_claims(const struct arguments *arguments, const struct claim *const *chosen)
{
	struct memlab_dev *dev = device_open(ACCESS_CHANGE);
	struct memlab_dev_info *info = device_info(dev);
	struct json_object *result = need(json_object_new_object());
	uint64_t counts[] = { 0, 0, 0 };
	struct json_object *results;

	/* Before the claims change what it tells of memory. */
	result_add(result, "environment", environment(info));
	results = claims_run(chosen, &arguments->run, dev, info);
	result_add(result, "claims", results);
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		const char *verdict =
			result_get_text(json_object_array_get_idx(results, i), "verdict");

		for (enum verdict one = 0; one < ARRAY_SIZE(counts); one++)
			counts[one] += !strcmp(verdict, verdict_name(one));
	}
	result_add(result, "holds", result_uint(counts[VERDICT_HOLDS]));
	result_add(result, "does_not_hold", result_uint(counts[VERDICT_DOES_NOT_HOLD]));
	result_add(result, "unknown", result_uint(counts[VERDICT_UNKNOWN]));

	memlab_dev_info_free(info);
	memlab_dev_close(dev);

	output(result, arguments->shape == SHAPE_KTAP ? &report_ktap_view : &report_view);
	json_object_put(result);
	if (counts[VERDICT_DOES_NOT_HOLD] || (arguments->strict && counts[VERDICT_UNKNOWN]))
		return STATUS_NO;
	return STATUS_OK;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct arguments arguments = { .run.keep_going = true };
	const struct claim **chosen;
	struct json_object *result;
	int status = STATUS_OK;
	char **operands;

	parse(cmd, &arguments, argc, argv);
	if (arguments.task == TASK_EXPLAIN)
		operands = options_operands(cmd, argc, argv, 0, 0) ? arguments.explain : NULL;
	else
		operands = argv + optind;
	chosen = claims_select(cmd, operands);

	switch (arguments.task) {
	case TASK_RUN:
		status = run_claims(&arguments, chosen);
		break;
	case TASK_LIST:
		result = list_claims(chosen);
		output(result, &list_view);
		json_object_put(result);
		break;
	case TASK_EXPLAIN:
		result = explain_claims(chosen);
		output(result, arguments.shape == SHAPE_RST ? &explain_rst_view : &explain_view);
		json_object_put(result);
		break;
	}

	free(chosen);
	return status;
}

const struct command cmd_verify = {
	.name = "verify",
	.operands = "[CLAIM...]",
	.help = "put claims about kernel memory to the test",
	.details =
		"CLAIM is the id of a claim, or a pattern with *, ? and [], such as 'kmalloc-*'. The\n"
		"default is all of them. A claim holds, does not hold, or is unknown: it could not\n"
		"be measured here, and the reason is told. The exit status is 1 when one does not\n"
		"hold. With -q, prints id and verdict, separated by a tab.",
	.opts = opts,
	.run = run,
};
