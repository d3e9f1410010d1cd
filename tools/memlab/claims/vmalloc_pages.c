// SPDX-License-Identifier: GPL-2.0-only
/* vmalloc() and its pages: how many it can have, and whose they were. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

static struct claim_request vmalloc_of(uint64_t bytes)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC, .bytes = bytes };
}

/* ---- vmalloc-large ---- */

#define LARGE_FACTOR 16

/* Writes a word into each page through the mapping, and looks for it in /proc/kcore. */
static const char *words_differ(struct claim_run *run, struct kcore *kcore, struct memlab_buf *buf,
				const struct look *look)
{
	size_t length;
	unsigned char *map = claim_map(run, buf, &length);

	for (size_t page = 0; page < look->mapped.count; page++) {
		uint64_t word = look->kaddr ^ (page << 1 | 1);

		memcpy(map + page * run->page_size, &word, sizeof(word));
	}
	for (size_t page = 0; page < look->mapped.count; page++) {
		uint64_t word;

		if (!kcore_read(kcore, look->kaddr + page * run->page_size, &word, sizeof(word)))
			return "/proc/kcore has no memory at the kernel address";
		if (word != (look->kaddr ^ (page << 1 | 1)))
			return "/proc/kcore has other bytes at the kernel address";
	}
	return NULL;
}

static bool measure_large(struct claim_run *run, struct kcore *kcore, uint64_t bytes)
{
	const struct claim_request request = vmalloc_of(bytes);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	const char *wrong = "cannot be described";
	char size[SIZE_TEXT];
	struct look look;

	if (!buf)
		return false;
	if (look_at(run, buf, &look)) {
		wrong = look_contradiction(&look);
		if (!wrong)
			wrong = words_differ(run, kcore, buf, &look);
	}
	claim_case(run, !wrong, "%s, %zu pages: %s", size_text(size, bytes), look.mapped.count,
		   wrong ? wrong : "as many frames in pagemap, their bytes at the kernel address");
	look_free(&look);
	claim_free(run, buf);
	return true;
}

static enum verdict run_large(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info);
	uint64_t served = 0;
	struct kcore *kcore = kcore_open();
	char size[SIZE_TEXT], largest[SIZE_TEXT];
	int err = 0;

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (uint64_t factor = 2; factor <= LARGE_FACTOR; factor *= 2) {
		if (!measure_large(run, kcore, factor * max)) {
			err = errno;
			break;
		}
		served = factor;
	}
	kcore_close(kcore);
	if (served < LARGE_FACTOR && !claim_wrong(run))
		return claim_unknown(run, "vmalloc of %s failed: %s",
				     size_text(size, 2 * (served ? served : 1) * max),
				     strerror(err));
	return claim_judge(run, "up to %s, %d times KMALLOC_MAX_SIZE (%s)",
			   size_text(largest, LARGE_FACTOR * max), LARGE_FACTOR,
			   size_text(size, max));
}

const struct claim claim_vmalloc_large = {
	.id = "vmalloc-large",
	.claim = "vmalloc serves sizes far above the largest of kmalloc",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"For large allocations you can use vmalloc() and vzalloc(), or directly "
		  "request pages from the page allocator\".",
	.why = "vmalloc() needs no block of neighbouring pages, so the largest block is no limit "
	       "for it. Its limits are free pages and the vmalloc address range, which has "
	       "terabytes on 64-bit machines.",
	.how = "Buffers of 2, 4, 8 and 16 times KMALLOC_MAX_SIZE. /proc/self/pagemap must show as "
	       "many different frames in the mapping, the same that the driver reports, and a "
	       "word that a program wrote into each page must stand at the kernel address in "
	       "/proc/kcore. Without enough free memory the verdict is unknown.",
	.choice = "Tables of many MiB that only the CPU reads are for vmalloc() or kvmalloc().",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.run = run_large,
};

/* ---- vmalloc-buddy ---- */

/* Pages that others may take or give meanwhile, for stacks of new processes and the like. */
#define OTHERS_PAGES 64

static const uint64_t buddy_sizes[] = { 1,	 4096,	   65536,     1U << 20,
					3000000, 4U << 20, 16U << 20, 64U << 20 };

/* Whether VmallocUsed in /proc/meminfo has grown by the pages since it was @before. */
static bool is_counted(uint64_t before, uint64_t pages, uint64_t page_size)
{
	uint64_t now, rise;

	if (!meminfo_get("VmallocUsed", &now))
		return false;
	rise = now > before ? (now - before) / page_size : 0;
	return rise + OTHERS_PAGES >= pages && rise <= pages + OTHERS_PAGES;
}

static const char *not_single_pages(struct claim_run *run, const struct look *look, uint64_t bytes,
				    uint64_t before)
{
	uint64_t pages = (bytes + run->page_size - 1) / run->page_size;
	const char *wrong = look_contradiction(look);
	size_t looked_at;

	if (wrong)
		return wrong;
	if (memlab_buf_info_get_backing(look->info) != MEMLAB_LIB_BACKING_VMALLOC)
		return "no vmalloc area, by the driver's word";
	if (look->mapped.count != pages)
		return "another number of pages than the size needs";
	wrong = look_misuse(look, run->page_size, &looked_at);
	if (!wrong && !is_counted(before, pages, run->page_size))
		wrong = "VmallocUsed in /proc/meminfo has not grown by the pages";
	return wrong;
}

/* The same after it was freed. */
static const char *not_given_back(struct claim_run *run, const struct look *look, uint64_t before)
{
	size_t count;

	if (!is_counted(before, 0, run->page_size))
		return "VmallocUsed in /proc/meminfo has not fallen again";
	if (!singles_show_when_free(look->mapped.count))
		return NULL;
	if (!frames_free_count(&look->mapped, &count))
		return "/proc/kpageflags cannot be read";
	return 2 * count < look->mapped.count ?
		       "freed, but kpageflags does not have the pages as free" :
		       NULL;
}

static bool measure_buddy(struct claim_run *run, uint64_t bytes, uint64_t *pages)
{
	const struct claim_request request = vmalloc_of(bytes);
	const char *wrong = "cannot be described";
	uint64_t before = 0;
	struct memlab_buf *buf;
	char size[SIZE_TEXT];
	struct look look;

	meminfo_get("VmallocUsed", &before);
	buf = claim_alloc(run, &request, NULL);
	if (!buf)
		return false;
	if (look_at(run, buf, &look))
		wrong = not_single_pages(run, &look, bytes, before);
	claim_free(run, buf);
	if (!wrong)
		wrong = not_given_back(run, &look, before);
	claim_case(run, !wrong, "%s, %zu pages: %s", size_text(size, bytes), look.mapped.count,
		   wrong ? wrong : "single pages, no slab; counted in VmallocUsed");
	*pages += look.mapped.count;
	look_free(&look);
	return true;
}

static enum verdict run_buddy(struct claim_run *run)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < ARRAY_SIZE(buddy_sizes); i++)
		measure_buddy(run, buddy_sizes[i], &pages);
	return claim_judge(
		run,
		"%" PRIu64
		" pages without the SLAB and COMPOUND flags, counted in VmallocUsed, and "
		"given back by vfree",
		pages);
}

const struct claim claim_vmalloc_buddy = {
	.id = "vmalloc-buddy",
	.claim = "vmalloc takes its pages from the page allocator",
	.source = "mm/vmalloc.c, kernel-doc of vmalloc(): \"Allocate enough pages to cover @size "
		  "from the page level allocator\".",
	.why = "The slab allocator sells parts of pages; vmalloc() needs whole ones, to enter "
	       "them into page tables. If it takes larger blocks for speed, it splits them into "
	       "single pages.",
	.how = "Buffers from a byte to 64 MiB. Each frame that /proc/self/pagemap shows must be a "
	       "single page without the SLAB flag in /proc/kpageflags. VmallocUsed in "
	       "/proc/meminfo must grow by as many pages, and fall again after vfree(). Where "
	       "they are more than the CPUs keep in lists, most of them must then be free in "
	       "/proc/kpageflags.",
	.choice = "The memory is counted in pages: a request of 100 bytes takes 4 KiB and a guard "
		  "page of addresses. Small objects belong into kmalloc() or a cache.",
	.needs = NEED_PHYS,
	.run = run_buddy,
};
