/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `memlab report` is made of: each file has a noun, gathers what the kernel says of
 * it, and writes it as a section of the page.
 */
#ifndef MEMLAB_REPORT_H
#define MEMLAB_REPORT_H

#include <time.h>

#include "memlab.h"

/* The buffers of the pictures, and the order that free memory is fragmented to. */
#define SCENE_BYTES (4ULL << 20)
#define SCENE_ORDER 3
#define SCENE_TRIES 4

/* A buffer that was asked for; @failure is why there is none, or NULL. */
struct scene_try {
	struct request request;
	struct memlab_buf_info *info;
	struct memlab_extents *extents;
	char *failure;
};

/* Memory at one time, and what was got of it. */
struct scene {
	uint64_t largest_block;
	size_t count;
	struct scene_try tries[SCENE_TRIES];
};

/* @unfragmented is why there is no @after, or NULL. */
struct report {
	const struct command *cmd;
	struct memlab_dev *dev;
	struct memlab_dev_info *info;
	unsigned int milliseconds;
	bool fragments;
	time_t when;
	struct json_object *machine;
	struct scene before;
	struct scene after;
	char *unfragmented;
	struct json_object *pair;
	struct json_object *access;
	struct json_object *advice;
	struct json_object *claims;
};

/* ---- page.c: the page around the sections ---- */

void page_write(FILE *out, const struct report *report);

/* ---- summary.c: what stands at its top ---- */

void summary_write(FILE *out, const struct report *report);

/* ---- machine.c ---- */

struct json_object *machine_gather(const struct memlab_dev_info *info);
void machine_write(FILE *out, const struct report *report);

/* ---- scene.c: buffers before and after memory is fragmented ---- */

void scenes_gather(struct report *report);
void scenes_free(struct report *report);
void scenes_write(FILE *out, const struct report *report);
struct json_object *scenes_result(const struct report *report);
/* The extents of the buffer of vmalloc(), or 0. */
size_t scene_pieces(const struct scene *scene);
/* The size of the largest buffer of kmalloc(), or 0. */
uint64_t scene_largest(const struct scene *scene);

/* ---- costs.c: what the calls take ---- */

void costs_gather(struct report *report);
void costs_write(FILE *out, const struct report *report);
/* Nanoseconds of an allocator at a size, or 0. */
double costs_find(struct json_object *bench, const char *allocator, uint64_t size);

/* ---- advice.c: what to call, by size and context ---- */

struct json_object *advice_gather(struct memlab_dev *dev);
void advice_write(FILE *out, const struct report *report);

/* ---- verdicts.c: the claims ---- */

struct json_object *verdicts_gather(const struct report *report);
void verdicts_write(FILE *out, const struct report *report);
size_t verdicts_count(const struct report *report, const char *verdict);

/* ---- reproduce.c ---- */

void reproduce_write(FILE *out, const struct report *report);

/* ---- html.c: text of any origin, and what all sections have ---- */

void html_text(FILE *out, const char *text);
/* The same, with names of functions, which end in "()", set as code. */
void html_prose(FILE *out, const char *text);
void html_section(FILE *out, const char *id, const char *title);
void html_section_end(FILE *out);

/* ---- duration.c ---- */

#define DURATION_TEXT 32

/* "270 ns", "12.3 µs": three digits of it. */
const char *duration_text(char text[DURATION_TEXT], double nanoseconds);

#endif /* MEMLAB_REPORT_H */
