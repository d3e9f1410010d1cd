// SPDX-License-Identifier: GPL-2.0-only
/* Numbers that the kernel keeps of its memory, and a clock of our own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "witness.h"

#define FIRST_ROOM 4096

/* Files in /proc have no size before they are read. */
char *file_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = FIRST_ROOM, used = 0;
	char *text;
	int err;

	if (fd < 0)
		return NULL;
	text = need(malloc(room));
	for (;;) {
		ssize_t got;

		if (used + 1 == room) {
			room *= 2;
			text = need(realloc(text, room));
		}
		got = read(fd, text + used, room - used - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			goto err_close;
		if (!got)
			break;
		used += (size_t)got;
	}
	close(fd);
	text[used] = '\0';
	return text;

err_close:
	err = errno;
	close(fd);
	free(text);
	errno = err;
	return NULL;
}

/* The number after "@name@after" at the beginning of a line. */
static bool get(const char *path, const char *name, const char *after, uint64_t *value)
{
	char *text = file_read(path);
	size_t length = strlen(name);
	char *rest = text;
	bool found = false;

	if (!text)
		return false;
	for (char *line; !found && (line = strsep(&rest, "\n"));) {
		if (strncmp(line, name, length) || strncmp(line + length, after, strlen(after)))
			continue;
		*value = strtoull(line + length + strlen(after), NULL, 10);
		found = true;
	}
	free(text);
	if (!found)
		errno = ENOENT;
	return found;
}

bool vmstat_get(const char *name, uint64_t *value)
{
	return get("/proc/vmstat", name, " ", value);
}

bool meminfo_get(const char *name, uint64_t *bytes)
{
	if (!get("/proc/meminfo", name, ":", bytes))
		return false;
	*bytes *= 1024;
	return true;
}

bool number_get(const char *path, uint64_t *value)
{
	return get(path, "", "", value);
}

bool row_sum(const char *path, const char *name, uint64_t *sum)
{
	char *text = file_read(path);
	char *rest = text;
	bool found = false;

	*sum = 0;
	for (char *line; text && !found && (line = strsep(&rest, "\n"));) {
		char *end;

		line += strspn(line, " ");
		found = !strncmp(line, name, strlen(name)) && line[strlen(name)] == ':';
		line += found ? strlen(name) + 1 : 0;
		/* A column for each CPU, and then perhaps words. */
		for (uint64_t value; found; *sum += value) {
			value = strtoull(line, &end, 10);
			if (end == line)
				break;
			line = end;
		}
	}
	free(text);
	return found;
}

char *word_chosen(const char *path, char open, char close)
{
	char *text = file_read(path);
	char *begin = text ? strchr(text, open) : NULL;
	char *end = begin ? strchr(begin, close) : NULL;
	char *word = NULL;

	if (end) {
		*end = '\0';
		word = need(strdup(begin + 1));
	}
	free(text);
	return word;
}

char *preemption_model(void)
{
	char *model = word_chosen("/sys/kernel/debug/sched/preempt", '(', ')');
	struct utsname name;

	if (model)
		return model;
	uname(&name);
	if (strstr(name.version, "PREEMPT_DYNAMIC"))
		return NULL;
	if (strstr(name.version, "PREEMPT_RT"))
		return need(strdup("rt"));
	return need(strdup(strstr(name.version, "PREEMPT") ? "full" : "voluntary or none"));
}

uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_step(void)
{
	struct timespec step;

	clock_getres(CLOCK_MONOTONIC, &step);
	return (uint64_t)step.tv_sec * 1000000000 + (uint64_t)step.tv_nsec;
}
