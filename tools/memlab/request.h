/* SPDX-License-Identifier: GPL-2.0-only */
/* What alloc, try and resize are asked for. */
#ifndef MEMLAB_REQUEST_H
#define MEMLAB_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"
#include "libmemlab.h"

/* An array, if @count is not 0. */
struct array {
	uint64_t count;
	uint64_t element_bytes;
};

/*
 * @bytes counts when there is no array. Of a cache, 0 means the size of its objects,
 * and any other size is refused.
 */
struct request {
	unsigned int allocator;
	uint64_t bytes;
	struct array array;
	uint64_t gfp;
	unsigned int context;
	uint32_t cache; /* 0: none */
	int node;	/* -1: none preferred */
	bool zero;
	bool persistent;
	bool count_stale;
	bool has_order; /* --order gave @bytes */
};

/* ---- array.c ---- */

#define PRODUCT_TEXT 96

bool array_option(const struct command *cmd, struct array *array, int c);
bool array_settle(const struct command *cmd, const struct array *array);
const char *array_product(char text[PRODUCT_TEXT], const struct array *array);

/* ---- request.c ---- */

void request_option(const struct command *cmd, struct request *request, int c);
void request_operands(const struct command *cmd, struct request *request, char **operands);
struct memlab_buf_config *request_config(struct memlab_dev *dev, const struct request *request);
struct memlab_buf *request_alloc(struct memlab_dev *dev, const struct request *request,
				 struct memlab_call *call);

#define REQUEST_OPERANDS "ALLOCATOR [SIZE]"
#define REQUEST_DETAILS                                                                           \
	"ALLOCATOR is kmalloc, vmalloc, kvmalloc, pages, pages-exact or cache.\n"                 \
	"SIZE is in bytes, or with a unit: 64K, 2MiB, 1G. It is left out with --array and\n"      \
	"--size, --order, or --cache. CONTEXT is process, atomic, softirq or hardirq. LIST has\n" \
	"names with commas between them, such as atomic,nowarn; \"memlab info\" has them all.\n"

#endif /* MEMLAB_REQUEST_H */
