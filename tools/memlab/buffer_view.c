// SPDX-License-Identifier: GPL-2.0-only
#include "memlab.h"

/* How alloc and show describe a buffer. */
const struct field buffer_fields[] = {
	{ "id", "id", KIND_NUMBER, NULL },
	{ "allocator", "allocator", KIND_TEXT, NULL },
	{ "size", "size", KIND_SIZE, NULL },
	{ "usable_size", "usable size", KIND_SIZE, NULL },
	{ "backing", "backing", KIND_TEXT, NULL },
	{ "contiguous", "contiguous", KIND_BOOL, NULL },
	{ "extent_count", "extents", KIND_NUMBER, NULL },
	{ "largest_extent", "largest extent", KIND_SIZE, NULL },
	{ "kernel_address", "kernel address", KIND_TEXT, "hidden (needs CAP_SYSLOG)" },
	{ "kernel_align", "kernel alignment", KIND_SIZE, NULL },
	{ "phys", "physical address", KIND_PHYS, "hidden (needs CAP_SYS_ADMIN)" },
	{ "phys_align", "physical alignment", KIND_SIZE, NULL },
	{ "node", "node asked for", KIND_NUMBER, "none" },
	{ "zero", "zeroed", KIND_BOOL, NULL },
	{ "persistent", "persistent", KIND_BOOL, NULL },
	{ "map_length", "map length", KIND_SIZE, NULL },
	{ "mappings", "mappings", KIND_NUMBER, NULL },
	{ "owner_uid", "owner's user id", KIND_NUMBER, NULL },
	{ "owner_pid", "owner's process id", KIND_NUMBER, "gone" },
	{ NULL, NULL, KIND_TEXT, NULL },
};
