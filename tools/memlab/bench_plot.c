// SPDX-License-Identifier: GPL-2.0-only
/* A picture of time against size, which gnuplot draws. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MOST_TICS 9

/* Line and shade of each allocator: told apart by who sees no red or no green, too. */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73",
				       "#cc79a7", "#56b4e9", "#e69f00" };

/* What gnuplot calls it. */
static const char *terminal(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".svg"))
		return "svg size 900,600 dynamic background 'white' font 'sans-serif,16'";
	if (dot && !strcmp(dot, ".png"))
		return "pngcairo size 1200,800 font 'sans,16'";
	return NULL;
}

static bool in_path(const char *program)
{
	char *path = text_format("%s", getenv("PATH") ?: "/usr/bin:/bin"), *rest = path;
	bool found = false;

	for (char *folder; !found && (folder = strsep(&rest, ":"));) {
		char *file = text_format("%s/%s", *folder ? folder : ".", program);

		found = !access(file, X_OK);
		free(file);
	}
	free(path);
	return found;
}

/* By making a file beside it: what rights say is not all. */
static void check_folder(const char *path)
{
	char *copy = text_format("%s", path);
	const char *folder = dirname(copy);
	char *name = text_format("%s/.memlab-XXXXXX", folder);
	sigset_t before = signals_hold();
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		die(STATUS_NO, "cannot write %s in %s: %s", path, folder, strerror(errno));
	unlink(name);
	signals_let(&before);
	close(fd);
	free(name);
	free(copy);
}

void bench_plot_check(const struct command *cmd, const char *path)
{
	if (!terminal(path))
		usage(cmd, "--plot \"%s\" is no kind of picture: end it with .svg or .png", path);
	if (!in_path("gnuplot"))
		die(STATUS_NO,
		    "--plot needs gnuplot, which is not installed: on Debian, apt install gnuplot-nox");
	check_folder(path);
	if (!access(path, F_OK) && access(path, W_OK))
		die(STATUS_NO, "cannot write %s: %s", path, strerror(errno));
}

/* Text between single quotes, in which a quote stands for itself when it is doubled. */
static void quoted(FILE *to, const char *text)
{
	fputc('\'', to);
	for (; *text; text++)
		fprintf(to, *text == '\'' ? "''" : "%c", *text);
	fputc('\'', to);
}

/* A block of data for each allocator: size, median, least, most. */
static void block(FILE *to, struct json_object *results, size_t number, const char *allocator)
{
	fprintf(to, "$d%zu << end\n", number);
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		struct json_object *one = json_object_array_get_idx(results, i);

		if (strcmp(result_get_text(one, "allocator"), allocator) ||
		    !json_object_object_get(one, "ns"))
			continue;
		fprintf(to, "%s %s %s %s\n", result_get_text(one, "size"),
			result_get_text(one, "ns"), result_get_text(one, "min"),
			result_get_text(one, "max"));
	}
	fputs("end\n", to);
}

/* In the order in which they come first. */
static size_t allocators_of(struct json_object *results, const char *found[], size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		const char *name =
			result_get_text(json_object_array_get_idx(results, i), "allocator");
		size_t at = 0;

		while (at < count && strcmp(found[at], name))
			at++;
		if (at == count && count < most)
			found[count++] = name;
	}
	return count;
}

/* A label at each size, or, if they are many, at each second one and so on. */
static void size_tics(FILE *to, struct json_object *results)
{
	size_t count = 0, every;
	uint64_t last = 0;

	for (size_t i = 0; i < json_object_array_length(results); i++) {
		uint64_t size = result_get_uint(json_object_array_get_idx(results, i), "size");

		count += size != last;
		last = size;
	}
	every = (count + MOST_TICS - 1) / MOST_TICS;
	fputs("set xtics rotate by 45 right (", to);
	last = 0;
	count = 0;
	for (size_t i = 0; i < json_object_array_length(results); i++) {
		uint64_t size = result_get_uint(json_object_array_get_idx(results, i), "size");
		char text[SIZE_TEXT];

		if (size != last && count++ % every == 0)
			fprintf(to, "%s'%s' %" PRIu64, last ? ", " : "", size_text(text, size),
				size);
		last = size;
	}
	fputs(")\n", to);
}

static void script(FILE *to, struct json_object *result, const char *path)
{
	struct json_object *results = json_object_object_get(result, "results");
	struct json_object *how = json_object_object_get(result, "settings");
	struct json_object *machine = json_object_object_get(result, "environment");
	const char *names[ARRAY_SIZE(colours)];
	size_t count = allocators_of(results, names, ARRAY_SIZE(names));
	char *title = text_format("%s, %s context, Linux %s", result_get_text(how, "pattern"),
				  result_get_text(how, "context"),
				  result_get_text(machine, "kernel"));

	fprintf(to, "set terminal %s\nset output ", terminal(path));
	quoted(to, path);
	fputs("\nset title ", to);
	quoted(to, title);
	fputs(" noenhanced\nset xlabel 'size'\nset ylabel 'nanoseconds an operation'\n"
	      "set logscale x 2\nset logscale y 10\nset grid\nset key left top noenhanced\n"
	      "set format y '%g'\nset offsets graph 0.02, graph 0.02\n"
	      "set style fill transparent solid 0.2 noborder\n",
	      to);
	size_tics(to, results);
	for (size_t i = 0; i < count; i++)
		block(to, results, i, names[i]);
	fputs("plot ", to);
	for (size_t i = 0; i < count; i++)
		fprintf(to,
			"$d%zu using 1:3:4 with filledcurves fillcolor rgb '%s' notitle, "
			"$d%zu using 1:2 with linespoints linewidth 2 pointtype 7 "
			"linecolor rgb '%s' title '%s'%s",
			i, colours[i], i, colours[i], names[i], i + 1 < count ? ", " : "\n");
	free(title);
}

void bench_plot(struct json_object *result, const char *path)
{
	FILE *to = popen("gnuplot", "we");
	int status;

	if (!to)
		die(STATUS_NO, "cannot start gnuplot: %s", strerror(errno));
	script(to, result, path);
	status = pclose(to);
	if (status)
		die(STATUS_NO, "gnuplot could not draw %s (status %d)", path, status);
}
