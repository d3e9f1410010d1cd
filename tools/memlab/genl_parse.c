// SPDX-License-Identifier: GPL-2.0-only
/* From the family's messages to structs. */
#include <stdio.h>
#include <string.h>

#include <linux/genetlink.h>

#include "genl_socket.h"
#include "memlab.h"

/* Where the value of an attribute goes. */
struct member {
	int attr;
	enum { NUMBER32, NUMBER64, TEXT } kind;
	size_t offset;
};

#define MEMBER(attr, kind, type, member)           \
	{                                          \
		attr, kind, offsetof(type, member) \
	}

#define BUFFER(attr, kind, member) \
	MEMBER(MEMLAB_A_BUFFER_##attr, kind, struct netlink_buffer, member)
static const struct member buffer_members[] = {
	BUFFER(ID, NUMBER32, id),
	BUFFER(ALLOCATOR, NUMBER32, allocator),
	BUFFER(BACKING, NUMBER32, backing),
	BUFFER(ALLOC_FLAGS, NUMBER32, flags),
	BUFFER(NODE, NUMBER32, node),
	BUFFER(CONTEXT, NUMBER32, context),
	BUFFER(BYTES, NUMBER64, bytes),
	BUFFER(USABLE, NUMBER64, usable),
	BUFFER(COUNT, NUMBER64, count),
	BUFFER(ELEMENT_BYTES, NUMBER64, element_bytes),
	BUFFER(GFP, NUMBER64, gfp),
	BUFFER(GFP_USED, NUMBER64, gfp_used),
	BUFFER(FUNCTION, TEXT, function),
	BUFFER(CACHE_NAME, TEXT, cache_name),
	BUFFER(SEEN, NUMBER32, seen),
	BUFFER(PREEMPT_COUNT, NUMBER32, preempt_count),
	BUFFER(CACHE_ID, NUMBER32, cache_id),
	BUFFER(OWNER_UID, NUMBER32, owner_uid),
	BUFFER(OWNER_PID, NUMBER32, owner_pid),
	BUFFER(MAPPINGS, NUMBER32, mappings),
	BUFFER(MAP_LENGTH, NUMBER64, map_length),
	BUFFER(RESIZES, NUMBER32, resizes),
	BUFFER(EXTENT_COUNT, NUMBER64, extent_count),
	BUFFER(LARGEST_EXTENT, NUMBER64, largest_extent),
	BUFFER(PHYS, NUMBER64, phys),
	BUFFER(KERNEL_ADDRESS, NUMBER64, kernel_address),
};

#define STATS(attr, kind, member) MEMBER(MEMLAB_A_STATS_##attr, kind, struct netlink_stats, member)
static const struct member stats_members[] = {
	STATS(ALLOCATOR, NUMBER32, allocator),
	STATS(CALLS, NUMBER64, calls),
	STATS(FAILURES, NUMBER64, failures),
	STATS(REFUSED, NUMBER64, refused),
	STATS(RESIZES, NUMBER64, resizes),
	STATS(FREES, NUMBER64, frees),
	STATS(LIVE, NUMBER64, live),
	STATS(BYTES, NUMBER64, bytes),
	STATS(PEAK_BYTES, NUMBER64, peak_bytes),
	STATS(FALLBACKS, NUMBER64, fallbacks),
};

#define EVENT(attr, kind, member) MEMBER(MEMLAB_A_EVENT_##attr, kind, struct netlink_event, member)
static const struct member event_members[] = {
	EVENT(SEQ, NUMBER64, seq),
	EVENT(TIME, NUMBER64, time),
	EVENT(TYPE, NUMBER32, type),
	EVENT(UID, NUMBER32, uid),
	EVENT(PID, NUMBER32, pid),
	EVENT(ID, NUMBER32, id),
	EVENT(ALLOCATOR, NUMBER32, allocator),
	EVENT(BACKING, NUMBER32, backing),
	EVENT(CONTEXT, NUMBER32, context),
	EVENT(BYTES, NUMBER64, bytes),
	EVENT(USABLE, NUMBER64, usable),
	EVENT(OLD_BYTES, NUMBER64, old_bytes),
	EVENT(GFP, NUMBER64, gfp),
	EVENT(GFP_USED, NUMBER64, gfp_used),
	EVENT(FUNCTION, TEXT, function),
	EVENT(CACHE_ID, NUMBER32, cache_id),
	EVENT(MAPPINGS, NUMBER32, mappings),
	EVENT(ERROR, NUMBER32, error),
	EVENT(REASON, NUMBER32, reason),
};

static void put(const struct member *member, const struct nlattr *attr, void *object)
{
	char *to = (char *)object + member->offset;
	uint32_t number32;
	uint64_t number64;

	if (member->kind == TEXT) {
		nla_strlcpy(to, attr, NAME_TEXT);
	} else if (member->kind == NUMBER32 && nla_len(attr) >= (int)sizeof(number32)) {
		number32 = nla_get_u32(attr);
		memcpy(to, &number32, sizeof(number32));
	} else if (member->kind == NUMBER64 && nla_len(attr) >= (int)sizeof(number64)) {
		number64 = nla_get_u64(attr);
		memcpy(to, &number64, sizeof(number64));
	}
}

/*
 * Whether it is a message of that command; @attrs, up to number @max, are then its
 * attributes. Those that this version does not know are passed over.
 */
static bool parse(struct nlmsghdr *message, uint8_t command, struct nlattr **attrs, int max)
{
	if (!genlmsg_valid_hdr(message, 0))
		return false;
	if (genlmsg_hdr(message)->cmd != command)
		return false;
	return !genlmsg_parse(message, 0, attrs, max, NULL);
}

static void put_all(const struct member *members, size_t count, struct nlattr **attrs, void *object)
{
	for (size_t i = 0; i < count; i++)
		if (attrs[members[i].attr])
			put(&members[i], attrs[members[i].attr], object);
}

bool netlink_parse_buffer(struct nlmsghdr *message, struct netlink_buffer *buffer)
{
	struct nlattr *attrs[MEMLAB_A_BUFFER_MAX + 1];

	if (!parse(message, MEMLAB_NL_CMD_BUFFER_GET, attrs, MEMLAB_A_BUFFER_MAX))
		return false;

	memset(buffer, 0, sizeof(*buffer));
	put_all(buffer_members, ARRAY_SIZE(buffer_members), attrs, buffer);
	buffer->has_node = attrs[MEMLAB_A_BUFFER_NODE];
	buffer->has_phys = attrs[MEMLAB_A_BUFFER_PHYS];
	buffer->has_kernel_address = attrs[MEMLAB_A_BUFFER_KERNEL_ADDRESS];
	return true;
}

bool netlink_parse_stats(struct nlmsghdr *message, struct netlink_stats *stats)
{
	struct nlattr *attrs[MEMLAB_A_STATS_MAX + 1];

	if (!parse(message, MEMLAB_NL_CMD_STATS_GET, attrs, MEMLAB_A_STATS_MAX))
		return false;

	memset(stats, 0, sizeof(*stats));
	put_all(stats_members, ARRAY_SIZE(stats_members), attrs, stats);
	stats->has_fallbacks = attrs[MEMLAB_A_STATS_FALLBACKS];
	return true;
}

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

bool netlink_parse_event(struct nlmsghdr *message, struct netlink_event *event)
{
	struct nlattr *attrs[MEMLAB_A_EVENT_MAX + 1];

	if (!parse(message, MEMLAB_NL_CMD_EVENT, attrs, MEMLAB_A_EVENT_MAX))
		return false;

	memset(event, 0, sizeof(*event));
	put_all(event_members, ARRAY_SIZE(event_members), attrs, event);
	event->has_mappings = attrs[MEMLAB_A_EVENT_MAPPINGS];
	if (attrs[MEMLAB_A_EVENT_COMM])
		put_comm(attrs[MEMLAB_A_EVENT_COMM], event->comm);
	return true;
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
