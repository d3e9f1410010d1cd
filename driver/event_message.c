// SPDX-License-Identifier: GPL-2.0-only
/* An event as a netlink message. */
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "event.h"
#include "memlab.h"
#include "netlink.h"

/* Room for all attributes of an event. */
#define MEMLAB_EVENT_SIZE 512

/* Their numbers are stamped. */
static int memlab_put_actor(struct sk_buff *skb)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current);
	return nla_put_u32(skb, MEMLAB_A_EVENT_UID, 0) || nla_put_u32(skb, MEMLAB_A_EVENT_PID, 0) ||
	       nla_put_string(skb, MEMLAB_A_EVENT_COMM, comm);
}

static int memlab_put_request(struct sk_buff *skb, const struct memlab_event *event)
{
	return nla_put_u32(skb, MEMLAB_A_EVENT_ALLOCATOR, event->allocator) ||
	       nla_put_u32(skb, MEMLAB_A_EVENT_CONTEXT, event->context) ||
	       memlab_put_u64(skb, MEMLAB_A_EVENT_BYTES, event->bytes, MEMLAB_A_EVENT_PAD) ||
	       memlab_put_u64(skb, MEMLAB_A_EVENT_GFP, event->gfp, MEMLAB_A_EVENT_PAD) ||
	       (event->gfp_used && memlab_put_u64(skb, MEMLAB_A_EVENT_GFP_USED, event->gfp_used,
						  MEMLAB_A_EVENT_PAD)) ||
	       (event->function && nla_put_string(skb, MEMLAB_A_EVENT_FUNCTION, event->function)) ||
	       (event->cache_id && nla_put_u32(skb, MEMLAB_A_EVENT_CACHE_ID, event->cache_id));
}

static int memlab_put_outcome(struct sk_buff *skb, const struct memlab_event *event)
{
	return (event->id && nla_put_u32(skb, MEMLAB_A_EVENT_ID, event->id)) ||
	       (event->backing && nla_put_u32(skb, MEMLAB_A_EVENT_BACKING, event->backing)) ||
	       (event->usable &&
		memlab_put_u64(skb, MEMLAB_A_EVENT_USABLE, event->usable, MEMLAB_A_EVENT_PAD)) ||
	       (event->old_bytes && memlab_put_u64(skb, MEMLAB_A_EVENT_OLD_BYTES, event->old_bytes,
						   MEMLAB_A_EVENT_PAD)) ||
	       ((event->type == MEMLAB_EVENT_TYPE_MAPPED ||
		 event->type == MEMLAB_EVENT_TYPE_UNMAPPED) &&
		nla_put_u32(skb, MEMLAB_A_EVENT_MAPPINGS, event->mappings)) ||
	       (event->type == MEMLAB_EVENT_TYPE_FAILED &&
		(nla_put_u32(skb, MEMLAB_A_EVENT_ERROR, event->error) ||
		 nla_put_u32(skb, MEMLAB_A_EVENT_REASON, event->reason)));
}

/**
 * memlab_event_message() - an event as a message that is not stamped yet
 * @event: the event
 *
 * Return: the message, or NULL when there is no memory.
 */
struct sk_buff *memlab_event_message(const struct memlab_event *event)
{
	struct sk_buff *skb = genlmsg_new(MEMLAB_EVENT_SIZE, MEMLAB_GFP_MESSAGE);
	void *header;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, &memlab_family, 0, MEMLAB_NL_CMD_EVENT);
	if (!header || memlab_put_u64(skb, MEMLAB_A_EVENT_SEQ, 0, MEMLAB_A_EVENT_PAD) ||
	    memlab_put_u64(skb, MEMLAB_A_EVENT_TIME, ktime_get_real_ns(), MEMLAB_A_EVENT_PAD) ||
	    nla_put_u32(skb, MEMLAB_A_EVENT_TYPE, event->type) || memlab_put_actor(skb) ||
	    memlab_put_request(skb, event) || memlab_put_outcome(skb, event)) {
		WARN_ONCE(1, "memlab: an event needs more than %d bytes", MEMLAB_EVENT_SIZE);
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, header);
	return skb;
}

static void memlab_event_set(struct sk_buff *skb, int type, const void *value, size_t size)
{
	struct nlattr *attr = nlmsg_find_attr(nlmsg_hdr(skb), GENL_HDRLEN, type);

	memcpy(nla_data(attr), value, size);
}

/**
 * memlab_event_stamp() - what differs between the receivers of an event
 * @skb: the message, that nobody else has
 * @event: the event
 * @seq: number of the event for its receiver
 * @users: the receiver's namespace of users
 * @pids: and that of processes
 *
 * The caller is the one who did it.
 */
void memlab_event_stamp(struct sk_buff *skb, const struct memlab_event *event, u64 seq,
			struct user_namespace *users, struct pid_namespace *pids)
{
	u32 uid = from_kuid_munged(users, event->uid);
	u32 pid = task_tgid_nr_ns(current, pids);

	memlab_event_set(skb, MEMLAB_A_EVENT_SEQ, &seq, sizeof(seq));
	memlab_event_set(skb, MEMLAB_A_EVENT_UID, &uid, sizeof(uid));
	memlab_event_set(skb, MEMLAB_A_EVENT_PID, &pid, sizeof(pid));
}
