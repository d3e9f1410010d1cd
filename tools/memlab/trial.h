/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a buffer hold what the driver says? A trial, and the witnesses it asks. */
#ifndef MEMLAB_TRIAL_H
#define MEMLAB_TRIAL_H

#include "memlab.h"

struct trial {
	const struct memlab_buf *buf;
	const struct memlab_buf_info *info;
	const struct memlab_extents *extents;
	void *map; /* NULL when the buffer cannot be mapped */
	/* The bytes that READ and WRITE take: of a cache's object, those it declares. */
	uint64_t copy_offset;
	uint64_t copy_length;
	uint64_t page_size;
	uint64_t seed;
};

enum answer { DISAGREES, AGREES, NOT_ASKED };

#define DETAIL 256

/* A witness answers and tells, in @detail, what it saw. */
typedef enum answer witness_t(const struct trial *trial, char detail[DETAIL]);

/* ---- witness.c ---- */

struct json_object *witnesses_ask(const struct trial *trial, bool *verified);
enum answer answer(enum answer value, char detail[DETAIL], const char *format, ...) __printf(3, 4);

/* ---- witness_bytes.c: what one side wrote, the other one reads ---- */

witness_t ask_kernel_to_user, ask_user_to_kernel;

/* ---- witness_frames.c: what the kernel's own files say of the page frames ---- */

witness_t ask_pagemap, ask_kpageflags;

#endif /* MEMLAB_TRIAL_H */
