// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

bool look_at(struct claim_run *run, struct memlab_buf *buf, struct look *look)
{
	*look = (struct look){ .info = memlab_buf_get_info(buf) };
	if (!look->info)
		return false;
	look->kaddr = memlab_buf_info_get_kernel_address(look->info);
	look->phys = memlab_buf_info_get_phys(look->info);
	if (!frames_reported(run, buf, &look->reported))
		return false;
	return !memlab_buf_get_map_length(buf) || frames_mapped(run, buf, &look->mapped);
}

void look_free(struct look *look)
{
	memlab_buf_info_free(look->info);
	frames_free(&look->reported);
	frames_free(&look->mapped);
}

const char *look_contradiction(const struct look *look)
{
	uint64_t extents = memlab_buf_info_get_extent_count(look->info);
	size_t runs = frames_runs(&look->reported);

	/* An extent also ends where a node or a zone does. */
	if (extents < runs || (extents > 1 && look->reported.count == 1))
		return "the driver's number of extents is not that of its own layout";
	if (memlab_buf_info_is_contiguous(look->info) ? extents != 1 : extents == 1)
		return "the driver's word on contiguity is not that of its own layout";
	if (look->mapped.count && !frames_equal(&look->reported, &look->mapped))
		return "pagemap has other frames than the driver reports";
	if (!frames_distinct(&look->reported))
		return "the driver reports a frame twice";
	return NULL;
}

const char *look_misuse(const struct look *look, uint64_t page_size, size_t *pages)
{
	bool is_single = memlab_buf_info_get_usable_size(look->info) <= page_size;
	uint64_t set = 0, clear = FRAME_FLAG(SLAB) | FRAME_FLAG(BUDDY) | FRAME_FLAG(NOPAGE);
	const char *wrong = "kpageflags: pages that are a slab's, compound or free";
	struct frames head, tail;
	size_t heads, tails;

	*pages = look->reported.count;
	switch (memlab_buf_info_get_backing(look->info)) {
	case MEMLAB_LIB_BACKING_SLAB:
		if (!kpageflags_count(&look->reported, FRAME_FLAG(SLAB), FRAME_FLAG(BUDDY), &heads))
			return "kpageflags cannot be read";
		return heads == *pages ? NULL : "kpageflags: pages that are no slab's";
	case MEMLAB_LIB_BACKING_LARGE:
	case MEMLAB_LIB_BACKING_PAGES:
		if (is_single)
			break;
		head = (struct frames){ look->reported.pfns, 1 };
		tail = (struct frames){ look->reported.pfns + 1, *pages - 1 };
		if (!kpageflags_count(&head, FRAME_FLAG(COMPOUND_HEAD), clear, &heads) ||
		    !kpageflags_count(&tail, FRAME_FLAG(COMPOUND_TAIL), clear, &tails))
			return "kpageflags cannot be read";
		return heads + tails == *pages ? NULL : "kpageflags: pages of no compound page";
	}

	clear |= FRAME_COMPOUND;
	if (!kpageflags_count(&look->reported, set, clear, &heads))
		return "kpageflags cannot be read";
	return heads == *pages ? NULL : wrong;
}

const char *look_kernel_bytes(struct claim_run *run, struct memlab_buf *buf,
			      const struct look *look, struct kcore *kcore, uint64_t seed)
{
	uint64_t size = memlab_buf_get_size(buf), first_wrong;
	char *detail;
	bool put = bytes_put(run, buf, seed, &detail);

	free(detail);
	if (!put)
		return "bytes cannot be written";
	if (!kcore_matches(kcore, look->kaddr, size, seed, &first_wrong))
		return "/proc/kcore has no memory at the kernel address";
	return first_wrong == size ? NULL : "/proc/kcore has other bytes at the kernel address";
}

const char *look_path(const struct look *look, const struct kcore *kcore, uint64_t page_size,
		      bool *is_vmalloc)
{
	bool says_vmalloc = memlab_buf_info_get_backing(look->info) == MEMLAB_LIB_BACKING_VMALLOC;
	const char *wrong = look_contradiction(look);
	bool direct;
	size_t pages;

	*is_vmalloc = false;
	if (wrong)
		return wrong;
	if (!kcore_within(kcore, look->kaddr, memlab_buf_info_get_size(look->info), &direct))
		return "/proc/kcore has no memory at the kernel address";
	*is_vmalloc = !direct;
	if (says_vmalloc != *is_vmalloc)
		return "the driver reports the other way than the kernel address shows";
	if (direct && frames_runs(&look->reported) != 1)
		return "in the direct map, but more than one run";
	return look_misuse(look, page_size, &pages);
}

size_t sizes_around(uint64_t sizes[SIZES_AROUND], uint64_t max)
{
	size_t count = 0;

	for (uint64_t power = 8; power <= max && count + 4 <= SIZES_AROUND; power *= 2) {
		const uint64_t around[] = { power - 1, power, power + 1, power + power / 2 };

		for (size_t i = 0; i < ARRAY_SIZE(around); i++)
			if (around[i] <= max)
				sizes[count++] = around[i];
	}
	return count;
}

bool frames_free_count(const struct frames *frames, size_t *count)
{
	return kpageflags_count(frames, FRAME_FLAG(BUDDY), 0, count);
}

#define HUGE_PAGE_SIZE "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
#define COSTLY_PAGES   (1U << 3)

bool shows_when_free(size_t pages, uint64_t page_size)
{
	uint64_t huge;

	if (pages <= COSTLY_PAGES)
		return false;
	return !number_get(HUGE_PAGE_SIZE, &huge) || pages * page_size <= huge / 2 ||
	       pages * page_size > huge;
}

/* "high:" of /proc/zoneinfo is how many pages a CPU's list of a zone may hold. */
bool singles_show_when_free(size_t pages)
{
	char *text = file_read("/proc/zoneinfo");
	char *rest = text;
	uint64_t most = 0;

	for (char *line; text && (line = strsep(&rest, "\n"));) {
		uint64_t high;

		if (sscanf(line, " high: %" SCNu64, &high) == 1 && high > most)
			most = high;
	}
	free(text);
	return most && pages > 2 * most;
}
