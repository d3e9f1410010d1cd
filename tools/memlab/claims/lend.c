// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lend.h"

#define MOST_NODES (CHAR_BIT * sizeof(unsigned long))

void *lend(size_t bytes, int node)
{
	void *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	/* Pages of their own, so that they can be taken back one by one. */
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	if (node >= 0 && (size_t)node < MOST_NODES) {
		unsigned long nodes = 1UL << node;

		syscall(SYS_mbind, memory, bytes, MPOL_BIND, &nodes, MOST_NODES, 0);
	}
	memset(memory, 1, bytes);
	if (!madvise(memory, bytes, MADV_FREE))
		return memory;
	munmap(memory, bytes);
	return NULL;
}
