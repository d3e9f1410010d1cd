/* SPDX-License-Identifier: GPL-2.0-only */
/* The running kernel as a stock system shows it, without the driver. */
#ifndef MEMLAB_KERNEL_H
#define MEMLAB_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/utsname.h>

/* The largest number of size classes of any configuration. */
#define KMALLOC_CLASSES 32

/**
 * struct kernel - the running kernel, by uname(2)
 * @uts: release and machine
 * @version: first two numbers of the release, as KERNEL_VERSION() below
 * @realtime: built with CONFIG_PREEMPT_RT
 * @page_size: bytes
 */
struct kernel {
	struct utsname uts;
	unsigned int version;
	bool realtime;
	uint64_t page_size;
};

#define KERNEL_VERSION(major, minor) ((major) << 16 | (minor))
#define KERNEL_MAJOR(version)	     ((version) >> 16)
#define KERNEL_MINOR(version)	     ((version) % (1 << 16))

/* The table of version facts was compared with drivers on kernels from here to there. */
#define KERNEL_OLDEST KERNEL_VERSION(6, 1)
#define KERNEL_NEWEST KERNEL_VERSION(7, 2)

/* What depends on version and architecture, and no file of a stock system shows. */
enum kernel_fact {
	/* largest order of the page allocator, where the configuration is not known */
	KERNEL_MAX_ORDER,
	/* what CONFIG_ARCH_FORCE_MAX_ORDER is more than that */
	KERNEL_FORCED_EXCESS,
	/* pages of the largest kmalloc object that comes from a slab cache */
	KERNEL_CACHE_PAGES,
	/* ARCH_KMALLOC_MINALIGN */
	KERNEL_MINALIGN,
	/* vmalloc() accepts GFP_NOWAIT and GFP_ATOMIC */
	KERNEL_VMALLOC_NOWAIT,
};

/* A function that the kernel has where KERNEL_VMALLOC_NOWAIT is 1, backports included. */
#define KERNEL_VMALLOC_NOWAIT_SYMBOL "memalloc_apply_gfp_scope"

/**
 * struct kernel_row - a row of the table of version facts
 * @fact: what it is about
 * @machine: as uname(2) reports it, or NULL for any
 * @page_size: bytes, or 0 for any
 * @since: first version
 * @value: the value from then on
 * @source: file of the kernel's source
 */
struct kernel_row {
	enum kernel_fact fact;
	const char *machine;
	uint64_t page_size;
	unsigned int since;
	uint64_t value;
	const char *source;
};

/* Returns 0, or -1 with errno. */
int kernel_read(struct kernel *kernel);

/**
 * kernel_fact() - look a fact up by version
 * @kernel: the kernel; one older than KERNEL_OLDEST counts as that
 * @fact: the fact
 *
 * Return: the row that applies, or NULL where the table has none for the architecture.
 */
const struct kernel_row *kernel_fact(const struct kernel *kernel, enum kernel_fact fact);

/* Whether the version decides, among kernels of this architecture. */
bool kernel_fact_varies(const struct kernel *kernel, enum kernel_fact fact);

/**
 * kernel_config() - a number from the configuration the kernel was built with
 * @kernel: the kernel
 * @option: such as "CONFIG_ARCH_FORCE_MAX_ORDER"
 * @value: out
 * @path: out: the file it is from
 *
 * Reads /proc/config.gz or /boot/config-RELEASE.
 *
 * Return: 1; 0 where the configuration has no such option; or -1 where it is not readable,
 * then without @path, which otherwise is for free().
 */
int kernel_config(const struct kernel *kernel, const char *option, uint64_t *value, char **path);

/**
 * kernel_has_symbol() - whether the kernel has a function
 * @name: its name
 *
 * Reads names in /proc/kallsyms, which hides addresses from ordinary users, but no names.
 *
 * Return: 1 or 0; or -1 with errno, EIO for an empty file.
 */
int kernel_has_symbol(const char *name);

/**
 * struct kmalloc_classes - size classes of kmalloc() that are slab caches
 * @count: number of @bytes
 * @bytes: sizes, ascending
 * @source: the path they are from
 * @sysfs_error: errno of /sys/kernel/slab, 0 if that is @source
 * @slabinfo_error: errno of /proc/slabinfo, if it was tried
 */
struct kmalloc_classes {
	size_t count;
	uint64_t bytes[KMALLOC_CLASSES];
	const char *source;
	int sysfs_error;
	int slabinfo_error;
};

/* By the names of caches, such as kmalloc-8k. Without a source, @count is 0. */
void kmalloc_classes_read(struct kmalloc_classes *classes);

#endif /* MEMLAB_KERNEL_H */
