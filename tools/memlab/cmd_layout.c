// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layout_svg.h"
#include "memlab.h"
#include "outfile.h"

static const struct opt opts[] = {
	LIMIT_OPT,
	MAP_OPT,
	NO_MAP_OPT,
	OPT("svg", OPT_SVG, "FILE", "instead, draw the buffers into FILE (-: standard output)"),
	END_OF_OPTS,
};

static const struct view view = {
	.text = layout_text,
	.bare = (const char *const[]){ "offset", "phys", "length", "node", "zone", NULL },
	.bare_of = "extents",
};

static struct layout_picture look(struct memlab_dev *dev, uint32_t id)
{
	struct memlab_buf *buf = buffer_open(dev, id);
	struct memlab_buf_info *info = memlab_buf_get_info(buf);
	struct memlab_extents *extents = info ? memlab_buf_get_extents(buf) : NULL;

	if (!extents)
		die(STATUS_NO, "%s", explain_buffer(dev, id, "describe", errno));

	memlab_buf_close(buf);
	return (struct layout_picture){ .info = info, .extents = extents };
}

static void print(const struct layout_picture *picture)
{
	struct json_object *result = result_layout(picture->info, picture->extents);

	output(result, &view);
	json_object_put(result);
}

/* Nothing but the picture, unless JSON is asked for. */
static void print_path(const char *path, const struct layout_picture *pictures, size_t count)
{
	struct json_object *result, *ids;

	if (settings.format != FORMAT_JSON)
		return;

	ids = need(json_object_new_array());
	for (size_t i = 0; i < count; i++)
		result_append(ids, result_uint(memlab_buf_info_get_id(pictures[i].info)));
	result = need(json_object_new_object());
	result_add(result, "svg", result_text(path));
	result_add(result, "ids", ids);
	output(result, &view);
	json_object_put(result);
}

static void check_usage(const struct command *cmd, const char *svg, char **ids)
{
	if (!svg && ids[1])
		usage(cmd, "\"%s\" is one id too many: only --svg takes several", ids[1]);
	if (svg && (settings.limited || settings.picture != WHEN_AUTO))
		usage(cmd, "--svg excludes --limit, --map and --no-map, which are for text");
	if (svg && !strcmp(svg, "-") && settings.format == FORMAT_JSON)
		usage(cmd, "--json and --svg - exclude each other: both print");
	for (char **id = ids; *id; id++)
		id_parse(cmd, *id);
}

static int run(const struct command *cmd, int argc, char **argv)
{
	struct layout_picture *pictures;
	const char *svg = NULL;
	struct memlab_dev *dev;
	FILE *out = NULL;
	size_t count;
	char **ids;
	int c;

	while ((c = options_next(cmd, argc, argv)) != -1) {
		if (c == OPT_SVG)
			svg = optarg;
		else
			layout_option(cmd, c);
	}
	ids = options_operands(cmd, argc, argv, 1, argc);
	check_usage(cmd, svg, ids);
	if (svg)
		out = outfile_open(svg);

	dev = device_open(ACCESS_LOOK);
	count = (size_t)(argc - optind);
	pictures = need(calloc(count, sizeof(*pictures)));
	for (size_t i = 0; i < count; i++)
		pictures[i] = look(dev, id_parse(cmd, ids[i]));

	if (svg) {
		fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
		layout_svg(out, "memlab", pictures, count);
		outfile_done();
		print_path(svg, pictures, count);
	} else {
		print(pictures);
	}

	for (size_t i = 0; i < count; i++) {
		memlab_extents_free((struct memlab_extents *)pictures[i].extents);
		memlab_buf_info_free((struct memlab_buf_info *)pictures[i].info);
	}
	free(pictures);
	memlab_dev_close(dev);
	return STATUS_OK;
}

const struct command cmd_layout = {
	.name = "layout",
	.operands = "ID...",
	.help = "show the physical memory that a buffer is made of",
	.details =
		"With -q, prints offset, physical address, length, node and zone of each extent,\n"
		"tab-separated, one extent a line; \"-\" is an address that is hidden from you.\n"
		"\n"
		"With --svg, several buffers may be given, and nothing is printed; with -j,\n"
		"the name of the file and the ids.",
	.opts = opts,
	.run = run,
};
