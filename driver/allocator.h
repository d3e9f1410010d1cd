/* SPDX-License-Identifier: GPL-2.0-only */
/* The allocators, their flags, and what both need to know of a request. */
#ifndef MEMLAB_ALLOCATOR_H
#define MEMLAB_ALLOCATOR_H

#include <linux/bits.h>

#include "memlab.h"

struct memlab_loops;

/**
 * struct memlab_allocator_ops - one way to get memory; a line of the table
 * @max_bytes: the most that it can ever serve on this machine
 * @footprint: bytes that a request really takes, for the limits
 * @function: name of the kernel function that @alloc will call, NULL if there is none
 *	for what memlab_form() says of the request
 * @alloc: calls it; returns NULL on failure. Runs in any context, so it must not do
 *	anything else that could sleep
 * @settle: sets usable and backing once @alloc or @resize has succeeded
 * @free: undoes @alloc, in any context
 * @free_name: name of the kernel function that @free calls
 * @loops: many calls of both
 * @resize: calls the function that resizes; returns NULL on failure
 * @resize_name: its name, NULL if this kernel has none
 * @resize_array_name: that of its form for arrays, NULL if there is none
 * @gfp_refused: MEMLAB_GFP_* that it does not take
 * @gfp_added: MEMLAB_GFP_* that @alloc needs
 * @zero_by_flag: bit n for a MEMLAB_FORM_* of n that zeroes by __GFP_ZERO
 * @takes_kvfree: kvfree() may free its memory
 * @by_pages: it may take page after page until no memory is left
 */
struct memlab_allocator_ops {
	u64 (*max_bytes)(void);
	u64 (*footprint)(const struct memlab_buffer *buf, u64 bytes);
	const char *(*function)(const struct memlab_buffer *buf);
	void *(*alloc)(const struct memlab_buffer *buf, gfp_t gfp);
	void (*settle)(struct memlab_buffer *buf);
	void (*free)(const struct memlab_buffer *buf);
	const char *free_name;
	const struct memlab_loops *loops;
	void *(*resize)(const struct memlab_buffer *buf, const struct memlab_shape *shape,
			gfp_t gfp);
	const char *resize_name;
	const char *resize_array_name;
	u64 gfp_refused;
	u64 gfp_added;
	u32 zero_by_flag;
	bool takes_kvfree;
	bool by_pages;
};

/* Forms of an allocation function, such as kcalloc_node() for all three. */
#define MEMLAB_FORM_NODE  1
#define MEMLAB_FORM_ZERO  2
#define MEMLAB_FORM_ARRAY 4
#define MEMLAB_FORMS	  8

/* allocator.c, allocators/ */
const struct memlab_allocator_ops *memlab_allocator_find(u32 number);
u64 memlab_allocator_mask(void);
u64 memlab_allocator_resizable(void);
int memlab_allocator_check(const struct memlab_buffer *buf, struct memlab_alloc *arg);
void memlab_shape_set(struct memlab_shape *shape, u64 bytes, u64 count);
unsigned int memlab_form(const struct memlab_buffer *buf);
extern const struct memlab_allocator_ops memlab_kmalloc;
extern const struct memlab_allocator_ops memlab_vmalloc;
extern const struct memlab_allocator_ops memlab_kvmalloc;
extern const struct memlab_allocator_ops memlab_pages;
extern const struct memlab_allocator_ops memlab_pages_exact;
extern const struct memlab_allocator_ops memlab_object;
u64 memlab_kmalloc_footprint(const struct memlab_buffer *buf, u64 bytes);
void memlab_kmalloc_settle(struct memlab_buffer *buf);
void memlab_kmalloc_cache_name(const struct memlab_buffer *buf, u8 *name, size_t size);
u64 memlab_page_footprint(const struct memlab_buffer *buf, u64 bytes);

/* gfp.c */
#define MEMLAB_GFP_GIVEN (MEMLAB_GFP_COMP - 1) /* all that a program may give */
int memlab_gfp_check(const struct memlab_buffer *buf, u64 gfp, const struct memlab_shape *shape,
		     bool on_node, u32 *reason);
u64 memlab_gfp_complete_alloc(const struct memlab_buffer *buf);
u64 memlab_gfp_complete(const struct memlab_buffer *buf, u64 gfp, u64 bytes);
gfp_t memlab_gfp(u64 used);
bool memlab_gfp_sleeps(u64 gfp);
bool memlab_gfp_is_plain(u64 gfp);

#endif /* MEMLAB_ALLOCATOR_H */
