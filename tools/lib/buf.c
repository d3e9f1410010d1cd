// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

struct memlab_alloc alloc_request(const struct memlab_buf_config *config)
{
	uint64_t bytes = config->count ? config->element_bytes : config->bytes;

	return (struct memlab_alloc){
		.size = sizeof(struct memlab_alloc),
		.allocator = config->allocator,
		.flags = config->flags,
		.node = config->node,
		.bytes = bytes ? bytes : config->cache_bytes,
		.gfp = config->gfp,
		.count = config->count,
		.context = config->context,
		.cache = config->cache,
	};
}

static int alloc_ioctl(const struct memlab_dev *dev, struct memlab_alloc *alloc,
		       struct memlab_call *call)
{
	if (dev_ioctl(dev, MEMLAB_IOC_ALLOC, alloc)) {
		call_tell(call, (struct memlab_call){ .reason = alloc->reason });
		return -1;
	}

	call_tell(call, (struct memlab_call){
				.reason = alloc->reason,
				.seen = alloc->seen,
				.preempt_count = alloc->preempt_count,
				.gfp_used = alloc->gfp_used,
				.stale = alloc->stale,
				.nanoseconds = alloc->nanoseconds,
				.function = name_from(alloc->function),
			});
	return 0;
}

EXPORT int memlab_buf_config_check(struct memlab_dev *dev, const struct memlab_buf_config *config,
				   struct memlab_call *call)
{
	struct memlab_alloc alloc = alloc_request(config);

	alloc.flags |= MEMLAB_ALLOC_DRY_RUN;
	return alloc_ioctl(dev, &alloc, call);
}

EXPORT struct memlab_buf *memlab_buf_alloc_call(struct memlab_dev *dev,
						const struct memlab_buf_config *config,
						struct memlab_call *call)
{
	struct memlab_alloc alloc = alloc_request(config);
	uint64_t bytes = total_bytes(alloc.count, alloc.bytes);
	struct memlab_buf *buf;

	call_tell(call, (struct memlab_call){ 0 });

	/* First, as nothing may fail once the kernel has allocated. */
	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return NULL;

	if (alloc_ioctl(dev, &alloc, call)) {
		free(buf);
		return NULL;
	}

	buf->dev = dev;
	buf->id = alloc.id;
	buf->bytes = bytes;
	buf->map_offset = alloc.map_offset;
	buf->map_length = alloc.map_length;
	return buf;
}

EXPORT struct memlab_buf *memlab_buf_alloc(struct memlab_dev *dev,
					   const struct memlab_buf_config *config)
{
	return memlab_buf_alloc_call(dev, config, NULL);
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

EXPORT int memlab_buf_free_call(struct memlab_buf *buf, bool by_kvfree, unsigned int context,
				struct memlab_call *call)
{
	struct memlab_free arg = {
		.size = sizeof(arg),
		.id = buf->id,
		.flags = by_kvfree ? MEMLAB_FREE_KVFREE : 0,
		.context = context,
	};

	if (dev_ioctl(buf->dev, MEMLAB_IOC_FREE, &arg)) {
		call_tell(call, (struct memlab_call){ .reason = arg.reason });
		return -1;
	}

	call_tell(call, (struct memlab_call){
				.reason = arg.reason,
				.seen = arg.seen,
				.preempt_count = arg.preempt_count,
				.nanoseconds = arg.nanoseconds,
				.function = name_from(arg.function),
			});
	free(buf);
	return 0;
}

EXPORT int memlab_buf_free(struct memlab_buf *buf)
{
	return memlab_buf_free_call(buf, false, MEMLAB_CONTEXT_PROCESS, NULL);
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
