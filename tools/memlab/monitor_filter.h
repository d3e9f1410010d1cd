/* SPDX-License-Identifier: GPL-2.0-only */
/* Which events are to be printed. */
#ifndef MEMLAB_MONITOR_FILTER_H
#define MEMLAB_MONITOR_FILTER_H

#include "memlab.h"

struct netlink_event;

struct monitor_filter {
	struct filter_term *terms;
	size_t count;
};

void monitor_filter_add(const struct command *cmd, struct monitor_filter *filter, const char *text);
bool monitor_filter_matches(const struct monitor_filter *filter, const struct netlink_event *event);
void monitor_filter_clear(struct monitor_filter *filter);

#endif /* MEMLAB_MONITOR_FILTER_H */
