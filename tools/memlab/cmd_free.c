// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define OPT_KVFREE OPT_LONG_ONLY

static const struct opt opts[] = {
	OPT("all", OPT_ALL, NULL, "free all buffers that \"memlab list\" shows"),
	OPT("kvfree", OPT_KVFREE, NULL, "by kvfree(), not by the allocator's own function"),
	CONTEXT_OPT,
	END_OF_OPTS,
};

/* How to free. */
struct manner {
	bool by_kvfree;
	unsigned int context;
};

static void call_text(struct json_object *freed)
{
	struct json_object *seen = json_object_object_get(freed, "seen");

	printf("freed buffer %s by %s", result_get_text(freed, "id"),
	       result_get_text(freed, "function"));
	if (!json_object_array_length(seen))
		printf(", as soon as other threads have done with it");
	putchar('\n');
}

/* Failures are told on standard error, in every form of output. */
static void freed_text(struct json_object *result)
{
	struct json_object *calls = json_object_object_get(result, "calls");

	for (size_t i = 0; i < json_object_array_length(calls); i++)
		call_text(json_object_array_get_idx(calls, i));
}

static const struct view view = {
	.text = freed_text,
	.bare_of = "freed",
};

static void note_success(struct json_object *result, uint32_t id, const struct memlab_call *call)
{
	struct json_object *freed = need(json_object_new_object());

	result_add(freed, "id", result_uint(id));
	result_add(freed, "function", result_text(memlab_call_get_function(call)));
	result_add(freed, "seen", result_seen(memlab_call_get_seen(call)));
	result_add(freed, "preempt_count", result_uint(memlab_call_get_preempt_count(call)));
	result_add(freed, "nanoseconds", result_uint(memlab_call_get_nanoseconds(call)));
	result_append(json_object_object_get(result, "calls"), freed);
	result_append(json_object_object_get(result, "freed"), result_uint(id));
}

static char *explain_free(struct memlab_dev *dev, uint32_t id, const struct manner *manner,
			  unsigned int reason, int err)
{
	char *failed, *why;

	if (reason == MEMLAB_LIB_REASON_NONE)
		return explain_buffer(dev, id, "free", err);

	failed = text_format("cannot free buffer %u%s in %s context", id,
			     manner->by_kvfree ? " by kvfree" : "",
			     memlab_context_name(manner->context));
	why = explain_reason(failed, reason);
	free(failed);
	return why;
}

/* With @may_be_gone, a buffer that another process freed is as good as freed. */
static void free_one(struct memlab_dev *dev, uint32_t id, const struct manner *manner,
		     bool may_be_gone, struct json_object *result)
{
	struct memlab_call *call = need(memlab_call_new());
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	char *why;

	if (buf && !memlab_buf_free_call(buf, manner->by_kvfree, manner->context, call)) {
		note_success(result, id, call);
		buf = NULL;
	} else if (errno != ENOENT || !may_be_gone) {
		why = explain_free(dev, id, manner, memlab_call_get_reason(call), errno);
		result_fail(result, id, why);
		free(why);
	}

	memlab_call_free(call);
	memlab_buf_close(buf);
}

static void free_all(struct memlab_dev *dev, const struct manner *manner,
		     struct json_object *result)
{
	uint32_t id = 0;
	int more;

	while ((more = memlab_dev_next_id(dev, &id)) > 0)
		free_one(dev, id, manner, true, result);
	if (more < 0)
		die(STATUS_NO, "cannot list the buffers: %s", strerror(errno));
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct manner manner = { .context = MEMLAB_LIB_CONTEXT_PROCESS };
	struct json_object *result;
	struct memlab_dev *dev;
	bool all = false;
	int status;
	char **ids;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		if (c == OPT_ALL)
			all = true;
		else if (c == OPT_KVFREE)
			manner.by_kvfree = true;
		else
			manner.context = name_parse(cmd, "context", optarg, memlab_context_name, 0);
	}
	ids = options_ids_or_all(cmd, argc, argv, all);

	result = need(json_object_new_object());
	result_add(result, "freed", need(json_object_new_array()));
	result_add(result, "calls", need(json_object_new_array()));
	result_add(result, "failed", need(json_object_new_array()));

	dev = device_open(ACCESS_CHANGE);
	if (all)
		free_all(dev, &manner, result);
	for (char **id = ids; *id; id++)
		free_one(dev, id_parse(cmd, *id), &manner, false, result);

	output(result, &view);
	status = result_failed(result) ? STATUS_NO : STATUS_OK;

	json_object_put(result);
	memlab_dev_close(dev);
	return status;
}

const struct command cmd_free = {
	.name = "free",
	.operands = "[ID...]",
	.help = "give buffers back to the kernel",
	.details = "All are tried; what cannot be freed is reported and makes the exit status 1.\n"
		   "With -q, prints the ids that were freed, one a line.",
	.opts = opts,
	.run = run,
};
