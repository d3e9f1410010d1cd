// SPDX-License-Identifier: GPL-2.0-only
/* The side of a worker that gives the orders. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker_order.h"

#define PATIENCE_MS 10000

struct worker {
	pid_t pid;
	int pidfd;
	int wake;
	int ready;
	bool lost;
	struct order *order;
};

/* Waits until the worker is done with what it was told. */
static bool wait_ready(struct worker *worker)
{
	struct pollfd fds[] = {
		{ .fd = worker->ready, .events = POLLIN },
		{ .fd = worker->pidfd, .events = POLLIN },
	};
	eventfd_t value;
	int count;

	do {
		count = poll(fds, ARRAY_SIZE(fds), PATIENCE_MS);
	} while (count < 0 && errno == EINTR);
	worker->lost = count <= 0 || !fds[0].revents || eventfd_read(worker->ready, &value);
	return !worker->lost;
}

static bool obey(struct worker *worker)
{
	worker->order->done = (struct worker_done){ 0 };
	return !worker->lost && !eventfd_write(worker->wake, 1) && wait_ready(worker);
}

static void become_worker(const struct worker *worker, pid_t maker)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != maker)
		_exit(0);
	worker_work(worker->order, worker->wake, worker->ready);
}

static void release(struct worker *worker)
{
	if (worker->order != MAP_FAILED)
		munmap(worker->order, sizeof(*worker->order));
	close(worker->wake);
	close(worker->ready);
	free(worker);
}

struct worker *worker_begin(struct cgroup *cgroup, char **why)
{
	struct worker *worker = need(calloc(1, sizeof(*worker)));
	pid_t maker = getpid();

	worker->wake = eventfd(0, EFD_CLOEXEC);
	worker->ready = eventfd(0, EFD_CLOEXEC);
	worker->order = mmap(NULL, sizeof(*worker->order), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	worker->pid = -1;
	if (worker->wake >= 0 && worker->ready >= 0 && worker->order != MAP_FAILED)
		worker->pid = fork();
	if (worker->pid < 0) {
		*why = text_format("a process cannot be started: %s", strerror(errno));
		release(worker);
		return NULL;
	}
	if (!worker->pid)
		become_worker(worker, maker);

	worker->pidfd = (int)syscall(SYS_pidfd_open, worker->pid, 0);
	if (!wait_ready(worker) || worker->order->done.err)
		*why = text_format("a process for a cgroup did not get ready: %s",
				   strerror(worker->order->done.err));
	else if (!cgroup_add(cgroup, worker->pid))
		*why = text_format("a process cannot enter a cgroup: %s", strerror(errno));
	else
		return worker;
	worker_end(worker);
	return NULL;
}

void worker_end(struct worker *worker)
{
	if (!worker)
		return;
	kill(worker->pid, SIGKILL);
	while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(worker->pidfd);
	release(worker);
}

pid_t worker_pid(const struct worker *worker)
{
	return worker->pid;
}

bool worker_alloc(struct worker *worker, const struct claim_request *request, unsigned int count,
		  bool stop, struct worker_done *done)
{
	struct order *order = worker->order;

	order->kind = ORDER_ALLOC;
	order->request = *request;
	order->count = count;
	order->stop = stop;
	if (!obey(worker))
		return false;
	*done = order->done;
	return true;
}

bool worker_resize(struct worker *worker, uint64_t bytes, uint64_t gfp, unsigned int first,
		   unsigned int count, struct worker_done *done)
{
	struct order *order = worker->order;

	order->kind = ORDER_RESIZE;
	order->request = (struct claim_request){ .bytes = bytes, .gfp = gfp };
	order->first = first;
	order->count = count;
	if (!obey(worker))
		return false;
	*done = order->done;
	return true;
}

bool worker_free(struct worker *worker)
{
	worker->order->kind = ORDER_FREE;
	return obey(worker);
}

bool worker_lend(struct worker *worker, uint64_t bytes)
{
	worker->order->kind = ORDER_LEND;
	worker->order->request = (struct claim_request){ .bytes = bytes };
	return obey(worker) && !worker->order->done.err;
}
