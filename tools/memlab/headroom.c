// SPDX-License-Identifier: GPL-2.0-only
/* How much memory can be taken before somebody else feels it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headroom.h"
#include "zones.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* In pages; -1 with errno. */
static int zones_headroom(uint64_t *pages)
{
	struct zones *zones = zones_read();

	if (!zones)
		return -1;

	*pages = 0;
	for (size_t i = 0; i < zones->count; i++) {
		const struct zone *zone = &zones->zone[i];

		if (zone->free > zone->high + zone->protection)
			*pages += zone->free - zone->high - zone->protection;
	}
	free(zones);
	return 0;
}

/* A number in a file of a cgroup; UINT64_MAX for "max" and where there is no such file. */
static uint64_t cgroup_number(const char *cgroup, const char *name)
{
	uint64_t number;
	char *path;
	FILE *file;

	if (asprintf(&path, CGROUP_ROOT "%s/%s", cgroup, name) < 0)
		return UINT64_MAX;
	file = fopen(path, "re");
	free(path);
	if (!file)
		return UINT64_MAX;
	if (fscanf(file, "%" SCNu64, &number) != 1)
		number = UINT64_MAX;
	fclose(file);
	return number;
}

/* What is left below the limits of a cgroup and of those above it, in bytes. */
static uint64_t cgroup_headroom(char *cgroup)
{
	uint64_t least = UINT64_MAX;

	for (;;) {
		uint64_t max = cgroup_number(cgroup, "memory.max");
		uint64_t high = cgroup_number(cgroup, "memory.high");
		uint64_t used = cgroup_number(cgroup, "memory.current");
		uint64_t limit = high < max ? high : max;
		char *slash = strrchr(cgroup, '/');

		/* The root has no such files, and no limit. */
		if (limit != UINT64_MAX && used != UINT64_MAX) {
			uint64_t left = used < limit ? limit - used : 0;

			if (left < least)
				least = left;
		}
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* The same of the caller's own cgroup; no limit where there are no cgroups. */
static uint64_t own_cgroup_headroom(void)
{
	uint64_t bytes = UINT64_MAX;
	char line[4096];
	FILE *file;

	file = fopen("/proc/self/cgroup", "re");
	if (!file)
		return bytes;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4))
			bytes = cgroup_headroom(line + 3);
	}
	fclose(file);
	return bytes;
}

int headroom_read(uint64_t *bytes)
{
	uint64_t pages, charged;

	if (zones_headroom(&pages))
		return -1;

	*bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	charged = own_cgroup_headroom();
	if (charged < *bytes)
		*bytes = charged;
	return 0;
}
