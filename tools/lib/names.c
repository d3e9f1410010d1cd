// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

SAME(ALLOCATOR_KMALLOC);
SAME(ALLOCATOR_VMALLOC);
SAME(ALLOCATOR_KVMALLOC);
SAME(ALLOCATOR_PAGES);
SAME(ALLOCATOR_PAGES_EXACT);
SAME(ALLOCATOR_CACHE);
SAME(BACKING_SLAB);
SAME(BACKING_LARGE);
SAME(BACKING_VMALLOC);
SAME(BACKING_PAGES);
SAME(BACKING_SPLIT);
SAME(ZONE_UNKNOWN);
SAME(ZONE_DMA);
SAME(ZONE_DMA32);
SAME(ZONE_NORMAL);
SAME(ZONE_HIGHMEM);
SAME(ZONE_MOVABLE);
SAME(ZONE_DEVICE);
SAME(CONTEXT_PROCESS);
SAME(CONTEXT_ATOMIC);
SAME(CONTEXT_SOFTIRQ);
SAME(CONTEXT_HARDIRQ);
SAME_BIT(FEATURE_MMAP);
SAME_BIT(FEATURE_PERSISTENT);
SAME_BIT(FEATURE_NODE);
SAME_BIT(FEATURE_MEMCG);
SAME_BIT(FEATURE_INIT_ON_ALLOC);
SAME_BIT(FEATURE_PHYS_VISIBLE);
SAME_BIT(FEATURE_KADDR_VISIBLE);
SAME_BIT(FEATURE_VMALLOC_NOWAIT);
SAME_BIT(FEATURE_NO_MERGE);
SAME_BIT(FEATURE_ATOMIC_SLEEP);
SAME_BIT(FEATURE_SLEEP_IN_ATOMIC);
SAME_BIT(FEATURE_HARDENED_USERCOPY);
SAME_BIT(FEATURE_PREEMPT_COUNT);

static const char *const allocators[] = {
	[MEMLAB_ALLOCATOR_KMALLOC] = "kmalloc",		[MEMLAB_ALLOCATOR_VMALLOC] = "vmalloc",
	[MEMLAB_ALLOCATOR_KVMALLOC] = "kvmalloc",	[MEMLAB_ALLOCATOR_PAGES] = "pages",
	[MEMLAB_ALLOCATOR_PAGES_EXACT] = "pages-exact", [MEMLAB_ALLOCATOR_CACHE] = "cache",
};

static const char *const backings[] = {
	[MEMLAB_BACKING_SLAB] = "slab",	      [MEMLAB_BACKING_LARGE] = "large",
	[MEMLAB_BACKING_VMALLOC] = "vmalloc", [MEMLAB_BACKING_PAGES] = "pages",
	[MEMLAB_BACKING_SPLIT] = "split",
};

static const char *const zones[] = {
	[MEMLAB_ZONE_UNKNOWN] = "unknown", [MEMLAB_ZONE_DMA] = "DMA",
	[MEMLAB_ZONE_DMA32] = "DMA32",	   [MEMLAB_ZONE_NORMAL] = "Normal",
	[MEMLAB_ZONE_HIGHMEM] = "HighMem", [MEMLAB_ZONE_MOVABLE] = "Movable",
	[MEMLAB_ZONE_DEVICE] = "Device",
};

static const char *const contexts[] = {
	[MEMLAB_CONTEXT_PROCESS] = "process",
	[MEMLAB_CONTEXT_ATOMIC] = "atomic",
	[MEMLAB_CONTEXT_SOFTIRQ] = "softirq",
	[MEMLAB_CONTEXT_HARDIRQ] = "hardirq",
};

static const char *const features[] = {
	[MEMLAB_LIB_FEATURE_MMAP] = "mmap",
	[MEMLAB_LIB_FEATURE_PERSISTENT] = "persistent",
	[MEMLAB_LIB_FEATURE_NODE] = "node",
	[MEMLAB_LIB_FEATURE_MEMCG] = "memcg",
	[MEMLAB_LIB_FEATURE_INIT_ON_ALLOC] = "init-on-alloc",
	[MEMLAB_LIB_FEATURE_PHYS_VISIBLE] = "phys-visible",
	[MEMLAB_LIB_FEATURE_KADDR_VISIBLE] = "kaddr-visible",
	[MEMLAB_LIB_FEATURE_VMALLOC_NOWAIT] = "vmalloc-nowait",
	[MEMLAB_LIB_FEATURE_NO_MERGE] = "no-merge",
	[MEMLAB_LIB_FEATURE_ATOMIC_SLEEP] = "atomic-sleep",
	[MEMLAB_LIB_FEATURE_SLEEP_IN_ATOMIC] = "sleep-in-atomic",
	[MEMLAB_LIB_FEATURE_HARDENED_USERCOPY] = "hardened-usercopy",
	[MEMLAB_LIB_FEATURE_PREEMPT_COUNT] = "preempt-count",
};

const char *name_of(const char *const *names, size_t count, unsigned int number)
{
	return number < count ? names[number] : NULL;
}

int number_of(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && !strcmp(names[i], name))
			return (int)i;

	errno = EINVAL;
	return -1;
}

#define STRINGIFY_ARG(x) #x
#define STRINGIFY(x)	 STRINGIFY_ARG(x)

EXPORT const char *memlab_lib_version(void)
{
	return STRINGIFY(LIBMEMLAB_VERSION_MAJOR) "." STRINGIFY(
		LIBMEMLAB_VERSION_MINOR) "." STRINGIFY(LIBMEMLAB_VERSION_PATCH);
}

EXPORT const char *memlab_allocator_name(unsigned int allocator)
{
	return name_of(allocators, ARRAY_SIZE(allocators), allocator);
}

EXPORT int memlab_allocator_from_name(const char *name)
{
	return number_of(allocators, ARRAY_SIZE(allocators), name);
}

EXPORT const char *memlab_backing_name(unsigned int backing)
{
	return name_of(backings, ARRAY_SIZE(backings), backing);
}

EXPORT int memlab_backing_from_name(const char *name)
{
	return number_of(backings, ARRAY_SIZE(backings), name);
}

EXPORT const char *memlab_zone_name(unsigned int zone)
{
	return name_of(zones, ARRAY_SIZE(zones), zone);
}

EXPORT int memlab_zone_from_name(const char *name)
{
	return number_of(zones, ARRAY_SIZE(zones), name);
}

EXPORT const char *memlab_context_name(unsigned int context)
{
	return name_of(contexts, ARRAY_SIZE(contexts), context);
}

EXPORT int memlab_context_from_name(const char *name)
{
	return number_of(contexts, ARRAY_SIZE(contexts), name);
}

EXPORT const char *memlab_feature_name(unsigned int feature)
{
	return name_of(features, ARRAY_SIZE(features), feature);
}
