/* SPDX-License-Identifier: GPL-2.0-only */
/* What advise.c goes by: facts of the running kernel, and rules in their order. */
#ifndef MEMLAB_ADVISE_RULES_H
#define MEMLAB_ADVISE_RULES_H

#include "advise.h"
#include "kernel.h"

/* Up to this order the page allocator does not refuse in process context. */
#define COSTLY_ORDER 3

/* The question, and what the kernel says to it; sizes are in bytes. */
struct facts {
	const struct advice_question *question;
	uint64_t count;
	bool is_array;
	bool overflows;
	bool is_account;    /* a memory cgroup is to pay */
	uint64_t total;	    /* of one allocation, cut off if it overflows */
	uint64_t all;	    /* of all allocations, likewise */
	unsigned int order; /* of a block that holds it */
	uint64_t page_size;
	uint64_t kmalloc_max;
	uint64_t kmalloc_max_cache;
	uint64_t minalign; /* 0: not known */
	unsigned int max_order;
	uint64_t total_ram;
	bool largest_known;
	uint64_t largest; /* free block that a request gets */
	bool available_known;
	uint64_t available;	 /* memory, by MemAvailable; UINT64_MAX: not known */
	struct proc_facts *proc; /* what is known instead of the driver's answers, or NULL */
};

/* Answers, where a file that would give one may be hidden. */
enum known { KNOWN_NO, KNOWN_YES, UNKNOWN };

/*
 * One way to allocate, where it @applies. The first that the driver does not refuse, and
 * for which there is memory, is the advice; the next one is the runner-up.
 */
struct rule {
	bool (*applies)(const struct facts *facts);
	/* 0: one that the driver does not have. For PAGES, PAGES_EXACT if that fits better. */
	unsigned int allocator;
	uint64_t gfp; /* MEMLAB_LIB_GFP_*; 0: KERNEL, or ATOMIC out of process context */
	bool ahead;
	const char *function; /* without @allocator */
	const char *free_function;
	void (*explain)(const struct facts *facts, struct advice *advice);
};

/* ---- advise_rules.c, advise_device.c: for the processor's own use, and for devices ---- */

extern const struct rule advise_rules[];
extern const size_t advise_rule_count;
extern const struct rule advise_device_rules[];
extern const size_t advise_device_rule_count;

/* ---- advise.c ---- */

/* One more reason; beyond ADVICE_MAX_REASONS they are left out. */
void advise_because(struct advice *advice, const char *claim, const char *format, ...)
	__printf(3, 4);

/* What could not be checked, and why not. */
void advise_gap(struct advice *advice, const char *what, const char *why, ...) __printf(3, 4);

/* ---- advise_facts.c ---- */

/*
 * From the driver, or without @dev from what a stock kernel shows, into @proc. Returns 0, or -1
 * with errno.
 */
int facts_read(struct memlab_dev *dev, const struct advice_question *question, struct facts *facts,
	       struct proc_facts *proc, struct advice *advice);

bool facts_in_process(const struct facts *facts);

/* Whether the page allocator may refuse such a block in process context. */
bool facts_is_costly(const struct facts *facts);

/* Whether there is memory now for what a rule makes. */
enum known facts_serve(const struct facts *facts, const struct rule *rule);

/* Whether the memory is one physical run, as things are now. */
enum known facts_contiguous(const struct facts *facts, unsigned int allocator);

/* ---- advise_proc.c: what the driver is asked for, without it ---- */

/* Errors of reading what changes from moment to moment; 0 where it was read. */
struct memory_errors {
	int buddyinfo;
	int pagetypeinfo;
	int zoneinfo;
	int meminfo;
};

struct proc_facts {
	struct kernel kernel;
	struct kmalloc_classes classes;
	bool vmalloc_nowait;
	/* Where @vmalloc_nowait is from, as a gap has it; for free(). NULL: it is not looked up. */
	char *vmalloc_source;
};

/*
 * Fills in @proc, and in @facts what the driver's INFO would; @orders, by /proc/buddyinfo, is 0
 * if that is not known. Returns 0, or -1 with errno.
 */
int proc_facts_read(struct proc_facts *proc, unsigned int orders,
		    const struct memory_errors *errors, struct facts *facts, struct advice *advice);

void proc_facts_clear(struct proc_facts *proc);

/* As the driver judges a dry run, but for privileges: 0, or a negative errno with @reason. */
int proc_check(const struct facts *facts, const struct request *request, unsigned int *reason,
	       struct advice *advice);

/* Usable bytes of a small object; 0 when that is not known. */
uint64_t proc_usable(const struct facts *facts, const struct advice_call *call,
		     struct advice *advice);

/* ---- advise_call.c ---- */

/* The call that a rule stands for, still without its text. */
struct advice_call rule_call(const struct facts *facts, const struct rule *rule);

/* The call as it stands in a driver; for free(). */
char *call_text(const struct facts *facts, const struct advice_call *call);

#endif /* MEMLAB_ADVISE_RULES_H */
