// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/kcore: the kernel's memory as an ELF core file, by kernel address.
 *
 * A program header of memory in the direct map has its physical address (fs/proc/kcore.c),
 * so that the file is a table of that map, written by the kernel itself.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "witness.h"

#define NO_PHYS UINT64_MAX

struct segment {
	uint64_t start;
	uint64_t length;
	uint64_t phys; /* NO_PHYS: not a part of memory as a whole */
	uint64_t file_offset;
};

struct kcore {
	int fd;
	size_t count;
	uint64_t shift; /* kernel address less physical address, in the direct map */
	struct segment segments[];
};

/* The kernel's own image has another shift; the direct map is what has most memory. */
static uint64_t find_shift(const struct kcore *kcore)
{
	uint64_t best = 0, best_bytes = 0;

	for (size_t i = 0; i < kcore->count; i++) {
		const struct segment *one = &kcore->segments[i];
		uint64_t bytes = 0;

		if (one->phys == NO_PHYS)
			continue;
		for (size_t j = 0; j < kcore->count; j++)
			if (kcore->segments[j].phys != NO_PHYS &&
			    kcore->segments[j].start - kcore->segments[j].phys ==
				    one->start - one->phys)
				bytes += kcore->segments[j].length;
		if (bytes > best_bytes) {
			best_bytes = bytes;
			best = one->start - one->phys;
		}
	}
	return best;
}

static bool read_all(int fd, void *to, size_t length, uint64_t from)
{
	char *at = to;

	while (length) {
		ssize_t got = pread(fd, at, length, (off_t)from);

		if (got <= 0) {
			if (!got)
				errno = EIO;
			return false;
		}
		at += got;
		from += (uint64_t)got;
		length -= (size_t)got;
	}
	return true;
}

struct kcore *kcore_open(void)
{
	struct kcore *kcore = NULL;
	Elf64_Phdr *headers = NULL;
	Elf64_Ehdr elf;
	int fd, err;

	fd = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (!read_all(fd, &elf, sizeof(elf), 0))
		goto err_close;
	headers = need(calloc(elf.e_phnum, sizeof(*headers)));
	if (!read_all(fd, headers, elf.e_phnum * sizeof(*headers), elf.e_phoff))
		goto err_close;

	kcore = need(calloc(1, sizeof(*kcore) + elf.e_phnum * sizeof(kcore->segments[0])));
	kcore->fd = fd;
	for (size_t i = 0; i < elf.e_phnum; i++) {
		if (headers[i].p_type != PT_LOAD)
			continue;
		kcore->segments[kcore->count++] = (struct segment){
			.start = headers[i].p_vaddr,
			.length = headers[i].p_memsz,
			.phys = headers[i].p_paddr,
			.file_offset = headers[i].p_offset,
		};
	}
	kcore->shift = find_shift(kcore);
	free(headers);
	return kcore;

err_close:
	err = errno;
	free(headers);
	close(fd);
	errno = err;
	return NULL;
}

void kcore_close(struct kcore *kcore)
{
	if (kcore)
		close(kcore->fd);
	free(kcore);
}

static const struct segment *find(const struct kcore *kcore, uint64_t kaddr, uint64_t length)
{
	for (size_t i = 0; i < kcore->count; i++) {
		const struct segment *one = &kcore->segments[i];

		if (kaddr >= one->start && kaddr - one->start < one->length &&
		    length <= one->length - (kaddr - one->start))
			return one;
	}
	errno = ENXIO;
	return NULL;
}

static bool is_direct(const struct kcore *kcore, const struct segment *segment)
{
	return segment->phys != NO_PHYS && segment->start - segment->phys == kcore->shift;
}

bool kcore_read(struct kcore *kcore, uint64_t kaddr, void *bytes, size_t length)
{
	const struct segment *segment = find(kcore, kaddr, length);

	return segment &&
	       read_all(kcore->fd, bytes, length, segment->file_offset + (kaddr - segment->start));
}

bool kcore_phys(const struct kcore *kcore, uint64_t kaddr, uint64_t *phys)
{
	const struct segment *segment = find(kcore, kaddr, 1);

	if (!segment)
		return false;
	if (!is_direct(kcore, segment)) {
		errno = ENXIO;
		return false;
	}
	*phys = kaddr - kcore->shift;
	return true;
}

bool kcore_direct(const struct kcore *kcore, uint64_t phys, uint64_t *kaddr)
{
	*kaddr = phys + kcore->shift;
	return kcore_phys(kcore, *kaddr, &phys);
}

bool kcore_within(const struct kcore *kcore, uint64_t kaddr, uint64_t length, bool *direct)
{
	const struct segment *segment = find(kcore, kaddr, length);

	if (segment)
		*direct = is_direct(kcore, segment);
	return segment;
}

#define PART (256U << 10)

bool kcore_matches(struct kcore *kcore, uint64_t kaddr, uint64_t length, uint64_t seed,
		   uint64_t *first_wrong)
{
	unsigned char *copy = need(malloc(PART));
	bool ok = true;

	*first_wrong = length;
	for (uint64_t offset = 0, part; offset < length && ok; offset += part) {
		size_t right;

		part = length - offset < PART ? length - offset : PART;
		ok = kcore_read(kcore, kaddr + offset, copy, (size_t)part);
		if (!ok)
			break;
		right = memlab_pattern_mismatch(seed, offset, copy, (size_t)part);
		if (right < part) {
			*first_wrong = offset + right;
			break;
		}
	}
	free(copy);
	return ok;
}
