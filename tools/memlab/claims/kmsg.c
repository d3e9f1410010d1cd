// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's log, Documentation/ABI/testing/dev-kmsg. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"

/* The longest record that the kernel hands out. */
#define RECORD	   8192
#define LEVEL_MASK 7
#define ANY_LEVEL  7

struct kmsg {
	int fd;
};

static struct kmsg *kmsg_open(int whence)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct kmsg *kmsg;

	if (fd < 0)
		return NULL;
	lseek(fd, 0, whence);
	kmsg = need(malloc(sizeof(*kmsg)));
	kmsg->fd = fd;
	return kmsg;
}

struct kmsg *kmsg_watch(void)
{
	return kmsg_open(SEEK_END);
}

void kmsg_close(struct kmsg *kmsg)
{
	if (kmsg)
		close(kmsg->fd);
	free(kmsg);
}

/*
 * The next message of @level or more urgent. A record is "priority,sequence,time,flags;text",
 * and then lines that begin with a blank.
 */
static char *next_message(struct kmsg *kmsg, int level)
{
	char record[RECORD + 1];

	for (;;) {
		ssize_t got = read(kmsg->fd, record, RECORD);
		char *message;

		/* EPIPE: records were lost before they were read; the next read goes on. */
		if (got < 0 && (errno == EINTR || errno == EPIPE))
			continue;
		if (got <= 0)
			return NULL;
		record[got] = '\0';
		message = strchr(record, ';');
		if (!message || ((int)strtol(record, NULL, 10) & LEVEL_MASK) > level)
			continue;
		message++;
		message[strcspn(message, "\n")] = '\0';
		return need(strdup(message));
	}
}

char *kmsg_find(struct kmsg *kmsg, const char *text, int level)
{
	char *message;

	while ((message = next_message(kmsg, level))) {
		if (strstr(message, text))
			return message;
		free(message);
	}
	return NULL;
}

/* What the kernel says when it is used wrongly, or memory runs out. */
static const char *const complaints[] = {
	"WARNING:",
	"BUG:",
	"BUG ",
	"page allocation failure",
	"vmalloc error",
	"Trying to vfree()",
	"invoked oom-killer",
	"scheduling while atomic",
	"general protection",
	"Oops",
};

char *kmsg_complaint(struct kmsg *kmsg)
{
	char *message;

	while ((message = next_message(kmsg, ANY_LEVEL))) {
		for (size_t i = 0; i < ARRAY_SIZE(complaints); i++)
			if (strstr(message, complaints[i]))
				return message;
		free(message);
	}
	return NULL;
}

char *kmsg_find_past(const char *text)
{
	struct kmsg *kmsg = kmsg_open(SEEK_SET);
	char *found;

	if (!kmsg)
		return NULL;
	found = kmsg_find(kmsg, text, ANY_LEVEL);
	kmsg_close(kmsg);
	return found;
}
