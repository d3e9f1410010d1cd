// SPDX-License-Identifier: GPL-2.0-only
/* What a claim cannot be measured without: is it there? */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/syscall.h>

#include "claim.h"

/* In the effective set of this process. */
static bool has_capability(unsigned int number)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[CAP_TO_INDEX(number)].effective & CAP_TO_MASK(number);
}

/* Returns what is wrong with a file, or NULL. */
static char *cannot_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return text_format("needs %s: %s", path, strerror(errno));
	close(fd);
	return NULL;
}

static char *lacks_phys(const struct memlab_dev_info *info)
{
	if (!memlab_dev_info_has_feature(info, MEMLAB_LIB_FEATURE_PHYS_VISIBLE))
		return text_format("needs CAP_SYS_ADMIN, to see physical addresses");
	return cannot_read("/proc/kpageflags");
}

static char *lacks_kaddr(const struct memlab_dev_info *info)
{
	if (!memlab_dev_info_has_feature(info, MEMLAB_LIB_FEATURE_KADDR_VISIBLE))
		return text_format("needs CAP_SYSLOG, to see kernel addresses");
	return NULL;
}

static char *lacks_admin(const struct memlab_dev_info *info)
{
	(void)info;
	if (!has_capability(CAP_SYS_ADMIN))
		return text_format("needs CAP_SYS_ADMIN, for what the driver does not let "
				   "everybody ask for");
	return NULL;
}

static char *lacks_slabinfo(const struct memlab_dev_info *info)
{
	(void)info;
	return cannot_read("/proc/slabinfo");
}

static char *lacks_vmallocinfo(const struct memlab_dev_info *info)
{
	(void)info;
	return cannot_read("/proc/vmallocinfo");
}

static char *lacks_kcore(const struct memlab_dev_info *info)
{
	(void)info;
	return cannot_read("/proc/kcore");
}

static char *lacks_kmsg(const struct memlab_dev_info *info)
{
	(void)info;
	return cannot_read("/dev/kmsg");
}

static char *lacks_contexts(const struct memlab_dev_info *info)
{
	if (memlab_dev_info_has_context(info, MEMLAB_LIB_CONTEXT_ATOMIC) &&
	    memlab_dev_info_has_context(info, MEMLAB_LIB_CONTEXT_HARDIRQ))
		return NULL;
	return text_format("needs a kernel without PREEMPT_RT, which forbids allocation outside "
			   "of process context");
}

static const struct {
	enum claim_need need;
	char *(*lacks)(const struct memlab_dev_info *info);
} needs_known[] = {
	{ NEED_ADMIN, lacks_admin },
	{ NEED_PHYS, lacks_phys },
	{ NEED_KADDR, lacks_kaddr },
	{ NEED_SLABINFO, lacks_slabinfo },
	{ NEED_VMALLOCINFO, lacks_vmallocinfo },
	{ NEED_KCORE, lacks_kcore },
	{ NEED_KMSG, lacks_kmsg },
	{ NEED_CONTEXTS, lacks_contexts },
};

char *claim_lacks(const struct memlab_dev_info *info, unsigned int needs)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs_known); i++) {
		char *why;

		if (!(needs & needs_known[i].need))
			continue;
		why = needs_known[i].lacks(info);
		if (why)
			return why;
	}
	return NULL;
}
