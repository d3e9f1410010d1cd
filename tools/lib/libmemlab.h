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
 * the errno of its ioctl, whose meanings <linux/memlab.h> lists. The library
 * never prints and never ends the process.
 *
 * Threads: a handle does not change after it was made, so any number of threads
 * may use the same one. Only what ends a handle (its close or free function) must
 * be called once and after all other uses. The exception is struct
 * memlab_buf_config, which its setters change and which belongs to one thread.
 *
 * Lifetimes: a &struct memlab_dev must outlive the buffers that were made with it.
 * Snapshots (memlab_dev_info, memlab_buf_info, memlab_extents) and mappings
 * stand alone. Functions that end a handle accept NULL and keep errno.
 *
 * Signals: an operation that a signal handler interrupted goes on after it.
 *
 * Sizes, offsets and lengths are in bytes.
 */

#define LIBMEMLAB_VERSION_MAJOR 0
#define LIBMEMLAB_VERSION_MINOR 1
#define LIBMEMLAB_VERSION_PATCH 0

#define MEMLAB_LIB_DEFAULT_DEVICE "/dev/memlab"

/* A page that memlab_pagemap_read() found without memory behind it. */
#define MEMLAB_LIB_PFN_NONE UINT64_MAX

struct memlab_dev;
struct memlab_dev_info;
struct memlab_buf;
struct memlab_buf_config;
struct memlab_buf_info;
struct memlab_extents;

/**
 * enum memlab_lib_allocator - where a buffer's memory comes from
 * @MEMLAB_LIB_ALLOCATOR_KMALLOC: kmalloc(); physically contiguous
 * @MEMLAB_LIB_ALLOCATOR_VMALLOC: vmalloc(); virtually contiguous
 */
enum memlab_lib_allocator {
	MEMLAB_LIB_ALLOCATOR_KMALLOC = 1,
	MEMLAB_LIB_ALLOCATOR_VMALLOC = 2,
};

/**
 * enum memlab_lib_backing - which part of the kernel holds a buffer's pages
 * @MEMLAB_LIB_BACKING_SLAB: an object of a slab cache
 * @MEMLAB_LIB_BACKING_LARGE: whole pages of the page allocator, by kmalloc()
 * @MEMLAB_LIB_BACKING_VMALLOC: single pages, mapped into the vmalloc area
 */
enum memlab_lib_backing {
	MEMLAB_LIB_BACKING_SLAB = 1,
	MEMLAB_LIB_BACKING_LARGE = 2,
	MEMLAB_LIB_BACKING_VMALLOC = 3,
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
 * enum memlab_lib_feature - what the driver, the kernel or the caller can do
 * @MEMLAB_LIB_FEATURE_MMAP: buffers of whole pages can be mapped
 * @MEMLAB_LIB_FEATURE_PERSISTENT: buffers may outlive the device handle
 * @MEMLAB_LIB_FEATURE_NODE: a NUMA node may be asked for
 * @MEMLAB_LIB_FEATURE_MEMCG: buffers are charged to memory cgroups
 * @MEMLAB_LIB_FEATURE_INIT_ON_ALLOC: the kernel zeroes every allocation
 * @MEMLAB_LIB_FEATURE_PHYS_VISIBLE: the caller sees physical addresses
 * @MEMLAB_LIB_FEATURE_KADDR_VISIBLE: the caller sees kernel addresses
 */
enum memlab_lib_feature {
	MEMLAB_LIB_FEATURE_MMAP = 0,
	MEMLAB_LIB_FEATURE_PERSISTENT = 1,
	MEMLAB_LIB_FEATURE_NODE = 2,
	MEMLAB_LIB_FEATURE_MEMCG = 3,
	MEMLAB_LIB_FEATURE_INIT_ON_ALLOC = 4,
	MEMLAB_LIB_FEATURE_PHYS_VISIBLE = 5,
	MEMLAB_LIB_FEATURE_KADDR_VISIBLE = 6,
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
 * memlab_backing_name() - name of a backing: "slab", "large" or "vmalloc"
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

/* ---- what to allocate ---------------------------------------------------- */

/**
 * memlab_buf_config_new() - a request, to be filled in by its setters
 *
 * Allocator and size must be set. Without more the buffer is not asked to be
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

/* ---- buffers ------------------------------------------------------------- */

/**
 * memlab_buf_alloc() - have the kernel allocate a buffer
 * @dev: the device, open for writing
 * @config: what to allocate
 *
 * Errors: EINVAL (size 0 or an allocator that the driver lacks), ERANGE (more
 * than the allocator can ever serve), EDQUOT and ENOSPC (limits), ENOMEM, ENXIO
 * (node not online), EPERM, EACCES.
 *
 * Return: a handle for memlab_buf_free() or memlab_buf_close(), or NULL.
 */
struct memlab_buf *memlab_buf_alloc(struct memlab_dev *dev, const struct memlab_buf_config *config);

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
 * Return: bytes, ksize() for kmalloc and whole pages for vmalloc.
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
