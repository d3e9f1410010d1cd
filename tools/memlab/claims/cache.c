// SPDX-License-Identifier: GPL-2.0-only
/* Slab caches of one's own: their objects. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "own_cache.h"

#define SEED 0x63616368

#define OBJECTS 128

static const struct {
	uint64_t bytes;
	uint32_t align;
} kinds[] = {
	{ 1, 0 },      { 24, 0 },   { 100, 64 },  { 200, 8 },	 { 520, 512 },
	{ 1000, 256 }, { 3000, 0 }, { 64, 4096 }, { 5000, 128 },
};

struct object {
	struct memlab_buf *buf;
	uint64_t kaddr;
	uint64_t usable;
};

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct object *)a)->kaddr, y = ((const struct object *)b)->kaddr;

	return (x > y) - (x < y);
}

/* Each is filled with bytes of its own; the objects are ordered by address then. */
static bool make_objects(struct claim_run *run, const struct memlab_cache *cache,
			 struct object objects[OBJECTS])
{
	for (size_t i = 0; i < OBJECTS; i++) {
		struct memlab_buf *buf = own_cache_alloc(run, cache);
		struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;

		if (!info)
			return false;
		objects[i] = (struct object){ buf, memlab_buf_info_get_kernel_address(info),
					      memlab_buf_info_get_usable_size(info) };
		memlab_buf_info_free(info);
		if (memlab_buf_fill(buf, SEED + memlab_buf_get_id(buf), 0, 0))
			return false;
	}
	qsort(objects, OBJECTS, sizeof(*objects), compare);
	return true;
}

/* @next: its neighbour in memory, or NULL. @room: bytes that an object takes, by slabinfo. */
static const char *wrong_object(const struct object *object, const struct object *next,
				uint64_t room, uint32_t align, struct kcore *kcore)
{
	uint64_t bytes = memlab_buf_get_size(object->buf), wrong;
	uint64_t seed = SEED + memlab_buf_get_id(object->buf);

	if (align && object->kaddr % align)
		return "not aligned as asked";
	if (next && next->kaddr - object->kaddr < room)
		return "overlaps with the next object";
	if (next && next->usable != object->usable)
		return "another size than the next object";
	if (memlab_buf_check(object->buf, seed, 0, 0, NULL))
		return "the kernel finds other bytes than were written into it";
	if (!kcore_matches(kcore, object->kaddr, bytes, seed, &wrong) || wrong < bytes)
		return "/proc/kcore shows other bytes than were written into it";
	return NULL;
}

static bool measure_kind(struct claim_run *run, struct kcore *kcore, uint64_t bytes, uint32_t align)
{
	struct memlab_cache *cache = own_cache_make(run, bytes, align);
	struct object objects[OBJECTS];
	struct slabinfo_row row;

	if (!cache || !make_objects(run, cache, objects) ||
	    !own_cache_row(memlab_cache_get_name(cache), &row))
		return false;
	claim_case(run, row.active >= OBJECTS && row.objects >= row.active && row.room >= bytes,
		   "%s: /proc/slabinfo counts %" PRIu64 " objects of %" PRIu64 " bytes, %" PRIu64
		   " in use, of %d of %" PRIu64 " bytes that were allocated",
		   row.name, row.objects, row.room, row.active, OBJECTS, bytes);
	for (size_t i = 0; i < OBJECTS; i++) {
		const char *wrong = wrong_object(&objects[i],
						 i + 1 < OBJECTS ? &objects[i + 1] : NULL, row.room,
						 align, kcore);

		claim_case(run, !wrong,
			   "%s, object of %" PRIu64 " bytes at 0x%" PRIx64 ", alignment %u: %s",
			   row.name, bytes, objects[i].kaddr, align,
			   wrong ? wrong : "aligned, apart from the next, its own bytes");
	}
	claim_free_all(run);
	return true;
}

static enum verdict run_identical(struct claim_run *run)
{
	struct kcore *kcore = kcore_open();

	if (!kcore)
		return claim_unknown(run, "/proc/kcore: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (measure_kind(run, kcore, kinds[i].bytes, kinds[i].align))
			continue;
		kcore_close(kcore);
		return claim_unknown(run, "cannot be measured: a cache of %" PRIu64 " bytes: %s",
				     kinds[i].bytes, errno ? strerror(errno) : "not in slabinfo");
	}
	kcore_close(kcore);
	return claim_judge(
		run,
		"%zu caches of %d objects each: as far apart as slabinfo has them, aligned "
		"as asked, each with bytes of its own",
		ARRAY_SIZE(kinds), OBJECTS);
}

const struct claim claim_cache_identical = {
	.id = "cache-identical",
	.claim = "A kmem_cache serves many objects of one size, disjoint and aligned as asked",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"If you need to allocate many identical objects you can use the slab cache "
		  "allocator\"; mm/slab_common.c, kernel-doc of kmem_cache_create().",
	.why = "A slab is a block of pages cut into objects of one size, rounded up for the "
	       "alignment. Objects of one cache lie close together, whatever else is allocated.",
	.how = "Caches of several sizes and alignments, 128 objects each. /proc/slabinfo must "
	       "count them under the cache's name; that the name is there, and the cache is not "
	       "merged with another one, is achieved by declaring the objects for user space. "
	       "Neighbours must be as far apart as slabinfo says that an object is long, "
	       "addresses must be multiples of the alignment, and every object must keep the "
	       "bytes that were written into it, by the driver's word and in /proc/kcore.",
	.choice = "For many objects of one type that come and go: less waste than the size "
		  "classes of kmalloc(), an alignment of one's own, and a line in /proc/slabinfo "
		  "if the cache is not merged.",
	.needs = NEED_PHYS | NEED_KADDR | NEED_KCORE | NEED_SLABINFO,
	.run = run_identical,
};
