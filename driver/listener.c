// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that have events sent to them: those of one user, or all. */
#include <linux/cred.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "event.h"
#include "memlab.h"
#include "netlink.h"

/* Each event costs a look at every listener. */
#define MEMLAB_LISTENERS_USER 16
#define MEMLAB_LISTENERS_ALL  1024

struct memlab_listener {
	struct list_head link;
	struct sock *sk;
	struct user_namespace *users;
	struct pid_namespace *pids;
	kuid_t uid;
	bool all;
	bool overrun; /* has lost some, and is not read empty yet */
	u64 seq;      /* of the last event sent */
};

/* With the order of events held. */
static LIST_HEAD(memlab_listeners);

bool memlab_listeners_any(void)
{
	return !list_empty_careful(&memlab_listeners);
}

static struct memlab_listener *memlab_listener_find(const struct sock *sk)
{
	struct memlab_listener *listener;

	list_for_each_entry(listener, &memlab_listeners, link)
		if (listener->sk == sk)
			return listener;
	return NULL;
}

static struct memlab_listener *memlab_listener_new(struct sock *sk,
						   const struct memlab_viewer *viewer, bool all)
{
	struct memlab_listener *listener = kzalloc(sizeof(*listener), MEMLAB_GFP_OWN);

	if (!listener)
		return NULL;
	sock_hold(sk);
	listener->sk = sk;
	listener->users = get_user_ns(current_user_ns());
	listener->pids = get_pid_ns(task_active_pid_ns(current));
	listener->uid = viewer->uid;
	listener->all = all;
	return listener;
}

static void memlab_listener_free(struct memlab_listener *listener)
{
	put_pid_ns(listener->pids);
	put_user_ns(listener->users);
	sock_put(listener->sk);
	kfree(listener);
}

static void memlab_listener_remove(struct memlab_listener *listener)
{
	list_del(&listener->link);
	memlab_listener_free(listener);
}

/*
 * To the socket itself: by port id (genlmsg_unicast()) it would go to whoever takes
 * that id when the socket is closed. What does not fit is lost, and the socket told so
 * once, until it has been read empty (as in netlink_overrun()). What the socket's own
 * filter refuses is no loss of ours.
 */
static void memlab_listener_send(struct memlab_listener *listener, const struct memlab_event *event)
{
	struct sock *sk = listener->sk;
	struct sk_buff *skb = NULL;
	int err = -ENOBUFS;

	listener->seq++;
	if (listener->overrun && sk_rmem_alloc_get(sk))
		return;
	listener->overrun = false;
	if (event->skb)
		skb = skb_copy(event->skb, MEMLAB_GFP_MESSAGE);
	if (skb) {
		memlab_event_stamp(skb, event, listener->seq, listener->users, listener->pids);
		err = sock_queue_rcv_skb(sk, skb);
		if (err)
			kfree_skb(skb);
	}
	if (!err || err == -EPERM)
		return;
	listener->overrun = true;
	sk->sk_err = ENOBUFS;
	sk_error_report(sk);
}

void memlab_listeners_send(const struct memlab_event *event)
{
	struct memlab_listener *listener;

	list_for_each_entry(listener, &memlab_listeners, link)
		if (listener->all || uid_eq(listener->uid, event->uid))
			memlab_listener_send(listener, event);
}

static int memlab_listener_check(const struct memlab_listener *new, bool admin,
				 struct netlink_ext_ack *extack)
{
	struct memlab_listener *listener;
	unsigned int all = 0, user = 0;

	list_for_each_entry(listener, &memlab_listeners, link) {
		if (listener->sk == new->sk) {
			NL_SET_ERR_MSG(extack, "This socket listens already");
			return -EEXIST;
		}
		all++;
		user += uid_eq(listener->uid, new->uid);
	}
	if (user >= MEMLAB_LISTENERS_USER) {
		NL_SET_ERR_MSG(extack, "This user listens on 16 sockets already; close one");
		return -EDQUOT;
	}
	/* A user may have many user ids (/etc/subuid). */
	if (all >= MEMLAB_LISTENERS_ALL && !admin) {
		NL_SET_ERR_MSG(extack, "1024 sockets listen already");
		return -ENOSPC;
	}
	return 0;
}

int memlab_nl_listener_add(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *all = info->attrs[MEMLAB_A_LISTENER_ALL];
	struct memlab_listener *listener;
	struct memlab_viewer viewer;
	int err;

	memlab_viewer_init(&viewer, skb);
	if (all && !viewer.admin) {
		NL_SET_ERR_MSG_ATTR(info->extack, all, "Events of other users need CAP_SYS_ADMIN");
		return -EPERM;
	}
	if (!uid_valid(viewer.uid)) {
		NL_SET_ERR_MSG(info->extack, "Another user has opened this socket");
		return -EPERM;
	}
	listener = memlab_listener_new(NETLINK_CB(skb).sk, &viewer, all);
	if (!listener)
		return -ENOMEM;
	memlab_event_lock();
	err = memlab_listener_check(listener, viewer.admin, info->extack);
	if (!err)
		list_add_tail(&listener->link, &memlab_listeners);
	memlab_event_unlock();
	if (err)
		memlab_listener_free(listener);
	else
		memlab_event_wait();
	return err;
}

static int memlab_listener_put(struct sk_buff *skb, const struct memlab_listener *listener)
{
	if ((listener->all && nla_put_flag(skb, MEMLAB_A_LISTENER_ALL)) ||
	    memlab_put_u64(skb, MEMLAB_A_LISTENER_SEQ, listener->seq, MEMLAB_A_LISTENER_PAD))
		return -EMSGSIZE;
	return 0;
}

int memlab_nl_listener_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct memlab_listener *listener;
	struct sk_buff *reply;
	int err = -ENOENT;

	reply = memlab_reply_new(info);
	if (!reply)
		return -ENOMEM;
	/* No event comes between the number and the reply that tells it. */
	memlab_event_lock();
	listener = memlab_listener_find(NETLINK_CB(skb).sk);
	if (listener)
		err = memlab_listener_put(reply, listener);
	else
		NL_SET_ERR_MSG(info->extack, "This socket does not listen");
	if (err)
		nlmsg_free(reply);
	else
		err = memlab_reply_send(reply, info);
	memlab_event_unlock();
	return err;
}

/* A socket is being closed: one that is dead is not looked for by its port id. */
static int memlab_listener_closed(struct notifier_block *block, unsigned long what, void *data)
{
	const struct netlink_notify *closed = data;
	struct memlab_listener *listener, *next;

	if (what != NETLINK_URELEASE || closed->protocol != NETLINK_GENERIC ||
	    !memlab_listeners_any())
		return NOTIFY_DONE;
	memlab_event_lock();
	list_for_each_entry_safe(listener, next, &memlab_listeners, link)
		if (sock_flag(listener->sk, SOCK_DEAD))
			memlab_listener_remove(listener);
	memlab_event_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block memlab_listener_notifier = {
	.notifier_call = memlab_listener_closed,
};

int memlab_listeners_register(void)
{
	return netlink_register_notifier(&memlab_listener_notifier);
}

void memlab_listeners_unregister(void)
{
	struct memlab_listener *listener, *next;

	netlink_unregister_notifier(&memlab_listener_notifier);
	memlab_event_lock();
	list_for_each_entry_safe(listener, next, &memlab_listeners, link)
		memlab_listener_remove(listener);
	memlab_event_unlock();
}
