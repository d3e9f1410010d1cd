// SPDX-License-Identifier: GPL-2.0
/*
 * failnth: makes every allocation of a call fail, one after the other.
 *
 *	failnth [CALL...]
 *
 * Has the kernel fail the first allocation of the call (/proc/thread-self/fail-nth), then
 * the second, and so on, until none is left to fail. After each try what memlab has in
 * use must be what it was before, and the call must work when it is left alone. Writes a
 * line for each call: its name, how many allocations were made to fail, how many times
 * the call failed then, and with which errors. "!" begins a line that tells of a fault.
 *
 * The kernel counts allocations of the debugging code too. failslab and fail_page_alloc
 * are to be set up by who calls this; see test_failnth.py.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "calls.h"

#define MOST   5000 /* allocations of a call */
#define ERRORS 8

static int nth;	  /* the file */
static int sound; /* another open file of the device, to ask what is in use */
static int faults;

int device;

long check(long result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "failnth: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The next allocation but number - 1 will fail; 0: none. */
static void arm(unsigned int number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", number);

	check(pwrite(nth, text, length, 0), "fail-nth");
}

/* Whether it has failed. */
static bool fired(void)
{
	char text[16] = "";

	check(pread(nth, text, sizeof(text) - 1, 0), "fail-nth");
	return !strtoul(text, NULL, 10);
}

static struct memlab_info usage(void)
{
	struct memlab_info info = { .size = sizeof(info) };

	check(ioctl(sound, MEMLAB_IOC_INFO, &info), "INFO");
	return info;
}

static void fault(const struct call *call, unsigned int number, const char *what, long result)
{
	faults++;
	printf("! %s, allocation %u: %s (%s)\n", call->name, number, what,
	       result < 0 ? strerror(-result) : "no error");
}

/* One try; false when there was nothing left to fail. */
static bool try(const struct call *call, unsigned int number, long *result)
{
	struct memlab_info before = usage(), after;
	bool failed;

	if (call->prepare)
		call->prepare(call);
	arm(number);
	*result = call->attempt(call);
	failed = number && fired();
	arm(0);
	if (call->undo)
		call->undo(call, *result);
	after = usage();
	if (before.total_bytes != after.total_bytes || before.user_buffers != after.user_buffers ||
	    before.user_caches != after.user_caches)
		fault(call, number, "something is left behind", *result);
	if (*result && !failed)
		fault(call, number, "does not work when left alone", *result);
	return failed;
}

static void count(long *errors, long result)
{
	int i;

	for (i = 0; i < ERRORS && errors[i] && errors[i] != -result; i++)
		;
	if (i < ERRORS)
		errors[i] = -result;
}

static void fail_each(const struct call *call)
{
	unsigned int number, failures = 0;
	long result, errors[ERRORS] = { 0 };

	/* What the kernel makes once only is made now. */
	try(call, 0, &result);
	for (number = 1; number < MOST && try(call, number, &result); number++) {
		if (result) {
			failures++;
			count(errors, result);
		}
		try(call, 0, &result);
	}
	if (number == MOST)
		fault(call, number, "there is no end to them", 0);
	printf("%s %u %u", call->name, number - 1, failures);
	for (int i = 0; i < ERRORS && errors[i]; i++)
		printf(" %s", strerrorname_np(errors[i]));
	putchar('\n');
	fflush(stdout);
}

static bool is_wanted(const struct call *call, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], call->name))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	const struct call *const tables[] = { ioctl_calls, map_calls, netlink_calls };
	unsigned int done = 0;

	nth = check(open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC), "fail-nth");
	sound = check(open("/dev/memlab", O_RDWR | O_CLOEXEC), "/dev/memlab");
	device = check(open("/dev/memlab", O_RDWR | O_CLOEXEC), "/dev/memlab");
	ioctls_begin();
	netlink_begin();
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (const struct call *call = tables[i]; call->name; call++) {
			if (is_wanted(call, argc, argv)) {
				fail_each(call);
				done++;
			}
		}
	}
	if (!done) {
		fprintf(stderr, "failnth: no such call\n");
		return 2;
	}
	return faults > 0;
}
