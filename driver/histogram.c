// SPDX-License-Identifier: GPL-2.0-only
/* How many of which length. */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/log2.h>
#include <linux/minmax.h>

#include "bench.h"

#define SUB_BITS ilog2(MEMLAB_BENCH_SUBBUCKETS)

/* The buckets are those of the ABI. */
void memlab_histogram_add(u64 *counts, u64 nanoseconds)
{
	unsigned int shift = 0;
	u64 bucket;

	if (nanoseconds >= 2 * MEMLAB_BENCH_SUBBUCKETS)
		shift = fls64(nanoseconds) - SUB_BITS - 1;
	bucket = MEMLAB_BENCH_SUBBUCKETS * shift + (nanoseconds >> shift);
	counts[min_t(u64, bucket, MEMLAB_BENCH_BUCKETS - 1)]++;
}
