/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/zoneinfo: the page allocator's zones. */
#ifndef MEMLAB_ZONEINFO_H
#define MEMLAB_ZONEINFO_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers of pages, but @node and @first_pfn. */
#define ZONE_NAME 16

struct zoneinfo {
	char name[ZONE_NAME];
	int node;
	uint64_t free; /* without those that lie ready on a CPU, as the watermarks count */
	uint64_t min;  /* the watermark below which only some requests are served */
	uint64_t managed;
	uint64_t first_pfn;
	bool unreclaimable; /* kswapd has given up on the zone's node */
};

/*
 * The first zone with memory of that name, such as "DMA32", on the node; on any node
 * if @node is negative. False with errno, ENOENT: there is none.
 */
bool zoneinfo_get(const char *name, int node, struct zoneinfo *zone);

#endif /* MEMLAB_ZONEINFO_H */
