/* SPDX-License-Identifier: GPL-2.0-only */
/* A buffer as the driver describes it and as pagemap shows it, side by side. */
#ifndef MEMLAB_LOOK_H
#define MEMLAB_LOOK_H

#include "witness.h"

struct look {
	struct memlab_buf_info *info;
	struct frames reported;
	struct frames mapped; /* no frames when the buffer cannot be mapped */
	uint64_t kaddr;	      /* 0 when hidden */
	uint64_t phys;
};

/* False with errno when something cannot be asked; look_free() is due in any case. */
bool look_at(struct claim_run *run, struct memlab_buf *buf, struct look *look);
void look_free(struct look *look);

/*
 * What the driver says that pagemap, or another thing that the driver says, contradicts;
 * NULL: nothing.
 */
const char *look_contradiction(const struct look *look);

/*
 * What /proc/kpageflags shows of the pages that is not as the backing has it; NULL when
 * all is. @pages is how many of them were looked at.
 */
const char *look_misuse(const struct look *look, uint64_t page_size, size_t *pages);

/*
 * Writes a pattern through the mapping, or by WRITE, and looks for it at the kernel
 * address in /proc/kcore. What is wrong there, or NULL.
 */
const char *look_kernel_bytes(struct claim_run *run, struct memlab_buf *buf,
			      const struct look *look, struct kcore *kcore, uint64_t seed);

/*
 * Which way kvmalloc() went: @is_vmalloc by the kernel address, which lies in the direct
 * map or does not, by /proc/kcore. What contradicts the driver's word on it, or NULL.
 */
const char *look_path(const struct look *look, const struct kcore *kcore, uint64_t page_size,
		      bool *is_vmalloc);

/*
 * Sizes round every power of two from 8 up to @max: just below, at it, just above, and
 * half-way to the next one. Returns how many, at most SIZES_AROUND.
 */
#define SIZES_AROUND 256
size_t sizes_around(uint64_t sizes[SIZES_AROUND], uint64_t max);

/* How many of the frames the page allocator has as free, by /proc/kpageflags. */
bool frames_free_count(const struct frames *frames, size_t *count);

/*
 * Whether a freed block of so many pages shows as free at once. Blocks up to order 3, and
 * of the order of a huge page, wait in lists of the CPUs, which kpageflags does not know
 * (mm/page_alloc.c, pcp_allowed_order()).
 */
bool shows_when_free(size_t pages, uint64_t page_size);

/*
 * Whether most of @pages freed single pages show: those lists must be full long before.
 */
bool singles_show_when_free(size_t pages);

#endif /* MEMLAB_LOOK_H */
