/* SPDX-License-Identifier: GPL-2.0-only */
/* The ioctls: a struct somewhere in memory, and what of the answer is kept. */
#ifndef CALL_IOCTL_H
#define CALL_IOCTL_H

#include "world.h"

#define STRUCT_MAX 512

/**
 * struct request - an ioctl as the fuzzer makes it
 * @file: slot of the file
 * @place: enum place of the struct
 * @tail: byte that follows the struct, which may say that it is longer
 * @slot: where the id that comes back is kept
 */
struct request {
	__u64 file;
	__u64 place;
	__u64 tail;
	__u64 slot;
};

static inline void keep_ids(unsigned int command, __u64 slot, const void *data)
{
	const struct memlab_alloc *alloc = data;
	const struct memlab_resize *resize = data;
	const struct memlab_cache_create *create = data;
	const struct memlab_next *next = data;
	struct buffer *buffer = &world.buffer[slot % SLOTS];

	switch (command) {
	case MEMLAB_IOC_ALLOC:
		*buffer = (struct buffer){ alloc->id, alloc->map_offset, alloc->map_length };
		break;
	case MEMLAB_IOC_RESIZE:
		if (resize->id == buffer->id) {
			buffer->offset = resize->map_offset;
			buffer->length = resize->map_length;
		}
		break;
	case MEMLAB_IOC_NEXT:
		buffer->id = next->id;
		break;
	case MEMLAB_IOC_CACHE_CREATE:
		world.cache[slot % SLOTS] = create->id;
		break;
	case MEMLAB_IOC_CACHE_NEXT:
		world.cache[slot % SLOTS] = next->id;
		break;
	}
}

/* To a mapping; where nothing is mapped, the ioctl shall find out. */
__attribute__((noinline, unused)) static void put_into_mapping(char *there, const void *data,
							       size_t bytes)
{
	if (!sigsetjmp(fault_return, 1)) {
		fault_expected = 1;
		memcpy(there, data, bytes);
	}
	fault_expected = 0;
}

/* The struct goes to its place and, on success, comes back. */
static inline long request_memlab(const struct request *request, unsigned int command, void *data,
				  size_t bytes)
{
	char *there = (char *)place_address(request->place, bytes);
	long err;

	if (request->place == PLACE_GOOD || request->place == PLACE_END)
		memcpy(there, data, bytes);
	if (request->place == PLACE_GOOD) {
		memset(there + bytes, 0, 2 * PAGE);
		there[bytes] = request->tail;
	}
	if (request->place >= PLACE_MAP && request->place < PLACES)
		put_into_mapping(there, data, bytes);
	err = ioctl(file_of(request->file), command, there) ? -errno : 0;
	if (!err && (request->place == PLACE_GOOD || request->place == PLACE_END)) {
		memcpy(data, there, bytes);
		keep_ids(command, request->slot, data);
	}
	return err;
}

/* file, number, argument, what it begins with: all of them begin with a size */
static inline long call_raw(const __u64 *a)
{
	unsigned long argument = a[2] < PLACES ? place_address(a[2], 64) : (unsigned long)a[2];

	if (a[2] == PLACE_GOOD) {
		memset((void *)argument, 0, 2 * PAGE);
		*(__u32 *)argument = (__u32)a[3];
	}
	return result(ioctl(file_of(a[0]), (unsigned long)a[1], argument));
}

#endif /* CALL_IOCTL_H */
