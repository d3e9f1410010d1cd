// SPDX-License-Identifier: GPL-2.0-only
/* What a program has made before a call, as far as one can tell without running it. */
#include <string.h>

#include <linux/memlab.h>

#include "fuzz.h"

#define SLOTS 8

/* The value of an argument, 0 if there is none of that name. */
__u64 value_of(const struct call *call, const char *name)
{
	unsigned int i;

	for (i = 0; i < call->type->arg_count; i++)
		if (!strcmp(call->type->args[i].name, name))
			return call->args[i];
	return 0;
}

void set_value(struct call *call, const char *name, __u64 value)
{
	unsigned int i;

	for (i = 0; i < call->type->arg_count; i++)
		if (!strcmp(call->type->args[i].name, name))
			call->args[i] = value;
}

static void expect_ioctl(struct expected *expected, const struct call *call)
{
	unsigned int slot = 1U << call->args[REQUEST_SLOT] % SLOTS;
	__u64 id = value_of(call, "id");

	switch (call->type->command) {
	case MEMLAB_IOC_ALLOC:
		if (value_of(call, "flags") & MEMLAB_ALLOC_DRY_RUN)
			break;
		expected->buffers |= slot;
		expected->bytes[call->args[REQUEST_SLOT] % SLOTS] =
			value_of(call, "allocator") == MEMLAB_ALLOCATOR_CACHE ?
				expected->object[value_of(call, "cache") % SLOTS] :
				value_of(call, "bytes") * (value_of(call, "count") ?: 1);
		break;
	case MEMLAB_IOC_RESIZE:
		expected->bytes[id % SLOTS] =
			value_of(call, "bytes") * (value_of(call, "count") ?: 1);
		break;
	case MEMLAB_IOC_FREE:
		/* It may be mapped, and then it stays. */
		if (!expected->maps)
			expected->buffers &= ~(1U << id % SLOTS);
		break;
	case MEMLAB_IOC_CACHE_CREATE:
		expected->caches |= slot;
		expected->object[call->args[REQUEST_SLOT] % SLOTS] = value_of(call, "bytes");
		break;
	}
}

/* What there is after a call, if it succeeds. */
void expect_effect(struct expected *expected, const struct call *call)
{
	unsigned int i;

	if (call->type->command)
		expect_ioctl(expected, call);
	for (i = 0; i < call->type->arg_count; i++) {
		unsigned int slot = 1U << call->args[i] % SLOTS;

		switch (call->type->args[i].kind) {
		case KIND_FILE_OUT:
			expected->files |= slot;
			break;
		case KIND_SOCK_OUT:
			expected->socks |= slot;
			break;
		case KIND_MAP_OUT:
			expected->maps |= slot;
			break;
		default:
			break;
		}
	}
	if (!strcmp(call->type->name, "close"))
		expected->files &= ~(1U << call->args[0] % SLOTS);
	if (!strcmp(call->type->name, "sock_close"))
		expected->socks &= ~(1U << call->args[0] % SLOTS);
	if (!strcmp(call->type->name, "unmap") && !call->args[1] && !call->args[2])
		expected->maps &= ~(1U << call->args[0] % SLOTS);
}
