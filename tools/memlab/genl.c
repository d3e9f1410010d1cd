// SPDX-License-Identifier: GPL-2.0-only
/* The connection to the driver's netlink family. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "genl_socket.h"
#include "memlab.h"

/* The kernel fills as much of it with one part of a dump as it can. */
#define READ_BYTES 65536

int netlink_fail(struct netlink *netlink, int err)
{
	snprintf(netlink->why, sizeof(netlink->why), "%s", strerror(-err));
	return err;
}

/* libnl's own numbers tell less than the errno that it leaves. */
static int socket_failed(struct netlink *netlink, int nle)
{
	if (nle == -NLE_OBJ_NOTFOUND)
		return netlink_fail(netlink, -ENOENT);
	return netlink_fail(netlink, errno ? -errno : -EPROTO);
}

/* A kernel that does not know these gives its errno alone. */
static void want_texts(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

struct netlink *netlink_connect(void)
{
	struct netlink *netlink = need(calloc(1, sizeof(*netlink)));
	int err;

	netlink->sk = need(nl_socket_alloc());
	/* Of requests that are to have an acknowledgment, each says so. */
	nl_socket_disable_auto_ack(netlink->sk);
	errno = 0;
	err = genl_connect(netlink->sk);
	if (err) {
		err = socket_failed(netlink, err);
		netlink_close(netlink);
		errno = -err;
		return NULL;
	}

	nl_socket_set_msg_buf_size(netlink->sk, READ_BYTES);
	nl_socket_disable_msg_peek(netlink->sk);
	want_texts(nl_socket_get_fd(netlink->sk));
	return netlink;
}

struct netlink *netlink_open(void)
{
	struct netlink *netlink = netlink_connect();

	if (!netlink)
		return NULL;

	errno = 0;
	netlink->family = genl_ctrl_resolve(netlink->sk, MEMLAB_FAMILY_NAME);
	if (netlink->family < 0) {
		int err = socket_failed(netlink, netlink->family);

		netlink_close(netlink);
		errno = -err;
		return NULL;
	}
	return netlink;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	nl_socket_free(netlink->sk);
	free(netlink);
}

const char *netlink_why(const struct netlink *netlink)
{
	return netlink->why;
}

/* The extended acknowledgment's message stands instead of that of the errno. */
static void take_text(struct netlink *netlink, struct nlattr *attrs, int length)
{
	struct nlattr *text = nla_find(attrs, length, NLMSGERR_ATTR_MSG);

	if (text && nla_len(text) > 0)
		nla_strlcpy(netlink->why, text, sizeof(netlink->why));
}

/* An acknowledgment, or an error: the struct, the request, attributes. */
static int take_error(struct netlink *netlink, struct nlmsghdr *message)
{
	const struct nlmsgerr *told = nlmsg_data(message);
	int skip = sizeof(*told);

	if (nlmsg_datalen(message) < skip)
		return netlink_fail(netlink, -EPROTO);
	if (!told->error)
		return 1;

	netlink_fail(netlink, told->error);
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skip += (int)NLMSG_ALIGN(told->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (message->nlmsg_flags & NLM_F_ACK_TLVS && nlmsg_datalen(message) > skip)
		take_text(netlink, (struct nlattr *)((char *)nlmsg_data(message) + skip),
			  nlmsg_datalen(message) - skip);
	return told->error;
}

/* The end of a dump: an errno, attributes. */
static int take_done(struct netlink *netlink, struct nlmsghdr *message)
{
	int length = nlmsg_datalen(message);
	int err = 0;

	if (length >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(message), sizeof(err));
	if (err >= 0)
		return 1;

	netlink_fail(netlink, err);
	if (message->nlmsg_flags & NLM_F_ACK_TLVS)
		take_text(netlink,
			  (struct nlattr *)((char *)nlmsg_data(message) + NLMSG_ALIGN(sizeof(err))),
			  length - (int)NLMSG_ALIGN(sizeof(err)));
	return err;
}

/* Returns as netlink_read(). */
static int take(struct netlink *netlink, struct nlmsghdr *message, netlink_message_t *pass,
		void *arg)
{
	bool answers = message->nlmsg_seq == netlink->seq;

	/* Events answer nobody. */
	if (!answers && message->nlmsg_seq)
		return 0;
	if (answers && message->nlmsg_flags & NLM_F_DUMP_INTR)
		netlink->disturbed = true;

	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		return answers ? take_error(netlink, message) : 0;
	case NLMSG_DONE:
		return answers ? take_done(netlink, message) : 0;
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return 0;
	default:
		if (message->nlmsg_type == netlink->family)
			pass(message, arg);
		return 0;
	}
}

int netlink_read(struct netlink *netlink, netlink_message_t *pass, void *arg)
{
	struct sockaddr_nl from;
	unsigned char *bytes;
	int length, ret = 0;

	errno = 0;
	length = nl_recv(netlink->sk, &from, &bytes, NULL);
	if (length < 0)
		return socket_failed(netlink, length);
	if (!length)
		return 0;

	/* Only the kernel speaks for the driver. */
	if (!from.nl_pid)
		for (struct nlmsghdr *message = (struct nlmsghdr *)bytes;
		     nlmsg_ok(message, length) && !ret; message = nlmsg_next(message, &length))
			ret = take(netlink, message, pass, arg);

	free(bytes);
	return ret;
}

struct nl_msg *netlink_request(struct netlink *netlink, uint8_t command, int flags)
{
	struct nl_msg *request = need(nlmsg_alloc());

	need(genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, netlink->family, 0,
			 NLM_F_REQUEST | flags, command, MEMLAB_FAMILY_VERSION));
	return request;
}

int netlink_send(struct netlink *netlink, struct nl_msg *request)
{
	int err;

	errno = 0;
	err = nl_send_auto(netlink->sk, request);
	netlink->seq = nlmsg_hdr(request)->nlmsg_seq;
	netlink->disturbed = false;
	nlmsg_free(request);
	return err < 0 ? socket_failed(netlink, err) : 0;
}

int netlink_call(struct netlink *netlink, struct nl_msg *request, netlink_message_t *pass,
		 void *arg)
{
	int ret = netlink_send(netlink, request);

	while (!ret)
		ret = netlink_read(netlink, pass, arg);
	return ret < 0 ? ret : 0;
}
