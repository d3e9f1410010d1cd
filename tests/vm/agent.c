// SPDX-License-Identifier: GPL-2.0
/*
 * The harness's hand in the guest: runs commands for the host and forwards the
 * kernel log, all over one virtio-serial port.
 *
 * Every message is a frame: three little-endian 32-bit words (id, type, length)
 * and then length bytes. The host chooses the id of a command; frames of many
 * commands interleave freely.
 *
 *   type      from    payload
 *   READY     guest   kernel release; first frame of all, id 0
 *   START     host    strings, each ended by a NUL: user ("" is root; a name or a
 *                     number), working directory ("" is the user's home), argc,
 *                     argv[], environment[] (added to the agent's own)
 *   STARTED   guest   pid (u32)
 *   STDIN     host    data; an empty frame is the end of the file
 *   CREDIT    guest   how many bytes of STDIN have left the agent (u32)
 *   STDOUT    guest   data
 *   STDERR    guest   data
 *   SIGNAL    host    signal number (u32), 1 for the whole process group or 0 (u32)
 *   EXIT      guest   status as wait(2) reports it (u32); last frame of the id
 *   LOG       guest   a record of /dev/kmsg, id 0; empty when the kernel
 *                     overwrote records before they could be read
 *   SYNC      both    the answer follows all LOG frames of records that were
 *                     there at the question; it holds the taint value (u32)
 *
 * Flow control: at most STDIN_WINDOW bytes of a command's STDIN may be without
 * their CREDIT, so a command that does not read holds up nobody else. Output
 * has no window: the host always reads, and buffers without limit.
 *
 * A command ends when its process ends. What its pipes hold at that moment is
 * sent before EXIT; grandchildren that still hold them are not waited for.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent.h"

#define FRAME_MAX (4 * 1024 * 1024)

struct header {
	uint32_t id;
	uint32_t type;
	uint32_t length;
};

enum { POLL_PORT, POLL_CHILD, POLL_LOG, POLL_COMMANDS };

static int port;

static void write_port(const void *data, size_t length)
{
	while (length) {
		ssize_t n = write(port, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			err(1, "write to the host");
		data = (const char *)data + n;
		length -= n;
	}
}

void send_frame(uint32_t id, enum frame_type type, const void *data, size_t length)
{
	struct header header = { htole32(id), htole32(type), htole32(length) };

	write_port(&header, sizeof(header));
	write_port(data, length);
}

void send_u32(uint32_t id, enum frame_type type, uint32_t value)
{
	value = htole32(value);
	send_frame(id, type, &value, sizeof(value));
}

/* The other end is gone for good: there is nobody left to run for. */
static void read_port(void *data, size_t length)
{
	while (length) {
		ssize_t n = read(port, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			reboot(RB_AUTOBOOT);
		data = (char *)data + n;
		length -= n;
	}
}

static uint32_t get_u32(const char *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return le32toh(value);
}

static void handle_frame(void)
{
	struct header header;
	uint32_t id, length;
	char *data;

	read_port(&header, sizeof(header));
	id = le32toh(header.id);
	length = le32toh(header.length);
	if (length > FRAME_MAX)
		errx(1, "frame of %u bytes", length);
	data = malloc(length + 1);
	if (!data)
		err(1, "frame");
	read_port(data, length);

	switch (le32toh(header.type)) {
	case START:
		start_command(id, data, length);
		break;
	case STDIN:
		take_stdin(id, data, length);
		break;
	case SIGNAL:
		if (length == 8)
			signal_command(id, get_u32(data), get_u32(data + 4));
		break;
	case SYNC:
		forward_log();
		send_u32(id, SYNC, taint());
		break;
	default:
		errx(1, "frame of unknown type %u", le32toh(header.type));
	}
	free(data);
}

static void serve(int children, int log)
{
	struct pollfd *set = NULL;

	for (;;) {
		size_t length = POLL_COMMANDS + count_slots();

		set = reallocarray(set, length, sizeof(*set));
		if (!set)
			err(1, "poll set");
		set[POLL_PORT] = (struct pollfd){ .fd = port, .events = POLLIN };
		set[POLL_CHILD] = (struct pollfd){ .fd = children, .events = POLLIN };
		set[POLL_LOG] = (struct pollfd){ .fd = log, .events = POLLIN };
		fill_slots(set + POLL_COMMANDS);
		if (poll(set, length, -1) < 0 && errno != EINTR)
			err(1, "poll");

		serve_slots(set + POLL_COMMANDS);
		if (set[POLL_LOG].revents)
			forward_log();
		if (set[POLL_CHILD].revents)
			reap_commands(children);
		if (set[POLL_PORT].revents)
			handle_frame();
	}
}

int main(int argc, char **argv)
{
	struct utsname name;
	int children, log;

	if (argc != 2)
		errx(2, "usage: agent PORT");
	port = open(argv[1], O_RDWR | O_CLOEXEC);
	if (port < 0)
		err(1, "%s", argv[1]);
	log = open_log();
	signal(SIGPIPE, SIG_IGN);
	children = watch_children();
	uname(&name);
	send_frame(0, READY, name.release, strlen(name.release));
	serve(children, log);
}
