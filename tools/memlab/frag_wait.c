// SPDX-License-Identifier: GPL-2.0-only
/* While memory is fragmented: until when, or meanwhile what. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frag_wait.h"
#include "memlab.h"

#define MAX_WAIT_SECONDS 1000000

/* The last one in waiting for a command only. */
static const int signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD };

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* Returns false at the end of standard input. */
static bool skip_input(void)
{
	char bytes[4096];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

void frag_wait(const struct frag *frag, int seconds)
{
	bool timed = seconds >= 0;
	time_t end = now() + (timed ? seconds : MAX_WAIT_SECONDS);
	struct pollfd fds[] = {
		{ .fd = signals_watch(signals, ARRAY_SIZE(signals) - 1), .events = POLLIN },
		{ .fd = frag_get_fd(frag), .events = POLLIN },
		{ .fd = timed ? -1 : STDIN_FILENO, .events = POLLIN },
	};

	while (!timed || now() < end) {
		int left = timed ? (int)(end - now()) * 1000 : -1;

		if (poll(fds, ARRAY_SIZE(fds), left) < 0 && errno != EINTR)
			die(STATUS_NO, "poll: %s", strerror(errno));
		if (fds[0].revents || fds[1].revents)
			break;
		if (fds[2].revents && !skip_input())
			break;
	}
	close(fds[0].fd);
}

static pid_t start(char **argv, int output, int *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	pid_t pid;

	/* None of ours is to be blocked there. */
	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);

	*err = posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return pid;
}

int frag_run(const struct frag *frag, char **argv, int output)
{
	struct pollfd fds[] = {
		{ .fd = signals_watch(signals, ARRAY_SIZE(signals)), .events = POLLIN },
		{ .fd = frag_get_fd(frag), .events = POLLIN },
	};
	int status, err;
	pid_t pid = start(argv, output, &err);

	if (err) {
		warn("cannot run %s: %s", argv[0], strerror(err));
		return err == ENOENT ? 127 : 126;
	}

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			die(STATUS_NO, "poll: %s", strerror(errno));
		if (fds[0].revents) {
			int number = signals_read(fds[0].fd);

			if (number == SIGTERM || number == SIGHUP)
				kill(pid, number);
		}
		/* Said in the end: the command may use the terminal. */
		if (fds[1].revents)
			fds[1].fd = -1;
	}
	close(fds[0].fd);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
