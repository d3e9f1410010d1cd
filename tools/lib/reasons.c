// SPDX-License-Identifier: LGPL-2.1-or-later
/* Why the driver refused, in words for a terminal. The names in them are those of gfp_names.c. */
#include "internal.h"

SAME(REASON_NONE);
SAME(REASON_GFP_BASE);
SAME(REASON_GFP_ZONE);
SAME(REASON_GFP_RETRY);
SAME(REASON_GFP_WARN);
SAME(REASON_GFP_ACCOUNT);
SAME(REASON_GFP_THISNODE);
SAME(REASON_GFP_HIGHMEM);
SAME(REASON_GFP_DMA32);
SAME(REASON_GFP_NODE);
SAME(REASON_NOFAIL_NOWAIT);
SAME(REASON_NOFAIL_ZONE);
SAME(REASON_NOFAIL_SIZE);
SAME(REASON_WARN_SIZE);
SAME(REASON_VMALLOC_SLEEPS);
SAME(REASON_GFP_SLEEPS);
SAME(REASON_FREE_SLEEPS);
SAME(REASON_CONTEXT_SIZE);
SAME(REASON_CONTEXT_KERNEL);
SAME(REASON_ADMIN_RESERVES);
SAME(REASON_ADMIN_DMA);
SAME(REASON_ADMIN_NOFAIL);
SAME(REASON_ADMIN_WARN);
SAME(REASON_ADMIN_UNCHARGED);
SAME(REASON_ADMIN_STALE);
SAME(REASON_NO_ARRAY);
SAME(REASON_NO_NODE);
SAME(REASON_CACHE_SIZE);
SAME(REASON_NO_KVFREE);
SAME(REASON_NO_RESIZE);
SAME(REASON_NO_MERGE);
SAME(REASON_GFP_DMA);
SAME(REASON_GFP_MAYFAIL);
SAME(REASON_PATTERN_ALLOCATOR);
SAME(REASON_PATTERN_CONTEXT);
SAME(REASON_PATTERN_EACH);
SAME(REASON_PATTERN_SIZE);

static const char *const names[] = {
	[MEMLAB_REASON_NONE] = "none",
	[MEMLAB_REASON_GFP_BASE] = "gfp-base",
	[MEMLAB_REASON_GFP_ZONE] = "gfp-zone",
	[MEMLAB_REASON_GFP_RETRY] = "gfp-retry",
	[MEMLAB_REASON_GFP_WARN] = "gfp-warn",
	[MEMLAB_REASON_GFP_ACCOUNT] = "gfp-account",
	[MEMLAB_REASON_GFP_THISNODE] = "gfp-thisnode",
	[MEMLAB_REASON_GFP_HIGHMEM] = "gfp-highmem",
	[MEMLAB_REASON_GFP_DMA32] = "gfp-dma32",
	[MEMLAB_REASON_GFP_NODE] = "gfp-node",
	[MEMLAB_REASON_NOFAIL_NOWAIT] = "nofail-nowait",
	[MEMLAB_REASON_NOFAIL_ZONE] = "nofail-zone",
	[MEMLAB_REASON_NOFAIL_SIZE] = "nofail-size",
	[MEMLAB_REASON_WARN_SIZE] = "warn-size",
	[MEMLAB_REASON_VMALLOC_SLEEPS] = "vmalloc-sleeps",
	[MEMLAB_REASON_GFP_SLEEPS] = "gfp-sleeps",
	[MEMLAB_REASON_FREE_SLEEPS] = "free-sleeps",
	[MEMLAB_REASON_CONTEXT_SIZE] = "context-size",
	[MEMLAB_REASON_CONTEXT_KERNEL] = "context-kernel",
	[MEMLAB_REASON_ADMIN_RESERVES] = "admin-reserves",
	[MEMLAB_REASON_ADMIN_DMA] = "admin-dma",
	[MEMLAB_REASON_ADMIN_NOFAIL] = "admin-nofail",
	[MEMLAB_REASON_ADMIN_WARN] = "admin-warn",
	[MEMLAB_REASON_ADMIN_UNCHARGED] = "admin-uncharged",
	[MEMLAB_REASON_ADMIN_STALE] = "admin-stale",
	[MEMLAB_REASON_NO_ARRAY] = "no-array",
	[MEMLAB_REASON_NO_NODE] = "no-node",
	[MEMLAB_REASON_CACHE_SIZE] = "cache-size",
	[MEMLAB_REASON_NO_KVFREE] = "no-kvfree",
	[MEMLAB_REASON_NO_RESIZE] = "no-resize",
	[MEMLAB_REASON_NO_MERGE] = "no-merge",
	[MEMLAB_REASON_GFP_DMA] = "gfp-dma",
	[MEMLAB_REASON_GFP_MAYFAIL] = "gfp-mayfail",
	[MEMLAB_REASON_PATTERN_ALLOCATOR] = "pattern-allocator",
	[MEMLAB_REASON_PATTERN_CONTEXT] = "pattern-context",
	[MEMLAB_REASON_PATTERN_EACH] = "pattern-each",
	[MEMLAB_REASON_PATTERN_SIZE] = "pattern-size",
};

/* What was wrong, a colon, and what would be right; it has to fit into a line. */
static const char *const texts[] = {
	[MEMLAB_REASON_GFP_BASE] =
		"none or several of kernel, nowait, atomic, user and highuser: give exactly one",
	[MEMLAB_REASON_GFP_ZONE] =
		"more than one zone: give at most one of highuser, dma and dma32",
	[MEMLAB_REASON_GFP_RETRY] =
		"noretry, retry-mayfail and nofail contradict each other: give at most one",
	[MEMLAB_REASON_GFP_WARN] = "nowarn and warn contradict each other: give at most one",
	[MEMLAB_REASON_GFP_ACCOUNT] =
		"account and no-account contradict each other: give at most one",
	[MEMLAB_REASON_GFP_THISNODE] = "thisnode without a node: choose one, or leave thisnode out",
	[MEMLAB_REASON_GFP_HIGHMEM] =
		"this allocator takes no highuser: use user, or allocate by pages or vmalloc",
	[MEMLAB_REASON_GFP_DMA32] =
		"slab caches have no memory of DMA32: leave dma32 out, or use pages or vmalloc",
	[MEMLAB_REASON_GFP_NODE] =
		"on a chosen node this allocator takes no GFP flags: leave out one of the two",
	[MEMLAB_REASON_NOFAIL_NOWAIT] =
		"nofail waits for memory, which nowait and atomic forbid: use kernel or user",
	[MEMLAB_REASON_NOFAIL_ZONE] =
		"nofail bound to a zone or a node might wait for ever: leave out one of the two",
	[MEMLAB_REASON_NOFAIL_SIZE] =
		"nofail is served up to one page only: ask for less, or use retry-mayfail",
	[MEMLAB_REASON_WARN_SIZE] =
		"warn is served up to the largest size of kmalloc only: leave warn out",
	[MEMLAB_REASON_VMALLOC_SLEEPS] =
		"vmalloc always sleeps on this kernel: use kmalloc, or kernel in process context",
	[MEMLAB_REASON_GFP_SLEEPS] =
		"these GFP flags allow sleeping, which this context forbids: use nowait or atomic",
	[MEMLAB_REASON_FREE_SLEEPS] =
		"vfree may sleep, which this context forbids: free in process context",
	[MEMLAB_REASON_CONTEXT_SIZE] =
		"too large for this context, or too small to be freed in it: use process context",
	[MEMLAB_REASON_CONTEXT_KERNEL] =
		"this kernel (PREEMPT_RT) allocates in no such context: use process context",
	[MEMLAB_REASON_ADMIN_RESERVES] =
		"atomic and high use up reserves, which needs CAP_SYS_ADMIN: use nowait",
	[MEMLAB_REASON_ADMIN_DMA] =
		"dma takes from a small zone, which needs CAP_SYS_ADMIN: leave dma out",
	[MEMLAB_REASON_ADMIN_NOFAIL] =
		"nofail may have processes killed, which needs CAP_SYS_ADMIN: use retry-mayfail",
	[MEMLAB_REASON_ADMIN_WARN] =
		"warn writes to the kernel's log, which needs CAP_SYS_ADMIN: leave warn out",
	[MEMLAB_REASON_ADMIN_UNCHARGED] =
		"uncharged memory needs CAP_SYS_ADMIN: leave out no-account, softirq, hardirq, node",
	[MEMLAB_REASON_ADMIN_STALE] =
		"stale bytes are what others left, which needs CAP_SYS_ADMIN: do not count them",
	[MEMLAB_REASON_NO_ARRAY] =
		"this allocator has no form for arrays, or none on a node: give the whole size",
	[MEMLAB_REASON_NO_NODE] =
		"this allocator has no form for a chosen node: leave out the node",
	[MEMLAB_REASON_CACHE_SIZE] =
		"the objects of this cache have another size: give that one, or none",
	[MEMLAB_REASON_NO_KVFREE] =
		"kvfree takes memory of kmalloc, vmalloc and kvmalloc only: free without kvfree",
	[MEMLAB_REASON_NO_RESIZE] =
		"no function of this kernel resizes such memory: allocate anew, copy and free",
	[MEMLAB_REASON_NO_MERGE] =
		"SLAB_NO_MERGE came with Linux 6.5, this kernel is older: leave no-merge out",
	[MEMLAB_REASON_GFP_DMA] =
		"this allocator takes no dma: leave dma out, or allocate by kmalloc or pages",
	[MEMLAB_REASON_GFP_MAYFAIL] =
		"vmalloc of this kernel takes no retry-mayfail: use noretry, or kvmalloc",
	[MEMLAB_REASON_PATTERN_ALLOCATOR] =
		"only caches have functions for many objects at once: use batch, or cache",
	[MEMLAB_REASON_PATTERN_CONTEXT] =
		"this pattern runs in process context only: use pair, batch, read or write",
	[MEMLAB_REASON_PATTERN_EACH] =
		"bulk, read and write are not timed one by one: time them as a whole",
	[MEMLAB_REASON_PATTERN_SIZE] =
		"no such stride for this size and pattern: give multiples of 8, or fewer steps",
};

EXPORT const char *memlab_reason_name(unsigned int reason)
{
	return name_of(names, ARRAY_SIZE(names), reason);
}

EXPORT const char *memlab_reason_text(unsigned int reason)
{
	return name_of(texts, ARRAY_SIZE(texts), reason);
}
