/* SPDX-License-Identifier: GPL-2.0-only */
/* What `memlab bench` is made of: a plan, its subjects, and what they took. */
#ifndef MEMLAB_BENCH_TOOL_H
#define MEMLAB_BENCH_TOOL_H

#include "memlab.h"

/* What is to be measured: each allocator at each size. */
struct bench_plan {
	const struct command *cmd;
	struct request request; /* but for allocator and bytes */
	unsigned int *allocators;
	size_t allocator_count;
	uint64_t *sizes;
	size_t size_count;
	unsigned int pattern; /* enum memlab_lib_bench_pattern */
	unsigned int order;   /* enum memlab_lib_bench_order */
	uint32_t objects;
	uint64_t stride;
	uint32_t *cpus;
	uint32_t cpu_count;
	unsigned int rounds;
	unsigned int milliseconds; /* for each measurement */
	bool each;
	bool gfp_given;
	bool partial; /* what cannot be measured is only told */
};

/* Nanoseconds for an operation, in one round. */
struct bench_round {
	double all;
	double alloc; /* of those patterns that time both apart, else 0 */
	double free;
	double per_second; /* operations, of all threads */
};

/* An allocator at a size, and what it took. */
struct bench_subject {
	struct request request;
	struct memlab_buf_config *what;
	struct memlab_bench_config *how;
	char *refused; /* why it cannot be measured, or NULL */
	struct bench_round *rounds;
	unsigned int round_count;
	uint64_t operations;
	uint64_t failures;
	uint64_t gfp_used;
	uint64_t timer;
	char *function;
	char *free_function;
	uint64_t longest[2];
	uint64_t histogram[2][MEMLAB_LIB_BENCH_BUCKETS]; /* with each */
};

/* ---- bench_plan.c: the command line ---- */

extern const struct opt bench_opts[];

enum { OPT_CSV = OPT_LONG_ONLY + 100, OPT_PLOT, OPT_LOAD, OPT_COMPARE };

void bench_plan_begin(struct bench_plan *plan, const struct command *cmd);
bool bench_plan_option(struct bench_plan *plan, int c);
void bench_plan_settle(struct bench_plan *plan, struct memlab_dev *dev);
void bench_plan_end(struct bench_plan *plan);

/* ---- bench_list.c: lists and ranges of numbers ---- */

uint64_t *sizes_parse(const struct command *cmd, const char *text, size_t *count);
uint32_t *cpus_parse(const struct command *cmd, const char *text, uint32_t *count);
unsigned int *allocators_parse(const struct command *cmd, const char *text, size_t *count);

/* ---- bench_run.c: rounds ---- */

/*
 * Tries each subject once, and ends the program when none of a size, or none of an
 * allocator, can be measured, unless the plan is partial. For bench_subjects_free().
 */
struct bench_subject *bench_subjects(const struct bench_plan *plan, struct memlab_dev *dev,
				     size_t *count);
void bench_run(const struct bench_plan *plan, struct memlab_dev *dev,
	       struct bench_subject *subjects, size_t count);
void bench_subjects_free(struct bench_subject *subjects, size_t count);

/* ---- bench_result.c: to JSON ---- */

struct json_object *bench_result(const struct bench_plan *plan,
				 const struct bench_subject *subjects, size_t count,
				 const struct memlab_dev_info *info);

/* ---- bench_machine.c: what the times depend on ---- */

struct json_object *bench_machine(const struct memlab_dev_info *info);
extern const struct field bench_machine_fields[];

/* ---- bench_view.c: from JSON to the eye ---- */

void bench_text(struct json_object *result);
void bench_csv(struct json_object *result);
extern const struct view bench_view, bench_csv_view;

/* ---- bench_plot.c ---- */

/* Ends the program when the picture could not be made in the end. */
void bench_plot_check(const struct command *cmd, const char *path);
void bench_plot(struct json_object *result, const char *path);

/* ---- bench_load.c ---- */

/* What -j printed. */
struct json_object *bench_load(const struct command *cmd, const char *path);

/* ---- bench_compare.c ---- */

struct json_object *bench_compare(const struct command *cmd, const char *first, const char *second);
extern const struct view bench_compare_view;

#endif /* MEMLAB_BENCH_TOOL_H */
