// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the kernel itself tells about pages in /proc, independently of the driver. */
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_FRAME	((1ULL << 55) - 1)
#define PAGEMAP_PRESENT (1ULL << 63)

/* Reads @count entries of 8 bytes, the first one being number @first. */
static int read_entries(const char *path, uint64_t first, size_t count, uint64_t *entries)
{
	char *to = (char *)entries;
	size_t left = count * sizeof(*entries);
	off_t from = (off_t)(first * sizeof(*entries));
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;

	while (left) {
		ssize_t got = pread(fd, to, left, from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = got ? errno : EIO;
			goto err_close;
		}
		to += got;
		from += got;
		left -= (size_t)got;
	}

	close(fd);
	return 0;

err_close:
	close(fd);
	errno = err;
	return -1;
}

EXPORT int memlab_pagemap_read(const void *addr, size_t npages, uint64_t *pfns)
{
	uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);

	if ((uintptr_t)addr % page_size) {
		errno = EINVAL;
		return -1;
	}

	if (read_entries("/proc/self/pagemap", (uintptr_t)addr / page_size, npages, pfns))
		return -1;

	for (size_t i = 0; i < npages; i++) {
		if (!(pfns[i] & PAGEMAP_PRESENT)) {
			pfns[i] = MEMLAB_LIB_PFN_NONE;
			continue;
		}

		/* The kernel shows frame 0, which it never hands out, for "hidden". */
		pfns[i] &= PAGEMAP_FRAME;
		if (!pfns[i]) {
			errno = EPERM;
			return -1;
		}
	}

	return 0;
}

EXPORT int memlab_kpageflags_read(uint64_t pfn, size_t npages, uint64_t *flags)
{
	return read_entries("/proc/kpageflags", pfn, npages, flags);
}
