// SPDX-License-Identifier: GPL-2.0-only
/* Values that a call is likely to succeed with, from what earlier calls have made. */
#include <string.h>

#include <linux/memlab.h>

#include "fuzz.h"

#define SLOTS	    8
#define ALLOCATORS  6
#define STEP	    4096
#define LARGE_BYTES (6ULL << 20)

/* PLACE_NULL in world.h */
#define NOWHERE 1

/* At most, of a benchmark. */
#define BENCH_NANOSECONDS 2000000
#define BENCH_OBJECTS	  257

/* A slot that is in the mask, if any is. */
static __u64 filled(struct random *random, unsigned int mask)
{
	__u64 slot = below(random, SLOTS);
	int i;

	for (i = 0; i < SLOTS; i++, slot = (slot + 1) % SLOTS)
		if (mask & 1U << slot)
			break;
	return slot;
}

/* A slot that is not, mostly. */
static __u64 empty(struct random *random, unsigned int mask)
{
	return filled(random, chance(random, 85) ? ~mask : ~0U);
}

/* Small ones are many, large ones few. */
static __u64 any_bytes(struct random *random)
{
	switch (below(random, 16)) {
	case 0:
		return 1 + below(random, LARGE_BYTES);
	case 1:
	case 2:
		return STEP * (1 + below(random, 64));
	case 3:
		return (8ULL << below(random, 14)) + below(random, 3) - 1;
	default:
		return 1 + below(random, 4 * STEP);
	}
}

static __u64 any_offset(struct random *random, const struct expected *expected,
			const struct call *call)
{
	__u64 bytes = 0, buffer = 0;

	if (call->type->command)
		buffer = value_of(call, "id");
	bytes = expected->bytes[buffer % SLOTS];
	if (!bytes || chance(random, 40))
		return 0;
	/* Two of them, offset and length, shall not go beyond the end. */
	return call->type->command ? below(random, bytes / 2 + 1) :
				     below(random, bytes / STEP + 1) * STEP;
}

static __u64 any_gfp(struct random *random)
{
	static const __u64 bases[] = {
		0,
		0,
		MEMLAB_GFP_KERNEL,
		MEMLAB_GFP_KERNEL,
		MEMLAB_GFP_NOWAIT,
		MEMLAB_GFP_ATOMIC,
		MEMLAB_GFP_USER,
		MEMLAB_GFP_HIGHUSER,
	};
	static const __u64 modifiers[] = {
		MEMLAB_GFP_DMA,		  MEMLAB_GFP_DMA32,  MEMLAB_GFP_ZERO,
		MEMLAB_GFP_HIGH,	  MEMLAB_GFP_NOFAIL, MEMLAB_GFP_NORETRY,
		MEMLAB_GFP_RETRY_MAYFAIL, MEMLAB_GFP_NOWARN, MEMLAB_GFP_ACCOUNT,
		MEMLAB_GFP_NO_ACCOUNT,
	};
	__u64 gfp = bases[below(random, COUNT(bases))];

	while (gfp && chance(random, 30))
		gfp |= modifiers[below(random, COUNT(modifiers))];
	return gfp;
}

static __u64 any_place(struct random *random, const struct expected *expected, bool data)
{
	if (chance(random, data ? 70 : 92))
		return 0;
	/* 8 and above are mappings: PLACE_MAP in world.h */
	if (expected->maps && chance(random, 40))
		return 8 + filled(random, expected->maps);
	return below(random, 8);
}

__u64 valid_value(struct random *random, const struct expected *expected, const struct arg *arg,
		  const struct call *call)
{
	__u64 bits;

	switch (arg->kind) {
	case KIND_NUMBER:
		if (arg->usual && chance(random, 80))
			return arg->usual;
		return arg->range == -1ULL ? interesting(random) : below(random, arg->range);
	case KIND_BITS:
		bits = any(random) & arg->range;
		return chance(random, 60) ? 0 : bits & any(random);
	case KIND_ZERO:
	case KIND_STRUCT_SIZE:
		return arg->usual;
	case KIND_FILE:
		return filled(random, expected->files);
	case KIND_FILE_OUT:
		return empty(random, expected->files);
	case KIND_SOCK:
		return filled(random, expected->socks);
	case KIND_SOCK_OUT:
		return empty(random, expected->socks);
	case KIND_BUFFER:
		return filled(random, expected->buffers);
	case KIND_BUFFER_OUT:
		return empty(random, expected->buffers);
	case KIND_BUFFER_ID:
		return chance(random, 40) ? 0 : 1 + filled(random, expected->buffers);
	case KIND_CACHE:
		return filled(random, expected->caches);
	case KIND_CACHE_OUT:
		return empty(random, expected->caches);
	case KIND_CACHE_ID:
		return chance(random, 40) ? 0 : 1 + filled(random, expected->caches);
	case KIND_MAP:
		return filled(random, expected->maps);
	case KIND_MAP_OUT:
		return empty(random, expected->maps);
	case KIND_PIPE:
		return below(random, 2);
	case KIND_PLACE:
		return any_place(random, expected, false);
	case KIND_DATA:
		return any_place(random, expected, true);
	case KIND_BYTES:
		return arg->usual && chance(random, 80) ? arg->usual : any_bytes(random);
	case KIND_OFFSET:
		return any_offset(random, expected, call);
	case KIND_GFP:
		return any_gfp(random);
	case KIND_CHOICE:
		return arg->choices[below(random, arg->range)];
	case KIND_CALLS:
		return 1 + below(random, 6);
	}
	return 0;
}

static void consistent_alloc(struct random *random, const struct expected *expected,
			     struct call *call)
{
	__u64 allocator = 1 + below(random, ALLOCATORS);
	__u64 flags = value_of(call, "flags");

	if (allocator == MEMLAB_ALLOCATOR_CACHE && !expected->caches)
		allocator = MEMLAB_ALLOCATOR_VMALLOC;
	if (allocator == MEMLAB_ALLOCATOR_CACHE)
		set_value(call, "bytes", 0);
	else
		/* A number that is no slot, and so the id itself. */
		set_value(call, "cache", 1ULL << 32);
	set_value(call, "allocator", allocator);
	if (chance(random, 85))
		flags &= ~(__u64)MEMLAB_ALLOC_DRY_RUN;
	if (!(flags & MEMLAB_ALLOC_NODE))
		set_value(call, "node", 0);
	set_value(call, "flags", flags);
	if (chance(random, 85))
		set_value(call, "context", 0);
	if (value_of(call, "context"))
		set_value(call, "gfp", MEMLAB_GFP_ATOMIC);
	if (chance(random, 80) || allocator == MEMLAB_ALLOCATOR_CACHE)
		set_value(call, "count", 0);
	if (value_of(call, "count"))
		set_value(call, "bytes", 1 + below(random, STEP));
}

static void consistent_bench(struct random *random, const struct expected *expected,
			     struct call *call)
{
	__u64 pattern = 1 + below(random, MEMLAB_BENCH_WRITE);
	__u64 allocator = 1 + below(random, ALLOCATORS);
	bool batch = pattern == MEMLAB_BENCH_BATCH || pattern == MEMLAB_BENCH_BULK;
	bool access = pattern == MEMLAB_BENCH_READ || pattern == MEMLAB_BENCH_WRITE;

	if (pattern == MEMLAB_BENCH_BULK)
		allocator = MEMLAB_ALLOCATOR_CACHE;
	if (allocator == MEMLAB_ALLOCATOR_CACHE && !expected->caches)
		allocator = MEMLAB_ALLOCATOR_KMALLOC;
	if (allocator == MEMLAB_ALLOCATOR_CACHE)
		set_value(call, "bytes", 0);
	else
		set_value(call, "cache", 1ULL << 32);
	set_value(call, "allocator", allocator);
	set_value(call, "pattern", pattern);
	set_value(call, "objects", batch ? 1 + below(random, 64) : 0);
	if (!batch && !access)
		set_value(call, "order", 0);
	set_value(call, "stride", access ? 8 + 8 * below(random, 512) : 0);
	if (pattern == MEMLAB_BENCH_GROW)
		set_value(call, "stride", 1 + value_of(call, "bytes") / (1 + below(random, 32)));
	set_value(call, "count", 0);
	if (!(value_of(call, "alloc_flags") & MEMLAB_ALLOC_NODE))
		set_value(call, "node", 0);
	if (chance(random, 70))
		set_value(call, "context", 0);
	if (value_of(call, "context"))
		set_value(call, "gfp", MEMLAB_GFP_ATOMIC);
	if (chance(random, 70))
		set_value(call, "cpu_count", 0);
	if (!value_of(call, "cpu_count"))
		set_value(call, "cpus", NOWHERE);
	if (!(value_of(call, "flags") & MEMLAB_BENCH_EACH))
		set_value(call, "histogram", NOWHERE);
}

/* Members that only go together. */
void make_consistent(struct random *random, const struct expected *expected, struct call *call)
{
	switch (call->type->command) {
	case MEMLAB_IOC_ALLOC:
		consistent_alloc(random, expected, call);
		break;
	case MEMLAB_IOC_FREE:
		if (chance(random, 80))
			set_value(call, "context", 0);
		break;
	case MEMLAB_IOC_RESIZE:
		/* What comes back goes where the id came from. */
		call->args[REQUEST_SLOT] = value_of(call, "id");
		set_value(call, "flags", value_of(call, "flags") & MEMLAB_RESIZE_ZERO);
		if (chance(random, 80))
			set_value(call, "count", 0);
		if (value_of(call, "count"))
			set_value(call, "bytes", 1 + below(random, STEP));
		break;
	case MEMLAB_IOC_BENCH:
		consistent_bench(random, expected, call);
		break;
	case MEMLAB_IOC_PROBE:
		set_value(call, "kind", 1 + below(random, 5));
		break;
	case MEMLAB_IOC_CACHE_CREATE:
		set_value(call, "bytes", 16 + below(random, chance(random, 90) ? 1024 : 131056));
		set_value(call, "align", chance(random, 60) ? 0 : 1ULL << below(random, 13));
		if (!(value_of(call, "flags") & MEMLAB_CACHE_USERCOPY)) {
			set_value(call, "user_offset", 0);
			set_value(call, "user_bytes", 0);
		}
		break;
	}
}

/* What would go on until a signal comes, shall end by itself. */
static void make_short(struct call *call)
{
	set_value(call, "nanoseconds", 1 + value_of(call, "nanoseconds") % BENCH_NANOSECONDS);
	set_value(call, "objects", value_of(call, "objects") % BENCH_OBJECTS);
}

/*
 * Takes out what makes the kernel complain, as it was asked to: MEMLAB_GFP_WARN, after
 * which it reports that it has no memory, MADV_HWPOISON and MADV_SOFT_OFFLINE, which take
 * pages away from it for good; and what would never end.
 */
void make_quiet(struct call *call)
{
	unsigned int i;

	if (call->type->command == MEMLAB_IOC_BENCH)
		make_short(call);
	for (i = 0; i < call->type->arg_count; i++) {
		if (call->type->args[i].kind == KIND_GFP)
			call->args[i] &= ~MEMLAB_GFP_WARN;
		if (!strcmp(call->type->args[i].name, "advice") &&
		    ((int)call->args[i] == 100 || (int)call->args[i] == 101))
			call->args[i] = 0;
	}
}
