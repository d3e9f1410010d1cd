// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memlab.h"
#include "outfile.h"

/*
 * The stream is in memory, so that write(2) alone can fail, and says why. @temporary is
 * NULL for what is written without another name.
 */
static struct {
	FILE *stream;
	char *text;
	size_t length;
	int fd;
	char *path;
	char *temporary;
} outfile;

static void forget(void)
{
	if (outfile.temporary)
		unlink(outfile.temporary);
}

static void forget_by_signal(int number)
{
	forget();
	/* The handler is for once: this ends the program when it returns. */
	raise(number);
}

static void forget_at_end(void)
{
	struct sigaction action = { .sa_handler = forget_by_signal, .sa_flags = (int)SA_RESETHAND };
	static const int numbers[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction old;

	atexit(forget);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!sigaction(numbers[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

/* Makes a file by that template, which is forgotten if no more comes of it. */
static int make_temporary(char *name)
{
	sigset_t before = signals_hold();
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd >= 0) {
		outfile.temporary = name;
		forget_at_end();
	}
	signals_let(&before);
	return fd;
}

static _Noreturn void die_unwritten(const char *path)
{
	die(STATUS_NO, "cannot write %s: %s", path, strerror(errno));
}

/* With the mode of the old file, or of a new one. Returns -1 with errno. */
static int open_temporary(const struct stat *old)
{
	char *name = text_format("%s.XXXXXX", outfile.path);
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	fd = make_temporary(name);
	if (fd < 0)
		return -1;
	return fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask) ? -1 : fd;
}

FILE *outfile_open(const char *path)
{
	struct stat old;
	bool exists;

	if (!strcmp(path, "-")) {
		outfile.stream = stdout;
		return stdout;
	}

	exists = !stat(path, &old);
	if (exists ? access(path, W_OK) : errno != ENOENT || !*path)
		die_unwritten(path);

	/* The file that a symbolic link leads to is replaced, and not the link. */
	outfile.path = exists ? realpath(path, NULL) : strdup(path);
	need(outfile.path);
	if (exists && !S_ISREG(old.st_mode))
		outfile.fd = open(path, O_WRONLY | O_CLOEXEC);
	else
		outfile.fd = open_temporary(exists ? &old : NULL);
	if (outfile.fd < 0)
		die_unwritten(path);

	outfile.stream = need(open_memstream(&outfile.text, &outfile.length));
	return outfile.stream;
}

/* Returns whether all of it could be written; else sets errno. */
static bool write_all(void)
{
	size_t done = 0;

	while (done < outfile.length) {
		ssize_t part = write(outfile.fd, outfile.text + done, outfile.length - done);

		if (part < 0)
			return false;
		done += (size_t)part;
	}
	return !outfile.temporary || !fsync(outfile.fd);
}

void outfile_done(void)
{
	char *temporary = outfile.temporary;

	/* main() looks after standard output. */
	if (outfile.stream == stdout)
		return;

	if (fclose(outfile.stream))
		need(NULL);
	if (!write_all() || close(outfile.fd) || (temporary && rename(temporary, outfile.path)))
		die_unwritten(outfile.path);

	outfile.temporary = NULL;
	free(temporary);
	free(outfile.path);
	free(outfile.text);
}
