// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side of a worker that carries out the orders.
 *
 * It is at the limit of its cgroup most of the time, where anything that needs memory
 * might fail or wait. So all that it will need is there before, and it makes no system
 * calls but the device's, those for memory to lend, and eventfd's, which need none.
 */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lend.h"
#include "worker_order.h"

#define MOST_BUFFERS 4096
/* For the library's handles, of which each takes far less than 256 bytes. */
#define HEAP (MOST_BUFFERS * 256)

struct work {
	struct memlab_dev *dev;
	struct memlab_buf_config *config;
	struct memlab_resize_config *resize;
	struct memlab_buf **bufs;
	unsigned int count;
	void *lent;
	size_t lent_bytes;
};

/* Memory that was freed stays in the heap, and what is in the heap is in memory. */
static bool prepare_heap(void)
{
	void *heap;

	mallopt(M_MMAP_THRESHOLD, 2 * HEAP);
	mallopt(M_TRIM_THRESHOLD, 4 * HEAP);
	heap = malloc(HEAP);
	free(heap);
	return heap && !mlockall(MCL_CURRENT);
}

/* Memory that was charged ahead lies ready on one CPU, so that CPU it stays on. */
static void stay_here(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static int prepare(struct work *work)
{
	stay_here();
	/* Khugepaged would replace what it has by huge pages, charged to the cgroup. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	work->dev = memlab_dev_open(settings.device);
	work->config = memlab_buf_config_new();
	work->resize = memlab_resize_config_new();
	work->bufs = calloc(MOST_BUFFERS, sizeof(*work->bufs));
	if (!work->dev || !work->config || !work->resize || !work->bufs || !prepare_heap())
		return errno;
	return 0;
}

static void alloc(struct work *work, const struct order *order, struct worker_done *done)
{
	const struct claim_request *request = &order->request;

	memlab_buf_config_set_allocator(work->config, request->allocator);
	memlab_buf_config_set_size(work->config, request->bytes);
	memlab_buf_config_set_gfp(work->config, request->gfp);
	memlab_buf_config_set_cache(work->config, request->cache);
	for (unsigned int i = 0; i < order->count && work->count < MOST_BUFFERS; i++) {
		struct memlab_buf *buf = memlab_buf_alloc(work->dev, work->config);

		if (buf) {
			work->bufs[work->count++] = buf;
			done->count++;
			continue;
		}
		done->err = errno;
		if (order->stop)
			break;
	}
}

static void resize(struct work *work, const struct order *order, struct worker_done *done)
{
	memlab_resize_config_set_size(work->resize, order->request.bytes);
	memlab_resize_config_set_gfp(work->resize, order->request.gfp);
	for (unsigned int i = order->first; i < order->first + order->count && i < work->count;
	     i++) {
		if (!memlab_buf_resize(work->bufs[i], work->resize, NULL))
			done->count++;
		else
			done->err = errno;
	}
}

static void free_all(struct work *work)
{
	while (work->count)
		memlab_buf_free(work->bufs[--work->count]);
}

static bool lend_again(struct work *work, size_t bytes)
{
	if (work->lent)
		munmap(work->lent, work->lent_bytes);
	work->lent_bytes = bytes;
	work->lent = bytes ? lend(bytes, -1) : NULL;
	return work->lent || !bytes;
}

static void carry_out(struct work *work, struct order *order)
{
	struct worker_done *done = &order->done;

	switch (order->kind) {
	case ORDER_ALLOC:
		alloc(work, order, done);
		break;
	case ORDER_RESIZE:
		resize(work, order, done);
		break;
	case ORDER_FREE:
		free_all(work);
		break;
	case ORDER_LEND:
		if (!lend_again(work, (size_t)order->request.bytes))
			done->err = errno;
		break;
	}
}

_Noreturn void worker_work(struct order *order, int wake, int ready)
{
	struct work work = { 0 };
	eventfd_t value;

	order->done.err = prepare(&work);
	while (!eventfd_write(ready, 1) && !eventfd_read(wake, &value))
		carry_out(&work, order);
	_exit(0);
}
