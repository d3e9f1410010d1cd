// SPDX-License-Identifier: GPL-2.0-only
/* vmalloc(): single pages, mapped side by side into the vmalloc area. */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/vmalloc.h>

#include "memlab.h"

/* vmalloc() itself refuses more pages than the machine has. */
static u64 vmalloc_max_bytes(void)
{
	return (u64)totalram_pages() << PAGE_SHIFT;
}

static u64 vmalloc_footprint(u64 bytes)
{
	return PAGE_ALIGN(bytes);
}

/*
 * The forms for a node take no GFP flags: they cannot be charged to a memory
 * cgroup, and would rather kill a process, or print a warning, than fail. So
 * they are for administrators.
 */
static void *vmalloc_on_node(const struct memlab_buffer *buf)
{
	if (buf->alloc_flags & MEMLAB_ALLOC_ZERO)
		return vzalloc_node(buf->bytes, buf->node);
	return vmalloc_node(buf->bytes, buf->node);
}

/*
 * __GFP_RETRY_MAYFAIL reaches the pages, but not the page tables, and it fails
 * only when all memory has been taken, so that the next allocation of anybody
 * may make the kernel kill a process. Hence not more than there is, and if
 * somebody has to die, the one who asked (as in kernel/trace/ring_buffer.c).
 */
static int vmalloc_alloc(struct memlab_buffer *buf)
{
	bool on_node = buf->alloc_flags & MEMLAB_ALLOC_NODE;

	if (on_node && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (si_mem_available() < (long)(PAGE_ALIGN(buf->bytes) >> PAGE_SHIFT))
		return -ENOMEM;
	set_current_oom_origin();
	if (on_node)
		buf->addr = vmalloc_on_node(buf);
	else
		buf->addr = __vmalloc(buf->bytes, memlab_gfp(buf->alloc_flags, 0));
	clear_current_oom_origin();
	if (!buf->addr)
		return -ENOMEM;
	buf->usable = PAGE_ALIGN(buf->bytes);
	buf->backing = MEMLAB_BACKING_VMALLOC;
	return 0;
}

static void vmalloc_free(struct memlab_buffer *buf)
{
	vfree(buf->addr);
}

static struct page *vmalloc_page(const struct memlab_buffer *buf, u64 offset)
{
	return vmalloc_to_page(buf->addr + offset);
}

const struct memlab_allocator_ops memlab_vmalloc = {
	.max_bytes = vmalloc_max_bytes,
	.footprint = vmalloc_footprint,
	.alloc = vmalloc_alloc,
	.free = vmalloc_free,
	.page = vmalloc_page,
	.map_kind = MEMLAB_MAP_PAGES,
};
