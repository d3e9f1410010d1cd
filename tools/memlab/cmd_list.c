// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "list_columns.h"
#include "list_sort.h"

#define OPT_REVERSE (OPT_LONG_ONLY + 32)

static const struct opt opts[] = {
	{ "allocator", 'a', "NAME", "only buffers of this allocator" },
	{ "user", 'u', "USER", "only buffers of this user (name or id)" },
	{ "pid", 'p', "PID", "only buffers that this process made" },
	{ "columns", 'o', "LIST", "show these columns; +LIST: these, too" },
	{ "all-columns", 'O', NULL, "show all columns" },
	{ "sort", 'x', "COLUMN", "sort by this column (default: ID)" },
	{ "reverse", OPT_REVERSE, NULL, "sort the other way round" },
	{ "watch", 'w', "SECONDS", "list again and again, with so much time between" },
	END_OF_OPTS,
};

struct list {
	struct netlink_filter filter;
	struct list_choice choice;
	struct list_order order;
	unsigned int milliseconds;
	bool chosen; /* columns were asked for */
};

static void parse(const struct command *cmd, struct list *list, int argc, char **argv)
{
	int c;

	list_choose(&list->choice, list_is_usual);
	while ((c = options_next(cmd, argc, argv)) != -1) {
		switch (c) {
		case 'a':
			list->filter.allocator =
				name_parse(cmd, "allocator", optarg, memlab_allocator_name, 1);
			break;
		case 'u':
			list->filter.uid = user_parse(cmd, optarg);
			list->filter.has_uid = true;
			break;
		case 'p':
			list->filter.pid =
				(uint32_t)number_parse(cmd, "--pid", optarg, 1, INT32_MAX);
			break;
		case 'o':
			list_choose_names(cmd, &list->choice, optarg);
			list->chosen = true;
			break;
		case 'O':
			list->choice.count = 0;
			list_choose(&list->choice, list_is_column);
			list->chosen = true;
			break;
		case 'x':
			list->order.column = list_column_parse(cmd, "column", optarg);
			break;
		case OPT_REVERSE:
			list->order.reverse = true;
			break;
		case 'w':
			list->milliseconds = seconds_parse(cmd, "--watch", optarg);
			break;
		}
	}
	options_operands(cmd, argc, argv, 0, 0);
}

/*
 * Without a choice, programs get all that is known, and scripts the ids. The kernel is asked
 * for what is shown and sorted by, and no more.
 */
static void settle(struct list *list)
{
	if (!list->chosen && settings.format != FORMAT_TEXT) {
		list->choice.count = 0;
		if (settings.format == FORMAT_JSON)
			list_choose(&list->choice, list_is_member);
		else
			list_choose_names(NULL, &list->choice, "ID");
	}

	for (size_t i = 0; i < list->choice.count; i++)
		list->filter.fields |= list_fields(list->choice.columns[i]);
	if (list->order.column)
		list->filter.fields |= list_fields(list->order.column);
}

static void print(const struct list_choice *choice, const struct netlink_buffer **buffers,
		  size_t count)
{
	struct field fields[MAX_COLUMNS + 1] = { 0 };
	struct view view = { .fields = fields };
	struct value values[MAX_COLUMNS];
	struct output_array *array;

	for (size_t i = 0; i < choice->count; i++)
		fields[i] = choice->columns[i]->field;

	array = output_array_begin(&view);
	for (size_t i = 0; i < count; i++) {
		for (size_t column = 0; column < choice->count; column++)
			values[column] = choice->columns[column]->get(buffers[i]);
		output_array_add(array, values);
	}
	output_array_end(array);
}

static void look(void *arg)
{
	const struct list *list = arg;
	struct netlink *netlink = family_open();
	const struct netlink_buffer **sorted;
	struct netlink_buffer *buffers;
	bool disturbed;
	size_t count;
	int err;

	err = netlink_get_buffers(netlink, &list->filter, &buffers, &count, &disturbed);
	if (err)
		family_die(netlink, "list the buffers", err);

	sorted = list_sort(&list->order, buffers, count);
	print(&list->choice, sorted, count);
	if (disturbed)
		warn("buffers came and went while listed: some may be missing or listed twice");

	free(sorted);
	free(buffers);
	netlink_close(netlink);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct list list = { 0 };

	parse(cmd, &list, argc, argv);
	settle(&list);
	watch(list.milliseconds, look, &list);
	return STATUS_OK;
}

const struct command cmd_list = {
	.name = "list",
	.operands = "",
	.help = "list the buffers that you can use",
	.details =
		"These are the buffers of your user, or all of them with CAP_SYS_ADMIN.\n"
		"With -q, prints their ids, one a line; with -q and columns, these, separated by\n"
		"tabs. With -j and columns, the objects have these members only.\n"
		"\n"
		"Columns: ID ALLOCATOR FUNCTION SIZE ELEMENTS ELEMENT-SIZE ORDER USABLE SLACK BACKING\n"
		"PATH CACHE SLAB-CACHE GFP GFP-USED CONTEXT SEEN PREEMPT-COUNT CONTIGUOUS EXTENTS\n"
		"LARGEST ADDRESS ALIGN PHYS PHYS-ALIGN NODE ZEROED PERSISTENT RESIZES MAP-LENGTH\n"
		"MAPPINGS UID PID",
	.opts = opts,
	.run = run,
};
