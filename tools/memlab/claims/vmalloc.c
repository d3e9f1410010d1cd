// SPDX-License-Identifier: GPL-2.0-only
/* vmalloc() memory: one run of addresses, over pages from anywhere. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frag.h"
#include "look.h"

#define SEED 0x766d616c

static struct claim_request vmalloc_of(uint64_t bytes)
{
	return (struct claim_request){ .allocator = MEMLAB_LIB_ALLOCATOR_VMALLOC, .bytes = bytes };
}

/* ---- vmalloc-virtual ---- */

static size_t count_areas(uint64_t pages, uint64_t page_size, bool *hidden)
{
	struct vmallocinfo info;
	size_t count;

	if (!vmallocinfo_read(&info))
		return 0;
	count = vmallocinfo_count(&info, pages, page_size);
	*hidden = info.hidden;
	vmallocinfo_free(&info);
	return count;
}

/* What /proc/vmallocinfo has against the buffer, of whose like there were @before. */
static const char *not_an_area(const struct look *look, uint64_t pages, uint64_t page_size,
			       size_t before)
{
	const char *wrong = NULL;
	struct vmallocinfo info;

	if (!vmallocinfo_read(&info))
		return "/proc/vmallocinfo cannot be read";
	if (vmallocinfo_count(&info, pages, page_size) != before + 1)
		wrong = "/proc/vmallocinfo has no new area of that many pages";
	if (!wrong && !info.hidden && !vmallocinfo_find(&info, look->kaddr))
		wrong = "/proc/vmallocinfo has no area at that address";
	vmallocinfo_free(&info);
	return wrong;
}

static const char *not_virtual(struct claim_run *run, struct kcore *kcore, struct memlab_buf *buf,
			       const struct look *look, size_t before)
{
	uint64_t size = memlab_buf_get_size(buf);
	uint64_t pages = (size + run->page_size - 1) / run->page_size;
	const char *wrong = look_contradiction(look);
	bool direct;

	if (wrong)
		return wrong;
	if (look->kaddr % run->page_size)
		return "does not begin at a page";
	if (!kcore_within(kcore, look->kaddr, size, &direct) || direct)
		return "not one range of the vmalloc area, by /proc/kcore";
	wrong = not_an_area(look, pages, run->page_size, before);
	return wrong ? wrong : look_kernel_bytes(run, buf, look, kcore, SEED);
}

/* Sizes that are pages, a little less, and a little more. */
static const uint64_t virtual_sizes[] = {
	1,	4095,	4096,	  4097,	   8192,	   12345,    65536,   65537,
	100000, 262143, 1U << 20, 1234567, (1U << 20) + 1, 2U << 20, 3000000, 4U << 20,
};

static enum verdict run_virtual(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();
	bool hidden = true;

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(virtual_sizes); i++) {
		const struct claim_request request = vmalloc_of(virtual_sizes[i]);
		uint64_t pages = (request.bytes + run->page_size - 1) / run->page_size;
		size_t before = count_areas(pages, run->page_size, &hidden);
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);
		const char *wrong = "cannot be described";
		char size[SIZE_TEXT];
		struct look look;

		if (!buf)
			continue;
		if (look_at(run, buf, &look))
			wrong = not_virtual(run, kcore, buf, &look, before);
		claim_case(run, !wrong, "%s at 0x%" PRIx64 ", %zu pages: %s",
			   size_text(size, request.bytes), look.kaddr, look.reported.count,
			   wrong ? wrong : "one area, bytes in order");
		look_free(&look);
		claim_free(run, buf);
	}
	kcore_close(kcore);
	return claim_judge(run,
			   "page-aligned, one area in /proc/vmallocinfo%s, bytes in order in "
			   "/proc/kcore",
			   hidden ? " (by size: kptr_restrict=1 would show addresses)" : "");
}

const struct claim claim_vmalloc_virtual = {
	.id = "vmalloc-virtual",
	.claim = "Memory from vmalloc is contiguous virtually and begins at a page",
	.source = "mm/vmalloc.c, kernel-doc of vmalloc(): \"allocate virtually contiguous "
		  "memory\", \"Allocate enough pages to cover @size from the page level allocator "
		  "and map them into contiguous kernel virtual space\".",
	.why = "vmalloc() takes a free range of the vmalloc address range, of whole pages and one "
	       "more as a guard, and enters its pages there one after another.",
	.how = "Buffers of sizes from a byte to 4 MiB. /proc/vmallocinfo must have a new area of "
	       "the module's, of that many pages and a guard page, at the reported address where "
	       "addresses are shown. Every byte that a program wrote through its mapping must "
	       "stand in order in /proc/kcore from the kernel address on, outside of the direct "
	       "map.",
	.choice = "Code in the kernel may treat the memory as one array, as with kmalloc(). Even "
		  "a single byte costs a page, and an area of the address range.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE | NEED_VMALLOCINFO,
	.run = run_virtual,
};

/* ---- vmalloc-scattered ---- */

#define SCATTERED_BYTES (2U << 20)
#define SCATTERED_TRIES 16
/* Enough to find scattered pages; the rest of memory stays as it is. */
#define SCATTERED_PERCENT 5

/* The most runs that a buffer had, of @pages. False when memory cannot be fragmented. */
static bool seek_scattered(struct claim_run *run, struct kcore *kcore, unsigned int percent,
			   size_t *most, size_t *pages)
{
	const struct claim_request request = vmalloc_of(SCATTERED_BYTES);

	if (!claim_fragment(run, 0, percent))
		return false;
	/* The first ones may get what blocks are left; so they are held. */
	for (int i = 0; i < SCATTERED_TRIES && *most * 2 <= *pages; i++) {
		struct memlab_buf *buf = claim_alloc(run, &request, NULL);
		const char *wrong = "cannot be described";
		struct look look;
		size_t runs;

		if (!buf)
			break;
		if (look_at(run, buf, &look)) {
			wrong = look_contradiction(&look);
			if (!wrong)
				wrong = look_kernel_bytes(run, buf, &look, kcore, SEED + i);
		}
		runs = frames_runs(&look.mapped);
		claim_case(run, !wrong, "2 MiB: %zu physical runs by pagemap; %s", runs,
			   wrong ? wrong : "the driver reports the same frames, bytes in order");
		if (runs >= *most) {
			*most = runs;
			*pages = look.mapped.count;
		}
		look_free(&look);
	}
	return true;
}

static enum verdict run_scattered(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();
	size_t most = 0, pages = 0;
	bool fragmented;

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	fragmented = seek_scattered(run, kcore, SCATTERED_PERCENT, &most, &pages);
	/* A kernel that asks for large blocks first finds them in the rest of memory. */
	if (fragmented && most <= 1 && !claim_wrong(run)) {
		claim_free_all(run);
		fragmented = seek_scattered(run, kcore, FRAG_DEFAULT_PERCENT, &most, &pages);
	}
	kcore_close(kcore);
	if (!fragmented)
		return VERDICT_UNKNOWN;

	if (claim_wrong(run))
		return claim_judge(run, "%s", "");
	if (most <= 1)
		return claim_unknown(run, "memory could not be fragmented enough: every buffer was "
					  "one physical run");
	return claim_judge(run, "2 MiB in %zu physical runs of %zu pages, by pagemap", most, pages);
}

const struct claim claim_vmalloc_scattered = {
	.id = "vmalloc-scattered",
	.claim = "Memory from vmalloc need not be contiguous physically",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"The memory allocated by vmalloc and related functions is not physically "
		  "contiguous\".",
	.why = "vmalloc() asks the page allocator for single pages, and takes them wherever they "
	       "are. On a machine that has just booted they are often neighbours all the same, "
	       "since free memory is in large blocks then. From about Linux 6.19 on it asks for "
	       "larger blocks first.",
	.how = "A part of free memory is broken into single pages on purpose. Then buffers of 2 "
	       "MiB must be found whose mapping has more than one run of frames in "
	       "/proc/self/pagemap, and the driver must report the same frames, while the bytes "
	       "are in order at the kernel address in /proc/kcore. Without such a buffer the "
	       "verdict is unknown.",
	.choice = "It works as long as there are free pages, however fragmented memory is. But a "
		  "device needs a scatter list for it, and virt_to_phys() must not be used.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.run = run_scattered,
};

/* ---- vmalloc-page-tables ---- */

#define TABLES_BYTES (1U << 20)

/* What is wrong with a page that is seen through two addresses, or NULL. */
static const char *not_two_ways(struct claim_run *run, struct kcore *kcore, struct memlab_buf *buf,
				uint64_t kaddr, uint64_t pfn, uint64_t offset)
{
	uint64_t put = offset ^ 0x5a5a5a5a5a5a5a5a, through, alias, direct;
	size_t length;
	unsigned char *map = claim_map(run, buf, &length);

	if (!kcore_direct(kcore, pfn * run->page_size, &direct))
		return "the frame is not in the direct map";
	if (direct == kaddr + offset)
		return "the address is the one in the direct map";
	memcpy(map + offset, &put, sizeof(put));
	if (!kcore_read(kcore, kaddr + offset, &through, sizeof(through)) ||
	    !kcore_read(kcore, direct, &alias, sizeof(alias)))
		return "/proc/kcore cannot be read";
	if (through != put)
		return "other bytes at the address in the vmalloc area";
	if (alias != put)
		return "other bytes at the frame's address in the direct map";

	/* And through the kernel's own address of the buffer, by the driver. */
	put = ~put;
	if (memlab_buf_write(buf, offset, &put, sizeof(put)))
		return "WRITE failed";
	if (!kcore_read(kcore, direct, &alias, sizeof(alias)) || alias != put)
		return "what WRITE wrote is not at the frame's address in the direct map";
	return NULL;
}

static enum verdict run_page_tables(struct claim_run *run)
{
	const struct claim_request request = vmalloc_of(TABLES_BYTES);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	const char *wrong;
	struct kcore *kcore;
	struct look look;
	bool direct;

	if (!buf)
		return claim_alloc_failed(run, &request);
	kcore = kcore_open();
	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));

	wrong = look_at(run, buf, &look) ? look_contradiction(&look) : "cannot be described";
	claim_case(run, !wrong, "1 MiB: %s", wrong ? wrong : "pagemap and the driver agree");
	claim_case(run, kcore_within(kcore, look.kaddr, TABLES_BYTES, &direct) && !direct,
		   "0x%" PRIx64 " lies outside of the direct map, by /proc/kcore", look.kaddr);
	for (size_t page = 0; page < look.mapped.count; page++) {
		uint64_t offset = page * run->page_size;

		wrong = not_two_ways(run, kcore, buf, look.kaddr, look.mapped.pfns[page], offset);
		claim_case(run, !wrong, "page %zu, frame 0x%" PRIx64 ": %s", page,
			   look.mapped.pfns[page],
			   wrong ? wrong : "the same bytes through both addresses");
	}
	look_free(&look);
	kcore_close(kcore);
	return claim_judge(run, "every page of 1 MiB has two kernel addresses, in the vmalloc area "
				"and in the direct map, with the same bytes");
}

const struct claim claim_vmalloc_page_tables = {
	.id = "vmalloc-page-tables",
	.claim = "vmalloc reaches its pages through page tables of its own",
	.source = "mm/vmalloc.c, kernel-doc of __vmalloc_node_range(): \"Map them into contiguous "
		  "kernel virtual space, using a pagetable protection of @prot\"; "
		  "Documentation/x86/x86_64/mm.rst, \"vmalloc/ioremap space (vmalloc_base)\".",
	.why = "The pages are in the direct map already, each at its own place. To have them side "
	       "by side, vmalloc() writes page table entries for a second set of addresses.",
	.how = "For each page of a buffer /proc/self/pagemap tells the frame, and the program "
	       "headers of /proc/kcore the frame's address in the direct map. What a program "
	       "writes through its mapping, and what the driver writes through the vmalloc "
	       "address, must show at both kernel addresses in /proc/kcore, which differ.",
	.choice = "The entries take time to make and to remove, which includes flushing TLBs of "
		  "all CPUs sooner or later, and they take TLB entries of small pages while the "
		  "memory is used. For small and short-lived objects that is the wrong choice.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.fragments = true,
	.run = run_page_tables,
};
