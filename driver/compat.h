/* SPDX-License-Identifier: GPL-2.0-only */
/* The only place that knows kernel versions. */
#ifndef MEMLAB_COMPAT_H
#define MEMLAB_COMPAT_H

#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#endif

#if BITS_PER_LONG != 64
#error memlab needs a 64-bit kernel
#endif

/* Largest order of the page allocator, inclusive. */
static inline unsigned int memlab_max_order(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return MAX_PAGE_ORDER;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return MAX_ORDER;
#else
	return MAX_ORDER - 1;
#endif
}

/* VMA flags are written under mmap_lock, through helpers since 6.3. */
static inline void memlab_vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set, vm_flags_t clear)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/* pfn_t went away in 6.17. */
static inline vm_fault_t memlab_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
					     unsigned long pfn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return vmf_insert_mixed(vma, addr, pfn);
#else
	return vmf_insert_mixed(vma, addr, pfn_to_pfn_t(pfn));
#endif
}

/* Whether an address lies in a slab: an object, and not whole pages. */
static inline bool memlab_is_slab(const void *addr)
{
	return PageSlab(virt_to_head_page(addr));
}

/* Like copy_from_user(), but leaves alone what it could not copy. */
static inline unsigned long memlab_copy_in(void *to, const void __user *from, unsigned long n)
{
	if (!access_ok(from, n))
		return n;
	barrier_nospec(); /* as in copy_from_user() */
	return __copy_from_user(to, from, n);
}

#endif /* MEMLAB_COMPAT_H */
