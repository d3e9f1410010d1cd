// SPDX-License-Identifier: GPL-2.0-only
/* "Which allocator when": cases from real life, and what `memlab advise` makes of them. */
#include <errno.h>
#include <string.h>

#include "advise.h"
#include "witness.h"

#define MAX_FUNCTIONS 8

/* What must be true of the memory, if the driver can allocate it. */
enum place { ANYWHERE, ONE_RUN };

struct advice_case {
	const char *what;
	struct advice_question question;
	const char *functions[MAX_FUNCTIONS]; /* the right ones; none: nothing can be right */
	const char *cache_function;
	enum place place;
	bool ahead;	   /* not where the code is, but beforehand */
	const char *claim; /* that a reason must rest on, or NULL */
};

static const struct advice_case cases[] = {
	{ .what = "a struct of 100 bytes",
	  .question = { .bytes = 100 },
	  .functions = { "kmalloc", "kzalloc" },
	  .place = ONE_RUN },
	{ .what = "a struct of 13 KiB in an ioctl",
	  .question = { .bytes = 13 << 10, .user_triggered = true },
	  .functions = { "kvmalloc", "kvzalloc" },
	  .claim = "gfp-account" },
	{ .what = "a descriptor table of 32 MiB",
	  .question = { .bytes = 32 << 20, .long_lived = true },
	  .functions = { "vmalloc", "vzalloc", "__vmalloc", "kvmalloc", "kvzalloc" },
	  .claim = "vmalloc-large" },
	{ .what = "an array of 5000 elements of 24 bytes",
	  .question = { .bytes = 24, .count = 5000 },
	  .functions = { "kvmalloc_array", "kvcalloc" },
	  .claim = "array-overflow" },
	{ .what = "an array of 2^62 + 1 elements of 4 bytes",
	  .question = { .bytes = 4, .count = (UINT64_C(1) << 62) + 1 },
	  .claim = "array-overflow" },
	{ .what = "1 PiB", .question = { .bytes = UINT64_C(1) << 50 }, .claim = "vmalloc-large" },
	{ .what = "a node of 64 bytes with a spinlock held",
	  .question = { .bytes = 64, .context = MEMLAB_LIB_CONTEXT_ATOMIC },
	  .functions = { "kmalloc", "kzalloc" },
	  .place = ONE_RUN,
	  .claim = "kmalloc-atomic" },
	{ .what = "a packet of 1500 bytes in a soft interrupt",
	  .question = { .bytes = 1500, .context = MEMLAB_LIB_CONTEXT_SOFTIRQ },
	  .functions = { "kmalloc", "kzalloc" },
	  .place = ONE_RUN,
	  .claim = "kmalloc-atomic" },
	{ .what = "a node of 64 bytes in an interrupt handler",
	  .question = { .bytes = 64, .context = MEMLAB_LIB_CONTEXT_HARDIRQ },
	  .functions = { "kmalloc", "kzalloc" },
	  .place = ONE_RUN,
	  .claim = "kmalloc-atomic" },
	{ .what = "1 MiB in an interrupt handler",
	  .question = { .bytes = 1 << 20, .context = MEMLAB_LIB_CONTEXT_HARDIRQ },
	  .functions = { "kvmalloc", "kvzalloc", "vmalloc", "vzalloc", "alloc_pages" },
	  .ahead = true,
	  .claim = "gfp-nowait" },
	{ .what = "100 000 objects of 200 bytes",
	  .question = { .bytes = 200, .count = 100000, .same_size_many = true },
	  .functions = { "kmem_cache_alloc", "kmem_cache_zalloc" },
	  .cache_function = "kmem_cache_create",
	  .place = ONE_RUN,
	  .claim = "cache-identical" },
	{ .what = "objects of 300 bytes, a part copied to user space",
	  .question = { .bytes = 300, .same_size_many = true, .user_copy = true },
	  .functions = { "kmem_cache_alloc", "kmem_cache_zalloc" },
	  .cache_function = "kmem_cache_create_usercopy",
	  .place = ONE_RUN,
	  .claim = "cache-usercopy" },
	{ .what = "4 KiB for a device without scatter-gather",
	  .question = { .bytes = 4096, .dma = true },
	  .functions = { "kmalloc", "kzalloc", "alloc_pages" },
	  .place = ONE_RUN,
	  .claim = "kmalloc-contiguous" },
	{ .what = "2 MiB for a device without scatter-gather",
	  .question = { .bytes = 2 << 20, .dma = true, .long_lived = true },
	  .functions = { "alloc_pages", "alloc_pages_exact", "dma_alloc_coherent" },
	  .place = ONE_RUN,
	  .claim = "kmalloc-large-buddy" },
};

static bool is_among(const char *name, const char *const *names)
{
	for (size_t i = 0; i < MAX_FUNCTIONS && names[i]; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static bool is_claim(const char *id)
{
	for (size_t i = 0; claims[i]; i++)
		if (!strcmp(claims[i]->id, id))
			return true;
	return false;
}

/* Each reason must name a claim that there is, and one of them that of the case. */
static const char *wrong_reasons(const struct advice_case *one, const struct advice *advice)
{
	bool found = !one->claim;

	if (!advice->reason_count)
		return "no reason is given";
	for (size_t i = 0; i < advice->reason_count; i++) {
		if (!is_claim(advice->reasons[i].claim))
			return "a reason names a claim that there is not";
		found |= one->claim && !strcmp(advice->reasons[i].claim, one->claim);
	}
	return found ? NULL : "no reason rests on the claim that decides";
}

/* Where the flags must not let it sleep, they do not, unless it is allocated beforehand. */
static bool would_sleep(const struct advice_case *one, const struct advice_call *call)
{
	const uint64_t calm = MEMLAB_LIB_GFP_NOWAIT | MEMLAB_LIB_GFP_ATOMIC;

	return one->question.context != MEMLAB_LIB_CONTEXT_PROCESS && !call->ahead &&
	       !(call->request.gfp & calm);
}

static const char *wrong_choice(const struct advice_case *one, const struct advice *advice)
{
	const struct advice_call *use = &advice->use;

	if (advice->possible != !!one->functions[0])
		return advice->possible ? "something is advised, though nothing can serve it" :
					  "nothing is advised";
	if (!advice->possible)
		return NULL;
	if (!is_among(use->function, one->functions))
		return "another function than the guide's";
	if (one->cache_function &&
	    (!use->cache_function || strcmp(use->cache_function, one->cache_function)))
		return "the cache is made by another function than the guide's";
	if (use->ahead != one->ahead)
		return use->ahead ? "beforehand, though it can be done on the spot" :
				    "on the spot, where it would fail too easily";
	return would_sleep(one, use) ? "the flags allow sleeping where it is forbidden" : NULL;
}

/* What the memory is like that the advice leads to. */
static const char *wrong_memory(struct claim_run *run, struct kcore *kcore,
				const struct advice_case *one, const struct advice *advice)
{
	struct memlab_call *call = claim_call(run);
	struct memlab_buf_info *info;
	struct advice_made made;
	const char *wrong = NULL;
	bool direct;

	if (advice_perform(run->dev, &advice->use, &made, call))
		return "the advised call fails";
	info = memlab_buf_get_info(made.buf);
	if (!info || !kcore_within(kcore, memlab_buf_info_get_kernel_address(info),
				   memlab_buf_info_get_size(info), &direct))
		wrong = "the memory is not in /proc/kcore";
	else if (one->place == ONE_RUN && !direct)
		wrong = "the memory is not one run in the direct map, by /proc/kcore";
	/* The other way round may be compaction, of which nobody can tell. */
	else if (advice->contiguous && !direct)
		wrong = "it was foretold to be contiguous, and is not";
	else if (memlab_buf_info_get_context(info) != advice->use.request.context)
		wrong = "it was allocated in another context";
	memlab_buf_info_free(info);
	advice_undo(&made);
	return wrong;
}

static void measure(struct claim_run *run, struct kcore *kcore, const struct advice_case *one)
{
	struct advice advice;
	const char *wrong;

	if (advise(run->dev, &one->question, &advice)) {
		claim_case(run, false, "%s: no answer: %s", one->what, strerror(errno));
		return;
	}
	wrong = wrong_choice(one, &advice);
	if (!wrong)
		wrong = wrong_reasons(one, &advice);
	if (!wrong && advice.possible && advice.use.offered && advice.served)
		wrong = wrong_memory(run, kcore, one, &advice);
	claim_case(run, !wrong, "%s: %s%s%s%s", one->what,
		   advice.possible ? advice.use.text : "nothing",
		   advice.possible && advice.use.ahead ? ", beforehand" : "", wrong ? ": " : "",
		   wrong ? wrong : "");
	advice_clear(&advice);
}

/* The largest block that can be had now, as foretold, can be had. */
static void measure_largest(struct claim_run *run)
{
	const struct advice_question question = { .bytes = 1 };
	struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_PAGES };
	struct advice advice;
	char size[SIZE_TEXT];

	if (advise(run->dev, &question, &advice))
		return;
	request.bytes = advice.largest;
	claim_case(run, request.bytes && claim_alloc(run, &request, NULL),
		   "the largest block that is foretold, %s, is served",
		   size_text(size, request.bytes));
	advice_clear(&advice);
}

static enum verdict run_advice(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		measure(run, kcore, &cases[i]);
	measure_largest(run);
	kcore_close(kcore);
	return claim_judge(run, "the advice is the guide's, and what it leads to was allocated and "
				"is what was foretold");
}

const struct claim claim_advice = {
	.id = "advice",
	.claim = "The guide tells which allocator to use, and memlab advise follows it",
	.source = "Documentation/core-api/memory-allocation.rst, all of it, and \"Selecting "
		  "memory allocator\" above all.",
	.why = "The guide's rules follow from the other claims: small objects are kmalloc()'s, as "
	       "that is fast; what may be large is kvmalloc()'s, as it does not fail for "
	       "fragmentation; many objects of one size have a cache of their own; a device that "
	       "cannot scatter needs one physical run; and where sleeping is forbidden, only "
	       "flags that do not sleep will do.",
	.how = "Cases from real life, whose answer the guide gives, are put to what memlab advise "
	       "is made of. It must name a function that is right, flags that the context allows, "
	       "and reasons that rest on claims. What the driver can do of it is done, in that "
	       "context, and where the memory lies is seen by /proc/kcore: in the direct map, and "
	       "so in one run, where that was foretold. The largest block that it foretells must "
	       "be served.",
	.choice = "Ask memlab advise with the size and the circumstances of a case: it also asks "
		  "the running kernel for its limits, and for the memory that there is now.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE | NEED_ADMIN | NEED_CONTEXTS,
	.run = run_advice,
};
