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
 * struct advice_gap - what could not be checked
 * @what: the fact, for free()
 * @why: the source that is missing, what would open it, and what is assumed, for free()
 */
struct advice_gap {
	char *what;
	char *why;
};

#define ADVICE_MAX_GAPS 12

/**
 * struct advice_fact - a fact of the kernel that was found without the driver
 * @name: as "memlab info" has it
 * @value: of it
 * @source: where it is from, for free()
 */
struct advice_fact {
	const char *name;
	uint64_t value;
	char *source;
};

#define ADVICE_MAX_FACTS 8

/**
 * struct advice - what to use
 * @driver: the driver's dry runs decided; otherwise uname(2) and /proc, see @facts and @gaps
 * @possible: there is something to use; otherwise only @reasons and @largest say more
 * @served_known: @served is valid; always with the driver
 * @served: there is memory for it now
 * @use: what to use
 * @has_runner_up: there is a second best
 * @runner_up: that
 * @contiguous_known: @contiguous is valid; always with the driver
 * @contiguous: it is, or with kvmalloc() would be now, one physical run
 * @total: bytes of it, or with many objects of one of them
 * @usable: bytes that the allocator would set aside now; 0 when that is not known
 * @largest_known: @largest is valid; always with the driver
 * @largest: the largest block in bytes that a request gets now without compaction
 * @reason_count: number of @reasons
 * @reasons: why
 * @release: of the kernel, by uname(2), without the driver
 * @machine: likewise
 * @fact_count: number of @facts
 * @facts: of the kernel, without the driver
 * @gap_count: number of @gaps
 * @gaps: what could not be checked without the driver
 */
struct advice {
	bool driver;
	bool possible;
	bool served_known;
	bool served;
	struct advice_call use;
	bool has_runner_up;
	struct advice_call runner_up;
	bool contiguous_known;
	bool contiguous;
	uint64_t total;
	uint64_t usable;
	bool largest_known;
	uint64_t largest;
	size_t reason_count;
	struct advice_reason reasons[ADVICE_MAX_REASONS];
	char release[65];
	char machine[65];
	size_t fact_count;
	struct advice_fact facts[ADVICE_MAX_FACTS];
	size_t gap_count;
	struct advice_gap gaps[ADVICE_MAX_GAPS];
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
 * advise_without_driver() - the same from uname(2), /proc and /sys
 * @why: why there is no driver to ask
 * @question: what the memory is for
 * @advice: out; for advice_clear()
 *
 * The rules are the same. What the driver would have been asked goes by files that the kernel
 * shows to everybody, and by its version where it shows none; a file that cannot be read makes
 * a gap in the advice, and no error.
 *
 * Return: 0; or -1 with errno, as advise().
 */
int advise_without_driver(const char *why, const struct advice_question *question,
			  struct advice *advice);

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
