// SPDX-License-Identifier: GPL-2.0
/*
 * fragment MEBIBYTES: leaves that much kernel memory free in single pages.
 *
 * Writes pages to two pipes by turns, so that the kernel takes neighbouring pages
 * for them, and then empties one of the two. The freed pages have no free
 * neighbour and cannot merge. Pages of a pipe cannot be moved, and are of the same
 * mobility as those of kmalloc() and vmalloc(): the page allocator serves those
 * from the smallest free blocks of that mobility, which are these.
 *
 * Says "fragmented N pages" and keeps it so until standard input ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)

static void fail(const char *what)
{
	fprintf(stderr, "fragment: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_pipe(int fds[2])
{
	if (pipe(fds))
		fail("pipe");
	if (fcntl(fds[1], F_SETPIPE_SZ, PIPE_SIZE) != PIPE_SIZE)
		fail("pipe size");
}

static void move(ssize_t (*transfer)(int, void *, size_t), int fd, char *data, size_t size)
{
	if (transfer(fd, data, size) != (ssize_t)size)
		fail("pipe transfer");
}

static ssize_t put(int fd, void *data, size_t size)
{
	return write(fd, data, size);
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0;
	long page = sysconf(_SC_PAGESIZE);
	char *data = calloc(1, page);
	int(*drained)[2];
	cpu_set_t cpu;
	int i, kept[2];
	long at;

	if (count < 1) {
		fprintf(stderr, "usage: fragment MEBIBYTES\n");
		return 2;
	}
	drained = calloc(count, sizeof(*drained));
	if (!data || !drained)
		fail("memory");
	/* one CPU: each has a list of free pages of its own */
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		fail("sched_setaffinity");

	for (i = 0; i < count; i++) {
		make_pipe(kept);
		make_pipe(drained[i]);
		for (at = 0; at < PIPE_SIZE; at += page) {
			move(put, kept[1], data, page);
			move(put, drained[i][1], data, page);
		}
	}
	for (i = 0; i < count; i++) {
		for (at = 0; at < PIPE_SIZE; at += page)
			move(read, drained[i][0], data, page);
		close(drained[i][0]);
		close(drained[i][1]);
	}
	printf("fragmented %ld pages\n", count * (PIPE_SIZE / page));
	fflush(stdout);
	while (read(STDIN_FILENO, data, page) > 0)
		;
	return 0;
}
