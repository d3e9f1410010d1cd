// SPDX-License-Identifier: GPL-2.0-only
/* Walks over the rules, and asks the driver about each, or what a stock kernel shows. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "advise_rules.h"

static char *format_text(const char *format, va_list args)
{
	char *text;

	return need(vasprintf(&text, format, args) < 0 ? NULL : text);
}

void advise_because(struct advice *advice, const char *claim, const char *format, ...)
{
	struct advice_reason *reason = &advice->reasons[advice->reason_count];
	va_list args;

	if (advice->reason_count == ADVICE_MAX_REASONS)
		return;
	reason->claim = claim;
	va_start(args, format);
	reason->text = format_text(format, args);
	va_end(args);
	advice->reason_count++;
}

void advise_gap(struct advice *advice, const char *what, const char *why, ...)
{
	struct advice_gap *gap = &advice->gaps[advice->gap_count];
	va_list args;

	if (advice->gap_count == ADVICE_MAX_GAPS)
		return;
	va_start(args, why);
	*gap = (struct advice_gap){ text_format("%s", what), format_text(why, args) };
	va_end(args);
	advice->gap_count++;
}

/* Why an allocator is not to be had, by what the driver said. */
static void explain_refusal(const struct facts *facts, const struct advice_call *call, int err,
			    unsigned int reason, struct advice *advice)
{
	char most[SIZE_TEXT];

	if (reason == MEMLAB_LIB_REASON_VMALLOC_SLEEPS) {
		advise_because(advice, "vmalloc-sleeps",
			       "vmalloc() sleeps on this kernel, whatever the flags");
		return;
	}
	if (err != ERANGE || reason != MEMLAB_LIB_REASON_NONE) {
		advise_because(advice, "advice", "%s() is refused: %s", call->function,
			       reason ? memlab_reason_text(reason) : "the driver lacks it");
		return;
	}

	switch (call->request.allocator) {
	case MEMLAB_LIB_ALLOCATOR_KMALLOC:
		advise_because(advice, "kmalloc-max", "kmalloc() ends at %s",
			       size_text(most, facts->kmalloc_max));
		break;
	case MEMLAB_LIB_ALLOCATOR_KVMALLOC:
		advise_because(advice, "kvmalloc-gfp", "kvmalloc() ends at INT_MAX, %s",
			       size_text(most, INT_MAX));
		break;
	default:
		advise_because(advice, "vmalloc-large", "the machine has %s",
			       size_text(most, facts->total_ram));
	}
}

/* The driver's answer to a dry run: whether the call is to be had at all. */
static bool ask_driver(struct memlab_dev *dev, const struct facts *facts, struct advice_call *call,
		       struct advice *advice)
{
	struct memlab_call *told = need(memlab_call_new());
	struct request request = call->request;
	struct memlab_buf_config *config;
	bool possible;

	/* An object of a cache that is not there yet: what is said of flags is the same. */
	if (call->cache_function)
		request.allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC;
	config = request_config(dev, &request);
	call->checked = !memlab_buf_config_check(dev, config, told);
	/* Of the caller, not of the kernel's own code, a capability is wanted. */
	possible = call->checked || errno == EPERM;
	if (!possible)
		explain_refusal(facts, call, errno, memlab_call_get_reason(told), advice);

	memlab_buf_config_free(config);
	memlab_call_free(told);
	return possible;
}

/* The same by what is known without the driver. */
static bool ask_proc(const struct facts *facts, const struct advice_call *call,
		     struct advice *advice)
{
	unsigned int reason = MEMLAB_LIB_REASON_NONE;
	int err = proc_check(facts, &call->request, &reason, advice);

	if (err)
		explain_refusal(facts, call, -err, reason, advice);
	return !err;
}

static bool ask(struct memlab_dev *dev, const struct facts *facts, struct advice_call *call,
		struct advice *advice)
{
	return dev ? ask_driver(dev, facts, call, advice) : ask_proc(facts, call, advice);
}

static void explain_lack(const struct facts *facts, const struct advice_call *call,
			 struct advice *advice)
{
	char most[SIZE_TEXT];

	if (facts->all > facts->available)
		advise_because(advice, "vmalloc-buddy",
			       "%s() would fail now: %s are available in all", call->function,
			       size_text(most, facts->available));
	else
		advise_because(
			advice, "kmalloc-large-buddy",
			"%s() would fail now: it takes a free block of order %u, and the largest one is %s",
			call->function, facts->order, size_text(most, facts->largest));
}

/* Usable bytes of small objects, which only the slab allocator knows: from a sample. */
static uint64_t sample_usable(struct memlab_dev *dev, const struct advice_call *call)
{
	struct advice_call sample = *call;
	struct memlab_buf_info *info;
	struct advice_made made;
	uint64_t usable = 0;

	sample.request.context = MEMLAB_LIB_CONTEXT_PROCESS;
	sample.request.gfp = MEMLAB_LIB_GFP_KERNEL;
	if (advice_perform(dev, &sample, &made, NULL))
		return 0;
	info = memlab_buf_get_info(made.buf);
	if (info)
		usable = memlab_buf_info_get_usable_size(info);
	memlab_buf_info_free(info);
	advice_undo(&made);
	return usable;
}

static uint64_t usable_size(struct memlab_dev *dev, const struct facts *facts,
			    const struct advice_call *call, struct advice *advice)
{
	uint64_t block = facts->page_size << facts->order;
	uint64_t pages = (facts->total + facts->page_size - 1) / facts->page_size;

	switch (call->request.allocator) {
	case MEMLAB_LIB_ALLOCATOR_KMALLOC:
	case MEMLAB_LIB_ALLOCATOR_KVMALLOC:
	case MEMLAB_LIB_ALLOCATOR_CACHE:
		if (facts->total <= facts->kmalloc_max_cache)
			return dev ? sample_usable(dev, call) : proc_usable(facts, call, advice);
		switch (facts_contiguous(facts, call->request.allocator)) {
		case KNOWN_YES:
			return block;
		case KNOWN_NO:
			return pages * facts->page_size;
		default:
			return 0;
		}
	case MEMLAB_LIB_ALLOCATOR_PAGES:
		return block;
	default:
		return pages * facts->page_size;
	}
}

static void explain_forms(const struct facts *facts, struct advice *advice)
{
	const struct advice_call *use = &advice->use;

	if (facts->is_array && use->request.array.count)
		advise_because(
			advice, "array-overflow",
			"%s() refuses a size that overflows, where a product of one's own would wrap round",
			use->function);
	else if (facts->is_array)
		advise_because(advice, "array-overflow",
			       "compute the size by array_size(), which does not wrap round");
	if (use->request.zero)
		advise_because(advice, "kzalloc-zero",
			       "zeroed, so that no byte of somebody else gets to user space");
	if (use->request.gfp & MEMLAB_LIB_GFP_ACCOUNT)
		advise_because(advice, "gfp-account",
			       "charged to the memory cgroup of the program that asks for it");
}

/* The first two rules that hold, and the first that would if there were memory. */
struct choice {
	const struct rule *rule[2];
	struct advice_call call[2];
	size_t count;
	const struct rule *starved;
	struct advice_call starved_call;
};

static void choose(struct memlab_dev *dev, const struct facts *facts, struct advice *advice,
		   struct choice *choice)
{
	bool dma = facts->question->dma;
	const struct rule *rules = dma ? advise_device_rules : advise_rules;
	size_t rule_count = dma ? advise_device_rule_count : advise_rule_count;

	for (size_t i = 0; i < rule_count && choice->count < 2; i++) {
		const struct rule *rule = &rules[i];
		struct advice_call call;

		if (!rule->applies(facts))
			continue;
		call = rule_call(facts, rule);
		if (call.offered && !ask(dev, facts, &call, advice))
			continue;
		/* Of those that the driver lacks, memory may come from elsewhere. */
		if (call.offered && facts_serve(facts, rule) == KNOWN_NO) {
			if (!choice->count)
				explain_lack(facts, &call, advice);
			if (!choice->starved) {
				choice->starved = rule;
				choice->starved_call = call;
			}
			continue;
		}
		choice->rule[choice->count] = rule;
		choice->call[choice->count++] = call;
	}
}

static void decide(struct memlab_dev *dev, const struct facts *facts, struct advice *advice)
{
	struct choice choice = { 0 };
	enum known contiguous;

	choose(dev, facts, advice, &choice);
	if (choice.count && choice.call[0].offered) {
		enum known served = facts_serve(facts, choice.rule[0]);

		advice->served_known = served != UNKNOWN;
		advice->served = served == KNOWN_YES;
	} else {
		advice->served_known = true;
	}
	if (choice.starved && choice.count < 2) {
		choice.rule[choice.count] = choice.starved;
		choice.call[choice.count++] = choice.starved_call;
	}
	if (!choice.count)
		return;

	advice->possible = true;
	advice->use = choice.call[0];
	advice->has_runner_up = choice.count > 1;
	advice->runner_up = choice.call[1];
	advice->use.text = call_text(facts, &advice->use);
	if (advice->has_runner_up)
		advice->runner_up.text = call_text(facts, &advice->runner_up);
	choice.rule[0]->explain(facts, advice);
	explain_forms(facts, advice);
	if (!advice->use.offered)
		return;
	contiguous = facts_contiguous(facts, advice->use.request.allocator);
	advice->contiguous_known = contiguous != UNKNOWN;
	advice->contiguous = contiguous == KNOWN_YES;
	advice->usable = usable_size(dev, facts, &advice->use, advice);
}

/* Without @dev, what a stock kernel shows answers. */
static int answer(struct memlab_dev *dev, const struct advice_question *question,
		  struct advice *advice)
{
	struct proc_facts proc = { 0 };
	struct facts facts;

	if (!question->bytes || !memlab_context_name(question->context)) {
		errno = EINVAL;
		return -1;
	}
	if (facts_read(dev, question, &facts, &proc, advice))
		return -1;

	advice->total = facts.total;
	advice->largest_known = facts.largest_known;
	advice->largest = facts.largest;
	if (facts.overflows)
		advise_because(
			advice, "array-overflow",
			"the size of the array overflows: the kernel's functions for arrays return NULL, and no other one can do better");
	else
		decide(dev, &facts, advice);
	proc_facts_clear(&proc);
	return 0;
}

int advise(struct memlab_dev *dev, const struct advice_question *question, struct advice *advice)
{
	*advice = (struct advice){ .driver = true };
	return answer(dev, question, advice);
}

int advise_without_driver(const char *why, const struct advice_question *question,
			  struct advice *advice)
{
	*advice = (struct advice){ 0 };
	advise_gap(advice, "a dry run by the driver", "%s", why);
	return answer(NULL, question, advice);
}

void advice_clear(struct advice *advice)
{
	for (size_t i = 0; i < advice->reason_count; i++)
		free(advice->reasons[i].text);
	for (size_t i = 0; i < advice->fact_count; i++)
		free(advice->facts[i].source);
	for (size_t i = 0; i < advice->gap_count; i++) {
		free(advice->gaps[i].what);
		free(advice->gaps[i].why);
	}
	free(advice->use.text);
	free(advice->runner_up.text);
	*advice = (struct advice){ 0 };
}
