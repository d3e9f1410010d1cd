// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call kmalloc() where sleeping is allowed and where it is not, with flags that allow
 * it and with flags that do not, and see what the driver says to each.
 *
 * cc contexts.c -o contexts $(pkg-config --cflags --libs libmemlab)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmemlab.h>

static int fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

/* Returns 0 also when the driver refuses, as that is an answer. */
static int attempt(struct memlab_dev *dev, struct memlab_buf_config *config, unsigned int context,
		   uint64_t gfp, struct memlab_call *call)
{
	struct memlab_buf *buf;
	const char *why;

	memlab_buf_config_set_context(config, context);
	memlab_buf_config_set_gfp(config, gfp);
	printf("%-8s %-7s ", memlab_context_name(context), memlab_gfp_name(gfp));

	buf = memlab_buf_alloc_call(dev, config, call);
	if (!buf) {
		/* Not every refusal needs more words than its errno. */
		why = memlab_reason_text(memlab_call_get_reason(call));
		printf("refused: %s\n", why ? why : strerror(errno));
		return 0;
	}

	printf("%s: preempt count %#x%s%s%s, %" PRIu64 " ns\n", memlab_call_get_function(call),
	       memlab_call_get_preempt_count(call),
	       memlab_call_get_seen(call) & MEMLAB_LIB_SEEN_TASK ? ", in a task" : "",
	       memlab_call_get_seen(call) & MEMLAB_LIB_SEEN_SOFTIRQ ? ", in a soft interrupt" : "",
	       memlab_call_get_seen(call) & MEMLAB_LIB_SEEN_HARDIRQ ? ", in a hard interrupt" : "",
	       memlab_call_get_nanoseconds(call));
	return memlab_buf_free_call(buf, false, context, call);
}

int main(void)
{
	struct memlab_buf_config *config = memlab_buf_config_new();
	struct memlab_call *call = memlab_call_new();
	struct memlab_dev *dev = memlab_dev_open(NULL);

	if (!config || !call)
		return fail("memory");
	if (!dev)
		return fail("open " MEMLAB_LIB_DEFAULT_DEVICE);

	memlab_buf_config_set_allocator(config, MEMLAB_LIB_ALLOCATOR_KMALLOC);
	memlab_buf_config_set_size(config, 64);
	for (unsigned int context = 0; memlab_context_name(context); context++)
		if (attempt(dev, config, context, MEMLAB_LIB_GFP_KERNEL, call) ||
		    attempt(dev, config, context, MEMLAB_LIB_GFP_NOWAIT, call))
			return fail("free");

	memlab_dev_close(dev);
	memlab_call_free(call);
	memlab_buf_config_free(config);
	return EXIT_SUCCESS;
}
