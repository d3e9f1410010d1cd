// SPDX-License-Identifier: GPL-2.0-only
/* A memory cgroup of our own, and the process that takes it away in the end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_root.h"
#include "kswapd.h"
#include "witness.h"

#define NAME_SIZE 32

/* A second and five are more than enough. */
#define CLEAR_STEP_US  10000
#define CLEAR_STEPS    100
#define REMOVE_STEP_US 5000
#define REMOVE_STEPS   1000

struct cgroup {
	bool v1;
	int dir;
	int keeper_input; /* its end is the keeper's signal */
	pid_t keeper;
};

static void name_of(pid_t maker, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "memlab-verify-%d", (int)maker);
}

static void kill_members(int dir)
{
	char *text = cgroup_read(dir, "cgroup.procs");
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid > 0)
			kill(pid, SIGKILL);
	}
	free(text);
}

/*
 * What lies ready on the CPUs, charged ahead, goes back before the cgroup does: later it
 * could not be asked for, and would stay charged to the parent.
 */
static bool drain(const struct cgroup_root *root, int dir)
{
	char *text;
	bool empty;

	if (root->v1)
		cgroup_write(dir, "memory.force_empty", "0");
	else
		cgroup_write(dir, "memory.high", "0");
	text = cgroup_read(dir, root->v1 ? "memory.usage_in_bytes" : "memory.current");
	empty = !text || !strtoull(text, NULL, 10);
	free(text);
	return empty;
}

/* Some memory that was freed is uncharged a moment later. */
static void clear(const struct cgroup_root *root, int dir)
{
	for (int i = 0; i < CLEAR_STEPS; i++) {
		kill_members(dir);
		if (drain(root, dir))
			return;
		usleep(CLEAR_STEP_US);
	}
}

static void take_away(const struct cgroup_root *root, const char *name, const struct zoneinfo *zone)
{
	int dir = openat(root->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return;
	kill_members(dir);
	if (zone)
		kswapd_revive(root, dir, zone);
	clear(root, dir);
	close(dir);
	for (int i = 0; i < REMOVE_STEPS; i++) {
		if (!unlinkat(root->fd, name, AT_REMOVEDIR))
			return;
		usleep(REMOVE_STEP_US);
	}
}

/* The keeper: waits for the end of @input, which is that of its maker, if not before. */
static _Noreturn void keep(struct cgroup_root *root, const char *name, const struct zoneinfo *zone,
			   int input)
{
	const int least = 10;
	char byte;

	/* Signals to the group of processes are for the others. */
	signals_hold();
	setsid();
	/* Nothing else of the maker's is kept open, its buffers least of all. */
	input = fcntl(input, F_DUPFD, least);
	root->fd = fcntl(root->fd, F_DUPFD, input + 1);
	close_range(0, (unsigned int)input - 1, 0);
	close_range((unsigned int)input + 1, (unsigned int)root->fd - 1, 0);
	close_range((unsigned int)root->fd + 1, ~0U, 0);

	while (read(input, &byte, sizeof(byte)) < 0 && errno == EINTR)
		;
	take_away(root, name, zone);
	cgroup_root_close(root);
	_exit(0);
}

static bool start_keeper(struct cgroup *cgroup, struct cgroup_root *root, const char *name,
			 const struct zoneinfo *zone)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return false;
	cgroup->keeper = fork();
	if (!cgroup->keeper) {
		close(ends[1]);
		keep(root, name, zone, ends[0]);
	}
	close(ends[0]);
	cgroup->keeper_input = ends[1];
	if (cgroup->keeper > 0)
		return true;
	close(ends[1]);
	return false;
}

struct cgroup *cgroup_begin(bool v1, const struct zoneinfo *zone, char **why)
{
	struct cgroup *cgroup = need(calloc(1, sizeof(*cgroup)));
	struct cgroup_root root;
	char name[NAME_SIZE];

	name_of(getpid(), name);
	if (!cgroup_root_open(&root, v1, why))
		goto err_free;
	cgroup->v1 = root.v1;
	if (!start_keeper(cgroup, &root, name, zone)) {
		*why = text_format("fork: %s", strerror(errno));
		cgroup_root_close(&root);
		goto err_free;
	}
	cgroup->dir = -1;
	if (!mkdirat(root.fd, name, 0700))
		cgroup->dir = openat(root.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup->dir < 0 || (v1 && !cgroup_write(cgroup->dir, "memory.oom_control", "1"))) {
		*why = text_format("a cgroup cannot be made: %s", strerror(errno));
		close(root.fd);
		cgroup_end(cgroup);
		return NULL;
	}
	close(root.fd);
	return cgroup;

err_free:
	free(cgroup);
	return NULL;
}

void cgroup_end(struct cgroup *cgroup)
{
	if (!cgroup)
		return;
	if (cgroup->dir >= 0)
		close(cgroup->dir);
	close(cgroup->keeper_input);
	while (waitpid(cgroup->keeper, NULL, 0) < 0 && errno == EINTR)
		;
	free(cgroup);
}

bool cgroup_is_v1(const struct cgroup *cgroup)
{
	return cgroup->v1;
}

bool cgroup_add(struct cgroup *cgroup, pid_t pid)
{
	char number[NAME_SIZE];

	snprintf(number, sizeof(number), "%d", (int)pid);
	return cgroup_write(cgroup->dir, "cgroup.procs", number);
}

bool cgroup_limit(struct cgroup *cgroup, uint64_t bytes)
{
	char number[NAME_SIZE];

	if (bytes == CGROUP_NO_LIMIT)
		snprintf(number, sizeof(number), "%s", cgroup->v1 ? "-1" : "max");
	else
		snprintf(number, sizeof(number), "%" PRIu64, bytes);
	return cgroup_write(cgroup->dir, cgroup->v1 ? "memory.limit_in_bytes" : "memory.max",
			    number);
}

bool cgroup_get(const struct cgroup *cgroup, enum cgroup_number which, uint64_t *value)
{
	/* A file, and the word before the number in it, if it has more than one. */
	static const struct {
		const char *file, *key;
	} places[][2] = {
		[CGROUP_USAGE] = { { "memory.current", "" }, { "memory.usage_in_bytes", "" } },
		[CGROUP_KERNEL] = { { "memory.stat", "kernel " },
				    { "memory.kmem.usage_in_bytes", "" } },
		[CGROUP_AT_LIMIT] = { { "memory.events", "max " }, { "memory.failcnt", "" } },
		[CGROUP_OOM_KILLS] = { { "memory.events", "oom_kill " },
				       { "memory.oom_control", "oom_kill " } },
	};
	const char *key = places[which][cgroup->v1].key;
	char *text = cgroup_read(cgroup->dir, places[which][cgroup->v1].file);
	char *rest = text;
	bool found = false;

	if (!text)
		return false;
	for (char *line; !found && (line = strsep(&rest, "\n"));) {
		if (strncmp(line, key, strlen(key)))
			continue;
		*value = strtoull(line + strlen(key), NULL, 10);
		found = true;
	}
	free(text);
	if (!found)
		errno = ENOENT;
	return found;
}
