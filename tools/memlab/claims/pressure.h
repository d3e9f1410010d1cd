/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory pressure for one process only: a memory cgroup at its limit. Charging a cgroup
 * goes by the same GFP flags as the page allocator does (mm/memcontrol.c,
 * try_charge_memcg()).
 */
#ifndef MEMLAB_PRESSURE_H
#define MEMLAB_PRESSURE_H

#include "worker.h"

struct pressure {
	struct cgroup *cgroup;
	struct worker *worker;
	uint64_t block; /* bytes of a request: 8 pages, PAGE_ALLOC_COSTLY_ORDER */
	uint64_t page_size;
};

/*
 * What is measured under pressure. False: the process that makes the requests was ended,
 * or the cgroup's files cannot be used.
 */
typedef bool pressure_measure(struct claim_run *run, struct pressure *pressure, void *arg);

/* Measures in a cgroup that is made for it. False when that cannot be: @verdict is it then. */
bool pressure_run(struct claim_run *run, pressure_measure *measure, void *arg,
		  enum verdict *verdict);

/*
 * Leaves too little room for a request. @lent: so many bytes could be taken back from the
 * process, 0 for none. This and the following are false as the measurement is then.
 */
bool pressure_build(struct pressure *pressure, uint64_t lent);

struct pressure_done {
	unsigned int served;
	int err;	 /* of the last request that was not */
	uint64_t rounds; /* how often a charge met the limit */
};

/* Makes @count requests of a block with these flags. */
bool pressure_try(struct pressure *pressure, uint64_t gfp, unsigned int count,
		  struct pressure_done *done);

/*
 * Requests that are cases of a claim. pressure_case_lent(): so many as there are must be
 * served, or none, while PRESSURE_LENT bytes could be reclaimed for them.
 * pressure_case_full(): none can be, and none may have a process killed.
 */
#define PRESSURE_REQUESTS 16
#define PRESSURE_LENT	  (4U << 20)

bool pressure_case_lent(struct claim_run *run, struct pressure *pressure, const char *name,
			uint64_t gfp, unsigned int served);
bool pressure_case_full(struct claim_run *run, struct pressure *pressure, const char *name,
			uint64_t gfp, struct pressure_done *done);

#endif /* MEMLAB_PRESSURE_H */
