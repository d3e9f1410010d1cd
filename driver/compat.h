/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows kernel versions. What a header tells by itself is asked there,
 * or in Kbuild, since distributions take later changes back to older versions.
 */
#ifndef MEMLAB_COMPAT_H
#define MEMLAB_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <uapi/linux/memlab.h>

#ifdef MEMLAB_HAS_PFN_T
#include <linux/pfn_t.h>
#endif

#if BITS_PER_LONG != 64
#error memlab needs a 64-bit kernel
#endif

/* Largest order of the page allocator, inclusive. */
static inline unsigned int memlab_max_order(void)
{
#ifdef MAX_PAGE_ORDER /* 6.8 */
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
#ifdef MEMLAB_HAS_PFN_T
	return vmf_insert_mixed(vma, addr, pfn_to_pfn_t(pfn));
#else
	return vmf_insert_mixed(vma, addr, pfn);
#endif
}

/* Page frame numbers one after the other: @count entries of a page table, or neighbours. */
struct memlab_frames {
	const pte_t *pte; /* NULL: neighbours */
	unsigned long pfn;
	unsigned long count;
};

/* Frame @i of them. */
static __always_inline unsigned long memlab_frames_peek(const struct memlab_frames *frames,
							unsigned long i)
{
	return frames->pte ? pte_pfn(READ_ONCE(frames->pte[i])) : frames->pfn + i;
}

/*
 * How many of the frames, from frame @i on, are seen to be neighbours: at least one. That of
 * two entries whose flags differ is for who compares the frames.
 */
static __always_inline unsigned long memlab_frames_run(const struct memlab_frames *frames,
						       unsigned long i)
{
	unsigned long start = i;
	pteval_t value;

	if (!frames->pte)
		return frames->count - i;
	value = pte_val(READ_ONCE(frames->pte[i]));
	do {
		value += PAGE_SIZE;
		i++;
	} while (i < frames->count && pte_val(READ_ONCE(frames->pte[i])) == value);
	return i - start;
}

static inline void memlab_frames_skip(struct memlab_frames *frames, unsigned long count)
{
	if (frames->pte)
		frames->pte += count;
	frames->pfn += count;
	frames->count -= count;
}

/*
 * The frames of a vmalloc() area from an address on: so many as one look at its page tables
 * tells of, and at least one.
 */
static inline void memlab_vmalloc_frames(struct memlab_frames *frames, const void *addr)
{
	unsigned long left = 1;
#ifdef CONFIG_X86
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)addr, &level);

	if (pte && level <= PG_LEVEL_2M)
		left = PTRS_PER_PTE - pte_index((unsigned long)addr);
	if (pte && level == PG_LEVEL_4K) {
		*frames = (struct memlab_frames){ .pte = pte, .count = left };
		return;
	}
#endif
	*frames = (struct memlab_frames){ .pfn = vmalloc_to_pfn(addr), .count = left };
}

#ifdef CONFIG_X86
struct memlab_insertion {
	struct mm_struct *mm;
	unsigned long pfn;
	pgprot_t prot;
};

static inline int memlab_insert_special_pte(pte_t *pte, unsigned long addr, void *data)
{
	struct memlab_insertion *insertion = data;
	unsigned long pfn = insertion->pfn++;

	if (pte_none(*pte))
		set_pte_at(insertion->mm, addr, pte, pte_mkspecial(pfn_pte(pfn, insertion->prot)));
	return 0;
}
#endif

/*
 * Special entries for neighbouring pages, as vmf_insert_mixed() makes them for one
 * (mm/memory.c, insert_pfn()). Other architectures have more to do for an entry than modules
 * can.
 *
 * Return: 0, or -ENOMEM; then some are missing.
 */
static inline int memlab_insert_special(struct vm_area_struct *vma, unsigned long addr,
					unsigned long pfn, unsigned long pages)
{
#ifdef CONFIG_X86
	struct memlab_insertion insertion = { vma->vm_mm, pfn, vma->vm_page_prot };

	return apply_to_page_range(vma->vm_mm, addr, pages * PAGE_SIZE, memlab_insert_special_pte,
				   &insertion);
#else
	for (; pages; pages--, addr += PAGE_SIZE)
		if (memlab_insert_mixed(vma, addr, pfn++) != VM_FAULT_NOPAGE)
			return -ENOMEM;
	return 0;
#endif
}

/* What is set before it is read need not be cleared (CONFIG_INIT_STACK_ALL_ZERO). */
#if __has_attribute(__uninitialized__) /* gcc 12, clang 8 */
#define MEMLAB_UNINITIALIZED __attribute__((__uninitialized__))
#else
#define MEMLAB_UNINITIALIZED
#endif

/* Whether an address lies in a slab: an object, and not whole pages. */
static inline bool memlab_is_slab(const void *addr)
{
	return PageSlab(virt_to_head_page(addr));
}

/* Before 6.4 it was there for those architectures only that need it. */
#ifndef barrier_nospec
#define barrier_nospec() \
	do {             \
	} while (0)
#endif

/* Like copy_from_user(), but leaves alone what it could not copy. */
static inline unsigned long memlab_copy_in(void *to, const void __user *from, unsigned long n)
{
	if (!access_ok(from, n))
		return n;
	barrier_nospec(); /* as in copy_from_user() */
	return __copy_from_user(to, from, n);
}

/* From 6.12 on kvrealloc() knows the old size, and calls vrealloc() for vmalloc(). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define MEMLAB_VREALLOC_NAME "kvrealloc"
#else
#define MEMLAB_VREALLOC_NAME NULL
#endif

static inline void *memlab_kvrealloc(const void *addr, size_t old, size_t bytes, gfp_t gfp)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return kvrealloc(addr, bytes, gfp);
#else
	return kvrealloc(addr, old, bytes, gfp);
#endif
}

/* From 6.19 on vmalloc() can do without sleeping. */
static inline bool memlab_vmalloc_takes_nowait(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0);
}

/* It then also warns of flags that it did not mind before, until 7.1 of one more. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
#define MEMLAB_VMALLOC_REFUSED (MEMLAB_GFP_HIGHUSER | MEMLAB_GFP_DMA | MEMLAB_GFP_DMA32)
#define MEMLAB_VMALLOC_MERCY   MEMLAB_GFP_NORETRY
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define MEMLAB_VMALLOC_REFUSED \
	(MEMLAB_GFP_HIGHUSER | MEMLAB_GFP_DMA | MEMLAB_GFP_DMA32 | MEMLAB_GFP_RETRY_MAYFAIL)
#define MEMLAB_VMALLOC_MERCY MEMLAB_GFP_NORETRY
#else
#define MEMLAB_VMALLOC_REFUSED (MEMLAB_GFP_NOWAIT | MEMLAB_GFP_ATOMIC)
#define MEMLAB_VMALLOC_MERCY   MEMLAB_GFP_RETRY_MAYFAIL
#endif

/* hrtimer_init() took no function; it went away in 6.15. */
static inline void memlab_hrtimer_setup_on_stack(struct hrtimer *timer,
						 enum hrtimer_restart (*run)(struct hrtimer *),
						 enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup_on_stack(timer, run, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init_on_stack(timer, CLOCK_MONOTONIC, mode);
	timer->function = run;
#endif
}

/* SLAB_NO_MERGE came with 6.5. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE 0
#endif

/* Before that there are flags that have it as a side effect (mm/slab_common.c). */
#define MEMLAB_SLAB_UNMERGED (SLAB_NO_MERGE ?: SLAB_NOLEAKTRACE)

/* It got its name in 6.17, and the old one is going away. */
static inline struct workqueue_struct *memlab_unbound_workqueue(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return system_dfl_wq;
#else
	return system_unbound_wq;
#endif
}

/* The attributes of a dump's request. */
static inline struct nlattr **memlab_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* Whether kmalloc() has caches of their own for __GFP_ACCOUNT. */
static inline bool memlab_has_cgroup_caches(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	return IS_ENABLED(CONFIG_MEMCG) && !mem_cgroup_disabled();
#else
	return IS_ENABLED(CONFIG_MEMCG_KMEM) && !mem_cgroup_disabled();
#endif
}

#endif /* MEMLAB_COMPAT_H */
