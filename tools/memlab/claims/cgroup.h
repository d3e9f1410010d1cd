/* SPDX-License-Identifier: GPL-2.0-only */
/* A memory cgroup of our own, for a while. */
#ifndef MEMLAB_CGROUP_H
#define MEMLAB_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup;
struct zoneinfo;

/**
 * cgroup_begin() - make a memory cgroup
 * @v1: one of cgroup v1, whose OOM killer can be turned off, and is; else one of
 *	either version
 * @zone: a zone as it is before it is used up, whose kswapd is revived in the end, see
 *	kswapd_revive(); or NULL
 * @why: out: on failure, what is in the way; for free()
 *
 * A hierarchy that is not mounted is, where nobody else sees it. A controller that nobody
 * used is put back as it was. A child process of ours takes the cgroup away in the end,
 * even if the caller dies, however it does.
 *
 * Return: a handle for cgroup_end(), or NULL.
 */
struct cgroup *cgroup_begin(bool v1, const struct zoneinfo *zone, char **why);

/* Ends all processes in the cgroup, and takes it away. NULL is no cgroup. */
void cgroup_end(struct cgroup *cgroup);

bool cgroup_is_v1(const struct cgroup *cgroup);

/* Moves a process into it. The following three are false with errno on failure. */
bool cgroup_add(struct cgroup *cgroup, pid_t pid);

/* Limits its memory, in bytes; CGROUP_NO_LIMIT. Reclaims what is above. */
bool cgroup_limit(struct cgroup *cgroup, uint64_t bytes);

enum cgroup_number {
	CGROUP_USAGE,	  /* bytes charged, and some that lie ready on a CPU */
	CGROUP_KERNEL,	  /* bytes charged of the kernel's memory */
	CGROUP_AT_LIMIT,  /* how often a charge met the limit; each try of a request counts */
	CGROUP_OOM_KILLS, /* processes that the OOM killer ended */
};

bool cgroup_get(const struct cgroup *cgroup, enum cgroup_number which, uint64_t *value);

#endif /* MEMLAB_CGROUP_H */
