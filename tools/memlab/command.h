/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands and their options: the tables that help, completion and parsing follow. */
#ifndef MEMLAB_COMMAND_H
#define MEMLAB_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h> /* optarg, optind */

struct memlab_buf;
struct json_object;

/* A long option; a @val that is a character is its short form. Lists end with no name. */
struct opt {
	const char *name;
	int val;
	const char *arg;
	const char *help;
};

#define OPT_LONG_ONLY 256

struct command {
	const char *name;
	const char *operands;
	const char *help;
	const char *details;
	const struct opt *opts;
	/* A command of commands has them here, and command_run_group() to run. */
	const struct command *const *subcommands;
	/* What a subcommand belongs to. */
	const struct command *group;
	int (*run)(const struct command *cmd, int argc, char **argv);
};

extern const struct command cmd_info, cmd_alloc, cmd_list, cmd_monitor, cmd_stats, cmd_show,
	cmd_layout, cmd_read, cmd_write, cmd_fill, cmd_check, cmd_resize, cmd_free, cmd_try,
	cmd_cache, cmd_frag, cmd_bench, cmd_verify, cmd_advise, cmd_report, cmd_help, cmd_version;

/* ---- main.c ---- */

extern const struct command *const commands[];

/* ---- command.c ---- */

#define COMMAND_PATH 32

const struct command *command_find(const struct command *group, const char *name);
const char *command_path(char path[COMMAND_PATH], const struct command *cmd);
int command_run_group(const struct command *group, int argc, char **argv);

/* ---- options.c: the command line ---- */

extern const struct opt common_opts[];

int options_next(const struct command *cmd, int argc, char **argv);
char **options_before_command(int argc, char **argv);
char **options_operands(const struct command *cmd, int argc, char **argv, int min, int max);
char **options_ids_or_all(const struct command *cmd, int argc, char **argv, bool all);

/* ---- cmd_help.c, cmd_version.c ---- */

void help_print(const struct command *cmd);
void help_hint(const struct command *cmd);
void version_print(void);

/* ---- names.c: one word of a known set ---- */

/* The name of a number, or NULL beyond the last one. */
typedef const char *name_of_t(unsigned int number);

unsigned int name_parse(const struct command *cmd, const char *what, const char *name,
			name_of_t *name_of, unsigned int first);
uint64_t gfp_parse(const struct command *cmd, const char *list);
struct json_object *result_gfp(uint64_t gfp);
struct json_object *result_seen(unsigned int seen);

/* ---- options that several commands have ---- */

enum {
	OPT_LIMIT = OPT_LONG_ONLY,
	OPT_MAP,
	OPT_NO_MAP,
	OPT_ARRAY,
	OPT_SIZE,
	OPT_ORDER,
	OPT_CACHE,
	OPT_COUNT_STALE,
	OPT_SVG,
	OPT_ALL = 'a',
	OPT_CONTEXT = 'c',
	OPT_GFP = 'g',
	OPT_LENGTH = 'l',
	OPT_NODE = 'n',
	OPT_OFFSET = 'o',
	OPT_SEED = 's',
	OPT_ZERO = 'z',
};

#define OPT(...)            \
	{                   \
		__VA_ARGS__ \
	}
#define LIMIT_OPT  OPT("limit", OPT_LIMIT, "N", "print at most N extents in the table")
#define MAP_OPT	   OPT("map", OPT_MAP, NULL, "draw the picture, even if not on a terminal")
#define NO_MAP_OPT OPT("no-map", OPT_NO_MAP, NULL, "do not draw the picture")
#define OFFSET_OPT OPT("offset", OPT_OFFSET, "OFFSET", "begin there (default: 0)")
#define LENGTH_OPT OPT("length", OPT_LENGTH, "LENGTH", "so many bytes (default: up to the end)")
#define SEED_OPT   OPT("seed", OPT_SEED, "SEED", "the seed of the pattern (default: 1)")
#define ZERO_OPT   OPT("zero", OPT_ZERO, NULL, "have the memory zeroed (__GFP_ZERO)")
#define GFP_OPT	   OPT("gfp", OPT_GFP, "LIST", "with these GFP flags (default: kernel)")
#define CONTEXT_OPT \
	OPT("context", OPT_CONTEXT, "CONTEXT", "call the kernel there (default: process)")
#define NODE_OPT    OPT("node", OPT_NODE, "N", "prefer NUMA node N")
#define ARRAY_OPT   OPT("array", OPT_ARRAY, "N", "an array of N elements; needs --size")
#define SIZE_OPT    OPT("size", OPT_SIZE, "SIZE", "size of one element of the array")
#define ORDER_OPT   OPT("order", OPT_ORDER, "N", "instead of SIZE, for pages: 2^N pages")
#define CACHE_OPT   OPT("cache", OPT_CACHE, "ID", "for cache: an object of this cache")
#define STALE_OPT   OPT("count-stale", OPT_COUNT_STALE, NULL, "count bytes that were not zero")
#define END_OF_OPTS OPT(NULL, 0, NULL, NULL)

/* ---- range.c: a part of a buffer, and the seed of its pattern ---- */

#define DEFAULT_SEED 1

struct range {
	uint64_t offset;
	uint64_t length; /* 0: up to the end */
	uint64_t seed;
};

void range_option(const struct command *cmd, struct range *range, int c);
void range_settle(const struct memlab_buf *buf, struct range *range);
struct json_object *result_range(const struct memlab_buf *buf, const struct range *range);

#endif /* MEMLAB_COMMAND_H */
