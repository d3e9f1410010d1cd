// SPDX-License-Identifier: GPL-2.0-only
/* How often a buffer is mapped: counted with the table lock held. */
#include <linux/err.h>
#include <linux/fs.h>

#include "table.h"

/**
 * memlab_table_get_mapping() - a buffer by a range of page offsets, to be mapped
 * @filp: the file that is mapped
 * @pgoff: first page offset
 * @pages: number of pages
 *
 * Counts the mapping; undo with memlab_table_put_mapping() and memlab_buffer_put().
 *
 * Return: the buffer, or ERR_PTR(-EINVAL) when the range does not lie in the
 * cookie of a buffer that the caller may use, or ERR_PTR(-EBUSY) while that one is
 * being resized.
 */
struct memlab_buffer *memlab_table_get_mapping(struct file *filp, unsigned long pgoff,
					       unsigned long pages)
{
	struct memlab_buffer *buf;

	xa_lock(&memlab_table);
	buf = memlab_cookie_find(pgoff, pages);
	if (!buf || !buf->live || !memlab_owner_admits(&buf->owner, filp)) {
		buf = ERR_PTR(-EINVAL);
	} else if (buf->resizing) {
		buf = ERR_PTR(-EBUSY);
	} else {
		kref_get(&buf->ref);
		WRITE_ONCE(buf->mappings, buf->mappings + 1);
	}
	xa_unlock(&memlab_table);
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

/* The reference stays the caller's, to be put. */
void memlab_table_put_mapping(struct memlab_buffer *buf)
{
	xa_lock(&memlab_table);
	WRITE_ONCE(buf->mappings, buf->mappings - 1);
	xa_unlock(&memlab_table);
}

unsigned int memlab_table_mappings(struct memlab_buffer *buf)
{
	return READ_ONCE(buf->mappings);
}
