// SPDX-License-Identifier: GPL-2.0-only
/* The table of allocators, and the checks that they share. */
#include <linux/capability.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/nospec.h>
#include <linux/overflow.h>

#include "allocator.h"

#define MEMLAB_ALLOC_KNOWN                                                 \
	(MEMLAB_ALLOC_ZERO | MEMLAB_ALLOC_PERSISTENT | MEMLAB_ALLOC_NODE | \
	 MEMLAB_ALLOC_COUNT_STALE | MEMLAB_ALLOC_DRY_RUN)

static const struct memlab_allocator_ops *const memlab_allocators[] = {
	[MEMLAB_ALLOCATOR_KMALLOC] = &memlab_kmalloc,
	[MEMLAB_ALLOCATOR_VMALLOC] = &memlab_vmalloc,
	[MEMLAB_ALLOCATOR_KVMALLOC] = &memlab_kvmalloc,
	[MEMLAB_ALLOCATOR_PAGES] = &memlab_pages,
	[MEMLAB_ALLOCATOR_PAGES_EXACT] = &memlab_pages_exact,
	[MEMLAB_ALLOCATOR_CACHE] = &memlab_object,
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

/* The same, of those whose buffers can be resized. */
u64 memlab_allocator_resizable(void)
{
	u64 mask = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(memlab_allocators); i++)
		if (memlab_allocators[i] && memlab_allocators[i]->resize_name)
			mask |= BIT_ULL(i);
	return mask;
}

/* @count 0: no array, but @bytes in all. */
void memlab_shape_set(struct memlab_shape *shape, u64 bytes, u64 count)
{
	*shape = (struct memlab_shape){ .bytes = bytes, .count = count };
	if (count) {
		shape->element_bytes = bytes;
		shape->overflows = check_mul_overflow(count, bytes, &shape->bytes);
	}
}

/* Which form of its allocator's function a buffer needs: MEMLAB_FORM_*. */
unsigned int memlab_form(const struct memlab_buffer *buf)
{
	return (buf->alloc_flags & MEMLAB_ALLOC_NODE ? MEMLAB_FORM_NODE : 0) |
	       (buf->alloc_flags & MEMLAB_ALLOC_ZERO ? MEMLAB_FORM_ZERO : 0) |
	       (buf->shape.count ? MEMLAB_FORM_ARRAY : 0);
}

/* Whole pages. */
u64 memlab_page_footprint(const struct memlab_buffer *buf, u64 bytes)
{
	return PAGE_ALIGN(bytes);
}

static int memlab_node_check(const struct memlab_alloc *arg)
{
	if (!(arg->flags & MEMLAB_ALLOC_NODE))
		return arg->node ? -EINVAL : 0;
	if (arg->node < 0 || arg->node >= MAX_NUMNODES || !node_online(arg->node))
		return -ENXIO;
	return 0;
}

static int memlab_size_check(const struct memlab_buffer *buf, struct memlab_alloc *arg)
{
	if (buf->cache && arg->bytes && arg->bytes != memlab_cache_bytes(buf->cache)) {
		arg->reason = MEMLAB_REASON_CACHE_SIZE;
		return -EINVAL;
	}
	if (buf->shape.overflows)
		return 0;
	if (!buf->bytes)
		return -EINVAL;
	return buf->bytes > buf->ops->max_bytes() ? -ERANGE : 0;
}

/**
 * memlab_allocator_check() - refuse what an allocator must not even see
 * @buf: a buffer that is being made, with all that was asked for
 * @arg: the request; its reason is set when there is one
 *
 * Return: 0, -EINVAL, -ERANGE, -ENXIO, -EPERM or -EOPNOTSUPP, as documented in
 * the ABI.
 */
int memlab_allocator_check(const struct memlab_buffer *buf, struct memlab_alloc *arg)
{
	int err;

	if (arg->flags & ~MEMLAB_ALLOC_KNOWN || arg->reserved)
		return -EINVAL;
	err = memlab_node_check(arg) ?: memlab_size_check(buf, arg);
	if (err)
		return err;
	if (!buf->function) {
		arg->reason = buf->shape.count ? MEMLAB_REASON_NO_ARRAY : MEMLAB_REASON_NO_NODE;
		return -EOPNOTSUPP;
	}
	err = memlab_gfp_check(buf, arg->gfp, &buf->shape, arg->flags & MEMLAB_ALLOC_NODE,
			       &arg->reason);
	if (!err)
		err = memlab_context_check_alloc(buf, &arg->reason);
	if (err)
		return err;
	if (arg->flags & MEMLAB_ALLOC_COUNT_STALE && !capable(CAP_SYS_ADMIN)) {
		arg->reason = MEMLAB_REASON_ADMIN_STALE;
		return -EPERM;
	}
	return 0;
}
