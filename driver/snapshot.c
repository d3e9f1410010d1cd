// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a buffer is at one moment. Read under RCU, so that who lists a hundred thousand
 * of them holds no lock that an allocation waits for. Only when a signal
 * has kept the pages of one from being counted, a reference is needed for that long.
 */
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "snapshot.h"
#include "table.h"

/* So many buffers are looked at before somebody else may have the processor. */
#define MEMLAB_SNAPSHOT_BATCH 32

/* Its parts by one look at it, without its memory: that may be gone. */
static void memlab_snapshot_copy(struct memlab_snapshot *snap, const struct memlab_buffer *buf)
{
	u64 fields = snap->fields;

	if (fields == MEMLAB_FIELD(ID))
		return;
	snap->allocator = buf->allocator;
	snap->backing = buf->backing;
	snap->alloc_flags = buf->alloc_flags;
	snap->node = buf->node;
	snap->context = buf->context;
	snap->cache_id = buf->cache_id;
	snap->mappings = READ_ONCE(buf->mappings);
	snap->resizes = buf->resizes;
	snap->bytes = buf->bytes;
	snap->usable = buf->usable;
	snap->count = buf->shape.count;
	snap->element_bytes = buf->shape.element_bytes;
	snap->gfp = buf->gfp;
	snap->gfp_used = buf->gfp_used;
	snap->addr = (unsigned long)buf->addr;
	snap->function = buf->function;
	snap->seen = buf->seen;
	if (fields & MEMLAB_FIELD(OWNER_UID))
		snap->owner_uid = memlab_owner_uid(&buf->owner);
	if (fields & MEMLAB_FIELD(OWNER_PID))
		snap->owner_pid = memlab_owner_pid(&buf->owner);
	if (fields & MEMLAB_MAP_FIELDS) {
		snap->map_offset = memlab_region_map_offset(buf);
		snap->map_length = memlab_region_map_length(buf);
	}
	if (fields & MEMLAB_FIELD(CACHE_NAME))
		memlab_buffer_cache_name(buf, snap->cache_name);
}

/* What is known when its pages have been walked; whether they have been. */
static bool memlab_snapshot_copy_walked(struct memlab_snapshot *snap,
					const struct memlab_buffer *buf)
{
	/* With the release at the end of memlab_layout_walk(). */
	bool walked = smp_load_acquire(&buf->walked);

	snap->extent_count = buf->extent_count;
	snap->largest_extent = buf->largest_extent;
	snap->phys = buf->phys;
	return walked;
}

/*
 * With rcu_read_lock(). Returns 0, -EBUSY while the buffer is being resized, or -EAGAIN
 * when its pages have not been walked yet, if that matters. @snap has the id in any case.
 */
static int memlab_snapshot_take(struct memlab_snapshot *snap, const struct memlab_buffer *buf)
{
	unsigned int seq = raw_read_seqcount(&buf->resize_seq);
	bool known = true;

	snap->id = buf->id;
	if (seq & 1)
		return -EBUSY;
	memlab_snapshot_copy(snap, buf);
	if (snap->fields & MEMLAB_WALKED_FIELDS)
		known = memlab_snapshot_copy_walked(snap, buf);
	if (read_seqcount_retry(&buf->resize_seq, seq))
		return -EBUSY;
	return known ? 0 : -EAGAIN;
}

/* That needs its memory, and so a reference. */
static int memlab_snapshot_walk(const struct memlab_viewer *viewer, u32 id)
{
	struct memlab_buffer *buf = memlab_table_get_seen(viewer, id);
	u64 count, largest;
	int err;

	if (IS_ERR(buf))
		/* Gone is no reason not to look for the next. */
		return PTR_ERR(buf) == -ENOENT ? 0 : PTR_ERR(buf);
	err = memlab_layout_summary(buf, &count, &largest);
	memlab_buffer_put(buf);
	return err;
}

/* Makes what was in the way go away. */
static int memlab_snapshot_wait(const struct memlab_viewer *viewer, u32 id, int why)
{
	if (why == -EAGAIN)
		return memlab_snapshot_walk(viewer, id);
	return memlab_table_wait_resized(id);
}

/* Between two looks. */
static int memlab_snapshot_pause(void)
{
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/**
 * memlab_snapshot_get() - a buffer by its id
 * @viewer: who asks
 * @id: the id
 * @snap: is filled in, as far as its @fields say
 *
 * Return: 0, -ENOENT when there is none that they may see, or -EINTR.
 */
int memlab_snapshot_get(const struct memlab_viewer *viewer, u32 id, struct memlab_snapshot *snap)
{
	const struct memlab_buffer *buf;
	int busy, err;

	for (;;) {
		rcu_read_lock();
		buf = xa_load(&memlab_table, id);
		busy = -ENOENT;
		if (buf && memlab_table_shows(buf) && memlab_owner_is_seen(&buf->owner, viewer))
			busy = memlab_snapshot_take(snap, buf);
		rcu_read_unlock();
		if (!busy || busy == -ENOENT)
			return busy;
		err = memlab_snapshot_wait(viewer, id, busy) ?: memlab_snapshot_pause();
		if (err)
			return err;
	}
}

static bool memlab_snapshot_wanted(const struct memlab_buffer *buf,
				   const struct memlab_viewer *viewer,
				   const struct memlab_filter *filter)
{
	return memlab_table_shows(buf) && memlab_owner_is_seen(&buf->owner, viewer) &&
	       (!uid_valid(filter->uid) || uid_eq(filter->uid, buf->owner.uid)) &&
	       (!filter->allocator || filter->allocator == buf->allocator) &&
	       (!filter->pid || filter->pid == memlab_owner_pid(&buf->owner));
}

/*
 * Some buffers, beginning behind @id. Returns 0 after a batch of them, -ENOENT when there are
 * no more, what @tell returned, or why one could not be taken; that one's id is in @snap.
 */
static int memlab_snapshot_batch(const struct memlab_viewer *viewer,
				 const struct memlab_filter *filter, u32 *id,
				 struct memlab_snapshot *snap, memlab_snapshot_tell_t *tell,
				 void *data)
{
	XA_STATE(xas, &memlab_table, *id + 1UL);
	const struct memlab_buffer *buf;
	int left = MEMLAB_SNAPSHOT_BATCH;
	int err = 0;

	rcu_read_lock();
	xas_for_each(&xas, buf, ULONG_MAX)
	{
		if (xas_retry(&xas, buf))
			continue;
		if (memlab_snapshot_wanted(buf, viewer, filter)) {
			err = memlab_snapshot_take(snap, buf) ?: tell(snap, data);
			if (err)
				break;
		}
		*id = xas.xa_index;
		if (!--left)
			break;
	}
	rcu_read_unlock();
	return buf ? err : -ENOENT;
}

/**
 * memlab_snapshot_each() - all buffers from one on
 * @viewer: who asks
 * @filter: of which ones
 * @id: the id above which to look; out: that of the last one that is done with
 * @snap: is filled in for each, as far as its @fields say
 * @tell: is called with it, and must not sleep; an error ends it all
 * @data: for @tell
 *
 * Return: 0 when there is no further one that they may see, -EINTR, or what @tell returned.
 */
int memlab_snapshot_each(const struct memlab_viewer *viewer, const struct memlab_filter *filter,
			 u32 *id, struct memlab_snapshot *snap, memlab_snapshot_tell_t *tell,
			 void *data)
{
	int err;

	do {
		err = memlab_snapshot_pause();
		if (err)
			return err;
		err = memlab_snapshot_batch(viewer, filter, id, snap, tell, data);
		if (err == -EBUSY || err == -EAGAIN)
			err = memlab_snapshot_wait(viewer, snap->id, err);
	} while (!err);
	return err == -ENOENT ? 0 : err;
}
