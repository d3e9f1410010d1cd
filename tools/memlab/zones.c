// SPDX-License-Identifier: GPL-2.0-only
/* /proc/zoneinfo: what the page allocator defends. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones.h"

/* The largest number of a list such as "(0, 919, 919)". */
static uint64_t largest(const char *list)
{
	uint64_t most = 0;
	char *end;

	for (; *list && *list != ')'; list = end) {
		uint64_t number = strtoull(list + 1, &end, 10);

		if (end == list + 1)
			break;
		if (number > most)
			most = number;
	}
	return most;
}

static void parse_line(const char *line, struct zone *zone)
{
	uint64_t value;
	char *list;

	/* The watermark is "high", a CPU's list has "high:". */
	if (sscanf(line, " pages free %" SCNu64, &value) == 1) {
		zone->free = value;
	} else if (sscanf(line, " nr_free_cma %" SCNu64, &value) == 1) {
		zone->free -= value < zone->free ? value : zone->free;
	} else if (sscanf(line, " min %" SCNu64, &value) == 1) {
		zone->min = value;
	} else if (sscanf(line, " high %" SCNu64, &value) == 1) {
		zone->high = value;
	} else if (sscanf(line, " high: %" SCNu64, &value) == 1 && value > zone->cpu_high) {
		zone->cpu_high = value;
	} else if (strstr(line, " protection: ")) {
		list = strchr(line, '(');
		zone->protection = list ? largest(list) : 0;
	}
}

/* Returns @zones with one more zone, or NULL after free(). */
static struct zones *add_zone(struct zones *zones, int node, const char *name)
{
	size_t count = zones ? zones->count : 0;
	struct zones *larger =
		realloc(zones, sizeof(*zones) + (count + 1) * sizeof(zones->zone[0]));

	if (!larger) {
		free(zones);
		return NULL;
	}
	larger->count = count + 1;
	larger->zone[count] = (struct zone){ .node = node };
	memcpy(larger->zone[count].name, name, sizeof(larger->zone[count].name));
	return larger;
}

struct zones *zones_read(void)
{
	struct zones *zones = NULL;
	struct zone *zone = NULL;
	char line[512];
	FILE *file;

	file = fopen("/proc/zoneinfo", "re");
	if (!file)
		return NULL;

	while (fgets(line, sizeof(line), file)) {
		char name[sizeof(zone->name)] = "";
		int node;

		if (sscanf(line, "Node %d, zone %15s", &node, name) != 2) {
			if (zone)
				parse_line(line, zone);
			continue;
		}
		zone = NULL;
		if (!strcmp(name, "Movable") || !strcmp(name, "Device"))
			continue;
		zones = add_zone(zones, node, name);
		if (!zones)
			goto out_close;
		zone = &zones->zone[zones->count - 1];
	}
	if (!zones)
		errno = EIO;

out_close:
	fclose(file);
	return zones;
}
