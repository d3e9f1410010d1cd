// SPDX-License-Identifier: GPL-2.0-only
/* uAPI flags to gfp_t. */
#include <linux/gfp.h>
#include <linux/mmzone.h>

#include "memlab.h"

/**
 * memlab_gfp() - GFP flags for a request
 * @alloc_flags: MEMLAB_ALLOC_*
 * @order: order of the largest block that the allocator will ask for
 *
 * GFP_KERNEL, charged to the caller's memory cgroup, silent on failure. Up to
 * PAGE_ALLOC_COSTLY_ORDER the page allocator would rather kill a process than
 * fail; __GFP_RETRY_MAYFAIL makes it try as hard, and then say no. Higher orders
 * fail anyhow (mm/page_alloc.c, __alloc_pages_may_oom(), and for memory cgroups
 * mm/memcontrol.c, try_charge_memcg()), so there the flag would only change what
 * is being looked at, and is left out.
 *
 * Return: the flags.
 */
gfp_t memlab_gfp(u32 alloc_flags, unsigned int order)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;

	if (order <= PAGE_ALLOC_COSTLY_ORDER)
		gfp |= __GFP_RETRY_MAYFAIL;
	if (alloc_flags & MEMLAB_ALLOC_ZERO)
		gfp |= __GFP_ZERO;
	return gfp;
}
