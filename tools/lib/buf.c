// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

EXPORT struct memlab_buf *memlab_buf_alloc(struct memlab_dev *dev,
					   const struct memlab_buf_config *config)
{
	struct memlab_alloc alloc = {
		.size = sizeof(alloc),
		.allocator = config->allocator,
		.flags = config->flags,
		.node = config->node,
		.bytes = config->bytes,
	};
	struct memlab_buf *buf;

	/* First, as nothing may fail once the kernel has allocated. */
	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return NULL;

	if (dev_ioctl(dev, MEMLAB_IOC_ALLOC, &alloc)) {
		free(buf);
		return NULL;
	}

	buf->dev = dev;
	buf->id = alloc.id;
	buf->bytes = alloc.bytes;
	buf->map_offset = alloc.map_offset;
	buf->map_length = alloc.map_length;
	return buf;
}

EXPORT struct memlab_buf *memlab_buf_open(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_query query;
	struct memlab_buf *buf;

	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return NULL;

	if (buf_query(dev, id, &query)) {
		free(buf);
		return NULL;
	}

	buf->dev = dev;
	buf->id = id;
	buf->bytes = query.bytes;
	buf->map_offset = query.map_offset;
	buf->map_length = query.map_length;
	return buf;
}

EXPORT int memlab_buf_free(struct memlab_buf *buf)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = buf->id };

	if (dev_ioctl(buf->dev, MEMLAB_IOC_FREE, &arg))
		return -1;

	free(buf);
	return 0;
}

EXPORT void memlab_buf_close(struct memlab_buf *buf)
{
	free(buf);
}

EXPORT uint32_t memlab_buf_get_id(const struct memlab_buf *buf)
{
	return buf->id;
}

EXPORT uint64_t memlab_buf_get_size(const struct memlab_buf *buf)
{
	return buf->bytes;
}

EXPORT uint64_t memlab_buf_get_map_length(const struct memlab_buf *buf)
{
	return buf->map_length;
}

EXPORT uint64_t memlab_buf_get_map_offset(const struct memlab_buf *buf)
{
	return buf->map_offset;
}

EXPORT void *memlab_buf_map(const struct memlab_buf *buf, bool writable, size_t *length)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *addr;

	if (!buf->map_length) {
		errno = EOPNOTSUPP;
		return NULL;
	}
	if (buf->map_length > SIZE_MAX) {
		errno = EOVERFLOW;
		return NULL;
	}

	addr = mmap(NULL, (size_t)buf->map_length, prot, MAP_SHARED, buf->dev->fd,
		    (off_t)buf->map_offset);
	if (addr == MAP_FAILED)
		return NULL;

	if (length)
		*length = (size_t)buf->map_length;
	return addr;
}

EXPORT int memlab_buf_unmap(void *addr, size_t length)
{
	return munmap(addr, length);
}
