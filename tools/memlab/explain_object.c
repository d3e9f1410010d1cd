// SPDX-License-Identifier: GPL-2.0-only
/* Why nothing could be done with a buffer or a cache that may be there. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "memlab.h"

static char *explain_busy(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;
	unsigned int mappings = info ? memlab_buf_info_get_mappings(info) : 0;

	memlab_buf_info_free(info);
	memlab_buf_close(buf);

	if (!mappings)
		return text_format(
			"buffer %u is in use by another program, or was mapped a moment ago: try again",
			id);
	return text_format(
		"buffer %u is mapped %u time%s: unmap it, or end the processes that have /dev/memlab in their /proc/PID/maps",
		id, mappings, mappings == 1 ? "" : "s");
}

/* What cannot be done with any buffer of its kind. */
static char *explain_unsupported(struct memlab_dev *dev, uint32_t id, const char *doing)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;
	uint64_t offset = 0, length = 0;
	bool declared = info && buffer_copy_range(dev, info, &offset, &length);

	memlab_buf_info_free(info);
	memlab_buf_close(buf);

	if (!declared)
		return text_format("cannot %s buffer %u: %s", doing, id, strerror(EOPNOTSUPP));
	if (!length)
		return text_format(
			"cannot %s buffer %u: its cache declares no part of an object for copies to and from user space (memlab cache create --usercopy); fill and check work",
			doing, id);
	return text_format("cannot %s that part of buffer %u: its cache declares %" PRIu64
			   " bytes from offset %" PRIu64
			   " on for copies to and from user space: use --offset and --length",
			   doing, id, length, offset);
}

char *explain_buffer(struct memlab_dev *dev, uint32_t id, const char *doing, int err)
{
	switch (err) {
	case ENOENT:
		return text_format(
			"no buffer %u, or it is not yours: \"memlab list\" shows those you can use",
			id);
	case EBUSY:
		return explain_busy(dev, id);
	case EOPNOTSUPP:
		return explain_unsupported(dev, id, doing);
	default:
		return text_format("cannot %s buffer %u: %s", doing, id, strerror(err));
	}
}

static char *explain_live_objects(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_cache *cache = memlab_cache_open(dev, id);
	struct memlab_cache_info *info = cache ? memlab_cache_get_info(cache) : NULL;
	uint64_t objects = info ? memlab_cache_info_get_objects(info) : 0;

	memlab_cache_info_free(info);
	memlab_cache_close(cache);

	if (!objects)
		return text_format("cache %u had live objects a moment ago: try again", id);
	return text_format("cache %u has %" PRIu64
			   " live object%s: free them first (memlab list -j tells their cache_id)",
			   id, objects, objects == 1 ? "" : "s");
}

char *explain_cache(struct memlab_dev *dev, uint32_t id, const char *doing, int err)
{
	switch (err) {
	case ENOENT:
		return text_format(
			"no cache %u, or it is not yours: \"memlab cache list\" shows those you can use",
			id);
	case EBUSY:
		return explain_live_objects(dev, id);
	default:
		return text_format("cannot %s cache %u: %s", doing, id, strerror(err));
	}
}
