// SPDX-License-Identifier: GPL-2.0
/*
 * interrupt: a program to which a signal comes as it leaves a system call.
 *
 *	interrupt NUMBER SIGNAL PROGRAM [ARGUMENT]...
 *
 * Runs the program and sends it that signal once, by number, after the NUMBERth of its
 * system calls from the first one on, which counts as 1, that makes a file and fails if
 * it is there: openat(2) with O_EXCL. The exit status is 1 if it was sent, 0 if the program
 * ended before, and 2 if it could not be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BROKEN	2
#define SYSCALL (SIGTRAP | 0x80)
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)

static void fail(const char *what)
{
	fprintf(stderr, "interrupt: %s: %s\n", what, strerror(errno));
	exit(BROKEN);
}

static pid_t start(char **argv)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (!child) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP))
			fail("ptrace");
		execvp(*argv, argv);
		fail(*argv);
	}
	if (waitpid(child, NULL, 0) != child || ptrace(PTRACE_SETOPTIONS, child, NULL, OPTIONS))
		fail("ptrace");
	return child;
}

/* Lets the program go on with a signal or 0, and waits; whether it is still there. */
static int go_on(pid_t child, int signal, int *stopped)
{
	int status;

	if (ptrace(PTRACE_SYSCALL, child, NULL, (long)signal) && errno != ESRCH)
		fail("ptrace");
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == BROKEN)
		exit(BROKEN);
	*stopped = status >> 8;
	return WIFSTOPPED(status);
}

/* Whether the program is at the border of that call. */
static int makes_file(pid_t child)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0)
		fail("PTRACE_GET_SYSCALL_INFO");
	return info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_openat &&
	       info.entry.args[2] & O_EXCL;
}

int main(int argc, char **argv)
{
	unsigned long number, borders = 0;
	int stopped, signal = 0, sent = 0;
	pid_t child;

	if (argc < 4) {
		fprintf(stderr, "usage: interrupt NUMBER SIGNAL PROGRAM [ARGUMENT]...\n");
		return BROKEN;
	}
	number = strtoul(argv[1], NULL, 0);
	child = start(argv + 3);
	while (go_on(child, signal, &stopped)) {
		signal = 0;
		if (stopped == SYSCALL) {
			/* Each has two: its entry, and its exit. */
			if ((borders || makes_file(child)) && ++borders == 2 * number) {
				sent = 1;
				kill(child, atoi(argv[2]));
			}
		} else if (stopped < 0x100) {
			signal = stopped;
		}
	}
	return sent;
}
