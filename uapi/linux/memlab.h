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
 * struct or in the kernel, except where its documentation says so. When the
 * struct itself turns out not to be writable (EFAULT), ALLOC has allocated
 * nothing, but WRITE and FILL have written.
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
 *   allocator number, a size of zero, or a member with a meaningless value.
 * - ENOENT: no buffer of that id exists, or the caller may not use it (the two
 *   are not told apart), or there is no further one.
 * - ERANGE: a size above what the allocator can ever serve (KMALLOC_MAX_SIZE
 *   for kmalloc, the machine's memory for vmalloc), or an offset and length
 *   that do not lie within the buffer.
 * - ENXIO: the NUMA node is not online.
 * - EDQUOT: over the caller's limit, max_user_bytes or max_user_buffers.
 * - ENOSPC: over the limit of all users together, max_total_bytes; or no id, or
 *   no range of mmap offsets, is left.
 * - ENOMEM: the allocator itself said no.
 * - EBUSY: the buffer is mapped, so it cannot be freed.
 * - EINTR: a signal ended a long operation; what had been done is told in the
 *   ioctl's own documentation.
 * - EOPNOTSUPP: this allocator or this buffer cannot do what was asked. Kept for
 *   operations that not every allocator has; none of those below gives it.
 * - EPERM: needs a capability that the caller lacks.
 * - EACCES: the device is not open for reading, which QUERY, LAYOUT, READ and
 *   CHECK need, or not for writing, which ALLOC, FREE, WRITE and FILL need.
 *
 * mmap() adds:
 *
 * - EINVAL: the offset is no buffer's, the range is longer than the mapping
 *   length of the buffer, or the mapping is not MAP_SHARED.
 * - EACCES: PROT_WRITE on a device opened for reading only (the kernel's own).
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
};

/**
 * enum memlab_allocator - where a buffer's memory comes from
 * @MEMLAB_ALLOCATOR_KMALLOC: kmalloc(); physically contiguous
 * @MEMLAB_ALLOCATOR_VMALLOC: vmalloc(); virtually contiguous
 *
 * Zero is no allocator, so that a forgotten member is noticed.
 */
enum memlab_allocator {
	MEMLAB_ALLOCATOR_KMALLOC = 1,
	MEMLAB_ALLOCATOR_VMALLOC = 2,
};

/**
 * enum memlab_backing - which part of the kernel holds a buffer's pages
 * @MEMLAB_BACKING_SLAB: an object of a slab cache
 * @MEMLAB_BACKING_LARGE: whole pages of the page allocator, by kmalloc()
 * @MEMLAB_BACKING_VMALLOC: single pages, mapped into the vmalloc area
 */
enum memlab_backing {
	MEMLAB_BACKING_SLAB = 1,
	MEMLAB_BACKING_LARGE = 2,
	MEMLAB_BACKING_VMALLOC = 3,
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

/* struct memlab_info.features */
#define MEMLAB_FEATURE_MMAP	     (1ULL << 0) /* buffers of whole pages can be mapped */
#define MEMLAB_FEATURE_PERSISTENT    (1ULL << 1) /* MEMLAB_ALLOC_PERSISTENT */
#define MEMLAB_FEATURE_NODE	     (1ULL << 2) /* kernel built with CONFIG_NUMA */
#define MEMLAB_FEATURE_MEMCG	     (1ULL << 3) /* charged to memory cgroups */
#define MEMLAB_FEATURE_INIT_ON_ALLOC (1ULL << 4) /* the kernel zeroes every allocation */
#define MEMLAB_FEATURE_PHYS_VISIBLE  (1ULL << 5) /* caller sees physical addresses */
#define MEMLAB_FEATURE_KADDR_VISIBLE (1ULL << 6) /* caller sees kernel addresses */

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
 *
 * Bytes in use are what an allocation really takes: the size of the slab object
 * or of the block of pages, not the size that was asked for.
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
};

#define MEMLAB_IOC_INFO _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_INFO)

/* struct memlab_alloc.flags */
#define MEMLAB_ALLOC_ZERO	(1U << 0) /* the allocator's zeroing form, __GFP_ZERO */
#define MEMLAB_ALLOC_PERSISTENT (1U << 1) /* outlives the open file */
#define MEMLAB_ALLOC_NODE	(1U << 2) /* .node is meant */

/**
 * struct memlab_alloc - ioctl(MEMLAB_IOC_ALLOC)
 * @size: in: sizeof(struct memlab_alloc)
 * @allocator: in: enum memlab_allocator
 * @flags: in: MEMLAB_ALLOC_*
 * @node: in: NUMA node to prefer with MEMLAB_ALLOC_NODE, else 0
 * @bytes: in: bytes to allocate, from 1
 * @usable: out: bytes the allocator set aside for them, ksize() or whole pages
 * @map_offset: out: offset for mmap(), a cookie without further meaning
 * @map_length: out: bytes that can be mapped from there, 0 for none: a buffer
 *	that does not own its pages whole cannot be mapped
 * @id: out: the buffer's id, unique while the buffer lives, never 0
 * @backing: out: enum memlab_backing
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
};

#define MEMLAB_IOC_ALLOC _IO(MEMLAB_IOC_TYPE, MEMLAB_CMD_ALLOC)

/**
 * struct memlab_free - ioctl(MEMLAB_IOC_FREE)
 * @size: in: sizeof(struct memlab_free)
 * @id: in: the buffer
 * @flags: in: must be 0
 * @reserved: in: must be 0
 *
 * EBUSY while any process has the buffer mapped. The memory goes back when
 * operations under way in other threads have ended.
 */
struct memlab_free {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 reserved;
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
 * @flags: in: must be 0; out: MEMLAB_BUFFER_*
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
 * Copies through the kernel's own address of the buffer.
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

#endif /* _UAPI_LINUX_MEMLAB_H */
