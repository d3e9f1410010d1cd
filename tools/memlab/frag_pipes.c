// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory that a process holds by pipes.
 *
 * The kernel allocates a page at a time for the content of a pipe, and the array that
 * tells where the pages are, the ring, by kcalloc() in one block. Neither can be moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "frag_pipes.h"

/* The kernel's struct pipe_buffer: two pointers, two ints, an int with padding, a long. */
#define ELEMENT_SIZE (2 * sizeof(void *) + 2 * sizeof(int) + 2 * sizeof(long))

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t pipes_room(unsigned int order)
{
	uint64_t pages = 1;

	while (2 * pages * ELEMENT_SIZE <= page_size() << order)
		pages *= 2;
	return pages;
}

/* In packet mode each write gets a page of its own, however short it is. */
static bool make_pipe(int fds[2], uint64_t pages)
{
	int bytes = (int)(pages * page_size());
	int err;

	if (pipe2(fds, O_DIRECT | O_NONBLOCK | O_CLOEXEC))
		return false;
	if (fcntl(fds[1], F_SETPIPE_SZ, bytes) == bytes)
		return true;

	err = errno;
	close(fds[0]);
	close(fds[1]);
	errno = err;
	return false;
}

bool pipes_open(struct pipes *pipes, uint64_t pages)
{
	uint64_t room = pipes_room(PIPES_RING_ORDER);
	size_t count = (size_t)((pages + room - 1) / room);

	*pipes = (struct pipes){ .room = room };
	pipes->readers = calloc(count, sizeof(int));
	pipes->writers = calloc(count, sizeof(int));
	if (!pipes->readers || !pipes->writers)
		return false;

	for (; pipes->count < count; pipes->count++) {
		int fds[2];

		if (!make_pipe(fds, room))
			return false;
		pipes->readers[pipes->count] = fds[0];
		pipes->writers[pipes->count] = fds[1];
	}
	return true;
}

bool pipes_fill(struct pipes *pipes, uint64_t pages)
{
	for (; pages; pages--) {
		if (write(pipes->writers[pipes->filled], "", 1) != 1)
			return false;
		pipes->pages++;
		if (--pipes->room)
			continue;
		pipes->filled++;
		pipes->room = pipes_room(PIPES_RING_ORDER);
	}
	return true;
}

void pipes_close(struct pipes *pipes)
{
	for (size_t i = 0; i < pipes->count; i++) {
		close(pipes->readers[i]);
		close(pipes->writers[i]);
	}
	free(pipes->readers);
	free(pipes->writers);
	*pipes = (struct pipes){ 0 };
}

bool pipes_block(unsigned int order)
{
	uint64_t room = pipes_room(order);
	int fds[2];

	/* F_SETPIPE_SZ takes up to 2 GiB in an int. */
	if (room > (1ULL << 30) / page_size()) {
		errno = EINVAL;
		return false;
	}
	if (!make_pipe(fds, room))
		return false;
	/* The pipe lasts as long as one end. */
	close(fds[1]);
	return true;
}
