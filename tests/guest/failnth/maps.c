// SPDX-License-Identifier: GPL-2.0
/* open, mmap, and what is done to a mapping. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

#define PAGE  4096
#define APART (1 << 24) /* where a mapping moves to */

static struct memlab_alloc made;
static unsigned char *address;
static int opened;

static long open_device(const struct call *call)
{
	(void)call;
	opened = open("/dev/memlab", O_RDWR | O_CLOEXEC);
	return outcome(opened);
}

static void close_device(const struct call *call, long result)
{
	(void)call;
	if (!result)
		close(opened);
}

static void with_buffer(const struct call *call)
{
	made = buffer_new(call);
	address = NULL;
}

static long map(const struct call *call)
{
	address = mmap(NULL, made.map_length, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		       made.map_offset);
	(void)call;
	if (address != MAP_FAILED)
		return 0;
	address = NULL;
	return -errno;
}

/* A fault that finds no memory is tried again: only SIGBUS would end this program. */
static long touch(const struct call *call)
{
	(void)call;
	for (uint64_t at = 0; at < made.map_length; at += PAGE)
		((volatile unsigned char *)address)[at] = at / PAGE;
	for (uint64_t at = 0; at < made.map_length; at += PAGE)
		if (((volatile unsigned char *)address)[at] != (unsigned char)(at / PAGE))
			return -EILSEQ;
	return 0;
}

static long map_and_touch(const struct call *call)
{
	return map(call) ?: touch(call);
}

static void with_mapping(const struct call *call)
{
	with_buffer(call);
	check(map(call) ? -1 : 0, "mmap");
}

static void with_touched(const struct call *call)
{
	with_mapping(call);
	touch(call);
}

static long split(const struct call *call)
{
	(void)call;
	return outcome(munmap(address + PAGE, PAGE));
}

static long move(const struct call *call)
{
	unsigned char *old = address;
	long result = outcome((long)mremap(old, made.map_length, made.map_length,
					   MREMAP_MAYMOVE | MREMAP_FIXED, old + APART));

	if (!result) {
		address += APART;
		result = touch(call);
		address = old;
	}
	return result;
}

static long protect(const struct call *call)
{
	(void)call;
	return outcome(mprotect(address + PAGE, PAGE, PROT_READ));
}

static void undo(const struct call *call, long result)
{
	(void)call;
	(void)result;
	if (address) {
		check(munmap(address, made.map_length), "munmap");
		/* A kernel without memory to unmap the old place leaves both. */
		check(munmap(address + APART, made.map_length), "munmap");
	}
	buffer_free(made.id);
}

#define MAP(_name, _prepare, _attempt, _allocator, _bytes)                   \
	{                                                                    \
		_name, _prepare, _attempt, undo, _allocator, .bytes = _bytes \
	}

const struct call map_calls[] = {
	{ "open", NULL, open_device, close_device },
	MAP("mmap", with_buffer, map, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	MAP("mmap-touch-kmalloc", with_buffer, map_and_touch, MEMLAB_ALLOCATOR_KMALLOC, 65536),
	MAP("mmap-touch-slab", with_buffer, map_and_touch, MEMLAB_ALLOCATOR_KMALLOC, 4096),
	MAP("mmap-touch-vmalloc", with_buffer, map_and_touch, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	MAP("mmap-touch-pages", with_buffer, map_and_touch, MEMLAB_ALLOCATOR_PAGES, 65536),
	MAP("mmap-touch-exact", with_buffer, map_and_touch, MEMLAB_ALLOCATOR_PAGES_EXACT, 12288),
	MAP("munmap-middle", with_touched, split, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	MAP("mremap", with_touched, move, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	MAP("mprotect-middle", with_touched, protect, MEMLAB_ALLOCATOR_VMALLOC, 65536),
	{ .name = NULL },
};
