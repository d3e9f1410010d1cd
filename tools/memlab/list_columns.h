/* SPDX-License-Identifier: GPL-2.0-only */
/* What "memlab list" can tell of a buffer. */
#ifndef MEMLAB_LIST_COLUMNS_H
#define MEMLAB_LIST_COLUMNS_H

#include "genl.h"
#include "memlab.h"

#define MAX_COLUMNS 48

/* One with no label is a member in JSON alone. */
struct list_column {
	struct field field;
	bool usual; /* in the table, if nothing else is asked for */
	struct value (*get)(const struct netlink_buffer *buffer);
	/* The members that it is made of: where they are. That of the id is always there. */
	size_t needs[2];
};

/* In the order of members and columns; ends with no key. */
extern const struct list_column list_columns[];

/* A choice of them, which NULL ends. */
struct list_choice {
	const struct list_column *columns[MAX_COLUMNS + 1];
	size_t count;
};

typedef bool list_wanted_t(const struct list_column *column);

const struct list_column *list_column_parse(const struct command *cmd, const char *what,
					    const char *name);
void list_choose(struct list_choice *choice, list_wanted_t *wanted);
void list_choose_names(const struct command *cmd, struct list_choice *choice, const char *names);
bool list_is_member(const struct list_column *column);
bool list_is_column(const struct list_column *column);
bool list_is_usual(const struct list_column *column);
uint64_t list_fields(const struct list_column *column);

#endif /* MEMLAB_LIST_COLUMNS_H */
