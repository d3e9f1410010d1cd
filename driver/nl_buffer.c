// SPDX-License-Identifier: GPL-2.0-only
/* BUFFER_GET: one buffer, or a dump of them. */
#include <linux/cred.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "netlink.h"

#define NO_SUCH_FIELD "A bit of the fields stands for nothing that is told of a buffer"
#define FIELDS	      GENMASK_ULL(MEMLAB_A_BUFFER_KERNEL_ADDRESS, MEMLAB_A_BUFFER_ID)

/* No buffer has more to be told: each attribute with a pad, and two names. */
#define ROOM                                                                        \
	(MEMLAB_A_BUFFER_KERNEL_ADDRESS * (nla_total_size(0) + nla_total_size(8)) + \
	 2 * nla_total_size(MEMLAB_NAME_SIZE))

/*
 * Where attributes are put, of those that are wanted. There is room for all of them: to look
 * for it at each takes longer than all else in a dump of many buffers.
 */
struct memlab_tail {
	u64 fields;
	void *at;
};

static __always_inline void memlab_tail_put(struct memlab_tail *tail, int type, const void *value,
					    size_t bytes)
{
	struct nlattr *attr = tail->at;

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(bytes);
	memcpy(nla_data(attr), value, bytes);
	tail->at += nla_attr_size(bytes);
}

static __always_inline void memlab_tail_u32(struct memlab_tail *tail, int type, u32 value)
{
	if (tail->fields & BIT_ULL(type))
		memlab_tail_put(tail, type, &value, sizeof(value));
}

static __always_inline void memlab_tail_u64(struct memlab_tail *tail, int type, u64 value)
{
	if (!(tail->fields & BIT_ULL(type)))
		return;
	/* As nla_align_64bit() does. */
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    IS_ALIGNED((unsigned long)tail->at, 8))
		memlab_tail_put(tail, MEMLAB_A_BUFFER_PAD, "", 0);
	memlab_tail_put(tail, type, &value, sizeof(value));
}

static void memlab_tail_name(struct memlab_tail *tail, int type, const char *name)
{
	size_t length = strnlen(name, MEMLAB_NAME_SIZE - 1);
	struct nlattr *attr = tail->at;

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(length + 1);
	memcpy(nla_data(attr), name, length);
	memset(nla_data(attr) + length, 0, 1 + nla_padlen(length + 1));
	tail->at += nla_total_size(length + 1);
}

static __always_inline void memlab_put_request(struct memlab_tail *tail,
					       const struct memlab_snapshot *snap)
{
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_ALLOCATOR, snap->allocator);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_ALLOC_FLAGS, snap->alloc_flags);
	if (snap->alloc_flags & MEMLAB_ALLOC_NODE)
		memlab_tail_u32(tail, MEMLAB_A_BUFFER_NODE, snap->node);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_CONTEXT, snap->context);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_BYTES, snap->bytes);
	if (snap->count) {
		memlab_tail_u64(tail, MEMLAB_A_BUFFER_COUNT, snap->count);
		memlab_tail_u64(tail, MEMLAB_A_BUFFER_ELEMENT_BYTES, snap->element_bytes);
	}
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_GFP, snap->gfp);
	if (snap->cache_id)
		memlab_tail_u32(tail, MEMLAB_A_BUFFER_CACHE_ID, snap->cache_id);
}

static __always_inline void memlab_put_outcome(struct memlab_tail *tail,
					       const struct memlab_snapshot *snap)
{
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_BACKING, snap->backing);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_USABLE, snap->usable);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_GFP_USED, snap->gfp_used);
	if (tail->fields & MEMLAB_FIELD(FUNCTION))
		memlab_tail_name(tail, MEMLAB_A_BUFFER_FUNCTION, snap->function);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_SEEN, snap->seen.flags);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_PREEMPT_COUNT, snap->seen.preempt_count);
	if (tail->fields & MEMLAB_FIELD(CACHE_NAME) && *snap->cache_name)
		memlab_tail_name(tail, MEMLAB_A_BUFFER_CACHE_NAME, (const char *)snap->cache_name);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_RESIZES, snap->resizes);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_EXTENT_COUNT, snap->extent_count);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_LARGEST_EXTENT, snap->largest_extent);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_PHYS, snap->phys);
	memlab_tail_u64(tail, MEMLAB_A_BUFFER_KERNEL_ADDRESS, snap->addr);
}

static __always_inline void memlab_put_use(struct memlab_tail *tail,
					   const struct memlab_snapshot *snap)
{
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_OWNER_UID, snap->owner_uid);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_OWNER_PID, snap->owner_pid);
	memlab_tail_u32(tail, MEMLAB_A_BUFFER_MAPPINGS, snap->mappings);
	if (tail->fields & MEMLAB_MAP_FIELDS && snap->map_length) {
		memlab_tail_u64(tail, MEMLAB_A_BUFFER_MAP_OFFSET, snap->map_offset);
		memlab_tail_u64(tail, MEMLAB_A_BUFFER_MAP_LENGTH, snap->map_length);
	}
}

static int memlab_put_buffer(struct sk_buff *skb, const struct memlab_snapshot *snap)
{
	struct memlab_tail tail = { snap->fields, skb_tail_pointer(skb) };

	if (skb_tailroom(skb) < ROOM)
		return -EMSGSIZE;
	memlab_tail_u32(&tail, MEMLAB_A_BUFFER_ID, snap->id);
	if (tail.fields != MEMLAB_FIELD(ID)) {
		memlab_put_request(&tail, snap);
		memlab_put_outcome(&tail, snap);
		memlab_put_use(&tail, snap);
	}
	skb_put(skb, (unsigned char *)tail.at - skb_tail_pointer(skb));
	return 0;
}

/* What shall be told: all, or what is asked for; and what may not be seen is not told. */
static int memlab_fields_choose(u64 *fields, const struct nlattr *wanted,
				const struct memlab_viewer *viewer)
{
	*fields = wanted ? nla_get_u64(wanted) : FIELDS;
	if (*fields & ~FIELDS)
		return -EINVAL;
	*fields |= MEMLAB_FIELD(ID);
	if (!viewer->admin)
		*fields &= ~MEMLAB_FIELD(PHYS);
	if (!viewer->kaddr)
		*fields &= ~MEMLAB_FIELD(KERNEL_ADDRESS);
	return 0;
}

int memlab_nl_buffer_get(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *filter = info->attrs[MEMLAB_A_BUFFER_ALLOCATOR]	     ?:
					      info->attrs[MEMLAB_A_BUFFER_OWNER_UID] ?:
					      info->attrs[MEMLAB_A_BUFFER_OWNER_PID];
	const struct nlattr *fields = info->attrs[MEMLAB_A_BUFFER_FIELDS];
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
	if (memlab_fields_choose(&snap.fields, fields, &viewer)) {
		NL_SET_ERR_MSG_ATTR(info->extack, fields, NO_SUCH_FIELD);
		return -EINVAL;
	}
	err = memlab_snapshot_get(&viewer, nla_get_u32(info->attrs[MEMLAB_A_BUFFER_ID]), &snap);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MEMLAB_A_BUFFER_ID],
				    "No buffer of yours has this id");
	if (err)
		return err;

	skb = memlab_reply_new(info);
	if (!skb)
		return -ENOMEM;
	err = memlab_put_buffer(skb, &snap);
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
	if (memlab_fields_choose(&dump->fields, attrs[MEMLAB_A_BUFFER_FIELDS], &dump->viewer))
		return memlab_dump_refuse(cb, attrs[MEMLAB_A_BUFFER_FIELDS], -EINVAL,
					  NO_SUCH_FIELD);
	return 0;
}

/* A message of a dump. */
struct memlab_message {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int memlab_buffer_tell(const struct memlab_snapshot *snap, void *data)
{
	const struct memlab_message *to = data;
	void *header = memlab_dump_put(to->skb, to->cb, MEMLAB_NL_CMD_BUFFER_GET);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = memlab_put_buffer(to->skb, snap);
	if (err) {
		genlmsg_cancel(to->skb, header);
		return err;
	}
	genlmsg_end(to->skb, header);
	return 0;
}

int memlab_nl_buffer_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_snapshot snap = { .fields = dump->fields };
	struct memlab_message to = { skb, cb };
	int err = memlab_dump_refused(cb);

	if (err)
		return err;
	cb->seq = memlab_table_generation();
	err = memlab_snapshot_each(&dump->viewer, &dump->filter, &dump->id, &snap,
				   memlab_buffer_tell, &to);
	return memlab_dump_result(skb, err);
}
