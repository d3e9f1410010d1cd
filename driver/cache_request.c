// SPDX-License-Identifier: GPL-2.0-only
/* Requests about caches, and what their objects need to know of them. */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "cache.h"
#include "compat.h"

#define MEMLAB_CACHE_KNOWN                                                              \
	(MEMLAB_CACHE_PERSISTENT | MEMLAB_CACHE_NO_MERGE | MEMLAB_CACHE_HWCACHE_ALIGN | \
	 MEMLAB_CACHE_USERCOPY)

u32 memlab_cache_id(const struct memlab_cache *cache)
{
	return cache->id;
}

u64 memlab_cache_bytes(const struct memlab_cache *cache)
{
	return cache->bytes;
}

const char *memlab_cache_name(const struct memlab_cache *cache)
{
	return cache->name;
}

/**
 * memlab_cache_copyable() - whether a part of an object may be copied
 * @cache: its cache
 * @offset: where the part begins
 * @length: bytes
 *
 * Return: whether the part lies in what the cache declares for copies to and from
 * user space.
 */
bool memlab_cache_copyable(const struct memlab_cache *cache, u64 offset, u64 length)
{
	return offset >= cache->user_offset && length <= cache->user_bytes &&
	       offset - cache->user_offset <= cache->user_bytes - length;
}

static bool memlab_copy_undeclared;

static int memlab_copy_undeclared_set(const char *val, const struct kernel_param *kp)
{
	bool on;
	int err = kstrtobool(val, &on);

	if (err)
		return err;
	if (on && !IS_ENABLED(CONFIG_HARDENED_USERCOPY))
		return -EOPNOTSUPP;
	WRITE_ONCE(memlab_copy_undeclared, on);
	return 0;
}

static const struct kernel_param_ops memlab_copy_undeclared_ops = {
	.set = memlab_copy_undeclared_set,
	.get = param_get_bool,
};

module_param_cb(copy_undeclared, &memlab_copy_undeclared_ops, &memlab_copy_undeclared, 0600);
MODULE_PARM_DESC(
	copy_undeclared,
	"Let administrators copy what a cache does not declare; the kernel kills the process, or panics");

/**
 * memlab_cache_dares() - whether a copy that the kernel will stop shall be tried
 *
 * It stops it by BUG(): the process dies in the middle of its request, and whatever
 * that held is never given back.
 *
 * Return: whether root wants to see that.
 */
bool memlab_cache_dares(void)
{
	return READ_ONCE(memlab_copy_undeclared) && capable(CAP_SYS_ADMIN);
}

static const char *memlab_cache_function(const struct memlab_cache *cache)
{
	return cache->flags & MEMLAB_CACHE_USERCOPY ? "kmem_cache_create_usercopy" :
						      "kmem_cache_create";
}

/* kmem_cache_create() warns of what it cannot make. */
static int memlab_cache_check(struct memlab_cache_create *arg)
{
	if (arg->flags & ~MEMLAB_CACHE_KNOWN || arg->reserved || !arg->bytes)
		return -EINVAL;
	if (arg->bytes > MEMLAB_CACHE_MAX_BYTES)
		return -ERANGE;
	if (arg->align && (!is_power_of_2(arg->align) || arg->align > PAGE_SIZE))
		return -EINVAL;
	if (arg->flags & MEMLAB_CACHE_NO_MERGE && !SLAB_NO_MERGE) {
		arg->reason = MEMLAB_REASON_NO_MERGE;
		return -EOPNOTSUPP;
	}
	if (!(arg->flags & MEMLAB_CACHE_USERCOPY))
		return arg->user_offset || arg->user_bytes ? -EINVAL : 0;
	if (!arg->user_bytes)
		return -EINVAL;
	if (arg->user_offset > arg->bytes || arg->user_bytes > arg->bytes - arg->user_offset)
		return -ERANGE;
	return 0;
}

int memlab_ioctl_cache_create(struct memlab_request *req)
{
	struct memlab_cache_create *arg = req->arg;
	struct memlab_cache *cache;
	int err;

	err = memlab_cache_check(arg);
	if (err)
		return err;
	cache = memlab_cache_create(req, arg);
	if (IS_ERR(cache))
		return PTR_ERR(cache);

	arg->id = cache->id;
	memlab_name_set(arg->name, cache->name);
	memlab_name_set(arg->function, memlab_cache_function(cache));
	err = memlab_reply(req, arg);
	if (err)
		memlab_cache_abort(cache);
	else
		memlab_cache_publish(cache);
	return err;
}

int memlab_ioctl_cache_destroy(struct memlab_request *req)
{
	struct memlab_cache_destroy *arg = req->arg;
	struct memlab_cache *cache;
	int err;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	cache = memlab_cache_get(req->filp, arg->id);
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	err = memlab_cache_remove(cache);
	memlab_cache_put(cache);
	return err;
}

/* All but its size and id. */
void memlab_cache_describe(const struct memlab_cache *cache, struct memlab_cache_query *query)
{
	query->flags = cache->flags;
	query->align = cache->align;
	query->bytes = cache->bytes;
	query->user_offset = cache->user_offset;
	query->user_bytes = cache->user_bytes;
	query->objects = memlab_cache_objects(cache);
	query->owner_uid = memlab_owner_uid(&cache->owner);
	query->owner_pid = memlab_owner_pid(&cache->owner);
	memlab_name_set(query->name, cache->name);
	memlab_name_set(query->function, memlab_cache_function(cache));
}

int memlab_ioctl_cache_query(struct memlab_request *req)
{
	struct memlab_cache_query *arg = req->arg;
	struct memlab_cache *cache;
	int err;

	if (arg->flags)
		return -EINVAL;
	cache = memlab_cache_get(req->filp, arg->id);
	if (IS_ERR(cache))
		return PTR_ERR(cache);

	memlab_cache_describe(cache, arg);
	err = memlab_reply(req, arg);
	memlab_cache_put(cache);
	return err;
}

int memlab_ioctl_cache_next(struct memlab_request *req)
{
	struct memlab_next *arg = req->arg;
	int err;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	err = memlab_cache_next(req->filp, &arg->id);
	return err ?: memlab_reply(req, arg);
}
