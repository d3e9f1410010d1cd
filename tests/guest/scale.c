// SPDX-License-Identifier: GPL-2.0
/*
 * scale: what an allocation and a dump cost with many buffers alive.
 *
 *	scale BUFFERS...
 *	scale dump [FIELDS]
 *
 * Brings the number of its live buffers, kmalloc of 64 bytes, to each of the
 * numbers, which ascend, and writes a line of JSON for each; times are in
 * nanoseconds. Then it keeps the buffers until standard input ends. The second form only
 * dumps what is there, all of it or those fields (MEMLAB_A_BUFFER_FIELDS), and makes nothing.
 *
 *	alloc, free		ALLOC and FREE of one more buffer, nobody else at work
 *	dump			all buffers by netlink; datagrams, messages, bytes of it
 *	alloc_in_dump		ALLOC while a dump has begun, and its reader reads no more
 *	alloc_beside_work	from when a real-time process should wake up until its
 *				ALLOC is done, while another one computes
 *	alloc_beside_dumps	the same, while the other one dumps again and again
 *	messages_beside		messages that this one got meanwhile
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/memlab.h>
#include <linux/memlab_netlink.h>
#include <linux/netlink.h>

#define BYTES	    64
#define ROUNDS	    2000
#define PAUSE	    1000000 /* between two allocations beside another process */
#define BESIDE	    500
#define DATAGRAM    32768
#define NS_A_SECOND 1000000000UL

struct netlink_request {
	struct nlmsghdr header;
	struct genlmsghdr generic;
	struct nlattr attribute;
	char value[16];
};

struct dump {
	int fd;
	unsigned long datagrams;
	unsigned long messages;
	unsigned long bytes;
};

static int device;
static uint64_t fields; /* that dumps have; 0: all */
static unsigned char datagram[DATAGRAM];
static unsigned long allocs[ROUNDS], frees[ROUNDS];

static long check(long result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "scale: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * NS_A_SECOND + time.tv_nsec;
}

static uint32_t allocate(void)
{
	struct memlab_alloc arg = {
		.size = sizeof(arg),
		.allocator = MEMLAB_ALLOCATOR_KMALLOC,
		.bytes = BYTES,
	};

	check(ioctl(device, MEMLAB_IOC_ALLOC, &arg), "ALLOC");
	return arg.id;
}

static void release(uint32_t id)
{
	struct memlab_free arg = { .size = sizeof(arg), .id = id };

	check(ioctl(device, MEMLAB_IOC_FREE, &arg), "FREE");
}

static int ascending(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return left < right ? -1 : left > right;
}

static void print_times(const char *name, unsigned long *times, size_t count)
{
	unsigned long sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += times[i];
	qsort(times, count, sizeof(*times), ascending);
	printf(", \"%s\": {\"min\": %lu, \"median\": %lu, \"mean\": %lu", name, times[0],
	       times[count / 2], sum / count);
	printf(", \"p99\": %lu, \"max\": %lu}", times[count * 99 / 100], times[count - 1]);
}

static unsigned long sleep_for(unsigned long pause)
{
	unsigned long due = now() + pause;
	struct timespec time = { due / NS_A_SECOND, due % NS_A_SECOND };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
	return due;
}

/* Allocates and frees one buffer after the other. A pause ends when it was due. */
static void measure(size_t count, unsigned long pause)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned long begin = pause ? sleep_for(pause) : now();
		uint32_t id = allocate();
		unsigned long middle = now();

		release(id);
		frees[i] = now() - middle;
		allocs[i] = middle - begin;
	}
}

/* With an attribute, unless that is 0. */
static void netlink_send(int fd, uint16_t type, uint16_t flags, uint8_t command, uint16_t attribute,
			 const void *value, size_t length)
{
	struct netlink_request request = {
		.header = {
			.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN,
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.generic = { .cmd = command, .version = 1 },
	};

	if (attribute) {
		request.attribute.nla_type = attribute;
		request.attribute.nla_len = NLA_HDRLEN + length;
		memcpy(request.value, value, length);
		request.header.nlmsg_len += NLA_ALIGN(request.attribute.nla_len);
	}
	check(send(fd, &request, request.header.nlmsg_len, 0), "send");
}

static int netlink_open(void)
{
	return check(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), "socket");
}

/* The first message of an answer, which must not be an error. */
static struct nlmsghdr *netlink_receive(int fd, ssize_t *length)
{
	struct nlmsghdr *header = (struct nlmsghdr *)datagram;

	*length = check(recv(fd, datagram, sizeof(datagram), 0), "recv");
	if (header->nlmsg_type == NLMSG_ERROR) {
		errno = -*(int *)NLMSG_DATA(header);
		check(-1, "netlink");
	}
	return header;
}

static uint16_t family_number(void)
{
	struct nlmsghdr *header;
	struct nlattr *attribute;
	int fd = netlink_open();
	uint16_t number = 0;
	ssize_t length;
	size_t at;

	netlink_send(fd, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
		     MEMLAB_FAMILY_NAME, sizeof(MEMLAB_FAMILY_NAME));
	header = netlink_receive(fd, &length);
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; at < header->nlmsg_len;
	     at += NLA_ALIGN(attribute->nla_len)) {
		attribute = (struct nlattr *)(datagram + at);
		if (attribute->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(&number, attribute + 1, sizeof(number));
	}
	close(fd);
	return number;
}

static void dump_begin(struct dump *dump, uint16_t family)
{
	*dump = (struct dump){ .fd = netlink_open() };
	netlink_send(dump->fd, family, NLM_F_DUMP, MEMLAB_NL_CMD_BUFFER_GET,
		     fields ? MEMLAB_A_BUFFER_FIELDS : 0, &fields, sizeof(fields));
}

/* One datagram; returns 0 when it was the last one. */
static int dump_go_on(struct dump *dump)
{
	ssize_t length;
	struct nlmsghdr *header = netlink_receive(dump->fd, &length);

	dump->datagrams++;
	dump->bytes += length;
	for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		dump->messages++;
	}
	return 1;
}

static struct dump dump_all(uint16_t family)
{
	struct dump dump;

	dump_begin(&dump, family);
	while (dump_go_on(&dump))
		;
	close(dump.fd);
	return dump;
}

static void time_dump(uint16_t family)
{
	unsigned long begin = now();
	struct dump dump = dump_all(family);

	printf("\"dump\": %lu, \"datagrams\": %lu, \"messages\": %lu, \"bytes\": %lu",
	       now() - begin, dump.datagrams, dump.messages, dump.bytes);
}

static void measure_dump(uint16_t family)
{
	struct dump dump;

	printf(", ");
	time_dump(family);
	dump_begin(&dump, family);
	dump_go_on(&dump);
	measure(ROUNDS, 0);
	close(dump.fd);
	print_times("alloc_in_dump", allocs, ROUNDS);
}

/*
 * On a kernel that can be preempted, a real-time process waits for nobody but those who
 * hold what it needs, or have switched preemption off.
 */
static void measure_beside(const char *name, uint16_t family)
{
	struct sched_param first = { .sched_priority = 1 }, last = { 0 };
	volatile unsigned long *messages = mmap(NULL, sizeof(*messages), PROT_READ | PROT_WRITE,
						MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t other;

	check(messages == MAP_FAILED ? -1 : 0, "mmap");
	other = check(fork(), "fork");
	while (!other)
		if (family)
			*messages += dump_all(family).messages;
	check(sched_setscheduler(0, SCHED_FIFO, &first), "sched_setscheduler");
	measure(BESIDE, PAUSE);
	check(sched_setscheduler(0, SCHED_OTHER, &last), "sched_setscheduler");
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	print_times(name, allocs, BESIDE);
	if (family)
		printf(", \"messages_beside\": %lu", *messages);
	munmap((void *)messages, sizeof(*messages));
}

int main(int argc, char **argv)
{
	unsigned long live = 0;
	uint16_t family;
	char end;

	device = check(open("/dev/memlab", O_RDWR | O_CLOEXEC), "/dev/memlab");
	family = family_number();
	if (argc > 1 && !strcmp(argv[1], "dump")) {
		fields = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
		printf("{");
		time_dump(family);
		puts("}");
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		for (; live < strtoul(argv[i], NULL, 10); live++)
			allocate();
		measure(ROUNDS, 0); /* warms up */
		measure(ROUNDS, 0);
		printf("{\"live\": %lu", live);
		print_times("alloc", allocs, ROUNDS);
		print_times("free", frees, ROUNDS);
		measure_dump(family);
		measure_beside("alloc_beside_work", 0);
		measure_beside("alloc_beside_dumps", family);
		puts("}");
		fflush(stdout);
	}
	return read(STDIN_FILENO, &end, 1) < 0;
}
