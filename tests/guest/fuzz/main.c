// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz: throw calls at the driver memlab.
 *
 * With --report, programs are printed before they are run, and run when a line comes back:
 * so whoever watches knows what the kernel was doing when it died. See
 * Documentation/testing.rst.
 */
#include <getopt.h>
#include <sys/prctl.h>
#include <time.h>

#include "call_netlink.h"
#include "fuzz.h"

#define BATCH 32

static struct {
	__u64 seed;
	__u64 generate, programs;
	unsigned int seconds, threads, uid, repeat;
	const char *replay, *to_c;
	bool report, blind;
} options = { .seconds = 10, .threads = 1, .repeat = 1, .programs = -1ULL };

static const struct option long_options[] = {
	{ "seed", required_argument, NULL, 's' },     { "seconds", required_argument, NULL, 't' },
	{ "programs", required_argument, NULL, 'm' }, { "threads", required_argument, NULL, 'j' },
	{ "uid", required_argument, NULL, 'u' },      { "repeat", required_argument, NULL, 'n' },
	{ "generate", required_argument, NULL, 'g' }, { "replay", required_argument, NULL, 'r' },
	{ "to-c", required_argument, NULL, 'c' },     { "report", no_argument, NULL, 'p' },
	{ "blind", no_argument, NULL, 'b' },	      {}
};

static void refuse(void)
{
	fprintf(stderr,
		"usage: fuzz [--seed N] [--seconds N] [--programs N] [--threads N] [--uid N]\n"
		"            [--blind] [--report]\n"
		"       fuzz --replay FILE [--repeat N] [--threads N] [--uid N] [--report]\n"
		"       fuzz --to-c FILE [--repeat N]\n"
		"       fuzz --generate N [--seed N] [--threads N]\n"
		"The first one makes programs up; --replay runs those of a file, each so many\n"
		"times; --to-c prints the first of them as a C program; --generate prints what\n"
		"would be run without knowledge of coverage, which --blind disregards.\n");
	exit(2);
}

static __u64 number(const char *text, __u64 most)
{
	char *end;
	__u64 value = strtoull(text, &end, 0);

	if (!*text || *end || value > most)
		refuse();
	return value;
}

static void parse(int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case 's':
			options.seed = number(optarg, -1ULL);
			break;
		case 't':
			options.seconds = (unsigned int)number(optarg, 1000000);
			break;
		case 'm':
			options.programs = number(optarg, -1ULL);
			break;
		case 'j':
			options.threads = (unsigned int)number(optarg, THREADS_MAX);
			break;
		case 'u':
			options.uid = (unsigned int)number(optarg, 65533);
			break;
		case 'n':
			options.repeat = (unsigned int)number(optarg, 1000000000);
			break;
		case 'g':
			options.generate = number(optarg, -1ULL);
			break;
		case 'r':
			options.replay = optarg;
			break;
		case 'c':
			options.to_c = optarg;
			break;
		case 'p':
			options.report = true;
			break;
		case 'b':
			options.blind = true;
			break;
		default:
			refuse();
		}
	}
	if (optind != argc || !options.threads)
		refuse();
}

static FILE *open_text(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		die(path);
	return file;
}

/* Tells what comes now; whether it may. */
static bool report(const struct program *programs, unsigned int count)
{
	char line[16];
	unsigned int i;

	if (!options.report)
		return true;
	for (i = 0; i < count; i++)
		print_program(stdout, &programs[i]);
	printf("run %llu\n", calls_done());
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) && *line == 'g';
}

static void make_program(struct random *random, struct program *program)
{
	unsigned int threads = 1 + (unsigned int)below(random, options.threads);
	const struct program *parent = chance(random, 60) ? corpus_pick(random) : NULL;

	if (!parent) {
		generate(random, program, threads);
		return;
	}
	*program = *parent;
	mutate(random, program, corpus_pick(random), options.threads);
}

static void run_programs(struct random *random, const struct program *programs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		execute(&programs[i], options.repeat);
		clean_up();
		if (coverage_grew())
			corpus_add(random, &programs[i]);
	}
}

/* Each batch has numbers of its own, so that a seed tells what any batch was. */
static __u64 fuzz(void)
{
	static struct program programs[BATCH];
	time_t end = time(NULL) + options.seconds;
	struct random random;
	unsigned int i;
	__u64 done = 0;

	do {
		for (i = 0; i < BATCH; i++) {
			seed_random(&random, options.seed, done + i);
			make_program(&random, &programs[i]);
		}
		if (!report(programs, BATCH))
			break;
		run_programs(&random, programs, BATCH);
		done += BATCH;
	} while (time(NULL) < end && done < options.programs);
	return done;
}

static __u64 replay(void)
{
	FILE *file = open_text(options.replay);
	struct random random = { 0 };
	struct program program;
	__u64 done = 0;

	while (read_program(file, &program) && report(&program, 1)) {
		run_programs(&random, &program, 1);
		done++;
	}
	fclose(file);
	return done;
}

static int generate_only(void)
{
	struct program program;
	struct random random;
	__u64 i;

	for (i = 0; i < options.generate; i++) {
		seed_random(&random, options.seed, i);
		make_program(&random, &program);
		print_program(stdout, &program);
	}
	return 0;
}

static int print_c(void)
{
	FILE *file = open_text(options.to_c);
	struct program program;

	if (!read_program(file, &program))
		refuse();
	fclose(file);
	print_source(stdout, &program, options.repeat);
	return 0;
}

/* Memory for all buffers together, so that the machine keeps enough for itself. */
static void become_user(void)
{
	if (geteuid() == 0)
		set_parameter("max_total_bytes", "48M");
	if (options.uid && (setresgid(options.uid, options.uid, options.uid) ||
			    setresuid(options.uid, options.uid, options.uid)))
		die("setresuid");
	/* Its own memory is its own again. */
	prctl(PR_SET_DUMPABLE, 1);
}

int main(int argc, char **argv)
{
	bool coverage;
	__u64 done;

	parse(argc, argv);
	if (options.to_c)
		return print_c();
	if (options.generate)
		return generate_only();
	coverage = !options.blind && coverage_available();
	statistics_start();
	world_make();
	if (call_family(NULL))
		die("the family " MEMLAB_FAMILY_NAME);
	execute_start(options.threads, coverage);
	become_user();
	done = options.replay ? replay() : fuzz();
	printf("end\n{\"seed\": %llu, \"programs\": %llu, \"corpus\": %u, ", options.seed, done,
	       corpus_size());
	coverage_print(stdout);
	printf(", ");
	print_statistics(stdout);
	printf("}\n");
	return 0;
}
