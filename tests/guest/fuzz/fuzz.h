/* SPDX-License-Identifier: GPL-2.0-only */
/* fuzz: calls, programs, and what is known of them. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/types.h>

#define ARGS_MAX     32
#define CALLS_MAX    64
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What an argument is: where its values come from. */
enum kind {
	KIND_NUMBER, /* any; often what is in .range */
	KIND_BITS,   /* bits of .range */
	KIND_ZERO,   /* reserved */
	KIND_STRUCT_SIZE,
	KIND_FILE,
	KIND_FILE_OUT,
	KIND_SOCK,
	KIND_SOCK_OUT,
	KIND_BUFFER,
	KIND_BUFFER_OUT,
	KIND_BUFFER_ID, /* of netlink: one above the slot */
	KIND_CACHE,
	KIND_CACHE_OUT,
	KIND_CACHE_ID,
	KIND_MAP,
	KIND_MAP_OUT,
	KIND_PIPE,
	KIND_PLACE,
	KIND_DATA,
	KIND_BYTES,  /* a size of memory */
	KIND_OFFSET, /* within a buffer */
	KIND_GFP,
	KIND_CHOICE, /* one of .choices */
	KIND_CALLS,  /* how many of the calls that follow */
};

/**
 * struct arg - an argument of a call
 * @name: as in the text of a program
 * @kind: where values come from
 * @usual: the value that a text leaves out
 * @range: number of values, or mask of bits
 * @choices: values, and their number in .range
 * @offset: in the struct of an ioctl
 * @width: bytes there, 0 for an argument that is not in the struct
 */
struct arg {
	const char *name;
	enum kind kind;
	__u64 usual;
	__u64 range;
	const __u64 *choices;
	unsigned int offset;
	unsigned int width;
};

/**
 * struct call_type - what can be called
 * @name: as in the text of a program
 * @weight: how often it is chosen; 0: only in a program that somebody wrote
 * @function: what C programs call, for an ioctl the name of its number
 * @run: NULL for an ioctl and for fork
 * @args: the arguments
 * @arg_count: their number
 * @command: number of the ioctl
 * @bytes: size of its struct
 * @struct_name: its name
 */
struct call_type {
	const char *name;
	unsigned int weight;
	const char *function;
	long (*run)(const __u64 *args);
	const struct arg *args;
	unsigned int arg_count;
	unsigned int command;
	unsigned int bytes;
	const char *struct_name;
};

/* Arguments of an ioctl that are not in its struct come first. */
enum { REQUEST_FILE, REQUEST_PLACE, REQUEST_TAIL, REQUEST_SLOT, REQUEST_ARGS };

/* Arguments of fork. */
enum { FORK_CALLS, FORK_MICROSECONDS, FORK_ARGS };

struct call {
	const struct call_type *type;
	unsigned int thread;
	__u64 args[ARGS_MAX];
};

struct program {
	unsigned int count;
	struct call calls[CALLS_MAX];
};

/* table.c */
extern const struct call_type call_types[];
extern const unsigned int call_type_count;
const struct call_type *find_call_type(const char *name);
bool is_fork(const struct call_type *type);

/* random.c */
struct random {
	__u64 state;
};

void seed_random(struct random *random, __u64 seed, __u64 number);
__u64 any(struct random *random);
__u64 below(struct random *random, __u64 limit);
bool chance(struct random *random, unsigned int percent);
__u64 interesting(struct random *random);

/* expect.c */
struct expected {
	unsigned int files, socks, buffers, caches, maps;
	__u64 bytes[8];	 /* of the buffer in a slot */
	__u64 object[8]; /* of the cache in a slot */
};

__u64 value_of(const struct call *call, const char *name);
void set_value(struct call *call, const char *name, __u64 value);
void expect_effect(struct expected *expected, const struct call *call);

/* values.c */
__u64 valid_value(struct random *random, const struct expected *expected, const struct arg *arg,
		  const struct call *call);
void make_consistent(struct random *random, const struct expected *expected, struct call *call);
void make_quiet(struct call *call);

/* generate.c */
void generate(struct random *random, struct program *program, unsigned int threads);
void mutate(struct random *random, struct program *program, const struct program *other,
	    unsigned int threads);

/* execute.c */
void execute_start(unsigned int threads, bool coverage);
void execute(const struct program *program, unsigned int repeat);

/* clean.c */
void clean_up(void);
void set_parameter(const char *name, const char *value);

/* coverage.c */
bool coverage_available(void);
void coverage_open(unsigned int thread);
void coverage_enter(unsigned int thread);
void coverage_leave(void);
void coverage_begin(void);
void coverage_end(void);
bool coverage_grew(void);
void coverage_print(FILE *out);

/* statistics.c */
void count_call(const struct call *call, long err);
unsigned long long calls_done(void);
void print_statistics(FILE *out);
void statistics_start(void);

/* corpus.c */
void corpus_add(struct random *random, const struct program *program);
const struct program *corpus_pick(struct random *random);
unsigned int corpus_size(void);

/* text.c */
void print_call(FILE *out, const struct call *call);
void print_program(FILE *out, const struct program *program);
bool read_program(FILE *in, struct program *program);

/* source.c; the texts are the headers of this program */
extern const char text_world[];
extern const char text_ioctl[];
extern const char text_memory[];
extern const char text_file[];
extern const char text_netlink[];
void print_source(FILE *out, const struct program *program, unsigned int repeat);

#endif /* FUZZ_H */
