/* SPDX-License-Identifier: GPL-2.0-only */
/* The hierarchy that a memory cgroup is made in. */
#ifndef MEMLAB_CGROUP_ROOT_H
#define MEMLAB_CGROUP_ROOT_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup_root {
	int fd; /* its directory */
	bool v1;
	bool enabled;	/* v2: nobody used the controller before */
	uint64_t dying; /* v2: cgroups of others that are about to be gone */
};

/* @v1: v1 or nothing. False with a text for free(): what is in the way. */
bool cgroup_root_open(struct cgroup_root *root, bool v1, char **why);

/* Puts the controller back where it was, and waits until it is there. */
void cgroup_root_close(struct cgroup_root *root);

/* Writes a word into a file below a directory; false with errno. */
bool cgroup_write(int dir, const char *file, const char *word);
/* The whole of a file below a directory, for free(); NULL with errno. */
char *cgroup_read(int dir, const char *file);

#endif /* MEMLAB_CGROUP_ROOT_H */
