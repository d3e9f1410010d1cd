// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "genl.h"
#include "memlab.h"

struct memlab_dev *device_open(enum access access)
{
	struct memlab_dev *dev;

	dev = access == ACCESS_CHANGE ? memlab_dev_open(settings.device) :
					memlab_dev_open_readonly(settings.device);
	if (!dev)
		die(STATUS_NO_DEVICE, "%s", explain_open(settings.device, access, errno));
	return dev;
}

/* The driver's netlink family, for what needs no device. */
struct netlink *family_open(void)
{
	struct netlink *netlink = netlink_open();

	if (!netlink)
		exit(explain_family(errno));
	return netlink;
}

/* Ends the program: @doing failed with the negative errno @err. */
void family_die(const struct netlink *netlink, const char *doing, int err)
{
	if (err == -EPERM)
		die(STATUS_NO_DEVICE, "no permission to %s: %s: run memlab as root", doing,
		    netlink_why(netlink));
	die(STATUS_NO, "cannot %s: %s", doing, netlink_why(netlink));
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

struct memlab_cache *cache_open(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_cache *cache = memlab_cache_open(dev, id);

	if (!cache)
		die(STATUS_NO, "%s", explain_cache(dev, id, "open", errno));
	return cache;
}

/*
 * Which part of a buffer can be read and written: all of it, unless it is an object
 * of a cache, which declares one, maybe of length 0. Returns whether it does so.
 */
bool buffer_copy_range(struct memlab_dev *dev, const struct memlab_buf_info *info, uint64_t *offset,
		       uint64_t *length)
{
	uint32_t id = memlab_buf_info_get_cache_id(info);
	struct memlab_cache_info *cache_info;
	struct memlab_cache *cache;

	*offset = 0;
	*length = memlab_buf_info_get_size(info);
	if (!id)
		return false;

	cache = cache_open(dev, id);
	cache_info = memlab_cache_get_info(cache);
	if (!cache_info)
		die(STATUS_NO, "%s", explain_cache(dev, id, "describe", errno));
	*offset = memlab_cache_info_get_user_offset(cache_info);
	*length = memlab_cache_info_get_user_size(cache_info);

	memlab_cache_info_free(cache_info);
	memlab_cache_close(cache);
	return true;
}
