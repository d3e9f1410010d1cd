// SPDX-License-Identifier: GPL-2.0
/* The device's ioctls. */
#include <stdlib.h>

#include "calls.h"

#define EXTENTS 64

static uint32_t cache; /* that objects come from */
static struct memlab_alloc made;
static struct memlab_cache_create created;

static long alloc(const struct call *call);

static struct memlab_alloc request(const struct call *call)
{
	struct memlab_alloc arg = {
		.size = sizeof(arg),
		.allocator = call->kind,
		.flags = call->flags,
		.bytes = call->bytes,
		.count = call->attempt == alloc ? call->count : 0,
		.context = call->context,
	};

	if (call->kind == MEMLAB_ALLOCATOR_CACHE)
		arg.cache = cache;
	if (call->context)
		arg.gfp = MEMLAB_GFP_ATOMIC;
	return arg;
}

struct memlab_alloc buffer_new(const struct call *call)
{
	struct memlab_alloc arg = request(call);

	check(ioctl(device, MEMLAB_IOC_ALLOC, &arg), call->name);
	return arg;
}

void buffer_free(uint32_t id)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = id };

	check(ioctl(device, MEMLAB_IOC_FREE, &arg), "FREE");
}

static long alloc(const struct call *call)
{
	made = request(call);
	return outcome(ioctl(device, MEMLAB_IOC_ALLOC, &made));
}

static void alloc_undo(const struct call *call, long result)
{
	if (!result && !(call->flags & MEMLAB_ALLOC_DRY_RUN))
		buffer_free(made.id);
}

static void with_buffer(const struct call *call)
{
	made = buffer_new(call);
}

static void buffer_undo(const struct call *call, long result)
{
	(void)call;
	(void)result;
	buffer_free(made.id);
}

static long release(const struct call *call)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = made.id };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_FREE, &arg));
}

/* FREE has no reason to fail; when it does, the buffer must still be there. */
static void release_undo(const struct call *call, long result)
{
	(void)call;
	if (result)
		buffer_free(made.id);
}

static long resize(const struct call *call)
{
	struct memlab_resize arg = {
		.size = sizeof(arg),
		.id = made.id,
		.gfp = call->gfp,
		.bytes = call->count ?: call->bytes * 8,
	};

	return outcome(ioctl(device, MEMLAB_IOC_RESIZE, &arg));
}

static long info(const struct call *call)
{
	struct memlab_info arg = { .size = sizeof(arg) };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_INFO, &arg));
}

static long query(const struct call *call)
{
	struct memlab_query arg = { .size = sizeof(arg), .id = made.id };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_QUERY, &arg));
}

static long layout(const struct call *call)
{
	static struct memlab_extent extents[EXTENTS];
	struct memlab_layout arg = {
		.size = sizeof(arg),
		.id = made.id,
		.capacity = EXTENTS,
		.extents = (uintptr_t)extents,
	};

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_LAYOUT, &arg));
}

static long transfer(const struct call *call)
{
	static unsigned char bytes[1 << 16];
	struct memlab_transfer arg = {
		.size = sizeof(arg),
		.id = made.id,
		.length = call->bytes,
		.data = (uintptr_t)bytes,
	};

	return outcome(ioctl(device, MEMLAB_IOC_WRITE, &arg)) ?:
		       outcome(ioctl(device, MEMLAB_IOC_READ, &arg));
}

static long pattern(const struct call *call)
{
	struct memlab_pattern arg = { .size = sizeof(arg), .id = made.id, .seed = 1 };
	long result = outcome(ioctl(device, MEMLAB_IOC_FILL, &arg)) ?:
			      outcome(ioctl(device, MEMLAB_IOC_CHECK, &arg));

	(void)call;
	return !result && arg.first_wrong != MEMLAB_ALL_RIGHT ? -EILSEQ : result;
}

static long next(const struct call *call)
{
	struct memlab_next arg = { .size = sizeof(arg) };

	return outcome(
		ioctl(device, call->prepare ? MEMLAB_IOC_NEXT : MEMLAB_IOC_CACHE_NEXT, &arg));
}

static long probe(const struct call *call)
{
	struct memlab_probe arg = { .size = sizeof(arg), .kind = MEMLAB_PROBE_KMALLOC_ZERO };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_PROBE, &arg));
}

static long cache_create(const struct call *call)
{
	created = (struct memlab_cache_create){
		.size = sizeof(created),
		.bytes = call->bytes,
		.flags = call->flags,
		.user_bytes = call->flags & MEMLAB_CACHE_USERCOPY ? call->bytes : 0,
	};
	return outcome(ioctl(device, MEMLAB_IOC_CACHE_CREATE, &created));
}

static void with_cache(const struct call *call)
{
	check(cache_create(call) ? -1 : 0, "CACHE_CREATE");
}

static long cache_destroy(const struct call *call)
{
	struct memlab_cache_destroy arg = { .size = sizeof(arg), .id = created.id };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_CACHE_DESTROY, &arg));
}

static void cache_undo(const struct call *call, long result)
{
	if (!result)
		check(cache_destroy(call) ? -1 : 0, "CACHE_DESTROY");
}

static void cache_destroy_undo(const struct call *call, long result)
{
	if (result)
		cache_undo(call, 0);
}

static void cache_query_undo(const struct call *call, long result)
{
	(void)result;
	cache_undo(call, 0);
}

static long cache_query(const struct call *call)
{
	struct memlab_cache_query arg = { .size = sizeof(arg), .id = created.id };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_CACHE_QUERY, &arg));
}

/* Failures of what is timed are counted; others are told. */
static long bench(const struct call *call)
{
	static __u64 histogram[2 * MEMLAB_BENCH_BUCKETS];
	static struct memlab_bench_result result;
	static const __u32 cpu;
	struct memlab_bench arg = {
		.size = sizeof(arg),
		.flags = call->flags,
		.allocator = call->kind,
		.bytes = call->bytes,
		.pattern = call->count,
		.operations = 3,
		.results = (uintptr_t)&result,
	};
	long err;

	if (call->kind == MEMLAB_ALLOCATOR_CACHE)
		arg.cache = cache;
	if (call->count == MEMLAB_BENCH_BATCH || call->count == MEMLAB_BENCH_BULK)
		arg.objects = 3;
	if (call->count >= MEMLAB_BENCH_GROW)
		arg.stride = 64;
	if (call->flags & MEMLAB_BENCH_EACH)
		arg.histogram = (uintptr_t)histogram;
	if (call->context) {
		arg.cpu_count = 1;
		arg.cpus = (uintptr_t)&cpu;
	}
	err = outcome(ioctl(device, MEMLAB_IOC_BENCH, &arg));
	return err ?: result.failures ? -ENOMEM : 0;
}

void ioctls_begin(void)
{
	const struct call call = { .bytes = 192 };

	with_cache(&call);
	cache = created.id;
}

#define ALLOC(_name, _allocator, _bytes, ...)                                         \
	{                                                                             \
		"alloc-" _name, NULL, alloc, alloc_undo, _allocator, .bytes = _bytes, \
								     ##__VA_ARGS__    \
	}
#define WITH(_name, _attempt, _allocator, _bytes, ...)                                  \
	{                                                                               \
		_name, with_buffer, _attempt, buffer_undo, _allocator, .bytes = _bytes, \
								       ##__VA_ARGS__    \
	}

#define BENCH(_name, _allocator, _bytes, _pattern, ...)                                      \
	{                                                                                    \
		"bench-" _name, NULL, bench, .kind = _allocator, .bytes = _bytes,            \
					     .count = MEMLAB_BENCH_##_pattern, ##__VA_ARGS__ \
	}

const struct call ioctl_calls[] = {
	ALLOC("kmalloc", MEMLAB_ALLOCATOR_KMALLOC, 64),
	ALLOC("kmalloc-large", MEMLAB_ALLOCATOR_KMALLOC, 65536),
	ALLOC("kmalloc-array", MEMLAB_ALLOCATOR_KMALLOC, 64, .count = 16),
	ALLOC("kmalloc-zeroed", MEMLAB_ALLOCATOR_KMALLOC, 64, .flags = MEMLAB_ALLOC_ZERO),
	ALLOC("kmalloc-persistent", MEMLAB_ALLOCATOR_KMALLOC, 64, .flags = MEMLAB_ALLOC_PERSISTENT),
	ALLOC("kmalloc-atomic", MEMLAB_ALLOCATOR_KMALLOC, 64, .context = MEMLAB_CONTEXT_ATOMIC),
	ALLOC("kmalloc-softirq", MEMLAB_ALLOCATOR_KMALLOC, 64, .context = MEMLAB_CONTEXT_SOFTIRQ),
	ALLOC("kmalloc-hardirq", MEMLAB_ALLOCATOR_KMALLOC, 64, .context = MEMLAB_CONTEXT_HARDIRQ),
	ALLOC("vmalloc", MEMLAB_ALLOCATOR_VMALLOC, 65536),
	ALLOC("vmalloc-zeroed", MEMLAB_ALLOCATOR_VMALLOC, 65536, .flags = MEMLAB_ALLOC_ZERO),
	ALLOC("kvmalloc", MEMLAB_ALLOCATOR_KVMALLOC, 65536),
	ALLOC("pages", MEMLAB_ALLOCATOR_PAGES, 65536),
	ALLOC("pages-exact", MEMLAB_ALLOCATOR_PAGES_EXACT, 12288),
	ALLOC("object", MEMLAB_ALLOCATOR_CACHE, 0),
	ALLOC("dry-run", MEMLAB_ALLOCATOR_KMALLOC, 64, .flags = MEMLAB_ALLOC_DRY_RUN),
	{ "free-kmalloc", with_buffer, release, release_undo, MEMLAB_ALLOCATOR_KMALLOC,
	  .bytes = 64 },
	{ "free-vmalloc", with_buffer, release, release_undo, MEMLAB_ALLOCATOR_VMALLOC,
	  .bytes = 65536 },
	{ "free-object", with_buffer, release, release_undo, MEMLAB_ALLOCATOR_CACHE },
	WITH("grow-kmalloc", resize, MEMLAB_ALLOCATOR_KMALLOC, 512),
	WITH("grow-nofail", resize, MEMLAB_ALLOCATOR_KMALLOC, 512,
	     .gfp = MEMLAB_GFP_KERNEL | MEMLAB_GFP_NOFAIL),
	WITH("grow-kmalloc-large", resize, MEMLAB_ALLOCATOR_KMALLOC, 8192),
	WITH("shrink-kmalloc", resize, MEMLAB_ALLOCATOR_KMALLOC, 65536, .count = 100),
	WITH("grow-kvmalloc", resize, MEMLAB_ALLOCATOR_KVMALLOC, 65536),
	{ "info", NULL, info },
	WITH("query", query, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	WITH("layout", layout, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	WITH("write-read", transfer, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	WITH("fill-check", pattern, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	WITH("next", next, MEMLAB_ALLOCATOR_KMALLOC, 64),
	{ "probe", NULL, probe },
	{ "cache-create", NULL, cache_create, cache_undo, .bytes = 192 },
	{ "cache-create-usercopy", NULL, cache_create, cache_undo, .bytes = 192,
	  .flags = MEMLAB_CACHE_USERCOPY },
	{ "cache-destroy", with_cache, cache_destroy, cache_destroy_undo, .bytes = 192 },
	{ "cache-query", with_cache, cache_query, cache_query_undo, .bytes = 192 },
	{ "cache-next", NULL, next },
	BENCH("pair-kmalloc", MEMLAB_ALLOCATOR_KMALLOC, 64, PAIR),
	BENCH("pair-vmalloc", MEMLAB_ALLOCATOR_VMALLOC, 65536, PAIR),
	BENCH("each-kvmalloc", MEMLAB_ALLOCATOR_KVMALLOC, 65536, PAIR, .flags = MEMLAB_BENCH_EACH),
	BENCH("batch-pages", MEMLAB_ALLOCATOR_PAGES, 16384, BATCH),
	BENCH("batch-object", MEMLAB_ALLOCATOR_CACHE, 0, BATCH),
	BENCH("bulk-object", MEMLAB_ALLOCATOR_CACHE, 0, BULK),
	BENCH("grow-kmalloc", MEMLAB_ALLOCATOR_KMALLOC, 4096, GROW),
	BENCH("read-vmalloc", MEMLAB_ALLOCATOR_VMALLOC, 65536, READ),
	BENCH("thread", MEMLAB_ALLOCATOR_KMALLOC, 64, PAIR, .context = 1),
	{ .name = NULL },
};
