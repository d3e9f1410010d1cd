// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that the agent runs: from the START frame to the EXIT frame.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define STDIN_WINDOW (64 * 1024)
#define CHUNK	     (64 * 1024)

/* Each command owns three consecutive slots of the poll set. */
enum slot { SLOT_IN, SLOT_OUT, SLOT_ERR, SLOTS };

struct command {
	struct command *next;
	uint32_t id;
	pid_t pid;
	int fd[SLOTS];
	bool eof;
	size_t pending;
	char input[STDIN_WINDOW];
};

static struct command *commands;
static unsigned int nr_commands;
static sigset_t inherited_mask;

/* Returns a descriptor that is readable when a child has ended. */
int watch_children(void)
{
	sigset_t mask;
	int children;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &inherited_mask);
	children = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (children < 0)
		err(1, "signalfd");
	return children;
}

static struct command *find_command(uint32_t id)
{
	struct command *c;

	for (c = commands; c; c = c->next)
		if (c->id == id)
			return c;
	return NULL;
}

static void close_slot(struct command *c, enum slot which)
{
	if (c->fd[which] >= 0)
		close(c->fd[which]);
	c->fd[which] = -1;
}

void start_command(uint32_t id, char *data, size_t length)
{
	int pipes[SLOTS][2];
	struct command *c = calloc(1, sizeof(*c));
	int slot;

	if (!c)
		err(1, "start");
	for (slot = 0; slot < SLOTS; slot++)
		if (pipe2(pipes[slot], O_CLOEXEC))
			err(1, "pipe");
	c->id = id;
	c->pid = fork();
	if (c->pid < 0)
		err(1, "fork");
	if (!c->pid) {
		setsid();
		dup2(pipes[SLOT_IN][0], STDIN_FILENO);
		dup2(pipes[SLOT_OUT][1], STDOUT_FILENO);
		dup2(pipes[SLOT_ERR][1], STDERR_FILENO);
		signal(SIGPIPE, SIG_DFL);
		sigprocmask(SIG_SETMASK, &inherited_mask, NULL);
		run_child(data, length);
	}
	for (slot = 0; slot < SLOTS; slot++) {
		int ours = slot == SLOT_IN;

		close(pipes[slot][!ours]);
		c->fd[slot] = pipes[slot][ours];
		fcntl(c->fd[slot], F_SETFL, O_NONBLOCK);
	}
	c->next = commands;
	commands = c;
	nr_commands++;
	send_u32(id, STARTED, c->pid);
}

static void feed(struct command *c)
{
	ssize_t n = 0;

	if (c->fd[SLOT_IN] >= 0 && c->pending) {
		n = write(c->fd[SLOT_IN], c->input, c->pending);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			close_slot(c, SLOT_IN);
	}
	/* Nobody will ever read the rest: drop it, the host need not know. */
	if (c->fd[SLOT_IN] < 0)
		n = c->pending;
	if (n)
		send_u32(c->id, CREDIT, n);
	c->pending -= n;
	memmove(c->input, c->input + n, c->pending);
	if (!c->pending && c->eof)
		close_slot(c, SLOT_IN);
}

void take_stdin(uint32_t id, const char *data, size_t length)
{
	struct command *c = find_command(id);

	if (!c)
		return;
	if (length > sizeof(c->input) - c->pending)
		errx(1, "the host overran the window of command %u", id);
	memcpy(c->input + c->pending, data, length);
	c->pending += length;
	c->eof |= !length;
	feed(c);
}

void signal_command(uint32_t id, int number, bool group)
{
	struct command *c = find_command(id);

	if (c)
		kill(group ? -c->pid : c->pid, number);
}

/* Forwards up to limit bytes and says how many there were. */
static size_t forward(struct command *c, enum slot which, size_t limit)
{
	static char buffer[CHUNK];
	ssize_t n;

	if (c->fd[which] < 0)
		return 0;
	n = read(c->fd[which], buffer, limit < sizeof(buffer) ? limit : sizeof(buffer));
	if (n > 0) {
		send_frame(c->id, which == SLOT_OUT ? STDOUT : STDERR, buffer, n);
		return n;
	}
	if (!n || errno != EAGAIN)
		close_slot(c, which);
	return 0;
}

static void finish(struct command **link, int status)
{
	struct command *c = *link;
	enum slot slot;

	for (slot = SLOT_OUT; slot <= SLOT_ERR; slot++) {
		int left = 0;

		/* Only what is there now: a grandchild may write for ever. */
		if (c->fd[slot] >= 0)
			ioctl(c->fd[slot], FIONREAD, &left);
		while (left > 0) {
			size_t n = forward(c, slot, left);

			if (!n)
				break;
			left -= n;
		}
		close_slot(c, slot);
	}
	close_slot(c, SLOT_IN);
	send_u32(c->id, EXIT, status);
	*link = c->next;
	nr_commands--;
	free(c);
}

/* As process 1 the agent inherits orphans too; only commands are reported. */
void reap_commands(int children)
{
	struct signalfd_siginfo discard;
	struct command **link;
	int status;
	pid_t pid;

	while (read(children, &discard, sizeof(discard)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (link = &commands; *link; link = &(*link)->next) {
			if ((*link)->pid == pid) {
				finish(link, status);
				break;
			}
		}
	}
}

size_t count_slots(void)
{
	return SLOTS * nr_commands;
}

void fill_slots(struct pollfd *p)
{
	struct command *c;
	enum slot slot;

	for (c = commands; c; c = c->next)
		for (slot = 0; slot < SLOTS; slot++, p++) {
			p->fd = slot == SLOT_IN && !c->pending ? -1 : c->fd[slot];
			p->events = slot == SLOT_IN ? POLLOUT : POLLIN;
		}
}

/* The list of commands must still be as polled: no start and no reap in between. */
void serve_slots(const struct pollfd *p)
{
	struct command *c;

	for (c = commands; c; c = c->next, p += SLOTS) {
		if (p[SLOT_IN].revents)
			feed(c);
		if (p[SLOT_OUT].revents)
			forward(c, SLOT_OUT, CHUNK);
		if (p[SLOT_ERR].revents)
			forward(c, SLOT_ERR, CHUNK);
	}
}
