// SPDX-License-Identifier: GPL-2.0-only
/* What became of the calls of each allocator. */
#include <linux/minmax.h>
#include <linux/spinlock.h>

#include "memlab.h"

struct memlab_counter {
	spinlock_t lock; /* of @stats */
	struct memlab_stats stats;
};

static struct memlab_counter memlab_counters[MEMLAB_ALLOCATORS];

void memlab_stats_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(memlab_counters); i++)
		spin_lock_init(&memlab_counters[i].lock);
}

void memlab_stats_read(u32 allocator, struct memlab_stats *stats)
{
	struct memlab_counter *counter = &memlab_counters[allocator];

	spin_lock(&counter->lock);
	*stats = counter->stats;
	spin_unlock(&counter->lock);
}

/* The allocator was called, to allocate or to resize. */
void memlab_stats_called(u32 allocator, bool resize, bool success)
{
	struct memlab_counter *counter = &memlab_counters[allocator];

	spin_lock(&counter->lock);
	counter->stats.calls += !resize;
	counter->stats.resizes += resize;
	counter->stats.failures += !success;
	spin_unlock(&counter->lock);
}

/* The driver said no for it. */
void memlab_stats_refused(u32 allocator)
{
	struct memlab_counter *counter = &memlab_counters[allocator];

	spin_lock(&counter->lock);
	counter->stats.refused++;
	spin_unlock(&counter->lock);
}

/**
 * memlab_stats_hold() - a buffer has got memory, or other memory than before
 * @buf: the buffer
 * @before: bytes that it had, 0 if it is new
 * @moved: this is other memory
 */
void memlab_stats_hold(const struct memlab_buffer *buf, u64 before, bool moved)
{
	struct memlab_counter *counter = &memlab_counters[buf->allocator];
	struct memlab_stats *stats = &counter->stats;

	spin_lock(&counter->lock);
	stats->live += !before;
	stats->bytes += buf->usable - before;
	stats->peak_bytes = max(stats->peak_bytes, stats->bytes);
	if (moved && buf->allocator == MEMLAB_ALLOCATOR_KVMALLOC &&
	    buf->backing == MEMLAB_BACKING_VMALLOC)
		stats->fallbacks++;
	spin_unlock(&counter->lock);
}

/* Its memory has gone back. */
void memlab_stats_drop(const struct memlab_buffer *buf)
{
	struct memlab_counter *counter = &memlab_counters[buf->allocator];

	spin_lock(&counter->lock);
	counter->stats.frees++;
	counter->stats.live--;
	counter->stats.bytes -= buf->usable;
	spin_unlock(&counter->lock);
}
