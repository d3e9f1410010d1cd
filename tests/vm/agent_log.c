// SPDX-License-Identifier: GPL-2.0
/*
 * The agent's view of the kernel's health: its log and its taint value.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "agent.h"

static int kmsg;

int open_log(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		err(1, "/dev/kmsg");
	return kmsg;
}

void forward_log(void)
{
	char record[8192];
	ssize_t n;

	while ((n = read(kmsg, record, sizeof(record))) > 0 || errno == EPIPE)
		send_frame(0, LOG, record, n > 0 ? n : 0);
}

uint32_t taint(void)
{
	FILE *file = fopen("/proc/sys/kernel/tainted", "re");
	unsigned int value = 0;

	if (!file || fscanf(file, "%u", &value) != 1)
		err(1, "tainted");
	fclose(file);
	return value;
}
