/* SPDX-License-Identifier: GPL-2.0-only */
/* What became of a buffer: for tracepoints, the multicast group and listeners. */
#ifndef MEMLAB_EVENT_H
#define MEMLAB_EVENT_H

#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/memlab.h>
#include <uapi/linux/memlab_netlink.h>

struct memlab_buffer;
struct pid_namespace;
struct sk_buff;
struct user_namespace;

/* 0 and NULL where it says nothing. */
struct memlab_event {
	u32 type; /* enum memlab_event_type */
	u32 id;
	kuid_t uid;
	u32 allocator;
	u32 backing;
	u32 context;
	u32 cache_id;
	u32 mappings;
	u64 bytes;
	u64 usable;
	u64 old_bytes;
	u64 gfp;
	u64 gfp_used;
	const char *function;
	u32 error;
	u32 reason;
	struct sk_buff *skb; /* in memlab_event_end() */
};

/* event.c */
void memlab_event_init(struct memlab_event *event, u32 type, const struct memlab_buffer *buf);
int memlab_event_begin(void);
bool memlab_event_is_heard(int order, u32 type);
void memlab_event_end(int order, struct memlab_event *event);
void memlab_event_tell(u32 type, const struct memlab_buffer *buf);
void memlab_event_alloc_failed(const struct memlab_alloc *arg, const struct memlab_buffer *buf,
			       int err);
void memlab_event_resize_failed(const struct memlab_resize *arg, const struct memlab_buffer *buf,
				bool called, int err);

/* event_message.c */
struct sk_buff *memlab_event_message(const struct memlab_event *event);
void memlab_event_stamp(struct sk_buff *skb, const struct memlab_event *event, u64 seq,
			struct user_namespace *users, struct pid_namespace *pids);

/* listener.c; with the order of events held */
bool memlab_listeners_any(void);
void memlab_listeners_send(const struct memlab_event *event);

#endif /* MEMLAB_EVENT_H */
