// SPDX-License-Identifier: GPL-2.0-only
/* What the running kernel says to a question. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

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

/* Returns false with errno. */
static bool read_memory(struct facts *facts)
{
	struct buddyinfo *info = buddyinfo_read();
	struct zones *zones = zones_read();
	int order = info && zones ? buddyinfo_largest_served(info, zones) : -1;
	bool read = info && zones;

	facts->largest = order < 0 ? 0 : facts->page_size << order;
	free(info);
	free(zones);
	return read && read_available(&facts->available);
}

int facts_read(struct memlab_dev *dev, const struct advice_question *question, struct facts *facts)
{
	struct memlab_dev_info *info = memlab_dev_get_info(dev);

	if (!info)
		return -1;

	*facts = (struct facts){
		.question = question,
		.count = question->count ? question->count : 1,
		.total = question->bytes,
		.page_size = memlab_dev_info_get_page_size(info),
		.kmalloc_max = memlab_dev_info_get_kmalloc_max_size(info),
		.kmalloc_max_cache = memlab_dev_info_get_kmalloc_max_cache_size(info),
		.minalign = memlab_dev_info_get_kmalloc_minalign(info),
		.max_order = memlab_dev_info_get_max_order(info),
		.total_ram = memlab_dev_info_get_total_ram(info),
	};
	memlab_dev_info_free(info);

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

	return read_memory(facts) ? 0 : -1;
}

bool facts_in_process(const struct facts *facts)
{
	return facts->question->context == MEMLAB_LIB_CONTEXT_PROCESS;
}

bool facts_is_costly(const struct facts *facts)
{
	return facts->order > COSTLY_ORDER;
}

bool facts_contiguous(const struct facts *facts, unsigned int allocator)
{
	switch (allocator) {
	case MEMLAB_LIB_ALLOCATOR_VMALLOC:
		return facts->total <= facts->page_size;
	case MEMLAB_LIB_ALLOCATOR_KVMALLOC:
		return facts->total <= facts->kmalloc_max &&
		       (!facts->order || facts->page_size << facts->order <= facts->largest);
	default:
		return true;
	}
}

bool facts_serve(const struct facts *facts, const struct rule *rule)
{
	bool process = rule->ahead || facts_in_process(facts);

	if (facts->all > facts->available)
		return false;
	if (rule->allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC ||
	    rule->allocator == MEMLAB_LIB_ALLOCATOR_KVMALLOC)
		return true;
	/* In process context the kernel makes smaller blocks, whatever it takes. */
	if (facts->order <= (process ? COSTLY_ORDER : 0))
		return true;
	return facts->page_size << facts->order <= facts->largest;
}
