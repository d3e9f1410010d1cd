// SPDX-License-Identifier: GPL-2.0-only
/* __GFP_NOFAIL: requests that succeed where no other does. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "witness.h"
#include "worker.h"

/*
 * Objects that are made larger, to half a page: without the flag until that fails, and
 * then with it. Such a resize needs no memory of the driver's own, which could not be had
 * at the limit.
 */
#define PLAIN	    192
#define PLAIN_FAILS 8
#define NOFAIL	    12
/* Where each of them makes the OOM killer print that it finds nobody. */
#define NOFAIL_NOISY 2

#define SMALL_BYTES 64

/* Room that is left, so that the first ones succeed. */
#define ROOM_PAGES 4

struct nofail {
	struct cgroup *cgroup;
	struct worker *worker;
	uint64_t limit;
	unsigned int requests;
};

/* Memory cgroups of v2 call the OOM killer before they let a charge through. */
static bool spare(const struct worker *worker)
{
	char path[64];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)worker_pid(worker));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, "-1000", strlen("-1000")) > 0;
	close(fd);
	return done;
}

static bool begin(struct claim_run *run, struct nofail *nofail, char **why)
{
	nofail->requests = NOFAIL;
	nofail->cgroup = cgroup_begin(true, NULL, why);
	if (!nofail->cgroup && run->provoke) {
		free(*why);
		nofail->requests = NOFAIL_NOISY;
		nofail->cgroup = cgroup_begin(false, NULL, why);
	}
	if (!nofail->cgroup)
		return false;
	nofail->worker = worker_begin(nofail->cgroup, why);
	if (nofail->worker && (nofail->requests == NOFAIL || spare(nofail->worker)))
		return true;
	if (nofail->worker)
		*why = text_format("a process cannot be spared by the OOM killer: %s",
				   strerror(errno));
	worker_end(nofail->worker);
	cgroup_end(nofail->cgroup);
	return false;
}

static bool prepare(struct claim_run *run, struct nofail *nofail)
{
	const struct claim_request small = { .allocator = MEMLAB_LIB_ALLOCATOR_KMALLOC,
					     .bytes = SMALL_BYTES };
	struct worker_done done;
	uint64_t usage;

	if (!worker_alloc(nofail->worker, &small, PLAIN + NOFAIL, true, &done) || done.err ||
	    !cgroup_get(nofail->cgroup, CGROUP_USAGE, &usage))
		return false;
	nofail->limit = usage + ROOM_PAGES * run->page_size;
	return cgroup_limit(nofail->cgroup, nofail->limit);
}

static enum verdict measure(struct claim_run *run, const struct nofail *nofail)
{
	uint64_t before = 0, after = 0, kills = 0, usage = 0;
	struct worker_done plain, done;

	if (!vmstat_get("oom_kill", &before) ||
	    !worker_resize(nofail->worker, run->page_size / 2, MEMLAB_LIB_GFP_KERNEL, 0, PLAIN,
			   &plain))
		return claim_unknown(run, "the process at the limit did not answer");
	if (PLAIN - plain.count < PLAIN_FAILS)
		return claim_unknown(run,
				     "the limit of a memory cgroup could not be reached: %u of "
				     "%d requests were served",
				     plain.count, PLAIN);
	claim_case(run, plain.err == ENOMEM,
		   "cgroup at its limit: kernel gets %u of %d objects, %s", plain.count, PLAIN,
		   strerror(plain.err));

	if (!worker_resize(nofail->worker, run->page_size / 2,
			   MEMLAB_LIB_GFP_KERNEL | MEMLAB_LIB_GFP_NOFAIL, PLAIN, nofail->requests,
			   &done))
		return claim_refuted(run, "the process that asked with nofail was ended, or waits");
	cgroup_get(nofail->cgroup, CGROUP_USAGE, &usage);
	cgroup_get(nofail->cgroup, CGROUP_OOM_KILLS, &kills);
	vmstat_get("oom_kill", &after);
	claim_case(run, done.count == nofail->requests,
		   "then kernel,nofail gets %u of %u objects%s%s", done.count, nofail->requests,
		   done.err ? ", " : "", done.err ? strerror(done.err) : "");
	claim_case(run, usage > nofail->limit, "cgroup: %" PRIu64 " bytes used, limit %" PRIu64,
		   usage, nofail->limit);
	claim_case(run, !kills && before == after,
		   "OOM kills: %" PRIu64 " in the cgroup, %" PRIu64 " in all", kills,
		   after - before);
	return claim_judge(run,
			   "at a memory cgroup's limit, where kernel failed %u times, nofail was "
			   "served %u of %u times, up to %" PRIu64 " KiB above the limit",
			   PLAIN - plain.count, done.count, nofail->requests,
			   (usage - nofail->limit) / 1024);
}

static enum verdict run_nofail(struct claim_run *run)
{
	struct nofail nofail = { 0 };
	enum verdict verdict;
	char *why = NULL;

	if (!begin(run, &nofail, &why)) {
		verdict =
			claim_unknown(run,
				      "needs a memory cgroup of v1, whose OOM killer can be turned "
				      "off, mounted since the system was started: %s%s",
				      why, run->provoke ? "" : "; with --provoke v2 will do");
		free(why);
		return verdict;
	}
	if (prepare(run, &nofail))
		verdict = measure(run, &nofail);
	else
		verdict = claim_unknown(run, "a memory cgroup could not be limited");
	worker_end(nofail.worker);
	cgroup_end(nofail.cgroup);
	return verdict;
}

const struct claim claim_gfp_nofail = {
	.id = "gfp-nofail",
	.claim = "__GFP_NOFAIL does not fail",
	.source = "Documentation/core-api/memory-allocation.rst, \"GFP flags and reclaim "
		  "behavior\": \"all allocation requests will loop endlessly until they succeed. "
		  "This might be really dangerous especially for larger orders\".",
	.why = "The page allocator begins anew where it would give up otherwise, with access to "
	       "a part of the reserves (mm/page_alloc.c, __alloc_pages_slowpath()). At the limit "
	       "of a memory cgroup it does not wait: the charge is let through and the cgroup is "
	       "above its limit (mm/memcontrol.c, try_charge_memcg()).",
	.how = "Using up all memory would have processes killed, so it is the limit of a memory "
	       "cgroup that is met, of cgroup v1 if that is mounted, with its OOM killer turned "
	       "off. There, objects "
	       "are made larger by krealloc(), up to half a page, until that fails, at least 8 times. "
	       "Then others are made larger with __GFP_NOFAIL: all must succeed, the cgroup must "
	       "be above its limit (memory.usage_in_bytes), and oom_kill must not rise, there "
	       "and in /proc/vmstat. Cgroup v2 cannot turn its OOM killer off. With --provoke it "
	       "is used where v1 is not mounted: the OOM killer is called, finds nobody whom it "
	       "may kill, and says so in the kernel's log.",
	.choice = "Only where failing is impossible to handle and the size is at most a page or "
		  "so. Nobody may wait for a lock that the caller holds, as it may wait without "
		  "end. Not with GFP_NOWAIT or GFP_ATOMIC, which cannot wait.",
	.needs = NEED_ADMIN,
	.run = run_nofail,
};
