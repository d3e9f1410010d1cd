// SPDX-License-Identifier: GPL-2.0-only
/* krealloc_array(). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "watched.h"

/* An array that is served. */
#define SMALL_BYTES   100
#define COUNT	      1000
#define ELEMENT_BYTES 24

static const struct {
	uint64_t count, bytes;
} overflows[] = {
	{ UINT64_MAX, 2 },
	{ 2, UINT64_MAX },
	{ UINT64_MAX / 2 + 1, 2 },
	{ UINT64_MAX / 2 + 2, 2 },
	{ UINT64_MAX / 4 + 2, 4 },
	{ UINT64_MAX / 24 + 1, 24 },
	{ UINT64_MAX / 24 + 2, 24 },
	{ UINT32_MAX + 1ULL, UINT32_MAX + 1ULL },
	{ UINT32_MAX + 1ULL, UINT32_MAX + 2ULL },
	{ UINT64_MAX, UINT64_MAX },
};

/* Old blocks: an object, a page, pages. */
static const uint64_t old_sizes[] = { 100, 4096, 20000 };

static const char *wrong_overflow(struct watched *watched, uint64_t old_bytes, int err)
{
	const struct watched before = *watched;

	if (!err)
		return "the overflow was not noticed";
	if (errno != EOVERFLOW)
		return strerror(errno);
	if (!watched_look(watched))
		return "cannot be described";
	if (watched->kaddr != before.kaddr || watched->usable != before.usable ||
	    memlab_buf_get_size(watched->buf) != old_bytes)
		return "the old block is another one now";
	return watched_wrong(watched, old_bytes);
}

static bool measure_overflows(struct claim_run *run, struct kcore *kcore, uint64_t old_bytes)
{
	struct memlab_resize_config *config = need(memlab_resize_config_new());
	struct watched watched = { .kcore = kcore };
	bool fine = watched_make(run, &watched, old_bytes);

	for (size_t i = 0; fine && i < ARRAY_SIZE(overflows); i++) {
		const char *wrong;

		memlab_resize_config_set_array(config, overflows[i].count, overflows[i].bytes);
		wrong = wrong_overflow(&watched, old_bytes,
				       memlab_buf_resize(watched.buf, config, NULL));
		claim_case(run, !wrong,
			   "%" PRIu64 " bytes to %" PRIu64 " elements of %" PRIu64 " bytes: %s",
			   old_bytes, overflows[i].count, overflows[i].bytes,
			   wrong ? wrong : "EOVERFLOW, the old block is as before");
		/* What it is now says nothing about the next one. */
		fine = !wrong;
	}
	memlab_resize_config_free(config);
	return fine;
}

/* What does not overflow must be resized: else nothing at all might be. */
static bool measure_array(struct claim_run *run, struct kcore *kcore)
{
	struct memlab_resize_config *config = need(memlab_resize_config_new());
	struct watched watched = { .kcore = kcore };
	struct memlab_call *call = claim_call(run);
	const char *wrong;
	bool fine;

	memlab_resize_config_set_array(config, COUNT, ELEMENT_BYTES);
	fine = watched_make(run, &watched, SMALL_BYTES) &&
	       !memlab_buf_resize(watched.buf, config, call) && watched_look(&watched);
	memlab_resize_config_free(config);
	if (!fine)
		return false;
	wrong = watched_wrong(&watched, SMALL_BYTES);
	claim_case(run, !wrong && memlab_buf_get_size(watched.buf) == COUNT * ELEMENT_BYTES,
		   "%d bytes to %d elements of %d bytes by %s: %" PRIu64 " bytes, %s", SMALL_BYTES,
		   COUNT, ELEMENT_BYTES, memlab_call_get_function(call),
		   memlab_buf_get_size(watched.buf), wrong ? wrong : "the old bytes are kept");
	return true;
}

static enum verdict run_array_overflow(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();
	bool fine = true;

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t i = 0; fine && i < ARRAY_SIZE(old_sizes); i++)
		fine = measure_overflows(run, kcore, old_sizes[i]);
	fine = fine && measure_array(run, kcore);
	kcore_close(kcore);
	if (!fine && !claim_wrong(run))
		return claim_unknown(run, "cannot be measured: %s", strerror(errno));
	return claim_judge(run,
			   "EOVERFLOW, and the old block has its address, its size and its bytes "
			   "(CHECK, /proc/kcore)");
}

const struct claim claim_krealloc_array_overflow = {
	.id = "krealloc-array-overflow",
	.claim = "krealloc_array refuses a size that overflows and leaves the old block alone",
	.source = "include/linux/slab.h, krealloc_array(); "
		  "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"a helper for resizing arrays is provided in the form of krealloc_array()\".",
	.why = "It multiplies with check_mul_overflow() and returns NULL before krealloc() is "
	       "called. NULL means that the old memory has not been touched.",
	.how = "Blocks of three sizes are filled and resized to arrays whose sizes overflow. The "
	       "call must come back as an overflow, and address, size and content of the old "
	       "block be what they were, the content by the driver's word and in /proc/kcore. An "
	       "array that does not overflow must be served.",
	.choice = "For arrays that grow. krealloc(p, n * size) would shrink the block when the "
		  "product wraps, and the next access would be beyond its end.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.run = run_array_overflow,
};
