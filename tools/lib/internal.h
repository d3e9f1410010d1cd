/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share; together with them, the only users of the uAPI. */
#ifndef LIBMEMLAB_INTERNAL_H
#define LIBMEMLAB_INTERNAL_H

#include <assert.h>
#include <errno.h>
#include <linux/memlab.h>
#include <string.h>

#include "libmemlab.h"

#define EXPORT __attribute__((visibility("default")))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The public header repeats the kernel's numbers, as it must not include them. */
#define SAME(name)     static_assert((uint64_t)MEMLAB_LIB_##name == (uint64_t)MEMLAB_##name, #name)
#define SAME_BIT(name) static_assert(1ULL << MEMLAB_LIB_##name == MEMLAB_##name, #name)

struct memlab_dev {
	int fd;
};

struct memlab_buf {
	const struct memlab_dev *dev;
	uint32_t id;
	uint64_t bytes;
	uint64_t map_offset;
	uint64_t map_length;
};

struct memlab_buf_config {
	uint32_t allocator;
	uint32_t flags;
	int32_t node;
	uint32_t context;
	uint32_t cache;
	uint64_t cache_bytes;
	uint64_t bytes;
	uint64_t count;
	uint64_t element_bytes;
	uint64_t gfp;
};

struct memlab_bench_config {
	uint32_t flags;
	uint32_t pattern;
	uint32_t order;
	uint32_t objects;
	uint64_t stride;
	uint64_t operations;
	uint64_t nanoseconds;
	uint32_t *cpus;
	uint32_t cpu_count;
};

struct memlab_cache_config {
	uint32_t flags;
	uint32_t align;
	uint64_t bytes;
	uint64_t user_offset;
	uint64_t user_bytes;
};

/* A name that the kernel gave, and an end to it whatever it gave. */
struct name {
	char text[MEMLAB_NAME_SIZE + 1];
};

struct memlab_cache {
	const struct memlab_dev *dev;
	uint32_t id;
	uint64_t bytes;
	struct name name;
};

struct memlab_call {
	uint32_t reason;
	uint32_t seen;
	uint32_t preempt_count;
	bool moved;
	uint64_t gfp_used;
	uint64_t stale;
	uint64_t nanoseconds;
	uint64_t kept;
	struct name function;
};

/* Goes on after signals. Returns 0, or -1 with errno. */
int dev_ioctl(const struct memlab_dev *dev, unsigned long request, void *arg);

/* The kernel's form of a request. */
struct memlab_alloc alloc_request(const struct memlab_buf_config *config);

int buf_query(const struct memlab_dev *dev, uint32_t id, struct memlab_query *query);

int cache_query(const struct memlab_dev *dev, uint32_t id, struct memlab_cache_query *query);

const char *name_of(const char *const *names, size_t count, unsigned int number);

/* Returns the number, or -1 with EINVAL. */
int number_of(const char *const *names, size_t count, const char *name);

static inline struct name name_from(const uint8_t text[MEMLAB_NAME_SIZE])
{
	struct name name = { 0 };

	memcpy(name.text, text, MEMLAB_NAME_SIZE);
	return name;
}

static inline void set_flag(uint32_t *flags, uint32_t flag, bool on)
{
	if (on)
		*flags |= flag;
	else
		*flags &= ~flag;
}

/* Whoever calls may not want to know. */
static inline void call_tell(struct memlab_call *call, struct memlab_call what)
{
	if (call)
		*call = what;
}

/* Size of what the kernel was asked for, if it agreed: then this does not overflow. */
static inline uint64_t total_bytes(uint64_t count, uint64_t bytes)
{
	return count ? count * bytes : bytes;
}

#endif /* LIBMEMLAB_INTERNAL_H */
