// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments free memory, by pipes alone.
 *
 * First come the small blocks. The pages that a pipe's content is in are single, are
 * the kernel's own, so that compaction cannot move them, and follow each other in
 * physical memory when nobody else allocates. Of each 2^(order+1) of them the first
 * is kept and the others are in pipes that are closed in the end: what they leave has
 * no free block above the order, wherever it begins.
 *
 * Not all of free memory can be treated so, since the system would come to a halt. What
 * was left alone is in large blocks. Now that there is enough free memory in small
 * ones, those are taken whole: the ring of a pipe is an array that kcalloc() allocates
 * in one block, of an order that F_SETPIPE_SZ chooses. What the kernel can make by
 * compaction is made and taken as well, until nothing more can be.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "buddyinfo.h"
#include "frag_hold.h"
#include "frag_pipes.h"
#include "headroom.h"
#include "zones.h"

#define MIB (1ULL << 20)

/* What is left for others, above the watermarks; and what there must be beyond that. */
#define MARGIN (16 * MIB)
#define LEAST  (8 * MIB)

/*
 * Orders up to here the page allocator does not refuse (PAGE_ALLOC_COSTLY_ORDER): it
 * would kill a process first. So some blocks are left, of a part of the memory.
 */
#define COSTLY_ORDER 3
#define STOCK_MOST   128
#define STOCK_SHARE  32

/*
 * A CPU keeps pages that it frees in a list of its own, where they cannot grow together
 * again. Blocks up to order 3 are kept there as well; but freed after so many pages that
 * the list is full, a few of them make the CPU give back all of the list. It takes one
 * (Linux 6.1), or one for each 2016 pages, of which a list may have a sixteenth of
 * memory (6.12). So the last pipes to go hold as many pages as fill the list, and are so
 * many that their rings empty it.
 */
#define LAST_PIPES 128
#define LAST_SHARE 8

#define CHECK_INTERVAL (4 * MIB)

struct hold {
	uint64_t page_size;
	unsigned int max_order;
	uint64_t limit;	 /* bytes to hold at most */
	uint64_t blocks; /* bytes in blocks */
	struct pipes last;
	struct pipes kept;
	struct pipes dropped;
};

static uint64_t taken(const struct hold *hold)
{
	uint64_t pages = hold->last.pages + hold->kept.pages + hold->dropped.pages;
	uint64_t rings = hold->last.count + hold->kept.count + hold->dropped.count;

	return (pages + (rings << PIPES_RING_ORDER)) * hold->page_size + hold->blocks;
}

/*
 * Has the kernel move what it can, now rather than when somebody asks for a large block:
 * pages of programs and of the page cache go to the gaps, and leave blocks to be taken.
 * Returns false where that cannot be had, as in a kernel without compaction, which then
 * makes no blocks later either.
 */
static bool compact(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, "1", 1) == 1;
	close(fd);
	return done;
}

static bool fits(uint64_t bytes)
{
	uint64_t headroom;

	return !headroom_read(&headroom) && headroom >= bytes + MARGIN;
}

/*
 * Kept pages with blocks of @order between them, up to so many bytes of all pages, or as
 * long as there is memory. Returns false with errno.
 */
static bool make_gaps(struct hold *hold, unsigned int order, uint64_t limit)
{
	uint64_t gap = (2ULL << order) - 1;
	uint64_t step = (gap + 1) * hold->page_size;
	uint64_t checked = 0;

	while (taken(hold) + step <= limit) {
		if (taken(hold) >= checked) {
			if (!fits(CHECK_INTERVAL + step))
				break;
			checked = taken(hold) + CHECK_INTERVAL;
		}
		if (!pipes_fill(&hold->kept, 1) || !pipes_fill(&hold->dropped, gap))
			return false;
	}
	return true;
}

/*
 * A process that ends closes its files in descending order, so that the pipes to go last
 * are opened first. Returns false with errno.
 */
static bool open_pipes(struct hold *hold, unsigned int order)
{
	uint64_t pages = hold->limit / hold->page_size;
	struct zones *zones = zones_read();
	uint64_t most = 0;

	if (!zones)
		return false;
	for (size_t i = 0; i < zones->count; i++)
		if (zones->zone[i].cpu_high > most)
			most = zones->zone[i].cpu_high;
	free(zones);

	if (!pipes_open(&hold->last, LAST_PIPES * pipes_room(PIPES_RING_ORDER)) ||
	    !pipes_open(&hold->kept, pages >> (order + 1)) || !pipes_open(&hold->dropped, pages))
		return false;
	if (most > pages / LAST_SHARE)
		most = pages / LAST_SHARE;
	if (most > LAST_PIPES * pipes_room(PIPES_RING_ORDER))
		most = LAST_PIPES * pipes_room(PIPES_RING_ORDER);
	return pipes_fill(&hold->last, most);
}

/* Returns false with errno. */
static bool make_small_blocks(struct hold *hold, unsigned int order)
{
	uint64_t stock = STOCK_MOST * (2ULL << COSTLY_ORDER) * hold->page_size;

	if (stock > hold->limit / STOCK_SHARE)
		stock = hold->limit / STOCK_SHARE;
	if (order < COSTLY_ORDER && !make_gaps(hold, COSTLY_ORDER, taken(hold) + stock))
		return false;
	if (!make_gaps(hold, order, hold->limit))
		return false;
	pipes_close(&hold->dropped);
	return true;
}

/* Order of the largest block that a request gets; -1 when there is none to be seen. */
static int largest_order(void)
{
	struct buddyinfo *info = buddyinfo_read();
	struct zones *zones = zones_read();
	int order = info && zones ? buddyinfo_largest_served(info, zones) : -1;

	free(info);
	free(zones);
	return order;
}

/* Takes a block, if that is within the limits and there is one. */
static bool take_block(struct hold *hold, unsigned int order)
{
	uint64_t size = hold->page_size << order;

	if (taken(hold) + size > hold->limit || !fits(size) || !pipes_block(order))
		return false;
	hold->blocks += size;
	return true;
}

static void take_large_blocks(struct hold *hold, unsigned int order)
{
	int most = (int)(order < COSTLY_ORDER ? COSTLY_ORDER : order);
	bool any;
	int large;

	/* Those that are there, and those that compaction makes. */
	do {
		any = false;
		compact();
		while ((large = largest_order()) > most && take_block(hold, (unsigned int)large))
			any = true;
	} while (any);

	/* And those that the kernel makes when it is asked, until it gives up. */
	for (large = (int)hold->max_order; large > most; large--)
		while (take_block(hold, (unsigned int)large))
			;
}

/*
 * One CPU, as each has a list of free pages of its own; as many files as it takes; and
 * first to go if memory runs short all the same.
 */
static bool prepare_process(void)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	int cpu = sched_getcpu();
	cpu_set_t set;
	int fd;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (cpu < 0 || sched_setaffinity(0, sizeof(set), &set))
		return false;

	if (setrlimit(RLIMIT_NOFILE, &files)) {
		if (getrlimit(RLIMIT_NOFILE, &files))
			return false;
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files))
			return false;
	}

	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (write(fd, "1000", 4) != 4) {
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

static void fail(struct frag_report *report, int err, const char *why)
{
	report->err = err;
	snprintf(report->why, sizeof(report->why), "%s%s%s", why, *why ? ": " : "", strerror(err));
}

/* Returns false after saying why in the report. */
static bool plan(struct hold *hold, const struct frag_options *options, struct frag_report *report)
{
	struct buddyinfo *info = buddyinfo_read();
	uint64_t headroom;

	if (!info || headroom_read(&headroom)) {
		fail(report, errno, info ? "/proc/zoneinfo" : "/proc/buddyinfo");
		return false;
	}
	hold->max_order = info->orders - 1;
	hold->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	hold->limit = buddyinfo_bytes(info, 0) / 100 * options->percent;
	free(info);

	if (options->order >= hold->max_order) {
		report->err = EINVAL;
		snprintf(report->why, sizeof(report->why),
			 "order %u leaves nothing to do: the largest block here is of order %u",
			 options->order, hold->max_order);
		return false;
	}
	if (headroom < MARGIN + LEAST) {
		report->err = ENOMEM;
		snprintf(
			report->why, sizeof(report->why),
			"%llu MiB are free above the watermarks and left to the memory cgroup; it takes %llu",
			(unsigned long long)(headroom / MIB),
			(unsigned long long)((MARGIN + LEAST) / MIB));
		return false;
	}
	if (hold->limit > headroom - MARGIN)
		hold->limit = headroom - MARGIN;
	return true;
}

void frag_hold(const struct frag_options *options, struct frag_report *report)
{
	struct hold hold = { 0 };

	*report = (struct frag_report){ 0 };
	if (!plan(&hold, options, report))
		return;
	if (!prepare_process()) {
		fail(report, errno, "cannot prepare the process that holds the memory");
		return;
	}

	/* What can be moved is together then, and will not have to be moved again. */
	compact();
	if (!open_pipes(&hold, options->order) || !make_small_blocks(&hold, options->order)) {
		if (errno == EPERM)
			fail(report, errno, "so much memory in pipes needs CAP_SYS_RESOURCE");
		else
			fail(report, errno, "cannot fill pipes");
		return;
	}
	take_large_blocks(&hold, options->order);

	report->held = taken(&hold);
}
