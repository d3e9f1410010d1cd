// SPDX-License-Identifier: GPL-2.0-only
/* What kvfree() frees. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "look.h"

static const struct {
	unsigned int allocator;
	uint64_t bytes;
} freed_sizes[] = {
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 8 },	     { MEMLAB_LIB_ALLOCATOR_KMALLOC, 96 },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 4096 },	     { MEMLAB_LIB_ALLOCATOR_KMALLOC, 65536 },
	{ MEMLAB_LIB_ALLOCATOR_KMALLOC, 1U << 20 },  { MEMLAB_LIB_ALLOCATOR_KMALLOC, 4U << 20 },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 1 },	     { MEMLAB_LIB_ALLOCATOR_VMALLOC, 65536 },
	{ MEMLAB_LIB_ALLOCATOR_VMALLOC, 16U << 20 }, { MEMLAB_LIB_ALLOCATOR_VMALLOC, 64U << 20 },
	{ MEMLAB_LIB_ALLOCATOR_KVMALLOC, 64 },	     { MEMLAB_LIB_ALLOCATOR_KVMALLOC, 8192 },
	{ MEMLAB_LIB_ALLOCATOR_KVMALLOC, 1U << 20 }, { MEMLAB_LIB_ALLOCATOR_KVMALLOC, 16U << 20 },
};

/* Pages that others may take or give meanwhile. */
#define OTHERS_PAGES 64

/* VmallocUsed, in pages. */
static uint64_t vmalloc_used(uint64_t page_size)
{
	uint64_t bytes = 0;

	meminfo_get("VmallocUsed", &bytes);
	return bytes / page_size;
}

/* @used is VmallocUsed as it was before the buffer was made. */
static const char *not_free(const struct look *look, bool is_vmalloc, uint64_t used,
			    uint64_t page_size)
{
	size_t pages = look->reported.count, count;

	if (is_vmalloc && vmalloc_used(page_size) > used + OTHERS_PAGES)
		return "VmallocUsed in /proc/meminfo has not fallen again";
	if (is_vmalloc ? !singles_show_when_free(pages) : !shows_when_free(pages, page_size))
		return NULL;
	if (!frames_free_count(&look->reported, &count))
		return "/proc/kpageflags cannot be read";
	return 2 * count < pages ? "kpageflags does not have the pages as free" : NULL;
}

static void measure_freed(struct claim_run *run, unsigned int allocator, uint64_t bytes)
{
	const struct claim_request request = { .allocator = allocator, .bytes = bytes };
	uint64_t used = vmalloc_used(run->page_size);
	struct memlab_buf *buf = claim_alloc(run, &request, NULL);
	struct memlab_call *call = claim_call(run);
	const char *wrong = "cannot be described";
	unsigned int backing = 0;
	char size[SIZE_TEXT];
	struct look look;
	size_t free_before;

	if (!buf)
		return;
	if (look_at(run, buf, &look)) {
		backing = memlab_buf_info_get_backing(look.info);
		wrong = frames_free_count(&look.reported, &free_before) && !free_before ?
				NULL :
				"not in use before";
	}
	if (!claim_free_call(run, buf, true, MEMLAB_LIB_CONTEXT_PROCESS, call))
		wrong = strerror(errno);
	else if (!wrong && strcmp(memlab_call_get_function(call), "kvfree"))
		wrong = "another function than kvfree was called";
	else if (!wrong)
		wrong = not_free(&look, backing == MEMLAB_LIB_BACKING_VMALLOC, used,
				 run->page_size);
	claim_case(run, !wrong, "%s of %s (%s): %s", memlab_allocator_name(allocator),
		   size_text(size, bytes), backing ? memlab_backing_name(backing) : "?",
		   wrong ? wrong : "freed by kvfree");
	look_free(&look);
}

#define OBJECTS	     1024
#define OBJECT_BYTES 192

/* A page of a slab stays the cache's; that the objects are free is for slabinfo to say. */
static void measure_freed_objects(struct claim_run *run)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
					       .bytes = OBJECT_BYTES };
	struct memlab_buf *bufs[OBJECTS];
	uint64_t active[2] = { 0, 0 };
	struct memlab_buf_info *info;
	size_t count = 0;
	char *name;

	while (count < OBJECTS && (bufs[count] = claim_alloc(run, &request, NULL)))
		count++;
	if (count < OBJECTS)
		return;
	info = need(memlab_buf_get_info(bufs[0]));
	name = need(strdup(memlab_buf_info_get_cache_name(info)));
	memlab_buf_info_free(info);

	for (int after = 0; after < 2; after++) {
		struct slabinfo slabinfo;

		/* The other way round, as the latest is found first. */
		while (after && count &&
		       claim_free_call(run, bufs[count - 1], true, MEMLAB_LIB_CONTEXT_PROCESS,
				       NULL))
			count--;
		if (!slabinfo_read(&slabinfo))
			break;
		slabinfo_settle(&slabinfo, name);
		slabinfo_free(&slabinfo);
		if (!slabinfo_read(&slabinfo))
			break;
		active[after] = slabinfo_objects(&slabinfo, name, NULL);
		slabinfo_free(&slabinfo);
	}
	claim_case(run, !count && active[1] + OBJECTS / 2 <= active[0],
		   "%d objects of %s: slabinfo counts %" PRIu64 " before and %" PRIu64
		   " after kvfree",
		   OBJECTS, name, active[0], active[1]);
	free(name);
}

static enum verdict run_kvfree(struct claim_run *run)
{
	struct kmsg *kmsg = kmsg_watch();
	char *complaint;

	if (!kmsg)
		return claim_unknown(run, "/dev/kmsg: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(freed_sizes); i++)
		measure_freed(run, freed_sizes[i].allocator, freed_sizes[i].bytes);
	measure_freed_objects(run);
	complaint = kmsg_complaint(kmsg);
	claim_case(run, !complaint, "kernel log: %s", complaint ? complaint : "no complaint");
	free(complaint);
	kmsg_close(kmsg);
	return claim_judge(run, "kmalloc, vmalloc and kvmalloc memory is free again after kvfree, "
				"kernel log clean");
}

const struct claim claim_kvfree_any = {
	.id = "kvfree-any",
	.claim = "kvfree frees what kmalloc, vmalloc and kvmalloc return",
	.source = "Documentation/core-api/memory-allocation.rst, \"Selecting memory allocator\": "
		  "\"You can use kvfree() for the memory allocated with kmalloc, vmalloc and "
		  "kvmalloc\"; mm/util.c, kernel-doc of kvfree().",
	.why = "kvfree() looks at the address (is_vmalloc_addr()): in the vmalloc area it calls "
	       "vfree(), else kfree().",
	.how = "Buffers of all three, small and large, are freed by kvfree(). Afterwards most "
	       "pages of the larger ones must be free in /proc/kpageflags, where none was before, "
	       "unless freed pages of that kind wait in lists of the CPUs; VmallocUsed in "
	       "/proc/meminfo must have fallen again; and of 1024 slab objects /proc/slabinfo "
	       "must count at least half fewer in use. A wrong way to free would make the kernel "
	       "complain in its log, which must stay clean.",
	.choice = "Where it is known, the matching function is slightly more efficient, as its "
		  "documentation says, and tells a reader more. kvfree() is needed for "
		  "kvmalloc(), and right where memory may be of either kind. It may sleep, as "
		  "vfree() may.",
	.needs = NEED_PHYS | NEED_SLABINFO | NEED_KMSG,
	.run = run_kvfree,
};
