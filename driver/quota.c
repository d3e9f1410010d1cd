// SPDX-License-Identifier: GPL-2.0-only
/* What each user, and all together, have in use; held against the limits. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>

#include "memlab.h"

struct memlab_user {
	struct hlist_node link;
	kuid_t uid;
	u64 bytes;
	u64 buffers; /* the entry goes with the last one */
};

static DEFINE_SPINLOCK(memlab_quota_lock);
static DEFINE_HASHTABLE(memlab_users, 6);
static u64 memlab_total_bytes;

static struct memlab_user *memlab_user_find(kuid_t uid)
{
	struct memlab_user *user;

	hash_for_each_possible(memlab_users, user, link, __kuid_val(uid))
		if (uid_eq(user->uid, uid))
			return user;
	return NULL;
}

void memlab_usage_read(kuid_t uid, struct memlab_usage *usage)
{
	const struct memlab_user *user;

	spin_lock(&memlab_quota_lock);
	user = memlab_user_find(uid);
	usage->total_bytes = memlab_total_bytes;
	usage->user_bytes = user ? user->bytes : 0;
	usage->user_buffers = user ? user->buffers : 0;
	spin_unlock(&memlab_quota_lock);
}

/* A limit may have been lowered below what is in use. */
static bool memlab_exceeds(u64 used, u64 more, u64 limit)
{
	return used > limit || more > limit - used;
}

static int memlab_quota_check(const struct memlab_user *user, u64 bytes, bool exempt)
{
	struct memlab_limits limits;

	memlab_limits_read(&limits);
	if (memlab_exceeds(memlab_total_bytes, bytes, limits.total_bytes))
		return -ENOSPC;
	if (!exempt && (memlab_exceeds(user->bytes, bytes, limits.user_bytes) ||
			memlab_exceeds(user->buffers, 1, limits.user_buffers)))
		return -EDQUOT;
	return 0;
}

/**
 * memlab_quota_charge() - count a buffer against the limits
 * @buf: the buffer; its owner must be known
 * @bytes: what it will take
 *
 * Return: 0, -EDQUOT, -ENOSPC or -ENOMEM.
 */
int memlab_quota_charge(struct memlab_buffer *buf, u64 bytes)
{
	bool exempt = ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
	struct memlab_user *user, *fresh = NULL;
	int err;

	spin_lock(&memlab_quota_lock);
	user = memlab_user_find(buf->uid);
	if (!user) {
		spin_unlock(&memlab_quota_lock);
		fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
		if (!fresh)
			return -ENOMEM;
		fresh->uid = buf->uid;
		spin_lock(&memlab_quota_lock);
		user = memlab_user_find(buf->uid) ?: fresh;
	}
	err = memlab_quota_check(user, bytes, exempt);
	if (!err) {
		if (user == fresh) {
			hash_add(memlab_users, &user->link, __kuid_val(user->uid));
			fresh = NULL;
		}
		user->bytes += bytes;
		user->buffers++;
		memlab_total_bytes += bytes;
		buf->user = user;
		buf->charged = bytes;
	}
	spin_unlock(&memlab_quota_lock);
	kfree(fresh);
	return err;
}

/* Undo memlab_quota_charge(). */
void memlab_quota_uncharge(struct memlab_buffer *buf)
{
	struct memlab_user *user = buf->user;

	spin_lock(&memlab_quota_lock);
	memlab_total_bytes -= buf->charged;
	user->bytes -= buf->charged;
	if (--user->buffers)
		user = NULL;
	else
		hash_del(&user->link);
	spin_unlock(&memlab_quota_lock);
	kfree(user);
}
