/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of the driver, printed as they come, and those counted that got lost. */
#ifndef MEMLAB_MONITOR_H
#define MEMLAB_MONITOR_H

#include "memlab.h"
#include "monitor_filter.h"

struct monitor_options {
	struct monitor_filter filter;
	bool own;	 /* do not ask for those of others */
	uint64_t count;	 /* end after so many were printed; 0: never */
	uint64_t buffer; /* bytes of events that may wait; 0: as the tool sees fit */
};

int monitor_run(const struct monitor_options *options);

#endif /* MEMLAB_MONITOR_H */
