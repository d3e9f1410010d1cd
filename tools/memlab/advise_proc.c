// SPDX-License-Identifier: GPL-2.0-only
/* What the driver is asked for, without it: from uname(2), /proc, /sys and a table of versions. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "advise_rules.h"

/* The driver runs no larger request where sleeping is forbidden (driver/context.c). */
#define MAX_ATOMIC_BYTES (4ULL << 20)

#define NO_SLEEP (MEMLAB_LIB_GFP_NOWAIT | MEMLAB_LIB_GFP_ATOMIC)

/* @source for free() */
static void add_fact(struct advice *advice, const char *name, uint64_t value, char *source)
{
	if (advice->fact_count == ADVICE_MAX_FACTS)
		free(source);
	else
		advice->facts[advice->fact_count++] = (struct advice_fact){ name, value, source };
}

/* Why a file was not read, and what would help. */
static const char *unread(int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return "is readable by root only";
	case ENOENT:
		return "is missing";
	case EIO:
		return "is empty or malformed";
	default:
		return strerror(err);
	}
}

/* ---- what changes from moment to moment ---- */

static void memory_gaps(const struct memory_errors *errors, struct advice *advice)
{
	if (errors->buddyinfo)
		advise_gap(advice, "free blocks", "/proc/buddyinfo %s", unread(errors->buddyinfo));
	if (errors->pagetypeinfo)
		advise_gap(advice, "blocks reserved for CMA",
			   "/proc/pagetypeinfo %s: if there are any, they count as free here",
			   unread(errors->pagetypeinfo));
	if (errors->zoneinfo)
		advise_gap(advice, "watermarks",
			   "/proc/zoneinfo %s: which free blocks a request "
			   "gets is unknown",
			   unread(errors->zoneinfo));
	if (errors->meminfo)
		advise_gap(advice, "available memory", "/proc/meminfo %s", unread(errors->meminfo));
}

/* ---- limits ---- */

/* The largest order of the page allocator, and for free() where that is from. */
static unsigned int largest_order(const struct kernel *kernel, unsigned int orders,
				  struct advice *advice, char **source)
{
	const struct kernel_row *excess = kernel_fact(kernel, KERNEL_FORCED_EXCESS);
	const struct kernel_row *row = kernel_fact(kernel, KERNEL_MAX_ORDER);
	uint64_t forced;
	char *path;
	int found;

	if (orders) {
		*source = text_format("/proc/buddyinfo");
		return orders - 1;
	}
	found = kernel_config(kernel, "CONFIG_ARCH_FORCE_MAX_ORDER", &forced, &path);
	if (found > 0) {
		*source = text_format("CONFIG_ARCH_FORCE_MAX_ORDER in %s%s", path,
				      excess->value ? ", less 1 before Linux 6.4" : "");
		free(path);
		return (unsigned int)(forced - excess->value);
	}
	if (!found && row) {
		*source = text_format("%s, without CONFIG_ARCH_FORCE_MAX_ORDER in %s", row->source,
				      path);
		free(path);
		return (unsigned int)row->value;
	}
	if (!found)
		free(path);
	if (row) {
		*source = text_format("%s, unless configured otherwise", row->source);
		advise_gap(advice, "the largest order of the page allocator",
			   "%" PRIu64
			   " by default (%s), and neither /proc/buddyinfo nor the kernel's "
			   "configuration is readable",
			   row->value, row->source);
		return (unsigned int)row->value;
	}
	*source = text_format("an assumption");
	advise_gap(advice, "the largest order of the page allocator",
		   "unknown for %s with pages of %" PRIu64 " bytes: 10 is assumed",
		   kernel->uts.machine, kernel->page_size);
	return 10;
}

static void read_order(const struct kernel *kernel, unsigned int orders, struct facts *facts,
		       struct advice *advice)
{
	char *source;

	facts->max_order = largest_order(kernel, orders, advice, &source);
	facts->kmalloc_max = facts->page_size << facts->max_order;
	add_fact(advice, "kmalloc_max_size", facts->kmalloc_max,
		 text_format("PAGE_SIZE << %u (include/linux/slab.h, Linux 6.1 and later), the "
			     "largest order by %s",
			     facts->max_order, source));
	add_fact(advice, "max_order", facts->max_order, source);
}

static void read_classes(struct proc_facts *proc, struct facts *facts, struct advice *advice)
{
	const struct kernel_row *row = kernel_fact(&proc->kernel, KERNEL_CACHE_PAGES);
	struct kmalloc_classes *classes = &proc->classes;

	kmalloc_classes_read(classes);
	if (classes->count) {
		facts->kmalloc_max_cache = classes->bytes[classes->count - 1];
		add_fact(advice, "kmalloc_max_cache_size", facts->kmalloc_max_cache,
			 text_format("names of caches in %s", classes->source));
		return;
	}
	facts->kmalloc_max_cache = row->value * facts->page_size;
	add_fact(advice, "kmalloc_max_cache_size", facts->kmalloc_max_cache,
		 text_format("%" PRIu64 " pages (%s, Linux 6.1 and later)", row->value,
			     row->source));
	advise_gap(advice, "size classes of kmalloc()",
		   "/sys/kernel/slab %s, and /proc/slabinfo %s: usable sizes are unknown",
		   unread(classes->sysfs_error), unread(classes->slabinfo_error));
}

static void read_minalign(const struct kernel *kernel, struct facts *facts, struct advice *advice)
{
	const struct kernel_row *row = kernel_fact(kernel, KERNEL_MINALIGN);

	if (row) {
		char *source = text_format("%s, Linux %u.%u and later", row->source,
					   KERNEL_MAJOR(row->since), KERNEL_MINOR(row->since));

		facts->minalign = row->value;
		if (facts->question->dma && kernel_fact_varies(kernel, KERNEL_MINALIGN))
			advise_gap(advice, "the alignment of kmalloc() for devices",
				   "%" PRIu64 " by version (%s); kernels with backports may differ",
				   row->value, source);
		add_fact(advice, "kmalloc_minalign", row->value, source);
	} else if (facts->question->dma) {
		advise_gap(advice, "the alignment of kmalloc() for devices",
			   "unknown for %s: see ARCH_KMALLOC_MINALIGN in arch/",
			   kernel->uts.machine);
	}
}

static void read_vmalloc(struct proc_facts *proc, struct advice *advice)
{
	const struct kernel *kernel = &proc->kernel;
	const struct kernel_row *row = kernel_fact(kernel, KERNEL_VMALLOC_NOWAIT);
	int has = kernel_has_symbol(KERNEL_VMALLOC_NOWAIT_SYMBOL);

	/* Without the symbol: no, whatever the version, as a wrong "yes" would be a bug. */
	proc->vmalloc_nowait = has < 0 ? row->value != 0 : has > 0;
	if (has < 0)
		proc->vmalloc_source =
			text_format("by Linux %u.%u, as /proc/kallsyms %s: from 6.19 on it does, "
				    "and kernels with backports may (%s)",
				    KERNEL_MAJOR(kernel->version), KERNEL_MINOR(kernel->version),
				    unread(errno), row->source);
	else
		proc->vmalloc_source = text_format(
			"by /proc/kallsyms, %s %s(), which vmalloc() has from Linux 6.19 on (%s)",
			has ? "with" : "without", KERNEL_VMALLOC_NOWAIT_SYMBOL, row->source);
	add_fact(advice, "vmalloc_nowait", proc->vmalloc_nowait,
		 text_format("%s", proc->vmalloc_source));
}

/* Whether the table of version facts is about such a kernel at all. */
static void kernel_gaps(const struct kernel *kernel, struct advice *advice)
{
	unsigned int version = kernel->version;
	const char *machine = kernel->uts.machine;

	if (version < KERNEL_OLDEST || version > KERNEL_NEWEST)
		advise_gap(
			advice, "facts of this version",
			"Linux %u.%u is %s than the versions they were compared with, %u.%u to %u.%u",
			KERNEL_MAJOR(version), KERNEL_MINOR(version),
			version < KERNEL_OLDEST ? "older" : "newer", KERNEL_MAJOR(KERNEL_OLDEST),
			KERNEL_MINOR(KERNEL_OLDEST), KERNEL_MAJOR(KERNEL_NEWEST),
			KERNEL_MINOR(KERNEL_NEWEST));
	if (strcmp(machine, "x86_64") && strcmp(machine, "aarch64"))
		advise_gap(advice, "facts of this architecture",
			   "%s is neither of those they were compared with, x86_64 and aarch64",
			   machine);
}

int proc_facts_read(struct proc_facts *proc, unsigned int orders,
		    const struct memory_errors *errors, struct facts *facts, struct advice *advice)
{
	const struct kernel *kernel = &proc->kernel;
	struct sysinfo info;

	if (kernel_read(&proc->kernel) || sysinfo(&info))
		return -1;
	facts->proc = proc;
	snprintf(advice->release, sizeof(advice->release), "%s", kernel->uts.release);
	snprintf(advice->machine, sizeof(advice->machine), "%s", kernel->uts.machine);

	kernel_gaps(kernel, advice);
	memory_gaps(errors, advice);
	add_fact(advice, "page_size", facts->page_size, text_format("sysconf(3)"));
	read_order(kernel, orders, facts, advice);
	read_classes(proc, facts, advice);
	read_minalign(kernel, facts, advice);
	facts->total_ram = (uint64_t)info.totalram * info.mem_unit;
	add_fact(advice, "total_ram", facts->total_ram, text_format("sysinfo(2)"));
	if (!facts_in_process(facts))
		read_vmalloc(proc, advice);
	return 0;
}

void proc_facts_clear(struct proc_facts *proc)
{
	free(proc->vmalloc_source);
	*proc = (struct proc_facts){ 0 };
}

/* ---- dry runs ---- */

/* As max_bytes of each allocator (driver/allocators/). */
static uint64_t max_bytes(const struct facts *facts, unsigned int allocator)
{
	switch (allocator) {
	case MEMLAB_LIB_ALLOCATOR_VMALLOC:
		return facts->total_ram;
	case MEMLAB_LIB_ALLOCATOR_KVMALLOC:
		return facts->total_ram < INT32_MAX ? facts->total_ram : INT32_MAX;
	default:
		return facts->kmalloc_max;
	}
}

/* In the order of driver/allocator.c, memlab_allocator_check(). */
int proc_check(const struct facts *facts, const struct request *request, unsigned int *reason,
	       struct advice *advice)
{
	bool vmalloc = request->allocator == MEMLAB_LIB_ALLOCATOR_VMALLOC;
	bool nowait = facts->proc->vmalloc_nowait;

	if (facts->total > max_bytes(facts, request->allocator))
		return -ERANGE;
	if (vmalloc && request->gfp & NO_SLEEP)
		advise_gap(advice, "whether vmalloc() accepts GFP_ATOMIC", "%s",
			   facts->proc->vmalloc_source);
	if (vmalloc && request->gfp & NO_SLEEP && !nowait) {
		*reason = MEMLAB_LIB_REASON_VMALLOC_SLEEPS;
		return -EINVAL;
	}
	if (request->context == MEMLAB_LIB_CONTEXT_PROCESS)
		return 0;
	if (facts->proc->kernel.realtime) {
		*reason = MEMLAB_LIB_REASON_CONTEXT_KERNEL;
		return -EOPNOTSUPP;
	}
	if (facts->total > MAX_ATOMIC_BYTES) {
		*reason = MEMLAB_LIB_REASON_CONTEXT_SIZE;
		return -ERANGE;
	}
	if (vmalloc && (!nowait || request->context != MEMLAB_LIB_CONTEXT_ATOMIC)) {
		*reason = MEMLAB_LIB_REASON_VMALLOC_SLEEPS;
		return -EOPNOTSUPP;
	}
	return 0;
}

uint64_t proc_usable(const struct facts *facts, const struct advice_call *call,
		     struct advice *advice)
{
	const struct kmalloc_classes *classes = &facts->proc->classes;

	if (call->cache_function) {
		advise_gap(advice, "merging of slab caches",
			   "needs a cache to look at: if the kernel merges it with another of a "
			   "similar size, its objects have up to 7 bytes more");
		return facts->total;
	}
	for (size_t i = 0; i < classes->count; i++)
		if (facts->total <= classes->bytes[i])
			return classes->bytes[i];
	return 0;
}
