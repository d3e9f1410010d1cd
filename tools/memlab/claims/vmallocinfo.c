// SPDX-License-Identifier: GPL-2.0-only
/* /proc/vmallocinfo: the areas of the vmalloc address range (mm/vmalloc.c, s_show()). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "witness.h"

/* A pointer that was hashed has 32 bits (lib/vsprintf.c), a kernel address more. */
#define HASHED_BITS 32

static void read_line(const char *line, struct vmalloc_area *area)
{
	const char *pages = strstr(line, " pages=");

	if (pages)
		area->pages = strtoull(pages + strlen(" pages="), NULL, 10);
	area->is_vmalloc = strstr(line, " vmalloc");
	area->is_memlab = strstr(line, " [memlab]");
	if (!(area->start >> HASHED_BITS))
		area->start = 0;
}

bool vmallocinfo_read(struct vmallocinfo *info)
{
	char *text = file_read("/proc/vmallocinfo");
	char *rest = text;
	size_t room = 0;

	*info = (struct vmallocinfo){ .hidden = true };
	if (!text)
		return false;
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct vmalloc_area area = { 0 };

		if (sscanf(line, "0x%" SCNx64 "-0x%*x %" SCNu64, &area.start, &area.bytes) != 2)
			continue;
		read_line(line, &area);
		info->hidden &= !area.start;
		if (info->count == room) {
			room = room ? 2 * room : 256;
			info->areas = need(reallocarray(info->areas, room, sizeof(*info->areas)));
		}
		info->areas[info->count++] = area;
	}
	free(text);
	return true;
}

void vmallocinfo_free(struct vmallocinfo *info)
{
	free(info->areas);
	*info = (struct vmallocinfo){ 0 };
}

size_t vmallocinfo_count(const struct vmallocinfo *info, uint64_t pages, uint64_t page_size)
{
	size_t count = 0;

	for (size_t i = 0; i < info->count; i++) {
		const struct vmalloc_area *area = &info->areas[i];

		count += area->is_memlab && area->is_vmalloc && area->pages == pages &&
			 area->bytes == (pages + 1) * page_size;
	}
	return count;
}

const struct vmalloc_area *vmallocinfo_find(const struct vmallocinfo *info, uint64_t start)
{
	for (size_t i = 0; i < info->count; i++)
		if (info->areas[i].start == start)
			return &info->areas[i];
	return NULL;
}
