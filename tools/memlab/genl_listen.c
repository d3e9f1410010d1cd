// SPDX-License-Identifier: GPL-2.0-only
/* Events that the driver sends to this very socket, and the end of the driver. */
#include <errno.h>
#include <sys/socket.h>

#include "genl_socket.h"
#include "memlab.h"

/* The kernel counts more than that for the smallest of messages. */
#define LEAST_MESSAGE 256

/* What an answer is looked for among. */
struct reading {
	netlink_event_t *event;
	void *arg;
	uint64_t *seq;
	bool answered;
};

static void take(struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct netlink_event event;

	if (netlink_parse_event(message, &event))
		reading->event(&event, reading->arg);
	else if (reading->seq && netlink_parse_sent(message, reading->seq))
		reading->answered = true;
}

int netlink_set_room(struct netlink *netlink, int bytes)
{
	int fd = nl_socket_get_fd(netlink->sk);
	socklen_t length = sizeof(bytes);

	/* Needs CAP_NET_ADMIN; without it there is a limit, net.core.rmem_max. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, length) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, length))
		return netlink_fail(netlink, -errno);
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &length))
		return netlink_fail(netlink, -errno);
	netlink->room = bytes;
	/* That is twice what was asked for: it counts its own data, too. */
	return bytes / 2;
}

int netlink_listen(struct netlink *netlink, bool all, netlink_event_t *event, void *arg)
{
	struct reading reading = { .event = event, .arg = arg };
	struct nl_msg *request = netlink_request(netlink, MEMLAB_NL_CMD_LISTENER_ADD, NLM_F_ACK);
	int err;

	if (all)
		nla_put_flag(request, MEMLAB_A_LISTENER_ALL);
	err = netlink_call(netlink, request, take, &reading);
	if (!err)
		nl_socket_set_nonblocking(netlink->sk);
	return err;
}

int netlink_get_fd(const struct netlink *netlink)
{
	return nl_socket_get_fd(netlink->sk);
}

int netlink_read_events(struct netlink *netlink, netlink_event_t *event, void *arg)
{
	struct reading reading = { .event = event, .arg = arg };
	int ret = netlink_read(netlink, take, &reading);

	return ret < 0 ? ret : 0;
}

int netlink_get_sent(struct netlink *netlink, uint64_t *seq, netlink_event_t *event, void *arg)
{
	struct reading reading = { .event = event, .arg = arg, .seq = seq };
	/* More cannot have been waiting before the answer. */
	int most = netlink->room / LEAST_MESSAGE + 1;
	int ret;

	ret = netlink_send(netlink,
			   netlink_request(netlink, MEMLAB_NL_CMD_LISTENER_GET, NLM_F_ACK));
	while (!reading.answered && most-- && (!ret || ret == -ENOBUFS))
		ret = netlink_read(netlink, take, &reading);

	if (reading.answered)
		return 0;
	return ret < 0 && ret != -ENOBUFS ? ret : netlink_fail(netlink, -EAGAIN);
}

struct netlink *netlink_open_watch(void)
{
	struct netlink *watch = netlink_connect();
	int group;

	if (!watch)
		return NULL;

	watch->family = GENL_ID_CTRL;
	errno = 0;
	group = genl_ctrl_resolve_grp(watch->sk, "nlctrl", "notify");
	if (group < 0 || nl_socket_add_membership(watch->sk, group)) {
		int err = errno ? errno : EPROTO;

		netlink_close(watch);
		errno = err;
		return NULL;
	}
	nl_socket_set_nonblocking(watch->sk);
	return watch;
}

static void take_gone(struct nlmsghdr *message, void *arg)
{
	bool *gone = arg;

	*gone = *gone || netlink_parse_gone(message);
}

bool netlink_is_gone(struct netlink *watch)
{
	bool gone = false;

	while (!gone && netlink_read(watch, take_gone, &gone) >= 0)
		;
	return gone;
}
