// SPDX-License-Identifier: GPL-2.0-only
/* PROBE: what the kernel's helpers make of some numbers. */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "memlab.h"

/* What struct_size() is tried on. */
struct memlab_probe_element {
	u64 words[MEMLAB_PROBE_ELEMENT_BYTES / sizeof(u64)];
};

struct memlab_probe_struct {
	u64 words[MEMLAB_PROBE_STRUCT_BYTES / sizeof(u64)];
	struct memlab_probe_element elements[];
};

/* An address that a user must not see is 1. */
static u64 memlab_probe_kmalloc_zero(void)
{
	void *addr = kmalloc(0, GFP_KERNEL);
	u64 result = ZERO_OR_NULL_PTR(addr) ? (unsigned long)addr : 1;

	kfree(addr);
	return result;
}

int memlab_ioctl_probe(struct memlab_request *req)
{
	struct memlab_probe *arg = req->arg;
	struct memlab_probe_struct *no_object = NULL;
	u64 unused = arg->flags | arg->reserved;

	switch (arg->kind) {
	case MEMLAB_PROBE_ARRAY_SIZE:
		unused |= arg->c;
		arg->result = array_size(arg->a, arg->b);
		break;
	case MEMLAB_PROBE_ARRAY3_SIZE:
		arg->result = array3_size(arg->a, arg->b, arg->c);
		break;
	case MEMLAB_PROBE_STRUCT_SIZE:
		unused |= arg->b | arg->c;
		arg->result = struct_size(no_object, elements, arg->a);
		break;
	case MEMLAB_PROBE_SIZE_ADD:
		unused |= arg->c;
		arg->result = size_add(arg->a, arg->b);
		break;
	case MEMLAB_PROBE_KMALLOC_ZERO:
		unused |= arg->a | arg->b | arg->c;
		arg->result = memlab_probe_kmalloc_zero();
		break;
	default:
		return -EINVAL;
	}
	if (unused)
		return -EINVAL;
	return memlab_reply(req, arg);
}
