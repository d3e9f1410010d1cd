// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family; Documentation/netlink/specs/memlab.yaml describes it. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "netlink.h"

#define MEMLAB_REGISTER_TRIES 3

static bool memlab_group_on __ro_after_init;

static const struct nla_policy memlab_buffer_policy[] = {
	[MEMLAB_A_BUFFER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[MEMLAB_A_BUFFER_ALLOCATOR] =
		NLA_POLICY_RANGE(NLA_U32, MEMLAB_ALLOCATOR_KMALLOC, MEMLAB_ALLOCATOR_CACHE),
	[MEMLAB_A_BUFFER_OWNER_UID] = { .type = NLA_U32 },
	[MEMLAB_A_BUFFER_OWNER_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[MEMLAB_A_BUFFER_FIELDS] = { .type = NLA_U64 },
};

static const struct nla_policy memlab_cache_policy[] = {
	[MEMLAB_A_CACHE_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy memlab_extent_policy[] = {
	[MEMLAB_A_EXTENT_BUFFER_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy memlab_listener_policy[] = {
	[MEMLAB_A_LISTENER_ALL] = { .type = NLA_FLAG },
};

#define POLICY(_policy) .policy = (_policy), .maxattr = ARRAY_SIZE(_policy) - 1

/* Before 6.2 a command has one policy for both forms, so each form looks again. */
static const struct genl_ops memlab_ops[] = {
	{
		.cmd = MEMLAB_NL_CMD_BUFFER_GET,
		POLICY(memlab_buffer_policy),
		.doit = memlab_nl_buffer_get,
		.start = memlab_nl_buffer_start,
		.dumpit = memlab_nl_buffer_dump,
	},
	{
		.cmd = MEMLAB_NL_CMD_CACHE_GET,
		POLICY(memlab_cache_policy),
		.doit = memlab_nl_cache_get,
		.start = memlab_nl_cache_start,
		.dumpit = memlab_nl_cache_dump,
	},
	{
		.cmd = MEMLAB_NL_CMD_EXTENT_GET,
		POLICY(memlab_extent_policy),
		.start = memlab_nl_extent_start,
		.dumpit = memlab_nl_extent_dump,
	},
	{
		.cmd = MEMLAB_NL_CMD_STATS_GET,
		.start = memlab_nl_stats_start,
		.dumpit = memlab_nl_stats_dump,
	},
	{
		.cmd = MEMLAB_NL_CMD_LIMITS_GET,
		.doit = memlab_nl_limits_get,
	},
	{
		.cmd = MEMLAB_NL_CMD_LISTENER_ADD,
		POLICY(memlab_listener_policy),
		.doit = memlab_nl_listener_add,
	},
	{
		.cmd = MEMLAB_NL_CMD_LISTENER_GET,
		.doit = memlab_nl_listener_get,
	},
};

/*
 * CAP_SYS_ADMIN, as for the buffers of other users everywhere; CAP_NET_ADMIN is given
 * to those who look after networks. Nothing is sent to the group of any network
 * namespace but the first, as its root may be anybody.
 */
static const struct genl_multicast_group memlab_groups[] = {
	[MEMLAB_GROUP_EVENTS] = {
		.name = MEMLAB_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

struct genl_family memlab_family __ro_after_init = {
	.name = MEMLAB_FAMILY_NAME,
	.version = MEMLAB_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = memlab_ops,
	.n_ops = ARRAY_SIZE(memlab_ops),
	/* None is older than that check. */
	.resv_start_op = MEMLAB_NL_CMD_BUFFER_GET,
	.mcgrps = memlab_groups,
	.n_mcgrps = ARRAY_SIZE(memlab_groups),
};

/**
 * memlab_viewer_init() - who asks, and what they may see
 * @viewer: is filled in
 * @skb: the request; the caller is its sender
 *
 * A socket may have been opened by somebody else, who had a privileged program write to
 * it, or who was given it: both must be allowed to. (netlink_ns_capable() does not ask
 * the opener when the message has an address.)
 */
void memlab_viewer_init(struct memlab_viewer *viewer, struct sk_buff *skb)
{
	const struct file *file = NETLINK_CB(skb).sk->sk_socket->file;

	viewer->uid = uid_eq(file->f_cred->euid, current_euid()) ? current_euid() : INVALID_UID;
	viewer->admin = memlab_may_see_phys() &&
			file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
	viewer->kaddr = memlab_may_see_kaddr() && file_ns_capable(file, &init_user_ns, CAP_SYSLOG);
}

struct sk_buff *memlab_reply_new(struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, MEMLAB_GFP_OWN);

	if (!skb)
		return NULL;
	if (!genlmsg_put_reply(skb, info, &memlab_family, 0, info->genlhdr->cmd)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

int memlab_reply_send(struct sk_buff *skb, struct genl_info *info)
{
	genlmsg_end(skb, genlmsg_data(nlmsg_data(nlmsg_hdr(skb))));
	return genlmsg_reply(skb, info);
}

/* For the start of every dump. */
void memlab_dump_start(struct netlink_callback *cb)
{
	struct memlab_dump *dump = memlab_dump(cb);

	memlab_viewer_init(&dump->viewer, cb->skb);
	dump->filter.uid = INVALID_UID;
}

/**
 * memlab_dump_refuse() - refuse a dump, from its start
 * @cb: the dump
 * @attr: the attribute that is wrong, or NULL
 * @err: negative errno
 * @why: a text that stays
 *
 * Before 6.2 one cannot say why at the start, so there it begins, and is refused in
 * its first part.
 *
 * Return: what the start returns.
 */
int memlab_dump_refuse(struct netlink_callback *cb, const struct nlattr *attr, int err,
		       const char *why)
{
	if (!cb->extack) {
		memlab_dump(cb)->err = err;
		memlab_dump(cb)->why = why;
		return 0;
	}
	cb->extack->_msg = why;
	if (attr)
		NL_SET_BAD_ATTR(cb->extack, attr);
	return err;
}

/* In each part of a dump: 0, or what it is refused with. */
int memlab_dump_refused(struct netlink_callback *cb)
{
	const struct memlab_dump *dump = memlab_dump(cb);

	if (dump->err && cb->extack)
		cb->extack->_msg = dump->why;
	return dump->err;
}

/* The header of one message of a dump; NULL when there is no room. */
void *memlab_dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 command)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &memlab_family, NLM_F_MULTI, command);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}

/**
 * memlab_dump_result() - what a dump function returns
 * @skb: the messages so far
 * @err: 0 at the end, -EMSGSIZE when there was no room, or an error
 *
 * Return: as netlink_dump() expects it: length, 0 at the end, or the error.
 */
int memlab_dump_result(const struct sk_buff *skb, int err)
{
	if (err && err != -EMSGSIZE)
		return err;
	return skb->len ?: err;
}

/*
 * Anybody may join a group that is no family's yet (net/netlink/genetlink.c,
 * genl_bind()), and is in it when it becomes one's. What is unregistered loses its
 * members; who joins afterwards is asked for the capability. Who was asked just before
 * is in before it sleeps or leaves the kernel.
 */
static bool __init memlab_group_is_clean(void)
{
	if (genl_has_listeners(&memlab_family, &init_net, MEMLAB_GROUP_EVENTS))
		return false;
	synchronize_rcu_tasks();
	return !genl_has_listeners(&memlab_family, &init_net, MEMLAB_GROUP_EVENTS);
}

static int __init memlab_family_register(void)
{
	int tries = MEMLAB_REGISTER_TRIES;
	int err;

	for (;;) {
		err = genl_register_family(&memlab_family);
		if (err)
			return err;
		memlab_group_on = memlab_group_is_clean();
		if (memlab_group_on)
			return 0;
		/* Nobody shall be able to keep the driver from being loaded. */
		if (!--tries)
			break;
		genl_unregister_family(&memlab_family);
	}
	pr_warn("memlab: somebody joins groups before they exist; no events for the group\n");
	return 0;
}

bool memlab_group_listens(void)
{
	return memlab_group_on &&
	       genl_has_listeners(&memlab_family, &init_net, MEMLAB_GROUP_EVENTS);
}

int __init memlab_netlink_register(void)
{
	int err = memlab_listeners_register();

	if (err)
		return err;
	err = memlab_family_register();
	if (err) {
		memlab_listeners_unregister();
		return err;
	}
	memlab_event_switch(true);
	return 0;
}

void memlab_netlink_unregister(void)
{
	/* The number of the group may be somebody else's afterwards. */
	memlab_event_switch(false);
	genl_unregister_family(&memlab_family);
	memlab_listeners_unregister();
}
