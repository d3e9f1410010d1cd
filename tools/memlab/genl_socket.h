/* SPDX-License-Identifier: GPL-2.0-only */
/* What the genl*.c files share: messages to the family, and from it. */
#ifndef MEMLAB_GENL_SOCKET_H
#define MEMLAB_GENL_SOCKET_H

#include <linux/memlab_netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "genl.h"

#define WHY_TEXT 256

struct netlink {
	struct nl_sock *sk;
	int family;
	uint32_t seq;	/* of the last request */
	bool disturbed; /* the dump since then */
	int room;	/* bytes of messages that may wait */
	char why[WHY_TEXT];
};

/* ---- genl.c ---- */

typedef void netlink_message_t(struct nlmsghdr *message, void *arg);

struct netlink *netlink_connect(void);
int netlink_fail(struct netlink *netlink, int err);
/* A request, to be filled in and given to netlink_send() or netlink_call(). */
struct nl_msg *netlink_request(struct netlink *netlink, uint8_t command, int flags);
int netlink_send(struct netlink *netlink, struct nl_msg *request);
/*
 * Reads what came at once, and passes on events and the answer to the last request.
 * Returns 1 when that answer is complete, 0 when not, or a negative errno: that of the
 * request, or of the socket.
 */
int netlink_read(struct netlink *netlink, netlink_message_t *message, void *arg);
int netlink_call(struct netlink *netlink, struct nl_msg *request, netlink_message_t *message,
		 void *arg);

/* ---- netlink_parse.c: one message; false if it is none of the kind ---- */

bool netlink_parse_buffer(struct nlmsghdr *message, struct netlink_buffer *buffer);
bool netlink_parse_stats(struct nlmsghdr *message, struct netlink_stats *stats);
bool netlink_parse_event(struct nlmsghdr *message, struct netlink_event *event);
bool netlink_parse_sent(struct nlmsghdr *message, uint64_t *seq);
bool netlink_parse_gone(struct nlmsghdr *message);

#endif /* MEMLAB_GENL_SOCKET_H */
