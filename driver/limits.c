// SPDX-License-Identifier: GPL-2.0-only
/* Limits: module parameters that can be changed at any time. */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/stringify.h>
#include <linux/sysfs.h>

#include "memlab.h"

#define MEMLAB_DEFAULT_USER_BUFFERS 65536
#define MEMLAB_DEFAULT_USER_CACHES  64

static struct memlab_limits memlab_limits;

static u64 memlab_limit_default(const u64 *limit)
{
	u64 ram = (u64)totalram_pages() << PAGE_SHIFT;

	if (limit == &memlab_limits.total_bytes)
		return ram / 2;
	if (limit == &memlab_limits.user_bytes)
		return ram / 4;
	if (limit == &memlab_limits.user_caches)
		return MEMLAB_DEFAULT_USER_CACHES;
	return MEMLAB_DEFAULT_USER_BUFFERS;
}

static int memlab_limit_set(const char *val, const struct kernel_param *kp)
{
	u64 *limit = kp->arg;
	char *end;
	u64 new;

	if (!isdigit(*val))
		return -EINVAL;
	new = memparse(val, &end);
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	WRITE_ONCE(*limit, new ?: memlab_limit_default(limit));
	return 0;
}

static int memlab_limit_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", READ_ONCE(*(u64 *)kp->arg));
}

static const struct kernel_param_ops memlab_limit_ops = {
	.set = memlab_limit_set,
	.get = memlab_limit_get,
};

module_param_cb(max_total_bytes, &memlab_limit_ops, &memlab_limits.total_bytes, 0644);
MODULE_PARM_DESC(max_total_bytes,
		 "Bytes of all users together, K, M, G allowed; 0: half of the memory");
module_param_cb(max_user_bytes, &memlab_limit_ops, &memlab_limits.user_bytes, 0644);
MODULE_PARM_DESC(max_user_bytes, "Bytes of one user, K, M, G allowed; 0: a quarter of the memory");
module_param_cb(max_user_buffers, &memlab_limit_ops, &memlab_limits.user_buffers, 0644);
MODULE_PARM_DESC(max_user_buffers,
		 "Buffers of one user; 0: " __stringify(MEMLAB_DEFAULT_USER_BUFFERS));
module_param_cb(max_user_caches, &memlab_limit_ops, &memlab_limits.user_caches, 0644);
MODULE_PARM_DESC(max_user_caches,
		 "Caches of one user; 0: " __stringify(MEMLAB_DEFAULT_USER_CACHES));

/* Limits that were not given when the module was loaded. */
void memlab_limits_init(void)
{
	u64 *limits[] = {
		&memlab_limits.total_bytes,
		&memlab_limits.user_bytes,
		&memlab_limits.user_buffers,
		&memlab_limits.user_caches,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(limits); i++)
		if (!*limits[i])
			*limits[i] = memlab_limit_default(limits[i]);
}

void memlab_limits_read(struct memlab_limits *limits)
{
	limits->total_bytes = READ_ONCE(memlab_limits.total_bytes);
	limits->user_bytes = READ_ONCE(memlab_limits.user_bytes);
	limits->user_buffers = READ_ONCE(memlab_limits.user_buffers);
	limits->user_caches = READ_ONCE(memlab_limits.user_caches);
}
