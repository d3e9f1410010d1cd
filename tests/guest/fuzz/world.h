/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world that calls act on: slots with files, sockets, ids, mappings and pipes.
 *
 * A call names slots, never what is in them, so that a program can lose any of its calls
 * and still be run. Mappings lie in an arena, one place for each slot, so that nothing else
 * is ever unmapped. Part of the fuzzer, and of the C programs that it writes.
 */
#ifndef WORLD_H
#define WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <linux/memlab.h>
#include <linux/memlab_netlink.h>

#define SLOTS	    8 /* of each kind */
#define NO_FILE	    12345
#define THREADS_MAX 4
#define PAGE	    4096UL /* the least that a machine has */
#define MAP_BYTES   (8UL << 20)
#define DATA_BYTES  (256UL << 10)
#define GUARD_BYTES (64UL << 10) /* the largest page that a machine has */
#define ARENA	    0x200000000000UL
#define ARENA_END   (ARENA + SLOTS * MAP_BYTES)

/* Where a struct or data lies. */
enum place {
	PLACE_GOOD,
	PLACE_NULL,
	PLACE_READ_ONLY,
	PLACE_END, /* its last byte is the last one before a hole */
	PLACE_CUT, /* half of it lies in the hole */
	PLACE_HOLE,
	PLACE_KERNEL,
	PLACE_NOWHERE, /* no address at all */
	PLACE_MAP,     /* in a mapping of the slot that is added */
	PLACES = PLACE_MAP + SLOTS,
};

struct buffer {
	__u32 id;
	__u64 offset;
	__u64 length;
};

struct world {
	int file[SLOTS];
	int sock[SLOTS];
	int pipe[SLOTS][2];
	struct buffer buffer[SLOTS];
	__u32 cache[SLOTS];
	__u64 mapped[SLOTS];
	__u16 family;
	__u32 group;
	char *data;
	char *read_only;
	char *scratch[THREADS_MAX];
};

/* There is one, of the file that says so. */
#ifdef WORLD_HERE
struct world world;
__thread unsigned int thread_number;
__thread sigjmp_buf fault_return;
__thread volatile sig_atomic_t fault_expected;
#else
extern struct world world;
extern __thread unsigned int thread_number;
extern __thread sigjmp_buf fault_return;
extern __thread volatile sig_atomic_t fault_expected;
#endif

static inline void die(const char *what)
{
	fprintf(stderr, "fuzz: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* Readable and writable memory that ends in a hole. */
static inline char *memory_before_hole(size_t bytes)
{
	char *start = mmap(NULL, bytes + GUARD_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || mprotect(start + bytes, GUARD_BYTES, PROT_NONE))
		die("mmap");
	return start;
}

/* Where a fault came that nobody expected. */
static inline void *fault_place(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (void *)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
	return (void *)context->uc_mcontext.pc;
#else
	(void)context;
	return NULL;
#endif
}

static inline void on_fault(int number, siginfo_t *info, void *context)
{
	if (fault_expected)
		siglongjmp(fault_return, number);
	dprintf(STDERR_FILENO, "fuzz: thread %u: signal %d at %p, code %d, of address %p\n",
		thread_number, number, fault_place(context), info->si_code, info->si_addr);
	signal(number, SIG_DFL);
	raise(number);
}

/* Interrupts what can be interrupted, and nothing else. */
static inline void on_signal(int number)
{
	(void)number;
}

static inline void handle_signals(void)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_NODEFER | SA_SIGINFO };
	struct sigaction other = { .sa_handler = on_signal };

	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	sigaction(SIGALRM, &other, NULL);
	sigaction(SIGUSR1, &other, NULL);
	sigaction(SIGPIPE, &other, NULL);
}

static inline void world_make(void)
{
	int i;

	handle_signals();
	memset(&world, 0, sizeof(world));
	for (i = 0; i < SLOTS; i++) {
		world.file[i] = -1;
		world.sock[i] = -1;
		world.pipe[i][0] = -1;
		world.pipe[i][1] = -1;
	}
	for (i = 0; i < THREADS_MAX; i++)
		world.scratch[i] = memory_before_hole(GUARD_BYTES);
	world.data = memory_before_hole(DATA_BYTES);
	world.read_only = memory_before_hole(GUARD_BYTES);
	if (mprotect(world.read_only, GUARD_BYTES, PROT_READ))
		die("mprotect");
	if (mmap((void *)ARENA, ARENA_END - ARENA, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		die("the arena");
}

static inline unsigned long map_address(__u64 slot)
{
	return ARENA + slot % SLOTS * MAP_BYTES;
}

/* The address of so many bytes there. */
static inline unsigned long place_address(__u64 place, size_t bytes)
{
	char *good = bytes > GUARD_BYTES ? world.data : world.scratch[thread_number];
	char *hole = good + (good == world.data ? DATA_BYTES : GUARD_BYTES);

	switch (place) {
	case PLACE_GOOD:
		return (unsigned long)good;
	case PLACE_NULL:
		return 0;
	case PLACE_READ_ONLY:
		return (unsigned long)world.read_only;
	case PLACE_END:
		return (unsigned long)hole - bytes;
	case PLACE_CUT:
		return (unsigned long)hole - bytes / 2;
	case PLACE_HOLE:
		return (unsigned long)hole;
	case PLACE_KERNEL:
		return 0xffff888000000000UL;
	case PLACE_NOWHERE:
		return 0x8000000000000000UL;
	}
	return map_address(place - PLACE_MAP);
}

/* Memory for data that a call copies: more than a struct has. */
static inline unsigned long data_address(__u64 place)
{
	return place_address(place, place == PLACE_GOOD ? DATA_BYTES : 64);
}

/*
 * A slot, or, for a number that is none, the number itself; of a file no number, as that may
 * be a pipe that somebody waits for.
 */
static inline int file_of(__u64 slot)
{
	return slot < SLOTS ? world.file[slot] : NO_FILE;
}

static inline int sock_of(__u64 slot)
{
	return slot < SLOTS ? world.sock[slot] : NO_FILE;
}

static inline __u32 buffer_of(__u64 slot)
{
	return slot < SLOTS ? world.buffer[slot].id : (__u32)slot;
}

static inline __u32 cache_of(__u64 slot)
{
	return slot < SLOTS ? world.cache[slot] : (__u32)slot;
}

/* Puts a descriptor into a slot; what was there is closed. */
static inline long keep(int *slot, int descriptor)
{
	int old;

	if (descriptor < 0)
		return -errno;
	old = __atomic_exchange_n(slot, descriptor, __ATOMIC_SEQ_CST);
	if (old >= 0)
		close(old);
	return 0;
}

static inline long drop(int *slot)
{
	int old = __atomic_exchange_n(slot, -1, __ATOMIC_SEQ_CST);

	if (old < 0)
		return -EBADF;
	return close(old) ? -errno : 0;
}

static inline long result(long value)
{
	return value < 0 ? -errno : 0;
}

#endif /* WORLD_H */
