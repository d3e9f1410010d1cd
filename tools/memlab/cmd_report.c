// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "outfile.h"
#include "report/report.h"

#define DEFAULT_FILE	     "memlab-report.html"
#define DEFAULT_MILLISECONDS 10
#define MAX_MILLISECONDS     10000

#define OPT_FILE    'o'
#define OPT_TIME    't'
#define OPT_NO_FRAG (OPT_LONG_ONLY + 32)

static const struct opt opts[] = {
	{ "output", OPT_FILE, "FILE",
	  "write it there, - for standard output (default: " DEFAULT_FILE ")" },
	{ "time", OPT_TIME, "MILLISECONDS", "measure each time for so long (default: 10)" },
	{ "no-frag", OPT_NO_FRAG, NULL, "do not fragment memory; leaves out what needs it" },
	END_OF_OPTS,
};

/* On a terminal, what is being done; each part has a progress of its own behind it. */
static void progress(const char *what)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s ...\n", what);
}

static void gather(struct report *report)
{
	report->when = time(NULL);
	/* Before it is changed what memory there is. */
	report->machine = machine_gather(report->info);
	report->advice = advice_gather(report->dev);
	progress("Measuring what the calls take");
	costs_gather(report);
	progress("Allocating buffers for the pictures");
	scenes_gather(report);
	progress("Putting claims to the test");
	report->claims = verdicts_gather(report);
}

static struct json_object *result_of(const struct report *report, const char *path)
{
	struct json_object *result = need(json_object_new_object());

	result_add(result, "file", result_text(path));
	result_add(result, "environment", json_object_get(report->machine));
	result_add(result, "holds", result_uint(verdicts_count(report, "holds")));
	result_add(result, "does_not_hold", result_uint(verdicts_count(report, "does-not-hold")));
	result_add(result, "unknown", result_uint(verdicts_count(report, "unknown")));
	result_add(result, "claims", json_object_get(report->claims));
	result_add(result, "advice", json_object_get(report->advice));
	result_add(result, "pair", json_object_get(report->pair));
	result_add(result, "access", json_object_get(report->access));
	result_add(result, "layouts", scenes_result(report));
	return result;
}

static void text(struct json_object *result)
{
	printf("%s: %ju claims hold, %ju do not, %ju could not be measured\n",
	       result_get_text(result, "file"), (uintmax_t)result_get_uint(result, "holds"),
	       (uintmax_t)result_get_uint(result, "does_not_hold"),
	       (uintmax_t)result_get_uint(result, "unknown"));
}

static const struct view view = {
	.text = text,
	.bare = (const char *const[]){ "file", NULL },
};

static void report_end(struct report *report)
{
	json_object_put(report->machine);
	json_object_put(report->advice);
	json_object_put(report->pair);
	json_object_put(report->access);
	json_object_put(report->claims);
	scenes_free(report);
	memlab_dev_info_free(report->info);
	memlab_dev_close(report->dev);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct report report = { .cmd = cmd,
				 .milliseconds = DEFAULT_MILLISECONDS,
				 .fragments = true };
	const char *path = DEFAULT_FILE;
	struct json_object *result;
	FILE *out;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		if (c == OPT_FILE)
			path = optarg;
		if (c == OPT_TIME)
			report.milliseconds = (unsigned int)number_parse(cmd, "--time", optarg, 1,
									 MAX_MILLISECONDS);
		if (c == OPT_NO_FRAG)
			report.fragments = false;
	}
	options_operands(cmd, argc, argv, 0, 0);
	if (!strcmp(path, "-") && settings.format == FORMAT_JSON)
		usage(cmd, "--json and --output - exclude each other: both print");

	/* Before minutes of work. */
	out = outfile_open(path);
	report.dev = device_open(ACCESS_CHANGE);
	report.info = device_info(report.dev);
	gather(&report);
	page_write(out, &report);
	outfile_done();

	if (strcmp(path, "-")) {
		result = result_of(&report, path);
		output(result, &view);
		json_object_put(result);
	}
	report_end(&report);
	return STATUS_OK;
}

const struct command cmd_report = {
	.name = "report",
	.operands = "",
	.help = "measure what this machine does, and write a page about it",
	.details =
		"Writes one file of HTML that needs no other: which function to call, what the calls\n"
		"take, where the pages of buffers are, before and after memory is fragmented, which\n"
		"claims hold, and what machine it is. It allocates, times and fragments memory for\n"
		"some seconds, as verify, bench and frag do. The exit status is 0 when the page was\n"
		"written, whatever it says. With -j, prints all that was measured; with -q, the\n"
		"name of the file.",
	.opts = opts,
	.run = run,
};
