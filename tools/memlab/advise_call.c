// SPDX-License-Identifier: GPL-2.0-only
/* A way to allocate: as it stands in a driver, and as this one is asked for it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "advise_rules.h"

/* Names by allocator: plain, zeroed, array, zeroed array; and what frees. */
static const struct {
	const char *names[4];
	const char *free;
} functions[] = {
	[MEMLAB_LIB_ALLOCATOR_KMALLOC] = { { "kmalloc", "kzalloc", "kmalloc_array", "kcalloc" },
					   "kfree" },
	[MEMLAB_LIB_ALLOCATOR_VMALLOC] = { { "vmalloc", "vzalloc", "vmalloc_array", "vcalloc" },
					   "vfree" },
	[MEMLAB_LIB_ALLOCATOR_KVMALLOC] = { { "kvmalloc", "kvzalloc", "kvmalloc_array",
					      "kvcalloc" },
					    "kvfree" },
	[MEMLAB_LIB_ALLOCATOR_PAGES] = { { "alloc_pages", "alloc_pages", "alloc_pages",
					   "alloc_pages" },
					 "__free_pages" },
	[MEMLAB_LIB_ALLOCATOR_PAGES_EXACT] = { { "alloc_pages_exact", "alloc_pages_exact",
						 "alloc_pages_exact", "alloc_pages_exact" },
					       "free_pages_exact" },
	[MEMLAB_LIB_ALLOCATOR_CACHE] = { { "kmem_cache_alloc", "kmem_cache_zalloc",
					   "kmem_cache_alloc", "kmem_cache_zalloc" },
					 "kmem_cache_free" },
};

/* vmalloc() takes no flags, __vmalloc() takes those that are not GFP_KERNEL. */
static const char *const flagged_vmalloc[] = { "__vmalloc", "__vmalloc", "__vmalloc_array",
					       "__vcalloc" };

/* Flags as the kernel writes them; @zero where no function's name says so. */
static char *flags_text(uint64_t gfp, bool zero)
{
	const char *base = gfp & MEMLAB_LIB_GFP_ATOMIC ? "GFP_ATOMIC" :
			   gfp & MEMLAB_LIB_GFP_NOWAIT ? "GFP_NOWAIT" :
							 "GFP_KERNEL";
	const char *account = gfp & MEMLAB_LIB_GFP_KERNEL ? "_ACCOUNT" : " | __GFP_ACCOUNT";

	return text_format("%s%s%s%s%s", base, gfp & MEMLAB_LIB_GFP_ACCOUNT ? account : "",
			   gfp & MEMLAB_LIB_GFP_RETRY_MAYFAIL ? " | __GFP_RETRY_MAYFAIL" : "",
			   gfp & MEMLAB_LIB_GFP_NOWARN ? " | __GFP_NOWARN" : "",
			   zero ? " | __GFP_ZERO" : "");
}

/* The cache as a whole is charged, so that no call can forget to. */
static char *cache_text(const struct facts *facts, const struct advice_call *call)
{
	const struct advice_question *question = facts->question;
	char *flags = flags_text(call->request.gfp & ~MEMLAB_LIB_GFP_ACCOUNT, false);
	char *text;

	text = text_format("%s(cache, %s) of cache = %s(\"name\", %" PRIu64 ", 0, %s, %sNULL)",
			   call->function, flags, call->cache_function, question->bytes,
			   facts->is_account ? "SLAB_ACCOUNT" : "0",
			   question->user_copy ? "OFFSET, LENGTH, " : "");
	free(flags);
	return text;
}

/* Names of functions for arrays tell of zeroing, and so do most others. */
static bool has_zero_name(const struct facts *facts, const struct request *request)
{
	switch (request->allocator) {
	case MEMLAB_LIB_ALLOCATOR_PAGES:
	case MEMLAB_LIB_ALLOCATOR_PAGES_EXACT:
		return false;
	case MEMLAB_LIB_ALLOCATOR_VMALLOC:
		return facts->is_array || request->gfp == MEMLAB_LIB_GFP_KERNEL;
	default:
		return true;
	}
}

char *call_text(const struct facts *facts, const struct advice_call *call)
{
	const struct request *request = &call->request;
	char *flags, *size, *text;

	if (!call->offered)
		return text_format("%s()", call->function);
	if (call->cache_function)
		return cache_text(facts, call);

	flags = flags_text(request->gfp, request->zero && !has_zero_name(facts, request));
	if (request->array.count)
		size = text_format("%" PRIu64 ", %" PRIu64, request->array.count,
				   request->array.element_bytes);
	else
		size = text_format("%" PRIu64, request->bytes);

	if (request->allocator == MEMLAB_LIB_ALLOCATOR_PAGES)
		text = text_format("%s(%s, %u)", call->function, flags, facts->order);
	else if (request->allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC &&
		 request->gfp == MEMLAB_LIB_GFP_KERNEL)
		text = text_format("%s(%s)", call->function, size);
	else
		text = text_format("%s(%s, %s)", call->function, size, flags);

	free(size);
	free(flags);
	return text;
}

/* What of a block of 2^order pages would be left over, against what is asked for. */
static unsigned int pages_or_exact(const struct facts *facts)
{
	uint64_t block = facts->page_size << facts->order;

	return block - facts->total > facts->total / 4 ? MEMLAB_LIB_ALLOCATOR_PAGES_EXACT :
							 MEMLAB_LIB_ALLOCATOR_PAGES;
}

static const char *function_name(const struct facts *facts, const struct request *request)
{
	unsigned int form = (facts->is_array ? 2 : 0) + (request->zero ? 1 : 0);

	if (request->allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC &&
	    request->gfp != MEMLAB_LIB_GFP_KERNEL)
		return flagged_vmalloc[form];
	return functions[request->allocator].names[form];
}

struct advice_call rule_call(const struct facts *facts, const struct rule *rule)
{
	const struct advice_question *question = facts->question;
	struct advice_call call = { .ahead = rule->ahead };
	struct request *request = &call.request;

	if (!rule->allocator) {
		call.function = rule->function;
		call.free_function = rule->free_function;
		return call;
	}

	*request = (struct request){
		.allocator = rule->allocator,
		.bytes = facts->total,
		.gfp = rule->gfp,
		.context = rule->ahead ? MEMLAB_LIB_CONTEXT_PROCESS : question->context,
		.node = -1,
		/* What leaves the kernel must not have been somebody else's. */
		.zero = question->user_copy,
	};
	if (request->allocator == MEMLAB_LIB_ALLOCATOR_PAGES)
		request->allocator = pages_or_exact(facts);
	if (!rule->gfp)
		request->gfp = request->context == MEMLAB_LIB_CONTEXT_PROCESS ?
				       MEMLAB_LIB_GFP_KERNEL :
				       MEMLAB_LIB_GFP_ATOMIC;
	if (facts->is_account)
		request->gfp |= MEMLAB_LIB_GFP_ACCOUNT;
	call.offered = true;
	call.function = function_name(facts, request);
	call.free_function = functions[request->allocator].free;
	if (request->allocator == MEMLAB_LIB_ALLOCATOR_CACHE)
		call.cache_function = question->user_copy ? "kmem_cache_create_usercopy" :
							    "kmem_cache_create";

	/* Those two have no form for arrays. */
	if (facts->is_array && request->allocator != MEMLAB_LIB_ALLOCATOR_PAGES &&
	    request->allocator != MEMLAB_LIB_ALLOCATOR_PAGES_EXACT)
		request->array = (struct array){ facts->count, question->bytes };
	return call;
}

/* For the caller's eyes a cache lets half of an object through, where a part is asked for. */
static struct memlab_cache *make_cache(struct memlab_dev *dev, const struct advice_call *call,
				       struct memlab_call *told)
{
	struct memlab_cache_config *config = need(memlab_cache_config_new());
	uint64_t bytes = call->request.bytes;
	struct memlab_cache *cache;

	memlab_cache_config_set_size(config, bytes);
	if (!strcmp(call->cache_function, "kmem_cache_create_usercopy"))
		memlab_cache_config_set_usercopy(config, 0, (bytes + 1) / 2);
	cache = memlab_cache_create(dev, config, told);

	memlab_cache_config_free(config);
	return cache;
}

int advice_perform(struct memlab_dev *dev, const struct advice_call *call, struct advice_made *made,
		   struct memlab_call *told)
{
	struct memlab_buf_config *config;
	int err;

	*made = (struct advice_made){ 0 };
	if (!call->offered) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (call->cache_function) {
		made->cache = make_cache(dev, call, told);
		if (!made->cache)
			return -1;
	}

	config = request_config(dev, &call->request);
	if (made->cache)
		memlab_buf_config_set_cache(config, made->cache);
	made->buf = memlab_buf_alloc_call(dev, config, told);
	err = errno;
	memlab_buf_config_free(config);
	if (made->buf)
		return 0;

	advice_undo(made);
	errno = err;
	return -1;
}

void advice_undo(struct advice_made *made)
{
	if (made->buf && memlab_buf_free(made->buf))
		memlab_buf_close(made->buf);
	if (made->cache && memlab_cache_destroy(made->cache))
		memlab_cache_close(made->cache);
	*made = (struct advice_made){ 0 };
}
