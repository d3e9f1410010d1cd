// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

/* Enough for most buffers in one call, and little enough to waste. */
#define FIRST_CAPACITY 64

struct memlab_extents {
	struct memlab_extent *extent;
	size_t count;
	size_t capacity;
	bool phys_hidden;
};

static int reserve(struct memlab_extents *extents, uint64_t capacity)
{
	struct memlab_extent *grown;

	if (capacity <= extents->capacity)
		return 0;
	if (capacity > SIZE_MAX / sizeof(*grown)) {
		errno = ENOMEM;
		return -1;
	}

	grown = realloc(extents->extent, (size_t)capacity * sizeof(*grown));
	if (!grown)
		return -1;

	extents->extent = grown;
	extents->capacity = (size_t)capacity;
	return 0;
}

/* One call to the kernel; returns 1 when there is more from *start on, or 0, or -1. */
static int read_part(const struct memlab_buf *buf, struct memlab_extents *extents, uint64_t *start)
{
	size_t room = extents->capacity - extents->count;
	struct memlab_layout layout = {
		.size = sizeof(layout),
		.id = buf->id,
		.capacity = room > UINT32_MAX ? UINT32_MAX : (uint32_t)room,
		.start = *start,
		.extents = (uintptr_t)(extents->extent + extents->count),
	};

	if (dev_ioctl(buf->dev, MEMLAB_IOC_LAYOUT, &layout))
		return -1;

	extents->count += layout.count;
	extents->phys_hidden = layout.flags & MEMLAB_BUFFER_PHYS_HIDDEN;
	if (!layout.next)
		return 0;

	/* A part may begin within an extent, so the kernel's count is a lower bound. */
	if (reserve(extents, layout.extent_count) ||
	    (extents->count == extents->capacity &&
	     reserve(extents, (uint64_t)extents->capacity + FIRST_CAPACITY)))
		return -1;
	if (layout.next <= *start) {
		errno = EIO;
		return -1;
	}

	*start = layout.next;
	return 1;
}

EXPORT struct memlab_extents *memlab_buf_get_extents(const struct memlab_buf *buf)
{
	struct memlab_extents *extents;
	uint64_t start = 0;
	int more;

	extents = calloc(1, sizeof(*extents));
	if (!extents)
		return NULL;

	more = reserve(extents, FIRST_CAPACITY) ? -1 : 1;
	while (more > 0)
		more = read_part(buf, extents, &start);
	if (more == 0)
		return extents;

	memlab_extents_free(extents);
	return NULL;
}

EXPORT void memlab_extents_free(struct memlab_extents *extents)
{
	if (!extents)
		return;

	free(extents->extent);
	free(extents);
}

EXPORT size_t memlab_extents_get_count(const struct memlab_extents *extents)
{
	return extents->count;
}

EXPORT bool memlab_extents_is_phys_hidden(const struct memlab_extents *extents)
{
	return extents->phys_hidden;
}

EXPORT uint64_t memlab_extents_get_offset(const struct memlab_extents *extents, size_t index)
{
	return extents->extent[index].offset;
}

EXPORT uint64_t memlab_extents_get_phys(const struct memlab_extents *extents, size_t index)
{
	return extents->extent[index].phys;
}

EXPORT uint64_t memlab_extents_get_length(const struct memlab_extents *extents, size_t index)
{
	return extents->extent[index].length;
}

EXPORT int memlab_extents_get_node(const struct memlab_extents *extents, size_t index)
{
	return extents->extent[index].node;
}

EXPORT unsigned int memlab_extents_get_zone(const struct memlab_extents *extents, size_t index)
{
	return extents->extent[index].zone;
}
