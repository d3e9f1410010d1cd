/* SPDX-License-Identifier: GPL-2.0-only */
/* What a buffer is at one moment, seen without keeping anybody from anything. */
#ifndef MEMLAB_SNAPSHOT_H
#define MEMLAB_SNAPSHOT_H

#include <linux/bits.h>
#include <uapi/linux/memlab_netlink.h>

#include "memlab.h"

/* What of a buffer: the numbers of its attributes. */
#define MEMLAB_FIELD(_name) BIT_ULL(MEMLAB_A_BUFFER_##_name)
#define MEMLAB_MAP_FIELDS   (MEMLAB_FIELD(MAP_OFFSET) | MEMLAB_FIELD(MAP_LENGTH))
#define MEMLAB_WALKED_FIELDS \
	(MEMLAB_FIELD(EXTENT_COUNT) | MEMLAB_FIELD(LARGEST_EXTENT) | MEMLAB_FIELD(PHYS))

/* Members that are not among @fields may have any value. */
struct memlab_snapshot {
	u64 fields; /* is set before it is taken */
	u32 id;
	u32 allocator;
	u32 backing;
	u32 alloc_flags;
	u32 node;
	u32 context;
	u32 cache_id;
	u32 mappings;
	u32 resizes;
	u32 owner_uid;
	u32 owner_pid;
	u64 bytes;
	u64 usable;
	u64 count;
	u64 element_bytes;
	u64 gfp;
	u64 gfp_used;
	u64 map_offset;
	u64 map_length;
	u64 extent_count;
	u64 largest_extent;
	phys_addr_t phys;
	unsigned long addr;
	const char *function;
	struct memlab_seen seen;
	u8 cache_name[MEMLAB_NAME_SIZE];
};

/* Of which buffers. */
struct memlab_filter {
	kuid_t uid; /* of the owner, or INVALID_UID for any */
	u32 pid;    /* of the owner, or 0 */
	u32 allocator;
};

/* What is made of one; under rcu_read_lock(). */
typedef int memlab_snapshot_tell_t(const struct memlab_snapshot *snap, void *data);

int memlab_snapshot_get(const struct memlab_viewer *viewer, u32 id, struct memlab_snapshot *snap);
int memlab_snapshot_each(const struct memlab_viewer *viewer, const struct memlab_filter *filter,
			 u32 *id, struct memlab_snapshot *snap, memlab_snapshot_tell_t *tell,
			 void *data);

#endif /* MEMLAB_SNAPSHOT_H */
