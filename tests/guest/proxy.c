// SPDX-License-Identifier: GPL-2.0
/*
 * proxy: executes, in its own process, system calls that it is told.
 *
 * Requests arrive on standard input, replies leave on standard output, all
 * integers little endian. After a hello message (struct hello) each request
 * frame is answered by one reply frame. A frame is a struct frame and then
 * frame.length bytes of records, which are executed in order:
 *
 *	request record: struct request, request.length bytes of payload
 *	reply record:   struct reply, reply.length bytes of payload
 *
 *	op	number		payload		reply.result, payload
 *	CALL	system call	six u64		what it returned, or -errno
 *	PEEK	address		u64 count	0 and the bytes, or a signal
 *	POKE	address		bytes		0, or a signal
 *	FORK	-		-		pid of the child, or -errno
 *	REPEAT	times		records		0; their replies are dropped
 *
 * PEEK and POKE survive SIGSEGV and SIGBUS and report the signal's number.
 * SIGALRM is caught and does nothing, so that it interrupts system calls.
 *
 * frame.process says who is meant: 0 the proxy itself, n its nth fork. A fork
 * inherits all state and then waits for frames on a socket; its parent relays.
 * An empty reply frame says that this process is gone. Forks do not fork. The
 * proxy ends when standard input does, a fork when the proxy does.
 *
 * Built for 32 bits it takes the system call numbers of that architecture.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAME_MAX    (4U << 20)
#define SCRATCH_SIZE (1U << 20)
#define FORKS_MAX    64
#define DROPPED_MAX  (64U << 10)

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__i386__)
#define MACHINE "i386"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#elif defined(__arm__)
#define MACHINE "arm"
#else
#error "tests/syscalls.py has no numbers for this machine"
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "structs go out as they are"
#endif

enum { OP_CALL = 1, OP_PEEK = 2, OP_POKE = 3, OP_FORK = 4, OP_REPEAT = 5 };

struct hello {
	char magic[4];	 /* "prxy" */
	uint32_t bits;	 /* of a pointer */
	char machine[8]; /* whose system call numbers it takes */
	uint32_t page_size;
	uint32_t pid;
	uint64_t scratch; /* address of memory for arguments */
	uint64_t scratch_size;
};

struct frame {
	uint32_t length;
	uint32_t process;
};

struct request {
	uint32_t op;
	uint32_t length;
	uint64_t number;
};

struct reply {
	int64_t result;
	uint32_t length;
	uint32_t unused;
};

static unsigned char input[FRAME_MAX];
static unsigned char output[sizeof(struct frame) + FRAME_MAX];
static int in_fd = STDIN_FILENO;
static int out_fd = STDOUT_FILENO;
static int forks[FORKS_MAX];
static unsigned int fork_count;
static int is_fork;
static sigjmp_buf fault;

static void serve(void);
static size_t execute_all(const unsigned char *records, size_t length, unsigned char *to,
			  size_t room);

static void die(const char *what)
{
	fprintf(stderr, "proxy: %s\n", what);
	exit(2);
}

static void on_fault(int sig)
{
	siglongjmp(fault, sig);
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* Returns 0 when the stream ended or failed. */
static int read_all(int fd, void *data, size_t length)
{
	unsigned char *to = data;

	while (length) {
		ssize_t n = read(fd, to, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		to += n;
		length -= n;
	}
	return 1;
}

static int write_all(int fd, const void *data, size_t length)
{
	const unsigned char *from = data;

	while (length) {
		ssize_t n = write(fd, from, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		from += n;
		length -= n;
	}
	return 1;
}

static int64_t do_call(uint64_t number, const unsigned char *payload)
{
	uint64_t a[6];
	long ret;

	memcpy(a, payload, sizeof(a));
	ret = syscall((long)number, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4],
		      (long)a[5]);
	return ret == -1 ? -(int64_t)errno : ret;
}

/* Returns 0 or the signal that ended the copy. */
static int copy(void *to, const void *from, size_t length)
{
	struct sigaction catch = { .sa_handler = on_fault };
	struct sigaction old_segv, old_bus;
	int sig;

	sigaction(SIGSEGV, &catch, &old_segv);
	sigaction(SIGBUS, &catch, &old_bus);
	sig = sigsetjmp(fault, 1);
	if (!sig)
		memcpy(to, from, length);
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	return sig;
}

static void become_fork(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		_exit(2);
	/* whoever waits for the proxy's end must not wait for its forks */
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
	while (fork_count)
		close(forks[--fork_count]);
	is_fork = 1;
	in_fd = fd;
	out_fd = fd;
	serve();
	exit(0);
}

static int64_t do_fork(void)
{
	int pair[2];
	pid_t pid;

	if (is_fork)
		return -EPERM;
	if (fork_count == FORKS_MAX)
		return -EAGAIN;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = fork();
	if (!pid) {
		close(pair[0]);
		become_fork(pair[1]);
	}
	close(pair[1]);
	if (pid < 0) {
		int error = errno;

		close(pair[0]);
		return -error;
	}
	forks[fork_count++] = pair[0];
	return pid;
}

/* Without the pauses between frames, which last as long as the host is busy. */
static void repeat(uint64_t times, const unsigned char *records, size_t length)
{
	static unsigned char dropped[DROPPED_MAX];

	while (times--)
		execute_all(records, length, dropped, sizeof(dropped));
}

/* Executes a record, writes the reply record to @to, which has @room bytes. */
static size_t execute(const struct request *request, const unsigned char *payload,
		      unsigned char *to, size_t room)
{
	struct reply reply = { 0 };
	uint64_t count;

	if (room < sizeof(reply))
		die("reply too long");
	switch (request->op) {
	case OP_CALL:
		if (request->length != 6 * sizeof(uint64_t))
			die("CALL takes six arguments");
		reply.result = do_call(request->number, payload);
		break;
	case OP_PEEK:
		if (request->length != sizeof(count))
			die("PEEK takes a count");
		memcpy(&count, payload, sizeof(count));
		if (count > room - sizeof(reply))
			die("reply too long");
		reply.result = copy(to + sizeof(reply), (void *)(uintptr_t)request->number, count);
		reply.length = reply.result ? 0 : count;
		break;
	case OP_POKE:
		reply.result = copy((void *)(uintptr_t)request->number, payload, request->length);
		break;
	case OP_FORK:
		reply.result = do_fork();
		break;
	case OP_REPEAT:
		repeat(request->number, payload, request->length);
		break;
	default:
		die("unknown operation");
	}
	memcpy(to, &reply, sizeof(reply));
	return sizeof(reply) + reply.length;
}

/* Executes records, writes their replies to @to: how many bytes these are. */
static size_t execute_all(const unsigned char *records, size_t length, unsigned char *to,
			  size_t room)
{
	size_t at = 0, used = 0;
	struct request request;

	while (at < length) {
		if (length - at < sizeof(request))
			die("cut record");
		memcpy(&request, records + at, sizeof(request));
		at += sizeof(request);
		if (length - at < request.length)
			die("cut payload");
		used += execute(&request, records + at, to + used, room - used);
		at += request.length;
	}
	return used;
}

static void answer(const struct frame *frame)
{
	struct frame head = { 0, frame->process };

	head.length = execute_all(input, frame->length, output + sizeof(head),
				  sizeof(output) - sizeof(head));
	memcpy(output, &head, sizeof(head));
	if (!write_all(out_fd, output, sizeof(head) + head.length))
		exit(0);
}

/* Hands a frame to a fork and its reply back. */
static void relay(const struct frame *frame)
{
	struct frame head = *frame;
	int fd;

	if (frame->process > fork_count)
		die("no such process");
	fd = forks[frame->process - 1];
	if (!write_all(fd, &head, sizeof(head)) || !write_all(fd, input, frame->length) ||
	    !read_all(fd, &head, sizeof(head)) || !read_all(fd, output + sizeof(head), head.length))
		head.length = 0;
	memcpy(output, &head, sizeof(head));
	if (!write_all(out_fd, output, sizeof(head) + head.length))
		exit(0);
}

static void serve(void)
{
	struct frame frame;

	while (read_all(in_fd, &frame, sizeof(frame))) {
		if (frame.length > FRAME_MAX)
			die("frame too long");
		if (!read_all(in_fd, input, frame.length))
			die("cut frame");
		if (frame.process && !is_fork)
			relay(&frame);
		else
			answer(&frame);
	}
}

int main(void)
{
	struct sigaction alarm = { .sa_handler = on_alarm };
	struct hello hello = {
		.magic = { 'p', 'r', 'x', 'y' },
		.bits = 8 * sizeof(void *),
		.machine = MACHINE,
		.page_size = sysconf(_SC_PAGESIZE),
		.pid = getpid(),
		.scratch_size = SCRATCH_SIZE,
	};
	void *scratch = mmap(NULL, SCRATCH_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (scratch == MAP_FAILED)
		die("no memory");
	hello.scratch = (uintptr_t)scratch;

	sigaction(SIGALRM, &alarm, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!write_all(out_fd, &hello, sizeof(hello)))
		return 2;
	serve();
	return 0;
}
