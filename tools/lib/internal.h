/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share; together with them, the only users of the uAPI. */
#ifndef LIBMEMLAB_INTERNAL_H
#define LIBMEMLAB_INTERNAL_H

#include <errno.h>
#include <linux/memlab.h>

#include "libmemlab.h"

#define EXPORT __attribute__((visibility("default")))

struct memlab_dev {
	int fd;
};

struct memlab_buf {
	const struct memlab_dev *dev;
	uint32_t id;
	uint64_t bytes;
	uint64_t map_offset;
	uint64_t map_length;
};

struct memlab_buf_config {
	uint32_t allocator;
	uint32_t flags;
	int32_t node;
	uint64_t bytes;
};

/* Goes on after signals. Returns 0, or -1 with errno. */
int dev_ioctl(const struct memlab_dev *dev, unsigned long request, void *arg);

int buf_query(const struct memlab_dev *dev, uint32_t id, struct memlab_query *query);

#endif /* LIBMEMLAB_INTERNAL_H */
