// SPDX-License-Identifier: GPL-2.0-only
/* The running kernel as a stock system shows it, without the driver. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "memlab.h"

/*
 * Facts by version, the only place of the tool that knows kernel versions. Of each fact, the
 * first row that fits applies. Stable trees and distributions backport, so that a version is
 * evidence and no proof: where a file of the system shows a fact, it comes first.
 */
static const struct kernel_row rows[] = {
	{ KERNEL_MAX_ORDER, "aarch64", 65536, KERNEL_OLDEST, 13,
	  "arch/arm64/Kconfig, ARCH_FORCE_MAX_ORDER" },
	{ KERNEL_MAX_ORDER, "aarch64", 16384, KERNEL_OLDEST, 11,
	  "arch/arm64/Kconfig, ARCH_FORCE_MAX_ORDER" },
	{ KERNEL_MAX_ORDER, "aarch64", 4096, KERNEL_OLDEST, 10,
	  "arch/arm64/Kconfig, ARCH_FORCE_MAX_ORDER" },
	{ KERNEL_MAX_ORDER, "x86_64", 4096, KERNEL_OLDEST, 10,
	  "include/linux/mmzone.h, MAX_PAGE_ORDER" },
	/* MAX_ORDER was the number of orders, and has been the largest one since 6.4. */
	{ KERNEL_FORCED_EXCESS, NULL, 0, KERNEL_VERSION(6, 4), 0,
	  "include/linux/mmzone.h, MAX_ORDER" },
	{ KERNEL_FORCED_EXCESS, NULL, 0, KERNEL_OLDEST, 1, "include/linux/mmzone.h, MAX_ORDER" },
	{ KERNEL_CACHE_PAGES, NULL, 0, KERNEL_OLDEST, 2,
	  "include/linux/slab.h, KMALLOC_SHIFT_HIGH" },
	{ KERNEL_MINALIGN, "x86_64", 0, KERNEL_OLDEST, 8,
	  "include/linux/slab.h, ARCH_KMALLOC_MINALIGN" },
	{ KERNEL_MINALIGN, "aarch64", 0, KERNEL_VERSION(6, 5), 8,
	  "arch/arm64/include/asm/cache.h, ARCH_KMALLOC_MINALIGN" },
	{ KERNEL_MINALIGN, "aarch64", 0, KERNEL_OLDEST, 128,
	  "arch/arm64/include/asm/cache.h, ARCH_DMA_MINALIGN" },
	{ KERNEL_VMALLOC_NOWAIT, NULL, 0, KERNEL_VERSION(6, 19), 1,
	  "mm/vmalloc.c, __vmalloc_area_node()" },
	{ KERNEL_VMALLOC_NOWAIT, NULL, 0, KERNEL_OLDEST, 0, "mm/vmalloc.c, __vmalloc_area_node()" },
};

int kernel_read(struct kernel *kernel)
{
	unsigned int major, minor;

	*kernel = (struct kernel){ .page_size = (uint64_t)sysconf(_SC_PAGESIZE) };
	if (uname(&kernel->uts))
		return -1;
	if (sscanf(kernel->uts.release, "%u.%u", &major, &minor) != 2) {
		errno = EIO;
		return -1;
	}
	kernel->version = KERNEL_VERSION(major, minor);
	kernel->realtime = strstr(kernel->uts.version, "PREEMPT_RT");
	return 0;
}

static bool is_about(const struct kernel_row *row, const struct kernel *kernel,
		     enum kernel_fact fact)
{
	return row->fact == fact && (!row->machine || !strcmp(row->machine, kernel->uts.machine)) &&
	       (!row->page_size || row->page_size == kernel->page_size);
}

const struct kernel_row *kernel_fact(const struct kernel *kernel, enum kernel_fact fact)
{
	unsigned int version = kernel->version < KERNEL_OLDEST ? KERNEL_OLDEST : kernel->version;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (is_about(&rows[i], kernel, fact) && rows[i].since <= version)
			return &rows[i];
	return NULL;
}

bool kernel_fact_varies(const struct kernel *kernel, enum kernel_fact fact)
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		count += is_about(&rows[i], kernel, fact);
	return count > 1;
}

/* ---- the configuration ---- */

/* Returns 1, 0 without the option, or -1 for a file that is no configuration. */
static int find_option(FILE *file, const char *option, uint64_t *value)
{
	size_t length = strlen(option);
	char *line = NULL;
	size_t room = 0;
	int found = -1;

	/* To the end, so that gzip does not die of a closed pipe. */
	while (getline(&line, &room, file) > 0) {
		if (found < 0 && !strncmp(line, "CONFIG_", 7))
			found = 0;
		if (!strncmp(line, option, length) && line[length] == '=' &&
		    sscanf(line + length + 1, "%" SCNu64, value) == 1)
			found = 1;
	}
	free(line);
	return found;
}

int kernel_config(const struct kernel *kernel, const char *option, uint64_t *value, char **path)
{
	FILE *file = popen("gzip -dc /proc/config.gz 2>/dev/null", "re");
	int found = -1;

	if (file) {
		found = find_option(file, option, value);
		pclose(file);
	}
	if (found >= 0) {
		*path = text_format("/proc/config.gz");
		return found;
	}

	*path = text_format("/boot/config-%s", kernel->uts.release);
	file = fopen(*path, "re");
	if (file) {
		found = find_option(file, option, value);
		fclose(file);
	}
	if (found < 0) {
		free(*path);
		*path = NULL;
	}
	return found;
}

/* ---- symbols ---- */

int kernel_has_symbol(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	bool any = false, found = false;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return -1;
	while (!found && getline(&line, &room, file) > 0) {
		char symbol[128];

		/* A module's symbol has "[module]" behind it; the kernel's come first. */
		if (sscanf(line, "%*x %*c %127s", symbol) != 1)
			continue;
		any = true;
		found = !strcmp(symbol, name);
	}
	free(line);
	fclose(file);
	if (any)
		return found;
	errno = EIO;
	return -1;
}

/* ---- size classes of kmalloc() ---- */

static void add_class(struct kmalloc_classes *classes, const char *name)
{
	uint64_t bytes;
	size_t at;
	char *end;

	if (strncmp(name, "kmalloc-", 8) || !isdigit((unsigned char)name[8]))
		return;
	bytes = strtoull(name + 8, &end, 10);
	if (*end == 'k' || *end == 'M')
		bytes <<= *end++ == 'k' ? 10 : 20;
	if (*end || classes->count == KMALLOC_CLASSES)
		return;
	for (at = classes->count++; at && classes->bytes[at - 1] > bytes; at--)
		classes->bytes[at] = classes->bytes[at - 1];
	classes->bytes[at] = bytes;
}

/* Returns 0 or errno. */
static int read_sysfs(struct kmalloc_classes *classes)
{
	const char *path = "/sys/kernel/slab";
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return errno;
	while ((entry = readdir(dir)))
		add_class(classes, entry->d_name);
	closedir(dir);
	classes->source = path;
	return classes->count ? 0 : EIO;
}

static int read_slabinfo(struct kmalloc_classes *classes)
{
	const char *path = "/proc/slabinfo";
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return errno;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, " ")] = '\0';
		add_class(classes, line);
	}
	fclose(file);
	classes->source = path;
	return classes->count ? 0 : EIO;
}

void kmalloc_classes_read(struct kmalloc_classes *classes)
{
	*classes = (struct kmalloc_classes){ 0 };
	classes->sysfs_error = read_sysfs(classes);
	if (classes->sysfs_error)
		classes->slabinfo_error = read_slabinfo(classes);
}
