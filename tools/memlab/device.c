// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

struct memlab_dev *device_open(enum access access)
{
	struct memlab_dev *dev;

	dev = access == ACCESS_CHANGE ? memlab_dev_open(settings.device) :
					memlab_dev_open_readonly(settings.device);
	if (!dev)
		exit(explain_open(settings.device, access, errno));
	return dev;
}

struct memlab_dev_info *device_info(struct memlab_dev *dev)
{
	struct memlab_dev_info *info = memlab_dev_get_info(dev);

	if (!info)
		die(STATUS_NO, "the driver does not describe itself: %s", strerror(errno));
	return info;
}

struct memlab_buf *buffer_open(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);

	if (!buf)
		die(STATUS_NO, "%s", explain_buffer(dev, id, "open", errno));
	return buf;
}
