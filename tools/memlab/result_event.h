/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMLAB_RESULT_EVENT_H
#define MEMLAB_RESULT_EVENT_H

#include "memlab.h"

struct netlink_event;

extern const struct line_view event_view;

const char *event_name(unsigned int type);
struct json_object *result_event(const struct netlink_event *event);
struct json_object *result_lost(uint64_t count);

#endif /* MEMLAB_RESULT_EVENT_H */
