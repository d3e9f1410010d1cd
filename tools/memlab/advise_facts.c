// SPDX-License-Identifier: GPL-2.0-only
/* What the running kernel says to a question. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "advise_rules.h"
#include "buddyinfo.h"

/* "MemAvailable" of /proc/meminfo. Returns false with errno. */
static bool read_available(uint64_t *bytes)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		uint64_t kib;

		found = sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1;
		*bytes = kib << 10;
	}
	fclose(file);
	if (!found)
		errno = EIO;
	return found;
}

/* Returns the number of orders of the page allocator, 0 when it is not known. */
static unsigned int read_memory(struct facts *facts, struct memory_errors *errors)
{
	struct buddyinfo *info = buddyinfo_read();
	unsigned int orders = info ? info->orders : 0;
	struct zones *zones;

	*errors = (struct memory_errors){ .buddyinfo = info ? 0 : errno };
	errors->pagetypeinfo = info ? info->cma_error : 0;
	zones = zones_read();
	errors->zoneinfo = zones ? 0 : errno;
	facts->largest_known = info && zones;
	if (facts->largest_known) {
		int order = buddyinfo_largest_served(info, zones);

		facts->largest = order < 0 ? 0 : facts->page_size << order;
	}
	free(info);
	free(zones);

	facts->available_known = read_available(&facts->available);
	errors->meminfo = facts->available_known ? 0 : errno;
	if (!facts->available_known)
		facts->available = UINT64_MAX;
	return orders;
}

/* Of the driver, which says all but what changes from moment to moment. */
static int driver_facts_read(struct memlab_dev *dev, const struct memory_errors *errors,
			     struct facts *facts)
{
	int err = errors->buddyinfo ?: errors->zoneinfo ?: errors->meminfo;
	struct memlab_dev_info *info;

	if (err) {
		errno = err;
		return -1;
	}
	info = memlab_dev_get_info(dev);
	if (!info)
		return -1;
	facts->kmalloc_max = memlab_dev_info_get_kmalloc_max_size(info);
	facts->kmalloc_max_cache = memlab_dev_info_get_kmalloc_max_cache_size(info);
	facts->minalign = memlab_dev_info_get_kmalloc_minalign(info);
	facts->max_order = memlab_dev_info_get_max_order(info);
	facts->total_ram = memlab_dev_info_get_total_ram(info);
	memlab_dev_info_free(info);
	return 0;
}

int facts_read(struct memlab_dev *dev, const struct advice_question *question, struct facts *facts,
	       struct proc_facts *proc, struct advice *advice)
{
	struct memory_errors errors;
	unsigned int orders;

	*facts = (struct facts){
		.question = question,
		.count = question->count ? question->count : 1,
		.total = question->bytes,
		.page_size = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	orders = read_memory(facts, &errors);
	if (dev ? driver_facts_read(dev, &errors, facts) :
		  proc_facts_read(proc, orders, &errors, facts, advice))
		return -1;

	facts->is_array = facts->count > 1 && !question->same_size_many;
	facts->is_account = question->user_triggered || question->user_copy;
	/* An interrupt is nobody's request. */
	if (question->context == MEMLAB_LIB_CONTEXT_SOFTIRQ ||
	    question->context == MEMLAB_LIB_CONTEXT_HARDIRQ)
		facts->is_account = false;
	if (facts->is_array)
		facts->overflows =
			__builtin_mul_overflow(question->bytes, facts->count, &facts->total);
	if (facts->overflows)
		facts->total = UINT64_MAX;
	if (facts->is_array)
		facts->all = facts->total;
	else if (__builtin_mul_overflow(question->bytes, facts->count, &facts->all))
		facts->all = UINT64_MAX;
	while (facts->order < 40 && facts->page_size << facts->order < facts->total)
		facts->order++;

	return 0;
}

bool facts_in_process(const struct facts *facts)
{
	return facts->question->context == MEMLAB_LIB_CONTEXT_PROCESS;
}

bool facts_is_costly(const struct facts *facts)
{
	return facts->order > COSTLY_ORDER;
}

/* Whether there is a free block for it. */
static enum known has_block(const struct facts *facts)
{
	if (!facts->largest_known)
		return UNKNOWN;
	return facts->page_size << facts->order <= facts->largest ? KNOWN_YES : KNOWN_NO;
}

enum known facts_contiguous(const struct facts *facts, unsigned int allocator)
{
	switch (allocator) {
	case MEMLAB_LIB_ALLOCATOR_VMALLOC:
		return facts->total <= facts->page_size ? KNOWN_YES : KNOWN_NO;
	case MEMLAB_LIB_ALLOCATOR_KVMALLOC:
		if (facts->total > facts->kmalloc_max)
			return KNOWN_NO;
		return facts->order ? has_block(facts) : KNOWN_YES;
	default:
		return KNOWN_YES;
	}
}

enum known facts_serve(const struct facts *facts, const struct rule *rule)
{
	bool process = rule->ahead || facts_in_process(facts);
	enum known available = facts->available_known ? KNOWN_YES : UNKNOWN;
	enum known block;

	if (facts->all > facts->available)
		return KNOWN_NO;
	if (rule->allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC ||
	    rule->allocator == MEMLAB_LIB_ALLOCATOR_KVMALLOC)
		return available;
	/* In process context the kernel makes smaller blocks, whatever it takes. */
	if (facts->order <= (process ? COSTLY_ORDER : 0))
		return available;
	block = has_block(facts);
	return block == KNOWN_YES ? available : block;
}
