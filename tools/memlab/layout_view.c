// SPDX-License-Identifier: GPL-2.0-only
/* The text of layout and try: headline, table of extents, picture. */
#include <inttypes.h>
#include <unistd.h>

#include "memlab.h"

static const struct field extent_fields[] = {
	{ "offset", "OFFSET", KIND_PHYS, NULL }, { "phys", "PHYS", KIND_PHYS, "hidden" },
	{ "length", "LENGTH", KIND_SIZE, NULL }, { "pages", "PAGES", KIND_NUMBER, NULL },
	{ "node", "NODE", KIND_NUMBER, NULL },	 { "zone", "ZONE", KIND_TEXT, NULL },
	{ NULL, NULL, KIND_TEXT, NULL },
};

void layout_option(const struct command *cmd, int c)
{
	switch (c) {
	case OPT_LIMIT:
		settings.limit = number_parse(cmd, "--limit", optarg, 0, SIZE_MAX);
		settings.limited = true;
		break;
	case OPT_MAP:
		settings.picture = WHEN_ALWAYS;
		break;
	case OPT_NO_MAP:
		settings.picture = WHEN_NEVER;
		break;
	}
}

static void headline(struct json_object *layout)
{
	uint64_t count = result_get_uint(layout, "extent_count");
	char size[SIZE_TEXT], longest[SIZE_TEXT];

	size_text(size, result_get_uint(layout, "size"));
	printf("%s%s by %s: ", size, settings.exact_bytes ? " bytes" : "",
	       result_get_text(layout, "allocator"));
	if (count == 1)
		printf("one physical run\n");
	else
		printf("%" PRIu64 " extents, longest %s%s\n", count,
		       size_text(longest, result_get_uint(layout, "largest_extent")),
		       settings.exact_bytes ? " bytes" : "");
}

void layout_text(struct json_object *layout)
{
	struct json_object *extents = json_object_object_get(layout, "extents");
	size_t count = json_object_array_length(extents);
	size_t limit = settings.limited ? (size_t)settings.limit : count;

	headline(layout);

	if (limit) {
		putchar('\n');
		output_table(extents, extent_fields, limit);
	}
	if (count > limit)
		printf("... and %zu more (--limit shows more, --json all)\n", count - limit);

	if (picture_wanted()) {
		putchar('\n');
		picture_draw(layout);
	}
}
