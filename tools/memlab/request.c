// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "memlab.h"

#define MAX_ALLOCATORS 64

static unsigned int allocator_parse(const struct command *cmd, const char *name)
{
	const char *known[MAX_ALLOCATORS + 1] = { NULL };
	int allocator = memlab_allocator_from_name(name);
	const char *guess;
	char *list;

	if (allocator > 0)
		return (unsigned int)allocator;

	list = text_format("%s", "");
	for (unsigned int i = 0; i < MAX_ALLOCATORS; i++) {
		char *longer;

		known[i] = memlab_allocator_name(i + 1);
		if (!known[i])
			break;
		longer = text_format("%s%s%s", list, i ? ", " : "", known[i]);
		free(list);
		list = longer;
	}

	guess = nearest(name, known);
	if (guess)
		usage(cmd, "unknown allocator \"%s\"; did you mean %s? Known: %s", name, guess,
		      list);
	usage(cmd, "unknown allocator \"%s\". Known: %s", name, list);
}

void request_option(const struct command *cmd, struct request *request, int c)
{
	switch (c) {
	case OPT_ZERO:
		request->zero = true;
		break;
	case OPT_NODE:
		request->node = (int)number_parse(cmd, "--node", optarg, 0, INT_MAX);
		break;
	}
}

void request_operands(const struct command *cmd, struct request *request, char **operands)
{
	request->allocator = allocator_parse(cmd, operands[0]);
	request->bytes = size_parse_positive(cmd, "SIZE", operands[1]);
}

/* Returns the buffer, or NULL after saying why there is none. */
struct memlab_buf *request_alloc(struct memlab_dev *dev, const struct request *request)
{
	struct memlab_buf_config *config = need(memlab_buf_config_new());
	struct memlab_buf *buf;

	memlab_buf_config_set_allocator(config, request->allocator);
	memlab_buf_config_set_size(config, request->bytes);
	memlab_buf_config_set_zero(config, request->zero);
	memlab_buf_config_set_persistent(config, request->persistent);
	memlab_buf_config_set_node(config, request->node);

	buf = memlab_buf_alloc(dev, config);
	if (!buf) {
		char *why = explain_alloc(dev, request, errno);

		warn("%s", why);
		free(why);
	}

	memlab_buf_config_free(config);
	return buf;
}
