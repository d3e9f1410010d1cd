// SPDX-License-Identifier: GPL-2.0-only
/* krealloc(). */
#include <errno.h>
#include <inttypes.h>
#include <linux/kernel-page-flags.h>
#include <stdlib.h>
#include <string.h>

#include "watched.h"

/* All size classes, their edges, and whole pages. */
static const uint64_t sizes[] = {
	1,    8,    9,	   16,	  32,	 33,	 64,	 65,	 96,	   128,
	192,  256,  500,   512,	  1024,	 1025,	 2048,	 3000,	 4096,	   6000,
	8192, 8193, 16384, 30000, 65536, 100000, 262144, 500000, 1U << 20,
};

/* From each size to so many neighbours above and below, and to the first and the last. */
#define NEIGHBOURS 3

struct moves {
	uint64_t grown_in_place, grown_moved, shrunk_in_place, shrunk_moved;
};

static void count_move(struct moves *moves, bool grown, bool moved)
{
	if (grown)
		++*(moved ? &moves->grown_moved : &moves->grown_in_place);
	else
		++*(moved ? &moves->shrunk_moved : &moves->shrunk_in_place);
}

/* NULL, or what /proc/kpageflags has against the frames of the memory as it is now. */
static const char *not_in_use(struct claim_run *run, const struct watched *watched)
{
	struct frames frames;
	const char *wrong = NULL;
	size_t count;

	if (!frames_reported(run, watched->buf, &frames) ||
	    !kpageflags_count(&frames, 0, FRAME_FLAG(BUDDY) | FRAME_FLAG(NOPAGE), &count))
		wrong = "/proc/kpageflags cannot be read";
	else if (count != frames.count)
		wrong = "/proc/kpageflags has frames of it as free";
	frames_free(&frames);
	return wrong;
}

static const char *wrong_resize(struct claim_run *run, struct watched *watched, uint64_t kept,
				const struct memlab_call *call)
{
	uint64_t before = watched->kaddr;
	const char *wrong;
	bool moved;

	if (!watched_look(watched))
		return "cannot be described";
	if (memlab_call_get_kept(call) != kept)
		return "the driver reports another number of bytes kept";
	moved = watched->kaddr != before;
	if (memlab_call_is_moved(call) != moved)
		return "the driver's word on moving is not that of the addresses";
	wrong = watched_wrong(watched, kept);
	return wrong ? wrong : not_in_use(run, watched);
}

static bool measure_resize(struct claim_run *run, struct kcore *kcore, uint64_t from, uint64_t to,
			   struct moves *moves)
{
	struct memlab_resize_config *config;
	struct memlab_call *call = claim_call(run);
	struct watched watched = { .kcore = kcore };
	uint64_t kept = from < to ? from : to;
	const char *wrong;
	int err;

	if (!watched_make(run, &watched, from))
		return false;
	config = need(memlab_resize_config_new());
	memlab_resize_config_set_size(config, to);
	err = memlab_buf_resize(watched.buf, config, call);
	memlab_resize_config_free(config);
	if (err)
		return false;
	wrong = wrong_resize(run, &watched, kept, call);
	claim_case(run, !wrong, "%" PRIu64 " to %" PRIu64 " bytes, %s, %" PRIu64 " kept: %s", from,
		   to, memlab_call_is_moved(call) ? "moved" : "in place",
		   memlab_call_get_kept(call), wrong ? wrong : "as they were");
	count_move(moves, to > from, memlab_call_is_moved(call));
	claim_free(run, watched.buf);
	return true;
}

static bool is_measured(size_t from, size_t to)
{
	size_t distance = from < to ? to - from : from - to;

	return distance && (distance <= NEIGHBOURS || !to || to == ARRAY_SIZE(sizes) - 1);
}

static enum verdict run_keeps(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();
	struct moves moves = { 0 };

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t from = 0; from < ARRAY_SIZE(sizes); from++) {
		for (size_t to = 0; to < ARRAY_SIZE(sizes); to++) {
			if (!is_measured(from, to) ||
			    measure_resize(run, kcore, sizes[from], sizes[to], &moves))
				continue;
			kcore_close(kcore);
			return claim_unknown(run,
					     "cannot be measured: %" PRIu64 " to %" PRIu64
					     " bytes: %s",
					     sizes[from], sizes[to], strerror(errno));
		}
	}
	kcore_close(kcore);
	return claim_judge(
		run,
		"every byte up to the smaller size is there (CHECK, /proc/kcore); grown: "
		"%" PRIu64 " in place, %" PRIu64 " moved; shrunk: %" PRIu64 " in place, "
		"%" PRIu64 " moved",
		moves.grown_in_place, moves.grown_moved, moves.shrunk_in_place, moves.shrunk_moved);
}

const struct claim claim_krealloc_keeps = {
	.id = "krealloc-keeps",
	.claim = "krealloc keeps the content up to the smaller of the old and the new size",
	.source = "mm/slab_common.c (mm/slub.c in newer kernels), kernel-doc of krealloc(): "
		  "\"The contents of the object pointed to are preserved up to the lesser of the "
		  "new and old sizes\"; Documentation/core-api/memory-allocation.rst, "
		  "\"Selecting memory allocator\".",
	.why = "An object that is large enough already is kept as it is: its size class has room "
	       "to spare, and a smaller size changes nothing. Else a new one is allocated, the "
	       "old content copied, and the old one freed.",
	.how = "Buffers of sizes over all classes and above are filled, resized to others, "
	       "larger and smaller, and compared up to the smaller size, by the driver and in "
	       "/proc/kcore at the new address. Whether memory moved must be what the addresses "
	       "before and after say, and the frames of the new memory must not be free in "
	       "/proc/kpageflags. How often it stayed in place is counted, and is no part of the "
	       "claim.",
	.choice = "The new pointer must be used, and the old one forgotten, also when it shrank. "
		  "On failure the old memory is still there, so p = krealloc(p, ...) leaks it. "
		  "What is beyond the old size is not zeroed without __GFP_ZERO, and on many "
		  "kernels not all of it even then.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE,
	.run = run_keeps,
};
