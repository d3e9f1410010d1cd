// SPDX-License-Identifier: GPL-2.0-only
/* /proc/pagetypeinfo: what the free blocks are reserved for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetypeinfo.h"

/* Numbers such as "12", or ">100000" where counting was given up. */
static bool parse_blocks(const char *text, uint64_t *blocks, unsigned int orders)
{
	for (unsigned int order = 0; order < orders; order++) {
		char *end;

		text += strspn(text, " >");
		blocks[order] = strtoull(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	}
	return true;
}

bool pagetypeinfo_cma(int node, const char *zone, uint64_t *blocks, unsigned int orders)
{
	bool found = false;
	char line[1024];
	FILE *file;

	file = fopen("/proc/pagetypeinfo", "re");
	if (!file)
		return false;

	while (!found && fgets(line, sizeof(line), file)) {
		char name[16], type[16];
		int of, at;

		if (sscanf(line, "Node %d, zone %15[^,], type %15s%n", &of, name, type, &at) != 3)
			continue;
		found = of == node && !strcmp(name, zone) && !strcmp(type, "CMA") &&
			parse_blocks(line + at, blocks, orders);
	}
	fclose(file);
	return found;
}
