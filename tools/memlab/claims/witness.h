/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who can be asked about kernel memory besides the driver.
 *
 * Functions that return bool give false with errno set when the witness cannot be
 * asked, which is no verdict on what it would have said.
 */
#ifndef MEMLAB_WITNESS_H
#define MEMLAB_WITNESS_H

#include "claim.h"

/* ---- frames.c: page frames, by the driver's word and by others' ---- */

/* Frames of a buffer's pages in the order of its bytes; frames_free() ends it. */
struct frames {
	uint64_t *pfns;
	size_t count;
};

/* As the driver's LAYOUT says: every page that holds a byte asked for. */
bool frames_reported(struct claim_run *run, const struct memlab_buf *buf, struct frames *frames);

/* As /proc/self/pagemap says of a mapping of the buffer, which is made if there is none. */
bool frames_mapped(struct claim_run *run, struct memlab_buf *buf, struct frames *frames);
void frames_free(struct frames *frames);
bool frames_equal(const struct frames *a, const struct frames *b);
/* Runs of neighbouring frames. */
size_t frames_runs(const struct frames *frames);
/* Whether no frame is there twice. */
bool frames_distinct(const struct frames *frames);
/* @count frames from @pfn on, whoever they belong to. */
void frames_range(struct frames *frames, uint64_t pfn, size_t count);

/*
 * What a frame is used for, from /proc/kpageflags. See linux/kernel-page-flags.h for
 * KPF_*; FRAME_FLAG(SLAB) is the bit of KPF_SLAB.
 */
#define FRAME_FLAG(name) (1ULL << KPF_##name)
#define FRAME_COMPOUND	 (FRAME_FLAG(COMPOUND_HEAD) | FRAME_FLAG(COMPOUND_TAIL))

bool kpageflags_of(const struct frames *frames, uint64_t *flags);
/* Whether such a word is that of a tail of a compound page. */
bool frame_is_tail(uint64_t flags);

/* How many of the frames have all of @set and none of @clear, by /proc/kpageflags. */
bool kpageflags_count(const struct frames *frames, uint64_t set, uint64_t clear, size_t *count);

/* How many are a slab's. */
bool kpageflags_slab(const struct frames *frames, size_t *count);

/* References to each frame, by /proc/kpagecount: mappings, not the kernel's own use. */
bool kpagecount_of(const struct frames *frames, uint64_t *counts);

/* ---- bytes.c: the buffer's bytes by two ways ---- */

/*
 * Writes a pattern into the buffer through the mapping, or by WRITE where there can be
 * none; memlab_pattern_bytes() tells the bytes. False: @detail says why.
 */
bool bytes_put(struct claim_run *run, struct memlab_buf *buf, uint64_t seed, char **detail);

/*
 * The kernel writes a pattern through its own address and the mapping shows it, and the
 * other way round; READ and WRITE stand in for a mapping that cannot be. False: they do
 * not agree. @detail, for free(), is what was seen in any case.
 */
bool bytes_agree(struct claim_run *run, struct memlab_buf *buf, uint64_t seed, char **detail);

/* ---- kcore.c: /proc/kcore, the kernel's memory by kernel address ---- */

struct kcore;

struct kcore *kcore_open(void); /* NULL with errno */
void kcore_close(struct kcore *kcore);

/* The bytes at a kernel address. ENXIO: no segment of the file holds all of them. */
bool kcore_read(struct kcore *kcore, uint64_t kaddr, void *bytes, size_t length);

/*
 * Compares the bytes from a kernel address on with the pattern that bytes_put() writes.
 * @first_wrong is the offset of the first that differs, @length if none does.
 */
bool kcore_matches(struct kcore *kcore, uint64_t kaddr, uint64_t length, uint64_t seed,
		   uint64_t *first_wrong);

/* Physical address by the kernel's own table of the direct map; ENXIO: not in that map. */
bool kcore_phys(const struct kcore *kcore, uint64_t kaddr, uint64_t *phys);

/* The address in the direct map of a physical address; ENXIO: there is none. */
bool kcore_direct(const struct kcore *kcore, uint64_t phys, uint64_t *kaddr);

/* Whether [kaddr, kaddr + length) lies in one segment; @direct: one of the direct map. */
bool kcore_within(const struct kcore *kcore, uint64_t kaddr, uint64_t length, bool *direct);

/* ---- slabinfo.c: /proc/slabinfo ---- */

struct slabinfo_row {
	char name[64];
	uint64_t active; /* objects in use; those that lie ready on a CPU count */
	uint64_t objects;
	uint64_t room; /* of an object and of what the kernel adds to it, such as red zones */
	uint64_t objects_per_slab;
	uint64_t pages_per_slab;
};

struct slabinfo {
	struct slabinfo_row *rows;
	size_t count;
};

bool slabinfo_read(struct slabinfo *info);
void slabinfo_free(struct slabinfo *info);
const struct slabinfo_row *slabinfo_find(const struct slabinfo *info, const char *name);
/* Of the object alone, by /sys/kernel/slab; where that has no such file, the room. */
uint64_t slabinfo_object_size(const struct slabinfo_row *row);
/*
 * Has the kernel put free objects back that it keeps ready for each CPU (sheaves, since
 * Linux 6.18): slabinfo counts those as in use. The copies as below.
 */
void slabinfo_settle(const struct slabinfo *info, const char *name);
/*
 * Objects in use of a kmalloc cache, by the name that the driver reports; that has no
 * number, so all copies (CONFIG_RANDOM_KMALLOC_CACHES) count. @row may be NULL, and gets one
 * of them, or NULL when there is no such cache.
 */
uint64_t slabinfo_objects(const struct slabinfo *info, const char *name,
			  const struct slabinfo_row **row);

/* ---- vmallocinfo.c: /proc/vmallocinfo ---- */

struct vmalloc_area {
	uint64_t start; /* 0 when hidden: kptr_restrict, or hashed */
	uint64_t bytes; /* with the guard page */
	uint64_t pages; /* as the file says, 0 when it does not */
	bool is_vmalloc;
	bool is_memlab; /* called by the module memlab */
};

struct vmallocinfo {
	struct vmalloc_area *areas;
	size_t count;
	bool hidden; /* addresses are */
};

bool vmallocinfo_read(struct vmallocinfo *info);
void vmallocinfo_free(struct vmallocinfo *info);
/* The area that begins at an address; NULL: none does, or addresses are hidden. */
const struct vmalloc_area *vmallocinfo_find(const struct vmallocinfo *info, uint64_t start);
/* Areas of so many pages and a guard page that the driver asked for; needs no address. */
size_t vmallocinfo_count(const struct vmallocinfo *info, uint64_t pages, uint64_t page_size);

/* ---- counters.c: numbers that the kernel keeps of its memory ---- */

/* "nr_free_pages" and so on, of /proc/vmstat; ENOENT: no such line. */
bool vmstat_get(const char *name, uint64_t *value);
/* "MemFree" and so on, of /proc/meminfo, in bytes. */
bool meminfo_get(const char *name, uint64_t *bytes);
/* The first number in a file, such as /proc/sys/kernel/kptr_restrict. */
bool number_get(const char *path, uint64_t *value);
/* The sum over all CPUs of a row of /proc/softirqs or /proc/interrupts; false: no such row. */
bool row_sum(const char *path, const char *name, uint64_t *sum);
/* The whole of a file of /proc or /sys, NUL-terminated, for free(); NULL with errno. */
char *file_read(const char *path);
/* Of a file such as "always [madvise] never", the word in brackets; for free(), or NULL. */
char *word_chosen(const char *path, char open, char close);
/* "none", "voluntary", "full" and so on, for free(); NULL when it cannot be told. */
char *preemption_model(void);
/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t clock_now(void);
/* How far apart its readings are at least; 1 where no call is too short to be timed. */
uint64_t clock_step(void);

/* ---- kmsg.c: the kernel's log ---- */

struct kmsg;

/* Watches from now on; NULL with errno. */
struct kmsg *kmsg_watch(void);
void kmsg_close(struct kmsg *kmsg);
/*
 * The first message since kmsg_watch() or the last call that holds @text, and is of
 * @level (0 emergency to 7 debug) or more urgent; for free(). NULL: there is none.
 */
char *kmsg_find(struct kmsg *kmsg, const char *text, int level);
/*
 * The first message since then that tells of a wrong use of the kernel's functions or of
 * memory that ran out; for free(). NULL: the kernel is content.
 */
char *kmsg_complaint(struct kmsg *kmsg);
/* The first message in the log as it is now that holds @text; for free(), or NULL. */
char *kmsg_find_past(const char *text);

#endif /* MEMLAB_WITNESS_H */
