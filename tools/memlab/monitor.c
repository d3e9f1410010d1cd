// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "genl.h"
#include "monitor.h"
#include "result_event.h"

/* Some thousand events; without privileges it is what net.core.rmem_max allows. */
#define DEFAULT_ROOM (4 << 20)

/* For the number of events sent, while more of them come. */
#define MAX_TRIES 10

/* So many milliseconds without an event, and it is asked how many were lost before. */
#define QUIET 100

static const int signals[] = { SIGINT, SIGTERM };

struct monitor {
	const struct monitor_options *options;
	struct netlink *netlink;
	struct netlink *watch; /* hears when the driver goes */
	int signal_fd;
	uint64_t seq; /* of the last event that came, or is known to be lost */
	uint64_t came;
	uint64_t printed;
	uint64_t lost;
	bool overrun; /* some were lost, and it is not known yet how many */
	bool over;    /* nothing is to be printed any more */
	bool begun;   /* the heading is printed */
};

/* Only when it listens is anything printed. */
static void begin(struct monitor *monitor)
{
	if (!monitor->begun)
		output_line_heading(&event_view);
	monitor->begun = true;
}

/*
 * A write that waits for a slow reader would not see a signal. Returns false when one
 * came meanwhile.
 */
static bool wait_for_reader(const struct monitor *monitor)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO, .events = POLLOUT },
		{ .fd = monitor->signal_fd, .events = POLLIN },
	};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			die(STATUS_NO, "poll: %s", strerror(errno));
	return fds[0].revents;
}

static void print(struct monitor *monitor, struct json_object *object)
{
	begin(monitor);
	if (!wait_for_reader(monitor))
		monitor->over = true;
	else if (!output_line(object, &event_view))
		exit(STATUS_NO);
	json_object_put(object);
}

static void tell_lost(struct monitor *monitor, uint64_t count)
{
	monitor->overrun = false;
	monitor->lost += count;
	print(monitor, result_lost(count));
}

static void take_event(const struct netlink_event *event, void *arg)
{
	struct monitor *monitor = arg;

	if (monitor->over)
		return;

	if (event->seq > monitor->seq + 1)
		tell_lost(monitor, event->seq - monitor->seq - 1);
	monitor->seq = event->seq;
	monitor->came++;
	if (monitor->over || !monitor_filter_matches(&monitor->options->filter, event))
		return;

	print(monitor, result_event(event));
	monitor->printed += !monitor->over;
	if (monitor->printed == monitor->options->count && monitor->options->count)
		monitor->over = true;
}

/*
 * Reads the events that wait, and finds out whether those that the driver sent last
 * were lost. Returns false if it did not say.
 */
static bool settle(struct monitor *monitor)
{
	uint64_t sent;

	for (int tries = 0; tries < MAX_TRIES; tries++) {
		int err = netlink_get_sent(monitor->netlink, &sent, take_event, monitor);

		if (!err) {
			monitor->overrun = false;
			if (sent > monitor->seq && !monitor->over)
				tell_lost(monitor, sent - monitor->seq);
			if (sent > monitor->seq)
				monitor->seq = sent;
			return true;
		}
		if (err != -EAGAIN)
			return false;
	}
	return false;
}

/* Returns false when there was nothing to read. */
static bool read_some(struct monitor *monitor)
{
	int err = netlink_read_events(monitor->netlink, take_event, monitor);

	if (err == -ENOBUFS)
		monitor->overrun = true;
	else if (err && err != -EAGAIN)
		family_die(monitor->netlink, "read events", err);
	return err != -EAGAIN;
}

/* Returns whether it was the driver that ended it. */
static bool loop(struct monitor *monitor)
{
	struct pollfd fds[] = {
		{ .fd = monitor->signal_fd, .events = POLLIN },
		{ .fd = netlink_get_fd(monitor->watch), .events = POLLIN },
		{ .fd = netlink_get_fd(monitor->netlink), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};

	while (!monitor->over) {
		int ready = poll(fds, ARRAY_SIZE(fds), monitor->overrun ? QUIET : -1);

		if (ready < 0 && errno != EINTR)
			die(STATUS_NO, "poll: %s", strerror(errno));
		if (!ready)
			settle(monitor);
		if (ready <= 0)
			continue;
		if (fds[3].revents & POLLERR)
			end_without_reader();
		if (fds[0].revents)
			return false;
		if (fds[1].revents && netlink_is_gone(monitor->watch))
			return true;
		if (fds[2].revents)
			read_some(monitor);
	}
	return false;
}

static void set_room(struct monitor *monitor)
{
	uint64_t wanted = monitor->options->buffer;
	int got = netlink_set_room(monitor->netlink, wanted ? (int)wanted : DEFAULT_ROOM);
	char asked[SIZE_TEXT], given[SIZE_TEXT];

	if (got < 0)
		family_die(monitor->netlink, "set the size of the buffer", got);
	if ((uint64_t)got < wanted)
		warn("the buffer for events is %s, not %s: see net.core.rmem_max",
		     size_text(given, (uint64_t)got), size_text(asked, wanted));
}

static void listen_to(struct monitor *monitor)
{
	bool own = monitor->options->own;
	char *why = NULL;
	int err = netlink_listen(monitor->netlink, !own, take_event, monitor);

	if (err == -EPERM && !own) {
		why = text_format("%s", netlink_why(monitor->netlink));
		err = netlink_listen(monitor->netlink, false, take_event, monitor);
	}
	if (err)
		family_die(monitor->netlink, "listen to events", err);

	if (why)
		warn("listening to events of your own buffers only: %s", why);
	else if (settings.format != FORMAT_BARE)
		warn("listening to events of %s buffers", own ? "your own" : "all");
	free(why);
	begin(monitor);
}

static void tell_total(const struct monitor *monitor, bool exact)
{
	if (settings.format == FORMAT_BARE && exact && !monitor->lost)
		return;
	warn("%" PRIu64 " events came, %" PRIu64 " were printed, %s%" PRIu64 " were lost",
	     monitor->came, monitor->printed, exact ? "" : "at least ", monitor->lost);
}

/* Returns the exit status. */
int monitor_run(const struct monitor_options *options)
{
	struct monitor monitor = { .options = options, .netlink = family_open() };
	bool exact = true, gone;

	monitor.watch = netlink_open_watch();
	if (!monitor.watch)
		die(STATUS_NO, "cannot hear of the driver's end: %s", strerror(errno));
	monitor.signal_fd = signals_watch(signals, ARRAY_SIZE(signals));
	set_room(&monitor);
	listen_to(&monitor);

	gone = loop(&monitor);
	if (gone) {
		while (read_some(&monitor))
			;
		exact = !monitor.overrun;
		warn("the driver was unloaded");
	} else if (!monitor.over) {
		exact = settle(&monitor);
	}
	tell_total(&monitor, exact);

	close(monitor.signal_fd);
	netlink_close(monitor.watch);
	netlink_close(monitor.netlink);
	return gone ? STATUS_NO_DEVICE : STATUS_OK;
}
