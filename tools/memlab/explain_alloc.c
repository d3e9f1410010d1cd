// SPDX-License-Identifier: GPL-2.0-only
/* Why memory was not allocated or resized. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

static const char hint[] =
	"Free some (memlab list, memlab free), or have root raise /sys/module/memlab/parameters/";

/* Of an array, the product, which does not overflow where this is used. */
static uint64_t asked_bytes(const struct request *request)
{
	const struct array *array = &request->array;

	return array->count ? array->count * array->element_bytes : request->bytes;
}

static const char *asked_text(char text[2 * SIZE_TEXT], const struct request *request)
{
	return size_text_both(text, asked_bytes(request));
}

static char *explain_size(const struct memlab_dev_info *info, const struct request *request)
{
	unsigned int order = memlab_dev_info_get_max_order(info);
	char asked[2 * SIZE_TEXT], most[2 * SIZE_TEXT];

	asked_text(asked, request);
	switch (request->allocator) {
	case MEMLAB_LIB_ALLOCATOR_KMALLOC:
		size_text_both(most, memlab_dev_info_get_kmalloc_max_size(info));
		return text_format(
			"kmalloc can never serve %s: KMALLOC_MAX_SIZE is %s here. Use vmalloc here, kvmalloc() in a driver",
			asked, most);
	case MEMLAB_LIB_ALLOCATOR_PAGES:
	case MEMLAB_LIB_ALLOCATOR_PAGES_EXACT:
		size_text_both(most, memlab_dev_info_get_page_size(info) << order);
		return text_format(
			"%s can never serve %s: the largest order is %u here, %s. Use vmalloc",
			memlab_allocator_name(request->allocator), asked, order, most);
	case MEMLAB_LIB_ALLOCATOR_KVMALLOC:
		if (asked_bytes(request) <= INT_MAX)
			break;
		return text_format(
			"kvmalloc can never serve %s: INT_MAX, %s, is its most. Use vmalloc", asked,
			size_text_both(most, INT_MAX));
	}

	size_text_both(most, memlab_dev_info_get_total_ram(info));
	return text_format("%s can never serve %s: the machine has %s",
			   memlab_allocator_name(request->allocator), asked, most);
}

/*
 * The name of the function that the kernel would have called for an array that is not
 * too large.
 */
static void array_function(struct memlab_dev *dev, const struct request *request,
			   char name[SIZE_TEXT])
{
	struct request small = *request;
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_buf_config *config;

	small.array = (struct array){ .count = 1, .element_bytes = 1 };
	config = request_config(dev, &small);
	if (memlab_buf_config_check(dev, config, call))
		snprintf(name, SIZE_TEXT, "%s", memlab_allocator_name(request->allocator));
	else
		snprintf(name, SIZE_TEXT, "%s", memlab_call_get_function(call));

	memlab_buf_config_free(config);
	memlab_call_free(call);
}

static char *explain_overflow(const char *function, const struct request *request)
{
	char product[PRODUCT_TEXT];

	return text_format(
		"%s refused the array (EOVERFLOW): %s are more than the kernel's size_t holds. Nothing was allocated",
		function, array_product(product, &request->array));
}

static char *explain_user_limit(const struct memlab_dev_info *info, const struct request *request)
{
	uint64_t buffers = memlab_dev_info_get_user_buffers(info);
	uint64_t max_buffers = memlab_dev_info_get_max_user_buffers(info);
	char asked[2 * SIZE_TEXT], used[2 * SIZE_TEXT], most[2 * SIZE_TEXT];

	if (buffers >= max_buffers)
		return text_format("you have %" PRIu64 " buffers, max_user_buffers is %" PRIu64
				   ". %s%s",
				   buffers, max_buffers, hint, "max_user_buffers");

	return text_format("%s more are over your limit, max_user_bytes: %s of %s are in use. %s%s",
			   asked_text(asked, request),
			   size_text_both(used, memlab_dev_info_get_user_bytes(info)),
			   size_text_both(most, memlab_dev_info_get_max_user_bytes(info)), hint,
			   "max_user_bytes");
}

static char *explain_total_limit(const struct memlab_dev_info *info, const struct request *request)
{
	char asked[2 * SIZE_TEXT], used[2 * SIZE_TEXT], most[2 * SIZE_TEXT];

	return text_format(
		"%s more are over all users' limit, max_total_bytes: %s of %s are in use. %s%s",
		asked_text(asked, request),
		size_text_both(used, memlab_dev_info_get_total_bytes(info)),
		size_text_both(most, memlab_dev_info_get_max_total_bytes(info)), hint,
		"max_total_bytes");
}

static char *explain_nodes(int node)
{
	FILE *file = fopen("/sys/devices/system/node/online", "re");
	char online[128] = "0";

	if (file) {
		if (fgets(online, sizeof(online), file))
			online[strcspn(online, "\n")] = '\0';
		fclose(file);
	}

	return text_format("NUMA node %d is not online; online: %s", node, online);
}

static char *explain_no_memory(const struct request *request)
{
	const char *name = memlab_allocator_name(request->allocator);
	char asked[2 * SIZE_TEXT];

	asked_text(asked, request);
	switch (request->allocator) {
	case MEMLAB_LIB_ALLOCATOR_KMALLOC:
	case MEMLAB_LIB_ALLOCATOR_PAGES:
	case MEMLAB_LIB_ALLOCATOR_PAGES_EXACT:
		return text_format(
			"the kernel has no free run of %s for %s now, or your memory cgroup is full (see /proc/buddyinfo). Try less, or use vmalloc here, kvmalloc() in a driver",
			asked, name);
	case MEMLAB_LIB_ALLOCATOR_CACHE:
		return text_format(
			"the kernel has no memory for an object of cache %u now, or your memory cgroup is full (see /proc/meminfo)",
			request->cache);
	default:
		return text_format(
			"the kernel has no %s free now, or your memory cgroup is full (see /proc/meminfo). Try less",
			asked);
	}
}

/* What the errno tells of an allocation, in whatever words @failed began. */
static char *explain_errno(const struct memlab_dev_info *info, const struct request *request,
			   const char *failed, int err)
{
	switch (err) {
	case ERANGE:
		return explain_size(info, request);
	case EDQUOT:
		return explain_user_limit(info, request);
	case ENOSPC:
		return explain_total_limit(info, request);
	case ENXIO:
		return explain_nodes(request->node);
	case ENOMEM:
		return explain_no_memory(request);
	case EINVAL:
		if (memlab_dev_info_has_allocator(info, request->allocator))
			break;
		return text_format(
			"this driver (%s) does not offer %s; \"memlab info\" tells what it offers",
			memlab_dev_info_get_driver_version(info),
			memlab_allocator_name(request->allocator));
	}

	return text_format("%s: %s", failed, strerror(err));
}

char *explain_alloc(struct memlab_dev *dev, const struct request *request, unsigned int reason,
		    int err)
{
	const char *context = memlab_context_name(request->context);
	struct memlab_dev_info *info = device_info(dev);
	char function[SIZE_TEXT];
	char *failed, *why;

	failed = text_format("cannot allocate by %s in %s context",
			     memlab_allocator_name(request->allocator), context);
	if (reason != MEMLAB_LIB_REASON_NONE) {
		why = explain_reason(failed, reason);
	} else if (err == EOVERFLOW) {
		array_function(dev, request, function);
		why = explain_overflow(function, request);
	} else {
		why = explain_errno(info, request, failed, err);
	}

	free(failed);
	memlab_dev_info_free(info);
	return why;
}

/* @request: what the buffer should have become, and its allocator. */
char *explain_resize(struct memlab_dev *dev, uint32_t id, const struct request *request,
		     unsigned int reason, int err)
{
	const char *name = memlab_allocator_name(request->allocator);
	struct memlab_dev_info *info;
	char *failed, *why;

	if (err == EBUSY || err == ENOENT)
		return explain_buffer(dev, id, "resize", err);

	info = device_info(dev);
	failed = text_format("cannot resize buffer %u, which is of %s", id, name);
	if (reason != MEMLAB_LIB_REASON_NONE)
		why = explain_reason(failed, reason);
	else if (err == EOVERFLOW)
		why = explain_overflow("the kernel's function for arrays", request);
	else
		why = explain_errno(info, request, failed, err);

	free(failed);
	memlab_dev_info_free(info);
	return why;
}
