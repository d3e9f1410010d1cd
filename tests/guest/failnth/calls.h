/* SPDX-License-Identifier: GPL-2.0 */
/* The calls whose allocations are made to fail. */
#ifndef FAILNTH_CALLS_H
#define FAILNTH_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/memlab.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof(*(array)))

struct call {
	const char *name;
	void (*prepare)(const struct call *call);	    /* must succeed */
	long (*attempt)(const struct call *call);	    /* 0 or a negative errno */
	void (*undo)(const struct call *call, long result); /* what both have done */
	/* Of which allocator, or netlink command, or as the functions say */
	uint32_t kind;
	uint32_t flags;
	uint32_t context;
	uint64_t bytes;
	uint64_t count;
	uint64_t gfp; /* of a resize */
};

extern int device;

/* These end with an entry without a name. */
extern const struct call ioctl_calls[];
extern const struct call map_calls[];
extern const struct call netlink_calls[];

/* Make what the calls are about. */
void ioctls_begin(void);
void netlink_begin(void);

/* Ends the program when the result is -1, with errno. */
long check(long result, const char *what);

/* The result of a system call as the calls return it. */
static inline long outcome(long result)
{
	return result < 0 ? -errno : 0;
}

/* A buffer in the beginning and in the end of a try; see ioctls.c. */
struct memlab_alloc buffer_new(const struct call *call);
void buffer_free(uint32_t id);

#endif /* FAILNTH_CALLS_H */
