// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of buffers: by id, by mmap cookie, and by the file that made them;
 * who may use one. The xarray's lock covers it all.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "table.h"

DEFINE_XARRAY(memlab_table);
static u32 memlab_last_id;
static u32 memlab_anchor; /* an id that no buffer gets, or 0 */
static atomic_t memlab_generation = ATOMIC_INIT(1);
static DECLARE_WAIT_QUEUE_HEAD(memlab_resized);

/* The table was changed; with its lock held, so that a dump that sees it hears of it. */
static void memlab_table_changed(void)
{
	/* 0 would mean that nobody looks. */
	if (atomic_inc_return(&memlab_generation) == 0)
		atomic_inc(&memlab_generation);
}

/* Another one each time that a buffer came, went, or was resized. */
u32 memlab_table_generation(void)
{
	return atomic_read_acquire(&memlab_generation);
}

/*
 * An id without a buffer keeps the nodes of the table that lead to the next ids, which would
 * be made and freed each time when a buffer is allocated and freed again and again. With the
 * table lock held, which may be dropped; without memory there is no such id.
 */
static void memlab_anchor_move(u32 anchor)
{
	u32 old;

	if (memlab_anchor == anchor || __xa_insert(&memlab_table, anchor, NULL, MEMLAB_GFP_OWN))
		return;
	old = memlab_anchor;
	memlab_anchor = anchor;
	if (old)
		__xa_erase(&memlab_table, old);
}

/* The next id and its place in the table, or -EBUSY; with the lock held, as above. */
static int memlab_id_take(struct memlab_buffer *buf)
{
	u32 id = memlab_last_id < INT_MAX ? memlab_last_id + 1 : 1;

	memlab_last_id = id;
	if ((id & XA_CHUNK_MASK) == XA_CHUNK_MASK)
		return -EBUSY;
	memlab_anchor_move(id | XA_CHUNK_MASK);
	buf->id = id;
	return __xa_insert(&memlab_table, id, buf, MEMLAB_GFP_OWN);
}

/**
 * memlab_table_reserve() - give a buffer its id and its cookie
 * @buf: a buffer that is being made
 *
 * Ids are given in ascending order, so that one is not used again soon after its buffer is
 * gone. Nobody finds the buffer before memlab_table_publish().
 *
 * Return: 0, -ENOMEM, -EINTR, or -ENOSPC when all ids or all cookies are taken.
 */
int memlab_table_reserve(struct memlab_buffer *buf)
{
	u32 tries = 0;
	int err;

	do {
		if (tries++ == INT_MAX)
			return -ENOSPC;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		xa_lock(&memlab_table);
		err = memlab_id_take(buf);
		if (!err) {
			/* Who looks without a lock may see it (snapshot.c). */
			buf->indexed = true;
			err = memlab_cookie_insert(buf);
			if (err)
				__xa_erase(&memlab_table, buf->id);
		}
		xa_unlock(&memlab_table);
	} while (err == -EBUSY);
	return err;
}

/* Undo memlab_table_reserve(). */
void memlab_table_release(struct memlab_buffer *buf)
{
	xa_lock(&memlab_table);
	memlab_cookie_remove(buf);
	__xa_erase(&memlab_table, buf->id);
	xa_unlock(&memlab_table);
}

/* Let everyone who may use it find the buffer. Takes over the caller's reference. */
void memlab_table_publish(struct memlab_buffer *buf)
{
	xa_lock(&memlab_table);
	buf->known = true;
	/* Pairs with memlab_table_shows(). */
	smp_store_release(&buf->live, true);
	list_add_tail(&buf->file_link, &buf->owner.file->buffers);
	memlab_table_changed();
	xa_unlock(&memlab_table);
}

/* With the table lock held; the caller puts the table's reference afterwards. */
static void memlab_table_unpublish(struct memlab_buffer *buf)
{
	WRITE_ONCE(buf->live, false);
	memlab_cookie_remove(buf);
	__xa_erase(&memlab_table, buf->id);
	list_del_init(&buf->file_link);
	memlab_table_changed();
}

/**
 * memlab_table_remove() - take a buffer out of the table, to be freed
 * @buf: the buffer; the caller has a reference of its own
 * @context: enum memlab_context in which it shall be freed
 *
 * In an interrupt vfree() makes a list of what it will free later, with a pointer in
 * each first page (mm/vmalloc.c, vfree_atomic()). Nobody else may hold that page.
 *
 * Return: 0, and then the caller has to put the table's reference, too; -EBUSY while
 * it is mapped or held, -ENOENT if somebody else was first.
 */
int memlab_table_remove(struct memlab_buffer *buf, u32 context)
{
	int err = 0;

	xa_lock(&memlab_table);
	if (!buf->live) {
		err = -ENOENT;
	} else if (buf->mappings ||
		   (buf->backing == MEMLAB_BACKING_VMALLOC && context != MEMLAB_CONTEXT_PROCESS &&
		    memlab_backing_is_held(buf))) {
		err = -EBUSY;
	} else {
		buf->free_context = context;
		memlab_table_unpublish(buf);
	}
	xa_unlock(&memlab_table);
	return err;
}

/*
 * A file is released: its persistent buffers stay, the others leave the table.
 * No mapping of this file is left, but other files may still map the buffers;
 * their memory goes with the last such mapping.
 */
void memlab_table_forget_file(struct memlab_file *file)
{
	struct memlab_buffer *buf;

	xa_lock(&memlab_table);
	while ((buf = list_first_entry_or_null(&file->buffers, struct memlab_buffer, file_link))) {
		WRITE_ONCE(buf->owner.file, NULL);
		if (buf->alloc_flags & MEMLAB_ALLOC_PERSISTENT) {
			list_del_init(&buf->file_link);
			cond_resched_lock(&memlab_table.xa_lock);
			continue;
		}
		memlab_table_unpublish(buf);
		xa_unlock(&memlab_table);
		memlab_buffer_put(buf);
		cond_resched();
		xa_lock(&memlab_table);
	}
	xa_unlock(&memlab_table);
}

/* The module goes: nobody is left but persistent buffers. */
void memlab_table_destroy(void)
{
	struct memlab_buffer *buf;
	unsigned long id;

	xa_for_each(&memlab_table, id, buf) {
		memlab_buffer_put(buf);
		cond_resched();
	}
	xa_destroy(&memlab_table);
}

static bool memlab_table_is_resizing(u32 id)
{
	struct memlab_buffer *buf;
	bool resizing;

	xa_lock(&memlab_table);
	buf = xa_load(&memlab_table, id);
	resizing = buf && buf->resizing;
	xa_unlock(&memlab_table);
	return resizing;
}

/* Returns -EINTR when a signal came first. */
int memlab_table_wait_resized(u32 id)
{
	if (wait_event_interruptible(memlab_resized, !memlab_table_is_resizing(id)))
		return -EINTR;
	return 0;
}

/* Through a file, or else by who looks. */
static struct memlab_buffer *memlab_table_get_by(struct file *filp,
						 const struct memlab_viewer *viewer, u32 id)
{
	struct memlab_buffer *buf;
	bool resizing;
	int err;

	for (;;) {
		xa_lock(&memlab_table);
		buf = xa_load(&memlab_table, id);
		/* Who may not use it shall not even disturb. */
		if (buf && (!memlab_table_shows(buf) ||
			    !(filp ? memlab_owner_admits(&buf->owner, filp) :
				     memlab_owner_is_seen(&buf->owner, viewer))))
			buf = NULL;
		resizing = buf && buf->resizing;
		if (buf && !resizing)
			kref_get(&buf->ref);
		xa_unlock(&memlab_table);
		if (!resizing)
			return buf ?: ERR_PTR(-ENOENT);
		err = memlab_table_wait_resized(id);
		if (err)
			return ERR_PTR(err);
	}
}

/**
 * memlab_table_get() - a buffer by its id
 * @filp: the file through which it is asked for
 * @id: the id
 *
 * Waits while the buffer is being resized.
 *
 * Return: the buffer, to be put, or ERR_PTR(-ENOENT) when there is none or the
 * caller may not use it, or ERR_PTR(-EINTR).
 */
struct memlab_buffer *memlab_table_get(struct file *filp, u32 id)
{
	return memlab_table_get_by(filp, NULL, id);
}

/* The same, for who asks through netlink. */
struct memlab_buffer *memlab_table_get_seen(const struct memlab_viewer *viewer, u32 id)
{
	return memlab_table_get_by(NULL, viewer, id);
}

/**
 * memlab_table_next() - the next buffer that the caller may use
 * @filp: the file through which it is asked for
 * @id: the id above which to look; out: the id of the buffer
 *
 * Takes no reference, so that who lists buffers keeps nobody from resizing.
 *
 * Return: 0, -ENOENT when there is none, or -EINTR.
 */
int memlab_table_next(struct file *filp, u32 *id)
{
	unsigned long index = *id;
	struct memlab_buffer *buf;
	bool admitted = false;

	do {
		xa_lock(&memlab_table);
		buf = xa_find_after(&memlab_table, &index, ULONG_MAX, XA_PRESENT);
		if (buf)
			admitted = memlab_table_shows(buf) &&
				   memlab_owner_admits(&buf->owner, filp);
		xa_unlock(&memlab_table);
		if (!buf)
			return -ENOENT;
		if (!admitted && signal_pending(current))
			return -EINTR;
		cond_resched();
	} while (!admitted);
	*id = index;
	return 0;
}

/**
 * memlab_table_begin_resize() - have a buffer for oneself
 * @buf: the buffer; the caller has a reference of its own
 *
 * Until memlab_table_end_resize() nobody else gets a reference.
 *
 * Return: 0, -ENOENT when it is no longer in the table, -EBUSY while it is mapped
 * or somebody else uses it.
 */
int memlab_table_begin_resize(struct memlab_buffer *buf)
{
	int err = 0;

	xa_lock(&memlab_table);
	if (!buf->live)
		err = -ENOENT;
	else if (buf->mappings || kref_read(&buf->ref) > 2) /* the table's and the caller's */
		err = -EBUSY;
	else
		buf->resizing = true;
	/* Whoever reads it does not spin, so this may take long. */
	if (!err)
		raw_write_seqcount_begin(&buf->resize_seq);
	xa_unlock(&memlab_table);
	return err;
}

/**
 * memlab_table_end_resize() - let others use the buffer again
 * @buf: the buffer
 * @resized: it has other memory now, and needs another cookie; without one it
 *	cannot be mapped
 */
void memlab_table_end_resize(struct memlab_buffer *buf, bool resized)
{
	xa_lock(&memlab_table);
	if (resized) {
		/* Its file may have been released meanwhile. */
		if (buf->live)
			memlab_cookie_remove(buf);
		memlab_region_update(buf);
		if (!buf->live || memlab_cookie_insert(buf))
			memlab_region_unmap(buf);
		memlab_table_changed();
	}
	raw_write_seqcount_end(&buf->resize_seq);
	buf->resizing = false;
	xa_unlock(&memlab_table);
	wake_up_all(&memlab_resized);
}
