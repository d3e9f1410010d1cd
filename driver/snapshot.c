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

/* Its parts by one look at it, without its memory: that may be gone. */
static void memlab_snapshot_copy(struct memlab_snapshot *snap, const struct memlab_buffer *buf)
{
	*snap = (struct memlab_snapshot){
		.id = buf->id,
		.allocator = buf->allocator,
		.backing = buf->backing,
		.alloc_flags = buf->alloc_flags,
		.node = buf->node,
		.context = buf->context,
		.cache_id = buf->cache_id,
		.mappings = READ_ONCE(buf->mappings),
		.resizes = buf->resizes,
		.owner_uid = memlab_owner_uid(&buf->owner),
		.owner_pid = memlab_owner_pid(&buf->owner),
		.bytes = buf->bytes,
		.usable = buf->usable,
		.count = buf->shape.count,
		.element_bytes = buf->shape.element_bytes,
		.gfp = buf->gfp,
		.gfp_used = buf->gfp_used,
		.map_offset = memlab_region_map_offset(buf),
		.map_length = memlab_region_map_length(buf),
		.addr = (unsigned long)buf->addr,
		.function = buf->function,
		.seen = buf->seen,
	};
	memlab_buffer_cache_name(buf, snap->cache_name);
}

/*
 * With rcu_read_lock(). Returns 0, -EBUSY while the buffer is being resized, or -EAGAIN
 * when its pages have not been walked yet.
 */
static int memlab_snapshot_take(struct memlab_snapshot *snap, const struct memlab_buffer *buf)
{
	unsigned int seq = raw_read_seqcount(&buf->resize_seq);
	bool walked;

	if (seq & 1)
		return -EBUSY;
	memlab_snapshot_copy(snap, buf);
	/* With the release at the end of memlab_layout_walk(). */
	walked = smp_load_acquire(&buf->walked);
	snap->extent_count = buf->extent_count;
	snap->largest_extent = buf->largest_extent;
	snap->phys = buf->phys;
	if (read_seqcount_retry(&buf->resize_seq, seq))
		return -EBUSY;
	return walked ? 0 : -EAGAIN;
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
 * @snap: is filled in
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

/**
 * memlab_snapshot_next() - the next buffer
 * @viewer: who asks
 * @filter: of which ones
 * @id: the id above which to look; out: its id
 * @snap: is filled in
 *
 * Return: 0, -ENOENT when there is no further one that they may see, or -EINTR.
 */
int memlab_snapshot_next(const struct memlab_viewer *viewer, const struct memlab_filter *filter,
			 u32 *id, struct memlab_snapshot *snap)
{
	unsigned long index = *id;
	const struct memlab_buffer *buf;
	bool wanted;
	int busy = 0, err;

	do {
		err = memlab_snapshot_pause();
		if (err)
			return err;
		rcu_read_lock();
		buf = xa_find_after(&memlab_table, &index, ULONG_MAX, XA_PRESENT);
		wanted = buf && memlab_snapshot_wanted(buf, viewer, filter);
		if (wanted)
			busy = memlab_snapshot_take(snap, buf);
		rcu_read_unlock();
		if (!buf)
			return -ENOENT;
		if (wanted && busy) {
			err = memlab_snapshot_wait(viewer, index, busy);
			if (err)
				return err;
			/* Once more the same one. */
			index--;
		}
	} while (!wanted || busy);
	*id = index;
	return 0;
}
