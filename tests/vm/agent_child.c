// SPDX-License-Identifier: GPL-2.0
/*
 * The process of a command, between fork() and exec(): it reads the START frame.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"

/* getpwnam() would want the C library's shared plugins, which a static program lacks. */
static void change_user(const char *user)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *entry = NULL;
	char *end;
	uid_t uid = strtoul(user, &end, 10);
	bool number = !*end;
	gid_t gid = uid;

	while (file && (entry = fgetpwent(file)))
		if (number ? entry->pw_uid == uid : !strcmp(entry->pw_name, user))
			break;
	if (entry) {
		uid = entry->pw_uid;
		gid = entry->pw_gid;
		setenv("HOME", entry->pw_dir, 1);
		setenv("USER", entry->pw_name, 1);
		setenv("LOGNAME", entry->pw_name, 1);
	} else if (number) {
		setenv("HOME", "/", 1);
	} else {
		errx(126, "no user %s", user);
	}
	if (file)
		fclose(file);
	if (setgroups(1, &gid) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		err(126, "cannot become %s", user);
}

static char *next_string(char **cursor, char *end)
{
	char *string = *cursor;
	char *nul = memchr(string, 0, end - string);

	if (!nul)
		errx(126, "malformed START frame");
	*cursor = nul + 1;
	return string;
}

void run_child(char *data, size_t length)
{
	char *end = data + length;
	char *user = next_string(&data, end);
	char *directory = next_string(&data, end);
	unsigned long argc = strtoul(next_string(&data, end), NULL, 10);
	char **argv = calloc(argc + 1, sizeof(*argv));
	unsigned long i;

	if (!argv || !argc)
		errx(126, "no command");
	for (i = 0; i < argc; i++)
		argv[i] = next_string(&data, end);
	if (*user)
		change_user(user);
	while (data < end)
		putenv(next_string(&data, end));
	if (!*directory)
		directory = getenv("HOME");
	if (chdir(directory))
		err(126, "%s", directory);
	execvp(argv[0], argv);
	err(errno == ENOENT ? 127 : 126, "%s", argv[0]);
}
