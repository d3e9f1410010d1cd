// SPDX-License-Identifier: GPL-2.0-only
/* Why the driver said no: what was wrong, and what would be right. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memlab.h"

static const char hint[] =
	"Free some (memlab list, memlab free), or have root raise /sys/module/memlab/parameters/";

static void explain_permission(const char *path, const char *purpose, int err)
{
	struct stat st;

	if (stat(path, &st))
		warn("no permission to open %s for %s: %s", path, purpose, strerror(err));
	else
		warn("no permission to open %s for %s (owner %u:%u, mode %04o): run memlab as root",
		     path, purpose, st.st_uid, st.st_gid, st.st_mode & 07777);
}

int explain_open(const char *path, enum access access, int err)
{
	const char *purpose = access == ACCESS_CHANGE ? "reading and writing" : "reading";

	switch (err) {
	case ENOENT:
		if (!strcmp(path, MEMLAB_LIB_DEFAULT_DEVICE))
			warn("%s is not there: the driver is not loaded. As root: modprobe memlab",
			     path);
		else
			warn("%s is not there; the driver's usual device is %s", path,
			     MEMLAB_LIB_DEFAULT_DEVICE);
		break;
	case ENXIO:
	case ENODEV:
		warn("%s has no driver behind it. As root: modprobe memlab", path);
		break;
	case EACCES:
	case EPERM:
		explain_permission(path, purpose, err);
		break;
	case ENOTTY:
		warn("%s is not a memlab device; the driver's usual device is %s", path,
		     MEMLAB_LIB_DEFAULT_DEVICE);
		break;
	default:
		warn("cannot open %s for %s: %s", path, purpose, strerror(err));
	}

	return STATUS_NO_DEVICE;
}

static char *explain_size(const struct memlab_dev_info *info, const struct request *request)
{
	char asked[2 * SIZE_TEXT], most[2 * SIZE_TEXT];

	size_text_both(asked, request->bytes);
	if (request->allocator == MEMLAB_LIB_ALLOCATOR_KMALLOC) {
		size_text_both(most, memlab_dev_info_get_kmalloc_max_size(info));
		return text_format(
			"kmalloc can never serve %s: KMALLOC_MAX_SIZE is %s here. Use vmalloc here, kvmalloc() in a driver",
			asked, most);
	}

	size_text_both(most, memlab_dev_info_get_total_ram(info));
	return text_format("%s can never serve %s: the machine has %s",
			   memlab_allocator_name(request->allocator), asked, most);
}

static char *explain_user_limit(const struct memlab_dev_info *info, const struct request *request)
{
	uint64_t buffers = memlab_dev_info_get_user_buffers(info);
	uint64_t max_buffers = memlab_dev_info_get_max_user_buffers(info);
	char asked[2 * SIZE_TEXT], used[2 * SIZE_TEXT], most[2 * SIZE_TEXT];

	if (buffers >= max_buffers)
		return text_format("you have %" PRIu64 " buffers, max_user_buffers is %" PRIu64
				   ". %s%s",
				   buffers, max_buffers, hint, "max_user_buffers");

	return text_format("%s more are over your limit, max_user_bytes: %s of %s are in use. %s%s",
			   size_text_both(asked, request->bytes),
			   size_text_both(used, memlab_dev_info_get_user_bytes(info)),
			   size_text_both(most, memlab_dev_info_get_max_user_bytes(info)), hint,
			   "max_user_bytes");
}

static char *explain_total_limit(const struct memlab_dev_info *info, const struct request *request)
{
	char asked[2 * SIZE_TEXT], used[2 * SIZE_TEXT], most[2 * SIZE_TEXT];

	return text_format(
		"%s more are over all users' limit, max_total_bytes: %s of %s are in use. %s%s",
		size_text_both(asked, request->bytes),
		size_text_both(used, memlab_dev_info_get_total_bytes(info)),
		size_text_both(most, memlab_dev_info_get_max_total_bytes(info)), hint,
		"max_total_bytes");
}

static char *explain_nodes(int node)
{
	FILE *file = fopen("/sys/devices/system/node/online", "re");
	char online[128] = "0";

	if (file) {
		if (fgets(online, sizeof(online), file))
			online[strcspn(online, "\n")] = '\0';
		fclose(file);
	}

	return text_format("NUMA node %d is not online; online: %s", node, online);
}

static char *explain_no_memory(const struct request *request)
{
	char asked[2 * SIZE_TEXT];

	size_text_both(asked, request->bytes);
	if (request->allocator == MEMLAB_LIB_ALLOCATOR_KMALLOC)
		return text_format(
			"the kernel has no free run of %s now, or your memory cgroup is full (see /proc/buddyinfo). Try less, or use vmalloc here, kvmalloc() in a driver",
			asked);
	return text_format(
		"the kernel has no %s free now, or your memory cgroup is full (see /proc/meminfo). Try less",
		asked);
}

char *explain_alloc(struct memlab_dev *dev, const struct request *request, int err)
{
	struct memlab_dev_info *info = device_info(dev);
	const char *name = memlab_allocator_name(request->allocator);
	char *why;

	if (err == ERANGE)
		why = explain_size(info, request);
	else if (err == EDQUOT)
		why = explain_user_limit(info, request);
	else if (err == ENOSPC)
		why = explain_total_limit(info, request);
	else if (err == ENXIO)
		why = explain_nodes(request->node);
	else if (err == ENOMEM)
		why = explain_no_memory(request);
	else if (err == EINVAL && !memlab_dev_info_has_allocator(info, request->allocator))
		why = text_format(
			"this driver (%s) does not offer %s; \"memlab info\" tells what it offers",
			memlab_dev_info_get_driver_version(info), name);
	else if (err == EPERM && request->node >= 0)
		why = text_format(
			"%s on a chosen node needs CAP_SYS_ADMIN, as it cannot be charged to a memory cgroup. Leave out --node",
			name);
	else
		why = text_format("cannot allocate by %s: %s", name, strerror(err));

	memlab_dev_info_free(info);
	return why;
}

static char *explain_busy(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	struct memlab_buf_info *info = buf ? memlab_buf_get_info(buf) : NULL;
	unsigned int mappings = info ? memlab_buf_info_get_mappings(info) : 0;

	memlab_buf_info_free(info);
	memlab_buf_close(buf);

	if (!mappings)
		return text_format("buffer %u was mapped a moment ago: try again", id);
	return text_format(
		"buffer %u is mapped %u time%s: unmap it, or end the processes that have /dev/memlab in their /proc/PID/maps",
		id, mappings, mappings == 1 ? "" : "s");
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
	default:
		return text_format("cannot %s buffer %u: %s", doing, id, strerror(err));
	}
}
