// SPDX-License-Identifier: GPL-2.0-only
#include "bench.h"

struct arguments {
	struct bench_plan plan;
	const char *plot;
	const char *load;
	bool csv;
	bool compare;
};

static void parse(const struct command *cmd, struct arguments *arguments, int argc, char **argv)
{
	int c;

	bench_plan_begin(&arguments->plan, cmd);
	while ((c = options_next(cmd, argc, argv)) != -1) {
		if (bench_plan_option(&arguments->plan, c))
			continue;
		if (c == OPT_PLOT)
			arguments->plot = optarg;
		if (c == OPT_LOAD)
			arguments->load = optarg;
		arguments->csv |= c == OPT_CSV;
		arguments->compare |= c == OPT_COMPARE;
	}
	if (arguments->csv && settings.format != FORMAT_TEXT)
		usage(cmd, "--csv and --json or --quiet exclude each other");
}

static int compare(const struct command *cmd, int argc, char **argv)
{
	char **files = options_operands(cmd, argc, argv, 2, 2);
	struct json_object *rows = bench_compare(cmd, files[0], files[1]);

	output(rows, &bench_compare_view);
	json_object_put(rows);
	return STATUS_OK;
}

static struct json_object *measure(struct bench_plan *plan)
{
	struct memlab_dev *dev = device_open(ACCESS_CHANGE);
	struct memlab_dev_info *info = device_info(dev);
	struct bench_subject *subjects;
	struct json_object *result;
	size_t count;

	bench_plan_settle(plan, dev);
	subjects = bench_subjects(plan, dev, &count);
	bench_run(plan, dev, subjects, count);
	result = bench_result(plan, subjects, count, info);

	bench_subjects_free(subjects, count);
	memlab_dev_info_free(info);
	memlab_dev_close(dev);
	return result;
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct arguments arguments = { .plot = NULL };
	struct json_object *result;

	parse(cmd, &arguments, argc, argv);
	if (arguments.compare)
		return compare(cmd, argc, argv);
	options_operands(cmd, argc, argv, 0, 0);
	if (arguments.plot)
		bench_plot_check(cmd, arguments.plot);

	if (arguments.load)
		result = bench_load(cmd, arguments.load);
	else
		result = measure(&arguments.plan);
	output(result, arguments.csv ? &bench_csv_view : &bench_view);
	if (arguments.plot)
		bench_plot(result, arguments.plot);

	json_object_put(result);
	bench_plan_end(&arguments.plan);
	return STATUS_OK;
}

const struct command cmd_bench = {
	.name = "bench",
	.operands = "[FILE FILE]",
	.help = "measure what the kernel's functions take, size by size",
	.details =
		"Patterns: pair allocates an object and frees it; batch allocates many, and frees them\n"
		"in an order; bulk does so by the functions for many at once, which caches have; grow\n"
		"resizes an object step by step; read and write go through one object, each access\n"
		"waiting for the one before it. What is compared is measured by turns. Reading the\n"
		"clock is subtracted. SPREAD is between the shortest round and the longest, in per cent\n"
		"of the median. With --cpus times are those of one thread, while all are at work.\n",
	.opts = bench_opts,
	.run = run,
};
