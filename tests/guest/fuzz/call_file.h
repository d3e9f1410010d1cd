/* SPDX-License-Identifier: GPL-2.0-only */
/* The device as a file, the module, and what comes from outside: signals. */
#ifndef CALL_FILE_H
#define CALL_FILE_H

#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "world.h"

#define DEVICE "/dev/memlab"
#define MODULE "/lib/modules/memlab.ko"

/* file slot, flags */
static inline long call_open(const __u64 *a)
{
	return keep(&world.file[a[0] % SLOTS], open(DEVICE, (int)a[1] | O_CLOEXEC));
}

/* file slot, old file, flags: another open file of the same path */
static inline long call_reopen(const __u64 *a)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file_of(a[1]));
	return keep(&world.file[a[0] % SLOTS], open(path, (int)a[2] | O_CLOEXEC));
}

/* file slot */
static inline long call_close(const __u64 *a)
{
	return drop(&world.file[a[0] % SLOTS]);
}

/* file slot, old file */
static inline long call_dup(const __u64 *a)
{
	return keep(&world.file[a[0] % SLOTS], dup(file_of(a[1])));
}

/* file, bytes, whether to write */
static inline long call_read(const __u64 *a)
{
	size_t bytes = a[1] % DATA_BYTES;

	return result(a[2] ? write(file_of(a[0]), world.data, bytes) :
			     read(file_of(a[0]), world.data, bytes));
}

/* file, events */
static inline long call_poll(const __u64 *a)
{
	struct pollfd one = { .fd = file_of(a[0]), .events = (short)a[1] };

	return result(poll(&one, 1, 0));
}

/* file, command, value */
static inline long call_control(const __u64 *a)
{
	return result(fcntl(file_of(a[0]), (int)a[1], (long)a[2]));
}

/* microseconds: a signal comes then */
static inline long call_timer(const __u64 *a)
{
	struct itimerval soon = { .it_value.tv_usec = (long)(a[0] % 100000) };

	return result(setitimer(ITIMER_REAL, &soon, NULL));
}

/* A signal comes now. */
static inline long call_signal(const __u64 *a)
{
	(void)a;
	return result(raise(SIGUSR1));
}

static inline long call_yield(const __u64 *a)
{
	(void)a;
	return result(sched_yield());
}

/* With nothing of it in use. */
static inline long call_unload(const __u64 *a)
{
	(void)a;
	return result(syscall(SYS_delete_module, "memlab", O_NONBLOCK));
}

static inline long call_load(const __u64 *a)
{
	int file = open(MODULE, O_RDONLY | O_CLOEXEC);
	long err;

	(void)a;
	if (file < 0)
		return -errno;
	err = result(syscall(SYS_finit_module, file, "", 0));
	close(file);
	return err;
}

#endif /* CALL_FILE_H */
