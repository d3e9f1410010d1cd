// SPDX-License-Identifier: GPL-2.0
/*
 * race: threads that all want what a limit leaves, at once.
 *
 *	race THREADS ALLOCATOR BYTES [SMALL]
 *
 * For each line on standard input a round: all threads start together, and each
 * allocates buffers of BYTES until it is refused. With SMALL each buffer is allocated
 * with so many bytes, and grown to BYTES; what cannot grow is freed again. A line of
 * output tells how many buffers there are now, how many requests EDQUOT and ENOSPC
 * refused, and how many anything else. At the next line the threads free all of it,
 * again together, and answer with a line of the same form.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/memlab.h>

#define THREADS_MAX 32
#define HELD_MAX    65536

struct racer {
	pthread_t thread;
	unsigned int count;
	unsigned int quota;
	unsigned int total;
	unsigned int other;
	__u32 ids[HELD_MAX];
};

static struct racer racers[THREADS_MAX];
static unsigned int thread_count;
static pthread_barrier_t barrier;
static int fd;
static __u32 allocator;
static __u64 bytes;
static __u64 small;

static void fail(const char *what)
{
	fprintf(stderr, "race: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void note(struct racer *racer)
{
	if (errno == EDQUOT)
		racer->quota++;
	else if (errno == ENOSPC)
		racer->total++;
	else
		racer->other++;
}

static int release(__u32 id)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = id };

	return ioctl(fd, MEMLAB_IOC_FREE, &arg);
}

/* Returns the id, or 0 when it was refused. */
static __u32 obtain(struct racer *racer)
{
	struct memlab_alloc arg = { .size = sizeof(arg), .allocator = allocator };
	struct memlab_resize more = { .size = sizeof(more), .bytes = bytes };

	arg.bytes = small ?: bytes;
	if (ioctl(fd, MEMLAB_IOC_ALLOC, &arg)) {
		note(racer);
		return 0;
	}
	more.id = arg.id;
	if (small && ioctl(fd, MEMLAB_IOC_RESIZE, &more)) {
		note(racer);
		if (release(arg.id))
			fail("FREE");
		return 0;
	}
	return arg.id;
}

static void *run(void *data)
{
	struct racer *racer = data;
	__u32 id;

	for (;;) {
		pthread_barrier_wait(&barrier);
		while (racer->count < HELD_MAX && (id = obtain(racer)))
			racer->ids[racer->count++] = id;
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		while (racer->count)
			if (release(racer->ids[--racer->count]))
				racer->other++;
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

/* Lets the threads go, and waits for them. */
static void round_of_all(void)
{
	unsigned int held = 0, quota = 0, total = 0, other = 0, i;

	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (i = 0; i < thread_count; i++) {
		held += racers[i].count;
		quota += racers[i].quota;
		total += racers[i].total;
		other += racers[i].other;
		racers[i].quota = 0;
		racers[i].total = 0;
		racers[i].other = 0;
	}
	printf("%u %u %u %u\n", held, quota, total, other);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[16];
	unsigned int i;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: race THREADS ALLOCATOR BYTES [SMALL]\n");
		return 2;
	}
	thread_count = strtoul(argv[1], NULL, 0);
	allocator = strtoul(argv[2], NULL, 0);
	bytes = strtoull(argv[3], NULL, 0);
	small = argc == 5 ? strtoull(argv[4], NULL, 0) : 0;
	if (!thread_count || thread_count > THREADS_MAX)
		return 2;
	fd = open("/dev/memlab", O_RDWR);
	if (fd < 0)
		fail("/dev/memlab");
	if (pthread_barrier_init(&barrier, NULL, thread_count + 1))
		fail("pthread_barrier_init");
	for (i = 0; i < thread_count; i++)
		if (pthread_create(&racers[i].thread, NULL, run, &racers[i]))
			fail("pthread_create");
	while (fgets(line, sizeof(line), stdin))
		round_of_all();
	return 0;
}
