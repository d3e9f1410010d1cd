// SPDX-License-Identifier: GPL-2.0-only
/* Dumps of the netlink family, as arrays. */
#include <errno.h>
#include <stdlib.h>

#include "genl_socket.h"
#include "memlab.h"

/* A table that always changes while it is looked at has no one state to be told. */
#define MAX_TRIES 5

/* What a dump has brought so far. */
struct dump {
	void *array;
	size_t element_bytes;
	size_t count;
	size_t room;
	bool (*parse)(struct nlmsghdr *message, void *element);
};

static void add(struct nlmsghdr *message, void *arg)
{
	struct dump *dump = arg;

	if (dump->count == dump->room) {
		dump->room = dump->room ? 2 * dump->room : 64;
		dump->array = need(realloc(dump->array, dump->room * dump->element_bytes));
	}
	if (dump->parse(message, (char *)dump->array + dump->count * dump->element_bytes))
		dump->count++;
}

/* Takes a dump until one was not disturbed. */
static int take(struct netlink *netlink, struct dump *dump, uint8_t command,
		const struct netlink_filter *filter, bool *disturbed)
{
	int err;

	for (int tries = 0; tries < MAX_TRIES; tries++) {
		struct nl_msg *request = netlink_request(netlink, command, NLM_F_DUMP);

		if (filter->allocator)
			nla_put_u32(request, MEMLAB_A_BUFFER_ALLOCATOR, filter->allocator);
		if (filter->has_uid)
			nla_put_u32(request, MEMLAB_A_BUFFER_OWNER_UID, filter->uid);
		if (filter->pid)
			nla_put_u32(request, MEMLAB_A_BUFFER_OWNER_PID, filter->pid);
		if (command == MEMLAB_NL_CMD_BUFFER_GET)
			nla_put_u64(request, MEMLAB_A_BUFFER_FIELDS, filter->fields);

		dump->count = 0;
		err = netlink_call(netlink, request, add, dump);
		*disturbed = netlink->disturbed;
		if (err || !*disturbed)
			break;
	}
	return err;
}

static bool parse_buffer(struct nlmsghdr *message, void *element)
{
	return netlink_parse_buffer(message, element);
}

static bool parse_stats(struct nlmsghdr *message, void *element)
{
	return netlink_parse_stats(message, element);
}

int netlink_get_buffers(struct netlink *netlink, const struct netlink_filter *filter,
			struct netlink_buffer **array, size_t *count, bool *disturbed)
{
	struct dump dump = { .element_bytes = sizeof(**array), .parse = parse_buffer };
	int err = take(netlink, &dump, MEMLAB_NL_CMD_BUFFER_GET, filter, disturbed);

	*array = dump.array;
	*count = dump.count;
	return err;
}

int netlink_get_stats(struct netlink *netlink, struct netlink_stats **array, size_t *count,
		      bool *disturbed)
{
	static const struct netlink_filter none;
	struct dump dump = { .element_bytes = sizeof(**array), .parse = parse_stats };
	int err = take(netlink, &dump, MEMLAB_NL_CMD_STATS_GET, &none, disturbed);

	*array = dump.array;
	*count = dump.count;
	return err;
}
