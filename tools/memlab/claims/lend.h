/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of a process that the kernel may take back at any time. */
#ifndef MEMLAB_LEND_H
#define MEMLAB_LEND_H

#include <stddef.h>

/*
 * Maps @bytes of such memory (MADV_FREE), on a node if it is not negative; all of it is
 * in use at first. It needs no swap space to be taken back. For munmap(2), or NULL.
 */
void *lend(size_t bytes, int node);

#endif /* MEMLAB_LEND_H */
