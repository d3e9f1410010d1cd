// SPDX-License-Identifier: GPL-2.0-only
/* Alignment of kmalloc() addresses. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "witness.h"

/* So many buffers are held at a time: neighbours in a slab, which differ in alignment. */
#define WINDOW 256

/* One kind of promise being measured. */
struct alignment {
	struct claim_run *run;
	struct kcore *kcore;
	uint64_t least; /* seen, of those that were promised no more than it */
	size_t held;
};

/* Every size up to this one, and then in odd steps, which meet every alignment. */
#define EVERY_SIZE 1024
#define STEP	   7

static uint64_t align_of(uint64_t address)
{
	return address & -address;
}

/*
 * The address is the driver's word. That the buffer is really there is seen by writing
 * its first bytes and finding them at that address in /proc/kcore.
 */
static bool is_there(struct kcore *kcore, const struct memlab_buf *buf, uint64_t kaddr)
{
	uint64_t tag = kaddr * UINT64_C(0x9e3779b97f4a7c15), found = 0;
	uint64_t size = memlab_buf_get_size(buf);
	size_t length = size < sizeof(tag) ? (size_t)size : sizeof(tag);

	return !memlab_buf_write(buf, 0, &tag, length) &&
	       kcore_read(kcore, kaddr, &found, length) && !memcmp(&found, &tag, length);
}

static const char *misaligned(struct kcore *kcore, const struct memlab_buf *buf,
			      const struct memlab_buf_info *info, uint64_t kaddr, uint64_t promised)
{
	if (kaddr % promised)
		return "is not";
	if (memlab_buf_info_get_kernel_align(info) != align_of(kaddr))
		return "is, but the driver reports another alignment than its address has";
	if (!is_there(kcore, buf, kaddr))
		return "is not where the buffer is, by /proc/kcore";
	return NULL;
}

/* Measures one buffer, which stays for a while. False: there is no memory for it. */
static bool measure_one(struct alignment *alignment, uint64_t bytes, uint64_t promised)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
					       .bytes = bytes };
	struct claim_run *run = alignment->run;
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	struct memlab_buf_info *info;
	const char *wrong = "cannot be described";
	uint64_t kaddr = 0;

	if (!buf)
		return false;
	info = memlab_buf_get_info(buf);
	if (info) {
		kaddr = memlab_buf_info_get_kernel_address(info);
		wrong = misaligned(alignment->kcore, buf, info, kaddr, promised);
	}
	claim_case(run, !wrong, "%" PRIu64 " bytes: 0x%" PRIx64 " %s aligned to %" PRIu64, bytes,
		   kaddr, wrong ? wrong : "is", promised);
	if (!alignment->least || align_of(kaddr) < alignment->least)
		alignment->least = align_of(kaddr);
	memlab_buf_info_free(info);

	if (++alignment->held == WINDOW) {
		claim_free_all(run);
		alignment->held = 0;
	}
	return true;
}

static void measure_some(struct alignment *alignment, uint64_t bytes, uint64_t promised)
{
	size_t count = bytes <= 1024 ? 64 : bytes <= 65536 ? 32 : 4;

	for (size_t i = 0; i < count; i++)
		if (!measure_one(alignment, bytes, promised))
			break;
	/* Blocks of several MiB would soon be all that there are. */
	if (bytes > 65536) {
		claim_free_all(alignment->run);
		alignment->held = 0;
	}
}

static bool begin(struct claim_run *run, struct alignment *alignment)
{
	*alignment = (struct alignment){ .run = run, .kcore = kcore_open() };
	if (!alignment->kcore)
		claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	return alignment->kcore;
}

/* ---- kmalloc-minalign ---- */

static enum verdict run_minalign(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info);
	uint64_t max_cache = memlab_dev_info_get_kmalloc_max_cache_size(run->info);
	uint64_t promised = memlab_dev_info_get_kmalloc_minalign(run->info);
	struct alignment alignment;

	if (!begin(run, &alignment))
		return VERDICT_UNKNOWN;
	for (uint64_t bytes = 1; bytes <= max_cache; bytes += bytes < EVERY_SIZE ? 1 : STEP)
		measure_one(&alignment, bytes, promised);
	for (uint64_t power = 2 * max_cache; power <= max; power *= 2) {
		measure_some(&alignment, power / 2 + 1, promised);
		measure_some(&alignment, power - 1, promised);
	}
	kcore_close(alignment.kcore);
	return claim_judge(run,
			   "ARCH_KMALLOC_MINALIGN is %" PRIu64 ", the least alignment seen %" PRIu64
			   " bytes",
			   promised, alignment.least);
}

const struct claim claim_kmalloc_minalign = {
	.id = "kmalloc-minalign",
	.claim = "Addresses from kmalloc are aligned to ARCH_KMALLOC_MINALIGN at least",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"The address of a chunk allocated with kmalloc is aligned to at least "
		  "ARCH_KMALLOC_MINALIGN bytes\"; include/linux/slab.h, kernel-doc of kmalloc().",
	.why = "Any type must be able to live at the address, so the least is the alignment of a "
	       "64-bit integer. Machines whose DMA is not coherent with their caches need a cache "
	       "line, so that no two objects share one.",
	.how = "Every size up to 1024 and every seventh up to the largest class, and sizes "
	       "between the powers of two above; up to 256 objects are held at a time, so that "
	       "they are not all the first of their slab. That an object is at the reported "
	       "address is seen by writing its first bytes and finding them there in /proc/kcore.",
	.choice = "Good for any struct. What needs more than this, and has no size that is a "
		  "power of two, belongs into a cache with an alignment of its own.",
	.needs = NEED_KADDR | NEED_KCORE,
	.run = run_minalign,
};

/* ---- kmalloc-pow2-align ---- */

static enum verdict run_pow2(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info), largest = 0;
	struct alignment alignment;
	char size[SIZE_TEXT];

	if (!begin(run, &alignment))
		return VERDICT_UNKNOWN;
	for (uint64_t power = 1; power <= max; power *= 2) {
		uint64_t before = run->case_count;

		measure_some(&alignment, power, power);
		if (run->case_count > before)
			largest = power;
	}
	kcore_close(alignment.kcore);
	return claim_judge(run, "every power of two from 1 B to %s is aligned to itself",
			   size_text(size, largest));
}

const struct claim claim_kmalloc_pow2_align = {
	.id = "kmalloc-pow2-align",
	.claim = "Memory from kmalloc of a power-of-two size is aligned to that size",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"For sizes which are a power of two, the alignment is also guaranteed to be "
		  "at least the respective size\".",
	.why = "The caches of power-of-two classes are made with that alignment since Linux 5.4, "
	       "also when debugging puts more around the objects; blocks of the page allocator "
	       "are aligned to their size anyhow.",
	.how = "Every power of two up to the largest size, 64 to 4 objects each, held at the same "
	       "time. That they are at the reported addresses is seen in /proc/kcore.",
	.choice = "A buffer that must not cross a page, or a table that hardware wants aligned to "
		  "its size, can come from kmalloc() when its size is a power of two.",
	.needs = NEED_KADDR | NEED_KCORE,
	.run = run_pow2,
};

/* ---- kmalloc-divisor-align ---- */

/* Whether the size is none for kmalloc-pow2-align, and promises more than the least. */
static bool has_divisor(uint64_t bytes, uint64_t minalign)
{
	return align_of(bytes) != bytes && align_of(bytes) > minalign;
}

static enum verdict run_divisor(struct claim_run *run)
{
	uint64_t max = memlab_dev_info_get_kmalloc_max_size(run->info);
	uint64_t max_cache = memlab_dev_info_get_kmalloc_max_cache_size(run->info);
	uint64_t minalign = memlab_dev_info_get_kmalloc_minalign(run->info);
	struct alignment alignment;

	if (!begin(run, &alignment))
		return VERDICT_UNKNOWN;
	for (uint64_t bytes = 1; bytes <= max_cache; bytes++)
		if (has_divisor(bytes, minalign))
			measure_one(&alignment, bytes, align_of(bytes));
	/* The two classes that are no powers of two, on which the promise depends. */
	for (uint64_t bytes = 65; bytes <= 192; bytes++)
		if (has_divisor(bytes, minalign))
			measure_some(&alignment, bytes, align_of(bytes));
	for (uint64_t power = max_cache; power < max; power *= 2)
		for (uint64_t eighths = 9; eighths < 16; eighths++)
			measure_some(&alignment, power / 8 * eighths,
				     align_of(power / 8 * eighths));
	kcore_close(alignment.kcore);
	return claim_judge(run, "every size is aligned to its largest power-of-two divisor");
}

const struct claim claim_kmalloc_divisor_align = {
	.id = "kmalloc-divisor-align",
	.claim = "Memory from kmalloc of another size is aligned to its largest power-of-two "
		 "divisor",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\", "
		  "from Linux 6.11 on: \"For other sizes, the alignment is guaranteed to be at "
		  "least the largest power-of-two divisor of the size\".",
	.why = "A request is served from the smallest class that fits. Classes are powers of two, "
	       "and 96 and 192, whose objects lie at multiples of 32 and 64 bytes: no size that "
	       "they serve has a larger divisor. Before 6.11 nobody promised it, and slab "
	       "debugging may break it there.",
	.how = "Every size up to the largest class that has a divisor above the least alignment, "
	       "the sizes from 65 to 192 many times, and sizes in eighths between the powers of "
	       "two above. That objects are at the reported addresses is seen in /proc/kcore. The "
	       "verdict is what was measured, also on kernels that promise nothing.",
	.choice = "Rely on it from 6.11 on: an array of 3 elements of 64 bytes is aligned to 64. "
		  "For older kernels round the size up to a power of two, or make a cache.",
	.needs = NEED_KADDR | NEED_KCORE,
	.run = run_divisor,
};
