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
	u64 buffers;
	u64 caches; /* the entry goes with the last buffer and the last cache */
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
	usage->user_caches = user ? user->caches : 0;
	spin_unlock(&memlab_quota_lock);
}

/* A limit may have been lowered below what is in use. */
static bool memlab_exceeds(u64 used, u64 more, u64 limit)
{
	return used > limit || more > limit - used;
}

/* Whether the limits of a user do not bind the caller. */
bool memlab_quota_exempt(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_RESOURCE);
}

/* @bytes more, for a buffer, a cache or neither. Who is within the limits needs no privilege. */
static int memlab_quota_check(const struct memlab_user *user, u64 bytes, u64 buffers, u64 caches)
{
	struct memlab_limits limits;

	memlab_limits_read(&limits);
	if (memlab_exceeds(memlab_total_bytes, bytes, limits.total_bytes))
		return -ENOSPC;
	if (memlab_exceeds(user->bytes, bytes, limits.user_bytes) ||
	    (buffers && memlab_exceeds(user->buffers, buffers, limits.user_buffers)) ||
	    (caches && memlab_exceeds(user->caches, caches, limits.user_caches)))
		return memlab_quota_exempt() ? 0 : -EDQUOT;
	return 0;
}

/**
 * memlab_quota_charge() - count a buffer or a cache against the limits
 * @charge: what to undo with memlab_quota_uncharge()
 * @uid: its owner
 * @bytes: what it will take
 * @is_cache: it is a cache
 *
 * Return: 0, -EDQUOT, -ENOSPC or -ENOMEM.
 */
int memlab_quota_charge(struct memlab_charge *charge, kuid_t uid, u64 bytes, bool is_cache)
{
	struct memlab_user *user, *fresh = NULL;
	int err;

	spin_lock(&memlab_quota_lock);
	user = memlab_user_find(uid);
	if (!user) {
		spin_unlock(&memlab_quota_lock);
		fresh = kzalloc(sizeof(*fresh), MEMLAB_GFP_OWN);
		if (!fresh)
			return -ENOMEM;
		fresh->uid = uid;
		spin_lock(&memlab_quota_lock);
		user = memlab_user_find(uid) ?: fresh;
	}
	err = memlab_quota_check(user, bytes, !is_cache, is_cache);
	if (!err) {
		if (user == fresh) {
			hash_add(memlab_users, &user->link, __kuid_val(user->uid));
			fresh = NULL;
		}
		user->bytes += bytes;
		user->buffers += !is_cache;
		user->caches += is_cache;
		memlab_total_bytes += bytes;
		*charge = (struct memlab_charge){ user, bytes, is_cache };
	}
	spin_unlock(&memlab_quota_lock);
	kfree(fresh);
	return err;
}

/**
 * memlab_quota_resize() - change what something counts for
 * @charge: the charge
 * @bytes: what it will take
 *
 * Return: 0, -EDQUOT or -ENOSPC; never an error when it takes less than before.
 */
int memlab_quota_resize(struct memlab_charge *charge, u64 bytes)
{
	int err = 0;

	if (bytes == charge->bytes)
		return 0;
	spin_lock(&memlab_quota_lock);
	/* What takes less is not held against anything. */
	if (bytes > charge->bytes)
		err = memlab_quota_check(charge->user, bytes - charge->bytes, 0, 0);
	if (!err) {
		charge->user->bytes += bytes - charge->bytes;
		memlab_total_bytes += bytes - charge->bytes;
		charge->bytes = bytes;
	}
	spin_unlock(&memlab_quota_lock);
	return err;
}

/* Undo memlab_quota_charge(). */
void memlab_quota_uncharge(struct memlab_charge *charge)
{
	struct memlab_user *user = charge->user;

	spin_lock(&memlab_quota_lock);
	memlab_total_bytes -= charge->bytes;
	user->bytes -= charge->bytes;
	user->buffers -= !charge->is_cache;
	user->caches -= charge->is_cache;
	if (user->buffers || user->caches)
		user = NULL;
	else
		hash_del(&user->link);
	spin_unlock(&memlab_quota_lock);
	kfree(user);
}
