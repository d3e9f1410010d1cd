// SPDX-License-Identifier: GPL-2.0-only
/* uAPI flags to gfp_t, and which combinations are allowed. */
#include <linux/bitops.h>
#include <linux/capability.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/slab.h>

#include "allocator.h"
#include "compat.h"

#define GFP_BASE                                                                       \
	(MEMLAB_GFP_KERNEL | MEMLAB_GFP_NOWAIT | MEMLAB_GFP_ATOMIC | MEMLAB_GFP_USER | \
	 MEMLAB_GFP_HIGHUSER)
#define GFP_ZONES    (MEMLAB_GFP_HIGHUSER | MEMLAB_GFP_DMA | MEMLAB_GFP_DMA32)
#define GFP_RETRY    (MEMLAB_GFP_NORETRY | MEMLAB_GFP_RETRY_MAYFAIL | MEMLAB_GFP_NOFAIL)
#define GFP_NO_SLEEP (MEMLAB_GFP_NOWAIT | MEMLAB_GFP_ATOMIC)

/* Which bit of the ABI is which flag of the kernel. */
static const gfp_t memlab_gfp_bits[] = {
	[const_ilog2(MEMLAB_GFP_KERNEL)] = GFP_KERNEL,
	[const_ilog2(MEMLAB_GFP_NOWAIT)] = GFP_NOWAIT,
	[const_ilog2(MEMLAB_GFP_ATOMIC)] = GFP_ATOMIC,
	[const_ilog2(MEMLAB_GFP_USER)] = GFP_USER,
	[const_ilog2(MEMLAB_GFP_HIGHUSER)] = GFP_HIGHUSER,
	[const_ilog2(MEMLAB_GFP_DMA)] = __GFP_DMA,
	[const_ilog2(MEMLAB_GFP_DMA32)] = __GFP_DMA32,
	[const_ilog2(MEMLAB_GFP_ZERO)] = __GFP_ZERO,
	[const_ilog2(MEMLAB_GFP_HIGH)] = __GFP_HIGH,
	[const_ilog2(MEMLAB_GFP_NOFAIL)] = __GFP_NOFAIL,
	[const_ilog2(MEMLAB_GFP_NORETRY)] = __GFP_NORETRY,
	[const_ilog2(MEMLAB_GFP_RETRY_MAYFAIL)] = __GFP_RETRY_MAYFAIL,
	[const_ilog2(MEMLAB_GFP_NOWARN)] = __GFP_NOWARN,
	[const_ilog2(MEMLAB_GFP_ACCOUNT)] = __GFP_ACCOUNT,
	[const_ilog2(MEMLAB_GFP_THISNODE)] = __GFP_THISNODE,
	[const_ilog2(MEMLAB_GFP_COMP)] = __GFP_COMP,
};

/* One line a rule; the first that applies is the reason. */
struct memlab_gfp_rule {
	bool broken;
	int err;
	u32 reason;
};

static int memlab_gfp_judge(const struct memlab_gfp_rule *rules, size_t count, u32 *reason)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (rules[i].broken) {
			*reason = rules[i].reason;
			return rules[i].err;
		}
	}
	return 0;
}

/* What no privilege can allow. */
static int memlab_gfp_check_rules(const struct memlab_buffer *buf, u64 gfp,
				  const struct memlab_shape *shape, bool on_node, u32 *reason)
{
	u64 refused = gfp & buf->ops->gfp_refused;
	u64 bytes = shape->overflows ? 0 : shape->bytes;
	bool nofail = gfp & MEMLAB_GFP_NOFAIL;
	const struct memlab_gfp_rule rules[] = {
		{ hweight64(gfp & GFP_BASE) != 1, -EINVAL, MEMLAB_REASON_GFP_BASE },
		{ hweight64(gfp & GFP_ZONES) > 1, -EINVAL, MEMLAB_REASON_GFP_ZONE },
		{ hweight64(gfp & GFP_RETRY) > 1, -EINVAL, MEMLAB_REASON_GFP_RETRY },
		{ gfp & MEMLAB_GFP_NOWARN && gfp & MEMLAB_GFP_WARN, -EINVAL,
		  MEMLAB_REASON_GFP_WARN },
		{ gfp & MEMLAB_GFP_ACCOUNT && gfp & MEMLAB_GFP_NO_ACCOUNT, -EINVAL,
		  MEMLAB_REASON_GFP_ACCOUNT },
		{ gfp & MEMLAB_GFP_THISNODE && !on_node, -EINVAL, MEMLAB_REASON_GFP_THISNODE },
		{ refused & MEMLAB_GFP_HIGHUSER, -EINVAL, MEMLAB_REASON_GFP_HIGHMEM },
		{ refused & MEMLAB_GFP_DMA32, -EINVAL, MEMLAB_REASON_GFP_DMA32 },
		{ refused & MEMLAB_GFP_DMA, -EINVAL, MEMLAB_REASON_GFP_DMA },
		{ refused & MEMLAB_GFP_RETRY_MAYFAIL, -EINVAL, MEMLAB_REASON_GFP_MAYFAIL },
		{ refused & GFP_NO_SLEEP, -EINVAL, MEMLAB_REASON_VMALLOC_SLEEPS },
		{ on_node && buf->ops == &memlab_vmalloc && gfp != MEMLAB_GFP_KERNEL, -EINVAL,
		  MEMLAB_REASON_GFP_NODE },
		{ nofail && gfp & GFP_NO_SLEEP, -EINVAL, MEMLAB_REASON_NOFAIL_NOWAIT },
		{ nofail && gfp & (MEMLAB_GFP_DMA | MEMLAB_GFP_DMA32 | MEMLAB_GFP_THISNODE),
		  -EINVAL, MEMLAB_REASON_NOFAIL_ZONE },
		{ nofail && bytes > PAGE_SIZE, -ERANGE, MEMLAB_REASON_NOFAIL_SIZE },
		{ gfp & MEMLAB_GFP_WARN && bytes > KMALLOC_MAX_SIZE, -ERANGE,
		  MEMLAB_REASON_WARN_SIZE },
	};

	return memlab_gfp_judge(rules, ARRAY_SIZE(rules), reason);
}

static int memlab_gfp_check_admin(const struct memlab_buffer *buf, u64 gfp, bool on_node,
				  u32 *reason)
{
	/* The forms of vmalloc() for a node take no __GFP_ACCOUNT. */
	bool uncharged = gfp & MEMLAB_GFP_NO_ACCOUNT || (on_node && buf->ops == &memlab_vmalloc);
	const struct memlab_gfp_rule rules[] = {
		{ gfp & (MEMLAB_GFP_ATOMIC | MEMLAB_GFP_HIGH), -EPERM,
		  MEMLAB_REASON_ADMIN_RESERVES },
		{ gfp & (MEMLAB_GFP_DMA | MEMLAB_GFP_DMA32), -EPERM, MEMLAB_REASON_ADMIN_DMA },
		{ gfp & MEMLAB_GFP_NOFAIL, -EPERM, MEMLAB_REASON_ADMIN_NOFAIL },
		{ gfp & MEMLAB_GFP_WARN, -EPERM, MEMLAB_REASON_ADMIN_WARN },
		{ uncharged, -EPERM, MEMLAB_REASON_ADMIN_UNCHARGED },
	};
	u32 which;
	int err = memlab_gfp_judge(rules, ARRAY_SIZE(rules), &which);

	if (!err || capable(CAP_SYS_ADMIN))
		return 0;
	*reason = which;
	return err;
}

/**
 * memlab_gfp_check() - refuse flags that the allocator must not even see
 * @buf: the buffer that they are for
 * @gfp: MEMLAB_GFP_* as given
 * @shape: the size that they are for
 * @on_node: the form for a chosen node will be called
 * @reason: out: enum memlab_reason when refused
 *
 * Return: 0, -EINVAL, -ERANGE or -EPERM.
 */
int memlab_gfp_check(const struct memlab_buffer *buf, u64 gfp, const struct memlab_shape *shape,
		     bool on_node, u32 *reason)
{
	if (gfp & ~MEMLAB_GFP_GIVEN)
		return -EINVAL;
	gfp = gfp ?: MEMLAB_GFP_KERNEL;
	/* Most requests, of which no rule says anything. */
	if (gfp == MEMLAB_GFP_KERNEL && !on_node)
		return 0;
	return memlab_gfp_check_rules(buf, gfp, shape, on_node, reason) ?:
		       memlab_gfp_check_admin(buf, gfp, on_node, reason);
}

/* The kernel's GFP_KERNEL and nothing else. */
bool memlab_gfp_is_plain(u64 gfp)
{
	return gfp == (MEMLAB_GFP_KERNEL | MEMLAB_GFP_WARN | MEMLAB_GFP_NO_ACCOUNT);
}

bool memlab_gfp_sleeps(u64 gfp)
{
	return !(gfp & GFP_NO_SLEEP);
}

/*
 * Up to PAGE_ALLOC_COSTLY_ORDER the page allocator would rather kill a process
 * than fail; __GFP_RETRY_MAYFAIL makes it try as hard, and then say no. Higher
 * orders fail anyhow (mm/page_alloc.c, __alloc_pages_may_oom(), and for memory
 * cgroups mm/memcontrol.c, try_charge_memcg()), so there the flag would only change
 * what is being looked at. Above a page, kvmalloc() takes __GFP_NORETRY for its first
 * try anyhow (mm/util.c, kvmalloc_node()); given it, vmalloc() does not kill either.
 */
static u64 memlab_gfp_mercy(const struct memlab_buffer *buf, u64 gfp, u64 bytes)
{
	if (!memlab_gfp_sleeps(gfp) || gfp & GFP_RETRY)
		return 0;
	if (buf->ops == &memlab_vmalloc)
		return MEMLAB_VMALLOC_MERCY;
	if (buf->ops == &memlab_kvmalloc && bytes > PAGE_SIZE)
		return MEMLAB_GFP_NORETRY;
	if (buf->cache || get_order(bytes) <= PAGE_ALLOC_COSTLY_ORDER)
		return MEMLAB_GFP_RETRY_MAYFAIL;
	return 0;
}

/**
 * memlab_gfp_complete() - what a function of the kernel will be given
 * @buf: the buffer
 * @gfp: MEMLAB_GFP_* as given, that have been checked
 * @bytes: the size
 *
 * Silent on failure, charged to the caller's memory cgroup, and no process is
 * killed for it, unless that was asked for.
 *
 * Return: MEMLAB_GFP_*, for memlab_gfp().
 */
u64 memlab_gfp_complete(const struct memlab_buffer *buf, u64 gfp, u64 bytes)
{
	u64 used = gfp | buf->ops->gfp_added;

	if (!(used & GFP_BASE))
		used |= MEMLAB_GFP_KERNEL;
	if (!(used & MEMLAB_GFP_WARN))
		used |= MEMLAB_GFP_NOWARN;
	if (!(used & MEMLAB_GFP_NO_ACCOUNT))
		used |= MEMLAB_GFP_ACCOUNT;
	used |= memlab_gfp_mercy(buf, used, bytes);
	return used & ~(MEMLAB_GFP_WARN | MEMLAB_GFP_NO_ACCOUNT);
}

/* The same for the function that allocates, of which there are several forms. */
u64 memlab_gfp_complete_alloc(const struct memlab_buffer *buf)
{
	u64 zero = 0;

	/* What they take by themselves. */
	if (buf->ops == &memlab_vmalloc &&
	    (memlab_form(buf) & MEMLAB_FORM_NODE || memlab_gfp_is_plain(buf->gfp)))
		return MEMLAB_GFP_KERNEL;
	if (buf->ops->zero_by_flag & BIT(memlab_form(buf)))
		zero = MEMLAB_GFP_ZERO;
	return memlab_gfp_complete(buf, buf->gfp | zero, buf->bytes);
}

/* The kernel's numbers for what memlab_gfp_complete() returned. */
gfp_t memlab_gfp(u64 used)
{
	gfp_t gfp = 0;

	for (; used; used &= used - 1)
		gfp |= memlab_gfp_bits[__ffs64(used)];
	return gfp;
}
