/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings of buffers, in the arena. */
#ifndef CALL_MEMORY_H
#define CALL_MEMORY_H

#include <sys/uio.h>

#include "world.h"

/*
 * So many bytes from there, as far as the arena goes: madvise() and mprotect() go on to the end
 * of memory, and the stack is there. What is more than all addresses is for the kernel to see.
 */
static inline unsigned long within_arena(unsigned long start, __u64 bytes)
{
	if ((unsigned long)bytes > -start || bytes <= ARENA_END - start)
		return (unsigned long)bytes;
	return ARENA_END - start;
}

static inline unsigned long in_map(__u64 slot, __u64 offset)
{
	return map_address(slot) + (unsigned long)(offset % MAP_BYTES);
}

/* map slot, file, buffer, bytes (0: all that can be), prot, flags, pages added to the offset */
static inline long call_map(const __u64 *a)
{
	const struct buffer *buffer = &world.buffer[a[2] % SLOTS];
	unsigned long start = map_address(a[0]);
	unsigned long bytes = within_arena(start, a[3] ?: buffer->length);
	__u64 offset = (a[2] < SLOTS ? buffer->offset : a[2] * PAGE) + a[6] * PAGE;
	void *there;

	there = mmap((void *)start, bytes, (int)a[4], (int)a[5] | MAP_FIXED, file_of(a[1]),
		     (off_t)offset);
	if (there == MAP_FAILED)
		return -errno;
	world.mapped[a[0] % SLOTS] = bytes;
	return 0;
}

/* Bytes of a mapping; 0 is all of it. */
static inline unsigned long extent(const __u64 *a)
{
	return within_arena(in_map(a[0], a[1]), a[2] ?: world.mapped[a[0] % SLOTS]);
}

/* map slot, offset, bytes */
static inline long call_unmap(const __u64 *a)
{
	return result(munmap((void *)in_map(a[0], a[1]), extent(a)));
}

/* map slot, offset, bytes, new bytes, flags, new map slot */
static inline long call_remap(const __u64 *a)
{
	unsigned long target = map_address(a[5]);
	unsigned long bytes = within_arena(target, a[3] ?: extent(a));
	int flags = (int)a[4];
	void *there;

	/* Nowhere but in the arena. */
	if (flags & MREMAP_MAYMOVE)
		flags |= MREMAP_FIXED;
	else
		bytes = within_arena(in_map(a[0], a[1]), bytes);
	there = mremap((void *)in_map(a[0], a[1]), extent(a), bytes, flags, target);
	if (there == MAP_FAILED)
		return -errno;
	world.mapped[a[5] % SLOTS] = bytes;
	return 0;
}

/* map slot, offset, bytes, prot */
static inline long call_protect(const __u64 *a)
{
	return result(mprotect((void *)in_map(a[0], a[1]), extent(a), (int)a[3]));
}

/* map slot, offset, bytes, advice */
static inline long call_advise(const __u64 *a)
{
	return result(madvise((void *)in_map(a[0], a[1]), extent(a), (int)a[3]));
}

/* map slot, offset, bytes, whether to unlock */
static inline long call_lock(const __u64 *a)
{
	void *start = (void *)in_map(a[0], a[1]);

	return result(a[3] ? munlock(start, extent(a)) : mlock(start, extent(a)));
}

/* map slot, offset, bytes, whether to write: one byte of each page */
static inline long call_touch(const __u64 *a)
{
	volatile char *from = (volatile char *)in_map(a[0], a[1]);
	unsigned long bytes = extent(a) % MAP_BYTES, i;

	if (sigsetjmp(fault_return, 1)) {
		fault_expected = 0;
		return -EFAULT;
	}
	fault_expected = 1;
	for (i = 0; i < bytes; i += PAGE) {
		if (a[3])
			from[i] = (char)a[3];
		else
			(void)from[i];
	}
	fault_expected = 0;
	return 0;
}

/* map slot, offset, bytes, whether to write: as a debugger does it */
static inline long call_peek(const __u64 *a)
{
	char bytes[256];
	size_t count = a[2] < sizeof(bytes) ? (size_t)a[2] : sizeof(bytes);
	off_t where = (off_t)in_map(a[0], a[1]);
	int memory = open("/proc/self/mem", O_RDWR);
	long done;

	if (memory < 0)
		return -errno;
	memset(bytes, (int)a[3], sizeof(bytes));
	done = a[3] ? pwrite(memory, bytes, count, where) : pread(memory, bytes, count, where);
	done = result(done);
	close(memory);
	return done;
}

/* pipe slot, map slot, offset, bytes: the pipe holds on to the pages */
static inline long call_gift(const __u64 *a)
{
	int *ends = world.pipe[a[0] % SLOTS], fresh[2];
	struct iovec part = { .iov_base = (void *)in_map(a[1], a[2]), .iov_len = extent(a + 1) };

	if (ends[1] < 0) {
		if (pipe2(fresh, O_NONBLOCK | O_CLOEXEC))
			return -errno;
		keep(&ends[0], fresh[0]);
		keep(&ends[1], fresh[1]);
	}
	return result(vmsplice(ends[1], &part, 1, SPLICE_F_NONBLOCK));
}

/* pipe slot: what it holds goes */
static inline long call_empty(const __u64 *a)
{
	int *ends = world.pipe[a[0] % SLOTS];
	long err = drop(&ends[0]);

	return drop(&ends[1]) ?: err;
}

#endif /* CALL_MEMORY_H */
