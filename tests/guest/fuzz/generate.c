// SPDX-License-Identifier: GPL-2.0-only
/* Programs: made from nothing, and from others. */
#include <string.h>

#include "fuzz.h"

#define NEARLY_PERCENT	20 /* valid, but for one to three arguments */
#define GARBAGE_PERCENT 6

static const struct call_type *any_type(struct random *random)
{
	unsigned int total = 0, i, left;

	for (i = 0; i < call_type_count; i++)
		total += call_types[i].weight;
	left = (unsigned int)below(random, total);
	for (i = 0; left >= call_types[i].weight; i++)
		left -= call_types[i].weight;
	return &call_types[i];
}

/* The arguments in the order in which they are: an offset comes after its buffer. */
static void fill_valid(struct random *random, const struct expected *expected, struct call *call)
{
	unsigned int i;

	for (i = 0; i < call->type->arg_count; i++)
		call->args[i] = valid_value(random, expected, &call->type->args[i], call);
	make_consistent(random, expected, call);
	if (!strcmp(call->type->name, "raw"))
		call->args[1] = 0xb900 + below(random, 20);
}

static void change_argument(struct random *random, struct call *call)
{
	unsigned int i;

	if (!call->type->arg_count)
		return;
	i = (unsigned int)below(random, call->type->arg_count);
	switch (below(random, 4)) {
	case 0:
		call->args[i] ^= 1ULL << below(random, 64);
		break;
	case 1:
		call->args[i] += below(random, 17) - 8;
		break;
	default:
		call->args[i] = interesting(random);
	}
}

static void fill(struct random *random, const struct expected *expected, struct call *call)
{
	unsigned int i, count;

	fill_valid(random, expected, call);
	if (chance(random, GARBAGE_PERCENT))
		count = call->type->arg_count;
	else
		count = chance(random, NEARLY_PERCENT) ? 1 + (unsigned int)below(random, 3) : 0;
	for (i = 0; i < count; i++)
		change_argument(random, call);
	make_quiet(call);
}

static void set_call(struct random *random, const struct expected *expected, struct call *call,
		     unsigned int thread, const char *name)
{
	memset(call, 0, sizeof(*call));
	call->type = name ? find_call_type(name) : any_type(random);
	call->thread = thread;
	if (name)
		fill_valid(random, expected, call);
	else
		fill(random, expected, call);
	make_quiet(call);
}

/*
 * A program begins with what the rest acts on: a file, a socket, buffers, mappings. With
 * several threads, the first one does that before the others start.
 */
void generate(struct random *random, struct program *program, unsigned int threads)
{
	static const char *const first[] = { "open",  "socket", "alloc",	"alloc", "map",
					     "alloc", "alloc",	"cache_create", "alloc" };
	struct expected expected = { 0 };
	unsigned int count = 8 + (unsigned int)below(random, CALLS_MAX - 8), i;
	unsigned int prepared = 2 + (unsigned int)below(random, COUNT(first) - 1);
	unsigned int thread = 0;

	for (i = 0; i < count; i++) {
		if (i >= prepared)
			thread = (unsigned int)below(random, threads);
		set_call(random, &expected, &program->calls[i], thread,
			 i < prepared ? first[i] : NULL);
		expect_effect(&expected, &program->calls[i]);
	}
	program->count = count;
}

static void expect_before(struct expected *expected, const struct program *program,
			  unsigned int end)
{
	unsigned int i;

	memset(expected, 0, sizeof(*expected));
	for (i = 0; i < end; i++)
		expect_effect(expected, &program->calls[i]);
}

static void insert(struct random *random, struct program *program, unsigned int threads)
{
	unsigned int at = (unsigned int)below(random, program->count + 1);
	struct expected expected;

	if (program->count == CALLS_MAX)
		return;
	memmove(program->calls + at + 1, program->calls + at,
		(program->count - at) * sizeof(*program->calls));
	program->count++;
	expect_before(&expected, program, at);
	set_call(random, &expected, &program->calls[at], (unsigned int)below(random, threads),
		 NULL);
}

static void take_out(struct random *random, struct program *program)
{
	unsigned int at = (unsigned int)below(random, program->count);

	if (program->count < 2)
		return;
	program->count--;
	memmove(program->calls + at, program->calls + at + 1,
		(program->count - at) * sizeof(*program->calls));
}

/* The beginning of one, the end of another. */
static void splice(struct random *random, struct program *program, const struct program *other)
{
	unsigned int keep = 1 + (unsigned int)below(random, program->count);
	unsigned int from = (unsigned int)below(random, other->count);

	while (keep < CALLS_MAX && from < other->count)
		program->calls[keep++] = other->calls[from++];
	program->count = keep;
}

/**
 * mutate() - change a program a little
 * @random: the numbers
 * @program: the program
 * @other: another one, to be spliced with
 * @threads: number of threads
 */
void mutate(struct random *random, struct program *program, const struct program *other,
	    unsigned int threads)
{
	unsigned int times = 1 + (unsigned int)below(random, 4);
	struct expected expected;
	struct call *call;

	while (times--) {
		call = &program->calls[below(random, program->count)];
		switch (below(random, 8)) {
		case 0:
			splice(random, program, other);
			break;
		case 1:
			take_out(random, program);
			break;
		case 2:
		case 3:
			insert(random, program, threads);
			break;
		case 4:
			expect_before(&expected, program, (unsigned int)(call - program->calls));
			fill(random, &expected, call);
			break;
		default:
			change_argument(random, call);
			make_quiet(call);
		}
	}
}
