/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memlab: private types and prototypes.
 *
 * Locks, outermost first:
 *
 *   mmap_lock		the kernel's; held by mmap, fault, open and close of VMAs
 *   lock of a buffer	region.c: its clearing and the summary of its layout; may be held
 *			for as long as it takes to walk all pages
 *   origin lock	buffer.c: one large vmalloc() at a time
 *   order of events	event.c: held while something happens and is told; only if
 *			somebody listens
 *   table lock		table.c: table, cookies, lists of files, mapping counts
 *   cache lock		cache.c: table of caches, their objects and what they count for
 *   quota lock		quota.c: users and totals
 *
 *   stats lock		stats.c: one for each allocator
 *
 * The last four are spinlocks, held for a few instructions.
 *
 * A buffer lives until its last reference is put. References are held by the
 * table (from publication until FREE, or until its file is released), by each
 * VMA, and by each operation under way. A cache lives the same way; each of its
 * objects holds a reference.
 *
 * RESIZE changes what others only read. It begins when nobody else holds a
 * reference, and until it ends nobody gets one (memlab_table_begin_resize()).
 *
 * Dumps take neither lock nor reference (snapshot.c): buffers and caches are freed
 * after an RCU grace period, and what RESIZE changes is under a sequence count.
 */
#ifndef MEMLAB_H
#define MEMLAB_H

#include <linux/build_bug.h>
#include <linux/kref.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/seqlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <uapi/linux/memlab.h>

#define MEMLAB_DRIVER_VERSION "0.3.0"

struct file;
struct memlab_allocator_ops;
struct memlab_cache;
struct memlab_user;
struct memlab_walk;
struct pid;

/*
 * For what the driver itself needs: charged to the caller, who is told when there is
 * nothing left, and not killed for it.
 */
#define MEMLAB_GFP_OWN (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/*
 * For messages that may get lost: an allocation of anybody may wait for them to be sent.
 * The sockets that they go to bound them.
 */
#define MEMLAB_GFP_MESSAGE (GFP_NOWAIT | __GFP_NOWARN)

/* What may be done to a buffer's pages through a user mapping. */
enum memlab_map_kind {
	MEMLAB_MAP_SPECIAL, /* no references: special entries, no get_user_pages */
	MEMLAB_MAP_PAGES,   /* ordinary pages: may be pinned, outlive the buffer */
};

/* An open of /dev/memlab. */
struct memlab_file {
	struct list_head buffers; /* table lock */
	struct list_head caches;  /* cache lock */
};

/* Who made a buffer or a cache. */
struct memlab_owner {
	struct memlab_file *file; /* while it is open; lock of the table that it is in */
	kuid_t uid;
	struct pid *pid;
};

/* Who looks, through netlink. */
struct memlab_viewer {
	kuid_t uid; /* INVALID_UID: nothing is theirs */
	bool admin;
	bool kaddr; /* may see kernel addresses */
};

/* What a buffer or a cache counts for. */
struct memlab_charge {
	struct memlab_user *user;
	u64 bytes : 63;
	u64 is_cache : 1;
};

/* Of which size: @count elements, or else no array. */
struct memlab_shape {
	u64 bytes; /* in all; meaningless if they overflow */
	u64 count;
	u64 element_bytes;
	bool overflows;
};

/* What a call of a kernel function saw and took. */
struct memlab_seen {
	u32 flags; /* MEMLAB_SEEN_*; 0: not called */
	u32 preempt_count;
	u64 nanoseconds;
};

/* A range of mmap page offsets; table lock. */
struct memlab_cookie {
	struct rb_node rb;
	unsigned long start;
	unsigned long last;
	unsigned long subtree_last;
};

/* Of a buffer that has whole pages, to be mapped or to be walked (region.c). */
struct memlab_region {
	struct memlab_buffer *buf;
	u64 map_length;
	struct memlab_cookie cookie; /* set only if map_length is not 0 */
	struct mutex lock;
	u64 walked_to;	 /* @lock; bytes that extents were counted in */
	u64 last_extent; /* @lock; length so far of the one that is being walked */
};

/* Of these there may be very many: what is narrow stands together. */
struct memlab_buffer {
	struct kref ref;
	u32 id;
	union {
		struct list_head file_link; /* table lock; while it is in the table */
		struct rcu_head rcu;	    /* afterwards */
	};
	const struct memlab_allocator_ops *ops;
	struct memlab_cache *cache; /* that it is an object of, else NULL */
	union {
		u64 bytes; /* those of @shape */
		struct memlab_shape shape;
	};
	u64 usable;
	void *addr;
	const char *function; /* of the kernel, that made it what it is */
	struct memlab_seen seen;
	u32 gfp; /* MEMLAB_GFP_*, as asked for */
	u32 gfp_used;
	u32 gfp_made; /* what the memory was made with, if a resize left it in place */
	u32 alloc_flags;
	int node;     /* 0 without MEMLAB_ALLOC_NODE */
	u32 cache_id; /* that of @cache, else 0 */
	u32 resizes;
	u8 backing;
	u8 allocator;	 /* enum memlab_allocator */
	u8 context;	 /* enum memlab_context */
	u8 free_context; /* set by who takes it out of the table */
	bool free_by_kvfree;
	bool live;	       /* in the table, to be found; table lock */
	bool known;	       /* was live */
	bool indexed;	       /* was in the table, to be found or not */
	bool resizing;	       /* nobody gets a reference; table lock */
	bool zeroed;	       /* all of it, by the allocator */
	bool cleared;	       /* its lock */
	bool walked;	       /* the end is reached: extents and @phys are right */
	u32 mappings;	       /* table lock */
	seqcount_t resize_seq; /* odd meanwhile */

	struct memlab_owner owner;
	struct memlab_charge charge;

	struct memlab_region *region; /* NULL if it has no whole pages */
	u64 cleared_to;		      /* its lock; bytes */
	u64 extent_count;	      /* its lock */
	u64 largest_extent;	      /* its lock */
	phys_addr_t phys;	      /* its lock; of the first byte */
};

static_assert(offsetof(struct memlab_shape, bytes) == 0);
static_assert(MEMLAB_GFP_COMP <= U32_MAX);

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
#define memlab_reply(req, arg)	     memlab_respond(req, sizeof(*(arg)))
#define memlab_name_set(array, name) strscpy_pad((char *)(array), name, sizeof(array))

/* request.c */
int memlab_ioctl_alloc(struct memlab_request *req);
int memlab_ioctl_free(struct memlab_request *req);
int memlab_ioctl_query(struct memlab_request *req);
int memlab_ioctl_next(struct memlab_request *req);
struct memlab_buffer *memlab_request_buffer(const struct memlab_request *req, u32 id, u64 zero);

/* resize.c */
int memlab_ioctl_resize(struct memlab_request *req);

/* probe.c */
int memlab_ioctl_probe(struct memlab_request *req);

/* info.c */
int memlab_ioctl_info(struct memlab_request *req);
bool memlab_may_see_phys(void);
bool memlab_may_see_kaddr(void);

/* owner.c */
void memlab_owner_init(struct memlab_owner *owner, struct memlab_file *file);
void memlab_owner_release(struct memlab_owner *owner);
bool memlab_owner_admits(const struct memlab_owner *owner, struct file *filp);
bool memlab_owner_is_seen(const struct memlab_owner *owner, const struct memlab_viewer *viewer);
u32 memlab_owner_uid(const struct memlab_owner *owner);
u32 memlab_owner_pid(const struct memlab_owner *owner);

/* backing.c */
struct page *memlab_backing_page(const struct memlab_buffer *buf, u64 offset);
enum memlab_map_kind memlab_backing_map_kind(const struct memlab_buffer *buf);
bool memlab_backing_linear(const struct memlab_buffer *buf);
bool memlab_backing_is_held(const struct memlab_buffer *buf);

/* context.c */
u32 memlab_context_mask(void);
bool memlab_context_may_sleep_in_atomic(void);
int memlab_context_check_alloc(const struct memlab_buffer *buf, u32 *reason);
int memlab_context_check_free(const struct memlab_buffer *buf, u32 context, u32 *reason);
void memlab_context_run(u32 context, void (*work)(void *data), void *data,
			struct memlab_seen *seen);

/* limits.c */
struct memlab_limits {
	u64 total_bytes;
	u64 user_bytes;
	u64 user_buffers;
	u64 user_caches;
};

void memlab_limits_init(void);
void memlab_limits_read(struct memlab_limits *limits);

/* quota.c */
struct memlab_usage {
	u64 total_bytes;
	u64 user_bytes;
	u64 user_buffers;
	u64 user_caches;
};

bool memlab_quota_exempt(void);
void memlab_usage_read(kuid_t uid, struct memlab_usage *usage);
int memlab_quota_charge(struct memlab_charge *charge, kuid_t uid, u64 bytes, bool is_cache);
int memlab_quota_resize(struct memlab_charge *charge, u64 bytes);
void memlab_quota_uncharge(struct memlab_charge *charge);

/* stats.c */
#define MEMLAB_ALLOCATORS (MEMLAB_ALLOCATOR_CACHE + 1) /* beginning with none */

struct memlab_stats {
	u64 calls; /* to allocate */
	u64 failures;
	u64 refused;
	u64 resizes;
	u64 frees;
	u64 live;
	u64 bytes;
	u64 peak_bytes;
	u64 fallbacks;
};

void memlab_stats_init(void);
void memlab_stats_read(u32 allocator, struct memlab_stats *stats);
void memlab_stats_called(u32 allocator, bool resize, bool success);
void memlab_stats_refused(u32 allocator);
void memlab_stats_hold(const struct memlab_buffer *buf, u64 before, bool moved);
void memlab_stats_drop(const struct memlab_buffer *buf);

/* netlink.c */
int memlab_netlink_register(void);
void memlab_netlink_unregister(void);

/* buffer.c */
struct memlab_buffer *memlab_buffer_prepare(struct memlab_request *req, struct memlab_alloc *arg);
void memlab_buffer_discard(struct memlab_buffer *buf);
int memlab_buffer_allocate(struct memlab_buffer *buf);
int memlab_call_carefully(u64 bytes, void (*work)(void *data), void *data,
			  struct memlab_seen *seen);
int memlab_buffers_init(void);
void memlab_buffers_exit(void);
void memlab_buffer_cache_name(const struct memlab_buffer *buf, u8 name[MEMLAB_NAME_SIZE]);
const char *memlab_buffer_free_function(const struct memlab_buffer *buf);
u64 memlab_buffer_takes(const struct memlab_buffer *buf);
void memlab_buffer_abort(struct memlab_buffer *buf);
void memlab_buffer_put(struct memlab_buffer *buf);
void memlab_buffer_put_seen(struct memlab_buffer *buf, struct memlab_seen *seen);

/* table.c */
int memlab_table_reserve(struct memlab_buffer *buf);
void memlab_table_release(struct memlab_buffer *buf);
void memlab_table_publish(struct memlab_buffer *buf);
int memlab_table_remove(struct memlab_buffer *buf, u32 context);
void memlab_table_forget_file(struct memlab_file *file);
void memlab_table_destroy(void);
u32 memlab_table_generation(void);
struct memlab_buffer *memlab_table_get(struct file *filp, u32 id);
struct memlab_buffer *memlab_table_get_seen(const struct memlab_viewer *viewer, u32 id);
int memlab_table_wait_resized(u32 id);
int memlab_table_next(struct file *filp, u32 *id);
int memlab_table_begin_resize(struct memlab_buffer *buf);
void memlab_table_end_resize(struct memlab_buffer *buf, bool resized);

/* mapping.c */
struct memlab_buffer *memlab_table_get_mapping(struct file *filp, unsigned long pgoff,
					       unsigned long pages);
void memlab_table_add_mapping(struct memlab_buffer *buf);
void memlab_table_put_mapping(struct memlab_buffer *buf);
unsigned int memlab_table_mappings(struct memlab_buffer *buf);

/* region.c */
int memlab_region_begin(struct memlab_buffer *buf);
int memlab_region_expect(struct memlab_buffer *buf, u64 bytes, bool nofail);
void memlab_region_update(struct memlab_buffer *buf);
void memlab_region_unmap(struct memlab_buffer *buf);
u64 memlab_region_map_length(const struct memlab_buffer *buf);
u64 memlab_region_map_offset(const struct memlab_buffer *buf);
int memlab_buffer_lock(struct memlab_buffer *buf, unsigned int state);
void memlab_buffer_unlock(struct memlab_buffer *buf);

/* cookie.c; with the table lock held */
int memlab_cookie_insert(struct memlab_buffer *buf);
void memlab_cookie_remove(struct memlab_buffer *buf);
struct memlab_buffer *memlab_cookie_find(unsigned long pgoff, unsigned long pages);

/* cache.c */
struct memlab_cache *memlab_cache_get(struct file *filp, u32 id);
void memlab_cache_put(struct memlab_cache *cache);
int memlab_cache_add_object(struct memlab_cache *cache);
void memlab_cache_remove_object(struct memlab_cache *cache);
u32 memlab_cache_id(const struct memlab_cache *cache);
u64 memlab_cache_bytes(const struct memlab_cache *cache);
const char *memlab_cache_name(const struct memlab_cache *cache);
bool memlab_cache_copyable(const struct memlab_cache *cache, u64 offset, u64 length);
bool memlab_cache_dares(void);
void memlab_cache_forget_file(struct memlab_file *file);
void memlab_cache_destroy_all(void);
int memlab_ioctl_cache_create(struct memlab_request *req);
int memlab_ioctl_cache_destroy(struct memlab_request *req);
int memlab_ioctl_cache_query(struct memlab_request *req);
int memlab_ioctl_cache_next(struct memlab_request *req);

/* layout.c */
int memlab_ioctl_layout(struct memlab_request *req);
int memlab_layout_summary(struct memlab_buffer *buf, u64 *count, u64 *largest);
void memlab_layout_count(struct memlab_buffer *buf);
void memlab_layout_forget(struct memlab_buffer *buf);
int memlab_layout_extents(struct memlab_walk *walk, u64 *offset, struct memlab_extent *extents,
			  u32 most);
u32 memlab_layout_flags(const struct memlab_buffer *buf, u64 extent_count);
phys_addr_t memlab_layout_phys(const struct memlab_buffer *buf);

/* content.c */
int memlab_ioctl_read(struct memlab_request *req);
int memlab_ioctl_write(struct memlab_request *req);
int memlab_content_clear(struct memlab_buffer *buf, unsigned int state);
int memlab_content_count(const struct memlab_buffer *buf, u64 from, u64 *stale);
struct memlab_buffer *memlab_content_get(const struct memlab_request *req, u32 id, u64 zero,
					 u64 offset, u64 length);

/* pattern.c */
int memlab_ioctl_fill(struct memlab_request *req);
int memlab_ioctl_check(struct memlab_request *req);

/* populate.c */
void memlab_populate(struct vm_area_struct *vma, const struct memlab_buffer *buf);

/* bench.c */
int memlab_ioctl_bench(struct memlab_request *req);

/* mmap.c */
int memlab_mmap(struct file *filp, struct vm_area_struct *vma);

#endif /* MEMLAB_H */
