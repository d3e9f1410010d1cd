// SPDX-License-Identifier: GPL-2.0-only
/* A copy that the kernel stops, by killing who makes it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usercopy.h"
#include "witness.h"

#define PARAMETER "/sys/module/memlab/parameters/copy_undeclared"
#define PANIC	  "/proc/sys/kernel/panic_on_oops"
#define SPLAT	  "usercopy: Kernel memory exposure attempt detected"

#define BYTES  256
#define OFFSET 64
#define LENGTH 64

bool usercopy_dares(void)
{
	char *value = file_read(PARAMETER);
	bool on = value && *value == 'Y';

	free(value);
	return on;
}

/* An object with a declared part; what fails here is an error of the child. */
static struct memlab_buf *make_object(struct memlab_dev *dev)
{
	struct memlab_cache_config *cache_config = memlab_cache_config_new();
	struct memlab_buf_config *config = memlab_buf_config_new();
	struct memlab_cache *cache;

	if (!cache_config || !config)
		return NULL;
	memlab_cache_config_set_size(cache_config, BYTES);
	memlab_cache_config_set_usercopy(cache_config, OFFSET, LENGTH);
	cache = memlab_cache_create(dev, cache_config, NULL);
	if (!cache)
		return NULL;
	memlab_buf_config_set_allocator(config, MEMLAB_LIB_ALLOCATOR_CACHE);
	memlab_buf_config_set_cache(config, cache);
	return memlab_buf_alloc(dev, config);
}

_Noreturn static void read_object(uint64_t offset, uint64_t length)
{
	struct memlab_dev *dev = memlab_dev_open(NULL);
	struct memlab_buf *buf = dev ? make_object(dev) : NULL;
	unsigned char bytes[BYTES];

	_exit(!buf || memlab_buf_read(buf, offset, bytes, length) ? errno : 0);
}

/*
 * In a process of its own, with an object of its own: both may be lost. How it ended,
 * as waitpid() says, or -1.
 */
static int read_apart(uint64_t offset, uint64_t length)
{
	pid_t child = fork();
	int status;

	if (!child)
		read_object(offset, length);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return -1;
	return status;
}

enum verdict usercopy_provoke(struct claim_run *run)
{
	enum verdict verdict;
	uint64_t panics;
	struct kmsg *kmsg;
	char *splat;
	int status;

	if (!run->provoke)
		return claim_unknown(run, "the module parameter copy_undeclared is on: needs "
					  "--provoke");
	if (!number_get(PANIC, &panics) || panics)
		return claim_unknown(run, "the kernel would panic: needs 0 in " PANIC);
	if (!claim_case(run, !read_apart(OFFSET, LENGTH), "%d bytes from %d on are copied", LENGTH,
			OFFSET))
		return claim_judge(run, "%s", "");

	kmsg = kmsg_watch();
	if (!kmsg)
		return claim_unknown(run, "/dev/kmsg: %s", strerror(errno));
	status = read_apart(OFFSET - 1, 1);
	splat = kmsg_find(kmsg, SPLAT, 7);
	kmsg_close(kmsg);
	if (splat && WIFSIGNALED(status))
		verdict = claim_holds(run,
				      "measured: who read the byte before the declared part was "
				      "killed by signal %d, and the kernel says \"%s\"",
				      WTERMSIG(status), splat);
	else
		verdict = claim_refuted(run,
					"the byte before the declared part was read, and the "
					"kernel, built with HARDENED_USERCOPY, %s",
					splat ? "let the process live" : "has nothing to say");
	free(splat);
	return verdict;
}
