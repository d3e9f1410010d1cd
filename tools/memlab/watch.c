// SPDX-License-Identifier: GPL-2.0-only
/* Looking at something again and again. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memlab.h"

static void end_now(int number)
{
	(void)number;
	_exit(STATUS_OK);
}

/* Nothing is left half done by an end in the middle, not even on a terminal. */
static void end_at_signals(void)
{
	struct sigaction end = { .sa_handler = end_now };

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
}

/* Nobody reads what would be written: ends as writing it would. */
void end_without_reader(void)
{
	raise(SIGPIPE);
	_exit(STATUS_NO);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000LL + time.tv_nsec / 1000000;
}

/* Also when the reader goes meanwhile, there is an end to waiting. */
static void wait_until(long long end)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	long long left;

	while ((left = end - now()) > 0) {
		if (poll(&out, 1, (int)left) < 0 && errno != EINTR)
			die(STATUS_NO, "poll: %s", strerror(errno));
		if (out.revents & POLLERR)
			end_without_reader();
	}
}

/*
 * Calls @look, which prints, at once, and then every @milliseconds without end; but only
 * once when that is 0. On a terminal each table takes the place of the last one,
 * elsewhere an empty line stands between them. SIGINT and SIGTERM end the program, with
 * status 0.
 */
void watch(unsigned int milliseconds, void (*look)(void *arg), void *arg)
{
	bool redraw = settings.format == FORMAT_TEXT && isatty(STDOUT_FILENO);
	long long next = now();

	if (!milliseconds) {
		look(arg);
		return;
	}

	end_at_signals();
	for (bool again = false;; again = true) {
		if (redraw)
			fputs("\033[H\033[2J", stdout);
		else if (again)
			putchar('\n');
		look(arg);
		if (!output_flush())
			exit(STATUS_NO);
		/* A look that took too long is not made up for. */
		next = next + milliseconds > now() ? next + milliseconds : now();
		wait_until(next);
	}
}
