/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the agent know of each other. */
#ifndef AGENT_H
#define AGENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type {
	READY = 1,
	START,
	STARTED,
	STDIN,
	CREDIT,
	STDOUT,
	STDERR,
	SIGNAL,
	EXIT,
	LOG,
	SYNC,
};

/* agent.c: frames to the host */
void send_frame(uint32_t id, enum frame_type type, const void *data, size_t length);
void send_u32(uint32_t id, enum frame_type type, uint32_t value);

/* agent_command.c: the commands that run, by the host's ids; unknown ids are ignored */
int watch_children(void);
void start_command(uint32_t id, char *data, size_t length);
void take_stdin(uint32_t id, const char *data, size_t length);
void signal_command(uint32_t id, int number, bool group);
size_t count_slots(void);
void fill_slots(struct pollfd *p);
void serve_slots(const struct pollfd *p);
void reap_commands(int children);

/* agent_child.c: the process that becomes the command */
void run_child(char *data, size_t length) __attribute__((noreturn));

/* agent_log.c: what the kernel says */
int open_log(void);
void forward_log(void);
uint32_t taint(void);

#endif
