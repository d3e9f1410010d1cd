// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocate kernel memory, write to it from this program and see where it lies.
 *
 * cc hello.c -o hello $(pkg-config --cflags --libs libmemlab)
 */
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

static struct memlab_buf *allocate(struct memlab_dev *dev, uint64_t size)
{
	struct memlab_buf_config *config = memlab_buf_config_new();
	struct memlab_buf *buf = NULL;

	if (config) {
		memlab_buf_config_set_allocator(config, MEMLAB_LIB_ALLOCATOR_VMALLOC);
		memlab_buf_config_set_size(config, size);
		buf = memlab_buf_alloc(dev, config);
	}
	memlab_buf_config_free(config);
	return buf;
}

int main(void)
{
	struct memlab_extents *extents;
	struct memlab_dev *dev;
	struct memlab_buf *buf;
	size_t length;
	char *text;

	/* Without persistence, the kernel frees the buffer when the program ends. */
	dev = memlab_dev_open(NULL);
	if (!dev)
		return fail("open " MEMLAB_LIB_DEFAULT_DEVICE);

	buf = allocate(dev, 64 * 1024);
	if (!buf)
		return fail("allocate");

	text = memlab_buf_map(buf, true, &length);
	if (!text)
		return fail("map");
	strcpy(text, "hello, kernel memory");
	printf("buffer %" PRIu32 ", %zu bytes mapped: \"%s\"\n", memlab_buf_get_id(buf), length,
	       text);

	extents = memlab_buf_get_extents(buf);
	if (!extents)
		return fail("extents");
	for (size_t i = 0; i < memlab_extents_get_count(extents); i++)
		printf("offset %#8" PRIx64 "  physical %#12" PRIx64 "  length %" PRIu64 "\n",
		       memlab_extents_get_offset(extents, i), memlab_extents_get_phys(extents, i),
		       memlab_extents_get_length(extents, i));
	memlab_extents_free(extents);

	/* A buffer that is mapped cannot be freed. */
	if (memlab_buf_unmap(text, length))
		return fail("unmap");
	if (memlab_buf_free(buf))
		return fail("free");
	memlab_dev_close(dev);
	return EXIT_SUCCESS;
}
