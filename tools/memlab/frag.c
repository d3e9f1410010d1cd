// SPDX-License-Identifier: GPL-2.0-only
/* A process that fragments free memory for as long as its parent wants. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frag.h"
#include "frag_hold.h"
#include "memlab.h"

struct frag {
	pid_t pid;
	int fd;
	uint64_t held;
};

/*
 * Leaves @fd as the only file, as number 0: a device or a pipe of the parent must not
 * stay open because of the child.
 */
static bool leave_files(int fd)
{
	if (dup2(fd, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0))
		return false;
	fd = open("/dev/null", O_RDWR);
	return fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0 &&
	       !close(fd);
}

/* The parent's signals from the terminal are not the child's: the parent ends it. */
static void ignore_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGPIPE };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
}

_Noreturn static void child(int fd, pid_t parent, const struct frag_options *options)
{
	struct frag_report report = { 0 };
	char byte;

	ignore_signals();
	prctl(PR_SET_NAME, "memlab-frag");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || !leave_files(fd)) {
		report.err = errno;
		snprintf(report.why, sizeof(report.why), "cannot set up a process: %s",
			 strerror(errno));
		fd = fcntl(STDIN_FILENO, F_GETFD) < 0 ? fd : STDIN_FILENO;
	} else {
		fd = STDIN_FILENO;
		/* It may have died before the signal was asked for. */
		if (getppid() != parent)
			_exit(STATUS_NO);
		frag_hold(options, &report);
	}

	/* Holds until the parent closes its end, or kills. */
	if (write(fd, &report, sizeof(report)) == sizeof(report) && !report.err)
		while (read(fd, &byte, 1) < 0 && errno == EINTR)
			;
	_exit(report.err ? STATUS_NO : STATUS_OK);
}

/* Ends the child and waits, after which its memory is free. */
static int reap(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status;
}

static struct frag *failed(char **why, const char *what)
{
	int err = errno;

	*why = text_format("%s: %s", what, strerror(err));
	errno = err;
	return NULL;
}

struct frag *frag_begin(const struct frag_options *options, char **why)
{
	struct frag_report report;
	pid_t parent = getpid();
	struct frag *frag;
	ssize_t got;
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return failed(why, "socketpair");
	pid = fork();
	if (pid < 0) {
		struct frag *none = failed(why, "fork");

		close(fds[0]);
		close(fds[1]);
		return none;
	}
	if (!pid)
		child(fds[1], parent, options);
	close(fds[1]);

	do
		got = read(fds[0], &report, sizeof(report));
	while (got < 0 && errno == EINTR);
	if (got == sizeof(report) && !report.err) {
		frag = need(malloc(sizeof(*frag)));
		*frag = (struct frag){ .pid = pid, .fd = fds[0], .held = report.held };
		return frag;
	}

	close(fds[0]);
	reap(pid);
	if (got == sizeof(report)) {
		*why = text_format("%s", report.why);
		errno = report.err;
	} else {
		*why = text_format("the process that was to hold the memory was killed");
		errno = ENOMEM;
	}
	return NULL;
}

void frag_end(struct frag *frag)
{
	if (!frag)
		return;
	reap(frag->pid);
	close(frag->fd);
	free(frag);
}

uint64_t frag_get_held(const struct frag *frag)
{
	return frag->held;
}

int frag_get_fd(const struct frag *frag)
{
	return frag->fd;
}

bool frag_is_held(const struct frag *frag)
{
	struct pollfd poll_fd = { .fd = frag->fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 0;
}
