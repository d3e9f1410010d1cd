// SPDX-License-Identifier: GPL-2.0-only
/* /proc/slabinfo, see slabinfo(5). */
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"

bool slabinfo_read(struct slabinfo *info)
{
	char *text = file_read("/proc/slabinfo");
	char *rest = text;
	size_t room = 0;

	*info = (struct slabinfo){ 0 };
	if (!text)
		return false;
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct slabinfo_row row;

		/* Two lines of heading are none of these. */
		if (sscanf(line, "%63s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   row.name, &row.active, &row.objects, &row.room, &row.objects_per_slab,
			   &row.pages_per_slab) != 6)
			continue;
		if (info->count == room) {
			room = room ? 2 * room : 256;
			info->rows = need(reallocarray(info->rows, room, sizeof(*info->rows)));
		}
		info->rows[info->count++] = row;
	}
	free(text);
	return true;
}

void slabinfo_free(struct slabinfo *info)
{
	free(info->rows);
	*info = (struct slabinfo){ 0 };
}

const struct slabinfo_row *slabinfo_find(const struct slabinfo *info, const char *name)
{
	for (size_t i = 0; i < info->count; i++)
		if (!strcmp(info->rows[i].name, name))
			return &info->rows[i];
	return NULL;
}

uint64_t slabinfo_object_size(const struct slabinfo_row *row)
{
	char *path = text_format("/sys/kernel/slab/%s/object_size", row->name);
	uint64_t size;

	if (!number_get(path, &size))
		size = row->room;
	free(path);
	return size;
}

static bool is_copy(const char *row, const char *name)
{
	const char *class = strrchr(name, '-');
	char *copies = text_format("kmalloc-rnd-*%s", class ? class : name);
	bool is = !strcmp(row, name) || !fnmatch(copies, row, 0);

	free(copies);
	return is;
}

void slabinfo_settle(const struct slabinfo *info, const char *name)
{
	for (size_t i = 0; i < info->count; i++) {
		char *path;
		int fd;

		if (!is_copy(info->rows[i].name, name))
			continue;
		path = text_format("/sys/kernel/slab/%s/shrink", info->rows[i].name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		free(path);
		if (fd < 0)
			continue;
		/* Where it fails, the numbers are what they are. */
		dprintf(fd, "1");
		close(fd);
	}
}

uint64_t slabinfo_objects(const struct slabinfo *info, const char *name,
			  const struct slabinfo_row **row)
{
	const struct slabinfo_row *found = NULL;
	uint64_t objects = 0;

	for (size_t i = 0; i < info->count; i++) {
		if (!is_copy(info->rows[i].name, name))
			continue;
		found = &info->rows[i];
		objects += found->active;
	}
	if (row)
		*row = found;
	return objects;
}
