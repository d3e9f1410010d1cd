// SPDX-License-Identifier: GPL-2.0-only
/* From the family's messages to structs. */
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include "genl_socket.h"
#include "memlab.h"

/* Where the value of an attribute goes; all 0: nowhere. */
struct member {
	enum { NOTHING, NUMBER32, NUMBER64, TEXT, COMM } kind;
	size_t offset;
};

/* What a command tells: attributes by number, from which a struct is filled in. */
struct form {
	uint8_t command;
	int max;
	const struct member *members;
	size_t bytes;
};

#define MEMBER(kind, type, member)           \
	{                                    \
		kind, offsetof(type, member) \
	}
#define FORM(command, members, type)                                    \
	{                                                               \
		command, ARRAY_SIZE(members) - 1, members, sizeof(type) \
	}

#define BUFFER(kind, member) MEMBER(kind, struct netlink_buffer, member)
static const struct member buffer_members[] = {
	[MEMLAB_A_BUFFER_ID] = BUFFER(NUMBER32, id),
	[MEMLAB_A_BUFFER_ALLOCATOR] = BUFFER(NUMBER32, allocator),
	[MEMLAB_A_BUFFER_BACKING] = BUFFER(NUMBER32, backing),
	[MEMLAB_A_BUFFER_ALLOC_FLAGS] = BUFFER(NUMBER32, flags),
	[MEMLAB_A_BUFFER_NODE] = BUFFER(NUMBER32, node),
	[MEMLAB_A_BUFFER_CONTEXT] = BUFFER(NUMBER32, context),
	[MEMLAB_A_BUFFER_BYTES] = BUFFER(NUMBER64, bytes),
	[MEMLAB_A_BUFFER_USABLE] = BUFFER(NUMBER64, usable),
	[MEMLAB_A_BUFFER_COUNT] = BUFFER(NUMBER64, count),
	[MEMLAB_A_BUFFER_ELEMENT_BYTES] = BUFFER(NUMBER64, element_bytes),
	[MEMLAB_A_BUFFER_GFP] = BUFFER(NUMBER64, gfp),
	[MEMLAB_A_BUFFER_GFP_USED] = BUFFER(NUMBER64, gfp_used),
	[MEMLAB_A_BUFFER_FUNCTION] = BUFFER(TEXT, function),
	[MEMLAB_A_BUFFER_CACHE_NAME] = BUFFER(TEXT, cache_name),
	[MEMLAB_A_BUFFER_SEEN] = BUFFER(NUMBER32, seen),
	[MEMLAB_A_BUFFER_PREEMPT_COUNT] = BUFFER(NUMBER32, preempt_count),
	[MEMLAB_A_BUFFER_CACHE_ID] = BUFFER(NUMBER32, cache_id),
	[MEMLAB_A_BUFFER_OWNER_UID] = BUFFER(NUMBER32, owner_uid),
	[MEMLAB_A_BUFFER_OWNER_PID] = BUFFER(NUMBER32, owner_pid),
	[MEMLAB_A_BUFFER_MAPPINGS] = BUFFER(NUMBER32, mappings),
	[MEMLAB_A_BUFFER_MAP_LENGTH] = BUFFER(NUMBER64, map_length),
	[MEMLAB_A_BUFFER_RESIZES] = BUFFER(NUMBER32, resizes),
	[MEMLAB_A_BUFFER_EXTENT_COUNT] = BUFFER(NUMBER64, extent_count),
	[MEMLAB_A_BUFFER_LARGEST_EXTENT] = BUFFER(NUMBER64, largest_extent),
	[MEMLAB_A_BUFFER_PHYS] = BUFFER(NUMBER64, phys),
	[MEMLAB_A_BUFFER_KERNEL_ADDRESS] = BUFFER(NUMBER64, kernel_address),
};

#define STATS(kind, member) MEMBER(kind, struct netlink_stats, member)
static const struct member stats_members[] = {
	[MEMLAB_A_STATS_ALLOCATOR] = STATS(NUMBER32, allocator),
	[MEMLAB_A_STATS_CALLS] = STATS(NUMBER64, calls),
	[MEMLAB_A_STATS_FAILURES] = STATS(NUMBER64, failures),
	[MEMLAB_A_STATS_REFUSED] = STATS(NUMBER64, refused),
	[MEMLAB_A_STATS_RESIZES] = STATS(NUMBER64, resizes),
	[MEMLAB_A_STATS_FREES] = STATS(NUMBER64, frees),
	[MEMLAB_A_STATS_LIVE] = STATS(NUMBER64, live),
	[MEMLAB_A_STATS_BYTES] = STATS(NUMBER64, bytes),
	[MEMLAB_A_STATS_PEAK_BYTES] = STATS(NUMBER64, peak_bytes),
	[MEMLAB_A_STATS_FALLBACKS] = STATS(NUMBER64, fallbacks),
};

#define EVENT(kind, member) MEMBER(kind, struct netlink_event, member)
static const struct member event_members[] = {
	[MEMLAB_A_EVENT_SEQ] = EVENT(NUMBER64, seq),
	[MEMLAB_A_EVENT_TIME] = EVENT(NUMBER64, time),
	[MEMLAB_A_EVENT_TYPE] = EVENT(NUMBER32, type),
	[MEMLAB_A_EVENT_UID] = EVENT(NUMBER32, uid),
	[MEMLAB_A_EVENT_PID] = EVENT(NUMBER32, pid),
	[MEMLAB_A_EVENT_COMM] = EVENT(COMM, comm),
	[MEMLAB_A_EVENT_ID] = EVENT(NUMBER32, id),
	[MEMLAB_A_EVENT_ALLOCATOR] = EVENT(NUMBER32, allocator),
	[MEMLAB_A_EVENT_BACKING] = EVENT(NUMBER32, backing),
	[MEMLAB_A_EVENT_CONTEXT] = EVENT(NUMBER32, context),
	[MEMLAB_A_EVENT_BYTES] = EVENT(NUMBER64, bytes),
	[MEMLAB_A_EVENT_USABLE] = EVENT(NUMBER64, usable),
	[MEMLAB_A_EVENT_OLD_BYTES] = EVENT(NUMBER64, old_bytes),
	[MEMLAB_A_EVENT_GFP] = EVENT(NUMBER64, gfp),
	[MEMLAB_A_EVENT_GFP_USED] = EVENT(NUMBER64, gfp_used),
	[MEMLAB_A_EVENT_FUNCTION] = EVENT(TEXT, function),
	[MEMLAB_A_EVENT_CACHE_ID] = EVENT(NUMBER32, cache_id),
	[MEMLAB_A_EVENT_MAPPINGS] = EVENT(NUMBER32, mappings),
	[MEMLAB_A_EVENT_ERROR] = EVENT(NUMBER32, error),
	[MEMLAB_A_EVENT_REASON] = EVENT(NUMBER32, reason),
};

/* A name may have any byte but 0, also those that steer a terminal. */
static void put_comm(const struct nlattr *attr, char text[COMM_TEXT])
{
	const unsigned char *name = nla_data(attr);
	size_t used = 0;

	for (int i = 0; i < nla_len(attr) && name[i] && used + sizeof("\\xff") <= COMM_TEXT; i++) {
		if (name[i] >= ' ' && name[i] < 0x7f && name[i] != '\\')
			text[used++] = (char)name[i];
		else
			used += (size_t)sprintf(text + used, "\\x%02x", name[i]);
	}
	text[used] = '\0';
}

static void put(const struct member *member, const struct nlattr *attr, void *object)
{
	char *to = (char *)object + member->offset;

	switch (member->kind) {
	case NOTHING:
		break;
	case NUMBER32:
		if (nla_len(attr) >= (int)sizeof(uint32_t))
			memcpy(to, nla_data(attr), sizeof(uint32_t));
		break;
	case NUMBER64:
		if (nla_len(attr) >= (int)sizeof(uint64_t))
			memcpy(to, nla_data(attr), sizeof(uint64_t));
		break;
	case TEXT:
		nla_strlcpy(to, attr, NAME_TEXT);
		break;
	case COMM:
		put_comm(attr, to);
		break;
	}
}

/*
 * Fills in a struct, if the message is one of that form; otherwise returns false. @told has a
 * bit for each attribute that is there. Those that this version does not know are passed over.
 */
static bool fill_in(void *object, const struct form *form, struct nlmsghdr *message, uint64_t *told)
{
	struct genlmsghdr *header;
	struct nlattr *attr;
	int left, type;

	if (!genlmsg_valid_hdr(message, 0))
		return false;
	header = genlmsg_hdr(message);
	if (header->cmd != form->command)
		return false;

	memset(object, 0, form->bytes);
	*told = 0;
	left = genlmsg_attrlen(header, 0);
	for (attr = genlmsg_attrdata(header, 0); nla_ok(attr, left); attr = nla_next(attr, &left)) {
		type = nla_type(attr);
		if (type > form->max)
			continue;
		*told |= UINT64_C(1) << type;
		put(&form->members[type], attr, object);
	}
	return true;
}

static bool has(uint64_t told, int attr)
{
	return told >> attr & 1;
}

uint64_t netlink_field(size_t offset)
{
	for (size_t attr = 0; attr < ARRAY_SIZE(buffer_members); attr++)
		if (buffer_members[attr].kind && buffer_members[attr].offset == offset)
			return UINT64_C(1) << attr;
	return 0;
}

bool netlink_parse_buffer(struct nlmsghdr *message, struct netlink_buffer *buffer)
{
	static const struct form form =
		FORM(MEMLAB_NL_CMD_BUFFER_GET, buffer_members, struct netlink_buffer);
	uint64_t told;

	if (!fill_in(buffer, &form, message, &told))
		return false;
	buffer->has_node = has(told, MEMLAB_A_BUFFER_NODE);
	buffer->has_phys = has(told, MEMLAB_A_BUFFER_PHYS);
	buffer->has_kernel_address = has(told, MEMLAB_A_BUFFER_KERNEL_ADDRESS);
	return true;
}

bool netlink_parse_stats(struct nlmsghdr *message, struct netlink_stats *stats)
{
	static const struct form form =
		FORM(MEMLAB_NL_CMD_STATS_GET, stats_members, struct netlink_stats);
	uint64_t told;

	if (!fill_in(stats, &form, message, &told))
		return false;
	stats->has_fallbacks = has(told, MEMLAB_A_STATS_FALLBACKS);
	return true;
}

bool netlink_parse_event(struct nlmsghdr *message, struct netlink_event *event)
{
	static const struct form form =
		FORM(MEMLAB_NL_CMD_EVENT, event_members, struct netlink_event);
	uint64_t told;

	if (!fill_in(event, &form, message, &told))
		return false;
	event->has_mappings = has(told, MEMLAB_A_EVENT_MAPPINGS);
	return true;
}

/*
 * Whether it is a message of that command; @attrs, up to number @max, are then its
 * attributes.
 */
static bool parse(struct nlmsghdr *message, uint8_t command, struct nlattr **attrs, int max)
{
	if (!genlmsg_valid_hdr(message, 0))
		return false;
	if (genlmsg_hdr(message)->cmd != command)
		return false;
	return !genlmsg_parse(message, 0, attrs, max, NULL);
}

/* What a listener was sent. */
bool netlink_parse_sent(struct nlmsghdr *message, uint64_t *seq)
{
	struct nlattr *attrs[MEMLAB_A_LISTENER_MAX + 1];

	if (!parse(message, MEMLAB_NL_CMD_LISTENER_GET, attrs, MEMLAB_A_LISTENER_MAX) ||
	    !attrs[MEMLAB_A_LISTENER_SEQ])
		return false;

	*seq = nla_get_u64(attrs[MEMLAB_A_LISTENER_SEQ]);
	return true;
}

/* Whether it tells that the family is no longer there. */
bool netlink_parse_gone(struct nlmsghdr *message)
{
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];

	return parse(message, CTRL_CMD_DELFAMILY, attrs, CTRL_ATTR_MAX) &&
	       attrs[CTRL_ATTR_FAMILY_NAME] &&
	       !nla_strcmp(attrs[CTRL_ATTR_FAMILY_NAME], MEMLAB_FAMILY_NAME);
}
