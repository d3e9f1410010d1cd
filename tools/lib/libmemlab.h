/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmemlab: kernel memory in a program, by way of /dev/memlab.
 *
 * This header stands alone and may be included together with <linux/memlab.h>:
 * what it defines is named memlab_*, MEMLAB_LIB_* or LIBMEMLAB_*, and no name of the
 * kernel's header is among it.
 */
#ifndef LIBMEMLAB_H
#define LIBMEMLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Rules that hold for every function
 *
 * Errors: a function that returns int gives -1, one that returns a pointer gives
 * NULL, and both leave the reason in errno. What the driver refuses comes with
 * the errno of its ioctl, whose meanings <linux/memlab.h> lists. Where an errno has
 * many causes, &struct memlab_call tells which one it was. The library never prints
 * and never ends the process.
 *
 * Older drivers: what a driver does not know yet it refuses with E2BIG, EINVAL or
 * ENOTTY; what it does not tell yet reads as 0, false or "".
 *
 * Threads: a handle does not change after it was made, so any number of threads
 * may use the same one. Only what ends a handle (its close or free function) must
 * be called once and after all other uses, and memlab_buf_resize(), which changes
 * the handle, while no other thread uses it. The exceptions are struct
 * memlab_buf_config, memlab_resize_config, memlab_cache_config, memlab_bench_config
 * and memlab_call, which change as they are used and belong to one thread.
 *
 * Lifetimes: a &struct memlab_dev must outlive the buffers and caches that were
 * made with it. Snapshots (memlab_dev_info, memlab_buf_info, memlab_cache_info,
 * memlab_extents, memlab_bench_report), requests, calls and mappings stand alone.
 * Functions that let go of something accept NULL and keep errno.
 *
 * Signals: an operation that a signal handler interrupted goes on after it, but for
 * memlab_bench_run().
 *
 * Sizes, offsets and lengths are in bytes.
 */

#define LIBMEMLAB_VERSION_MAJOR 0
#define LIBMEMLAB_VERSION_MINOR 3
#define LIBMEMLAB_VERSION_PATCH 0

#define MEMLAB_LIB_DEFAULT_DEVICE "/dev/memlab"

/* ABI version of the library; memlab_dev_info_get_abi_version() returns that of the driver. */
#define MEMLAB_LIB_ABI_VERSION 1

/* A page that memlab_pagemap_read() found without memory behind it. */
#define MEMLAB_LIB_PFN_NONE UINT64_MAX

/* Stale bytes that a signal kept from being counted. */
#define MEMLAB_LIB_NOT_COUNTED UINT64_MAX

/* The largest object of a cache, in bytes. */
#define MEMLAB_LIB_CACHE_MAX_BYTES (128 * 1024)

/* The struct of MEMLAB_LIB_PROBE_STRUCT_SIZE, and an element of its flexible array. */
#define MEMLAB_LIB_PROBE_STRUCT_BYTES  16
#define MEMLAB_LIB_PROBE_ELEMENT_BYTES 24

struct memlab_dev;
struct memlab_dev_info;
struct memlab_buf;
struct memlab_buf_config;
struct memlab_buf_info;
struct memlab_resize_config;
struct memlab_cache;
struct memlab_cache_config;
struct memlab_cache_info;
struct memlab_call;
struct memlab_extents;

/**
 * enum memlab_lib_allocator - where a buffer's memory comes from
 * @MEMLAB_LIB_ALLOCATOR_KMALLOC: kmalloc(); physically contiguous
 * @MEMLAB_LIB_ALLOCATOR_VMALLOC: vmalloc(); virtually contiguous
 * @MEMLAB_LIB_ALLOCATOR_KVMALLOC: kvmalloc(); kmalloc(), and vmalloc() when that
 *	fails
 * @MEMLAB_LIB_ALLOCATOR_PAGES: alloc_pages(), of the smallest order that holds the
 *	bytes
 * @MEMLAB_LIB_ALLOCATOR_PAGES_EXACT: alloc_pages_exact(); contiguous pages, without
 *	those that a block of 2^order has too many
 * @MEMLAB_LIB_ALLOCATOR_CACHE: kmem_cache_alloc(); an object of a &struct
 *	memlab_cache
 */
enum memlab_lib_allocator {
	MEMLAB_LIB_ALLOCATOR_KMALLOC = 1,
	MEMLAB_LIB_ALLOCATOR_VMALLOC = 2,
	MEMLAB_LIB_ALLOCATOR_KVMALLOC = 3,
	MEMLAB_LIB_ALLOCATOR_PAGES = 4,
	MEMLAB_LIB_ALLOCATOR_PAGES_EXACT = 5,
	MEMLAB_LIB_ALLOCATOR_CACHE = 6,
};

/**
 * enum memlab_lib_backing - which part of the kernel holds a buffer's pages
 * @MEMLAB_LIB_BACKING_SLAB: an object of a slab cache
 * @MEMLAB_LIB_BACKING_LARGE: whole pages of the page allocator, by kmalloc()
 * @MEMLAB_LIB_BACKING_VMALLOC: single pages, mapped into the vmalloc area
 * @MEMLAB_LIB_BACKING_PAGES: one block of 2^order pages of the page allocator
 * @MEMLAB_LIB_BACKING_SPLIT: neighbouring single pages, of a block that was split
 */
enum memlab_lib_backing {
	MEMLAB_LIB_BACKING_SLAB = 1,
	MEMLAB_LIB_BACKING_LARGE = 2,
	MEMLAB_LIB_BACKING_VMALLOC = 3,
	MEMLAB_LIB_BACKING_PAGES = 4,
	MEMLAB_LIB_BACKING_SPLIT = 5,
};

/**
 * enum memlab_lib_zone - memory zone of an extent
 * @MEMLAB_LIB_ZONE_UNKNOWN: a zone without a name here
 * @MEMLAB_LIB_ZONE_DMA: ZONE_DMA
 * @MEMLAB_LIB_ZONE_DMA32: ZONE_DMA32
 * @MEMLAB_LIB_ZONE_NORMAL: ZONE_NORMAL
 * @MEMLAB_LIB_ZONE_HIGHMEM: ZONE_HIGHMEM
 * @MEMLAB_LIB_ZONE_MOVABLE: ZONE_MOVABLE
 * @MEMLAB_LIB_ZONE_DEVICE: ZONE_DEVICE
 */
enum memlab_lib_zone {
	MEMLAB_LIB_ZONE_UNKNOWN = 0,
	MEMLAB_LIB_ZONE_DMA = 1,
	MEMLAB_LIB_ZONE_DMA32 = 2,
	MEMLAB_LIB_ZONE_NORMAL = 3,
	MEMLAB_LIB_ZONE_HIGHMEM = 4,
	MEMLAB_LIB_ZONE_MOVABLE = 5,
	MEMLAB_LIB_ZONE_DEVICE = 6,
};

/**
 * enum memlab_lib_context - where the kernel's allocation function is called
 * @MEMLAB_LIB_CONTEXT_PROCESS: in the program's system call, where sleeping is
 *	allowed
 * @MEMLAB_LIB_CONTEXT_ATOMIC: there, with preemption off and a spinlock held
 * @MEMLAB_LIB_CONTEXT_SOFTIRQ: in a soft interrupt; needs CAP_SYS_ADMIN
 * @MEMLAB_LIB_CONTEXT_HARDIRQ: in a hard interrupt; needs CAP_SYS_ADMIN
 *
 * The interrupts are real ones, of a timer; the call waits for them.
 */
enum memlab_lib_context {
	MEMLAB_LIB_CONTEXT_PROCESS = 0,
	MEMLAB_LIB_CONTEXT_ATOMIC = 1,
	MEMLAB_LIB_CONTEXT_SOFTIRQ = 2,
	MEMLAB_LIB_CONTEXT_HARDIRQ = 3,
};

/*
 * Bits of memlab_call_get_seen(): what the code that called the kernel's function
 * saw of its context.
 */
#define MEMLAB_LIB_SEEN_TASK	 (1U << 0) /* in_task() */
#define MEMLAB_LIB_SEEN_SOFTIRQ	 (1U << 1) /* in_serving_softirq() */
#define MEMLAB_LIB_SEEN_HARDIRQ	 (1U << 2) /* in_hardirq() */
#define MEMLAB_LIB_SEEN_IRQS_OFF (1U << 3) /* irqs_disabled() */
#define MEMLAB_LIB_SEEN_LOCKED	 (1U << 4) /* a spinlock of the driver was held */

/**
 * DOC: GFP flags
 *
 * Sets of bits, of type uint64_t. 0 is as MEMLAB_LIB_GFP_KERNEL. Otherwise exactly
 * one of the first five is needed, which are the kernel's GFP_KERNEL, GFP_NOWAIT,
 * GFP_ATOMIC, GFP_USER and GFP_HIGHUSER; the others are its modifiers, __GFP_DMA and
 * so on. <linux/memlab.h> tells which allocator takes which of them, what the driver
 * adds, and what needs CAP_SYS_ADMIN; memlab_buf_config_check() tries.
 */
#define MEMLAB_LIB_GFP_KERNEL	     (UINT64_C(1) << 0)
#define MEMLAB_LIB_GFP_NOWAIT	     (UINT64_C(1) << 1)
#define MEMLAB_LIB_GFP_ATOMIC	     (UINT64_C(1) << 2)
#define MEMLAB_LIB_GFP_USER	     (UINT64_C(1) << 3)
#define MEMLAB_LIB_GFP_HIGHUSER	     (UINT64_C(1) << 4)
#define MEMLAB_LIB_GFP_DMA	     (UINT64_C(1) << 5)
#define MEMLAB_LIB_GFP_DMA32	     (UINT64_C(1) << 6)
#define MEMLAB_LIB_GFP_ZERO	     (UINT64_C(1) << 7)
#define MEMLAB_LIB_GFP_HIGH	     (UINT64_C(1) << 8)
#define MEMLAB_LIB_GFP_NOFAIL	     (UINT64_C(1) << 9)
#define MEMLAB_LIB_GFP_NORETRY	     (UINT64_C(1) << 10)
#define MEMLAB_LIB_GFP_RETRY_MAYFAIL (UINT64_C(1) << 11)
#define MEMLAB_LIB_GFP_NOWARN	     (UINT64_C(1) << 12)
#define MEMLAB_LIB_GFP_ACCOUNT	     (UINT64_C(1) << 13)
#define MEMLAB_LIB_GFP_THISNODE	     (UINT64_C(1) << 14)
#define MEMLAB_LIB_GFP_WARN	     (UINT64_C(1) << 15) /* leave out __GFP_NOWARN */
#define MEMLAB_LIB_GFP_NO_ACCOUNT    (UINT64_C(1) << 16) /* leave out __GFP_ACCOUNT */
#define MEMLAB_LIB_GFP_COMP	     (UINT64_C(1) << 17) /* told, never given */

/**
 * enum memlab_lib_reason - why the driver refused a request
 * @MEMLAB_LIB_REASON_NONE: it did not, or errno says it all
 * @MEMLAB_LIB_REASON_GFP_BASE: EINVAL: not exactly one of KERNEL, NOWAIT, ATOMIC,
 *	USER and HIGHUSER
 * @MEMLAB_LIB_REASON_GFP_ZONE: EINVAL: more than one of HIGHUSER, DMA and DMA32
 * @MEMLAB_LIB_REASON_GFP_RETRY: EINVAL: more than one of NORETRY, RETRY_MAYFAIL and
 *	NOFAIL
 * @MEMLAB_LIB_REASON_GFP_WARN: EINVAL: both NOWARN and WARN
 * @MEMLAB_LIB_REASON_GFP_ACCOUNT: EINVAL: both ACCOUNT and NO_ACCOUNT
 * @MEMLAB_LIB_REASON_GFP_THISNODE: EINVAL: THISNODE without a chosen node
 * @MEMLAB_LIB_REASON_GFP_HIGHMEM: EINVAL: this allocator takes no HIGHUSER
 * @MEMLAB_LIB_REASON_GFP_DMA32: EINVAL: this allocator takes no DMA32
 * @MEMLAB_LIB_REASON_GFP_NODE: EINVAL: this allocator takes no GFP flags on a chosen
 *	node
 * @MEMLAB_LIB_REASON_NOFAIL_NOWAIT: EINVAL: NOFAIL with NOWAIT or ATOMIC, which
 *	cannot wait for memory
 * @MEMLAB_LIB_REASON_NOFAIL_ZONE: EINVAL: NOFAIL bound to a zone or a node, where it
 *	might wait for ever
 * @MEMLAB_LIB_REASON_NOFAIL_SIZE: ERANGE: NOFAIL for more than a page
 * @MEMLAB_LIB_REASON_WARN_SIZE: ERANGE: WARN for more than KMALLOC_MAX_SIZE
 * @MEMLAB_LIB_REASON_VMALLOC_SLEEPS: EINVAL for flags, EOPNOTSUPP for a context:
 *	vmalloc() sleeps on this kernel, whatever the flags
 * @MEMLAB_LIB_REASON_GFP_SLEEPS: EOPNOTSUPP: the flags allow sleeping, the context
 *	does not
 * @MEMLAB_LIB_REASON_FREE_SLEEPS: EOPNOTSUPP: vfree() may sleep, the context does
 *	not allow it
 * @MEMLAB_LIB_REASON_CONTEXT_SIZE: ERANGE: too large for a context other than
 *	process; or, where KASAN watches vmalloc(), too small to be freed in an interrupt
 * @MEMLAB_LIB_REASON_CONTEXT_KERNEL: EOPNOTSUPP: this kernel (PREEMPT_RT) does not
 *	allow allocation in that context
 * @MEMLAB_LIB_REASON_ADMIN_RESERVES: EPERM: ATOMIC and HIGH use up reserves
 * @MEMLAB_LIB_REASON_ADMIN_DMA: EPERM: the DMA zone is small
 * @MEMLAB_LIB_REASON_ADMIN_NOFAIL: EPERM: NOFAIL may have processes killed
 * @MEMLAB_LIB_REASON_ADMIN_WARN: EPERM: WARN writes to the kernel's log
 * @MEMLAB_LIB_REASON_ADMIN_UNCHARGED: EPERM: the memory would not be charged to the
 *	caller's memory cgroup
 * @MEMLAB_LIB_REASON_ADMIN_STALE: EPERM: counts what others left in memory
 * @MEMLAB_LIB_REASON_NO_ARRAY: EOPNOTSUPP: this allocator has no form for arrays, or
 *	not on a chosen node
 * @MEMLAB_LIB_REASON_NO_NODE: EOPNOTSUPP: this allocator has no form for a chosen
 *	node
 * @MEMLAB_LIB_REASON_CACHE_SIZE: EINVAL: another size than that of the cache's
 *	objects
 * @MEMLAB_LIB_REASON_NO_KVFREE: EOPNOTSUPP: kvfree() cannot free memory of this
 *	allocator
 * @MEMLAB_LIB_REASON_NO_RESIZE: EOPNOTSUPP: the kernel has no function that resizes
 *	memory of this allocator
 * @MEMLAB_LIB_REASON_NO_MERGE: EOPNOTSUPP: this kernel cannot exempt a cache from
 *	merging
 * @MEMLAB_LIB_REASON_GFP_DMA: EINVAL: this allocator takes no DMA
 * @MEMLAB_LIB_REASON_GFP_MAYFAIL: EINVAL: vmalloc() of this kernel takes no RETRY_MAYFAIL
 * @MEMLAB_LIB_REASON_PATTERN_ALLOCATOR: EOPNOTSUPP: only caches have functions for many
 *	objects at once
 * @MEMLAB_LIB_REASON_PATTERN_CONTEXT: EOPNOTSUPP: this pattern of a benchmark runs in
 *	process context only
 * @MEMLAB_LIB_REASON_PATTERN_EACH: EINVAL: operations of this pattern are not timed one
 *	by one
 * @MEMLAB_LIB_REASON_PATTERN_SIZE: EINVAL: the size is not one that the pattern takes in
 *	such strides
 */
enum memlab_lib_reason {
	MEMLAB_LIB_REASON_NONE = 0,
	MEMLAB_LIB_REASON_GFP_BASE = 1,
	MEMLAB_LIB_REASON_GFP_ZONE = 2,
	MEMLAB_LIB_REASON_GFP_RETRY = 3,
	MEMLAB_LIB_REASON_GFP_WARN = 4,
	MEMLAB_LIB_REASON_GFP_ACCOUNT = 5,
	MEMLAB_LIB_REASON_GFP_THISNODE = 6,
	MEMLAB_LIB_REASON_GFP_HIGHMEM = 7,
	MEMLAB_LIB_REASON_GFP_DMA32 = 8,
	MEMLAB_LIB_REASON_GFP_NODE = 9,
	MEMLAB_LIB_REASON_NOFAIL_NOWAIT = 10,
	MEMLAB_LIB_REASON_NOFAIL_ZONE = 11,
	MEMLAB_LIB_REASON_NOFAIL_SIZE = 12,
	MEMLAB_LIB_REASON_WARN_SIZE = 13,
	MEMLAB_LIB_REASON_VMALLOC_SLEEPS = 14,
	MEMLAB_LIB_REASON_GFP_SLEEPS = 15,
	MEMLAB_LIB_REASON_FREE_SLEEPS = 16,
	MEMLAB_LIB_REASON_CONTEXT_SIZE = 17,
	MEMLAB_LIB_REASON_CONTEXT_KERNEL = 18,
	MEMLAB_LIB_REASON_ADMIN_RESERVES = 19,
	MEMLAB_LIB_REASON_ADMIN_DMA = 20,
	MEMLAB_LIB_REASON_ADMIN_NOFAIL = 21,
	MEMLAB_LIB_REASON_ADMIN_WARN = 22,
	MEMLAB_LIB_REASON_ADMIN_UNCHARGED = 23,
	MEMLAB_LIB_REASON_ADMIN_STALE = 24,
	MEMLAB_LIB_REASON_NO_ARRAY = 25,
	MEMLAB_LIB_REASON_NO_NODE = 26,
	MEMLAB_LIB_REASON_CACHE_SIZE = 27,
	MEMLAB_LIB_REASON_NO_KVFREE = 28,
	MEMLAB_LIB_REASON_NO_RESIZE = 29,
	MEMLAB_LIB_REASON_NO_MERGE = 30,
	MEMLAB_LIB_REASON_GFP_DMA = 31,
	MEMLAB_LIB_REASON_GFP_MAYFAIL = 32,
	MEMLAB_LIB_REASON_PATTERN_ALLOCATOR = 33,
	MEMLAB_LIB_REASON_PATTERN_CONTEXT = 34,
	MEMLAB_LIB_REASON_PATTERN_EACH = 35,
	MEMLAB_LIB_REASON_PATTERN_SIZE = 36,
};

/**
 * enum memlab_lib_probe - what memlab_probe() has the kernel work out
 * @MEMLAB_LIB_PROBE_ARRAY_SIZE: array_size(a, b)
 * @MEMLAB_LIB_PROBE_ARRAY3_SIZE: array3_size(a, b, c)
 * @MEMLAB_LIB_PROBE_STRUCT_SIZE: struct_size(), of a struct of
 *	MEMLAB_LIB_PROBE_STRUCT_BYTES that ends in a flexible array of a elements of
 *	MEMLAB_LIB_PROBE_ELEMENT_BYTES
 * @MEMLAB_LIB_PROBE_SIZE_ADD: size_add(a, b)
 * @MEMLAB_LIB_PROBE_KMALLOC_ZERO: kmalloc(0), then kfree(): the pointer if it is
 *	ZERO_SIZE_PTR or NULL, 1 if it is another one
 */
enum memlab_lib_probe {
	MEMLAB_LIB_PROBE_ARRAY_SIZE = 1,
	MEMLAB_LIB_PROBE_ARRAY3_SIZE = 2,
	MEMLAB_LIB_PROBE_STRUCT_SIZE = 3,
	MEMLAB_LIB_PROBE_SIZE_ADD = 4,
	MEMLAB_LIB_PROBE_KMALLOC_ZERO = 5,
};

/**
 * enum memlab_lib_feature - what the driver, the kernel or the caller can do
 * @MEMLAB_LIB_FEATURE_MMAP: buffers of whole pages can be mapped
 * @MEMLAB_LIB_FEATURE_PERSISTENT: buffers may outlive the device handle
 * @MEMLAB_LIB_FEATURE_NODE: a NUMA node may be asked for
 * @MEMLAB_LIB_FEATURE_MEMCG: buffers are charged to memory cgroups
 * @MEMLAB_LIB_FEATURE_INIT_ON_ALLOC: the kernel zeroes every allocation
 * @MEMLAB_LIB_FEATURE_PHYS_VISIBLE: the caller sees physical addresses
 * @MEMLAB_LIB_FEATURE_KADDR_VISIBLE: the caller sees kernel addresses
 * @MEMLAB_LIB_FEATURE_VMALLOC_NOWAIT: vmalloc takes NOWAIT and ATOMIC
 * @MEMLAB_LIB_FEATURE_NO_MERGE: a cache may be exempt from merging
 * @MEMLAB_LIB_FEATURE_ATOMIC_SLEEP: the kernel was built with DEBUG_ATOMIC_SLEEP
 * @MEMLAB_LIB_FEATURE_SLEEP_IN_ATOMIC: the module parameter of that name is on: what
 *	would sleep in a context that forbids it is not refused
 * @MEMLAB_LIB_FEATURE_HARDENED_USERCOPY: the kernel was built with that check
 * @MEMLAB_LIB_FEATURE_PREEMPT_COUNT: preempt_count() counts spinlocks, not interrupts only
 */
enum memlab_lib_feature {
	MEMLAB_LIB_FEATURE_MMAP = 0,
	MEMLAB_LIB_FEATURE_PERSISTENT = 1,
	MEMLAB_LIB_FEATURE_NODE = 2,
	MEMLAB_LIB_FEATURE_MEMCG = 3,
	MEMLAB_LIB_FEATURE_INIT_ON_ALLOC = 4,
	MEMLAB_LIB_FEATURE_PHYS_VISIBLE = 5,
	MEMLAB_LIB_FEATURE_KADDR_VISIBLE = 6,
	MEMLAB_LIB_FEATURE_VMALLOC_NOWAIT = 7,
	MEMLAB_LIB_FEATURE_NO_MERGE = 8,
	MEMLAB_LIB_FEATURE_ATOMIC_SLEEP = 9,
	MEMLAB_LIB_FEATURE_SLEEP_IN_ATOMIC = 10,
	MEMLAB_LIB_FEATURE_HARDENED_USERCOPY = 11,
	MEMLAB_LIB_FEATURE_PREEMPT_COUNT = 12,
};

/**
 * memlab_lib_version() - version of the library at run time
 *
 * Return: "MAJOR.MINOR.PATCH", never NULL.
 */
const char *memlab_lib_version(void);

/* ---- names --------------------------------------------------------------- */

/**
 * memlab_allocator_name() - name of an allocator, such as "kmalloc"
 * @allocator: enum memlab_lib_allocator
 *
 * Return: the name, or NULL (errno untouched) for a number that the library does
 * not know. Numbers are handed out from 1 without gaps, so the first NULL ends a
 * walk over all of them.
 */
const char *memlab_allocator_name(unsigned int allocator);

/**
 * memlab_allocator_from_name() - number of an allocator
 * @name: as memlab_allocator_name() gives it
 *
 * Return: enum memlab_lib_allocator, or -1 with EINVAL for an unknown name.
 */
int memlab_allocator_from_name(const char *name);

/**
 * memlab_backing_name() - name of a backing, such as "slab"
 * @backing: enum memlab_lib_backing
 *
 * Return: the name, or NULL for an unknown number.
 */
const char *memlab_backing_name(unsigned int backing);

/**
 * memlab_backing_from_name() - number of a backing
 * @name: as memlab_backing_name() gives it
 *
 * Return: enum memlab_lib_backing, or -1 with EINVAL.
 */
int memlab_backing_from_name(const char *name);

/**
 * memlab_zone_name() - name of a memory zone, such as "DMA32" or "Normal"
 * @zone: enum memlab_lib_zone
 *
 * The spelling is that of /proc/zoneinfo.
 *
 * Return: the name, or NULL for an unknown number.
 */
const char *memlab_zone_name(unsigned int zone);

/**
 * memlab_zone_from_name() - number of a memory zone
 * @name: as memlab_zone_name() gives it
 *
 * Return: enum memlab_lib_zone, or -1 with EINVAL.
 */
int memlab_zone_from_name(const char *name);

/**
 * memlab_feature_name() - name of a feature, such as "mmap"
 * @feature: enum memlab_lib_feature
 *
 * Return: the name, or NULL for an unknown number. There are no gaps from 0 on.
 */
const char *memlab_feature_name(unsigned int feature);

/**
 * memlab_context_name() - name of a context: "process", "atomic", "softirq", "hardirq"
 * @context: enum memlab_lib_context
 *
 * Return: the name, or NULL for an unknown number. There are no gaps from 0 on.
 */
const char *memlab_context_name(unsigned int context);

/**
 * memlab_context_from_name() - number of a context
 * @name: as memlab_context_name() gives it
 *
 * Return: enum memlab_lib_context, or -1 with EINVAL.
 */
int memlab_context_from_name(const char *name);

/**
 * memlab_gfp_name() - name of a GFP flag, such as "kernel" or "retry-mayfail"
 * @flag: one bit, MEMLAB_LIB_GFP_*
 *
 * Return: the name, or NULL for an unknown bit, for none and for several. There are
 * no gaps, so the first NULL ends a walk from bit 0 on.
 */
const char *memlab_gfp_name(uint64_t flag);

/**
 * memlab_gfp_from_name() - the GFP flag of a name
 * @name: as memlab_gfp_name() gives it
 *
 * Return: the bit, MEMLAB_LIB_GFP_*, or 0 with EINVAL for an unknown name.
 */
uint64_t memlab_gfp_from_name(const char *name);

/**
 * memlab_reason_name() - name of a reason, such as "gfp-sleeps"
 * @reason: enum memlab_lib_reason
 *
 * Return: the name, "none" for MEMLAB_LIB_REASON_NONE, or NULL for an unknown number.
 * There are no gaps from 0 on.
 */
const char *memlab_reason_name(unsigned int reason);

/**
 * memlab_reason_text() - a reason in words: what was wrong and what would be right
 * @reason: enum memlab_lib_reason
 *
 * Return: one line of English without a capital or a full stop, to stand where
 * strerror(3) would; or NULL for MEMLAB_LIB_REASON_NONE and for an unknown number,
 * when strerror(3) is all there is.
 */
const char *memlab_reason_text(unsigned int reason);

/* ---- the device ---------------------------------------------------------- */

/**
 * memlab_dev_open() - open the device for reading and writing
 * @path: device file, or NULL for MEMLAB_LIB_DEFAULT_DEVICE
 *
 * Errors: those of open(2), among them ENOENT (no driver loaded) and EACCES; and
 * ENOTTY when @path is some other device or file.
 *
 * Return: a handle for memlab_dev_close(), or NULL.
 */
struct memlab_dev *memlab_dev_open(const char *path);

/**
 * memlab_dev_open_readonly() - open the device for looking only
 * @path: as in memlab_dev_open()
 *
 * Buffers can be listed, described, read, checked and mapped for reading.
 * Whatever changes a buffer fails with EACCES.
 *
 * Return: a handle for memlab_dev_close(), or NULL.
 */
struct memlab_dev *memlab_dev_open_readonly(const char *path);

/**
 * memlab_dev_close() - close the device
 * @dev: the handle, or NULL
 *
 * Buffers that were allocated through @dev and are not persistent are freed when
 * their last mapping is gone.
 */
void memlab_dev_close(struct memlab_dev *dev);

/**
 * memlab_dev_get_fd() - the file descriptor behind a device handle
 * @dev: the handle
 *
 * For mmap(2) of a part of a buffer, or for ioctls of <linux/memlab.h>. It stays
 * the handle's: do not close it.
 *
 * Return: the descriptor.
 */
int memlab_dev_get_fd(const struct memlab_dev *dev);

/**
 * memlab_dev_next_id() - walk over the buffers that the caller may use
 * @dev: the device
 * @id: in: 0 to begin, or the last id seen; out: the next one
 *
 * Return: 1 with the next id in @id; 0 when there is no further one; -1 on error.
 */
int memlab_dev_next_id(const struct memlab_dev *dev, uint32_t *id);

/**
 * memlab_dev_get_info() - ask the driver about itself, the kernel and its limits
 * @dev: the device
 *
 * Return: a snapshot for memlab_dev_info_free(), or NULL.
 */
struct memlab_dev_info *memlab_dev_get_info(const struct memlab_dev *dev);

/**
 * memlab_dev_info_free() - let go of a snapshot
 * @info: the snapshot, or NULL
 */
void memlab_dev_info_free(struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_driver_version() - version of the driver
 * @info: the snapshot
 *
 * Return: a string that lives as long as @info.
 */
const char *memlab_dev_info_get_driver_version(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_abi_version() - version of the driver's ioctl interface
 * @info: the snapshot
 *
 * Return: the number, 1 or above.
 */
unsigned int memlab_dev_info_get_abi_version(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_page_size() - the kernel's PAGE_SIZE
 * @info: the snapshot
 *
 * Return: bytes.
 */
uint64_t memlab_dev_info_get_page_size(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_kmalloc_max_size() - the most that kmalloc() can ever serve
 * @info: the snapshot
 *
 * Return: KMALLOC_MAX_SIZE in bytes.
 */
uint64_t memlab_dev_info_get_kmalloc_max_size(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_kmalloc_max_cache_size() - where kmalloc() leaves the slab
 * @info: the snapshot
 *
 * Return: KMALLOC_MAX_CACHE_SIZE in bytes, the largest request that comes from a
 * slab cache.
 */
uint64_t memlab_dev_info_get_kmalloc_max_cache_size(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_kmalloc_minalign() - least alignment of kmalloc() memory
 * @info: the snapshot
 *
 * Return: ARCH_KMALLOC_MINALIGN in bytes.
 */
uint64_t memlab_dev_info_get_kmalloc_minalign(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_max_order() - largest order of the page allocator
 * @info: the snapshot
 *
 * Return: the order, inclusive: the largest block is page size << order.
 */
unsigned int memlab_dev_info_get_max_order(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_total_ram() - memory that the page allocator manages
 * @info: the snapshot
 *
 * Return: bytes.
 */
uint64_t memlab_dev_info_get_total_ram(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_max_total_bytes() - limit of all users together
 * @info: the snapshot
 *
 * Return: bytes; beyond it allocations fail with ENOSPC.
 */
uint64_t memlab_dev_info_get_max_total_bytes(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_max_user_bytes() - limit of one user
 * @info: the snapshot
 *
 * Return: bytes; beyond it allocations fail with EDQUOT, except with
 * CAP_SYS_RESOURCE.
 */
uint64_t memlab_dev_info_get_max_user_bytes(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_max_user_buffers() - limit of one user
 * @info: the snapshot
 *
 * Return: number of buffers; errors as for memlab_dev_info_get_max_user_bytes().
 */
uint64_t memlab_dev_info_get_max_user_buffers(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_total_bytes() - bytes in use by all users
 * @info: the snapshot
 *
 * Return: bytes that the allocations really take, at the time of the snapshot.
 */
uint64_t memlab_dev_info_get_total_bytes(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_user_bytes() - bytes in use by the caller's user
 * @info: the snapshot
 *
 * Return: as memlab_dev_info_get_total_bytes().
 */
uint64_t memlab_dev_info_get_user_bytes(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_user_buffers() - buffers of the caller's user
 * @info: the snapshot
 *
 * Return: number of buffers.
 */
uint64_t memlab_dev_info_get_user_buffers(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_has_allocator() - does the driver offer an allocator?
 * @info: the snapshot
 * @allocator: enum memlab_lib_allocator; any other number is simply not offered
 *
 * Return: true if so.
 */
bool memlab_dev_info_has_allocator(const struct memlab_dev_info *info, unsigned int allocator);

/**
 * memlab_dev_info_has_feature() - does a feature apply?
 * @info: the snapshot
 * @feature: enum memlab_lib_feature; any other number simply does not apply
 *
 * Return: true if so.
 */
bool memlab_dev_info_has_feature(const struct memlab_dev_info *info, unsigned int feature);

/**
 * memlab_dev_info_get_gfp() - GFP flags that can be given
 * @info: the snapshot
 *
 * Return: set of MEMLAB_LIB_GFP_*; 0 when the driver is older and takes none.
 */
uint64_t memlab_dev_info_get_gfp(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_is_resizable() - does memlab_buf_resize() take an allocator's memory?
 * @info: the snapshot
 * @allocator: enum memlab_lib_allocator; any other number simply is not
 *
 * Return: true if this kernel has a function for it; false also when the driver is
 * older and resizes nothing.
 */
bool memlab_dev_info_is_resizable(const struct memlab_dev_info *info, unsigned int allocator);

/**
 * memlab_dev_info_has_context() - can the kernel's functions be called in a context?
 * @info: the snapshot
 * @context: enum memlab_lib_context; any other number simply is not offered
 *
 * Return: true if so. Every driver has process context; one that is older has no
 * other.
 */
bool memlab_dev_info_has_context(const struct memlab_dev_info *info, unsigned int context);

/**
 * memlab_dev_info_get_max_user_caches() - limit of one user
 * @info: the snapshot
 *
 * Return: number of caches; errors as for memlab_dev_info_get_max_user_bytes(). 0
 * when the driver is older and makes none.
 */
uint64_t memlab_dev_info_get_max_user_caches(const struct memlab_dev_info *info);

/**
 * memlab_dev_info_get_user_caches() - caches of the caller's user
 * @info: the snapshot
 *
 * Return: number of caches.
 */
uint64_t memlab_dev_info_get_user_caches(const struct memlab_dev_info *info);

/* ---- what to allocate ---------------------------------------------------- */

/**
 * memlab_buf_config_new() - a request, to be filled in by its setters
 *
 * Allocator and size must be set; in place of the size an array, or a cache. Without
 * more the buffer is allocated with GFP_KERNEL in process context, is not asked to be
 * zeroed, has no preferred NUMA node and lives as long as the device handle.
 *
 * Return: a request for memlab_buf_config_free(), or NULL.
 */
struct memlab_buf_config *memlab_buf_config_new(void);

/**
 * memlab_buf_config_free() - let go of a request
 * @config: the request, or NULL; buffers made from it stay
 */
void memlab_buf_config_free(struct memlab_buf_config *config);

/**
 * memlab_buf_config_set_allocator() - choose the allocator
 * @config: the request
 * @allocator: enum memlab_lib_allocator; memlab_buf_alloc() judges it
 */
void memlab_buf_config_set_allocator(struct memlab_buf_config *config, unsigned int allocator);

/**
 * memlab_buf_config_set_size() - choose the size
 * @config: the request
 * @bytes: from 1; memlab_buf_alloc() judges it
 */
void memlab_buf_config_set_size(struct memlab_buf_config *config, uint64_t bytes);

/**
 * memlab_buf_config_set_zero() - use the allocator's zeroing form
 * @config: the request
 * @zero: as with __GFP_ZERO
 */
void memlab_buf_config_set_zero(struct memlab_buf_config *config, bool zero);

/**
 * memlab_buf_config_set_persistent() - let the buffer outlive the device handle
 * @config: the request
 * @persistent: when true, only memlab_buf_free() ends the buffer
 */
void memlab_buf_config_set_persistent(struct memlab_buf_config *config, bool persistent);

/**
 * memlab_buf_config_set_node() - prefer a NUMA node
 * @config: the request
 * @node: the node, or a negative number for no preference
 */
void memlab_buf_config_set_node(struct memlab_buf_config *config, int node);

/**
 * memlab_buf_config_set_gfp() - choose the GFP flags
 * @config: the request
 * @gfp: set of MEMLAB_LIB_GFP_*, or 0 for GFP_KERNEL; memlab_buf_alloc() judges it
 */
void memlab_buf_config_set_gfp(struct memlab_buf_config *config, uint64_t gfp);

/**
 * memlab_buf_config_set_array() - use the allocator's form for arrays
 * @config: the request
 * @count: number of elements; 0: no array, so that memlab_buf_config_set_size() counts
 * @element_bytes: size of one element, from 1
 *
 * The kernel multiplies, and refuses a product that overflows (EOVERFLOW).
 */
void memlab_buf_config_set_array(struct memlab_buf_config *config, uint64_t count,
				 uint64_t element_bytes);

/**
 * memlab_buf_config_set_context() - choose where the kernel's function is called
 * @config: the request
 * @context: enum memlab_lib_context; memlab_buf_alloc() judges it
 */
void memlab_buf_config_set_context(struct memlab_buf_config *config, unsigned int context);

/**
 * memlab_buf_config_set_cache() - choose the cache
 * @config: the request; its allocator must be MEMLAB_LIB_ALLOCATOR_CACHE
 * @cache: the cache, or NULL for none; the handle is not kept, and may be closed
 *
 * A size need not be set; if one is, it must be that of the cache's objects.
 */
void memlab_buf_config_set_cache(struct memlab_buf_config *config,
				 const struct memlab_cache *cache);

/**
 * memlab_buf_config_set_count_stale() - count what others left in the memory
 * @config: the request
 * @count_stale: when true, memlab_call_get_stale() will tell; needs CAP_SYS_ADMIN
 */
void memlab_buf_config_set_count_stale(struct memlab_buf_config *config, bool count_stale);

/**
 * memlab_buf_config_check() - would the driver refuse a request?
 * @dev: the device, open for writing
 * @config: the request
 * @call: out: the reason; when 0 is returned, function and GFP flags that would be
 *	used; may be NULL
 *
 * Nothing is allocated, and the limits and the free memory are not looked at.
 *
 * Errors: those of memlab_buf_alloc() without EDQUOT, ENOSPC and ENOMEM.
 *
 * Return: 0 when the request would reach the kernel's function, or -1.
 */
int memlab_buf_config_check(struct memlab_dev *dev, const struct memlab_buf_config *config,
			    struct memlab_call *call);

/* ---- buffers ------------------------------------------------------------- */

/**
 * memlab_buf_alloc() - have the kernel allocate a buffer
 * @dev: the device, open for writing
 * @config: what to allocate
 *
 * Errors: EINVAL (size 0, an allocator that the driver lacks, or GFP flags that it
 * does not take), ERANGE (more than the allocator can ever serve, or than is safe in
 * that way), EOVERFLOW (the size of an array), EDQUOT and ENOSPC (limits), ENOMEM,
 * ENXIO (node not online), ENOENT (no such cache), EOPNOTSUPP (the allocator or the
 * kernel cannot do that, or not in that context), EPERM, EACCES.
 *
 * Return: a handle for memlab_buf_free() or memlab_buf_close(), or NULL.
 */
struct memlab_buf *memlab_buf_alloc(struct memlab_dev *dev, const struct memlab_buf_config *config);

/**
 * memlab_buf_alloc_call() - memlab_buf_alloc(), and tell what the kernel did
 * @dev: the device, open for writing
 * @config: what to allocate
 * @call: out: what the kernel's function did; on failure the reason, if the driver
 *	gave one; may be NULL
 *
 * Return: as memlab_buf_alloc().
 */
struct memlab_buf *memlab_buf_alloc_call(struct memlab_dev *dev,
					 const struct memlab_buf_config *config,
					 struct memlab_call *call);

/**
 * memlab_buf_open() - get hold of a buffer that exists
 * @dev: the device
 * @id: the buffer's id
 *
 * Errors: ENOENT when there is no such buffer, or it is somebody else's.
 *
 * Return: a handle for memlab_buf_free() or memlab_buf_close(), or NULL.
 */
struct memlab_buf *memlab_buf_open(struct memlab_dev *dev, uint32_t id);

/**
 * memlab_buf_free() - give a buffer back to the kernel
 * @buf: the handle
 *
 * On success the handle is gone as well; on failure it stays as it was. EBUSY
 * while any process has the buffer mapped.
 *
 * Return: 0, or -1.
 */
int memlab_buf_free(struct memlab_buf *buf);

/**
 * memlab_buf_free_call() - memlab_buf_free() in a chosen way
 * @buf: the handle
 * @by_kvfree: by kvfree(), instead of the allocator's own function
 * @context: enum memlab_lib_context in which to free
 * @call: out: what the kernel's function did; on failure the reason, if the driver
 *	gave one; may be NULL
 *
 * Errors: as memlab_buf_free(), and EINVAL (unknown context), EOPNOTSUPP (kvfree()
 * does not take that memory, or the function may sleep and the context forbids it),
 * EPERM (interrupts need CAP_SYS_ADMIN).
 *
 * While other threads are at work on the buffer the memory goes back later, when the
 * last of them is done; then @call has seen nothing (memlab_call_get_seen() is 0).
 *
 * Return: 0, and the handle is gone; or -1, and it stays as it was.
 */
int memlab_buf_free_call(struct memlab_buf *buf, bool by_kvfree, unsigned int context,
			 struct memlab_call *call);

/**
 * memlab_buf_close() - let go of the handle, not of the buffer
 * @buf: the handle, or NULL
 */
void memlab_buf_close(struct memlab_buf *buf);

/**
 * memlab_buf_get_id() - id of a buffer
 * @buf: the buffer
 *
 * Return: the id, never 0.
 */
uint32_t memlab_buf_get_id(const struct memlab_buf *buf);

/**
 * memlab_buf_get_size() - bytes that were asked for
 * @buf: the buffer
 *
 * Return: bytes, at least 1. Offsets in the buffer lie below it.
 */
uint64_t memlab_buf_get_size(const struct memlab_buf *buf);

/**
 * memlab_buf_get_map_length() - bytes that can be mapped
 * @buf: the buffer
 *
 * Return: whole pages that cover the buffer, or 0 when it cannot be mapped
 * because it does not own its pages whole.
 */
uint64_t memlab_buf_get_map_length(const struct memlab_buf *buf);

/**
 * memlab_buf_get_map_offset() - where a buffer is found by mmap(2)
 * @buf: the buffer
 *
 * Return: offset on the file descriptor of its device; without further meaning.
 */
uint64_t memlab_buf_get_map_offset(const struct memlab_buf *buf);

/**
 * memlab_buf_map() - map a whole buffer into the program
 * @buf: the buffer
 * @writable: for reading and writing, instead of reading only
 * @length: out: bytes mapped, the buffer's map length; may be NULL
 *
 * The mapping is shared: all who map the buffer, and the kernel, see the same
 * bytes. It outlives @buf and the device handle. Use mmap(2) with
 * memlab_dev_get_fd() and memlab_buf_get_map_offset() to map a part.
 *
 * Errors: EOPNOTSUPP when the buffer cannot be mapped; EOVERFLOW when it is
 * larger than the program's address space; those of mmap(2).
 *
 * Return: the address, for memlab_buf_unmap(), or NULL.
 */
void *memlab_buf_map(const struct memlab_buf *buf, bool writable, size_t *length);

/**
 * memlab_buf_unmap() - undo memlab_buf_map()
 * @addr: what it returned
 * @length: what it told
 *
 * Return: 0, or -1 with the errno of munmap(2).
 */
int memlab_buf_unmap(void *addr, size_t length);

/**
 * memlab_buf_read() - copy from a buffer, through the kernel's address of it
 * @buf: the buffer
 * @offset: first byte in the buffer
 * @data: where to
 * @length: bytes; ERANGE when @offset + @length is beyond the buffer's size
 *
 * EOPNOTSUPP for an object of a cache, unless the range lies within the part that the
 * cache declares for it (memlab_cache_config_set_usercopy()).
 *
 * Return: 0 when all was copied, or -1; then @data may have changed.
 */
int memlab_buf_read(const struct memlab_buf *buf, uint64_t offset, void *data, size_t length);

/**
 * memlab_buf_write() - copy into a buffer, through the kernel's address of it
 * @buf: the buffer; EACCES when its device was opened for reading only
 * @offset: first byte in the buffer
 * @data: where from
 * @length: bytes; ERANGE when @offset + @length is beyond the buffer's size
 *
 * EOPNOTSUPP as for memlab_buf_read().
 *
 * Return: 0 when all was copied, or -1; then a first part may have been copied.
 */
int memlab_buf_write(const struct memlab_buf *buf, uint64_t offset, const void *data,
		     size_t length);

/**
 * memlab_buf_fill() - have the kernel write the pattern into a buffer
 * @buf: the buffer; EACCES when its device was opened for reading only
 * @seed: any value
 * @offset: first byte in the buffer
 * @length: bytes, or 0 for all up to the end
 *
 * What is written is what memlab_pattern_bytes() gives for the same seed and
 * offset. ERANGE when the range is not within the buffer.
 *
 * Return: 0, or -1; then a part may have been written.
 */
int memlab_buf_fill(const struct memlab_buf *buf, uint64_t seed, uint64_t offset, uint64_t length);

/**
 * memlab_buf_check() - have the kernel compare a buffer with the pattern
 * @buf: the buffer
 * @seed: as given to memlab_buf_fill()
 * @offset: first byte in the buffer
 * @length: bytes, or 0 for all up to the end
 * @first_wrong: out: offset in the buffer of the first byte that differs, when
 *	1 is returned; may be NULL
 *
 * Return: 0 when all bytes are right, 1 when one differs, -1 on error.
 */
int memlab_buf_check(const struct memlab_buf *buf, uint64_t seed, uint64_t offset, uint64_t length,
		     uint64_t *first_wrong);

/* ---- resizing a buffer --------------------------------------------------- */

/**
 * memlab_resize_config_new() - how to resize, to be filled in by the setters
 *
 * The size, or an array, must be set. Without more it is done with GFP_KERNEL and
 * without __GFP_ZERO.
 *
 * Return: a request for memlab_resize_config_free(), or NULL.
 */
struct memlab_resize_config *memlab_resize_config_new(void);

/**
 * memlab_resize_config_free() - let go of a request
 * @config: the request, or NULL
 */
void memlab_resize_config_free(struct memlab_resize_config *config);

/**
 * memlab_resize_config_set_size() - choose the new size
 * @config: the request
 * @bytes: from 1; memlab_buf_resize() judges it
 */
void memlab_resize_config_set_size(struct memlab_resize_config *config, uint64_t bytes);

/**
 * memlab_resize_config_set_array() - use the form for arrays, krealloc_array()
 * @config: the request
 * @count: number of elements; 0: no array, so that the size counts
 * @element_bytes: size of one element, from 1
 */
void memlab_resize_config_set_array(struct memlab_resize_config *config, uint64_t count,
				    uint64_t element_bytes);

/**
 * memlab_resize_config_set_zero() - resize with __GFP_ZERO
 * @config: the request
 * @zero: as with __GFP_ZERO
 */
void memlab_resize_config_set_zero(struct memlab_resize_config *config, bool zero);

/**
 * memlab_resize_config_set_gfp() - choose the GFP flags
 * @config: the request
 * @gfp: set of MEMLAB_LIB_GFP_*, or 0 for GFP_KERNEL
 */
void memlab_resize_config_set_gfp(struct memlab_resize_config *config, uint64_t gfp);

/**
 * memlab_resize_config_set_count_stale() - count what others left in the new part
 * @config: the request
 * @count_stale: when true, memlab_call_get_stale() will tell; needs CAP_SYS_ADMIN
 */
void memlab_resize_config_set_count_stale(struct memlab_resize_config *config, bool count_stale);

/**
 * memlab_buf_resize() - have the kernel make a buffer larger or smaller
 * @buf: the buffer, of an allocator that memlab_dev_info_is_resizable(); EACCES when
 *	its device was opened for reading only
 * @config: how
 * @call: out: what the kernel's function did; on failure the reason, if the driver
 *	gave one; may be NULL
 *
 * kmalloc memory is resized by krealloc() or krealloc_array(), kvmalloc memory by
 * kvrealloc(), vmalloc memory by vrealloc(), where the kernel has them. The content
 * stays up to the smaller of the two sizes (memlab_call_get_kept()), the rest reads as
 * zeros.
 *
 * Size, map offset and map length of the handle are the new ones from then on. Other
 * handles of the same buffer go on with the old ones until they are opened anew.
 *
 * Errors: EBUSY while any process has the buffer mapped or another thread uses it;
 * EOPNOTSUPP (memory that no function resizes); EINVAL, ERANGE, EOVERFLOW, EDQUOT,
 * ENOSPC, ENOMEM and EPERM as for memlab_buf_alloc(). Whatever fails leaves the
 * buffer and the handle as they were.
 *
 * Return: 0, or -1.
 */
int memlab_buf_resize(struct memlab_buf *buf, const struct memlab_resize_config *config,
		      struct memlab_call *call);

/* ---- what a call of the kernel's function did ---------------------------- */

/**
 * memlab_call_new() - room for an account of what a call did
 *
 * It is given to memlab_buf_alloc_call() and others, each of which fills it in anew.
 * Until then, and for what the function has nothing to tell about, it is all 0.
 *
 * Return: a call for memlab_call_free(), or NULL.
 */
struct memlab_call *memlab_call_new(void);

/**
 * memlab_call_free() - let go of it
 * @call: the call, or NULL
 */
void memlab_call_free(struct memlab_call *call);

/**
 * memlab_call_get_reason() - why the driver refused
 * @call: the call
 *
 * Return: enum memlab_lib_reason, or a number that only a newer library knows;
 * MEMLAB_LIB_REASON_NONE when it did not refuse, or errno says it all.
 */
unsigned int memlab_call_get_reason(const struct memlab_call *call);

/**
 * memlab_call_get_function() - the kernel's function that was called
 * @call: the call
 *
 * Return: its name, such as "kmalloc_array"; "" when none was called. The string lives
 * until @call is used anew or freed.
 */
const char *memlab_call_get_function(const struct memlab_call *call);

/**
 * memlab_call_get_seen() - the context as the caller of the kernel's function saw it
 * @call: the call
 *
 * Return: set of MEMLAB_LIB_SEEN_*, or 0 when the function was not called (yet).
 */
unsigned int memlab_call_get_seen(const struct memlab_call *call);

/**
 * memlab_call_get_preempt_count() - the kernel's preempt_count() as seen there
 * @call: the call
 *
 * Return: the number, which means something only if memlab_call_get_seen() is not 0.
 */
unsigned int memlab_call_get_preempt_count(const struct memlab_call *call);

/**
 * memlab_call_get_gfp_used() - GFP flags that the kernel's function was given
 * @call: the call
 *
 * Return: set of MEMLAB_LIB_GFP_*, with those that the driver added.
 */
uint64_t memlab_call_get_gfp_used(const struct memlab_call *call);

/**
 * memlab_call_get_stale() - bytes that were not zero when the allocator gave them
 * @call: the call
 *
 * Return: number of bytes; of an allocation among all that were asked for, of a resize
 * among those beyond memlab_call_get_kept(), or MEMLAB_LIB_NOT_COUNTED if a signal came
 * first. 0 unless counting was asked for.
 */
uint64_t memlab_call_get_stale(const struct memlab_call *call);

/**
 * memlab_call_get_nanoseconds() - how long the kernel's function took
 * @call: the call
 *
 * Return: nanoseconds, without the way into the kernel and back.
 */
uint64_t memlab_call_get_nanoseconds(const struct memlab_call *call);

/**
 * memlab_call_get_kept() - how much of the content a resize kept
 * @call: the call, of memlab_buf_resize()
 *
 * Return: bytes, from the first one of the buffer on.
 */
uint64_t memlab_call_get_kept(const struct memlab_call *call);

/**
 * memlab_call_is_moved() - did a resize put the memory elsewhere?
 * @call: the call, of memlab_buf_resize()
 *
 * Return: true if the kernel's address of the buffer is another one now.
 */
bool memlab_call_is_moved(const struct memlab_call *call);

/* ---- caches -------------------------------------------------------------- */

/**
 * memlab_cache_config_new() - what cache to make, to be filled in by the setters
 *
 * The size must be set. Without more the cache has the kernel's least alignment, no
 * part that may be copied to and from user space, may be merged with others, and
 * lives as long as the device handle.
 *
 * Return: a request for memlab_cache_config_free(), or NULL.
 */
struct memlab_cache_config *memlab_cache_config_new(void);

/**
 * memlab_cache_config_free() - let go of a request
 * @config: the request, or NULL; caches made from it stay
 */
void memlab_cache_config_free(struct memlab_cache_config *config);

/**
 * memlab_cache_config_set_size() - choose the size of an object
 * @config: the request
 * @bytes: from 1 to MEMLAB_LIB_CACHE_MAX_BYTES; memlab_cache_create() judges it
 */
void memlab_cache_config_set_size(struct memlab_cache_config *config, uint64_t bytes);

/**
 * memlab_cache_config_set_align() - choose the alignment of objects
 * @config: the request
 * @align: bytes, a power of two up to a page; 0 for the kernel's least one
 */
void memlab_cache_config_set_align(struct memlab_cache_config *config, uint32_t align);

/**
 * memlab_cache_config_set_usercopy() - let a part of each object be copied
 * @config: the request
 * @offset: where in an object the part begins
 * @length: its bytes; 0 for no such part
 *
 * Only that part of an object can be reached by memlab_buf_read() and
 * memlab_buf_write(). Makes memlab_cache_create() call kmem_cache_create_usercopy().
 */
void memlab_cache_config_set_usercopy(struct memlab_cache_config *config, uint64_t offset,
				      uint64_t length);

/**
 * memlab_cache_config_set_no_merge() - keep the cache to itself
 * @config: the request
 * @no_merge: as with SLAB_NO_MERGE, which needs MEMLAB_LIB_FEATURE_NO_MERGE
 */
void memlab_cache_config_set_no_merge(struct memlab_cache_config *config, bool no_merge);

/**
 * memlab_cache_config_set_hwcache_align() - align objects to lines of the CPU's cache
 * @config: the request
 * @hwcache_align: as with SLAB_HWCACHE_ALIGN
 */
void memlab_cache_config_set_hwcache_align(struct memlab_cache_config *config, bool hwcache_align);

/**
 * memlab_cache_config_set_persistent() - let the cache outlive the device handle
 * @config: the request
 * @persistent: when true, only memlab_cache_destroy() ends the cache
 */
void memlab_cache_config_set_persistent(struct memlab_cache_config *config, bool persistent);

/**
 * memlab_cache_create() - have the kernel make a slab cache
 * @dev: the device, open for writing
 * @config: what cache
 * @call: out: the function that was called; on failure the reason, if the driver gave
 *	one; may be NULL
 *
 * Errors: EINVAL (size 0, a meaningless alignment), ERANGE (too large an object, or a
 * part that does not lie within it), EOPNOTSUPP (no SLAB_NO_MERGE in this kernel),
 * EDQUOT (max_user_caches), ENOMEM, EACCES.
 *
 * Return: a handle for memlab_cache_destroy() or memlab_cache_close(), or NULL.
 */
struct memlab_cache *memlab_cache_create(struct memlab_dev *dev,
					 const struct memlab_cache_config *config,
					 struct memlab_call *call);

/**
 * memlab_cache_open() - get hold of a cache that exists
 * @dev: the device
 * @id: the cache's id
 *
 * Errors: ENOENT when there is no such cache, or it is somebody else's.
 *
 * Return: a handle for memlab_cache_destroy() or memlab_cache_close(), or NULL.
 */
struct memlab_cache *memlab_cache_open(struct memlab_dev *dev, uint32_t id);

/**
 * memlab_cache_destroy() - give a cache back to the kernel
 * @cache: the handle
 *
 * On success the handle is gone as well; on failure it stays as it was. EBUSY while
 * the cache has live objects.
 *
 * Return: 0, or -1.
 */
int memlab_cache_destroy(struct memlab_cache *cache);

/**
 * memlab_cache_close() - let go of the handle, not of the cache
 * @cache: the handle, or NULL
 */
void memlab_cache_close(struct memlab_cache *cache);

/**
 * memlab_cache_get_id() - id of a cache
 * @cache: the cache
 *
 * Return: the id, never 0.
 */
uint32_t memlab_cache_get_id(const struct memlab_cache *cache);

/**
 * memlab_cache_get_name() - the kernel's name of a cache
 * @cache: the cache
 *
 * Return: its name in /proc/slabinfo, unless it was merged; lives as long as @cache.
 */
const char *memlab_cache_get_name(const struct memlab_cache *cache);

/**
 * memlab_cache_get_size() - size of an object
 * @cache: the cache
 *
 * Return: bytes, as asked for.
 */
uint64_t memlab_cache_get_size(const struct memlab_cache *cache);

/**
 * memlab_dev_next_cache_id() - walk over the caches that the caller may use
 * @dev: the device
 * @id: in: 0 to begin, or the last id seen; out: the next one
 *
 * Return: 1 with the next id in @id; 0 when there is no further one; -1 on error.
 */
int memlab_dev_next_cache_id(const struct memlab_dev *dev, uint32_t *id);

/**
 * memlab_cache_get_info() - describe a cache
 * @cache: the cache
 *
 * Return: a snapshot for memlab_cache_info_free(), or NULL.
 */
struct memlab_cache_info *memlab_cache_get_info(const struct memlab_cache *cache);

/**
 * memlab_cache_info_free() - let go of a snapshot
 * @info: the snapshot, or NULL
 */
void memlab_cache_info_free(struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_id() - id of the cache
 * @info: the snapshot
 *
 * Return: the id, never 0.
 */
uint32_t memlab_cache_info_get_id(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_name() - the kernel's name of the cache
 * @info: the snapshot
 *
 * Return: as memlab_cache_get_name(); lives as long as @info.
 */
const char *memlab_cache_info_get_name(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_function() - the kernel's function that made the cache
 * @info: the snapshot
 *
 * Return: "kmem_cache_create" or "kmem_cache_create_usercopy"; lives as long as @info.
 */
const char *memlab_cache_info_get_function(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_size() - size of an object
 * @info: the snapshot
 *
 * Return: bytes, as asked for.
 */
uint64_t memlab_cache_info_get_size(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_align() - alignment of objects that was asked for
 * @info: the snapshot
 *
 * Return: bytes, or 0 when none was asked for.
 */
uint32_t memlab_cache_info_get_align(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_user_offset() - where the part for user space begins
 * @info: the snapshot
 *
 * Return: offset in an object, in bytes; 0 without such a part.
 */
uint64_t memlab_cache_info_get_user_offset(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_user_size() - size of the part for user space
 * @info: the snapshot
 *
 * Return: bytes, or 0 for no such part.
 */
uint64_t memlab_cache_info_get_user_size(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_objects() - number of live objects
 * @info: the snapshot
 *
 * Return: the number, of all buffers of this cache together.
 */
uint64_t memlab_cache_info_get_objects(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_is_no_merge() - was it asked to be kept to itself?
 * @info: the snapshot
 *
 * Return: true if so.
 */
bool memlab_cache_info_is_no_merge(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_is_hwcache_align() - was alignment to cache lines asked for?
 * @info: the snapshot
 *
 * Return: true if so.
 */
bool memlab_cache_info_is_hwcache_align(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_is_persistent() - does the cache outlive its device handle?
 * @info: the snapshot
 *
 * Return: true if so.
 */
bool memlab_cache_info_is_persistent(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_owner_uid() - user who made the cache
 * @info: the snapshot
 *
 * Return: user id as the caller's user namespace has it.
 */
uint32_t memlab_cache_info_get_owner_uid(const struct memlab_cache_info *info);

/**
 * memlab_cache_info_get_owner_pid() - process that made the cache
 * @info: the snapshot
 *
 * Return: process id, or 0 when the caller's pid namespace has none for it.
 */
uint32_t memlab_cache_info_get_owner_pid(const struct memlab_cache_info *info);

/* ---- what a buffer is ---------------------------------------------------- */

/**
 * memlab_buf_get_info() - describe a buffer
 * @buf: the buffer
 *
 * The first call for a buffer may take long, as the kernel looks at every page.
 *
 * Return: a snapshot for memlab_buf_info_free(), or NULL.
 */
struct memlab_buf_info *memlab_buf_get_info(const struct memlab_buf *buf);

/**
 * memlab_buf_info_free() - let go of a snapshot
 * @info: the snapshot, or NULL
 */
void memlab_buf_info_free(struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_id() - id of the buffer
 * @info: the snapshot
 *
 * Return: the id, never 0.
 */
uint32_t memlab_buf_info_get_id(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_allocator() - the allocator that made it
 * @info: the snapshot
 *
 * Return: enum memlab_lib_allocator, or a number that only a newer library knows.
 */
unsigned int memlab_buf_info_get_allocator(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_backing() - the part of the kernel that holds its pages
 * @info: the snapshot
 *
 * Return: enum memlab_lib_backing, or a number that only a newer library knows.
 */
unsigned int memlab_buf_info_get_backing(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_size() - bytes asked for
 * @info: the snapshot
 *
 * Return: bytes.
 */
uint64_t memlab_buf_info_get_size(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_usable_size() - bytes that the allocator set aside
 * @info: the snapshot
 *
 * Return: bytes, ksize() for what comes from kmalloc, the object of a cache, and whole
 * pages for the rest.
 */
uint64_t memlab_buf_info_get_usable_size(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_map_length() - bytes that can be mapped
 * @info: the snapshot
 *
 * Return: bytes, or 0 when the buffer cannot be mapped.
 */
uint64_t memlab_buf_info_get_map_length(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_extent_count() - number of physically contiguous runs
 * @info: the snapshot
 *
 * Return: the number, at least 1.
 */
uint64_t memlab_buf_info_get_extent_count(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_largest_extent() - length of the longest run
 * @info: the snapshot
 *
 * Return: bytes.
 */
uint64_t memlab_buf_info_get_largest_extent(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_kernel_address() - where the kernel sees the buffer
 * @info: the snapshot
 *
 * Return: the address, or 0 when memlab_buf_info_is_kernel_address_hidden().
 */
uint64_t memlab_buf_info_get_kernel_address(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_kernel_align() - alignment of the kernel address
 * @info: the snapshot
 *
 * Return: the largest power of two that divides it, in bytes.
 */
uint64_t memlab_buf_info_get_kernel_align(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_phys() - physical address of the first byte
 * @info: the snapshot
 *
 * Return: the address, or 0 when memlab_buf_info_is_phys_hidden().
 */
uint64_t memlab_buf_info_get_phys(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_phys_align() - alignment of the physical address
 * @info: the snapshot
 *
 * Return: the largest power of two that divides it, in bytes.
 */
uint64_t memlab_buf_info_get_phys_align(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_owner_uid() - user who allocated the buffer
 * @info: the snapshot
 *
 * Return: user id as the caller's user namespace has it.
 */
uint32_t memlab_buf_info_get_owner_uid(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_owner_pid() - process that allocated the buffer
 * @info: the snapshot
 *
 * Return: process id, or 0 when the caller's pid namespace has none for it.
 */
uint32_t memlab_buf_info_get_owner_pid(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_mappings() - how often the buffer is mapped
 * @info: the snapshot
 *
 * Return: number of mappings, by all processes together.
 */
uint32_t memlab_buf_info_get_mappings(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_node() - NUMA node that was asked for
 * @info: the snapshot
 *
 * Return: the node, or -1 when none was asked for.
 */
int memlab_buf_info_get_node(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_is_zero() - was the zeroing form asked for?
 * @info: the snapshot
 *
 * Return: true if so.
 */
bool memlab_buf_info_is_zero(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_is_persistent() - does the buffer outlive its device handle?
 * @info: the snapshot
 *
 * Return: true if so.
 */
bool memlab_buf_info_is_persistent(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_is_contiguous() - is it one run of physical memory?
 * @info: the snapshot
 *
 * Return: true if so.
 */
bool memlab_buf_info_is_contiguous(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_is_phys_hidden() - are physical addresses kept from the caller?
 * @info: the snapshot
 *
 * Return: true if so, for want of CAP_SYS_ADMIN.
 */
bool memlab_buf_info_is_phys_hidden(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_is_kernel_address_hidden() - is the address kept from the caller?
 * @info: the snapshot
 *
 * Return: true if so, for want of CAP_SYSLOG.
 */
bool memlab_buf_info_is_kernel_address_hidden(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_gfp() - GFP flags that were asked for
 * @info: the snapshot
 *
 * Return: set of MEMLAB_LIB_GFP_* as given, by the last resize if there was one.
 */
uint64_t memlab_buf_info_get_gfp(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_gfp_used() - GFP flags that the kernel's function was given
 * @info: the snapshot
 *
 * Return: set of MEMLAB_LIB_GFP_*; 0 when the driver is older.
 */
uint64_t memlab_buf_info_get_gfp_used(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_count() - number of elements that were asked for
 * @info: the snapshot
 *
 * Return: the number, or 0 when the form for arrays was not.
 */
uint64_t memlab_buf_info_get_count(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_element_size() - size of an element
 * @info: the snapshot
 *
 * Return: bytes, or 0 when the form for arrays was not asked for.
 */
uint64_t memlab_buf_info_get_element_size(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_context() - where it was allocated
 * @info: the snapshot
 *
 * Return: enum memlab_lib_context, or a number that only a newer library knows.
 */
unsigned int memlab_buf_info_get_context(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_cache_id() - id of the cache that it is an object of
 * @info: the snapshot
 *
 * Return: the id, or 0 when it is of no &struct memlab_cache.
 */
uint32_t memlab_buf_info_get_cache_id(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_seen() - the context as seen by what called the allocator
 * @info: the snapshot
 *
 * Return: as memlab_call_get_seen(); 0 when the driver is older.
 */
unsigned int memlab_buf_info_get_seen(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_preempt_count() - the kernel's preempt_count() as seen there
 * @info: the snapshot
 *
 * Return: as memlab_call_get_preempt_count().
 */
unsigned int memlab_buf_info_get_preempt_count(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_resizes() - how often it has been resized
 * @info: the snapshot
 *
 * Return: the number.
 */
uint32_t memlab_buf_info_get_resizes(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_function() - the kernel's function that made it what it is
 * @info: the snapshot
 *
 * Return: name of the function that last allocated or resized it, such as
 * "kmalloc_array"; "" when the driver is older. The string lives as long as @info.
 */
const char *memlab_buf_info_get_function(const struct memlab_buf_info *info);

/**
 * memlab_buf_info_get_cache_name() - the slab cache that it is an object of
 * @info: the snapshot
 *
 * For kmalloc it is the cache that size and flags lead to, such as "kmalloc-128". A
 * cache may have been merged into another one, whose name is then the one in
 * /proc/slabinfo.
 *
 * Return: the name, or "" for none and when the driver is older. The string lives as
 * long as @info.
 */
const char *memlab_buf_info_get_cache_name(const struct memlab_buf_info *info);

/* ---- the physical memory of a buffer ------------------------------------- */

/**
 * memlab_buf_get_extents() - all physically contiguous runs of a buffer
 * @buf: the buffer
 *
 * Return: the list, ordered by offset and without gaps, for memlab_extents_free(),
 * or NULL.
 */
struct memlab_extents *memlab_buf_get_extents(const struct memlab_buf *buf);

/**
 * memlab_extents_free() - let go of a list
 * @extents: the list, or NULL
 */
void memlab_extents_free(struct memlab_extents *extents);

/**
 * memlab_extents_get_count() - number of extents
 * @extents: the list
 *
 * Return: the number. Indexes below run from 0 and must be less than it.
 */
size_t memlab_extents_get_count(const struct memlab_extents *extents);

/**
 * memlab_extents_is_phys_hidden() - do physical addresses read as 0?
 * @extents: the list
 *
 * Return: true if so, for want of CAP_SYS_ADMIN.
 */
bool memlab_extents_is_phys_hidden(const struct memlab_extents *extents);

/**
 * memlab_extents_get_offset() - where in the buffer an extent begins
 * @extents: the list
 * @index: which one
 *
 * Return: offset in bytes.
 */
uint64_t memlab_extents_get_offset(const struct memlab_extents *extents, size_t index);

/**
 * memlab_extents_get_phys() - physical address of an extent
 * @extents: the list
 * @index: which one
 *
 * Return: the address, or 0 when memlab_extents_is_phys_hidden().
 */
uint64_t memlab_extents_get_phys(const struct memlab_extents *extents, size_t index);

/**
 * memlab_extents_get_length() - length of an extent
 * @extents: the list
 * @index: which one
 *
 * Return: bytes. The last extent ends with the last byte asked for.
 */
uint64_t memlab_extents_get_length(const struct memlab_extents *extents, size_t index);

/**
 * memlab_extents_get_node() - NUMA node of an extent
 * @extents: the list
 * @index: which one
 *
 * Return: the node.
 */
int memlab_extents_get_node(const struct memlab_extents *extents, size_t index);

/**
 * memlab_extents_get_zone() - memory zone of an extent
 * @extents: the list
 * @index: which one
 *
 * Return: enum memlab_lib_zone.
 */
unsigned int memlab_extents_get_zone(const struct memlab_extents *extents, size_t index);

/* ---- the kernel's arithmetic --------------------------------------------- */

/**
 * memlab_probe() - have the kernel's helpers work out a size
 * @dev: the device, open for reading
 * @kind: enum memlab_lib_probe
 * @a: first argument
 * @b: second argument, 0 where there is none
 * @c: third argument, 0 where there is none
 * @result: out: the result; the kernel's SIZE_MAX means "overflow"
 *
 * The arguments are the kernel's size_t.
 *
 * Errors: EINVAL (unknown kind, or an argument where there is none), EACCES.
 *
 * Return: 0, or -1.
 */
int memlab_probe(const struct memlab_dev *dev, unsigned int kind, uint64_t a, uint64_t b,
		 uint64_t c, uint64_t *result);

/* ---- what the kernel's functions take ------------------------------------- */

/* The most objects of a batch, and of one by functions for many at once. */
#define MEMLAB_LIB_BENCH_MAX_OBJECTS 65536
#define MEMLAB_LIB_BENCH_MAX_BULK    4096

/* The most steps in which memory grows. */
#define MEMLAB_LIB_BENCH_MAX_STEPS 65536

/* Number of buckets of a histogram. */
#define MEMLAB_LIB_BENCH_BUCKETS 1184

/**
 * enum memlab_lib_bench_pattern - what is timed
 * @MEMLAB_LIB_BENCH_PAIR: allocate one object and free it
 * @MEMLAB_LIB_BENCH_BATCH: allocate many, then free them in an order
 * @MEMLAB_LIB_BENCH_BULK: the same by kmem_cache_alloc_bulk() and kmem_cache_free_bulk()
 * @MEMLAB_LIB_BENCH_GROW: allocate one stride, resize it stride by stride to its size, free
 * @MEMLAB_LIB_BENCH_READ: read 8 bytes, which say where the next are, one stride apart
 * @MEMLAB_LIB_BENCH_WRITE: the same, and write them
 */
enum memlab_lib_bench_pattern {
	MEMLAB_LIB_BENCH_PAIR = 1,
	MEMLAB_LIB_BENCH_BATCH = 2,
	MEMLAB_LIB_BENCH_BULK = 3,
	MEMLAB_LIB_BENCH_GROW = 4,
	MEMLAB_LIB_BENCH_READ = 5,
	MEMLAB_LIB_BENCH_WRITE = 6,
};

/**
 * enum memlab_lib_bench_order - in which order objects are freed, and memory is accessed
 * @MEMLAB_LIB_BENCH_SAME: as they were allocated; one after the other
 * @MEMLAB_LIB_BENCH_REVERSE: the other way round
 * @MEMLAB_LIB_BENCH_SHUFFLED: in an arbitrary order, the same in each call
 */
enum memlab_lib_bench_order {
	MEMLAB_LIB_BENCH_SAME = 0,
	MEMLAB_LIB_BENCH_REVERSE = 1,
	MEMLAB_LIB_BENCH_SHUFFLED = 2,
};

/* How to measure; begins with all zero, but one thread that does pairs. */
struct memlab_bench_config;

/* What was measured: a snapshot. */
struct memlab_bench_report;

/**
 * memlab_bench_pattern_name() - name of a pattern, such as "batch"
 * @pattern: enum memlab_lib_bench_pattern
 *
 * Return: the name, or NULL for an unknown number. There are no gaps from 1 on.
 */
const char *memlab_bench_pattern_name(unsigned int pattern);

/**
 * memlab_bench_pattern_from_name() - the pattern of a name
 * @name: as memlab_bench_pattern_name() gives it
 *
 * Return: enum memlab_lib_bench_pattern, or -1 with EINVAL for an unknown name.
 */
int memlab_bench_pattern_from_name(const char *name);

/**
 * memlab_bench_order_name() - name of an order, such as "shuffled"
 * @order: enum memlab_lib_bench_order
 *
 * Return: the name, or NULL for an unknown number. There are no gaps from 0 on.
 */
const char *memlab_bench_order_name(unsigned int order);

/**
 * memlab_bench_order_from_name() - the order of a name
 * @name: as memlab_bench_order_name() gives it
 *
 * Return: enum memlab_lib_bench_order, or -1 with EINVAL for an unknown name.
 */
int memlab_bench_order_from_name(const char *name);

/**
 * memlab_bench_config_new() - how to measure: pairs, in the caller's thread
 *
 * Return: for memlab_bench_config_free(), or NULL (ENOMEM).
 */
struct memlab_bench_config *memlab_bench_config_new(void);

/**
 * memlab_bench_config_free() - let go of it
 * @config: may be NULL
 */
void memlab_bench_config_free(struct memlab_bench_config *config);

/**
 * memlab_bench_config_set_pattern() - what to time
 * @config: how to measure
 * @pattern: enum memlab_lib_bench_pattern
 */
void memlab_bench_config_set_pattern(struct memlab_bench_config *config, unsigned int pattern);

/**
 * memlab_bench_config_set_order() - in which order to free or access
 * @config: how to measure
 * @order: enum memlab_lib_bench_order; of batches, bulks and accesses
 */
void memlab_bench_config_set_order(struct memlab_bench_config *config, unsigned int order);

/**
 * memlab_bench_config_set_objects() - how many objects there are at a time
 * @config: how to measure
 * @objects: those of a batch, 1 to MEMLAB_LIB_BENCH_MAX_OBJECTS, or of a bulk, to
 *	MEMLAB_LIB_BENCH_MAX_BULK; 0 for other patterns
 */
void memlab_bench_config_set_objects(struct memlab_bench_config *config, uint32_t objects);

/**
 * memlab_bench_config_set_stride() - how far apart accesses are, how much memory grows
 * @config: how to measure
 * @stride: bytes, for accesses a multiple of 8; 0 for other patterns
 */
void memlab_bench_config_set_stride(struct memlab_bench_config *config, uint64_t stride);

/**
 * memlab_bench_config_set_operations() - when to stop, by number
 * @config: how to measure
 * @operations: for each thread; 0: when the time is up
 */
void memlab_bench_config_set_operations(struct memlab_bench_config *config, uint64_t operations);

/**
 * memlab_bench_config_set_nanoseconds() - when to stop, by time
 * @config: how to measure
 * @nanoseconds: for each thread; 0: when all operations are done
 */
void memlab_bench_config_set_nanoseconds(struct memlab_bench_config *config, uint64_t nanoseconds);

/**
 * memlab_bench_config_set_each() - time each operation, or all as a whole
 * @config: how to measure
 * @each: whether to time each, for histogram and percentiles
 */
void memlab_bench_config_set_each(struct memlab_bench_config *config, bool each);

/**
 * memlab_bench_config_set_cpus() - measure on several processors at a time
 * @config: how to measure
 * @cpus: numbers of processors that are online, each one once; copied
 * @count: how many; 0: in the caller's thread
 *
 * Return: 0, or -1 (ENOMEM).
 */
int memlab_bench_config_set_cpus(struct memlab_bench_config *config, const uint32_t *cpus,
				 uint32_t count);

/**
 * memlab_bench_run() - measure what the kernel's functions take
 * @dev: the device, open for writing
 * @what: the request whose memory is allocated and freed; not persistent, and its stale
 *	bytes are not counted
 * @how: how to measure
 * @call: out: with the reason when it is refused; may be NULL
 *
 * Nothing is left behind. A signal ends it.
 *
 * Errors: those of memlab_buf_alloc(), EINTR, ENXIO (a processor that is not online),
 * EPERM (processors are for CAP_SYS_ADMIN), ENOMEM.
 *
 * Return: for memlab_bench_report_free(), or NULL.
 */
struct memlab_bench_report *memlab_bench_run(const struct memlab_dev *dev,
					     const struct memlab_buf_config *what,
					     const struct memlab_bench_config *how,
					     struct memlab_call *call);

/**
 * memlab_bench_report_free() - let go of what was measured
 * @report: may be NULL
 */
void memlab_bench_report_free(struct memlab_bench_report *report);

/**
 * memlab_bench_report_get_gfp_used() - flags that the kernel's function was given
 * @report: what was measured
 *
 * Return: MEMLAB_LIB_GFP_*.
 */
uint64_t memlab_bench_report_get_gfp_used(const struct memlab_bench_report *report);

/**
 * memlab_bench_report_get_timer() - what reading the clock takes
 * @report: what was measured
 *
 * Return: nanoseconds; they have been subtracted wherever a time was taken.
 */
uint64_t memlab_bench_report_get_timer(const struct memlab_bench_report *report);

/**
 * memlab_bench_report_get_function() - name of the function that allocated
 * @report: what was measured
 *
 * Return: the name; it goes with the report.
 */
const char *memlab_bench_report_get_function(const struct memlab_bench_report *report);

/**
 * memlab_bench_report_get_free_function() - name of the function that freed
 * @report: what was measured
 *
 * Return: the name; it goes with the report.
 */
const char *memlab_bench_report_get_free_function(const struct memlab_bench_report *report);

/**
 * memlab_bench_report_get_thread_count() - how many threads measured
 * @report: what was measured
 *
 * Return: from 1 on; that many processors as were set.
 */
uint32_t memlab_bench_report_get_thread_count(const struct memlab_bench_report *report);

/**
 * memlab_bench_report_get_cpu() - the processor of a thread
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: its number.
 */
uint32_t memlab_bench_report_get_cpu(const struct memlab_bench_report *report, uint32_t thread);

/**
 * memlab_bench_report_get_seen() - the context that a thread saw
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: MEMLAB_LIB_SEEN_*.
 */
unsigned int memlab_bench_report_get_seen(const struct memlab_bench_report *report,
					  uint32_t thread);

/**
 * memlab_bench_report_get_operations() - how many operations a thread tried
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: the number, failures among them.
 */
uint64_t memlab_bench_report_get_operations(const struct memlab_bench_report *report,
					    uint32_t thread);

/**
 * memlab_bench_report_get_failures() - how many of them got no memory
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: the number.
 */
uint64_t memlab_bench_report_get_failures(const struct memlab_bench_report *report,
					  uint32_t thread);

/**
 * memlab_bench_report_get_nanoseconds() - what they took
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: nanoseconds, of all operations; of batches, bulks, and pairs of which each is
 * timed, those of the allocations.
 */
uint64_t memlab_bench_report_get_nanoseconds(const struct memlab_bench_report *report,
					     uint32_t thread);

/**
 * memlab_bench_report_get_free_nanoseconds() - what freeing took
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: nanoseconds, of all; 0 where it was not timed by itself.
 */
uint64_t memlab_bench_report_get_free_nanoseconds(const struct memlab_bench_report *report,
						  uint32_t thread);

/**
 * memlab_bench_report_get_elapsed() - how long a thread was at it
 * @report: what was measured
 * @thread: which one, below the number of threads
 *
 * Return: nanoseconds, with all that lay between the operations.
 */
uint64_t memlab_bench_report_get_elapsed(const struct memlab_bench_report *report, uint32_t thread);

/**
 * memlab_bench_report_get_longest() - the longest operation of all threads
 * @report: what was measured
 * @frees: of the frees, or else of the operations or allocations
 *
 * Return: nanoseconds; 0 if they were not timed one by one.
 */
uint64_t memlab_bench_report_get_longest(const struct memlab_bench_report *report, bool frees);

/**
 * memlab_bench_report_add_histogram() - how many operations took how long
 * @report: what was measured
 * @frees: of the frees, or else of the operations or allocations
 * @counts: MEMLAB_LIB_BENCH_BUCKETS numbers, to which those of the report are added: how
 *	many took from memlab_bench_bucket_least() of a bucket to below that of the next;
 *	none if they were not timed one by one
 */
void memlab_bench_report_add_histogram(const struct memlab_bench_report *report, bool frees,
				       uint64_t *counts);

/**
 * memlab_bench_bucket_least() - the least time that belongs to a bucket
 * @bucket: up to MEMLAB_LIB_BENCH_BUCKETS, where the last one would end
 *
 * Return: nanoseconds. A bucket is one nanosecond wide below 64, and less than 1/31 of
 * its times above.
 */
uint64_t memlab_bench_bucket_least(unsigned int bucket);

/**
 * memlab_bench_percentile() - how long most operations took at most
 * @counts: MEMLAB_LIB_BENCH_BUCKETS numbers, a histogram
 * @per_mille: how many of a thousand, such as 500 for the median, or 999
 *
 * Return: nanoseconds, the last of the bucket; 0 of an empty histogram.
 */
uint64_t memlab_bench_percentile(const uint64_t *counts, unsigned int per_mille);

/* ---- witnesses ----------------------------------------------------------- */

/**
 * memlab_pattern_bytes() - make the pattern that memlab_buf_fill() writes
 * @seed: any value
 * @offset: offset in the buffer of the first byte
 * @data: where to
 * @length: bytes
 */
void memlab_pattern_bytes(uint64_t seed, uint64_t offset, void *data, size_t length);

/**
 * memlab_pattern_mismatch() - compare memory with the pattern
 * @seed: any value
 * @offset: offset in the buffer of the first byte
 * @data: what to compare
 * @length: bytes
 *
 * Return: how many bytes are right before the first wrong one; @length when all
 * are right.
 */
size_t memlab_pattern_mismatch(uint64_t seed, uint64_t offset, const void *data, size_t length);

/**
 * memlab_pagemap_read() - ask the kernel which frames are behind an address
 * @addr: address in this program, at the start of a page
 * @npages: number of pages
 * @pfns: out: @npages page frame numbers (physical address / page size), or
 *	MEMLAB_LIB_PFN_NONE for a page that has no memory yet
 *
 * Reads /proc/self/pagemap, which knows nothing of memlab. Touch the pages first.
 *
 * Errors: EPERM when the kernel hides frame numbers, for want of CAP_SYS_ADMIN;
 * EINVAL when @addr is not at the start of a page; those of open(2) and read(2);
 * EIO when the file ended early.
 *
 * Return: 0, or -1.
 */
int memlab_pagemap_read(const void *addr, size_t npages, uint64_t *pfns);

/**
 * memlab_kpageflags_read() - ask the kernel what it uses page frames for
 * @pfn: first page frame number
 * @npages: number of frames that follow each other
 * @flags: out: @npages sets of flags, bits of <linux/kernel-page-flags.h>
 *
 * Reads /proc/kpageflags, which root alone may open (EACCES) and which the kernel
 * may lack (ENOENT).
 *
 * Return: 0, or -1 with the errno of open(2) or read(2), or EIO when the file
 * ended early.
 */
int memlab_kpageflags_read(uint64_t pfn, size_t npages, uint64_t *flags);

#ifdef __cplusplus
}
#endif

#endif /* LIBMEMLAB_H */
