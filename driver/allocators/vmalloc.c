// SPDX-License-Identifier: GPL-2.0-only
/* vmalloc(): single pages, mapped side by side into the vmalloc area. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "allocator.h"
#include "compat.h"
#include "loops.h"

/* vmalloc() itself refuses more pages than the machine has. */
static u64 vmalloc_max_bytes(void)
{
	return (u64)totalram_pages() << PAGE_SHIFT;
}

/* The functions of @plain take no GFP flags, but GFP_KERNEL, neither silent nor charged. */
static const char *vmalloc_function(const struct memlab_buffer *buf)
{
	static const char *const names[MEMLAB_FORMS] = {
		"__vmalloc",	   "vmalloc_node", "__vmalloc", "vzalloc_node",
		"__vmalloc_array", NULL,	   "__vcalloc", NULL,
	};
	static const char *const plain[MEMLAB_FORMS] = {
		[0] = "vmalloc",
		[MEMLAB_FORM_ZERO] = "vzalloc",
		[MEMLAB_FORM_ARRAY] = "vmalloc_array",
		[MEMLAB_FORM_ARRAY | MEMLAB_FORM_ZERO] = "vcalloc",
	};

	if (memlab_gfp_is_plain(buf->gfp) && !(memlab_form(buf) & MEMLAB_FORM_NODE))
		return plain[memlab_form(buf)];
	return names[memlab_form(buf)];
}

static __always_inline void *vmalloc_call_plain(unsigned int form, const struct memlab_buffer *buf)
{
	const struct memlab_shape *shape = &buf->shape;

	switch (form) {
	case MEMLAB_FORM_ZERO:
		return vzalloc(shape->bytes);
	case MEMLAB_FORM_ARRAY:
		return vmalloc_array(shape->count, shape->element_bytes);
	case MEMLAB_FORM_ARRAY | MEMLAB_FORM_ZERO:
		return vcalloc(shape->count, shape->element_bytes);
	default:
		return vmalloc(shape->bytes);
	}
}

/*
 * The forms for a node take no GFP flags either: they cannot be charged to a memory
 * cgroup, and would rather kill a process, or print a warning, than fail. So they
 * are for administrators.
 */
static __always_inline void *vmalloc_call(unsigned int form, const struct memlab_buffer *buf,
					  gfp_t gfp)
{
	const struct memlab_shape *shape = &buf->shape;

	if (memlab_gfp_is_plain(buf->gfp))
		return vmalloc_call_plain(form, buf);
	switch (form) {
	case MEMLAB_FORM_NODE:
		return vmalloc_node(shape->bytes, buf->node);
	case MEMLAB_FORM_NODE | MEMLAB_FORM_ZERO:
		return vzalloc_node(shape->bytes, buf->node);
	case MEMLAB_FORM_ARRAY:
		return __vmalloc_array(shape->count, shape->element_bytes, gfp);
	case MEMLAB_FORM_ARRAY | MEMLAB_FORM_ZERO:
		return __vcalloc(shape->count, shape->element_bytes, gfp);
	default:
		return __vmalloc(shape->bytes, gfp);
	}
}

/*
 * The area may have more pages than are asked for: whole huge pages, or what it had
 * before it was resized. It ends at a guard page.
 */
static void vmalloc_settle(struct memlab_buffer *buf)
{
	buf->usable = PAGE_ALIGN(buf->bytes);
	while (vmalloc_to_page(buf->addr + buf->usable)) {
		buf->usable += PAGE_SIZE;
		cond_resched();
	}
	buf->backing = MEMLAB_BACKING_VMALLOC;
}

static __always_inline void vmalloc_release(const struct memlab_buffer *buf, void *object)
{
	vfree(object);
}

MEMLAB_CALLS(vmalloc);

static void *vmalloc_resize(const struct memlab_buffer *buf, const struct memlab_shape *shape,
			    gfp_t gfp)
{
	return memlab_kvrealloc(buf->addr, buf->bytes, shape->bytes, gfp);
}

const struct memlab_allocator_ops memlab_vmalloc = {
	.max_bytes = vmalloc_max_bytes,
	.footprint = memlab_page_footprint,
	.function = vmalloc_function,
	.alloc = vmalloc_alloc,
	.settle = vmalloc_settle,
	.free = vmalloc_free,
	.loops = &vmalloc_loops,
	.free_name = "vfree",
	.resize = vmalloc_resize,
	.resize_name = MEMLAB_VREALLOC_NAME,
	.gfp_refused = MEMLAB_VMALLOC_REFUSED,
	.zero_by_flag = BIT(MEMLAB_FORM_ZERO),
	.takes_kvfree = true,
	.by_pages = true,
};
