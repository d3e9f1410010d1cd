/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family, for event*.c, listener.c, netlink.c and nl_*.c. */
#ifndef MEMLAB_NETLINK_H
#define MEMLAB_NETLINK_H

#include <linux/types.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>
#include <uapi/linux/memlab_netlink.h>

#include "memlab.h"
#include "snapshot.h"

enum {
	MEMLAB_GROUP_EVENTS,
};

/* Where a dump goes on; in its netlink_callback. */
struct memlab_dump {
	struct memlab_viewer viewer;
	struct memlab_filter filter;
	u32 id;
	union {
		u64 offset; /* in a buffer, of the next extent */
		u64 fields; /* that are told of each buffer */
	};
	bool done;
	int err; /* why it is refused, in words below */
	const char *why;
};

static inline struct memlab_dump *memlab_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct memlab_dump) > sizeof(cb->ctx));
	return (struct memlab_dump *)cb->ctx;
}

static inline int memlab_put_u64(struct sk_buff *skb, int type, u64 value, int pad)
{
	return nla_put_u64_64bit(skb, type, value, pad);
}

/* event.c */
void memlab_event_lock(void);
void memlab_event_unlock(void);
void memlab_event_switch(bool on);
void memlab_event_wait(void);

/* listener.c */
int memlab_listeners_register(void);
void memlab_listeners_unregister(void);
int memlab_nl_listener_add(struct sk_buff *skb, struct genl_info *info);
int memlab_nl_listener_get(struct sk_buff *skb, struct genl_info *info);

/* netlink.c */
extern struct genl_family memlab_family;
bool memlab_group_listens(void);
void memlab_viewer_init(struct memlab_viewer *viewer, struct sk_buff *skb);
struct sk_buff *memlab_reply_new(struct genl_info *info);
int memlab_reply_send(struct sk_buff *skb, struct genl_info *info);
void memlab_dump_start(struct netlink_callback *cb);
int memlab_dump_refuse(struct netlink_callback *cb, const struct nlattr *attr, int err,
		       const char *why);
int memlab_dump_refused(struct netlink_callback *cb);
void *memlab_dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 command);
int memlab_dump_result(const struct sk_buff *skb, int err);

/* nl_buffer.c */
int memlab_nl_buffer_get(struct sk_buff *skb, struct genl_info *info);
int memlab_nl_buffer_start(struct netlink_callback *cb);
int memlab_nl_buffer_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* nl_cache.c */
int memlab_nl_cache_get(struct sk_buff *skb, struct genl_info *info);
int memlab_nl_cache_start(struct netlink_callback *cb);
int memlab_nl_cache_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* nl_extent.c */
int memlab_nl_extent_start(struct netlink_callback *cb);
int memlab_nl_extent_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* nl_counts.c */
int memlab_nl_stats_start(struct netlink_callback *cb);
int memlab_nl_stats_dump(struct sk_buff *skb, struct netlink_callback *cb);
int memlab_nl_limits_get(struct sk_buff *skb, struct genl_info *info);

#endif /* MEMLAB_NETLINK_H */
