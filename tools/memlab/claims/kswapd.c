// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kswapd.h"
#include "lend.h"
#include "witness.h"

/* What can be reclaimed, and how much of it is. */
#define LENT_BYTES  (1U << 20)
#define TAKEN_BYTES (LENT_BYTES / 2)

/* Memory of a process that was killed is free a moment later. */
#define WAIT_STEP_US 10000
#define WAIT_STEPS   100

static bool has_given_up(const struct zoneinfo *before)
{
	struct zoneinfo now = { 0 };

	for (int i = 0; i < WAIT_STEPS; i++) {
		if (!zoneinfo_get(before->name, before->node, &now) || now.free > now.min)
			break;
		usleep(WAIT_STEP_US);
	}
	return now.unreclaimable && !before->unreclaimable;
}

/* Enters the cgroup, and limits it to less than what is in it. */
static _Noreturn void reclaim(const struct cgroup_root *root, int dir, int node)
{
	const char *usage_file = root->v1 ? "memory.usage_in_bytes" : "memory.current";
	const char *limit_file = root->v1 ? "memory.limit_in_bytes" : "memory.max";
	char number[32], *usage;
	uint64_t bytes;

	if (!cgroup_write(dir, "cgroup.procs", "0") || !lend(LENT_BYTES, node))
		_exit(0);
	usage = cgroup_read(dir, usage_file);
	bytes = usage ? strtoull(usage, NULL, 10) : 0;
	snprintf(number, sizeof(number), "%" PRIu64, bytes - TAKEN_BYTES);
	if (bytes > TAKEN_BYTES)
		cgroup_write(dir, limit_file, number);
	_exit(0);
}

void kswapd_revive(const struct cgroup_root *root, int dir, const struct zoneinfo *zone)
{
	pid_t child;

	if (!has_given_up(zone))
		return;
	child = fork();
	if (!child)
		reclaim(root, dir, zone->node);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
