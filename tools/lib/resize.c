// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

struct memlab_resize_config {
	uint32_t flags;
	uint64_t bytes;
	uint64_t count;
	uint64_t element_bytes;
	uint64_t gfp;
};

EXPORT struct memlab_resize_config *memlab_resize_config_new(void)
{
	return calloc(1, sizeof(struct memlab_resize_config));
}

EXPORT void memlab_resize_config_free(struct memlab_resize_config *config)
{
	free(config);
}

EXPORT void memlab_resize_config_set_size(struct memlab_resize_config *config, uint64_t bytes)
{
	config->bytes = bytes;
}

EXPORT void memlab_resize_config_set_array(struct memlab_resize_config *config, uint64_t count,
					   uint64_t element_bytes)
{
	config->count = count;
	config->element_bytes = element_bytes;
}

EXPORT void memlab_resize_config_set_zero(struct memlab_resize_config *config, bool zero)
{
	set_flag(&config->flags, MEMLAB_RESIZE_ZERO, zero);
}

EXPORT void memlab_resize_config_set_gfp(struct memlab_resize_config *config, uint64_t gfp)
{
	config->gfp = gfp;
}

EXPORT void memlab_resize_config_set_count_stale(struct memlab_resize_config *config,
						 bool count_stale)
{
	set_flag(&config->flags, MEMLAB_RESIZE_COUNT_STALE, count_stale);
}

EXPORT int memlab_buf_resize(struct memlab_buf *buf, const struct memlab_resize_config *config,
			     struct memlab_call *call)
{
	uint64_t bytes = config->count ? config->element_bytes : config->bytes;
	struct memlab_resize resize = {
		.size = sizeof(resize),
		.id = buf->id,
		.flags = config->flags,
		.gfp = config->gfp,
		.bytes = bytes,
		.count = config->count,
	};

	if (dev_ioctl(buf->dev, MEMLAB_IOC_RESIZE, &resize)) {
		call_tell(call, (struct memlab_call){ .reason = resize.reason });
		return -1;
	}

	buf->bytes = total_bytes(config->count, bytes);
	buf->map_offset = resize.map_offset;
	buf->map_length = resize.map_length;
	call_tell(call, (struct memlab_call){
				.reason = resize.reason,
				.gfp_used = resize.gfp_used,
				.stale = resize.stale,
				.nanoseconds = resize.nanoseconds,
				.kept = resize.kept,
				.moved = resize.flags & MEMLAB_RESIZE_MOVED,
				.function = name_from(resize.function),
			});
	return 0;
}
