// SPDX-License-Identifier: GPL-2.0-only
/* CACHE_GET: one cache, or a dump of them. */
#include "cache.h"
#include "compat.h"
#include "netlink.h"

#define PAD MEMLAB_A_CACHE_PAD

static int memlab_put_cache(struct sk_buff *skb, const struct memlab_cache_query *cache, u32 id)
{
	if (nla_put_u32(skb, MEMLAB_A_CACHE_ID, id) ||
	    nla_put_string(skb, MEMLAB_A_CACHE_NAME, (const char *)cache->name) ||
	    nla_put_u32(skb, MEMLAB_A_CACHE_FLAGS, cache->flags) ||
	    nla_put_u32(skb, MEMLAB_A_CACHE_ALIGN, cache->align) ||
	    memlab_put_u64(skb, MEMLAB_A_CACHE_BYTES, cache->bytes, PAD) ||
	    (cache->flags & MEMLAB_CACHE_USERCOPY &&
	     (memlab_put_u64(skb, MEMLAB_A_CACHE_USER_OFFSET, cache->user_offset, PAD) ||
	      memlab_put_u64(skb, MEMLAB_A_CACHE_USER_BYTES, cache->user_bytes, PAD))) ||
	    memlab_put_u64(skb, MEMLAB_A_CACHE_OBJECTS, cache->objects, PAD) ||
	    nla_put_string(skb, MEMLAB_A_CACHE_FUNCTION, (const char *)cache->function) ||
	    nla_put_u32(skb, MEMLAB_A_CACHE_OWNER_UID, cache->owner_uid) ||
	    nla_put_u32(skb, MEMLAB_A_CACHE_OWNER_PID, cache->owner_pid))
		return -EMSGSIZE;
	return 0;
}

int memlab_nl_cache_get(struct sk_buff *skb, struct genl_info *info)
{
	struct memlab_cache_query cache;
	struct memlab_viewer viewer;
	u32 id;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MEMLAB_A_CACHE_ID)) {
		NL_SET_ERR_MSG(info->extack, "Which cache? The id is missing");
		return -EINVAL;
	}
	id = nla_get_u32(info->attrs[MEMLAB_A_CACHE_ID]);
	memlab_viewer_init(&viewer, skb);
	err = memlab_cache_look(&viewer, id, &cache);
	if (err) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MEMLAB_A_CACHE_ID],
				    "No cache of yours has this id");
		return err;
	}

	skb = memlab_reply_new(info);
	if (!skb)
		return -ENOMEM;
	err = memlab_put_cache(skb, &cache, id);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return memlab_reply_send(skb, info);
}

int memlab_nl_cache_start(struct netlink_callback *cb)
{
	struct nlattr *id = memlab_dump_attrs(cb)[MEMLAB_A_CACHE_ID];

	memlab_dump_start(cb);
	if (id)
		return memlab_dump_refuse(cb, id, -EINVAL,
					  "One cache is asked for without NLM_F_DUMP");
	return 0;
}

int memlab_nl_cache_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_cache_query cache;
	u32 id = dump->id;
	void *header;
	int err = memlab_dump_refused(cb);

	if (err)
		return err;
	cb->seq = memlab_cache_generation();
	for (;;) {
		err = memlab_cache_look_next(&dump->viewer, &id, &cache);
		if (err)
			break;
		header = memlab_dump_put(skb, cb, MEMLAB_NL_CMD_CACHE_GET);
		if (!header)
			return memlab_dump_result(skb, -EMSGSIZE);
		err = memlab_put_cache(skb, &cache, id);
		if (err) {
			genlmsg_cancel(skb, header);
			break;
		}
		genlmsg_end(skb, header);
		dump->id = id;
	}
	return memlab_dump_result(skb, err == -ENOENT ? 0 : err);
}
