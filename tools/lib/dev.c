// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

int dev_ioctl(const struct memlab_dev *dev, unsigned long request, void *arg)
{
	int ret;

	do
		ret = ioctl(dev->fd, request, arg);
	while (ret < 0 && errno == EINTR);

	return ret < 0 ? -1 : 0;
}

static struct memlab_dev *dev_open(const char *path, int flags)
{
	struct memlab_info info = { .size = sizeof(info) };
	struct memlab_dev *dev;
	int err;

	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return NULL;

	dev->fd = open(path ? path : MEMLAB_LIB_DEFAULT_DEVICE, flags | O_CLOEXEC);
	if (dev->fd < 0)
		goto err_free_dev;

	/* Any file opens; only the driver answers this. */
	if (dev_ioctl(dev, MEMLAB_IOC_INFO, &info))
		goto err_close;

	return dev;

err_close:
	err = errno;
	close(dev->fd);
	errno = err;
err_free_dev:
	free(dev);
	return NULL;
}

EXPORT struct memlab_dev *memlab_dev_open(const char *path)
{
	return dev_open(path, O_RDWR);
}

EXPORT struct memlab_dev *memlab_dev_open_readonly(const char *path)
{
	return dev_open(path, O_RDONLY);
}

EXPORT void memlab_dev_close(struct memlab_dev *dev)
{
	int err = errno;

	if (!dev)
		return;

	close(dev->fd);
	free(dev);
	errno = err;
}

EXPORT int memlab_dev_get_fd(const struct memlab_dev *dev)
{
	return dev->fd;
}

static int next_id(const struct memlab_dev *dev, unsigned long request, uint32_t *id)
{
	struct memlab_next next = { .size = sizeof(next), .id = *id };

	if (dev_ioctl(dev, request, &next))
		return errno == ENOENT ? 0 : -1;

	*id = next.id;
	return 1;
}

EXPORT int memlab_dev_next_id(const struct memlab_dev *dev, uint32_t *id)
{
	return next_id(dev, MEMLAB_IOC_NEXT, id);
}

EXPORT int memlab_dev_next_cache_id(const struct memlab_dev *dev, uint32_t *id)
{
	return next_id(dev, MEMLAB_IOC_CACHE_NEXT, id);
}
