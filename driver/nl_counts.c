// SPDX-License-Identifier: GPL-2.0-only
/* STATS_GET and LIMITS_GET: what became of calls, what counts against which limit. */
#include "netlink.h"

static int memlab_put_stats(struct sk_buff *skb, u32 allocator, const struct memlab_stats *stats)
{
	const int pad = MEMLAB_A_STATS_PAD;

	if (nla_put_u32(skb, MEMLAB_A_STATS_ALLOCATOR, allocator) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_CALLS, stats->calls, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_FAILURES, stats->failures, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_REFUSED, stats->refused, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_RESIZES, stats->resizes, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_FREES, stats->frees, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_LIVE, stats->live, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_BYTES, stats->bytes, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_STATS_PEAK_BYTES, stats->peak_bytes, pad) ||
	    (allocator == MEMLAB_ALLOCATOR_KVMALLOC &&
	     memlab_put_u64(skb, MEMLAB_A_STATS_FALLBACKS, stats->fallbacks, pad)))
		return -EMSGSIZE;
	return 0;
}

int memlab_nl_stats_start(struct netlink_callback *cb)
{
	memlab_dump_start(cb);
	if (!memlab_dump(cb)->viewer.admin)
		return memlab_dump_refuse(cb, NULL, -EPERM,
					  "What all users do needs CAP_SYS_ADMIN");
	return 0;
}

int memlab_nl_stats_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct memlab_dump *dump = memlab_dump(cb);
	struct memlab_stats stats;
	void *header;
	int err = memlab_dump_refused(cb);

	if (err)
		return err;
	for (; dump->id + 1 < MEMLAB_ALLOCATORS; dump->id++) {
		memlab_stats_read(dump->id + 1, &stats);
		header = memlab_dump_put(skb, cb, MEMLAB_NL_CMD_STATS_GET);
		if (!header)
			return memlab_dump_result(skb, -EMSGSIZE);
		err = memlab_put_stats(skb, dump->id + 1, &stats);
		if (err) {
			genlmsg_cancel(skb, header);
			return memlab_dump_result(skb, err);
		}
		genlmsg_end(skb, header);
	}
	return memlab_dump_result(skb, 0);
}

static int memlab_put_limits(struct sk_buff *skb, const struct memlab_limits *limits,
			     const struct memlab_usage *usage, bool admin)
{
	const int pad = MEMLAB_A_LIMITS_PAD;

	if (memlab_put_u64(skb, MEMLAB_A_LIMITS_MAX_TOTAL_BYTES, limits->total_bytes, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_LIMITS_MAX_USER_BYTES, limits->user_bytes, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_LIMITS_MAX_USER_BUFFERS, limits->user_buffers, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_LIMITS_MAX_USER_CACHES, limits->user_caches, pad) ||
	    (admin && memlab_put_u64(skb, MEMLAB_A_LIMITS_TOTAL_BYTES, usage->total_bytes, pad)) ||
	    memlab_put_u64(skb, MEMLAB_A_LIMITS_USER_BYTES, usage->user_bytes, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_LIMITS_USER_BUFFERS, usage->user_buffers, pad) ||
	    memlab_put_u64(skb, MEMLAB_A_LIMITS_USER_CACHES, usage->user_caches, pad))
		return -EMSGSIZE;
	return 0;
}

int memlab_nl_limits_get(struct sk_buff *skb, struct genl_info *info)
{
	struct memlab_limits limits;
	struct memlab_viewer viewer;
	struct memlab_usage usage;
	int err;

	memlab_viewer_init(&viewer, skb);
	if (!uid_valid(viewer.uid)) {
		NL_SET_ERR_MSG(info->extack, "Another user has opened this socket");
		return -EPERM;
	}
	memlab_limits_read(&limits);
	memlab_usage_read(viewer.uid, &usage);
	skb = memlab_reply_new(info);
	if (!skb)
		return -ENOMEM;
	err = memlab_put_limits(skb, &limits, &usage, viewer.admin);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return memlab_reply_send(skb, info);
}
