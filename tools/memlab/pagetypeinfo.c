// SPDX-License-Identifier: GPL-2.0-only
/* /proc/pagetypeinfo: what the free blocks are reserved for. */
#include <errno.h>
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

FILE *pagetypeinfo_open(void)
{
	FILE *file = fopen("/proc/pagetypeinfo", "re");
	unsigned int order;

	if (!file || fscanf(file, "Page block order: %u", &order) == 1)
		return file;
	fclose(file);
	errno = EIO;
	return NULL;
}

bool pagetypeinfo_next_cma(FILE *file, int *node, char zone[PAGETYPEINFO_NAME], uint64_t *blocks,
			   unsigned int orders)
{
	char line[1024];

	while (fgets(line, sizeof(line), file)) {
		char type[16];
		int at;

		if (sscanf(line, "Node %d, zone %15[^,], type %15s%n", node, zone, type, &at) ==
			    3 &&
		    !strcmp(type, "CMA") && parse_blocks(line + at, blocks, orders))
			return true;
	}
	return false;
}
