/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * memlab: ask the running kernel for memory and see what it is made of.
 *
 * This is the ioctl ABI of /dev/memlab. Documentation/uapi.rst tells the whole
 * story; this header is the reference.
 */
#ifndef _UAPI_LINUX_MEMLAB_H
#define _UAPI_LINUX_MEMLAB_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * Every ioctl takes one pointer to a struct whose first member, @size, is the
 * sizeof() that the program was compiled with. Structs only ever grow at the
 * end, and zero in a new member always means "as before":
 *
 * - A struct shorter than the kernel's is taken as if its tail were zero; only
 *   the part that fits is written back. A struct shorter than the first version
 *   of the ABI is refused with EINVAL.
 * - A struct longer than the kernel's is accepted when the tail that the kernel
 *   does not know is all zero, and refused with E2BIG otherwise. The tail is
 *   left as it is, so zero in an "out" member may mean "an older driver". No
 *   struct may be longer than a page (E2BIG).
 *
 * Because of this the ioctl numbers carry no size (_IO) and never change. All
 * members are naturally aligned and have fixed sizes, so that a 32-bit program
 * on a 64-bit kernel sees the same layout. Members marked "in" are read, "out"
 * are written on success only; an ioctl that fails changes nothing, in the
 * struct or in the kernel, except where its documentation says so: a member
 * @reason is also written when the struct could be read and was refused. When the struct itself
 * turns out not to be writable (EFAULT), ALLOC and CACHE_CREATE have made
 * nothing, but WRITE and FILL have written, and RESIZE has resized.
 */

/**
 * DOC: Errors
 *
 * What each errno means is the same for all ioctls:
 *
 * - ENOTTY: unknown ioctl number.
 * - EFAULT: a pointer does not lead to readable or writable memory.
 * - E2BIG: the struct is larger than this kernel's and its tail is not zero, or
 *   it is larger than a page.
 * - EINVAL: struct too short, unknown flag, reserved member not zero, unknown
 *   allocator number, a size of zero, a member with a meaningless value, or a
 *   combination that the allocator does not take (@reason says which).
 * - ENOENT: no buffer or cache of that id exists, or the caller may not use it
 *   (the two are not told apart), or there is no further one.
 * - ERANGE: a size above what the allocator can ever serve (KMALLOC_MAX_SIZE
 *   for kmalloc, the largest order for pages, the machine's memory for vmalloc,
 *   and INT_MAX, too, for kvmalloc), or above what is safe in that way (@reason);
 *   or an offset and length that do not lie within the buffer.
 * - EOVERFLOW: the size of an array overflows; the kernel's own array function
 *   was called and refused it.
 * - ENXIO: the NUMA node, or a processor, is not online.
 * - EDQUOT: over the caller's limit, max_user_bytes, max_user_buffers or
 *   max_user_caches.
 * - ENOSPC: over the limit of all users together, max_total_bytes; or no id, or
 *   no range of mmap offsets, is left.
 * - ENOMEM: the allocator itself said no.
 * - EBUSY: the buffer is mapped, so it cannot be freed or resized; it is in use
 *   by another thread, so it cannot be resized; its first page is held by a pipe
 *   or a device, so vmalloc memory cannot be freed in an interrupt; or the cache
 *   has live objects, so it cannot be destroyed.
 * - EINTR: a signal ended a long operation, or the wait for a resize of the buffer;
 *   what had been done is told in the ioctl's own documentation.
 * - EOPNOTSUPP: this allocator, this buffer or this kernel cannot do what was
 *   asked, or not in that context (@reason says why).
 * - EPERM: needs a capability that the caller lacks (@reason says what for).
 * - EACCES: the device is not open for reading, which QUERY, LAYOUT, READ, CHECK,
 *   PROBE and CACHE_QUERY need, or not for writing, which ALLOC, FREE, WRITE,
 *   FILL, RESIZE, BENCH, CACHE_CREATE and CACHE_DESTROY need.
 *
 * mmap() adds:
 *
 * - EINVAL: the offset is no buffer's, the range is longer than the mapping
 *   length of the buffer, or the mapping is not MAP_SHARED.
 * - EACCES: PROT_WRITE on a device opened for reading only (the kernel's own).
 * - EBUSY: the buffer is being resized.
 * - EPERM: PROT_EXEC, also where it comes from a personality or an executable
 *   that makes all readable memory executable.
 * - EINTR: a fatal signal came.
 */

#define MEMLAB_ABI_VERSION 1
#define MEMLAB_IOC_TYPE	   0xB9

enum {
	MEMLAB_CMD_INFO = 0x00,
	MEMLAB_CMD_ALLOC = 0x01,
	MEMLAB_CMD_FREE = 0x02,
	MEMLAB_CMD_QUERY = 0x03,
	MEMLAB_CMD_LAYOUT = 0x04,
	MEMLAB_CMD_READ = 0x05,
	MEMLAB_CMD_WRITE = 0x06,
	MEMLAB_CMD_FILL = 0x07,
	MEMLAB_CMD_CHECK = 0x08,
	MEMLAB_CMD_NEXT = 0x09,
	MEMLAB_CMD_RESIZE = 0x0A,
	MEMLAB_CMD_PROBE = 0x0B,
	MEMLAB_CMD_CACHE_CREATE = 0x0C,
	MEMLAB_CMD_CACHE_DESTROY = 0x0D,
	MEMLAB_CMD_CACHE_QUERY = 0x0E,
	MEMLAB_CMD_CACHE_NEXT = 0x0F,
	MEMLAB_CMD_BENCH = 0x10,
};

/**
 * enum memlab_allocator - where a buffer's memory comes from
 * @MEMLAB_ALLOCATOR_KMALLOC: kmalloc(); physically contiguous
 * @MEMLAB_ALLOCATOR_VMALLOC: vmalloc(); virtually contiguous
 * @MEMLAB_ALLOCATOR_KVMALLOC: kvmalloc(); kmalloc(), and vmalloc() when that fails
 * @MEMLAB_ALLOCATOR_PAGES: alloc_pages(), of the smallest order that holds the
 *	bytes; with __GFP_COMP
 * @MEMLAB_ALLOCATOR_PAGES_EXACT: alloc_pages_exact(); contiguous pages, without
 *	those that a block of 2^order has too many
 * @MEMLAB_ALLOCATOR_CACHE: kmem_cache_alloc(); an object of a cache that
 *	MEMLAB_IOC_CACHE_CREATE made
 *
 * Zero is no allocator, so that a forgotten member is noticed.
 */
enum memlab_allocator {
	MEMLAB_ALLOCATOR_KMALLOC = 1,
	MEMLAB_ALLOCATOR_VMALLOC = 2,
	MEMLAB_ALLOCATOR_KVMALLOC = 3,
	MEMLAB_ALLOCATOR_PAGES = 4,
	MEMLAB_ALLOCATOR_PAGES_EXACT = 5,
	MEMLAB_ALLOCATOR_CACHE = 6,
};

/**
 * enum memlab_backing - which part of the kernel holds a buffer's pages
 * @MEMLAB_BACKING_SLAB: an object of a slab cache
 * @MEMLAB_BACKING_LARGE: whole pages of the page allocator, by kmalloc()
 * @MEMLAB_BACKING_VMALLOC: single pages, mapped into the vmalloc area
 * @MEMLAB_BACKING_PAGES: one block of 2^order pages, compound above order 0
 * @MEMLAB_BACKING_SPLIT: neighbouring single pages, of a block that was split
 */
enum memlab_backing {
	MEMLAB_BACKING_SLAB = 1,
	MEMLAB_BACKING_LARGE = 2,
	MEMLAB_BACKING_VMALLOC = 3,
	MEMLAB_BACKING_PAGES = 4,
	MEMLAB_BACKING_SPLIT = 5,
};

/**
 * enum memlab_zone - memory zone of an extent
 * @MEMLAB_ZONE_UNKNOWN: a zone that this ABI has no name for
 * @MEMLAB_ZONE_DMA: ZONE_DMA
 * @MEMLAB_ZONE_DMA32: ZONE_DMA32
 * @MEMLAB_ZONE_NORMAL: ZONE_NORMAL
 * @MEMLAB_ZONE_HIGHMEM: ZONE_HIGHMEM (32-bit kernels)
 * @MEMLAB_ZONE_MOVABLE: ZONE_MOVABLE
 * @MEMLAB_ZONE_DEVICE: ZONE_DEVICE
 */
enum memlab_zone {
	MEMLAB_ZONE_UNKNOWN = 0,
	MEMLAB_ZONE_DMA = 1,
	MEMLAB_ZONE_DMA32 = 2,
	MEMLAB_ZONE_NORMAL = 3,
	MEMLAB_ZONE_HIGHMEM = 4,
	MEMLAB_ZONE_MOVABLE = 5,
	MEMLAB_ZONE_DEVICE = 6,
};

/**
 * enum memlab_context - where the kernel's allocation function is called
 * @MEMLAB_CONTEXT_PROCESS: in the caller's system call, where sleeping is allowed
 * @MEMLAB_CONTEXT_ATOMIC: there, with preemption off and a spinlock held
 * @MEMLAB_CONTEXT_SOFTIRQ: in a soft interrupt, that of a timer
 * @MEMLAB_CONTEXT_HARDIRQ: in a hard interrupt, that of a timer
 *
 * The soft and the hard interrupt are real ones; the call waits for them. Memory
 * that is allocated in one is charged to no memory cgroup, so allocating there needs
 * CAP_SYS_ADMIN. Outside of process context at most KMALLOC_MAX_SIZE bytes, and at
 * most 4 MiB, are served, whatever the allocator. Kernels with PREEMPT_RT offer process context
 * only: there, none of these functions may be called in the others.
 */
enum memlab_context {
	MEMLAB_CONTEXT_PROCESS = 0,
	MEMLAB_CONTEXT_ATOMIC = 1,
	MEMLAB_CONTEXT_SOFTIRQ = 2,
	MEMLAB_CONTEXT_HARDIRQ = 3,
};

/*
 * What the code that called the kernel's function saw of its context; 0 when it
 * has not been called.
 */
#define MEMLAB_SEEN_TASK     (1U << 0) /* in_task() */
#define MEMLAB_SEEN_SOFTIRQ  (1U << 1) /* in_serving_softirq() */
#define MEMLAB_SEEN_HARDIRQ  (1U << 2) /* in_hardirq() */
#define MEMLAB_SEEN_IRQS_OFF (1U << 3) /* irqs_disabled() */
#define MEMLAB_SEEN_LOCKED   (1U << 4) /* a spinlock of the driver was held */

/**
 * DOC: GFP flags
 *
 * Bits of this ABI, not of the running kernel, whose numbers differ by version.
 * 0 is as MEMLAB_GFP_KERNEL. Otherwise exactly one of the first five is needed,
 * which are the kernel's GFP_KERNEL, GFP_NOWAIT, GFP_ATOMIC, GFP_USER and
 * GFP_HIGHUSER; the others are its modifiers, __GFP_DMA and so on.
 *
 * So that no request can flood the kernel's log, escape its memory cgroup or have
 * a process killed, the driver adds
 *
 * - __GFP_NOWARN, unless MEMLAB_GFP_WARN is given;
 * - __GFP_ACCOUNT, unless MEMLAB_GFP_NO_ACCOUNT is given;
 * - to flags that allow direct reclaim, unless MEMLAB_GFP_NORETRY,
 *   MEMLAB_GFP_RETRY_MAYFAIL or MEMLAB_GFP_NOFAIL is given, what makes the page
 *   allocator fail where it would rather kill a process: __GFP_RETRY_MAYFAIL for
 *   vmalloc, caches, and up to order 3 (PAGE_ALLOC_COSTLY_ORDER); for kvmalloc above a
 *   page __GFP_NORETRY, which it takes for its first try by itself.
 *
 * The "gfp_used" of a reply tells what the allocator was given.
 *
 * CAP_SYS_ADMIN is needed for MEMLAB_GFP_ATOMIC and MEMLAB_GFP_HIGH, which use up
 * reserves, MEMLAB_GFP_DMA and MEMLAB_GFP_DMA32, as others can do with nothing else,
 * MEMLAB_GFP_NOFAIL,
 * MEMLAB_GFP_WARN and MEMLAB_GFP_NO_ACCOUNT. MEMLAB_GFP_NOFAIL takes up to a page,
 * from any zone and node; MEMLAB_GFP_WARN up to KMALLOC_MAX_SIZE.
 *
 * What each allocator takes, beside what is said above:
 *
 * - kmalloc, kvmalloc, cache: not HIGHUSER and DMA32, which make slab caches warn
 *   (GFP_SLAB_BUG_MASK in mm/slab.h).
 * - cache: not DMA either, which counts when a cache is made (SLAB_CACHE_DMA).
 * - vmalloc: not NOWAIT and ATOMIC, unless MEMLAB_FEATURE_VMALLOC_NOWAIT; on a
 *   chosen node none but KERNEL, as vmalloc_node() takes no flags.
 * - kvmalloc: with NOWAIT and ATOMIC it never falls back to vmalloc.
 * - pages: all.
 * - pages-exact: not HIGHUSER, as alloc_pages_exact() returns an address.
 */
#define MEMLAB_GFP_KERNEL	 (1ULL << 0)
#define MEMLAB_GFP_NOWAIT	 (1ULL << 1)
#define MEMLAB_GFP_ATOMIC	 (1ULL << 2)
#define MEMLAB_GFP_USER		 (1ULL << 3)
#define MEMLAB_GFP_HIGHUSER	 (1ULL << 4)
#define MEMLAB_GFP_DMA		 (1ULL << 5)
#define MEMLAB_GFP_DMA32	 (1ULL << 6)
#define MEMLAB_GFP_ZERO		 (1ULL << 7)
#define MEMLAB_GFP_HIGH		 (1ULL << 8)
#define MEMLAB_GFP_NOFAIL	 (1ULL << 9)
#define MEMLAB_GFP_NORETRY	 (1ULL << 10)
#define MEMLAB_GFP_RETRY_MAYFAIL (1ULL << 11)
#define MEMLAB_GFP_NOWARN	 (1ULL << 12)
#define MEMLAB_GFP_ACCOUNT	 (1ULL << 13)
#define MEMLAB_GFP_THISNODE	 (1ULL << 14)
#define MEMLAB_GFP_WARN		 (1ULL << 15) /* leave out __GFP_NOWARN */
#define MEMLAB_GFP_NO_ACCOUNT	 (1ULL << 16) /* leave out __GFP_ACCOUNT */
#define MEMLAB_GFP_COMP		 (1ULL << 17) /* out only: added for pages */

/**
 * enum memlab_reason - why a request was refused
 * @MEMLAB_REASON_NONE: it was not, or the errno says it all
 * @MEMLAB_REASON_GFP_BASE: EINVAL: not exactly one of KERNEL, NOWAIT, ATOMIC, USER
 *	and HIGHUSER
 * @MEMLAB_REASON_GFP_ZONE: EINVAL: more than one of HIGHUSER, DMA and DMA32
 * @MEMLAB_REASON_GFP_RETRY: EINVAL: more than one of NORETRY, RETRY_MAYFAIL, NOFAIL
 * @MEMLAB_REASON_GFP_WARN: EINVAL: both NOWARN and WARN
 * @MEMLAB_REASON_GFP_ACCOUNT: EINVAL: both ACCOUNT and NO_ACCOUNT
 * @MEMLAB_REASON_GFP_THISNODE: EINVAL: THISNODE without a chosen node
 * @MEMLAB_REASON_GFP_HIGHMEM: EINVAL: this allocator takes no HIGHUSER
 * @MEMLAB_REASON_GFP_DMA32: EINVAL: this allocator takes no DMA32
 * @MEMLAB_REASON_GFP_NODE: EINVAL: this allocator takes no GFP flags on a chosen node
 * @MEMLAB_REASON_NOFAIL_NOWAIT: EINVAL: NOFAIL with NOWAIT or ATOMIC, which cannot
 *	wait for memory
 * @MEMLAB_REASON_NOFAIL_ZONE: EINVAL: NOFAIL bound to a zone or a node, where it might
 *	wait for ever
 * @MEMLAB_REASON_NOFAIL_SIZE: ERANGE: NOFAIL for more than a page
 * @MEMLAB_REASON_WARN_SIZE: ERANGE: WARN for more than KMALLOC_MAX_SIZE
 * @MEMLAB_REASON_VMALLOC_SLEEPS: EINVAL for flags, EOPNOTSUPP for a context: vmalloc()
 *	sleeps on this kernel, whatever the flags
 * @MEMLAB_REASON_GFP_SLEEPS: EOPNOTSUPP: the flags allow sleeping, the context does not
 * @MEMLAB_REASON_FREE_SLEEPS: EOPNOTSUPP: vfree() may sleep, the context does not
 *	allow it. In interrupts vfree() hands its work on, so there it is allowed
 * @MEMLAB_REASON_CONTEXT_SIZE: ERANGE: too large for a context other than process; or,
 *	where KASAN watches vmalloc(), too small to be freed in an interrupt, for which
 *	vfree() puts a pointer into it
 * @MEMLAB_REASON_CONTEXT_KERNEL: EOPNOTSUPP: this kernel (PREEMPT_RT) does not allow
 *	allocation in that context
 * @MEMLAB_REASON_ADMIN_RESERVES: EPERM: ATOMIC and HIGH use up reserves
 * @MEMLAB_REASON_ADMIN_DMA: EPERM: the zones DMA and DMA32 are for those who can do
 *	with nothing else
 * @MEMLAB_REASON_ADMIN_NOFAIL: EPERM: NOFAIL may have processes killed
 * @MEMLAB_REASON_ADMIN_WARN: EPERM: WARN writes to the kernel's log
 * @MEMLAB_REASON_ADMIN_UNCHARGED: EPERM: the memory would not be charged to the
 *	caller's memory cgroup
 * @MEMLAB_REASON_ADMIN_STALE: EPERM: counts what others left in memory
 * @MEMLAB_REASON_NO_ARRAY: EOPNOTSUPP: this allocator has no form for arrays, or not on
 *	a chosen node
 * @MEMLAB_REASON_NO_NODE: EOPNOTSUPP: this allocator has no form for a chosen node
 * @MEMLAB_REASON_CACHE_SIZE: EINVAL: another size than that of the cache's objects
 * @MEMLAB_REASON_NO_KVFREE: EOPNOTSUPP: kvfree() cannot free memory of this allocator
 * @MEMLAB_REASON_NO_RESIZE: EOPNOTSUPP: the kernel has no function that resizes
 *	memory of this allocator
 * @MEMLAB_REASON_NO_MERGE: EOPNOTSUPP: this kernel cannot exempt a cache from merging
 *	(SLAB_NO_MERGE came with Linux 6.5)
 * @MEMLAB_REASON_GFP_DMA: EINVAL: this allocator takes no DMA
 * @MEMLAB_REASON_GFP_MAYFAIL: EINVAL: vmalloc() of this kernel takes no RETRY_MAYFAIL
 *	(that of Linux 6.19 and 7.0 warns and leaves it out)
 * @MEMLAB_REASON_PATTERN_ALLOCATOR: EOPNOTSUPP: only caches have functions for many
 *	objects at once
 * @MEMLAB_REASON_PATTERN_CONTEXT: EOPNOTSUPP: this pattern runs in process context only
 * @MEMLAB_REASON_PATTERN_EACH: EINVAL: of this pattern operations are not timed one by
 *	one
 * @MEMLAB_REASON_PATTERN_SIZE: EINVAL: the size is not one that the pattern takes in
 *	such strides
 */
enum memlab_reason {
	MEMLAB_REASON_NONE = 0,
	MEMLAB_REASON_GFP_BASE = 1,
	MEMLAB_REASON_GFP_ZONE = 2,
	MEMLAB_REASON_GFP_RETRY = 3,
	MEMLAB_REASON_GFP_WARN = 4,
	MEMLAB_REASON_GFP_ACCOUNT = 5,
	MEMLAB_REASON_GFP_THISNODE = 6,
	MEMLAB_REASON_GFP_HIGHMEM = 7,
	MEMLAB_REASON_GFP_DMA32 = 8,
	MEMLAB_REASON_GFP_NODE = 9,
	MEMLAB_REASON_NOFAIL_NOWAIT = 10,
	MEMLAB_REASON_NOFAIL_ZONE = 11,
	MEMLAB_REASON_NOFAIL_SIZE = 12,
	MEMLAB_REASON_WARN_SIZE = 13,
	MEMLAB_REASON_VMALLOC_SLEEPS = 14,
	MEMLAB_REASON_GFP_SLEEPS = 15,
	MEMLAB_REASON_FREE_SLEEPS = 16,
	MEMLAB_REASON_CONTEXT_SIZE = 17,
	MEMLAB_REASON_CONTEXT_KERNEL = 18,
	MEMLAB_REASON_ADMIN_RESERVES = 19,
	MEMLAB_REASON_ADMIN_DMA = 20,
	MEMLAB_REASON_ADMIN_NOFAIL = 21,
	MEMLAB_REASON_ADMIN_WARN = 22,
	MEMLAB_REASON_ADMIN_UNCHARGED = 23,
	MEMLAB_REASON_ADMIN_STALE = 24,
	MEMLAB_REASON_NO_ARRAY = 25,
	MEMLAB_REASON_NO_NODE = 26,
	MEMLAB_REASON_CACHE_SIZE = 27,
	MEMLAB_REASON_NO_KVFREE = 28,
	MEMLAB_REASON_NO_RESIZE = 29,
	MEMLAB_REASON_NO_MERGE = 30,
	MEMLAB_REASON_GFP_DMA = 31,
	MEMLAB_REASON_GFP_MAYFAIL = 32,
	MEMLAB_REASON_PATTERN_ALLOCATOR = 33,
	MEMLAB_REASON_PATTERN_CONTEXT = 34,
	MEMLAB_REASON_PATTERN_EACH = 35,
	MEMLAB_REASON_PATTERN_SIZE = 36,
};

/* struct memlab_info.features */
#define MEMLAB_FEATURE_MMAP		 (1ULL << 0)  /* buffers of whole pages can be mapped */
#define MEMLAB_FEATURE_PERSISTENT	 (1ULL << 1)  /* MEMLAB_ALLOC_PERSISTENT */
#define MEMLAB_FEATURE_NODE		 (1ULL << 2)  /* kernel built with CONFIG_NUMA */
#define MEMLAB_FEATURE_MEMCG		 (1ULL << 3)  /* charged to memory cgroups */
#define MEMLAB_FEATURE_INIT_ON_ALLOC	 (1ULL << 4)  /* the kernel zeroes every allocation */
#define MEMLAB_FEATURE_PHYS_VISIBLE	 (1ULL << 5)  /* caller sees physical addresses */
#define MEMLAB_FEATURE_KADDR_VISIBLE	 (1ULL << 6)  /* caller sees kernel addresses */
#define MEMLAB_FEATURE_VMALLOC_NOWAIT	 (1ULL << 7)  /* vmalloc takes NOWAIT and ATOMIC */
#define MEMLAB_FEATURE_NO_MERGE		 (1ULL << 8)  /* MEMLAB_CACHE_NO_MERGE */
#define MEMLAB_FEATURE_ATOMIC_SLEEP	 (1ULL << 9)  /* kernel built with DEBUG_ATOMIC_SLEEP */
#define MEMLAB_FEATURE_SLEEP_IN_ATOMIC	 (1ULL << 10) /* module parameter of that name is on */
#define MEMLAB_FEATURE_HARDENED_USERCOPY (1ULL << 11) /* kernel built with that check */
#define MEMLAB_FEATURE_PREEMPT_COUNT	 (1ULL << 12) /* preempt_count() counts spinlocks */

/**
 * struct memlab_info - ioctl(MEMLAB_IOC_INFO)
 * @size: in: sizeof(struct memlab_info)
 * @flags: in: must be 0
 * @abi_version: out: MEMLAB_ABI_VERSION of the driver
 * @page_size: out: PAGE_SIZE in bytes
 * @kmalloc_max_size: out: KMALLOC_MAX_SIZE, the most that kmalloc() can serve
 * @kmalloc_max_cache_size: out: KMALLOC_MAX_CACHE_SIZE, the largest request
 *	that kmalloc() serves from a slab cache; above it go whole pages
 * @kmalloc_minalign: out: ARCH_KMALLOC_MINALIGN in bytes
 * @max_order: out: largest order of the page allocator, inclusive
 * @allocators: out: bit (1 << enum memlab_allocator) for each one offered
 * @features: out: MEMLAB_FEATURE_*
 * @total_ram: out: bytes of memory that the page allocator manages
 * @max_total_bytes: out: limit of all users together
 * @max_user_bytes: out: limit of one user; does not bind CAP_SYS_RESOURCE
 * @max_user_buffers: out: as @max_user_bytes, number of buffers
 * @total_bytes: out: bytes in use by all users
 * @user_bytes: out: bytes in use by the caller's user
 * @user_buffers: out: buffers of the caller's user
 * @driver_version: out: version of the driver, NUL-terminated
 * @gfp: out: MEMLAB_GFP_* that can be given
 * @resizable: out: bit (1 << enum memlab_allocator) for each one whose buffers
 *	MEMLAB_IOC_RESIZE takes on this kernel
 * @contexts: out: bit (1 << enum memlab_context) for each one offered
 * @reserved: in: must be 0
 * @max_user_caches: out: as @max_user_buffers, number of caches
 * @user_caches: out: caches of the caller's user
 *
 * Bytes in use are what an allocation really takes: the size of the slab object
 * or of the block of pages, not the size that was asked for. Objects of a cache are
 * counted with it: for the most that there have been since there was none, with what
 * slabs lose and what each processor may keep for itself, even when it is empty.
 */
struct memlab_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 page_size;
	__aligned_u64 kmalloc_max_size;
	__aligned_u64 kmalloc_max_cache_size;
	__u32 kmalloc_minalign;
	__u32 max_order;
	__aligned_u64 allocators;
	__aligned_u64 features;
	__aligned_u64 total_ram;
	__aligned_u64 max_total_bytes;
	__aligned_u64 max_user_bytes;
	__aligned_u64 max_user_buffers;
	__aligned_u64 total_bytes;
	__aligned_u64 user_bytes;
	__aligned_u64 user_buffers;
	__u8 driver_version[16];
	/* the first version ended here */
	__aligned_u64 gfp;
	__aligned_u64 resizable;
	__u32 contexts;
	__u32 reserved;
	__aligned_u64 max_user_caches;
	__aligned_u64 user_caches;
};

#define MEMLAB_IOC_INFO _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_INFO)

/* struct memlab_alloc.flags */
#define MEMLAB_ALLOC_ZERO	 (1U << 0) /* the allocator's zeroing form, __GFP_ZERO */
#define MEMLAB_ALLOC_PERSISTENT	 (1U << 1) /* outlives the open file */
#define MEMLAB_ALLOC_NODE	 (1U << 2) /* .node is meant */
#define MEMLAB_ALLOC_COUNT_STALE (1U << 3) /* fill in .stale; needs CAP_SYS_ADMIN */
#define MEMLAB_ALLOC_DRY_RUN	 (1U << 4) /* only say whether it would be refused */

/* Names of kernel functions and caches, NUL-terminated. */
#define MEMLAB_NAME_SIZE 32

/**
 * struct memlab_alloc - ioctl(MEMLAB_IOC_ALLOC)
 * @size: in: sizeof(struct memlab_alloc)
 * @allocator: in: enum memlab_allocator
 * @flags: in: MEMLAB_ALLOC_*
 * @node: in: NUMA node to prefer with MEMLAB_ALLOC_NODE, else 0
 * @bytes: in: bytes to allocate, from 1; with @count, those of one element; with
 *	MEMLAB_ALLOCATOR_CACHE, 0 or the size of the cache's objects
 * @usable: out: bytes the allocator set aside for them, ksize() or whole pages
 * @map_offset: out: offset for mmap(), a cookie without further meaning
 * @map_length: out: bytes that can be mapped from there, 0 for none: a buffer
 *	that does not own its pages whole cannot be mapped
 * @id: out: the buffer's id, unique while the buffer lives, never 0
 * @backing: out: enum memlab_backing
 * @gfp: in: MEMLAB_GFP_*
 * @count: in: number of elements, for the form for arrays; 0: no array
 * @context: in: enum memlab_context
 * @cache: in: id of the cache with MEMLAB_ALLOCATOR_CACHE, else 0
 * @reason: out: enum memlab_reason, also when the request is refused
 * @seen: out: MEMLAB_SEEN_*
 * @preempt_count: out: preempt_count() as seen there
 * @reserved: in: must be 0
 * @gfp_used: out: MEMLAB_GFP_* that the kernel's function was given
 * @stale: out: with MEMLAB_ALLOC_COUNT_STALE, how many of the bytes asked for were
 *	not zero when they came from the allocator
 * @nanoseconds: out: how long the kernel's function took
 * @function: out: name of the kernel's function that was called
 *
 * MEMLAB_ALLOC_ZERO calls the zeroing form, such as kzalloc(); MEMLAB_GFP_ZERO the
 * plain one with that flag. @count calls the form for arrays, such as
 * kmalloc_array(), which refuses a size that overflows (EOVERFLOW).
 *
 * With MEMLAB_ALLOC_DRY_RUN nothing is allocated; success means that the request
 * would reach the kernel's function, if the limits allow it (which is not called, also
 * not for EOVERFLOW), and @gfp_used and
 * @function are those that it would have. Other members marked "out" are 0.
 *
 * Without MEMLAB_ALLOC_PERSISTENT the buffer is freed when the open file that
 * made it is closed for the last time and its mappings are gone. A buffer may be
 * used through the file that made it, by processes whose effective user id is
 * that of its maker, and with CAP_SYS_ADMIN.
 *
 * Memory is charged to the caller's memory cgroup. vmalloc() on a chosen node
 * cannot be charged, and so needs CAP_SYS_ADMIN (EPERM).
 *
 * A buffer allocated without MEMLAB_ALLOC_ZERO is cleared by the driver before
 * its content is first shown to or compared for anyone, so that no stale kernel
 * data leaves the kernel.
 */
struct memlab_alloc {
	__u32 size;
	__u32 allocator;
	__u32 flags;
	__s32 node;
	__aligned_u64 bytes;
	__aligned_u64 usable;
	__aligned_u64 map_offset;
	__aligned_u64 map_length;
	__u32 id;
	__u32 backing;
	/* the first version ended here */
	__aligned_u64 gfp;
	__aligned_u64 count;
	__u32 context;
	__u32 cache;
	__u32 reason;
	__u32 seen;
	__u32 preempt_count;
	__u32 reserved;
	__aligned_u64 gfp_used;
	__aligned_u64 stale;
	__aligned_u64 nanoseconds;
	__u8 function[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_ALLOC _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_ALLOC)

/* struct memlab_free.flags */
#define MEMLAB_FREE_KVFREE (1U << 0) /* by kvfree(), not by the allocator's own function */

/**
 * struct memlab_free - ioctl(MEMLAB_IOC_FREE)
 * @size: in: sizeof(struct memlab_free)
 * @id: in: the buffer
 * @flags: in: MEMLAB_FREE_*
 * @reserved: in: must be 0
 * @context: in: enum memlab_context in which to free
 * @reason: out: enum memlab_reason, also when the request is refused
 * @seen: out: MEMLAB_SEEN_*; 0 when the memory has not gone back yet
 * @preempt_count: out: preempt_count() as seen there
 * @nanoseconds: out: how long the kernel's function took
 * @function: out: name of the kernel's function that frees
 *
 * EBUSY while any process has the buffer mapped. The memory goes back when
 * operations under way in other threads have ended.
 */
struct memlab_free {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reserved;
	/* the first version ended here */
	__u32 context;
	__u32 reason;
	__u32 seen;
	__u32 preempt_count;
	__aligned_u64 nanoseconds;
	__u8 function[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_FREE _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_FREE)

/* struct memlab_query.flags and struct memlab_layout.flags, out */
#define MEMLAB_BUFFER_CONTIGUOUS   (1U << 0) /* one extent */
#define MEMLAB_BUFFER_MAPPABLE	   (1U << 1) /* map_length is not 0 */
#define MEMLAB_BUFFER_PHYS_HIDDEN  (1U << 2) /* physical addresses read 0 */
#define MEMLAB_BUFFER_KADDR_HIDDEN (1U << 3) /* the kernel address reads 0 */

/**
 * struct memlab_query - ioctl(MEMLAB_IOC_QUERY)
 * @size: in: sizeof(struct memlab_query)
 * @id: in: the buffer
 * @flags: in: must be 0; out: MEMLAB_BUFFER_*
 * @allocator: out: enum memlab_allocator
 * @backing: out: enum memlab_backing
 * @alloc_flags: out: MEMLAB_ALLOC_* as given
 * @node: out: node as given; without MEMLAB_ALLOC_NODE, 0
 * @owner_uid: out: user id of the maker in the caller's user namespace; the
 *	overflow id, 65534, when it has none there
 * @owner_pid: out: process id of the maker in the caller's pid namespace, 0
 *	when it has none there or has ended
 * @mappings: out: number of mappings (VMAs) of the buffer
 * @bytes: out: bytes asked for
 * @usable: out: as in struct memlab_alloc
 * @map_offset: out: as in struct memlab_alloc
 * @map_length: out: as in struct memlab_alloc
 * @extent_count: out: number of physically contiguous runs that @bytes bytes
 *	are made of
 * @largest_extent: out: length of the longest of them, in bytes
 * @kernel_address: out: kernel virtual address; needs CAP_SYSLOG, else 0
 * @kernel_align: out: largest power of two that divides the kernel address
 * @phys: out: physical address of the first byte; needs CAP_SYS_ADMIN, else 0
 * @phys_align: out: largest power of two that divides @phys
 * @gfp: out: MEMLAB_GFP_* as given, by the last resize if there was one
 * @gfp_used: out: as in struct memlab_alloc
 * @count: out: number of elements as given, 0 for no array
 * @element_bytes: out: size of an element, 0 for no array
 * @context: out: enum memlab_context in which it was allocated
 * @cache: out: id of the cache that it is an object of, else 0
 * @seen: out: as in struct memlab_alloc
 * @preempt_count: out: as in struct memlab_alloc
 * @resizes: out: how often it has been resized
 * @reserved: in: must be 0
 * @function: out: name of the kernel's function that last allocated or resized it
 * @cache_name: out: name of the slab cache that it is an object of, else empty.
 *	For kmalloc() it is what its rules make of size and flags
 *	(include/linux/slab.h, kmalloc_type()), without the number of a random
 *	copy (CONFIG_RANDOM_KMALLOC_CACHES); a cache may have been merged into
 *	another one, whose name is the one in /proc/slabinfo
 *
 * The first query of a buffer may have to walk all of its pages; EINTR when a
 * signal came first. The next try goes on from there.
 */
struct memlab_query {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 allocator;
	__u32 backing;
	__u32 alloc_flags;
	__s32 node;
	__u32 owner_uid;
	__u32 owner_pid;
	__u32 mappings;
	__aligned_u64 bytes;
	__aligned_u64 usable;
	__aligned_u64 map_offset;
	__aligned_u64 map_length;
	__aligned_u64 extent_count;
	__aligned_u64 largest_extent;
	__aligned_u64 kernel_address;
	__aligned_u64 kernel_align;
	__aligned_u64 phys;
	__aligned_u64 phys_align;
	/* the first version ended here */
	__aligned_u64 gfp;
	__aligned_u64 gfp_used;
	__aligned_u64 count;
	__aligned_u64 element_bytes;
	__u32 context;
	__u32 cache;
	__u32 seen;
	__u32 preempt_count;
	__u32 resizes;
	__u32 reserved;
	__u8 function[MEMLAB_NAME_SIZE];
	__u8 cache_name[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_QUERY _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_QUERY)

/**
 * struct memlab_extent - a physically contiguous run within a buffer
 * @offset: offset of its first byte in the buffer
 * @phys: physical address of that byte; needs CAP_SYS_ADMIN, else 0
 * @length: bytes
 * @node: NUMA node
 * @zone: enum memlab_zone
 *
 * A run ends where the next byte is elsewhere in physical memory, or on another
 * node, or in another zone. The last one ends with the last byte asked for.
 */
struct memlab_extent {
	__aligned_u64 offset;
	__aligned_u64 phys;
	__aligned_u64 length;
	__s32 node;
	__u32 zone;
};

/**
 * struct memlab_layout - ioctl(MEMLAB_IOC_LAYOUT)
 * @size: in: sizeof(struct memlab_layout)
 * @id: in: the buffer
 * @flags: in: must be 0; out: MEMLAB_BUFFER_*, but for KADDR_HIDDEN
 * @capacity: in: number of struct memlab_extent in the array, may be 0
 * @start: in: offset in the buffer from which to report, below its size
 * @extents: in: address of the array
 * @count: out: number of extents written to the array
 * @reserved: in: must be 0 (room for the size of an element, should it grow)
 * @next: out: @start for the call that goes on, or 0 when all was told
 * @extent_count: out: number of extents of the whole buffer
 *
 * The extent in which @start lies is reported from @start on. With @next a
 * buffer of any number of extents is read in parts, at the cost of one walk.
 * With a @capacity of 0 only @extent_count is told, and @next is @start. A signal
 * may end a call early: then @count is below @capacity, and @next says where to go
 * on; or EINTR, when it came before the first extent. EINTR and EFAULT may leave
 * a part of the array written.
 */
struct memlab_layout {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 capacity;
	__aligned_u64 start;
	__aligned_u64 extents;
	__u32 count;
	__u32 reserved;
	__aligned_u64 next;
	__aligned_u64 extent_count;
};

#define MEMLAB_IOC_LAYOUT _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_LAYOUT)

/**
 * struct memlab_transfer - ioctl(MEMLAB_IOC_READ), ioctl(MEMLAB_IOC_WRITE)
 * @size: in: sizeof(struct memlab_transfer)
 * @id: in: the buffer
 * @flags: in: must be 0
 * @reserved: in: must be 0
 * @offset: in: first byte in the buffer
 * @length: in: bytes; @offset + @length must lie within the bytes asked for
 * @data: in: address of the caller's memory
 * @done: out: bytes copied; less than @length only when a signal came, or when
 *	the caller's memory ended, after the first part
 *
 * Copies through the kernel's own address of the buffer. Of an object of a cache
 * only the part that the cache declares for copies to and from user space can be
 * read and written (EOPNOTSUPP).
 */
struct memlab_transfer {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 data;
	__aligned_u64 done;
};

#define MEMLAB_IOC_READ	 _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_READ)
#define MEMLAB_IOC_WRITE _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_WRITE)

/* struct memlab_pattern.first_wrong when every byte was right */
#define MEMLAB_ALL_RIGHT (~0ULL)

/**
 * struct memlab_pattern - ioctl(MEMLAB_IOC_FILL), ioctl(MEMLAB_IOC_CHECK)
 * @size: in: sizeof(struct memlab_pattern)
 * @id: in: the buffer
 * @flags: in: must be 0
 * @reserved: in: must be 0
 * @seed: in: any value
 * @offset: in: first byte in the buffer
 * @length: in: bytes; @offset + @length must lie within the bytes asked for; 0
 *	means up to the end
 * @first_wrong: out: MEMLAB_IOC_CHECK: offset in the buffer of the first byte
 *	that differs from the pattern, or MEMLAB_ALL_RIGHT; MEMLAB_IOC_FILL:
 *	MEMLAB_ALL_RIGHT
 *
 * Writes, or compares, through the kernel's own address of the buffer. The byte
 * at offset o of the buffer is byte o % 8, counted from the least significant
 * one, of mix(seed + (o / 8 + 1) * 0x9e3779b97f4a7c15), in 64-bit arithmetic:
 *
 *	mix(z): z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
 *		z = (z ^ (z >> 27)) * 0x94d049bb133111eb
 *		z = z ^ (z >> 31)
 *
 * which is the generator known as splitmix64. Each byte depends on its offset in
 * the buffer, so that pages in the wrong order do not pass. EINTR when a signal
 * came first; FILL may then have written a part.
 */
struct memlab_pattern {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 seed;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 first_wrong;
};

#define MEMLAB_IOC_FILL	 _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_FILL)
#define MEMLAB_IOC_CHECK _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_CHECK)

/**
 * struct memlab_next - ioctl(MEMLAB_IOC_NEXT)
 * @size: in: sizeof(struct memlab_next)
 * @id: in: an id, or 0; out: the smallest id above it that the caller may use
 * @flags: in: must be 0
 * @reserved: in: must be 0
 *
 * Lists buffers: start with 0 and go on until ENOENT.
 */
struct memlab_next {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reserved;
};

#define MEMLAB_IOC_NEXT _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_NEXT)

/* struct memlab_resize.flags */
#define MEMLAB_RESIZE_ZERO	  (1U << 0) /* in: with __GFP_ZERO */
#define MEMLAB_RESIZE_COUNT_STALE (1U << 1) /* in: fill in .stale; needs CAP_SYS_ADMIN */
#define MEMLAB_RESIZE_MOVED	  (1U << 2) /* out: the memory is elsewhere now */

/* struct memlab_resize.stale when a signal kept it from being counted */
#define MEMLAB_NOT_COUNTED (~0ULL)

/**
 * struct memlab_resize - ioctl(MEMLAB_IOC_RESIZE)
 * @size: in: sizeof(struct memlab_resize)
 * @id: in: the buffer
 * @flags: in: MEMLAB_RESIZE_ZERO, MEMLAB_RESIZE_COUNT_STALE; out: also
 *	MEMLAB_RESIZE_MOVED
 * @reason: out: enum memlab_reason, also when the request is refused
 * @gfp: in: MEMLAB_GFP_*
 * @bytes: in: the new size, from 1; with @count, that of one element
 * @count: in: number of elements, for the form for arrays; 0: no array
 * @kept: out: bytes of the old content that are still there, from the first one
 * @usable: out: as in struct memlab_alloc
 * @map_offset: out: as in struct memlab_alloc; another one than before
 * @map_length: out: as in struct memlab_alloc
 * @gfp_used: out: as in struct memlab_alloc
 * @stale: out: with MEMLAB_RESIZE_COUNT_STALE, how many of the bytes beyond @kept
 *	were not zero when they came from the kernel's function, or MEMLAB_NOT_COUNTED
 *	when a signal came
 * @nanoseconds: out: how long the kernel's function took
 * @backing: out: enum memlab_backing
 * @reserved: in: must be 0
 * @function: out: name of the kernel's function that was called
 *
 * kmalloc buffers are resized by krealloc() or krealloc_array(), kvmalloc buffers
 * by kvrealloc(), and so are vmalloc buffers where it leaves them in the vmalloc area
 * (Linux 6.12); others cannot be resized (EOPNOTSUPP). None of these functions takes a
 * node. While memory moves there are both the old and the new; limits count the larger.
 * Whatever fails leaves the buffer as it was. EBUSY
 * while any process has the buffer mapped or another thread uses it.
 *
 * The content is cleared before it is resized, if it has not been shown or changed
 * yet. Bytes beyond @kept are cleared before they are first shown, also with
 * MEMLAB_RESIZE_ZERO, since __GFP_ZERO does not reach all of them on every kernel.
 */
struct memlab_resize {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reason;
	__aligned_u64 gfp;
	__aligned_u64 bytes;
	__aligned_u64 count;
	__aligned_u64 kept;
	__aligned_u64 usable;
	__aligned_u64 map_offset;
	__aligned_u64 map_length;
	__aligned_u64 gfp_used;
	__aligned_u64 stale;
	__aligned_u64 nanoseconds;
	__u32 backing;
	__u32 reserved;
	__u8 function[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_RESIZE _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_RESIZE)

/* The struct of MEMLAB_PROBE_STRUCT_SIZE, and an element of its flexible array. */
#define MEMLAB_PROBE_STRUCT_BYTES  16
#define MEMLAB_PROBE_ELEMENT_BYTES 24

/**
 * enum memlab_probe_kind - what the kernel is asked to work out
 * @MEMLAB_PROBE_ARRAY_SIZE: array_size(a, b)
 * @MEMLAB_PROBE_ARRAY3_SIZE: array3_size(a, b, c)
 * @MEMLAB_PROBE_STRUCT_SIZE: struct_size(), of a struct of
 *	MEMLAB_PROBE_STRUCT_BYTES that ends in a flexible array of @a elements of
 *	MEMLAB_PROBE_ELEMENT_BYTES
 * @MEMLAB_PROBE_SIZE_ADD: size_add(a, b)
 * @MEMLAB_PROBE_KMALLOC_ZERO: kmalloc(0), then kfree(): the pointer if it is
 *	ZERO_SIZE_PTR or NULL, 1 if it is another one
 *
 * The sizes are the kernel's size_t; SIZE_MAX is its way to say "overflow"
 * (include/linux/overflow.h).
 */
enum memlab_probe_kind {
	MEMLAB_PROBE_ARRAY_SIZE = 1,
	MEMLAB_PROBE_ARRAY3_SIZE = 2,
	MEMLAB_PROBE_STRUCT_SIZE = 3,
	MEMLAB_PROBE_SIZE_ADD = 4,
	MEMLAB_PROBE_KMALLOC_ZERO = 5,
};

/**
 * struct memlab_probe - ioctl(MEMLAB_IOC_PROBE)
 * @size: in: sizeof(struct memlab_probe)
 * @kind: in: enum memlab_probe_kind
 * @flags: in: must be 0
 * @reserved: in: must be 0
 * @a: in: first argument
 * @b: in: second argument, 0 where there is none
 * @c: in: third argument, 0 where there is none
 * @result: out: the result
 */
struct memlab_probe {
	__u32 size;
	__u32 kind;
	__u32 flags;
	__u32 reserved;
	__aligned_u64 a;
	__aligned_u64 b;
	__aligned_u64 c;
	__aligned_u64 result;
};

#define MEMLAB_IOC_PROBE _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_PROBE)

/* struct memlab_cache_create.flags */
#define MEMLAB_CACHE_PERSISTENT	   (1U << 0) /* outlives the open file */
#define MEMLAB_CACHE_NO_MERGE	   (1U << 1) /* SLAB_NO_MERGE */
#define MEMLAB_CACHE_HWCACHE_ALIGN (1U << 2) /* SLAB_HWCACHE_ALIGN */
#define MEMLAB_CACHE_USERCOPY	   (1U << 3) /* .user_offset and .user_bytes are meant */

/* The largest object of a cache. */
#define MEMLAB_CACHE_MAX_BYTES (128 * 1024)

/**
 * struct memlab_cache_create - ioctl(MEMLAB_IOC_CACHE_CREATE)
 * @size: in: sizeof(struct memlab_cache_create)
 * @flags: in: MEMLAB_CACHE_*
 * @bytes: in: size of an object, from 1 to MEMLAB_CACHE_MAX_BYTES
 * @align: in: alignment of objects in bytes, a power of two up to a page; 0: the
 *	kernel's least one
 * @id: out: the cache's id, unique while the cache lives, never 0; not an id of a
 *	buffer
 * @user_offset: in: with MEMLAB_CACHE_USERCOPY, where the part of an object begins
 *	that may be copied to and from user space
 * @user_bytes: in: with MEMLAB_CACHE_USERCOPY, length of that part, from 1
 * @reason: out: enum memlab_reason, also when the request is refused
 * @reserved: in: must be 0
 * @name: out: the cache's name in /proc/slabinfo, unless it was merged
 * @function: out: name of the kernel's function that was called:
 *	kmem_cache_create(), or kmem_cache_create_usercopy() with
 *	MEMLAB_CACHE_USERCOPY
 *
 * Without MEMLAB_CACHE_PERSISTENT the cache is destroyed when the open file that
 * made it has been closed for the last time and the last of its objects is gone.
 * A cache may be used by those who may use a buffer of the same maker. Whom the limits
 * of one user bind, gets one that is never merged. ERANGE: too
 * large an object, or a part that does not lie within it.
 */
struct memlab_cache_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__u32 align;
	__u32 id;
	__aligned_u64 user_offset;
	__aligned_u64 user_bytes;
	__u32 reason;
	__u32 reserved;
	__u8 name[MEMLAB_NAME_SIZE];
	__u8 function[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_CACHE_CREATE _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_CACHE_CREATE)

/**
 * struct memlab_cache_destroy - ioctl(MEMLAB_IOC_CACHE_DESTROY)
 * @size: in: sizeof(struct memlab_cache_destroy)
 * @id: in: the cache
 * @flags: in: must be 0
 * @reserved: in: must be 0
 *
 * EBUSY while it has live objects.
 */
struct memlab_cache_destroy {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reserved;
};

#define MEMLAB_IOC_CACHE_DESTROY _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_CACHE_DESTROY)

/**
 * struct memlab_cache_query - ioctl(MEMLAB_IOC_CACHE_QUERY)
 * @size: in: sizeof(struct memlab_cache_query)
 * @id: in: the cache
 * @flags: in: must be 0; out: MEMLAB_CACHE_* as given
 * @align: out: as given
 * @bytes: out: size of an object as given
 * @user_offset: out: as given
 * @user_bytes: out: as given, 0 for none
 * @objects: out: number of live objects
 * @owner_uid: out: as in struct memlab_query
 * @owner_pid: out: as in struct memlab_query
 * @name: out: as in struct memlab_cache_create
 * @function: out: as in struct memlab_cache_create
 */
struct memlab_cache_query {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 align;
	__aligned_u64 bytes;
	__aligned_u64 user_offset;
	__aligned_u64 user_bytes;
	__aligned_u64 objects;
	__u32 owner_uid;
	__u32 owner_pid;
	__u8 name[MEMLAB_NAME_SIZE];
	__u8 function[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_CACHE_QUERY _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_CACHE_QUERY)

/* Takes struct memlab_next, and lists caches as MEMLAB_IOC_NEXT lists buffers. */
#define MEMLAB_IOC_CACHE_NEXT _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_CACHE_NEXT)

/**
 * enum memlab_bench_pattern - what MEMLAB_IOC_BENCH times
 * @MEMLAB_BENCH_PAIR: allocate one object and free it
 * @MEMLAB_BENCH_BATCH: allocate @objects, then free them in an order
 * @MEMLAB_BENCH_BULK: the same by kmem_cache_alloc_bulk() and kmem_cache_free_bulk();
 *	for caches, in process context
 * @MEMLAB_BENCH_GROW: allocate @stride bytes, resize them by as many until there are
 *	@bytes, free; by the functions of MEMLAB_IOC_RESIZE, in process context, no array
 * @MEMLAB_BENCH_READ: go through one object, from element to element
 * @MEMLAB_BENCH_WRITE: the same, and write to each
 *
 * An element is 8 bytes, with the offset of the next one; they are @stride bytes apart.
 * So each access must wait for the one before it. They are in a ring: neighbours in the
 * order "same", backwards in "reverse", and in an arbitrary but always equal order in
 * "shuffled".
 */
enum memlab_bench_pattern {
	MEMLAB_BENCH_PAIR = 1,
	MEMLAB_BENCH_BATCH = 2,
	MEMLAB_BENCH_BULK = 3,
	MEMLAB_BENCH_GROW = 4,
	MEMLAB_BENCH_READ = 5,
	MEMLAB_BENCH_WRITE = 6,
};

/**
 * enum memlab_bench_order - in which order
 * @MEMLAB_BENCH_SAME: objects are freed in the order in which they were allocated;
 *	elements are visited one after the other
 * @MEMLAB_BENCH_REVERSE: the other way round
 * @MEMLAB_BENCH_SHUFFLED: in an arbitrary order, the same in each call
 */
enum memlab_bench_order {
	MEMLAB_BENCH_SAME = 0,
	MEMLAB_BENCH_REVERSE = 1,
	MEMLAB_BENCH_SHUFFLED = 2,
};

/* struct memlab_bench.flags */
#define MEMLAB_BENCH_EACH (1U << 0) /* in: time each operation, for a histogram */

/* The most objects of a batch, and of one by functions for many at once. */
#define MEMLAB_BENCH_MAX_OBJECTS 65536
#define MEMLAB_BENCH_MAX_BULK	 4096

/* The most steps in which memory grows. */
#define MEMLAB_BENCH_MAX_STEPS 65536

/*
 * The buckets of a histogram of nanoseconds. Below 2 * MEMLAB_BENCH_SUBBUCKETS a bucket
 * is a number. Above, each power of two has MEMLAB_BENCH_SUBBUCKETS of the same width:
 * bucket b begins at (MEMLAB_BENCH_SUBBUCKETS + b % MEMLAB_BENCH_SUBBUCKETS) <<
 * (b / MEMLAB_BENCH_SUBBUCKETS - 1). The last one also has what is beyond it, above
 * half an hour.
 */
#define MEMLAB_BENCH_SUBBUCKETS 32
#define MEMLAB_BENCH_BUCKETS	1184

/**
 * struct memlab_bench_result - what one thread measured
 * @cpu: out: the processor that it was bound to; without @cpus, where it began
 * @seen: out: MEMLAB_SEEN_*, where the kernel's functions were called
 * @operations: out: how many were tried: pairs of an allocation and a free, objects of
 *	batches, growths, accesses
 * @failures: out: how many of them got no memory
 * @nanoseconds: out: what they took: with @free_nanoseconds, the allocations; else all
 * @free_nanoseconds: out: what the frees took, where they were timed by themselves: in
 *	batches, and with MEMLAB_BENCH_EACH, but not of growths
 * @longest: out: with MEMLAB_BENCH_EACH, the longest operation, or allocation
 * @longest_free: out: the same of frees
 * @elapsed: out: from the first operation to the last, by the clock
 *
 * The time that it takes to read the clock has been subtracted, but from @elapsed.
 */
struct memlab_bench_result {
	__u32 cpu;
	__u32 seen;
	__aligned_u64 operations;
	__aligned_u64 failures;
	__aligned_u64 nanoseconds;
	__aligned_u64 free_nanoseconds;
	__aligned_u64 longest;
	__aligned_u64 longest_free;
	__aligned_u64 elapsed;
};

/**
 * struct memlab_bench - ioctl(MEMLAB_IOC_BENCH)
 * @size: in: sizeof(struct memlab_bench)
 * @flags: in: MEMLAB_BENCH_EACH
 * @allocator: in: as in struct memlab_alloc, and so the next eight
 * @alloc_flags: in: MEMLAB_ALLOC_ZERO, MEMLAB_ALLOC_NODE
 * @node: in
 * @context: in
 * @cache: in
 * @reason: out
 * @gfp: in
 * @bytes: in
 * @count: in
 * @pattern: in: enum memlab_bench_pattern
 * @order: in: enum memlab_bench_order; MEMLAB_BENCH_SAME where nothing has one
 * @objects: in: those of a batch, from 1 to MEMLAB_BENCH_MAX_OBJECTS, or of one at once,
 *	to MEMLAB_BENCH_MAX_BULK; else 0
 * @cpu_count: in: length of @cpus; 0: in the caller's thread
 * @stride: in: bytes from an element to the next, a multiple of 8; bytes of a step of a
 *	growth; else 0
 * @operations: in: how many each thread shall try, 0: until the time is up. A batch that
 *	was begun is ended
 * @nanoseconds: in: how long each thread shall go on, 0: until all is done
 * @cpus: in: address of an array of __u32, numbers of processors that are online, each
 *	one once: the kernel starts a thread on each, and all begin together. Their
 *	memory is charged to no memory cgroup, which needs CAP_SYS_ADMIN
 * @results: in: address of an array of struct memlab_bench_result, one for each of
 *	@cpus, but at least one; written
 * @histogram: in: with MEMLAB_BENCH_EACH, address of 2 * MEMLAB_BENCH_BUCKETS __u64, or
 *	0: how many operations, or allocations, of all threads are in each bucket,
 *	and then how many frees; written
 * @gfp_used: out: as in struct memlab_alloc
 * @timer: out: nanoseconds that reading the clock takes, subtracted from each time that
 *	was taken
 * @function: out: as in struct memlab_alloc
 * @free_function: out: name of the kernel's function that frees
 *
 * Calls the kernel's functions in loops of their own, for each allocator and form, so
 * that hardly anything is between two calls. Either @operations or @nanoseconds must be
 * given. A signal ends it with EINTR, within a millisecond or one call of the kernel's
 * function; then nothing is told. Nothing is left behind: no buffer, no event, and
 * nothing in the statistics. While it runs, the memory that it needs at a time counts
 * against the limits, as one buffer. Where too little memory is available for a call of
 * vmalloc(), that is a failure, too.
 *
 * vmalloc() is not timed in atomic context, not even where it can be called there,
 * because it could not be freed.
 */
struct memlab_bench {
	__u32 size;
	__u32 flags;
	__u32 allocator;
	__u32 alloc_flags;
	__s32 node;
	__u32 context;
	__u32 cache;
	__u32 reason;
	__aligned_u64 gfp;
	__aligned_u64 bytes;
	__aligned_u64 count;
	__u32 pattern;
	__u32 order;
	__u32 objects;
	__u32 cpu_count;
	__aligned_u64 stride;
	__aligned_u64 operations;
	__aligned_u64 nanoseconds;
	__aligned_u64 cpus;
	__aligned_u64 results;
	__aligned_u64 histogram;
	__aligned_u64 gfp_used;
	__aligned_u64 timer;
	__u8 function[MEMLAB_NAME_SIZE];
	__u8 free_function[MEMLAB_NAME_SIZE];
};

#define MEMLAB_IOC_BENCH _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_BENCH)

#endif /* _UAPI_LINUX_MEMLAB_H */
