// SPDX-License-Identifier: GPL-2.0-only
/* Page frames of a buffer: by the driver's word, by pagemap, by kpageflags, by kpagecount. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"

static void frames_init(struct frames *frames, size_t count)
{
	frames->count = count;
	frames->pfns = need(calloc(count, sizeof(*frames->pfns)));
}

void frames_free(struct frames *frames)
{
	free(frames->pfns);
	*frames = (struct frames){ 0 };
}

/* Pages that hold a byte asked for, of a buffer that begins anywhere in its first page. */
static size_t pages_of(const struct claim_run *run, uint64_t phys, uint64_t bytes)
{
	uint64_t in_page = phys % run->page_size;

	return (size_t)((in_page + bytes + run->page_size - 1) / run->page_size);
}

bool frames_reported(struct claim_run *run, const struct memlab_buf *buf, struct frames *frames)
{
	struct memlab_extents *extents = memlab_buf_get_extents(buf);
	uint64_t page_size = run->page_size;
	size_t at = 0;

	*frames = (struct frames){ 0 };
	if (!extents)
		return false;
	if (memlab_extents_is_phys_hidden(extents)) {
		memlab_extents_free(extents);
		errno = EPERM;
		return false;
	}

	frames_init(frames,
		    pages_of(run, memlab_extents_get_phys(extents, 0), memlab_buf_get_size(buf)));
	for (size_t i = 0; i < memlab_extents_get_count(extents); i++) {
		uint64_t phys = memlab_extents_get_phys(extents, i);
		size_t pages = pages_of(run, phys, memlab_extents_get_length(extents, i));

		/* A report that does not add up is cut, and differs from what others say. */
		for (size_t page = 0; page < pages && at < frames->count; page++)
			frames->pfns[at++] = phys / page_size + page;
	}
	memlab_extents_free(extents);
	return true;
}

bool frames_mapped(struct claim_run *run, struct memlab_buf *buf, struct frames *frames)
{
	size_t length, count;
	const volatile unsigned char *map = claim_map(run, buf, &length);
	int err;

	*frames = (struct frames){ 0 };
	if (!map)
		return false;
	count = pages_of(run, 0, memlab_buf_get_size(buf));
	/* pagemap tells of pages that have been touched. */
	for (size_t page = 0; page < count; page++)
		(void)map[page * run->page_size];

	frames_init(frames, count);
	if (!memlab_pagemap_read((const void *)map, count, frames->pfns))
		return true;
	err = errno;
	frames_free(frames);
	errno = err;
	return false;
}

bool frames_equal(const struct frames *a, const struct frames *b)
{
	return a->count == b->count && !memcmp(a->pfns, b->pfns, a->count * sizeof(*a->pfns));
}

size_t frames_runs(const struct frames *frames)
{
	size_t runs = frames->count > 0;

	for (size_t i = 1; i < frames->count; i++)
		runs += frames->pfns[i] != frames->pfns[i - 1] + 1;
	return runs;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool frames_distinct(const struct frames *frames)
{
	struct frames sorted;
	bool distinct = true;

	frames_init(&sorted, frames->count);
	memcpy(sorted.pfns, frames->pfns, frames->count * sizeof(*frames->pfns));
	qsort(sorted.pfns, sorted.count, sizeof(*sorted.pfns), compare);
	for (size_t i = 1; i < sorted.count; i++)
		distinct &= sorted.pfns[i] != sorted.pfns[i - 1];
	frames_free(&sorted);
	return distinct;
}

/* Reads the entries of the frames, a run of neighbours at a time. */
static bool entries_of(const char *path, const struct frames *frames, uint64_t *entries)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = true;

	if (fd < 0)
		return false;
	for (size_t i = 0, count; i < frames->count && ok; i += count) {
		size_t bytes;
		ssize_t got;

		count = 1;
		while (i + count < frames->count &&
		       frames->pfns[i + count] == frames->pfns[i] + count)
			count++;
		bytes = count * sizeof(*entries);
		got = pread(fd, entries + i, bytes, (off_t)(frames->pfns[i] * sizeof(*entries)));
		ok = got == (ssize_t)bytes;
		/* The file ends where memory ends. */
		if (!ok && got >= 0)
			errno = ENXIO;
	}
	close(fd);
	return ok;
}

bool kpageflags_of(const struct frames *frames, uint64_t *flags)
{
	return entries_of("/proc/kpageflags", frames, flags);
}

bool frame_is_tail(uint64_t flags)
{
	return flags & FRAME_FLAG(COMPOUND_TAIL);
}

bool kpagecount_of(const struct frames *frames, uint64_t *counts)
{
	return entries_of("/proc/kpagecount", frames, counts);
}

bool kpageflags_count(const struct frames *frames, uint64_t set, uint64_t clear, size_t *count)
{
	uint64_t *flags = need(calloc(frames->count, sizeof(*flags)));
	bool ok = kpageflags_of(frames, flags);

	*count = 0;
	for (size_t i = 0; ok && i < frames->count; i++)
		*count += (flags[i] & set) == set && !(flags[i] & clear);
	free(flags);
	return ok;
}

bool kpageflags_slab(const struct frames *frames, size_t *count)
{
	return kpageflags_count(frames, FRAME_FLAG(SLAB), FRAME_FLAG(BUDDY), count);
}

void frames_range(struct frames *frames, uint64_t pfn, size_t count)
{
	frames_init(frames, count);
	for (size_t i = 0; i < count; i++)
		frames->pfns[i] = pfn + i;
}
