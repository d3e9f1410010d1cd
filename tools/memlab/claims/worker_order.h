/* SPDX-License-Identifier: GPL-2.0-only */
/* What a worker is told. */
#ifndef MEMLAB_WORKER_ORDER_H
#define MEMLAB_WORKER_ORDER_H

#include "worker.h"

enum order_kind { ORDER_ALLOC, ORDER_RESIZE, ORDER_FREE, ORDER_LEND };

/* Lies in memory that both processes see. */
struct order {
	enum order_kind kind;
	struct claim_request request; /* .bytes also for the other kinds */
	unsigned int first;
	unsigned int count;
	bool stop;
	struct worker_done done;
};

/*
 * The worker's side: waits for orders and never returns. @wake and @ready are
 * eventfd(2)s, for an order and for its end.
 */
_Noreturn void worker_work(struct order *order, int wake, int ready);

#endif /* MEMLAB_WORKER_ORDER_H */
