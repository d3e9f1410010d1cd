// SPDX-License-Identifier: GPL-2.0-only
/* Runs a program, in several threads where it says so. */
#include <pthread.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "call_ioctl.h"
#include "fuzz.h"

static pthread_barrier_t start_line, finish_line;
static const struct program *current;
static unsigned int first_call, repetitions;
static volatile bool first_is_done;
static bool is_child;

static long run_ioctl(const struct call *call)
{
	const struct request request = { call->args[REQUEST_FILE], call->args[REQUEST_PLACE],
					 call->args[REQUEST_TAIL], call->args[REQUEST_SLOT] };
	unsigned char data[STRUCT_MAX] __attribute__((aligned(8))) = { 0 };
	const struct arg *arg;
	unsigned int i;
	__u64 value;

	for (i = REQUEST_ARGS; i < call->type->arg_count; i++) {
		arg = &call->type->args[i];
		value = call->args[i];
		if (arg->kind == KIND_BUFFER)
			value = buffer_of(value);
		else if (arg->kind == KIND_CACHE)
			value = cache_of(value);
		else if (arg->kind == KIND_DATA && value < PLACES)
			value = data_address(value);
		/* All machines that this runs on are little-endian. */
		memcpy(data + arg->offset, &value, arg->width);
	}
	return request_memlab(&request, call->type->command, data, call->type->bytes);
}

static void run_calls(const struct program *program, unsigned int from, unsigned int to,
		      unsigned int thread);

/* The index of the call after so many of the thread's own. */
static unsigned int after_calls(const struct program *program, unsigned int from, unsigned int to,
				unsigned int thread, __u64 count)
{
	while (from < to && count)
		count -= program->calls[from++].thread == thread;
	return from;
}

/* The next calls are a child's, which is killed when it is to have no more time. */
static unsigned int run_fork(const struct program *program, unsigned int at, unsigned int to,
			     unsigned int thread)
{
	const struct call *call = &program->calls[at];
	unsigned int end = after_calls(program, at + 1, to, thread, call->args[FORK_CALLS]);
	pid_t child;
	long err;

	if (is_child)
		return at + 1;
	child = fork();
	if (!child) {
		is_child = true;
		coverage_leave();
		run_calls(program, at + 1, end, thread);
		_exit(0);
	}
	err = child < 0 ? -errno : 0;
	if (call->args[FORK_MICROSECONDS]) {
		usleep(call->args[FORK_MICROSECONDS] % 100000);
		if (child > 0)
			kill(child, SIGKILL);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	count_call(call, err);
	return end;
}

static long execute_call(const struct call *call)
{
	long err;

	coverage_begin();
	err = call->type->command ? run_ioctl(call) : call->type->run(call->args);
	coverage_end();
	count_call(call, err);
	return err;
}

static void run_calls(const struct program *program, unsigned int from, unsigned int to,
		      unsigned int thread)
{
	while (from < to) {
		const struct call *call = &program->calls[from];

		if (call->thread != thread) {
			from++;
		} else if (is_fork(call->type)) {
			from = run_fork(program, from, to, thread);
		} else {
			execute_call(call);
			from++;
		}
	}
}

/* The others go on until the first one is done. */
static void run_repeatedly(unsigned int thread)
{
	unsigned int i;

	for (i = 0; i < repetitions || (thread && repetitions > 1 && !first_is_done); i++)
		run_calls(current, first_call, current->count, thread);
	if (!thread)
		first_is_done = true;
}

static void *run_thread(void *data)
{
	thread_number = (unsigned int)(unsigned long)data;
	coverage_enter(thread_number);
	for (;;) {
		pthread_barrier_wait(&start_line);
		run_repeatedly(thread_number);
		pthread_barrier_wait(&finish_line);
	}
	return NULL;
}

/**
 * execute_start() - make ready for programs of so many threads
 * @threads: their number
 * @coverage: whether to note what they cover
 */
void execute_start(unsigned int threads, bool coverage)
{
	unsigned long i;
	pthread_t id;

	for (i = 0; coverage && i < threads; i++)
		coverage_open((unsigned int)i);
	coverage_enter(0);
	if (pthread_barrier_init(&start_line, NULL, threads) ||
	    pthread_barrier_init(&finish_line, NULL, threads))
		die("pthread_barrier_init");
	for (i = 1; i < threads; i++)
		if (pthread_create(&id, NULL, run_thread, (void *)i))
			die("pthread_create");
}

/**
 * execute() - run a program to its end
 * @program: the program
 * @repeat: how often
 *
 * Calls of the first thread before the first one of another run once, alone: they make what
 * the threads then fight for.
 */
void execute(const struct program *program, unsigned int repeat)
{
	static const struct itimerval off;

	current = program;
	repetitions = repeat;
	first_is_done = false;
	for (first_call = 0; first_call < program->count; first_call++)
		if (program->calls[first_call].thread)
			break;
	if (first_call == program->count) {
		first_call = 0;
		run_repeatedly(0);
	} else {
		run_calls(program, 0, first_call, 0);
		pthread_barrier_wait(&start_line);
		run_repeatedly(0);
		pthread_barrier_wait(&finish_line);
	}
	/* No signal shall meet what comes now. */
	setitimer(ITIMER_REAL, &off, NULL);
}
