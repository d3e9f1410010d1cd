// SPDX-License-Identifier: GPL-2.0-only
#include "memlab.h"

static const struct field fields[] = {
	{ "driver_version", "driver version", KIND_TEXT, NULL },
	{ "abi_version", "ABI version", KIND_NUMBER, NULL },
	{ "library_version", "library version", KIND_TEXT, NULL },
	{ "page_size", "page size", KIND_SIZE, NULL },
	{ "kmalloc_max_size", "KMALLOC_MAX_SIZE", KIND_SIZE, NULL },
	{ "kmalloc_max_cache_size", "KMALLOC_MAX_CACHE_SIZE", KIND_SIZE, NULL },
	{ "kmalloc_minalign", "ARCH_KMALLOC_MINALIGN", KIND_SIZE, NULL },
	{ "max_order", "largest page order", KIND_NUMBER, NULL },
	{ "cache_max_size", "largest object of a cache", KIND_SIZE, NULL },
	{ "allocators", "allocators", KIND_LIST, NULL },
	{ "resizable", "of these, resizable", KIND_LIST, NULL },
	{ "contexts", "contexts", KIND_LIST, NULL },
	{ "gfp", "GFP flags", KIND_LIST, NULL },
	{ "features", "features", KIND_LIST, NULL },
	{ "total_ram", "memory", KIND_SIZE, NULL },
	{ "total_bytes", "in use by all users", KIND_SIZE, NULL },
	{ "max_total_bytes", "limit of all users", KIND_SIZE, NULL },
	{ "user_bytes", "in use by you", KIND_SIZE, NULL },
	{ "max_user_bytes", "limit of one user", KIND_SIZE, NULL },
	{ "user_buffers", "buffers of yours", KIND_NUMBER, NULL },
	{ "max_user_buffers", "limit of one user's buffers", KIND_NUMBER, NULL },
	{ "user_caches", "caches of yours", KIND_NUMBER, NULL },
	{ "max_user_caches", "limit of one user's caches", KIND_NUMBER, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

static const struct view view = {
	.fields = fields,
	.bare = (const char *const[]){ "driver_version", NULL },
};

typedef bool has_t(const struct memlab_dev_info *info, unsigned int number);

/* The names of those numbers, from @first on, that apply. */
static struct json_object *names(const struct memlab_dev_info *info, name_of_t *name_of,
				 unsigned int first, has_t *has)
{
	struct json_object *array = need(json_object_new_array());

	for (unsigned int i = first; name_of(i); i++)
		if (has(info, i))
			result_append(array, result_text(name_of(i)));
	return array;
}

#define ADD_UINT(member) \
	result_add(result, #member, result_uint(memlab_dev_info_get_##member(info)))

static int run(const struct command *cmd, int argc, char **argv)
{
	struct json_object *result = need(json_object_new_object());
	struct memlab_dev_info *info;
	struct memlab_dev *dev;

	while (options_next(cmd, argc, argv) != -1)
		;
	options_operands(cmd, argc, argv, 0, 0);

	dev = device_open(ACCESS_LOOK);
	info = device_info(dev);

	result_add(result, "driver_version", result_text(memlab_dev_info_get_driver_version(info)));
	ADD_UINT(abi_version);
	result_add(result, "library_version", result_text(memlab_lib_version()));
	ADD_UINT(page_size);
	ADD_UINT(kmalloc_max_size);
	ADD_UINT(kmalloc_max_cache_size);
	ADD_UINT(kmalloc_minalign);
	ADD_UINT(max_order);
	result_add(result, "cache_max_size", result_uint(MEMLAB_LIB_CACHE_MAX_BYTES));
	result_add(result, "allocators",
		   names(info, memlab_allocator_name, 1, memlab_dev_info_has_allocator));
	result_add(result, "resizable",
		   names(info, memlab_allocator_name, 1, memlab_dev_info_is_resizable));
	result_add(result, "contexts",
		   names(info, memlab_context_name, 0, memlab_dev_info_has_context));
	result_add(result, "gfp", result_gfp(memlab_dev_info_get_gfp(info)));
	result_add(result, "features",
		   names(info, memlab_feature_name, 0, memlab_dev_info_has_feature));
	ADD_UINT(total_ram);
	ADD_UINT(total_bytes);
	ADD_UINT(max_total_bytes);
	ADD_UINT(user_bytes);
	ADD_UINT(max_user_bytes);
	ADD_UINT(user_buffers);
	ADD_UINT(max_user_buffers);
	ADD_UINT(user_caches);
	ADD_UINT(max_user_caches);

	output(result, &view);

	json_object_put(result);
	memlab_dev_info_free(info);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_info = {
	.name = "info",
	.operands = "",
	.help = "describe the driver, the kernel's allocators and the limits",
	.details = "With -q, prints the version of the driver.",
	.run = run,
};
