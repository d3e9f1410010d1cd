/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A claim about kernel memory allocation, and how it is put to the test.
 *
 * A file of this directory is a topic, and has a few claims. table.c lists all of
 * them, run.c measures one after another, witness.h has those who may be asked
 * besides the driver.
 *
 * A claim's run() allocates with claim_alloc(), tells every single thing that it
 * measured to claim_case(), and ends with one of claim_judge(), claim_holds(),
 * claim_refuted() and claim_unknown(). Whatever it allocated, mapped, made or
 * fragmented through the functions below is given back when it returns.
 */
#ifndef MEMLAB_CLAIM_H
#define MEMLAB_CLAIM_H

#include "memlab.h"

enum verdict { VERDICT_HOLDS, VERDICT_DOES_NOT_HOLD, VERDICT_UNKNOWN };

/*
 * What a claim cannot be measured without. run.c looks before it calls run(), and
 * says "unknown" with the reason if something is missing.
 */
enum claim_need {
	NEED_PHYS = 1 << 0,	   /* physical addresses, pagemap, kpageflags: CAP_SYS_ADMIN */
	NEED_KADDR = 1 << 1,	   /* kernel addresses: CAP_SYSLOG */
	NEED_ADMIN = 1 << 2,	   /* requests that the driver keeps for CAP_SYS_ADMIN */
	NEED_SLABINFO = 1 << 3,	   /* /proc/slabinfo */
	NEED_VMALLOCINFO = 1 << 4, /* /proc/vmallocinfo; addresses may be hashed all the same */
	NEED_KCORE = 1 << 5,	   /* /proc/kcore */
	NEED_KMSG = 1 << 6,	   /* /dev/kmsg */
	NEED_CONTEXTS = 1 << 7,	   /* a kernel that may allocate outside of process context */
};

struct claim_run;

/**
 * struct claim - something that is said about kernel memory
 * @id: its name, lower-case words with hyphens
 * @claim: what is said, one sentence without a full stop
 * @source: where it is said: document and section, or file and function
 * @why: why it is so; sentences
 * @how: how it is measured, and who is asked besides the driver; sentences
 * @choice: what it means for someone choosing an allocator; sentences
 * @needs: NEED_*, or-ed together
 * @fragments: calls claim_fragment(); neighbours in the table that do so share it
 * @run: measures it
 *
 * The texts are plain prose without markup. Names of functions end in (), which is
 * all that the renderers look for. Documentation/claims.rst and a section of
 * memlab(1) are made of them.
 */
struct claim {
	const char *id;
	const char *claim;
	const char *source;
	const char *why;
	const char *how;
	const char *choice;
	unsigned int needs;
	bool fragments;
	enum verdict (*run)(struct claim_run *run);
};

/* All of them in the order in which they are told and run; NULL at the end. */
extern const struct claim *const claims[];

extern const struct claim claim_kmalloc_contiguous, claim_kmalloc_linear, claim_vmalloc_virtual,
	claim_vmalloc_scattered, claim_vmalloc_page_tables, claim_kmalloc_max, claim_vmalloc_large,
	claim_kmalloc_faster, claim_kmalloc_slab, claim_kmalloc_large_buddy, claim_vmalloc_buddy,
	claim_kmalloc_atomic, claim_vmalloc_sleeps, claim_kzalloc_zero, claim_array_overflow,
	claim_kmalloc_minalign, claim_kmalloc_pow2_align, claim_kmalloc_divisor_align,
	claim_kmalloc_usable, claim_kmalloc_zero_size, claim_krealloc_keeps,
	claim_krealloc_array_overflow, claim_pages_order, claim_pages_exact,
	claim_kvmalloc_fallback, claim_kvmalloc_small, claim_kvmalloc_gfp, claim_kvfree_any,
	claim_cache_identical, claim_cache_usercopy, claim_cache_destroy, claim_gfp_zero,
	claim_gfp_nowait, claim_gfp_noretry, claim_gfp_retry_mayfail, claim_gfp_nowarn,
	claim_gfp_high, claim_gfp_nofail, claim_gfp_account, claim_gfp_dma32, claim_advice;

/* One claim being measured; what is not documented here is run.c's own. */
struct claim_run {
	struct memlab_dev *dev;
	const struct memlab_dev_info *info;
	uint64_t page_size;
	bool provoke; /* --provoke: warnings in the kernel's log are welcome */

	const struct claim *claim;
	bool verbose;
	struct fragmentation *fragmentation;
	struct claim_held *held;
	char *evidence;
	char *first_wrong;
	struct json_object *cases;
	uint64_t case_count;
	uint64_t wrong_count;
};

/* ---- case.c: what was measured, and what follows from it ---- */

/*
 * One measured case. @agrees: it is as the claim says, and the witnesses say what
 * the driver says. The first case that does not is the evidence against the claim.
 * Returns @agrees.
 */
bool claim_case(struct claim_run *run, bool agrees, const char *format, ...) __printf(3, 4);

/*
 * For "X is guaranteed": holds if there were cases and all of them agreed, does not
 * hold if one did not, unknown if there was none. The text is the deciding figure,
 * without the number of cases, which is put before it.
 */
enum verdict claim_judge(struct claim_run *run, const char *format, ...) __printf(2, 3);

/* For other verdicts; the text is the whole evidence, on one line. */
enum verdict claim_holds(struct claim_run *run, const char *format, ...) __printf(2, 3);
enum verdict claim_refuted(struct claim_run *run, const char *format, ...) __printf(2, 3);
enum verdict claim_unknown(struct claim_run *run, const char *format, ...) __printf(2, 3);

/* How many cases did not agree so far. */
uint64_t claim_wrong(const struct claim_run *run);

/* ---- held.c: what a claim holds while it is measured ---- */

/* What to allocate; members that are left out are 0. */
struct claim_request {
	unsigned int allocator; /* MEMLAB_LIB_ALLOCATOR_* */
	uint64_t bytes;		/* with .count, those of one element */
	uint64_t count;		/* elements of an array; 0: no array */
	uint64_t gfp;		/* MEMLAB_LIB_GFP_*; 0: GFP_KERNEL */
	unsigned int context;	/* MEMLAB_LIB_CONTEXT_* */
	const struct memlab_cache *cache;
	bool zero;	  /* the zeroing form, such as kzalloc() */
	bool count_stale; /* needs CAP_SYS_ADMIN */
	bool on_node;	  /* .node is meant */
	int node;
};

/*
 * Allocates. @call, which may be NULL, tells about the call of the kernel's function,
 * also when it fails; see memlab_call_new().
 * Returns the buffer, or NULL with errno.
 */
struct memlab_buf *claim_alloc(struct claim_run *run, const struct claim_request *request,
			       struct memlab_call *call);

/* Whether the request would reach the kernel's function; else false with errno. */
bool claim_allowed(struct claim_run *run, const struct claim_request *request,
		   struct memlab_call *call);

/*
 * The verdict "unknown" after claim_alloc() returned NULL and nothing speaks against
 * the claim: names the request and errno.
 */
enum verdict claim_alloc_failed(struct claim_run *run, const struct claim_request *request);

/*
 * The buffer's mapping, for reading and writing; the same one whenever it is asked for.
 * NULL with errno, EOPNOTSUPP for a buffer that does not own its pages whole.
 */
void *claim_map(struct claim_run *run, struct memlab_buf *buf, size_t *length);

/* Unmaps and frees. Ends the program if the driver refuses, which it has no reason to. */
void claim_free(struct claim_run *run, struct memlab_buf *buf);
void claim_free_all(struct claim_run *run);

/* As memlab_buf_free_call(), for a claim about freeing. False with errno: still held. */
bool claim_free_call(struct claim_run *run, struct memlab_buf *buf, bool by_kvfree,
		     unsigned int context, struct memlab_call *call);

/* A cache, destroyed after all buffers; NULL with errno. claim_end_cache() may fail. */
struct memlab_cache *claim_make_cache(struct claim_run *run,
				      const struct memlab_cache_config *config,
				      struct memlab_call *call);
bool claim_end_cache(struct claim_run *run, struct memlab_cache *cache);

/* A struct memlab_call that lives until the claim ends. */
struct memlab_call *claim_call(struct claim_run *run);

/*
 * Leaves @percent of free memory without free blocks above @order, until the claim ends
 * or claim_unfragment() is called; see frag_begin(). Memory may be in that state from the
 * beginning, when the claim before this one left it so. Returns false after the verdict
 * "unknown" was given, with the reason.
 */
bool claim_fragment(struct claim_run *run, unsigned int order, unsigned int percent);
void claim_unfragment(struct claim_run *run);

/* ---- need.c ---- */

/* What is missing of @needs, as text for free(); NULL when nothing is. */
char *claim_lacks(const struct memlab_dev_info *info, unsigned int needs);

/* ---- cmd_verify.c's renderers ---- */

const char *verdict_name(enum verdict verdict);

#endif /* MEMLAB_CLAIM_H */
