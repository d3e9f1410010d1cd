// SPDX-License-Identifier: GPL-2.0-only
/* Why the driver said no: what was wrong, and what would be right. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "memlab.h"

static char *explain_permission(const char *path, const char *purpose, int err)
{
	struct stat st;

	if (stat(path, &st))
		return text_format("no permission to open %s for %s: %s", path, purpose,
				   strerror(err));
	return text_format(
		"no permission to open %s for %s (owner %u:%u, mode %04o): run memlab as root",
		path, purpose, st.st_uid, st.st_gid, st.st_mode & 07777);
}

char *explain_open(const char *path, enum access access, int err)
{
	const char *purpose = access == ACCESS_CHANGE ? "reading and writing" : "reading";

	switch (err) {
	case ENOENT:
		if (!strcmp(path, MEMLAB_LIB_DEFAULT_DEVICE))
			return text_format(
				"%s is not there: the driver is not loaded. As root: modprobe memlab",
				path);
		return text_format("%s is not there; the driver's usual device is %s", path,
				   MEMLAB_LIB_DEFAULT_DEVICE);
	case ENXIO:
	case ENODEV:
		return text_format("%s has no driver behind it. As root: modprobe memlab", path);
	case EACCES:
	case EPERM:
		return explain_permission(path, purpose, err);
	case ENOTTY:
		return text_format("%s is not a memlab device; the driver's usual device is %s",
				   path, MEMLAB_LIB_DEFAULT_DEVICE);
	default:
		return text_format("cannot open %s for %s: %s", path, purpose, strerror(err));
	}
}

int explain_family(int err)
{
	if (err == ENOENT)
		warn("no netlink family memlab: driver is not loaded. As root: modprobe memlab");
	else
		warn("cannot reach the driver through netlink: %s", strerror(err));
	return STATUS_NO_DEVICE;
}

/* @failed says what could not be done; its reason must not be NONE. */
char *explain_reason(const char *failed, unsigned int reason)
{
	const char *text = memlab_reason_text(reason);

	if (!text)
		return text_format(
			"%s: the driver has a reason (%u) that this version does not know", failed,
			reason);
	return text_format("%s: %s (%s)", failed, text, memlab_reason_name(reason));
}
