// SPDX-License-Identifier: GPL-2.0-only
/* BUFFER_GET: one buffer, or a dump of them. */
#include <linux/cred.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "netlink.h"

#define PAD MEMLAB_A_BUFFER_PAD

static int memlab_put_request(struct sk_buff *skb, const struct memlab_snapshot *snap)
{
	return nla_put_u32(skb, MEMLAB_A_BUFFER_ALLOCATOR, snap->allocator) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_ALLOC_FLAGS, snap->alloc_flags) ||
	       (snap->alloc_flags & MEMLAB_ALLOC_NODE &&
		nla_put_u32(skb, MEMLAB_A_BUFFER_NODE, snap->node)) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_CONTEXT, snap->context) ||
	       memlab_put_u64(skb, MEMLAB_A_BUFFER_BYTES, snap->bytes, PAD) ||
	       (snap->count &&
		(memlab_put_u64(skb, MEMLAB_A_BUFFER_COUNT, snap->count, PAD) ||
		 memlab_put_u64(skb, MEMLAB_A_BUFFER_ELEMENT_BYTES, snap->element_bytes, PAD))) ||
	       memlab_put_u64(skb, MEMLAB_A_BUFFER_GFP, snap->gfp, PAD) ||
	       (snap->cache_id && nla_put_u32(skb, MEMLAB_A_BUFFER_CACHE_ID, snap->cache_id));
}

static int memlab_put_outcome(struct sk_buff *skb, const struct memlab_snapshot *snap)
{
	return nla_put_u32(skb, MEMLAB_A_BUFFER_BACKING, snap->backing) ||
	       memlab_put_u64(skb, MEMLAB_A_BUFFER_USABLE, snap->usable, PAD) ||
	       memlab_put_u64(skb, MEMLAB_A_BUFFER_GFP_USED, snap->gfp_used, PAD) ||
	       nla_put_string(skb, MEMLAB_A_BUFFER_FUNCTION, snap->function) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_SEEN, snap->seen.flags) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_PREEMPT_COUNT, snap->seen.preempt_count) ||
	       (*snap->cache_name &&
		nla_put_string(skb, MEMLAB_A_BUFFER_CACHE_NAME, (const char *)snap->cache_name)) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_RESIZES, snap->resizes) ||
	       memlab_put_u64(skb, MEMLAB_A_BUFFER_EXTENT_COUNT, snap->extent_count, PAD) ||
	       memlab_put_u64(skb, MEMLAB_A_BUFFER_LARGEST_EXTENT, snap->largest_extent, PAD);
}

static int memlab_put_use(struct sk_buff *skb, const struct memlab_snapshot *snap)
{
	return nla_put_u32(skb, MEMLAB_A_BUFFER_OWNER_UID, snap->owner_uid) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_OWNER_PID, snap->owner_pid) ||
	       nla_put_u32(skb, MEMLAB_A_BUFFER_MAPPINGS, snap->mappings) ||
	       (snap->map_length &&
		(memlab_put_u64(skb, MEMLAB_A_BUFFER_MAP_OFFSET, snap->map_offset, PAD) ||
		 memlab_put_u64(skb, MEMLAB_A_BUFFER_MAP_LENGTH, snap->map_length, PAD)));
}

static int memlab_put_addresses(struct sk_buff *skb, const struct memlab_snapshot *snap,
				const struct memlab_viewer *viewer)
{
	return (viewer->admin && memlab_put_u64(skb, MEMLAB_A_BUFFER_PHYS, snap->phys, PAD)) ||
	       (viewer->kaddr &&
		memlab_put_u64(skb, MEMLAB_A_BUFFER_KERNEL_ADDRESS, snap->addr, PAD));
}

static int memlab_put_buffer(struct sk_buff *skb, const struct memlab_snapshot *snap,
			     const struct memlab_viewer *viewer)
{
	if (nla_put_u32(skb, MEMLAB_A_BUFFER_ID, snap->id) || memlab_put_request(skb, snap) ||
	    memlab_put_outcome(skb, snap) || memlab_put_use(skb, snap) ||
	    memlab_put_addresses(skb, snap, viewer))
		return -EMSGSIZE;
	return 0;
}

int memlab_nl_buffer_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *filter = info->attrs[MEMLAB_A_BUFFER_ALLOCATOR]	     ?:
					      info->attrs[MEMLAB_A_BUFFER_OWNER_UID] ?:
					      info->attrs[MEMLAB_A_BUFFER_OWNER_PID];
	struct memlab_snapshot snap;
	struct memlab_viewer viewer;
	int err;

	if (filter) {
		NL_SET_ERR_MSG_ATTR(info->extack, filter,
				    "A filter is for dumps; one buffer is asked for by its id");
		return -EINVAL;
	}
	if (GENL_REQ_ATTR_CHECK(info, MEMLAB_A_BUFFER_ID)) {
		NL_SET_ERR_MSG(info->extack, "Which buffer? The id is missing");
		return -EINVAL;
	}
	memlab_viewer_init(&viewer, skb);
	err = memlab_snapshot_get(&viewer, nla_get_u32(info->attrs[MEMLAB_A_BUFFER_ID]), &snap);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MEMLAB_A_BUFFER_ID],
				    "No buffer of yours has this id");
	if (err)
		return err;

	skb = memlab_reply_new(info);
	if (!skb)
		return -ENOMEM;
	err = memlab_put_buffer(skb, &snap, &viewer);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return memlab_reply_send(skb, info);
}

int memlab_nl_buffer_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = memlab_dump_attrs(cb);
	struct memlab_dump *dump = memlab_dump(cb);
	const struct nlattr *uid = attrs[MEMLAB_A_BUFFER_OWNER_UID];

	memlab_dump_start(cb);
	if (attrs[MEMLAB_A_BUFFER_ID])
		return memlab_dump_refuse(cb, attrs[MEMLAB_A_BUFFER_ID], -EINVAL,
					  "One buffer is asked for without NLM_F_DUMP");
	if (uid) {
		dump->filter.uid = make_kuid(current_user_ns(), nla_get_u32(uid));
		if (!uid_valid(dump->filter.uid))
			return memlab_dump_refuse(cb, uid, -EINVAL,
						  "No such user in your namespace");
	}
	if (attrs[MEMLAB_A_BUFFER_OWNER_PID])
		dump->filter.pid = nla_get_u32(attrs[MEMLAB_A_BUFFER_OWNER_PID]);
	if (attrs[MEMLAB_A_BUFFER_ALLOCATOR])
		dump->filter.allocator = nla_get_u32(attrs[MEMLAB_A_BUFFER_ALLOCATOR]);
	return 0;
}

int memlab_nl_buffer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_snapshot snap;
	u32 id = dump->id;
	void *header;
	int err = memlab_dump_refused(cb);

	if (err)
		return err;
	cb->seq = memlab_table_generation();
	for (;;) {
		err = memlab_snapshot_next(&dump->viewer, &dump->filter, &id, &snap);
		if (err)
			break;
		header = memlab_dump_put(skb, cb, MEMLAB_NL_CMD_BUFFER_GET);
		if (!header)
			return memlab_dump_result(skb, -EMSGSIZE);
		err = memlab_put_buffer(skb, &snap, &dump->viewer);
		if (err) {
			genlmsg_cancel(skb, header);
			break;
		}
		genlmsg_end(skb, header);
		dump->id = id;
	}
	return memlab_dump_result(skb, err == -ENOENT ? 0 : err);
}
