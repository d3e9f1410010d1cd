// SPDX-License-Identifier: GPL-2.0-only
/* /proc/buddyinfo: the free blocks of the page allocator. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buddyinfo.h"
#include "pagetypeinfo.h"

/* Returns the number of orders of the zone that a line tells of, 0 if it tells of none. */
static unsigned int parse_zone(const char *line, struct buddy_zone *zone)
{
	unsigned int orders = 0;
	int at;

	memset(zone, 0, sizeof(*zone));
	if (sscanf(line, "Node %d, zone %15s%n", &zone->node, zone->name, &at) != 2)
		return 0;

	for (;;) {
		char *end;
		uint64_t blocks = strtoull(line + at, &end, 10);

		if (end == line + at)
			return orders;
		if (orders == BUDDYINFO_ORDERS)
			return 0;
		zone->blocks[orders++] = blocks;
		at = (int)(end - line);
	}
}

/* Returns @info with room for one more zone, or NULL after free(). */
static struct buddyinfo *grow(struct buddyinfo *info)
{
	size_t count = info ? info->count : 0;
	struct buddyinfo *larger =
		realloc(info, sizeof(*info) + (count + 1) * sizeof(info->zones[0]));

	if (!larger)
		free(info);
	else if (!info)
		*larger = (struct buddyinfo){ 0 };
	return larger;
}

static void leave_out(struct buddyinfo *info, int node, const char *name, const uint64_t *blocks)
{
	for (size_t i = 0; i < info->count; i++) {
		struct buddy_zone *zone = &info->zones[i];

		if (zone->node != node || strcmp(zone->name, name) != 0)
			continue;
		/* The two files are not of the same moment. */
		for (unsigned int order = 0; order < info->orders; order++)
			zone->blocks[order] -= blocks[order] < zone->blocks[order] ?
						       blocks[order] :
						       zone->blocks[order];
	}
}

static void leave_out_cma(struct buddyinfo *info)
{
	FILE *file = pagetypeinfo_open();
	uint64_t blocks[BUDDYINFO_ORDERS];
	char name[PAGETYPEINFO_NAME];
	int node;

	if (!file) {
		info->cma_error = errno;
		return;
	}
	while (pagetypeinfo_next_cma(file, &node, name, blocks, info->orders))
		leave_out(info, node, name, blocks);
	fclose(file);
}

struct buddyinfo *buddyinfo_read(void)
{
	struct buddyinfo *info = NULL;
	char line[512];
	FILE *file;

	file = fopen("/proc/buddyinfo", "re");
	if (!file)
		return NULL;

	while (fgets(line, sizeof(line), file)) {
		struct buddy_zone zone;
		unsigned int orders = parse_zone(line, &zone);

		if (!orders || (info && orders != info->orders))
			goto err_format;
		if (!strcmp(zone.name, "Movable"))
			continue;
		info = grow(info);
		if (!info) {
			fclose(file);
			return NULL;
		}
		info->orders = orders;
		info->zones[info->count++] = zone;
	}
	if (!info || ferror(file))
		goto err_format;

	fclose(file);
	leave_out_cma(info);
	return info;

err_format:
	fclose(file);
	free(info);
	errno = EIO;
	return NULL;
}

uint64_t buddyinfo_blocks(const struct buddyinfo *info, unsigned int order)
{
	uint64_t blocks = 0;

	if (order >= info->orders)
		return 0;
	for (size_t i = 0; i < info->count; i++)
		blocks += info->zones[i].blocks[order];
	return blocks;
}

int buddyinfo_largest(const struct buddyinfo *info)
{
	int order = (int)info->orders - 1;

	while (order >= 0 && !buddyinfo_blocks(info, (unsigned int)order))
		order--;
	return order;
}

static const struct zone *find_zone(const struct zones *zones, const struct buddy_zone *wanted)
{
	for (size_t i = 0; i < zones->count; i++)
		if (zones->zone[i].node == wanted->node &&
		    !strcmp(zones->zone[i].name, wanted->name))
			return &zones->zone[i];
	return NULL;
}

/* As __zone_watermark_ok() of the kernel (mm/page_alloc.c) for the lowest watermark. */
static bool is_served(const struct zone *zone, unsigned int order)
{
	return zone->free > zone->min + zone->protection + ((1ULL << order) - 1);
}

int buddyinfo_largest_served(const struct buddyinfo *info, const struct zones *zones)
{
	int largest = -1;

	for (size_t i = 0; i < info->count; i++) {
		const struct zone *zone = find_zone(zones, &info->zones[i]);

		for (int order = (int)info->orders - 1; zone && order > largest; order--)
			if (info->zones[i].blocks[order] && is_served(zone, (unsigned int)order))
				largest = order;
	}
	return largest;
}

uint64_t buddyinfo_bytes(const struct buddyinfo *info, unsigned int order)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t bytes = 0;

	for (; order < info->orders; order++)
		bytes += buddyinfo_blocks(info, order) * (page_size << order);
	return bytes;
}
