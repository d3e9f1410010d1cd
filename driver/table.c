// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of buffers: by id, by mmap cookie, and by the file that made them;
 * who may use one; how often it is mapped. The xarray's lock covers it all.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>
#include <linux/xarray.h>

#include "memlab.h"

static DEFINE_XARRAY_ALLOC1(memlab_table);
static u32 memlab_next_id;

/* The maker's file, the maker's user, or an administrator. */
static bool memlab_may_use(struct file *filp, const struct memlab_buffer *buf)
{
	return READ_ONCE(buf->file) == filp->private_data || uid_eq(current_euid(), buf->uid) ||
	       ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/**
 * memlab_table_reserve() - give a buffer its id and its cookie
 * @buf: a buffer that is being made
 *
 * Nobody finds it before memlab_table_publish().
 *
 * Return: 0, -ENOMEM, or -ENOSPC when all cookies are taken.
 */
int memlab_table_reserve(struct memlab_buffer *buf)
{
	int err;

	err = xa_alloc_cyclic(&memlab_table, &buf->id, NULL, XA_LIMIT(1, INT_MAX), &memlab_next_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err == -EBUSY ? -ENOSPC : err;

	xa_lock(&memlab_table);
	err = memlab_cookie_insert(buf);
	if (err)
		__xa_erase(&memlab_table, buf->id);
	xa_unlock(&memlab_table);
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
	/* The slot is reserved: storing into it needs no memory. */
	__xa_store(&memlab_table, buf->id, buf, 0);
	buf->live = true;
	list_add_tail(&buf->file_link, &buf->file->buffers);
	xa_unlock(&memlab_table);
}

/* With the table lock held; the caller puts the table's reference afterwards. */
static void memlab_table_unpublish(struct memlab_buffer *buf)
{
	buf->live = false;
	memlab_cookie_remove(buf);
	__xa_erase(&memlab_table, buf->id);
	list_del_init(&buf->file_link);
}

/**
 * memlab_table_remove() - take a buffer out of the table, to be freed
 * @buf: the buffer; the caller has a reference of its own
 *
 * Return: 0, -EBUSY while it is mapped, -ENOENT if somebody else was first.
 */
int memlab_table_remove(struct memlab_buffer *buf)
{
	int err = 0;

	xa_lock(&memlab_table);
	if (!buf->live)
		err = -ENOENT;
	else if (buf->mappings)
		err = -EBUSY;
	else
		memlab_table_unpublish(buf);
	xa_unlock(&memlab_table);
	if (!err)
		memlab_buffer_put(buf);
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
		WRITE_ONCE(buf->file, NULL);
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

/**
 * memlab_table_get() - a buffer by its id
 * @filp: the file through which it is asked for
 * @id: the id
 *
 * Return: the buffer, to be put, or ERR_PTR(-ENOENT) when there is none or the
 * caller may not use it.
 */
struct memlab_buffer *memlab_table_get(struct file *filp, u32 id)
{
	struct memlab_buffer *buf;

	xa_lock(&memlab_table);
	buf = xa_load(&memlab_table, id);
	if (buf)
		kref_get(&buf->ref);
	xa_unlock(&memlab_table);
	if (!buf)
		return ERR_PTR(-ENOENT);
	if (!memlab_may_use(filp, buf)) {
		memlab_buffer_put(buf);
		return ERR_PTR(-ENOENT);
	}
	return buf;
}

/**
 * memlab_table_next() - the next buffer that the caller may use
 * @filp: the file through which it is asked for
 * @id: the id above which to look
 *
 * Return: the buffer, to be put, or ERR_PTR(-ENOENT) when there is none, or
 * ERR_PTR(-EINTR).
 */
struct memlab_buffer *memlab_table_next(struct file *filp, u32 id)
{
	unsigned long index = id;
	struct memlab_buffer *buf;

	for (;;) {
		xa_lock(&memlab_table);
		buf = xa_find_after(&memlab_table, &index, ULONG_MAX, XA_PRESENT);
		if (buf)
			kref_get(&buf->ref);
		xa_unlock(&memlab_table);
		if (!buf)
			return ERR_PTR(-ENOENT);
		if (memlab_may_use(filp, buf))
			return buf;
		memlab_buffer_put(buf);
		if (signal_pending(current))
			return ERR_PTR(-EINTR);
		cond_resched();
	}
}

/**
 * memlab_table_get_mapping() - a buffer by a range of page offsets, to be mapped
 * @filp: the file that is mapped
 * @pgoff: first page offset
 * @pages: number of pages
 *
 * Counts the mapping; undo with memlab_table_put_mapping().
 *
 * Return: the buffer, or ERR_PTR(-EINVAL) when the range does not lie in the
 * cookie of a buffer that the caller may use.
 */
struct memlab_buffer *memlab_table_get_mapping(struct file *filp, unsigned long pgoff,
					       unsigned long pages)
{
	struct memlab_buffer *buf;
	bool mapped = false;

	xa_lock(&memlab_table);
	buf = memlab_cookie_find(pgoff, pages);
	if (buf)
		kref_get(&buf->ref);
	xa_unlock(&memlab_table);
	if (!buf)
		return ERR_PTR(-EINVAL);

	if (memlab_may_use(filp, buf)) {
		xa_lock(&memlab_table);
		mapped = buf->live;
		if (mapped)
			WRITE_ONCE(buf->mappings, buf->mappings + 1);
		xa_unlock(&memlab_table);
	}
	if (!mapped) {
		memlab_buffer_put(buf);
		return ERR_PTR(-EINVAL);
	}
	return buf;
}

/* A VMA that maps the buffer was copied or split. */
void memlab_table_add_mapping(struct memlab_buffer *buf)
{
	kref_get(&buf->ref);
	xa_lock(&memlab_table);
	WRITE_ONCE(buf->mappings, buf->mappings + 1);
	xa_unlock(&memlab_table);
}

void memlab_table_put_mapping(struct memlab_buffer *buf)
{
	xa_lock(&memlab_table);
	WRITE_ONCE(buf->mappings, buf->mappings - 1);
	xa_unlock(&memlab_table);
	memlab_buffer_put(buf);
}

unsigned int memlab_table_mappings(struct memlab_buffer *buf)
{
	return READ_ONCE(buf->mappings);
}
