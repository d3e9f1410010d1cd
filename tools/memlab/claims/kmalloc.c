// SPDX-License-Identifier: GPL-2.0-only
/* kmalloc() memory: one run, at one distance from physical memory. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "look.h"

#define SEED 0x6b6d616c

static struct claim_request kmalloc_of(uint64_t bytes)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC, .bytes = bytes };
}

/* What speaks against one run, virtually and physically; NULL: nothing does. */
static const char *not_contiguous(struct claim_run *run, struct kcore *kcore,
				  struct memlab_buf *buf, const struct look *look)
{
	const struct frames *frames = look->mapped.count ? &look->mapped : &look->reported;
	const char *wrong = look_contradiction(look);
	uint64_t phys;
	bool direct;

	if (wrong)
		return wrong;
	if (frames_runs(frames) != 1)
		return "more than one physical run";
	if (!kcore_within(kcore, look->kaddr, memlab_buf_get_size(buf), &direct) || !direct)
		return "not one range of the kernel's direct map, by /proc/kcore";
	if (!kcore_phys(kcore, look->kaddr, &phys) || phys != look->phys)
		return "/proc/kcore has another physical address";
	return look_kernel_bytes(run, buf, look, kcore, SEED);
}

static bool measure_contiguous(struct claim_run *run, struct kcore *kcore, uint64_t bytes,
			       uint64_t *pages)
{
	const struct claim_request request = kmalloc_of(bytes);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	const char *wrong = "cannot be described";
	char size[SIZE_TEXT];
	struct look look;

	if (!buf)
		return false;
	if (look_at(run, buf, &look))
		wrong = not_contiguous(run, kcore, buf, &look);
	claim_case(run, !wrong, "%s: %s", size_text(size, bytes),
		   wrong ? wrong :
		   look.mapped.count ?
			   "one run by pagemap and in the direct map, bytes in order" :
			   "in one page or neighbours by the direct map, bytes in order");
	*pages += look.mapped.count;
	look_free(&look);
	claim_free(run, buf);
	return true;
}

static enum verdict run_contiguous(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info), sizes[SIZES_AROUND];
	size_t count = sizes_around(sizes, max);
	struct kcore *kcore = kcore_open();
	uint64_t pages = 0, failed = 0, largest = 0;
	char text[SIZE_TEXT];

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t i = 0; i < count; i++) {
		if (!measure_contiguous(run, kcore, sizes[i], &pages))
			failed++;
		else if (sizes[i] > largest)
			largest = sizes[i];
	}
	kcore_close(kcore);
	return claim_judge(run,
			   "one physical run each, up to %s; %" PRIu64
			   " pages compared with pagemap; %" PRIu64 " sizes were not served",
			   size_text(text, largest), pages, failed);
}

const struct claim claim_kmalloc_contiguous = {
	.id = "kmalloc-contiguous",
	.claim = "Memory from kmalloc is contiguous, virtually and physically",
	.source = "Documentation/core-api/dma-api.rst, dma_map_single(): \"memory to be mapped by "
		  "this API should be obtained from sources which guarantee it to be physically "
		  "contiguous (like kmalloc)\"; mm/util.c, kernel-doc of kvmalloc_node().",
	.why = "A slab is one block of pages from the page allocator, and an object lies within "
	       "one slab. Above the largest size class kmalloc() returns such a block itself. The "
	       "page allocator only has blocks of neighbouring pages, and the direct map shows "
	       "them to the kernel in the same order.",
	.how = "Buffers of sizes round every power of two up to the largest. The page frames that "
	       "the driver reports must be neighbours and the same that /proc/self/pagemap shows "
	       "of a mapping of the buffer; where a buffer is too small to be mapped, the program "
	       "headers of /proc/kcore tell the physical address. Bytes that a program wrote "
	       "through the mapping must stand in order at the kernel address in /proc/kcore.",
	.choice = "The choice where something other than a CPU goes through the memory by "
		  "physical addresses, such as a device without scatter-gather. The price is that "
		  "a large run must exist: on a machine whose free memory is fragmented, it may "
		  "not.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.run = run_contiguous,
};

#define PER_SIZE 4

/* What speaks against @shift lying between every address of the buffer and its memory. */
static const char *not_linear(const struct kcore *kcore, const struct look *look,
			      uint64_t page_size, uint64_t bytes, uint64_t shift)
{
	uint64_t phys, last = look->kaddr + bytes - 1;

	if (look->kaddr - look->phys != shift)
		return "another distance than the first buffer's, by the driver's word";
	for (size_t page = 0; page < look->mapped.count; page++)
		if (look->kaddr + page * page_size - look->mapped.pfns[page] * page_size != shift)
			return "another distance, by pagemap";
	if (!kcore_phys(kcore, look->kaddr, &phys) || look->kaddr - phys != shift)
		return "another distance of the first byte, by /proc/kcore";
	if (!kcore_phys(kcore, last, &phys) || last - phys != shift)
		return "another distance of the last byte, by /proc/kcore";
	return NULL;
}

/* Measures some buffers that are held at the same time, so that they differ. */
static bool measure_linear(struct claim_run *run, struct kcore *kcore, uint64_t bytes,
			   uint64_t *shift)
{
	const struct claim_request request = kmalloc_of(bytes);
	char size[SIZE_TEXT];

	for (int i = 0; i < PER_SIZE; i++) {
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);
		const char *wrong = "cannot be described";
		struct look look;

		if (!buf)
			return false;
		if (look_at(run, buf, &look)) {
			if (!run->case_count)
				*shift = look.kaddr - look.phys;
			wrong = not_linear(kcore, &look, run->page_size, bytes, *shift);
		}
		claim_case(run, !wrong, "%s at 0x%" PRIx64 ", physical 0x%" PRIx64 ": %s",
			   size_text(size, bytes), look.kaddr, look.phys,
			   wrong ? wrong : "the same distance");
		look_free(&look);
	}
	claim_free_all(run);
	return true;
}

static enum verdict run_linear(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info), shift = 0;
	struct kcore *kcore = kcore_open();

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (uint64_t bytes = 8; bytes <= max; bytes *= 2)
		if (!measure_linear(run, kcore, bytes, &shift))
			claim_free_all(run);
	kcore_close(kcore);
	return claim_judge(run, "address - physical address = 0x%" PRIx64 " for all of them",
			   shift);
}

const struct claim claim_kmalloc_linear = {
	.id = "kmalloc-linear",
	.claim = "Addresses from kmalloc differ from physical ones by one constant (PAGE_OFFSET)",
	.source = "arch/x86/include/asm/io.h, kernel-doc of virt_to_phys(): \"It is only valid to "
		  "use this function on addresses directly mapped or allocated via kmalloc\"; "
		  "Documentation/x86/x86_64/mm.rst, \"direct mapping of all physical memory "
		  "(page_offset_base)\".",
	.why = "A 64-bit kernel maps all of memory once, in order, when it boots: the direct map. "
	       "kmalloc() returns addresses in it and makes no page table entries of its own, so "
	       "virt_to_phys() is a subtraction. On x86 the constant is PAGE_OFFSET, which is "
	       "chosen at random at boot unless nokaslr is given.",
	.how = "Four buffers of each power of two. The difference must be the same for all of "
	       "them by the driver's word, for every page of their mappings by "
	       "/proc/self/pagemap, and for first and last byte by the program headers of "
	       "/proc/kcore, in which the kernel tells the physical address of each part of the "
	       "direct map.",
	.choice = "Costs no page table entries and no part of the vmalloc address range, and "
		  "shares the direct map's large pages in the TLB. Addresses from vmalloc() are "
		  "not of this kind: virt_to_phys() of one is nonsense.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.run = run_linear,
};
