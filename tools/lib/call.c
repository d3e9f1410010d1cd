// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "internal.h"

SAME(SEEN_TASK);
SAME(SEEN_SOFTIRQ);
SAME(SEEN_HARDIRQ);
SAME(SEEN_IRQS_OFF);
SAME(SEEN_LOCKED);
SAME(NOT_COUNTED);

EXPORT struct memlab_call *memlab_call_new(void)
{
	return calloc(1, sizeof(struct memlab_call));
}

EXPORT void memlab_call_free(struct memlab_call *call)
{
	free(call);
}

EXPORT unsigned int memlab_call_get_reason(const struct memlab_call *call)
{
	return call->reason;
}

EXPORT const char *memlab_call_get_function(const struct memlab_call *call)
{
	return call->function.text;
}

EXPORT unsigned int memlab_call_get_seen(const struct memlab_call *call)
{
	return call->seen;
}

EXPORT unsigned int memlab_call_get_preempt_count(const struct memlab_call *call)
{
	return call->preempt_count;
}

EXPORT uint64_t memlab_call_get_gfp_used(const struct memlab_call *call)
{
	return call->gfp_used;
}

EXPORT uint64_t memlab_call_get_stale(const struct memlab_call *call)
{
	return call->stale;
}

EXPORT uint64_t memlab_call_get_nanoseconds(const struct memlab_call *call)
{
	return call->nanoseconds;
}

EXPORT uint64_t memlab_call_get_kept(const struct memlab_call *call)
{
	return call->kept;
}

EXPORT bool memlab_call_is_moved(const struct memlab_call *call)
{
	return call->moved;
}
