// SPDX-License-Identifier: GPL-2.0-only
/* /proc/zoneinfo, as mm/vmstat.c prints it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"
#include "zoneinfo.h"

/* A member of a zone: its line has @label, blanks, and the number. */
struct member {
	const char *label;
	uint64_t *value;
};

static void read_member(const char *line, const struct member *members, size_t count)
{
	line += strspn(line, " ");
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(members[i].label);

		if (!strncmp(line, members[i].label, length) &&
		    (line[length] == ' ' || line[length] == ':')) {
			*members[i].value = strtoull(line + length + 1, NULL, 10);
			return;
		}
	}
}

/* Reads the lines of one zone, up to the next one; @rest is left there. */
static void read_zone(char **rest, struct zoneinfo *zone)
{
	uint64_t unreclaimable = 0;
	const struct member members[] = {
		{ "pages free", &zone->free },
		{ "min", &zone->min },
		{ "managed", &zone->managed },
		{ "start_pfn", &zone->first_pfn },
		{ "node_unreclaimable", &unreclaimable },
	};

	while (*rest && strncmp(*rest, "Node ", strlen("Node ")))
		read_member(strsep(rest, "\n"), members, ARRAY_SIZE(members));
	zone->unreclaimable = unreclaimable;
}

bool zoneinfo_get(const char *name, int node, struct zoneinfo *zone)
{
	char *text = file_read("/proc/zoneinfo");
	char *rest = text;
	bool found = false;

	if (!text)
		return false;
	while (rest && !found) {
		const char *line = strsep(&rest, "\n");

		*zone = (struct zoneinfo){ 0 };
		if (sscanf(line, "Node %d, zone %15s", &zone->node, zone->name) != 2)
			continue;
		read_zone(&rest, zone);
		found = !strcmp(zone->name, name) && zone->managed &&
			(node < 0 || node == zone->node);
	}
	free(text);
	if (!found)
		errno = ENOENT;
	return found;
}
