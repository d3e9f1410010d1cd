/* SPDX-License-Identifier: GPL-2.0-only */
/* Generic netlink: messages to the family memlab, whole and broken. */
#ifndef CALL_NETLINK_H
#define CALL_NETLINK_H

#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "world.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif
#define ANSWERS_MAX 16 /* events may come before an answer */

struct message {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	char attributes[512];
};

/* The payload of an attribute in so many bytes of them, or NULL. */
static inline void *attribute_in(void *bytes, size_t count, __u16 type, size_t *payload)
{
	struct nlattr *one = bytes;

	while (count >= NLA_HDRLEN && one->nla_len >= NLA_HDRLEN && one->nla_len <= count) {
		*payload = one->nla_len - NLA_HDRLEN;
		if ((one->nla_type & NLA_TYPE_MASK) == type)
			return (void *)one + NLA_HDRLEN;
		if ((size_t)NLA_ALIGN(one->nla_len) > count)
			return NULL;
		count -= NLA_ALIGN(one->nla_len);
		one = (void *)one + NLA_ALIGN(one->nla_len);
	}
	return NULL;
}

static inline void put_attribute(struct message *message, __u16 type, const void *value,
				 __u16 bytes)
{
	struct nlattr *attribute = (void *)message + NLMSG_ALIGN(message->header.nlmsg_len);

	attribute->nla_type = type;
	attribute->nla_len = NLA_HDRLEN + bytes;
	memcpy(attribute + 1, value, bytes);
	message->header.nlmsg_len =
		NLMSG_ALIGN(message->header.nlmsg_len) + NLA_ALIGN(attribute->nla_len);
}

/* Asks which numbers the family and its group have this time. */
static inline long call_family(const __u64 *a)
{
	struct message message = {
		.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.header.nlmsg_type = GENL_ID_CTRL,
		.header.nlmsg_flags = NLM_F_REQUEST,
		.generic.cmd = CTRL_CMD_GETFAMILY,
	};
	char bytes[4096] __attribute__((aligned(8)));
	struct nlmsghdr *header = (void *)bytes;
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	size_t count, length;
	ssize_t got = -1;
	char *found;

	(void)a;
	put_attribute(&message, CTRL_ATTR_FAMILY_NAME, MEMLAB_FAMILY_NAME,
		      sizeof(MEMLAB_FAMILY_NAME));
	if (send(sock, &message, message.header.nlmsg_len, 0) >= 0)
		got = recv(sock, bytes, sizeof(bytes), 0);
	close(sock);
	if (got < (ssize_t)NLMSG_LENGTH(GENL_HDRLEN) || header->nlmsg_type == NLMSG_ERROR)
		return -ENOENT;
	count = (size_t)got - NLMSG_LENGTH(GENL_HDRLEN);
	found = attribute_in(bytes + NLMSG_LENGTH(GENL_HDRLEN), count, CTRL_ATTR_FAMILY_ID,
			     &length);
	if (found)
		world.family = *(__u16 *)found;
	found = attribute_in(bytes + NLMSG_LENGTH(GENL_HDRLEN), count, CTRL_ATTR_MCAST_GROUPS,
			     &length);
	/* There is one group, and it is the first. */
	if (found)
		found = attribute_in(found, length, 1, &length);
	if (found)
		found = attribute_in(found, length, CTRL_ATTR_MCAST_GRP_ID, &length);
	if (found)
		world.group = *(__u32 *)found;
	return 0;
}

/* socket slot */
static inline long call_socket(const __u64 *a)
{
	return keep(&world.sock[a[0] % SLOTS],
		    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
}

static inline long call_sock_close(const __u64 *a)
{
	return drop(&world.sock[a[0] % SLOTS]);
}

/* socket slot, old socket */
static inline long call_sock_dup(const __u64 *a)
{
	return keep(&world.sock[a[0] % SLOTS], dup(sock_of(a[1])));
}

/* The errno of the answer to a message, 0 for success or none that has come. */
static inline long answer(int sock, __u32 seq)
{
	char bytes[4096] __attribute__((aligned(8)));
	struct nlmsghdr *header = (void *)bytes;
	ssize_t got;
	int i;

	for (i = 0; i < ANSWERS_MAX; i++) {
		got = recv(sock, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (got < 0 && errno != ENOBUFS)
			return errno == EAGAIN ? 0 : -errno;
		if (got < (ssize_t)NLMSG_HDRLEN || header->nlmsg_seq != seq)
			continue;
		if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
			return *(int *)NLMSG_DATA(header);
		return 0;
	}
	return 0;
}

/* Other families are not fuzzed, and NetLabel would keep what it is told. */
static inline __u16 message_type(__u16 wanted)
{
	if (!wanted || (wanted >= GENL_MIN_ID && wanted <= GENL_MAX_ID))
		return world.family;
	return wanted;
}

/*
 * Sends a message: socket, flags, id (0: none), whether to read the answer, message type
 * (0, or that of a family: ours), version, lies about its length, an attribute's type (0:
 * none), length and value.
 */
static inline long send_message(const __u64 *a, __u8 command, __u16 id_type, __u32 id)
{
	static __u32 seq;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct message message = {
		.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.header.nlmsg_type = message_type((__u16)a[4]),
		.header.nlmsg_flags = (__u16)a[1] | NLM_F_REQUEST,
		.header.nlmsg_seq = __atomic_add_fetch(&seq, 1, __ATOMIC_SEQ_CST),
		.generic.cmd = command,
		.generic.version = (__u8)a[5],
	};
	char value[256];
	size_t bytes;

	if (a[2])
		put_attribute(&message, id_type, &id, sizeof(id));
	if (a[7]) {
		memset(value, 0, sizeof(value));
		memcpy(value, a + 9, sizeof(*a));
		put_attribute(&message, (__u16)a[7], value, a[8] % sizeof(value));
	}
	bytes = message.header.nlmsg_len;
	message.header.nlmsg_len += (int)a[6];
	if (sendto(sock_of(a[0]), &message, bytes, MSG_DONTWAIT, (void *)&kernel, sizeof(kernel)) <
	    0)
		return -errno;
	return a[3] ? answer(sock_of(a[0]), message.header.nlmsg_seq) : 0;
}

/* The slot comes one higher, as 0 is no id at all. */
static inline long call_buffer_get(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_BUFFER_GET, MEMLAB_A_BUFFER_ID, buffer_of(a[2] - 1));
}

static inline long call_cache_get(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_CACHE_GET, MEMLAB_A_CACHE_ID, cache_of(a[2] - 1));
}

static inline long call_extent_get(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_EXTENT_GET, MEMLAB_A_EXTENT_BUFFER_ID,
			    buffer_of(a[2] - 1));
}

static inline long call_stats_get(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_STATS_GET, MEMLAB_A_STATS_ALLOCATOR, (__u32)a[2]);
}

static inline long call_limits_get(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_LIMITS_GET, MEMLAB_A_LIMITS_TOTAL_BYTES, (__u32)a[2]);
}

static inline long call_listener_add(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_LISTENER_ADD, MEMLAB_A_LISTENER_SEQ, (__u32)a[2]);
}

static inline long call_listener_get(const __u64 *a)
{
	return send_message(a, MEMLAB_NL_CMD_LISTENER_GET, MEMLAB_A_LISTENER_SEQ, (__u32)a[2]);
}

/* As above, of any command: that is the id. */
static inline long call_message(const __u64 *a)
{
	return send_message(a, (__u8)a[2], (__u16)(a[2] >> 8), (__u32)(a[2] >> 24));
}

/* socket, datagrams, bytes of each */
static inline long call_receive(const __u64 *a)
{
	char bytes[32768];
	size_t size = a[2] % (sizeof(bytes) + 1);
	__u64 i;

	for (i = 0; i < (a[1] ?: 1); i++)
		if (recv(sock_of(a[0]), bytes, size, MSG_DONTWAIT) < 0)
			return i ? 0 : -errno;
	return 0;
}

/* socket, whether to leave */
static inline long call_group(const __u64 *a)
{
	int group = (int)world.group;

	return result(setsockopt(sock_of(a[0]), SOL_NETLINK,
				 a[1] ? NETLINK_DROP_MEMBERSHIP : NETLINK_ADD_MEMBERSHIP, &group,
				 sizeof(group)));
}

/* socket, option of netlink, or 0 for the size of the receive buffer; value */
static inline long call_option(const __u64 *a)
{
	int value = (int)a[2];

	return result(setsockopt(sock_of(a[0]), a[1] ? SOL_NETLINK : SOL_SOCKET,
				 a[1] ? (int)a[1] : SO_RCVBUF, &value, sizeof(value)));
}

#endif /* CALL_NETLINK_H */
