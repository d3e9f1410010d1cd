// SPDX-License-Identifier: GPL-2.0-only
/* What verdicts depend on: the kernel, how it was booted, memory, privileges. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "buddyinfo.h"
#include "run.h"
#include "witness.h"

const struct field environment_fields[] = {
	{ "kernel", "kernel", KIND_TEXT, NULL },
	{ "build", "build", KIND_TEXT, NULL },
	{ "boot_parameters", "boot parameters that matter", KIND_LIST, "unknown" },
	{ "page_size", "page size", KIND_SIZE, NULL },
	{ "init_on_alloc", "memory zeroed when allocated", KIND_BOOL, NULL },
	{ "init_on_free", "memory zeroed when freed", KIND_BOOL, "unknown" },
	{ "slab_merging", "slab caches merged", KIND_BOOL, "unknown" },
	{ "transparent_hugepage", "transparent huge pages", KIND_TEXT, "not in this kernel" },
	{ "huge_vmalloc", "huge pages in vmalloc", KIND_TEXT, NULL },
	{ "preemption", "preemption", KIND_TEXT, "unknown" },
	{ "debug_atomic_sleep", "DEBUG_ATOMIC_SLEEP", KIND_BOOL, NULL },
	{ "kptr_restrict", "kptr_restrict", KIND_NUMBER, "unknown" },
	{ "nodes", "NUMA nodes", KIND_TEXT, "unknown" },
	{ "total_memory", "memory", KIND_SIZE, "unknown" },
	{ "available_memory", "memory available", KIND_SIZE, "unknown" },
	{ "largest_free_block", "largest free block", KIND_SIZE, "unknown" },
	{ "uid", "user id", KIND_NUMBER, NULL },
	{ "sees_phys", "sees physical addresses", KIND_BOOL, NULL },
	{ "sees_kernel_addresses", "sees kernel addresses", KIND_BOOL, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

/* Boot parameters that change what an allocator does, up to "=". */
static const char *const parameters[] = {
	"init_on_alloc",
	"init_on_free",
	"slab_nomerge",
	"slub_nomerge",
	"slab_merge",
	"slub_merge",
	"slab_debug",
	"slub_debug",
	"page_poison",
	"debug_pagealloc",
	"page_owner",
	"nohugevmalloc",
	"preempt",
	"transparent_hugepage",
	"kfence.sample_interval",
	"numa",
	"nokaslr",
	"nopti",
	"cgroup_disable",
	"cgroup.memory",
	"mem",
	"movablecore",
	"kernelcore",
	"page_alloc.shuffle",
	"kasan",
	"fault_injection",
	"failslab",
	"fail_page_alloc",
};

static bool matters(const char *word)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++)
		if (strlen(parameters[i]) == length && !strncmp(parameters[i], word, length))
			return true;
	return false;
}

static struct json_object *boot_parameters(void)
{
	char *line = file_read("/proc/cmdline");
	struct json_object *array;
	char *rest = line;

	if (!line)
		return NULL;
	array = need(json_object_new_array());
	for (char *word; (word = strsep(&rest, "\n "));)
		if (matters(word))
			result_append(array, result_text(word));
	free(line);
	return array;
}

/* The kernel says at boot "mem auto-init: ... heap free:off"; the log may be gone by now. */
static struct json_object *init_on_free(void)
{
	char *line = kmsg_find_past("mem auto-init: ");
	const char *state = line ? strstr(line, "heap free:") : NULL;
	struct json_object *value = NULL;

	if (state)
		value = result_bool(!strncmp(state, "heap free:on", strlen("heap free:on")));
	free(line);
	return value;
}

/* A cache that was merged is a link in sysfs. */
static struct json_object *slab_merging(void)
{
	struct json_object *value = NULL;
	DIR *dir = opendir("/sys/kernel/slab");
	const struct dirent *entry;
	size_t caches = 0, links = 0;

	if (!dir)
		return NULL;
	while ((entry = readdir(dir))) {
		caches += entry->d_name[0] != '.';
		links += entry->d_type == DT_LNK;
	}
	closedir(dir);
	if (caches)
		value = result_bool(links > 0);
	return value;
}

static struct json_object *chosen_word(const char *path)
{
	char *word = word_chosen(path, '[', ']');
	struct json_object *value = word ? result_text(word) : NULL;

	free(word);
	return value;
}

static struct json_object *preemption(void)
{
	char *model = preemption_model();
	struct json_object *value = model ? result_text(model) : NULL;

	free(model);
	return value;
}

static struct json_object *huge_vmalloc(void)
{
	char *line = file_read("/proc/cmdline");
	bool off = line && strstr(line, "nohugevmalloc");

	free(line);
	return result_text(off ? "off (nohugevmalloc)" : "not switched off");
}

static struct json_object *first_line(const char *path)
{
	char *text = file_read(path);
	struct json_object *value = NULL;

	if (text) {
		text[strcspn(text, "\n")] = '\0';
		value = result_text(text);
	}
	free(text);
	return value;
}

static struct json_object *number_of(const char *path)
{
	uint64_t value;

	return number_get(path, &value) ? result_uint(value) : NULL;
}

static struct json_object *memory(const char *name)
{
	uint64_t bytes;

	return meminfo_get(name, &bytes) ? result_uint(bytes) : NULL;
}

static struct json_object *largest_free_block(uint64_t page_size)
{
	struct buddyinfo *info = buddyinfo_read();
	int order = info ? buddyinfo_largest(info) : -1;

	free(info);
	return order < 0 ? NULL : result_uint(page_size << order);
}

static struct json_object *feature(const struct memlab_dev_info *info, unsigned int number)
{
	return result_bool(memlab_dev_info_has_feature(info, number));
}

struct json_object *environment(const struct memlab_dev_info *info)
{
	struct json_object *result = need(json_object_new_object());
	uint64_t page_size = memlab_dev_info_get_page_size(info);
	struct utsname name;

	uname(&name);
	result_add(result, "kernel", result_text(name.release));
	result_add(result, "build", result_text(name.version));
	result_add(result, "boot_parameters", boot_parameters());
	result_add(result, "page_size", result_uint(page_size));
	result_add(result, "init_on_alloc", feature(info, MEMLAB_LIB_FEATURE_INIT_ON_ALLOC));
	result_add(result, "init_on_free", init_on_free());
	result_add(result, "slab_merging", slab_merging());
	result_add(result, "transparent_hugepage",
		   chosen_word("/sys/kernel/mm/transparent_hugepage/enabled"));
	result_add(result, "huge_vmalloc", huge_vmalloc());
	result_add(result, "preemption", preemption());
	result_add(result, "debug_atomic_sleep", feature(info, MEMLAB_LIB_FEATURE_ATOMIC_SLEEP));
	result_add(result, "kptr_restrict", number_of("/proc/sys/kernel/kptr_restrict"));
	result_add(result, "nodes", first_line("/sys/devices/system/node/online"));
	result_add(result, "total_memory", memory("MemTotal"));
	result_add(result, "available_memory", memory("MemAvailable"));
	result_add(result, "largest_free_block", largest_free_block(page_size));
	result_add(result, "uid", result_uint(geteuid()));
	result_add(result, "sees_phys", feature(info, MEMLAB_LIB_FEATURE_PHYS_VISIBLE));
	result_add(result, "sees_kernel_addresses",
		   feature(info, MEMLAB_LIB_FEATURE_KADDR_VISIBLE));
	return result;
}
