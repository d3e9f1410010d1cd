// SPDX-License-Identifier: GPL-2.0-only
/* What this kernel offers, and what the caller may see of it. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>

#include "allocator.h"
#include "compat.h"

/* As in /proc/PID/pagemap: CAP_SYS_ADMIN in the first user namespace. */
bool memlab_may_see_phys(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/* As in /proc/kallsyms: CAP_SYSLOG in the first user namespace. */
bool memlab_may_see_kaddr(void)
{
	return ns_capable_noaudit(&init_user_ns, CAP_SYSLOG);
}

static u64 memlab_features(void)
{
	u64 features = MEMLAB_FEATURE_MMAP | MEMLAB_FEATURE_PERSISTENT;

	if (IS_ENABLED(CONFIG_NUMA))
		features |= MEMLAB_FEATURE_NODE;
	if (!mem_cgroup_disabled())
		features |= MEMLAB_FEATURE_MEMCG;
	if (want_init_on_alloc(0))
		features |= MEMLAB_FEATURE_INIT_ON_ALLOC;
	if (memlab_may_see_phys())
		features |= MEMLAB_FEATURE_PHYS_VISIBLE;
	if (memlab_may_see_kaddr())
		features |= MEMLAB_FEATURE_KADDR_VISIBLE;
	if (memlab_vmalloc_takes_nowait())
		features |= MEMLAB_FEATURE_VMALLOC_NOWAIT;
	if (SLAB_NO_MERGE)
		features |= MEMLAB_FEATURE_NO_MERGE;
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		features |= MEMLAB_FEATURE_ATOMIC_SLEEP;
	if (memlab_context_may_sleep_in_atomic())
		features |= MEMLAB_FEATURE_SLEEP_IN_ATOMIC;
	if (IS_ENABLED(CONFIG_HARDENED_USERCOPY))
		features |= MEMLAB_FEATURE_HARDENED_USERCOPY;
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT))
		features |= MEMLAB_FEATURE_PREEMPT_COUNT;
	return features;
}

int memlab_ioctl_info(struct memlab_request *req)
{
	struct memlab_info *arg = req->arg;
	struct memlab_limits limits;
	struct memlab_usage usage;

	if (arg->flags || arg->reserved)
		return -EINVAL;
	memlab_limits_read(&limits);
	memlab_usage_read(current_euid(), &usage);

	*arg = (struct memlab_info){
		.size = arg->size,
		.abi_version = MEMLAB_ABI_VERSION,
		.page_size = PAGE_SIZE,
		.kmalloc_max_size = KMALLOC_MAX_SIZE,
		.kmalloc_max_cache_size = KMALLOC_MAX_CACHE_SIZE,
		.kmalloc_minalign = ARCH_KMALLOC_MINALIGN,
		.max_order = memlab_max_order(),
		.allocators = memlab_allocator_mask(),
		.features = memlab_features(),
		.total_ram = (u64)totalram_pages() << PAGE_SHIFT,
		.max_total_bytes = limits.total_bytes,
		.max_user_bytes = limits.user_bytes,
		.max_user_buffers = limits.user_buffers,
		.total_bytes = usage.total_bytes,
		.user_bytes = usage.user_bytes,
		.user_buffers = usage.user_buffers,
		.gfp = MEMLAB_GFP_GIVEN,
		.resizable = memlab_allocator_resizable(),
		.contexts = memlab_context_mask(),
		.max_user_caches = limits.user_caches,
		.user_caches = usage.user_caches,
	};
	strscpy((char *)arg->driver_version, MEMLAB_DRIVER_VERSION, sizeof(arg->driver_version));
	return memlab_reply(req, arg);
}
