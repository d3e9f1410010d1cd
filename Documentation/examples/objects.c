// SPDX-License-Identifier: GPL-2.0-only
/*
 * Make a slab cache whose objects have a part for user space, and an object of it.
 *
 * cc objects.c -o objects $(pkg-config --cflags --libs libmemlab)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmemlab.h>

/* An object of 192 bytes, of which bytes 64 to 127 may be copied. */
#define SIZE	    192
#define USER_OFFSET 64
#define USER_SIZE   64

static int fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

static struct memlab_cache *make_cache(struct memlab_dev *dev)
{
	struct memlab_cache_config *config = memlab_cache_config_new();
	struct memlab_cache *cache = NULL;

	if (config) {
		memlab_cache_config_set_size(config, SIZE);
		memlab_cache_config_set_usercopy(config, USER_OFFSET, USER_SIZE);
		cache = memlab_cache_create(dev, config, NULL);
	}
	memlab_cache_config_free(config);
	return cache;
}

static struct memlab_buf *make_object(struct memlab_dev *dev, const struct memlab_cache *cache)
{
	struct memlab_buf_config *config = memlab_buf_config_new();
	struct memlab_buf *buf = NULL;

	if (config) {
		memlab_buf_config_set_allocator(config, MEMLAB_LIB_ALLOCATOR_CACHE);
		memlab_buf_config_set_cache(config, cache);
		buf = memlab_buf_alloc(dev, config);
	}
	memlab_buf_config_free(config);
	return buf;
}

static void try_to_write(const struct memlab_buf *object, uint64_t offset)
{
	int err = memlab_buf_write(object, offset, "hello", 5) ? errno : 0;

	printf("write at %" PRIu64 ": %s\n", offset, err ? strerror(err) : "done");
}

int main(void)
{
	struct memlab_cache_info *info;
	struct memlab_cache *cache;
	struct memlab_buf *object;
	struct memlab_dev *dev;

	dev = memlab_dev_open(NULL);
	if (!dev)
		return fail("open " MEMLAB_LIB_DEFAULT_DEVICE);
	cache = make_cache(dev);
	if (!cache)
		return fail("cache");
	object = make_object(dev, cache);
	if (!object)
		return fail("object");

	info = memlab_cache_get_info(cache);
	if (!info)
		return fail("info");
	printf("%s, made by %s: %" PRIu64 " object of %" PRIu64 " bytes\n",
	       memlab_cache_info_get_name(info), memlab_cache_info_get_function(info),
	       memlab_cache_info_get_objects(info), memlab_buf_get_size(object));
	memlab_cache_info_free(info);

	try_to_write(object, 0);
	try_to_write(object, USER_OFFSET);

	/* A cache that has objects cannot be destroyed. */
	if (memlab_buf_free(object))
		return fail("free");
	if (memlab_cache_destroy(cache))
		return fail("destroy");
	memlab_dev_close(dev);
	return EXIT_SUCCESS;
}
