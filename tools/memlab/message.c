// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

static void message(const char *format, va_list args)
{
	/* What was printed so far comes first, if both go to one terminal. */
	fflush(stdout);
	fputs("memlab: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
}

void die(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	exit(status);
}

void usage(const struct command *cmd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	message(format, args);
	va_end(args);
	help_hint(cmd);
	exit(STATUS_USAGE);
}

char *text_format(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);

	return need(len < 0 ? NULL : text);
}

/* Memory of the tool itself: without it there is nothing left to do. */
void *need(void *allocated)
{
	if (!allocated)
		die(STATUS_NO, "out of memory");
	return allocated;
}

/* Insertions, deletions and replacements that lead from one word to the other. */
static size_t distance(const char *a, const char *b)
{
	size_t len = strlen(b);
	size_t row[len + 1];

	for (size_t j = 0; j <= len; j++)
		row[j] = j;

	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}

	return row[len];
}

/* The entry of the NULL-terminated list @known that @word may be a slip of, or NULL. */
const char *nearest(const char *word, const char *const *known)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (; *known; known++) {
		size_t d = distance(word, *known);

		if (d < best_distance && d < strlen(*known)) {
			best = *known;
			best_distance = d;
		}
	}

	return best;
}
