// SPDX-License-Identifier: GPL-2.0
/* The commands of the generic netlink family. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/memlab_netlink.h>
#include <linux/netlink.h>

#include "calls.h"

#define DATAGRAM 32768
#define PATIENCE 20 /* seconds for an answer, which the kernel gives at once */

struct request {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[16];
};

static uint32_t buffer, cache; /* that commands ask for */
static uint16_t family, group;
static unsigned char datagram[DATAGRAM];
static struct memlab_alloc made;
static int fd = -1;

static long open_socket(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE };

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	return outcome(fd) ?:
			     outcome(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
						sizeof(patience)));
}

static void close_socket(const struct call *call, long result)
{
	(void)call;
	(void)result;
	if (fd >= 0)
		close(fd);
	fd = -1;
}

/* Reads up to the end of an answer; its error. */
static long receive(void)
{
	struct nlmsghdr *header;
	ssize_t length;

	for (;;) {
		length = recv(fd, datagram, sizeof(datagram), 0);
		if (length < 0)
			return -errno;
		for (header = (struct nlmsghdr *)datagram; NLMSG_OK(header, length);
		     header = NLMSG_NEXT(header, length))
			if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE)
				return *(int *)NLMSG_DATA(header);
	}
}

static long ask(uint16_t type, uint16_t flags, uint8_t command, uint16_t attribute,
		const void *value, size_t length)
{
	struct request request = {
		.header = {
			.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN,
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.generic = { .cmd = command, .version = 1 },
	};

	if (attribute) {
		request.attribute.nla_type = attribute;
		request.attribute.nla_len = NLA_HDRLEN + length;
		memcpy(request.value, value, length);
		request.header.nlmsg_len += NLA_ALIGN(request.attribute.nla_len);
	}
	return outcome(send(fd, &request, request.header.nlmsg_len, 0));
}

static uint32_t asked_for(const struct call *call)
{
	return call->kind == MEMLAB_NL_CMD_CACHE_GET ? cache : buffer;
}

/* call->kind: the command, ->flags: of the message, ->count: attribute for an id. */
static long command(const struct call *call)
{
	uint32_t id = asked_for(call);

	return ask(family, call->flags, call->kind, call->count, &id, sizeof(id)) ?: receive();
}

/* The same, but the attribute tells which ones the answer shall have. */
static long command_of_fields(const struct call *call)
{
	uint64_t fields = 1 << MEMLAB_A_BUFFER_ID | 1 << MEMLAB_A_BUFFER_BYTES;
	long asked = ask(family, call->flags, call->kind, MEMLAB_A_BUFFER_FIELDS, &fields,
			 sizeof(fields));

	return asked ?: receive();
}

static void with_socket(const struct call *call)
{
	check(open_socket() ? -1 : 0, call->name);
}

static long add_listener(void)
{
	return ask(family, NLM_F_ACK, MEMLAB_NL_CMD_LISTENER_ADD, 0, NULL, 0) ?: receive();
}

static void with_listener(const struct call *call)
{
	with_socket(call);
	check(add_listener() ? -1 : 0, "LISTENER_ADD");
}

static long open_only(const struct call *call)
{
	(void)call;
	return open_socket();
}

static long join(const struct call *call)
{
	int number = group;

	(void)call;
	return outcome(
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &number, sizeof(number)));
}

/* Without memory for the event it is lost, and the listener told so; the call works. */
static long alloc_heard(const struct call *call)
{
	made = (struct memlab_alloc){
		.size = sizeof(made),
		.allocator = MEMLAB_ALLOCATOR_KMALLOC,
		.bytes = 64,
	};

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_ALLOC, &made));
}

static void heard_undo(const struct call *call, long result)
{
	if (!result)
		buffer_free(made.id);
	close_socket(call, result);
}

static void with_heard_buffer(const struct call *call)
{
	with_listener(call);
	check(alloc_heard(call) ? -1 : 0, "ALLOC");
}

static long free_heard(const struct call *call)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = made.id };

	(void)call;
	return outcome(ioctl(device, MEMLAB_IOC_FREE, &arg));
}

static void free_heard_undo(const struct call *call, long result)
{
	if (result)
		buffer_free(made.id);
	close_socket(call, result);
}

/* The attribute of a type between two places of the datagram, or NULL. */
static const struct nlattr *find(const void *from, const void *to, uint16_t type)
{
	const struct nlattr *attribute = from;

	for (; (const void *)attribute < to;
	     attribute = (const void *)attribute + NLA_ALIGN(attribute->nla_len))
		if ((attribute->nla_type & NLA_TYPE_MASK) == type)
			return attribute;
	return NULL;
}

static const void *end_of(const struct nlattr *attribute)
{
	return (const void *)attribute + attribute->nla_len;
}

/* The numbers of the family, and of its only group. */
static void learn_family(void)
{
	const struct nlmsghdr *header = (const void *)datagram;
	const struct nlattr *found, *first;

	check(open_socket() ? -1 : 0, "socket");
	check(ask(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME, MEMLAB_FAMILY_NAME,
		  sizeof(MEMLAB_FAMILY_NAME)) ?
		      -1 :
		      0,
	      "GETFAMILY");
	check(recv(fd, datagram, sizeof(datagram), 0), "GETFAMILY");
	if (header->nlmsg_type == NLMSG_ERROR) {
		errno = -*(int *)NLMSG_DATA(header);
		check(-1, "GETFAMILY");
	}
	first = NLMSG_DATA(header) + GENL_HDRLEN;
	found = find(first, datagram + header->nlmsg_len, CTRL_ATTR_FAMILY_ID);
	family = *(const uint16_t *)(found + 1);
	found = find(first, datagram + header->nlmsg_len, CTRL_ATTR_MCAST_GROUPS);
	first = found + 1; /* the list's only member */
	found = find(first + 1, end_of(first), CTRL_ATTR_MCAST_GRP_ID);
	group = *(const uint32_t *)(found + 1);
	close_socket(NULL, 0);
}

/* A buffer and a cache for the commands to tell of; they stay until the end. */
void netlink_begin(void)
{
	struct memlab_cache_create arg = { .size = sizeof(arg), .bytes = 64 };
	const struct call call = {
		.name = "netlink",
		.kind = MEMLAB_ALLOCATOR_VMALLOC,
		.bytes = 65536,
	};

	learn_family();
	buffer = buffer_new(&call).id;
	check(ioctl(device, MEMLAB_IOC_CACHE_CREATE, &arg), "CACHE_CREATE");
	cache = arg.id;
}

#define GET(_name, _prepare, _command, _attribute)                                               \
	{                                                                                        \
		_name, _prepare, command, close_socket, _command, NLM_F_ACK, .count = _attribute \
	}
#define DUMP(_name, _command, _attribute)                                        \
	{                                                                        \
		_name, with_socket, command, close_socket, _command, NLM_F_DUMP, \
			.count = _attribute                                      \
	}

const struct call netlink_calls[] = {
	{ "netlink-socket", NULL, open_only, close_socket },
	{ "netlink-join", with_socket, join, close_socket },
	GET("buffer-get", with_socket, MEMLAB_NL_CMD_BUFFER_GET, MEMLAB_A_BUFFER_ID),
	GET("cache-get", with_socket, MEMLAB_NL_CMD_CACHE_GET, MEMLAB_A_CACHE_ID),
	GET("limits-get", with_socket, MEMLAB_NL_CMD_LIMITS_GET, 0),
	GET("listener-add", with_socket, MEMLAB_NL_CMD_LISTENER_ADD, 0),
	GET("listener-get", with_listener, MEMLAB_NL_CMD_LISTENER_GET, 0),
	DUMP("buffer-dump", MEMLAB_NL_CMD_BUFFER_GET, 0),
	{ "buffer-dump-fields", with_socket, command_of_fields, close_socket,
	  MEMLAB_NL_CMD_BUFFER_GET, NLM_F_DUMP },
	DUMP("cache-dump", MEMLAB_NL_CMD_CACHE_GET, 0),
	DUMP("extent-dump", MEMLAB_NL_CMD_EXTENT_GET, MEMLAB_A_EXTENT_BUFFER_ID),
	DUMP("stats-dump", MEMLAB_NL_CMD_STATS_GET, 0),
	{ "alloc-heard", with_listener, alloc_heard, heard_undo },
	{ "free-heard", with_heard_buffer, free_heard, free_heard_undo },
	{ .name = NULL },
};
