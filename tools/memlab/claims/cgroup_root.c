// SPDX-License-Identifier: GPL-2.0-only
/* Where the memory controller is, see cgroups(7), and how to get there. */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cgroup_root.h"
#include "witness.h"

#define TEXT_SIZE 16384

/* The kernel ends what is left of cgroups in the background. */
#define WAIT_STEP_US 10000
#define WAIT_STEPS   100

bool cgroup_write(int dir, const char *file, const char *word)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	ssize_t done;
	int err;

	if (fd < 0)
		return false;
	done = write(fd, word, strlen(word));
	err = errno;
	close(fd);
	errno = err;
	return done == (ssize_t)strlen(word);
}

char *cgroup_read(int dir, const char *file)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t got;
	int err;

	if (fd < 0)
		return NULL;
	text = need(malloc(TEXT_SIZE));
	got = read(fd, text, TEXT_SIZE - 1);
	err = errno;
	close(fd);
	if (got < 0) {
		free(text);
		errno = err;
		return NULL;
	}
	text[got] = '\0';
	return text;
}

static bool has_word(int dir, const char *file, const char *word)
{
	char *text = cgroup_read(dir, file);
	char *rest = text;
	bool found = false;

	for (char *one; !found && (one = strsep(&rest, "\n "));)
		found = !strcmp(one, word);
	free(text);
	return found;
}

/*
 * The directory on which a hierarchy is mounted; @option: of v1, the controller. A
 * controller is not moved from v2 to v1: what was charged there would be taken off
 * counters here that it had not been added to (memsw), which the kernel warns of
 * (mm/page_counter.c).
 */
static int open_mounted(const char *type, const char *option)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	const struct mntent *mount;
	int fd = -1;

	if (!mounts)
		return -1;
	while (fd < 0 && (mount = getmntent(mounts)))
		if (!strcmp(mount->mnt_type, type) && (!option || hasmntopt(mount, option)))
			fd = open(mount->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	endmntent(mounts);
	return fd;
}

/* A mount without a place in any tree: it is gone when its descriptor is closed. */
static int mount_nowhere(const char *type, const char *option)
{
	int context = fsopen(type, FSOPEN_CLOEXEC);
	int fd = -1, err;

	if (context < 0)
		return -1;
	if ((!option || !fsconfig(context, FSCONFIG_SET_FLAG, option, NULL, 0)) &&
	    !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = fsmount(context, FSMOUNT_CLOEXEC, 0);
	err = errno;
	close(context);
	errno = err;
	return fd;
}

/* The number after a word in a file, 0 if there is none. */
static uint64_t number_in(int dir, const char *file, const char *word)
{
	char *text = cgroup_read(dir, file);
	const char *found = text ? strstr(text, word) : NULL;
	uint64_t number = found ? strtoull(found + strlen(word), NULL, 10) : 0;

	free(text);
	return number;
}

static uint64_t dying(const struct cgroup_root *root)
{
	return number_in(root->fd, "cgroup.stat", "nr_dying_descendants ");
}

static bool open_v2(struct cgroup_root *root, char **why)
{
	root->fd = open_mounted("cgroup2", NULL);
	/* Where there is a mount, another one would change the options of both. */
	if (root->fd < 0)
		root->fd = mount_nowhere("cgroup2", NULL);
	if (root->fd < 0) {
		*why = text_format("cgroup v2 cannot be mounted: %s", strerror(errno));
		return false;
	}
	if (!has_word(root->fd, "cgroup.controllers", "memory")) {
		*why = text_format("there is no memory controller to be had");
		goto err_close;
	}
	if (has_word(root->fd, "cgroup.subtree_control", "memory"))
		return true;
	root->dying = dying(root);
	root->enabled = cgroup_write(root->fd, "cgroup.subtree_control", "+memory");
	if (root->enabled)
		return true;
	*why = text_format("the memory controller cannot be turned on: %s", strerror(errno));
err_close:
	close(root->fd);
	return false;
}

bool cgroup_root_open(struct cgroup_root *root, bool v1, char **why)
{
	*root = (struct cgroup_root){ .fd = open_mounted("cgroup", "memory") };
	root->v1 = root->fd >= 0;
	if (root->v1)
		return true;
	if (!v1)
		return open_v2(root, why);
	*why = text_format("none is mounted");
	return false;
}

static bool is_alone(const struct cgroup_root *root)
{
	return dying(root) <= root->dying;
}

void cgroup_root_close(struct cgroup_root *root)
{
	if (root->enabled) {
		cgroup_write(root->fd, "cgroup.subtree_control", "-memory");
		/* A dying cgroup would keep the controller where it is. */
		for (int i = 0; i < WAIT_STEPS && !is_alone(root); i++)
			usleep(WAIT_STEP_US);
	}
	close(root->fd);
}
