// SPDX-License-Identifier: LGPL-2.1-or-later
/* The content of a buffer: read, write, fill, check. */
#include "internal.h"

/*
 * FILL and CHECK start over after a signal. In parts that take milliseconds they
 * get to the end under a stream of signals, too.
 */
#define PATTERN_PART (16ULL << 20)

static int transfer(const struct memlab_buf *buf, unsigned long request, uint64_t offset,
		    uintptr_t data, size_t length)
{
	/* Once even for no bytes, so that the kernel judges the offset. */
	do {
		struct memlab_transfer arg = {
			.size = sizeof(arg),
			.id = buf->id,
			.offset = offset,
			.length = length,
			.data = data,
		};

		if (dev_ioctl(buf->dev, request, &arg))
			return -1;
		if (arg.done > length || (!arg.done && length)) {
			errno = EIO;
			return -1;
		}

		offset += arg.done;
		data += (uintptr_t)arg.done;
		length -= (size_t)arg.done;
	} while (length);

	return 0;
}

EXPORT int memlab_buf_read(const struct memlab_buf *buf, uint64_t offset, void *data, size_t length)
{
	return transfer(buf, MEMLAB_IOC_READ, offset, (uintptr_t)data, length);
}

EXPORT int memlab_buf_write(const struct memlab_buf *buf, uint64_t offset, const void *data,
			    size_t length)
{
	return transfer(buf, MEMLAB_IOC_WRITE, offset, (uintptr_t)data, length);
}

/* Returns 1 with the offset of the first wrong byte, 0, or -1. */
static int pattern(const struct memlab_buf *buf, unsigned long request, uint64_t seed,
		   uint64_t offset, uint64_t length, uint64_t *first_wrong)
{
	if (offset >= buf->bytes || length > buf->bytes - offset) {
		errno = ERANGE;
		return -1;
	}
	if (!length)
		length = buf->bytes - offset;

	while (length) {
		struct memlab_pattern arg = {
			.size = sizeof(arg),
			.id = buf->id,
			.seed = seed,
			.offset = offset,
			.length = length < PATTERN_PART ? length : PATTERN_PART,
		};

		if (dev_ioctl(buf->dev, request, &arg))
			return -1;
		if (arg.first_wrong != MEMLAB_ALL_RIGHT) {
			*first_wrong = arg.first_wrong;
			return 1;
		}

		offset += arg.length;
		length -= arg.length;
	}

	return 0;
}

EXPORT int memlab_buf_fill(const struct memlab_buf *buf, uint64_t seed, uint64_t offset,
			   uint64_t length)
{
	uint64_t unused;

	return pattern(buf, MEMLAB_IOC_FILL, seed, offset, length, &unused);
}

EXPORT int memlab_buf_check(const struct memlab_buf *buf, uint64_t seed, uint64_t offset,
			    uint64_t length, uint64_t *first_wrong)
{
	uint64_t unused;

	return pattern(buf, MEMLAB_IOC_CHECK, seed, offset, length,
		       first_wrong ? first_wrong : &unused);
}
