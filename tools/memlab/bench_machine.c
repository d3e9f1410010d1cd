// SPDX-License-Identifier: GPL-2.0-only
/* What times depend on: the machine, its clock, and what the kernel does besides. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "claims/run.h"
#include "claims/witness.h"

#define CLOCK "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define FLAWS "/sys/devices/system/cpu/vulnerabilities"
#define SLAB  "/sys/kernel/slab/kmalloc-64/"

const struct field bench_machine_fields[] = {
	{ "kernel", "kernel", KIND_TEXT, NULL },
	{ "build", "build", KIND_TEXT, NULL },
	{ "cpu", "processor", KIND_TEXT, "unknown" },
	{ "cpus_online", "processors online", KIND_TEXT, "unknown" },
	{ "virtual", "virtual machine", KIND_BOOL, "unknown" },
	{ "clock", "clock", KIND_TEXT, "unknown" },
	{ "mitigations", "mitigations", KIND_LIST, "unknown" },
	{ "init_on_alloc", "memory zeroed when allocated", KIND_BOOL, NULL },
	{ "init_on_free", "memory zeroed when freed", KIND_BOOL, "unknown" },
	{ "slab_debugging", "slab debugging", KIND_LIST, "unknown" },
	{ "preemption", "preemption", KIND_TEXT, "unknown" },
	{ "boot_parameters", "boot parameters that matter", KIND_LIST, "unknown" },
	{ NULL, NULL, KIND_TEXT, NULL },
};

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

/* What follows ": " in the first line of /proc/cpuinfo that begins so; for free(), or NULL. */
static char *cpuinfo_value(const char *name)
{
	char *text = file_read("/proc/cpuinfo"), *rest = text, *found = NULL;

	for (char *line; !found && text && (line = strsep(&rest, "\n"));) {
		const char *colon = strchr(line, ':');

		if (colon && !strncmp(line, name, strlen(name)))
			found = text_format("%s", colon[1] ? colon + 2 : "");
	}
	free(text);
	return found;
}

static struct json_object *processor(void)
{
	char *name = cpuinfo_value("model name");
	struct json_object *value;

	if (!name)
		name = cpuinfo_value("CPU part");
	value = result_text(name);
	free(name);
	return value;
}

/* By the processor's own word, where it has one; else by the maker of the machine. */
static struct json_object *is_virtual(void)
{
	char *flags = cpuinfo_value("flags"), *maker;
	struct json_object *value = NULL;

	if (flags) {
		value = result_bool(strstr(flags, " hypervisor"));
		free(flags);
		return value;
	}
	maker = file_read("/sys/class/dmi/id/sys_vendor");
	if (maker && !strncmp(maker, "QEMU", 4))
		value = result_bool(true);
	free(maker);
	return value;
}

/* "meltdown: PTI", of each flaw that something is done about. */
static struct json_object *mitigations(void)
{
	static const char done[] = "Mitigation: ";
	struct dirent **entries;
	struct json_object *array;
	int count = scandir(FLAWS, &entries, NULL, alphasort);

	if (count < 0)
		return NULL;
	array = need(json_object_new_array());
	for (int i = 0; i < count; i++) {
		char *path = text_format(FLAWS "/%s", entries[i]->d_name);
		char *text = *entries[i]->d_name != '.' ? file_read(path) : NULL;

		if (text && !strncmp(text, done, strlen(done))) {
			char *one;

			text[strcspn(text, "\n")] = '\0';
			one = text_format("%s: %s", entries[i]->d_name, text + strlen(done));
			result_append(array, result_text(one));
			free(one);
		}
		free(text);
		free(path);
		free(entries[i]);
	}
	free(entries);
	return array;
}

static struct json_object *slab_debugging(void)
{
	static const char *const names[] = { "sanity_checks", "red_zone", "poison", "store_user",
					     "trace" };
	struct json_object *array = need(json_object_new_array());
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *path = text_format(SLAB "%s", names[i]);
		uint64_t on = 0;

		known |= number_get(path, &on);
		if (on)
			result_append(array, result_text(names[i]));
		free(path);
	}
	if (known)
		return array;
	json_object_put(array);
	return NULL;
}

static void copy(struct json_object *to, struct json_object *from, const char *key)
{
	result_add(to, key, json_object_get(json_object_object_get(from, key)));
}

struct json_object *bench_machine(const struct memlab_dev_info *info)
{
	struct json_object *all = environment(info);
	struct json_object *result = need(json_object_new_object());

	copy(result, all, "kernel");
	copy(result, all, "build");
	result_add(result, "cpu", processor());
	result_add(result, "cpus_online", first_line("/sys/devices/system/cpu/online"));
	result_add(result, "virtual", is_virtual());
	result_add(result, "clock", first_line(CLOCK));
	result_add(result, "mitigations", mitigations());
	copy(result, all, "init_on_alloc");
	copy(result, all, "init_on_free");
	result_add(result, "slab_debugging", slab_debugging());
	copy(result, all, "preemption");
	copy(result, all, "boot_parameters");
	json_object_put(all);
	return result;
}
