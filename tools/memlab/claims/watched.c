// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "watched.h"

#define SEED 0x6b726561

bool watched_look(struct watched *watched)
{
	struct memlab_buf_info *info = memlab_buf_get_info(watched->buf);

	if (!info)
		return false;
	watched->kaddr = memlab_buf_info_get_kernel_address(info);
	watched->usable = memlab_buf_info_get_usable_size(info);
	memlab_buf_info_free(info);
	return true;
}

const char *watched_wrong(const struct watched *watched, uint64_t bytes)
{
	uint64_t wrong;
	int differs = memlab_buf_check(watched->buf, SEED, 0, bytes, NULL);

	if (differs < 0)
		return strerror(errno);
	if (differs)
		return "the kernel finds other bytes";
	if (!kcore_matches(watched->kcore, watched->kaddr, bytes, SEED, &wrong))
		return "/proc/kcore cannot be read there";
	return wrong < bytes ? "/proc/kcore shows other bytes" : NULL;
}

bool watched_make(struct claim_run *run, struct watched *watched, uint64_t bytes)
{
	const struct claim_request request = { .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
					       .bytes = bytes };

	watched->buf = claim_alloc(run, &request, NULL);
	return watched->buf && !memlab_buf_fill(watched->buf, SEED, 0, 0) && watched_look(watched);
}
