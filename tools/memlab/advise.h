/* SPDX-License-Identifier: GPL-2.0-only */
/* Which of the kernel's functions to allocate by, on the kernel that is running. */
#ifndef MEMLAB_ADVISE_H
#define MEMLAB_ADVISE_H

#include "memlab.h"

/**
 * struct advice_question - what the memory is for
 * @bytes: of one object, from 1
 * @count: how many; 0 is as 1. Elements of one array, unless @same_size_many
 * @context: enum memlab_lib_context of the code that needs it
 * @dma: a device without scatter-gather reads or writes it
 * @user_copy: a part of it is copied to or from user space; implies @user_triggered
 * @user_triggered: a program's request makes the kernel allocate it
 * @same_size_many: there are many objects of that size, each allocated by itself
 * @long_lived: it stays until the driver goes
 */
struct advice_question {
	uint64_t bytes;
	uint64_t count;
	unsigned int context;
	bool dma;
	bool user_copy;
	bool user_triggered;
	bool same_size_many;
	bool long_lived;
};

/**
 * struct advice_call - a way to allocate
 * @function: of the kernel, such as "kvmalloc_array"
 * @cache_function: that makes the cache it takes objects from, or NULL
 * @free_function: that frees it
 * @text: the call as it stands in a driver, for free()
 * @ahead: to be called beforehand in process context, not in that of the question
 * @offered: the driver has it, so that advice_perform() can call it
 * @checked: the driver said that it would call it; false where that takes a privilege
 *	that the caller lacks
 * @request: what to ask of the driver, without a cache, if @offered
 */
struct advice_call {
	const char *function;
	const char *cache_function;
	const char *free_function;
	char *text;
	bool ahead;
	bool offered;
	bool checked;
	struct request request;
};

/**
 * struct advice_reason - why it is so
 * @claim: id of the claim that it rests on
 * @text: a sentence without a full stop, for free()
 */
struct advice_reason {
	const char *claim;
	char *text;
};

#define ADVICE_MAX_REASONS 12

/**
 * struct advice - what to use
 * @possible: there is something to use; otherwise only @reasons and @largest say more
 * @served: there is memory for it now
 * @use: what to use
 * @has_runner_up: there is a second best
 * @runner_up: that
 * @contiguous: it is, or with kvmalloc() would be now, one physical run
 * @total: bytes of it, or with many objects of one of them
 * @usable: bytes that the allocator would set aside now; 0 when that is not known
 * @largest: the largest block in bytes that a request gets now without compaction
 * @reason_count: number of @reasons
 * @reasons: why
 */
struct advice {
	bool possible;
	bool served;
	struct advice_call use;
	bool has_runner_up;
	struct advice_call runner_up;
	bool contiguous;
	uint64_t total;
	uint64_t usable;
	uint64_t largest;
	size_t reason_count;
	struct advice_reason reasons[ADVICE_MAX_REASONS];
};

/**
 * advise() - name the function to use, and why
 * @dev: the device, open for writing
 * @question: what the memory is for
 * @advice: out; for advice_clear()
 *
 * Asks the running kernel: its limits and what each allocator takes in which context by
 * dry runs, and what memory there is by /proc/buddyinfo, /proc/zoneinfo and
 * /proc/meminfo; and has one object of a slab cache allocated to see its usable size.
 *
 * Return: 0; or -1 with errno, EINVAL for a size of 0 or an unknown context.
 */
int advise(struct memlab_dev *dev, const struct advice_question *question, struct advice *advice);

/**
 * advice_clear() - let go of what advise() filled in
 * @advice: the advice
 */
void advice_clear(struct advice *advice);

/**
 * struct advice_made - what advice_perform() allocated
 * @buf: the buffer
 * @cache: the cache that it is an object of, or NULL
 */
struct advice_made {
	struct memlab_buf *buf;
	struct memlab_cache *cache;
};

/**
 * advice_perform() - have the driver do what was advised
 * @dev: the device, open for writing
 * @call: what, with @offered set
 * @made: out; for advice_undo()
 * @told: out: what the kernel's function did, or the reason of a refusal; may be NULL
 *
 * Return: 0, or -1 with the errno of memlab_cache_create() or memlab_buf_alloc().
 */
int advice_perform(struct memlab_dev *dev, const struct advice_call *call, struct advice_made *made,
		   struct memlab_call *told);

/**
 * advice_undo() - give it back
 * @made: what advice_perform() filled in; nothing is left in it
 */
void advice_undo(struct advice_made *made);

/* ---- advise_result.c ---- */

/* As JSON: what -j of "memlab advise" prints. */
struct json_object *result_advice(const struct advice *advice);

#endif /* MEMLAB_ADVISE_H */
