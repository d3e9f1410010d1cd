// SPDX-License-Identifier: GPL-2.0-only
/* EXTENT_GET: a dump of one buffer's layout. */
#include <linux/err.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "netlink.h"
#include "walk.h"

#define PAD MEMLAB_A_EXTENT_PAD

static int memlab_put_extent(struct sk_buff *skb, const struct memlab_dump *dump,
			     const struct memlab_extent *extent)
{
	if (nla_put_u32(skb, MEMLAB_A_EXTENT_BUFFER_ID, dump->id) ||
	    memlab_put_u64(skb, MEMLAB_A_EXTENT_OFFSET, extent->offset, PAD) ||
	    memlab_put_u64(skb, MEMLAB_A_EXTENT_LENGTH, extent->length, PAD) ||
	    (dump->viewer.admin && memlab_put_u64(skb, MEMLAB_A_EXTENT_PHYS, extent->phys, PAD)) ||
	    nla_put_u32(skb, MEMLAB_A_EXTENT_NODE, extent->node) ||
	    nla_put_u32(skb, MEMLAB_A_EXTENT_ZONE, extent->zone))
		return -EMSGSIZE;
	return 0;
}

int memlab_nl_extent_start(struct netlink_callback *cb)
{
	struct nlattr *id = memlab_dump_attrs(cb)[MEMLAB_A_EXTENT_BUFFER_ID];
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_buffer *buf;

	memlab_dump_start(cb);
	if (!id) {
		NL_SET_ERR_ATTR_MISS(cb->extack, NULL, MEMLAB_A_EXTENT_BUFFER_ID);
		return memlab_dump_refuse(cb, NULL, -EINVAL,
					  "Of which buffer? The buffer id is missing");
	}
	dump->id = nla_get_u32(id);
	buf = memlab_table_get_seen(&dump->viewer, dump->id);
	if (IS_ERR(buf))
		return memlab_dump_refuse(
			cb, id, PTR_ERR(buf),
			PTR_ERR(buf) == -ENOENT ? "No buffer of yours has this id" : NULL);
	memlab_buffer_put(buf);
	return 0;
}

static int memlab_extent_fill(struct sk_buff *skb, struct netlink_callback *cb,
			      const struct memlab_buffer *buf)
{
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_extent extent;
	struct memlab_walk walk = { .buf = buf };
	u64 end = dump->offset;
	void *header;
	int err;

	while (end < buf->bytes) {
		err = memlab_layout_extents(&walk, &end, &extent, 1);
		if (err < 0)
			return err;
		header = memlab_dump_put(skb, cb, MEMLAB_NL_CMD_EXTENT_GET);
		if (!header)
			return -EMSGSIZE;
		err = memlab_put_extent(skb, dump, &extent);
		if (err) {
			genlmsg_cancel(skb, header);
			return err;
		}
		genlmsg_end(skb, header);
		dump->offset = end;
		cond_resched();
	}
	dump->done = true;
	return 0;
}

int memlab_nl_extent_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_buffer *buf;
	int err;

	err = memlab_dump_refused(cb);
	if (err || dump->done)
		return err;
	buf = memlab_table_get_seen(&dump->viewer, dump->id);
	if (IS_ERR(buf)) {
		if (PTR_ERR(buf) == -ENOENT)
			NL_SET_ERR_MSG(cb->extack, "The buffer was freed meanwhile");
		return PTR_ERR(buf);
	}
	/* Not 0, which would mean that nobody looks. */
	cb->seq = buf->resizes + 1;
	err = memlab_extent_fill(skb, cb, buf);
	memlab_buffer_put(buf);
	return memlab_dump_result(skb, err);
}
