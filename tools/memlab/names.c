// SPDX-License-Identifier: GPL-2.0-only
/* Words of known sets on the command line, and sets of them in results. */
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define MAX_NAMES 64

/* Names that a NULL ends, and the same as a text for free(). */
static char *names_list(const char *names[MAX_NAMES + 1], name_of_t *name_of, unsigned int first)
{
	char *list = text_format("%s", "");

	for (unsigned int i = 0; i <= MAX_NAMES; i++) {
		char *longer;

		names[i] = i < MAX_NAMES ? name_of(first + i) : NULL;
		if (!names[i])
			break;
		longer = text_format("%s%s%s", list, i ? ", " : "", names[i]);
		free(list);
		list = longer;
	}

	return list;
}

/*
 * The number of @name. @name_of tells all names, from number @first on; an unknown
 * one ends the program, with those that could have been meant.
 */
unsigned int name_parse(const struct command *cmd, const char *what, const char *name,
			name_of_t *name_of, unsigned int first)
{
	const char *names[MAX_NAMES + 1];
	const char *guess;
	char *list;

	for (unsigned int i = first; i - first < MAX_NAMES && name_of(i); i++)
		if (!strcmp(name_of(i), name))
			return i;

	list = names_list(names, name_of, first);
	guess = nearest(name, names);
	if (guess)
		usage(cmd, "unknown %s \"%s\"; did you mean %s? Known: %s", what, name, guess,
		      list);
	usage(cmd, "unknown %s \"%s\". Known: %s", what, name, list);
}

/* Of flags that can be given. */
static const char *gfp_name(unsigned int bit)
{
	uint64_t flag = bit < 64 ? UINT64_C(1) << bit : 0;

	return flag == MEMLAB_LIB_GFP_COMP ? NULL : memlab_gfp_name(flag);
}

/* GFP flags from their names with commas between them. */
uint64_t gfp_parse(const struct command *cmd, const char *list)
{
	char *copy = text_format("%s", list);
	char *rest = copy;
	uint64_t gfp = 0;
	char *name;

	while ((name = strsep(&rest, ",")))
		gfp |= UINT64_C(1) << name_parse(cmd, "GFP flag", name, gfp_name, 0);

	free(copy);
	return gfp;
}

struct json_object *result_gfp(uint64_t gfp)
{
	struct json_object *array = need(json_object_new_array());

	for (unsigned int bit = 0; bit < 64; bit++) {
		const char *name = memlab_gfp_name(gfp & UINT64_C(1) << bit);

		if (gfp & UINT64_C(1) << bit)
			result_append(array, result_name(name, bit));
	}

	return array;
}

struct json_object *result_seen(unsigned int seen)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ MEMLAB_LIB_SEEN_TASK, "task" },	{ MEMLAB_LIB_SEEN_SOFTIRQ, "softirq" },
		{ MEMLAB_LIB_SEEN_HARDIRQ, "hardirq" }, { MEMLAB_LIB_SEEN_IRQS_OFF, "irqs-off" },
		{ MEMLAB_LIB_SEEN_LOCKED, "locked" },
	};
	struct json_object *array = need(json_object_new_array());

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (seen & names[i].bit)
			result_append(array, result_text(names[i].name));
	return array;
}
