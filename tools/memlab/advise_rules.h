/* SPDX-License-Identifier: GPL-2.0-only */
/* What advise.c goes by: facts of the running kernel, and rules in their order. */
#ifndef MEMLAB_ADVISE_RULES_H
#define MEMLAB_ADVISE_RULES_H

#include "advise.h"

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
	uint64_t minalign;
	unsigned int max_order;
	uint64_t total_ram;
	uint64_t largest;   /* free block that a request gets */
	uint64_t available; /* memory, by MemAvailable */
};

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

/* ---- advise_facts.c ---- */

/* Returns 0, or -1 with errno. */
int facts_read(struct memlab_dev *dev, const struct advice_question *question, struct facts *facts);

bool facts_in_process(const struct facts *facts);

/* Whether the page allocator may refuse such a block in process context. */
bool facts_is_costly(const struct facts *facts);

/* Whether there is memory now for what a rule makes. */
bool facts_serve(const struct facts *facts, const struct rule *rule);

/* Whether the memory is one physical run, as things are now. */
bool facts_contiguous(const struct facts *facts, unsigned int allocator);

/* ---- advise_call.c ---- */

/* The call that a rule stands for, still without its text. */
struct advice_call rule_call(const struct facts *facts, const struct rule *rule);

/* The call as it stands in a driver; for free(). */
char *call_text(const struct facts *facts, const struct advice_call *call);

#endif /* MEMLAB_ADVISE_RULES_H */
