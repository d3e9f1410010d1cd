/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of the ioctls; table.c is where they belong. */
#ifndef ARGS_IOCTL_H
#define ARGS_IOCTL_H

#include <linux/memlab.h>

#include "args.h"

/* The modifiers that a request may carry; make_quiet() says which it may not. */
#define GFP_ALL (MEMLAB_GFP_COMP * 2 - 1)

/* The arguments of an ioctl: REQUEST_FILE and so on, then members of its struct. */
#define REQUEST(_slot) ARG("file", FILE), ARG("place", PLACE), NUMBER("tail", 1), ARG("slot", _slot)
#define MEMBER(_struct, _member, _kind, _range)                          \
	{                                                                \
		.name = #_member, .kind = KIND_##_kind, .range = _range, \
		.offset = offsetof(struct _struct, _member),             \
		.width = sizeof(((struct _struct *)0)->_member)          \
	}
#define SIZE(_struct)                                                                      \
	{                                                                                  \
		.name = "size", .kind = KIND_STRUCT_SIZE, .usual = sizeof(struct _struct), \
		.range = sizeof(struct _struct), .width = 4                                \
	}

static const struct arg info_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_info),
	MEMBER(memlab_info, flags, ZERO, 0),
	MEMBER(memlab_info, reserved, ZERO, 0),
};

/* A number that is no slot, but the id 0. */
#define NO_CACHE(_struct)                                                 \
	{                                                                 \
		.name = "cache", .kind = KIND_CACHE, .usual = 1ULL << 32, \
		.offset = offsetof(struct _struct, cache), .width = 4     \
	}

static const struct arg alloc_args[] = {
	REQUEST(BUFFER_OUT),
	SIZE(memlab_alloc),
	MEMBER(memlab_alloc, allocator, NUMBER, 7),
	MEMBER(memlab_alloc, flags, BITS, MEMLAB_ALLOC_DRY_RUN * 2 - 1),
	MEMBER(memlab_alloc, node, NUMBER, 2),
	MEMBER(memlab_alloc, bytes, BYTES, 0),
	MEMBER(memlab_alloc, gfp, GFP, GFP_ALL),
	MEMBER(memlab_alloc, count, NUMBER, 32),
	MEMBER(memlab_alloc, context, NUMBER, 4),
	NO_CACHE(memlab_alloc),
	MEMBER(memlab_alloc, reserved, ZERO, 0),
};

static const struct arg free_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_free),
	MEMBER(memlab_free, id, BUFFER, 0),
	MEMBER(memlab_free, flags, BITS, MEMLAB_FREE_KVFREE),
	MEMBER(memlab_free, context, NUMBER, 4),
	MEMBER(memlab_free, reserved, ZERO, 0),
};

static const struct arg query_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_query),
	MEMBER(memlab_query, id, BUFFER, 0),
	MEMBER(memlab_query, flags, ZERO, 0),
	MEMBER(memlab_query, reserved, ZERO, 0),
};

static const struct arg layout_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_layout),
	MEMBER(memlab_layout, id, BUFFER, 0),
	MEMBER(memlab_layout, flags, ZERO, 0),
	MEMBER(memlab_layout, capacity, NUMBER, 256),
	MEMBER(memlab_layout, start, OFFSET, 0),
	MEMBER(memlab_layout, extents, DATA, 0),
	MEMBER(memlab_layout, reserved, ZERO, 0),
};

static const struct arg transfer_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_transfer),
	MEMBER(memlab_transfer, id, BUFFER, 0),
	MEMBER(memlab_transfer, flags, ZERO, 0),
	MEMBER(memlab_transfer, offset, OFFSET, 0),
	MEMBER(memlab_transfer, length, OFFSET, 0),
	MEMBER(memlab_transfer, data, DATA, 0),
	MEMBER(memlab_transfer, reserved, ZERO, 0),
};

static const struct arg pattern_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_pattern),
	MEMBER(memlab_pattern, id, BUFFER, 0),
	MEMBER(memlab_pattern, flags, ZERO, 0),
	MEMBER(memlab_pattern, seed, NUMBER, 2),
	MEMBER(memlab_pattern, offset, OFFSET, 0),
	MEMBER(memlab_pattern, length, OFFSET, 0),
	MEMBER(memlab_pattern, reserved, ZERO, 0),
};

static const struct arg next_args[] = {
	REQUEST(BUFFER_OUT),
	SIZE(memlab_next),
	MEMBER(memlab_next, id, BUFFER, 0),
	MEMBER(memlab_next, flags, ZERO, 0),
	MEMBER(memlab_next, reserved, ZERO, 0),
};

static const struct arg resize_args[] = {
	REQUEST(BUFFER_OUT),
	SIZE(memlab_resize),
	MEMBER(memlab_resize, id, BUFFER, 0),
	MEMBER(memlab_resize, flags, BITS, MEMLAB_RESIZE_MOVED * 2 - 1),
	MEMBER(memlab_resize, gfp, GFP, GFP_ALL),
	MEMBER(memlab_resize, bytes, BYTES, 0),
	MEMBER(memlab_resize, count, NUMBER, 32),
	MEMBER(memlab_resize, reserved, ZERO, 0),
};

static const struct arg probe_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_probe),
	MEMBER(memlab_probe, kind, NUMBER, 6),
	MEMBER(memlab_probe, flags, ZERO, 0),
	MEMBER(memlab_probe, a, NUMBER, -1ULL),
	MEMBER(memlab_probe, b, NUMBER, -1ULL),
	MEMBER(memlab_probe, c, NUMBER, -1ULL),
	MEMBER(memlab_probe, reserved, ZERO, 0),
};

static const struct arg cache_create_args[] = {
	REQUEST(CACHE_OUT),
	SIZE(memlab_cache_create),
	MEMBER(memlab_cache_create, flags, BITS, MEMLAB_CACHE_USERCOPY * 2 - 1),
	MEMBER(memlab_cache_create, bytes, BYTES, 0),
	MEMBER(memlab_cache_create, align, NUMBER, 2),
	MEMBER(memlab_cache_create, user_offset, NUMBER, 16),
	MEMBER(memlab_cache_create, user_bytes, NUMBER, 16),
	MEMBER(memlab_cache_create, reserved, ZERO, 0),
};

static const struct arg cache_destroy_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_cache_destroy),
	MEMBER(memlab_cache_destroy, id, CACHE, 0),
	MEMBER(memlab_cache_destroy, flags, ZERO, 0),
	MEMBER(memlab_cache_destroy, reserved, ZERO, 0),
};

static const struct arg cache_query_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_cache_query),
	MEMBER(memlab_cache_query, id, CACHE, 0),
	MEMBER(memlab_cache_query, flags, ZERO, 0),
};

static const struct arg cache_next_args[] = {
	REQUEST(CACHE_OUT),
	SIZE(memlab_next),
	MEMBER(memlab_next, id, CACHE, 0),
	MEMBER(memlab_next, flags, ZERO, 0),
	MEMBER(memlab_next, reserved, ZERO, 0),
};

static const struct arg bench_args[] = {
	REQUEST(NUMBER),
	SIZE(memlab_bench),
	MEMBER(memlab_bench, flags, BITS, MEMLAB_BENCH_EACH),
	MEMBER(memlab_bench, allocator, NUMBER, 7),
	MEMBER(memlab_bench, alloc_flags, BITS, MEMLAB_ALLOC_NODE | MEMLAB_ALLOC_ZERO),
	MEMBER(memlab_bench, node, NUMBER, 2),
	MEMBER(memlab_bench, context, NUMBER, 4),
	NO_CACHE(memlab_bench),
	MEMBER(memlab_bench, gfp, GFP, GFP_ALL),
	MEMBER(memlab_bench, bytes, BYTES, 0),
	MEMBER(memlab_bench, count, NUMBER, 32),
	MEMBER(memlab_bench, pattern, NUMBER, 7),
	MEMBER(memlab_bench, order, NUMBER, 3),
	MEMBER(memlab_bench, objects, NUMBER, 64),
	MEMBER(memlab_bench, cpu_count, NUMBER, 3),
	MEMBER(memlab_bench, stride, NUMBER, 8192),
	MEMBER(memlab_bench, operations, NUMBER, 64),
	MEMBER(memlab_bench, nanoseconds, NUMBER, 2000000),
	MEMBER(memlab_bench, cpus, DATA, 0),
	MEMBER(memlab_bench, results, DATA, 0),
	MEMBER(memlab_bench, histogram, DATA, 0),
};

#endif /* ARGS_IOCTL_H */
