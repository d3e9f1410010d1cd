// SPDX-License-Identifier: GPL-2.0-only
/* The table of allocators, and the checks that they share. */
#include <linux/kernel.h>
#include <linux/nodemask.h>
#include <linux/nospec.h>

#include "memlab.h"

#define MEMLAB_ALLOC_KNOWN (MEMLAB_ALLOC_ZERO | MEMLAB_ALLOC_PERSISTENT | MEMLAB_ALLOC_NODE)

static const struct memlab_allocator_ops *const memlab_allocators[] = {
	[MEMLAB_ALLOCATOR_KMALLOC] = &memlab_kmalloc,
	[MEMLAB_ALLOCATOR_VMALLOC] = &memlab_vmalloc,
};

const struct memlab_allocator_ops *memlab_allocator_find(u32 number)
{
	if (number >= ARRAY_SIZE(memlab_allocators))
		return NULL;
	return memlab_allocators[array_index_nospec(number, ARRAY_SIZE(memlab_allocators))];
}

/* Bit n for enum memlab_allocator n. */
u64 memlab_allocator_mask(void)
{
	u64 mask = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(memlab_allocators); i++)
		if (memlab_allocators[i])
			mask |= BIT_ULL(i);
	return mask;
}

/**
 * memlab_allocator_check() - refuse what an allocator must not even see
 * @ops: the allocator
 * @arg: the request
 *
 * Return: 0, -EINVAL, -ERANGE or -ENXIO, as documented in the ABI.
 */
int memlab_allocator_check(const struct memlab_allocator_ops *ops, const struct memlab_alloc *arg)
{
	if (arg->flags & ~MEMLAB_ALLOC_KNOWN)
		return -EINVAL;
	if (!arg->bytes)
		return -EINVAL;
	if (arg->bytes > ops->max_bytes())
		return -ERANGE;
	if (!(arg->flags & MEMLAB_ALLOC_NODE))
		return arg->node ? -EINVAL : 0;
	if (arg->node < 0 || arg->node >= MAX_NUMNODES || !node_online(arg->node))
		return -ENXIO;
	return 0;
}
