/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memlab: private types and prototypes.
 *
 * Locks, outermost first:
 *
 *   mmap_lock		the kernel's; held by mmap, fault, open and close of VMAs
 *   buffer->lock	a buffer's clearing and the summary of its layout; may be
 *			held for as long as it takes to walk all pages
 *   table lock		table.c: table, cookies, lists of files, mapping counts
 *   quota lock		quota.c: users and totals
 *
 * The last two are spinlocks, held for a few instructions and never nested.
 *
 * A buffer lives until its last reference is put. References are held by the
 * table (from publication until FREE, or until its file is released), by each
 * VMA, and by each operation under way.
 */
#ifndef MEMLAB_H
#define MEMLAB_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/memlab.h>

#define MEMLAB_DRIVER_VERSION "0.1.0"

struct file;
struct memlab_allocator_ops;
struct memlab_user;
struct pid;

/* What may be done to a buffer's pages through a user mapping. */
enum memlab_map_kind {
	MEMLAB_MAP_SPECIAL, /* no references: special entries, no get_user_pages */
	MEMLAB_MAP_PAGES,   /* ordinary pages: may be pinned, outlive the buffer */
};

/* An open of /dev/memlab. */
struct memlab_file {
	struct list_head buffers; /* table lock */
};

/* A range of mmap page offsets; table lock. */
struct memlab_cookie {
	struct rb_node rb;
	unsigned long start;
	unsigned long last;
	unsigned long subtree_last;
};

struct memlab_buffer {
	struct kref ref;
	u32 id;
	u32 alloc_flags;
	int node; /* 0 without MEMLAB_ALLOC_NODE */
	u32 backing;
	u32 allocator; /* enum memlab_allocator */
	const struct memlab_allocator_ops *ops;
	void *addr;
	u64 bytes;
	u64 usable;

	u64 map_length;
	struct memlab_cookie cookie; /* set only if map_length is not 0 */
	unsigned int mappings;	     /* table lock */
	bool live;		     /* in the table; table lock */
	struct memlab_file *file;    /* its maker while open; table lock */
	struct list_head file_link;  /* table lock */

	kuid_t uid;
	struct pid *pid;
	struct memlab_user *user;
	u64 charged;

	struct mutex lock;  /* clearing, and the summary of the layout */
	u64 cleared_to;	    /* @lock; bytes */
	bool cleared;	    /* @lock */
	u64 walked_to;	    /* @lock; bytes that the next three cover */
	u64 extent_count;   /* @lock */
	u64 largest_extent; /* @lock */
	u64 last_extent;    /* @lock; length so far of the one that is being walked */
};

/**
 * struct memlab_allocator_ops - one way to get memory; a line of the table
 * @max_bytes: the most that it can ever serve on this machine
 * @footprint: bytes that a request really takes, for the limits
 * @alloc: sets addr, usable and backing of a buffer whose request is set; a
 *	negative errno on failure
 * @free: undoes @alloc
 * @page: the page in which an offset below the mapping length lies
 * @map_kind: how its pages may be mapped
 * @linear: physically contiguous by construction, so that one look suffices
 */
struct memlab_allocator_ops {
	u64 (*max_bytes)(void);
	u64 (*footprint)(u64 bytes);
	int (*alloc)(struct memlab_buffer *buf);
	void (*free)(struct memlab_buffer *buf);
	struct page *(*page)(const struct memlab_buffer *buf, u64 offset);
	enum memlab_map_kind map_kind;
	bool linear;
};

/* One ioctl under way. */
struct memlab_request {
	struct file *filp;
	void __user *uarg;
	u32 user_size;
	void *arg;
};

/* chardev.c */
int memlab_chardev_register(void);
void memlab_chardev_unregister(void);
int memlab_respond(const struct memlab_request *req, size_t kernel_size);
#define memlab_reply(req, arg) memlab_respond(req, sizeof(*(arg)))

/* request.c */
int memlab_ioctl_alloc(struct memlab_request *req);
int memlab_ioctl_free(struct memlab_request *req);
int memlab_ioctl_query(struct memlab_request *req);
int memlab_ioctl_next(struct memlab_request *req);
struct memlab_buffer *memlab_request_buffer(const struct memlab_request *req, u32 id, u64 zero);

/* info.c */
int memlab_ioctl_info(struct memlab_request *req);
bool memlab_may_see_phys(void);
bool memlab_may_see_kaddr(void);

/* allocator.c, allocators/ */
const struct memlab_allocator_ops *memlab_allocator_find(u32 number);
u64 memlab_allocator_mask(void);
int memlab_allocator_check(const struct memlab_allocator_ops *ops, const struct memlab_alloc *arg);
extern const struct memlab_allocator_ops memlab_kmalloc;
extern const struct memlab_allocator_ops memlab_vmalloc;

/* gfp.c */
gfp_t memlab_gfp(u32 alloc_flags, unsigned int order);

/* limits.c */
struct memlab_limits {
	u64 total_bytes;
	u64 user_bytes;
	u64 user_buffers;
};

void memlab_limits_init(void);
void memlab_limits_read(struct memlab_limits *limits);

/* quota.c */
struct memlab_usage {
	u64 total_bytes;
	u64 user_bytes;
	u64 user_buffers;
};

void memlab_usage_read(kuid_t uid, struct memlab_usage *usage);
int memlab_quota_charge(struct memlab_buffer *buf, u64 bytes);
void memlab_quota_uncharge(struct memlab_buffer *buf);

/* buffer.c */
struct memlab_buffer *memlab_buffer_create(struct memlab_file *file,
					   const struct memlab_alloc *arg);
void memlab_buffer_abort(struct memlab_buffer *buf);
void memlab_buffer_put(struct memlab_buffer *buf);

/* table.c */
int memlab_table_reserve(struct memlab_buffer *buf);
void memlab_table_release(struct memlab_buffer *buf);
void memlab_table_publish(struct memlab_buffer *buf);
int memlab_table_remove(struct memlab_buffer *buf);
void memlab_table_forget_file(struct memlab_file *file);
void memlab_table_destroy(void);
struct memlab_buffer *memlab_table_get(struct file *filp, u32 id);
struct memlab_buffer *memlab_table_next(struct file *filp, u32 id);
struct memlab_buffer *memlab_table_get_mapping(struct file *filp, unsigned long pgoff,
					       unsigned long pages);
void memlab_table_add_mapping(struct memlab_buffer *buf);
void memlab_table_put_mapping(struct memlab_buffer *buf);
unsigned int memlab_table_mappings(struct memlab_buffer *buf);

/* cookie.c; with the table lock held */
int memlab_cookie_insert(struct memlab_buffer *buf);
void memlab_cookie_remove(struct memlab_buffer *buf);
struct memlab_buffer *memlab_cookie_find(unsigned long pgoff, unsigned long pages);

/* layout.c */
int memlab_ioctl_layout(struct memlab_request *req);
int memlab_layout_summary(struct memlab_buffer *buf, u64 *count, u64 *largest);
u32 memlab_layout_flags(const struct memlab_buffer *buf, u64 extent_count);
phys_addr_t memlab_layout_phys(const struct memlab_buffer *buf);

/* content.c */
int memlab_ioctl_read(struct memlab_request *req);
int memlab_ioctl_write(struct memlab_request *req);
int memlab_content_clear(struct memlab_buffer *buf, unsigned int state);
struct memlab_buffer *memlab_content_get(const struct memlab_request *req, u32 id, u64 zero,
					 u64 offset, u64 length);

/* pattern.c */
int memlab_ioctl_fill(struct memlab_request *req);
int memlab_ioctl_check(struct memlab_request *req);

/* mmap.c */
int memlab_mmap(struct file *filp, struct vm_area_struct *vma);

#endif /* MEMLAB_H */
