// SPDX-License-Identifier: GPL-2.0-only
/* Signals that come between two steps: read from a descriptor, or held meanwhile. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "memlab.h"

/* From here on they are read from the descriptor, which is returned. */
int signals_watch(const int *numbers, size_t count)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, numbers[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		die(STATUS_NO, "sigprocmask: %s", strerror(errno));
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die(STATUS_NO, "signalfd: %s", strerror(errno));
	return fd;
}

/* From here on none comes that can be held, until signals_let(). */
sigset_t signals_hold(void)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	return before;
}

/* Those come that came before signals_hold(), which returned @before. */
void signals_let(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* Waits for the next one; its number. */
int signals_read(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		die(STATUS_NO, "signalfd: %s", strerror(errno));
	return (int)info.ssi_signo;
}
