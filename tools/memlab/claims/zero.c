// SPDX-License-Identifier: GPL-2.0-only
/* Zeroed memory: kzalloc() and its relatives, and __GFP_ZERO. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

#define KERNEL MEMLAB_LIB_GFP_KERNEL
/* What vzalloc() itself has; with other flags it is __vmalloc() that is called. */
#define PLAIN (KERNEL | MEMLAB_LIB_GFP_WARN | MEMLAB_LIB_GFP_NO_ACCOUNT)

/* Buffers that are filled and freed, and those that are looked at afterwards. */
#define DIRTY_BUFFERS	 16
#define MEASURED_BUFFERS 4
#define MOST_TRIES	 4
#define MOST_DIRTY_BYTES (4U << 20)
#define SEED		 0x7a65726f

#define PART 65536

struct form {
	unsigned int allocator;
	uint64_t bytes;
	uint64_t count;
	uint64_t gfp;
};

static const struct form forms[] = {
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 8, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 100, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 1024, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 8192, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 100000, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 24, 10, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 1000, 100, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 4096, 0, PLAIN },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 100000, 0, PLAIN },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 100000, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KVMALLOC, 500, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_KVMALLOC, 50000, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_CACHE, 200, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_PAGES, 4096, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_PAGES, 32768, 0, KERNEL },
	{ MEMLAB_LIB_ALLOCATOR_PAGES_EXACT, 12288, 0, KERNEL },
};

/* What is measured, and with whom. */
struct zeroing {
	struct kcore *kcore;
	const struct memlab_cache *cache;
	bool by_flag; /* __GFP_ZERO, not the zeroing form */
	size_t without_contrast;
	uint64_t stale_bytes; /* of all buffers that were not to be zeroed */
	uint64_t zeroed_bytes;
};

static struct claim_request request_of(const struct zeroing *zeroing, const struct form *form,
				       bool zeroed)
{
	bool is_object = form->allocator == MEMLAB_LIB_ALLOCATOR_CACHE;
	struct claim_request request = { .allocator = form->allocator,
					 .bytes = form->bytes,
					 .count = form->count,
					 .gfp = form->gfp,
					 .cache = is_object ? zeroing->cache : NULL,
					 .count_stale = true };

	if (zeroed && zeroing->by_flag)
		request.gfp |= MEMLAB_LIB_GFP_ZERO;
	else if (zeroed)
		request.zero = true;
	return request;
}

/* Leaves memory full of other bytes where the next such request will be served from. */
static bool make_dirty(struct claim_run *run, struct claim_request request)
{
	uint64_t bytes = request.bytes * (request.count ? request.count : 1);
	struct memlab_buf *bufs[DIRTY_BUFFERS];
	bool filled = true;
	size_t count = 0;

	request.count_stale = false;
	/* A block that alloc_pages_exact() has split goes back page by page. */
	if (request.allocator == MEMLAB_LIB_ALLOCATOR_PAGES_EXACT)
		request.allocator = MEMLAB_LIB_ALLOCATOR_PAGES;
	while (filled && count < DIRTY_BUFFERS && count * bytes < MOST_DIRTY_BYTES) {
		bufs[count] = claim_alloc(run, &request, NULL);
		if (!bufs[count])
			break;
		filled = !memlab_buf_fill(bufs[count++], SEED, 0, 0);
	}
	for (size_t i = 0; i < count; i++)
		claim_free(run, bufs[i]);
	return filled && count;
}

/* Counts in /proc/kcore, before anybody has cleared the buffer. */
static bool count_seen(struct kcore *kcore, const struct memlab_buf *buf, uint64_t *nonzero)
{
	struct memlab_buf_info *info = memlab_buf_get_info(buf);
	static unsigned char part[PART];
	uint64_t kaddr, size;

	*nonzero = 0;
	if (!info)
		return false;
	kaddr = memlab_buf_info_get_kernel_address(info);
	size = memlab_buf_info_get_size(info);
	memlab_buf_info_free(info);
	for (uint64_t at = 0, length; at < size; at += length) {
		length = size - at < PART ? size - at : PART;
		if (!kcore_read(kcore, kaddr + at, part, (size_t)length))
			return false;
		for (uint64_t i = 0; i < length; i++)
			*nonzero += part[i] != 0;
	}
	return true;
}

/* What buffers came with; @agree: the driver and /proc/kcore say the same. */
struct stale {
	bool agree;
	uint64_t bytes;
	uint64_t of;
	char function[64];
};

/* One more buffer, which is held. False: it cannot be had or not be looked at. */
static bool measure_buffer(struct claim_run *run, const struct zeroing *zeroing,
			   const struct claim_request *request, struct stale *stale)
{
	struct memlab_call *call = claim_call(run);
	struct memlab_buf *buf = claim_alloc(run, request, call);
	uint64_t counted, seen;

	if (!buf || !count_seen(zeroing->kcore, buf, &seen))
		return false;
	counted = memlab_call_get_stale(call);
	stale->agree &= seen == counted;
	stale->bytes += seen > counted ? seen : counted;
	stale->of += memlab_buf_get_size(buf);
	snprintf(stale->function, sizeof(stale->function), "%s", memlab_call_get_function(call));
	return true;
}

/* In turns, so that both kinds come from the same dirty memory. */
static bool measure_once(struct claim_run *run, const struct zeroing *zeroing,
			 const struct form *form, struct stale *without, struct stale *with)
{
	const struct claim_request plain = request_of(zeroing, form, false);
	const struct claim_request zeroed = request_of(zeroing, form, true);

	if (!make_dirty(run, plain))
		return false;
	for (int i = 0; i < MEASURED_BUFFERS; i++)
		if (!measure_buffer(run, zeroing, &plain, without) ||
		    !measure_buffer(run, zeroing, &zeroed, with))
			return false;
	claim_free_all(run);
	return true;
}

/* Again where no plain request met what was made dirty, as others take memory, too. */
static bool measure_form(struct claim_run *run, struct zeroing *zeroing, const struct form *form)
{
	bool none = memlab_dev_info_has_feature(run->info, MEMLAB_LIB_FEATURE_INIT_ON_ALLOC);
	struct stale without = { .agree = true }, with = { .agree = true };

	for (int tries = 0; tries < (none ? 1 : MOST_TRIES) && !without.bytes; tries++)
		if (!measure_once(run, zeroing, form, &without, &with))
			return false;

	zeroing->stale_bytes += without.bytes;
	zeroing->zeroed_bytes += with.of;
	zeroing->without_contrast += !without.bytes;
	claim_case(run, without.agree && with.agree && !with.bytes,
		   "%s%s of %" PRIu64 " bytes: %" PRIu64 " of %" PRIu64
		   " bytes not zero; %s: %" PRIu64 " of %" PRIu64 "%s",
		   with.function, zeroing->by_flag ? " with zero" : "",
		   form->bytes * (form->count ? form->count : 1), with.bytes, with.of,
		   without.function, without.bytes, without.of,
		   without.agree && with.agree ? "" : "; the driver and /proc/kcore do not agree");
	return true;
}

static const struct memlab_cache *make_cache(struct claim_run *run, uint64_t bytes)
{
	struct memlab_cache_config *config = need(memlab_cache_config_new());
	const struct memlab_cache *cache;

	memlab_cache_config_set_size(config, bytes);
	cache = claim_make_cache(run, config, NULL);
	memlab_cache_config_free(config);
	return cache;
}

static enum verdict judge(struct claim_run *run, const struct zeroing *zeroing)
{
	if (claim_wrong(run) || !run->case_count || !zeroing->without_contrast)
		return claim_judge(run,
				   "none of %" PRIu64 " bytes is stale, where plain requests came "
				   "with %" PRIu64
				   " bytes that were not zero; counted by the driver "
				   "and in /proc/kcore",
				   zeroing->zeroed_bytes, zeroing->stale_bytes);
	if (memlab_dev_info_has_feature(run->info, MEMLAB_LIB_FEATURE_INIT_ON_ALLOC))
		return claim_unknown(run,
				     "boot with init_on_alloc=0: here the kernel zeroes every "
				     "allocation, so that none of %" PRIu64 " bytes was stale, of "
				     "plain requests neither",
				     zeroing->zeroed_bytes);
	return claim_unknown(run,
			     "no plain request came with stale bytes in %zu of %" PRIu64
			     " cases (is memory zeroed when it is freed?)",
			     zeroing->without_contrast, run->case_count);
}

static enum verdict run_zeroing(struct claim_run *run, bool by_flag)
{
	struct zeroing zeroing = { .by_flag = by_flag };
	enum verdict verdict;
	size_t done = 0;

	for (size_t i = 0; i < ARRAY_SIZE(forms) && !zeroing.cache; i++)
		if (forms[i].allocator == MEMLAB_LIB_ALLOCATOR_CACHE)
			zeroing.cache = make_cache(run, forms[i].bytes);
	zeroing.kcore = kcore_open();
	if (!zeroing.kcore || !zeroing.cache) {
		kcore_close(zeroing.kcore);
		return claim_unknown(run, "cannot be measured: %s", strerror(errno));
	}
	while (done < ARRAY_SIZE(forms) && measure_form(run, &zeroing, &forms[done]))
		done++;
	if (done == ARRAY_SIZE(forms))
		verdict = judge(run, &zeroing);
	else
		verdict = claim_unknown(run, "cannot be measured: %s of %" PRIu64 " bytes: %s",
					memlab_allocator_name(forms[done].allocator),
					forms[done].bytes, strerror(errno));
	kcore_close(zeroing.kcore);
	return verdict;
}

static enum verdict run_kzalloc(struct claim_run *run)
{
	return run_zeroing(run, false);
}

static enum verdict run_flag(struct claim_run *run)
{
	return run_zeroing(run, true);
}

#define NEEDS (NEED_ADMIN | NEED_PHYS | NEED_KADDR | NEED_KCORE)

const struct claim claim_kzalloc_zero = {
	.id = "kzalloc-zero",
	.claim = "kzalloc, kcalloc, vzalloc, kvzalloc and their relatives return zeroed memory",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"to be on the safe side it's best to use routines that set memory to zero, "
		  "like kzalloc()\"; kernel-doc of kzalloc(), kcalloc(), vzalloc() and "
		  "kmem_cache_zalloc().",
	.why = "All of them pass __GFP_ZERO on, and the slab and page allocators clear what they "
	       "hand out. Plain requests get memory as its last user left it, unless the kernel "
	       "zeroes every allocation (init_on_alloc).",
	.how = "For each function, buffers are filled and freed, and the next ones are allocated "
	       "by it and by the plain function in turns. Before anybody clears them, bytes that "
	       "are not zero are counted twice, by the driver in the kernel and in /proc/kcore "
	       "at the kernel address; only numbers are told. The two must agree; there must be "
	       "none in memory that was to be zeroed, and some in the other. On a kernel that "
	       "zeroes every allocation there cannot be, and the verdict is unknown.",
	.choice = "For whatever is not written as a whole before it is read, above all what a "
		  "user may see a part of. For large buffers that are filled at once the zeroing "
		  "is wasted time.",
	.needs = NEEDS,
	.run = run_kzalloc,
};

const struct claim claim_gfp_zero = {
	.id = "gfp-zero",
	.claim = "__GFP_ZERO makes any allocator return zeroed memory",
	.source = "include/linux/gfp_types.h, \"Action modifiers\": \"__GFP_ZERO returns a "
		  "zeroed page on success\".",
	.why = "The page allocator clears pages that are asked for with the flag "
	       "(mm/page_alloc.c, prep_new_page()), the slab allocator objects (mm/slab.h, "
	       "slab_post_alloc_hook()), and vmalloc() passes the flag on with its requests for "
	       "pages.",
	.how = "As for kzalloc-zero, but by the plain functions (kmalloc(), alloc_pages(), "
	       "kmem_cache_alloc() and so on), with the flag and without it.",
	.choice = "Needed where there is no zeroing function, as for alloc_pages(). Else "
		  "kzalloc() and its relatives say the same and are easier to read.",
	.needs = NEEDS,
	.run = run_flag,
};
