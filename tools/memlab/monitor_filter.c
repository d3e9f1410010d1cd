// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "genl.h"
#include "monitor_filter.h"
#include "result_event.h"

enum key { KEY_EVENT, KEY_ID, KEY_ALLOCATOR, KEY_UID, KEY_PID, KEY_COMM, KEY_USER, KEYS };

static const char *const key_names[] = {
	[KEY_EVENT] = "event", [KEY_ID] = "id",	  [KEY_ALLOCATOR] = "allocator",
	[KEY_UID] = "uid",     [KEY_PID] = "pid", [KEY_COMM] = "comm",
	[KEY_USER] = "user",
};

/* One value that the key may have. */
struct filter_term {
	enum key key;
	uint64_t number;
	char *text; /* of KEY_COMM */
};

static const char *key_name(unsigned int number)
{
	return number < KEYS ? key_names[number] : NULL;
}

/* The kinds of events begin with number 1, and so do allocators. */
static uint64_t value_parse(const struct command *cmd, enum key key, const char *value)
{
	switch (key) {
	case KEY_EVENT:
		return name_parse(cmd, "event", value, event_name, 1);
	case KEY_ALLOCATOR:
		return name_parse(cmd, "allocator", value, memlab_allocator_name, 1);
	case KEY_ID:
		return id_parse(cmd, value);
	case KEY_UID:
		return user_parse(cmd, value);
	default:
		return number_parse(cmd, key_names[key], value, 1, UINT32_MAX);
	}
}

static struct filter_term term_parse(const struct command *cmd, char *text)
{
	char *value = strchr(text, '=');
	struct filter_term term = { 0 };

	if (!value)
		usage(cmd, "\"%s\" is not KEY=VALUE, such as event=failed", text);
	*value++ = '\0';

	term.key = (enum key)name_parse(cmd, "key", text, key_name, 0);
	/* Another word for the same. */
	if (term.key == KEY_USER)
		term.key = KEY_UID;
	if (term.key == KEY_COMM)
		term.text = text_format("%s", value);
	else
		term.number = value_parse(cmd, term.key, value);
	return term;
}

/* KEY=VALUE, or several of them with commas between. */
void monitor_filter_add(const struct command *cmd, struct monitor_filter *filter, const char *text)
{
	char *copy = text_format("%s", text);
	char *rest = copy, *part;

	while ((part = strsep(&rest, ","))) {
		filter->terms =
			need(realloc(filter->terms, (filter->count + 1) * sizeof(*filter->terms)));
		filter->terms[filter->count++] = term_parse(cmd, part);
	}
	free(copy);
}

static bool term_matches(const struct filter_term *term, const struct netlink_event *event)
{
	switch (term->key) {
	case KEY_EVENT:
		return event->type == term->number;
	case KEY_ID:
		return event->id == term->number;
	case KEY_ALLOCATOR:
		return event->allocator == term->number;
	case KEY_UID:
		return event->uid == term->number;
	case KEY_PID:
		return event->pid == term->number;
	default:
		return !strcmp(event->comm, term->text);
	}
}

/* Whether each key that has terms has one that matches. */
bool monitor_filter_matches(const struct monitor_filter *filter, const struct netlink_event *event)
{
	bool asked[KEYS] = { false }, matched[KEYS] = { false };

	for (size_t i = 0; i < filter->count; i++) {
		const struct filter_term *term = &filter->terms[i];

		asked[term->key] = true;
		matched[term->key] |= term_matches(term, event);
	}
	return !memcmp(asked, matched, sizeof(asked));
}

void monitor_filter_clear(struct monitor_filter *filter)
{
	for (size_t i = 0; i < filter->count; i++)
		free(filter->terms[i].text);
	free(filter->terms);
}
