// SPDX-License-Identifier: GPL-2.0-only
/* Users: by name, or by number. */
#include <ctype.h>
#include <pwd.h>
#include <string.h>

#include "memlab.h"

#define MAX_NAMES 256

/* A name that was meant, if there is one like it; lives to the end of the program. */
static const char *likely_user(const char *text)
{
	static const char *names[MAX_NAMES + 1];
	const struct passwd *user;
	size_t count = 0;

	setpwent();
	while (count < MAX_NAMES && (user = getpwent()))
		names[count++] = text_format("%s", user->pw_name);
	endpwent();

	names[count] = NULL;
	return nearest(text, names);
}

/* (uid_t)-1 is nobody's. */
uint32_t user_parse(const struct command *cmd, const char *text)
{
	const struct passwd *user;
	const char *guess;

	if (isdigit((unsigned char)*text))
		return (uint32_t)number_parse(cmd, "user id", text, 0, UINT32_MAX - 1);

	user = getpwnam(text);
	if (user)
		return user->pw_uid;

	guess = likely_user(text);
	if (guess)
		usage(cmd, "unknown user \"%s\"; did you mean %s?", text, guess);
	usage(cmd, "unknown user \"%s\": give a name that \"getent passwd\" lists, or a user id",
	      text);
}
