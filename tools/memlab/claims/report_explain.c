// SPDX-License-Identifier: GPL-2.0-only
/* What is known about claims: for the eye, and as reStructuredText. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define COLUMNS 80

/* The texts of a claim, in the order in which a reader needs them. */
static const struct {
	const char *key;
	const char *heading;
} parts[] = {
	{ "source", "Said in" },
	{ "why", "Why" },
	{ "how", "How it is measured" },
	{ "choice", "What it means for a choice" },
};

struct json_object *explain_claims(const struct claim *const *chosen)
{
	struct json_object *array = need(json_object_new_array());

	for (; *chosen; chosen++) {
		struct json_object *object = need(json_object_new_object());

		result_add(object, "id", result_text((*chosen)->id));
		result_add(object, "claim", result_text((*chosen)->claim));
		result_add(object, "source", result_text((*chosen)->source));
		result_add(object, "why", result_text((*chosen)->why));
		result_add(object, "how", result_text((*chosen)->how));
		result_add(object, "choice", result_text((*chosen)->choice));
		result_append(array, object);
	}
	return array;
}

/* Words of @text on lines of at most COLUMNS, each line after @indent blanks. */
static void wrap(const char *text, size_t indent)
{
	size_t column = 0;

	while (*(text += strspn(text, " "))) {
		size_t length = strcspn(text, " ");

		if (column && column + 1 + length > COLUMNS) {
			putchar('\n');
			column = 0;
		}
		if (column) {
			putchar(' ');
			column++;
		} else {
			printf("%*s", (int)indent, "");
			column = indent;
		}
		printf("%.*s", (int)length, text);
		column += length;
		text += length;
	}
	putchar('\n');
}

/* The same as reStructuredText, where these characters mark a part of the text. */
static void wrap_rst(const char *text, size_t indent)
{
	char *escaped = need(malloc(2 * strlen(text) + 1)), *to = escaped;

	for (; *text; text++) {
		if (strchr("*`|\\", *text))
			*to++ = '\\';
		*to++ = *text;
	}
	*to = '\0';
	wrap(escaped, indent);
	free(escaped);
}

static void explain_text(struct json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *claim = json_object_array_get_idx(array, i);

		if (i)
			putchar('\n');
		printf("%s\n", result_get_text(claim, "id"));
		wrap(result_get_text(claim, "claim"), 2);
		for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
			printf("\n  %s\n", parts[part].heading);
			wrap(result_get_text(claim, parts[part].key), 4);
		}
	}
}

static void underline(const char *title, char line)
{
	puts(title);
	for (size_t i = strlen(title); i--;)
		putchar(line);
	fputs("\n\n", stdout);
}

static void explain_rst(struct json_object *array)
{
	/* In one word, checkpatch takes it for this file's own. */
	printf(".. SPDX-%s: GPL-2.0\n", "License-Identifier");
	printf(".. Made by: memlab verify --explain '*' --format rst\n"
	       "\n"
	       "======\n"
	       "Claims\n"
	       "======\n"
	       "\n");
	wrap("What kernel documentation says about memory allocation, and how memlab verify(1) "
	     "puts it to the test on the running kernel. A claim holds, does not hold, or is "
	     "unknown: it could not be measured there, for a reason that is told. A claim that "
	     "something is guaranteed is refuted by one case; a claim that something is not "
	     "guaranteed holds only when a case without it has been produced.",
	     0);

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *claim = json_object_array_get_idx(array, i);

		putchar('\n');
		underline(result_get_text(claim, "id"), '=');
		printf("**%s.**\n", result_get_text(claim, "claim"));
		for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
			printf("\n%s\n", parts[part].heading);
			wrap_rst(result_get_text(claim, parts[part].key), 4);
		}
	}
}

static const char *const bare[] = { "id", NULL };

const struct view explain_view = { .text = explain_text, .bare = bare };
const struct view explain_rst_view = { .text = explain_rst, .bare = bare };
