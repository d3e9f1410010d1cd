// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memlab.h"

#define OPT_ALL 'a'

static const struct opt opts[] = {
	{ "all", OPT_ALL, NULL, "free all buffers that \"memlab list\" shows" },
	{ NULL, 0, NULL, NULL },
};

/* Failures are told on standard error, in every form of output. */
static void freed_text(struct json_object *result)
{
	struct json_object *freed = json_object_object_get(result, "freed");

	for (size_t i = 0; i < json_object_array_length(freed); i++)
		printf("freed buffer %s\n",
		       json_object_get_string(json_object_array_get_idx(freed, i)));
}

static const struct view view = {
	.text = freed_text,
	.bare_of = "freed",
};

static void note_failure(struct json_object *result, uint32_t id, const char *why)
{
	struct json_object *failure = need(json_object_new_object());

	warn("%s", why);
	result_add(failure, "id", result_uint(id));
	result_add(failure, "error", result_text(why));
	result_append(json_object_object_get(result, "failed"), failure);
}

/* With @may_be_gone, a buffer that another process freed is as good as freed. */
static void free_one(struct memlab_dev *dev, uint32_t id, bool may_be_gone,
		     struct json_object *result)
{
	struct memlab_buf *buf = memlab_buf_open(dev, id);
	char *why;

	if (buf && !memlab_buf_free(buf)) {
		result_append(json_object_object_get(result, "freed"), result_uint(id));
		return;
	}
	if (errno == ENOENT && may_be_gone)
		goto out_close;

	why = explain_buffer(dev, id, "free", errno);
	note_failure(result, id, why);
	free(why);
out_close:
	memlab_buf_close(buf);
}

static void free_all(struct memlab_dev *dev, struct json_object *result)
{
	uint32_t id = 0;
	int more;

	while ((more = memlab_dev_next_id(dev, &id)) > 0)
		free_one(dev, id, true, result);
	if (more < 0)
		die(STATUS_NO, "cannot list the buffers: %s", strerror(errno));
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct json_object *result;
	struct memlab_dev *dev;
	bool all = false;
	int status;
	char **ids;

	while (options_next(cmd, argc, argv) != -1)
		all = true;
	ids = options_operands(cmd, argc, argv, 0, argc);
	if (all && *ids)
		usage(cmd, "--all and buffer ids exclude each other");
	if (!all && !*ids)
		usage(cmd, "no buffer given: name ids, or --all");
	for (char **id = ids; *id; id++)
		id_parse(cmd, *id);

	result = need(json_object_new_object());
	result_add(result, "freed", need(json_object_new_array()));
	result_add(result, "failed", need(json_object_new_array()));

	dev = device_open(ACCESS_CHANGE);
	if (all)
		free_all(dev, result);
	for (char **id = ids; *id; id++)
		free_one(dev, id_parse(cmd, *id), false, result);

	output(result, &view);
	status = json_object_array_length(json_object_object_get(result, "failed")) ? STATUS_NO :
										      STATUS_OK;

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
