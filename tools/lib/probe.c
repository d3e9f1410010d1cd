// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

SAME(PROBE_STRUCT_BYTES);
SAME(PROBE_ELEMENT_BYTES);
SAME(PROBE_ARRAY_SIZE);
SAME(PROBE_ARRAY3_SIZE);
SAME(PROBE_STRUCT_SIZE);
SAME(PROBE_SIZE_ADD);
SAME(PROBE_KMALLOC_ZERO);

EXPORT int memlab_probe(const struct memlab_dev *dev, unsigned int kind, uint64_t a, uint64_t b,
			uint64_t c, uint64_t *result)
{
	struct memlab_probe probe = {
		.size = sizeof(probe),
		.kind = kind,
		.a = a,
		.b = b,
		.c = c,
	};

	if (dev_ioctl(dev, MEMLAB_IOC_PROBE, &probe))
		return -1;

	*result = probe.result;
	return 0;
}
