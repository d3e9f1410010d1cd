// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grow an array in kernel memory, and see when it moves and that nothing gets lost.
 *
 * cc grow.c -o grow $(pkg-config --cflags --libs libmemlab)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <libmemlab.h>

#define ELEMENT 24
#define SEED	1

static int fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

/* Returns 0, or EXIT_FAILURE when something failed or a byte got lost. */
static int grow(struct memlab_buf *buf, struct memlab_resize_config *config, uint64_t count,
		struct memlab_call *call)
{
	uint64_t wrong;

	memlab_resize_config_set_array(config, count, ELEMENT);
	if (memlab_buf_resize(buf, config, call))
		return fail("resize");
	printf("%4" PRIu64 " elements, %5" PRIu64 " bytes by %s, %s, %" PRIu64 " bytes kept\n",
	       count, memlab_buf_get_size(buf), memlab_call_get_function(call),
	       memlab_call_is_moved(call) ? "moved" : "in place", memlab_call_get_kept(call));

	switch (memlab_buf_check(buf, SEED, 0, memlab_call_get_kept(call), &wrong)) {
	case -1:
		return fail("check");
	case 1:
		fprintf(stderr, "byte %" PRIu64 " got lost\n", wrong);
		return EXIT_FAILURE;
	}

	/* The new part, too, for the next time. */
	return memlab_buf_fill(buf, SEED, 0, 0) ? fail("fill") : 0;
}

int main(void)
{
	struct memlab_resize_config *resize = memlab_resize_config_new();
	struct memlab_buf_config *config = memlab_buf_config_new();
	struct memlab_call *call = memlab_call_new();
	struct memlab_dev *dev = memlab_dev_open(NULL);
	struct memlab_buf *buf;

	if (!resize || !config || !call)
		return fail("memory");
	if (!dev)
		return fail("open " MEMLAB_LIB_DEFAULT_DEVICE);

	memlab_buf_config_set_allocator(config, MEMLAB_LIB_ALLOCATOR_KMALLOC);
	memlab_buf_config_set_array(config, 1, ELEMENT);
	buf = memlab_buf_alloc(dev, config);
	if (!buf || memlab_buf_fill(buf, SEED, 0, 0))
		return fail("allocate");

	for (uint64_t count = 2; count <= 1024; count *= 2)
		if (grow(buf, resize, count, call))
			return EXIT_FAILURE;

	if (memlab_buf_free(buf))
		return fail("free");
	memlab_dev_close(dev);
	memlab_call_free(call);
	memlab_buf_config_free(config);
	memlab_resize_config_free(resize);
	return EXIT_SUCCESS;
}
