// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "list_columns.h"

#define GET(name, ...)                                                             \
	static struct json_object *get_##name(const struct netlink_buffer *buffer) \
	{                                                                          \
		return __VA_ARGS__;                                                \
	}
#define GET_UINT(member) GET(member, result_uint(buffer->member))
/* Of which 0 means that there is none. */
#define GET_UINT_OR_NULL(member) GET(member, result_uint_or_null(buffer->member))
#define GET_NAME(member) \
	GET(member, result_name(memlab_##member##_name(buffer->member), buffer->member))

static uint64_t align_of(uint64_t address)
{
	return address & -address;
}

static bool has_flag(const struct netlink_buffer *buffer, uint32_t flag)
{
	return buffer->flags & flag;
}

GET_UINT(id)
GET_NAME(allocator)
GET(function, result_text(buffer->function))
GET_UINT(bytes)
GET_UINT_OR_NULL(count)
GET_UINT_OR_NULL(element_bytes)
GET(order, result_order(buffer->backing, buffer->usable))
GET_UINT(usable)
GET(slack, result_uint(buffer->usable - buffer->bytes))
GET_NAME(backing)
GET(path, result_path(buffer->allocator, buffer->backing))
GET_UINT_OR_NULL(cache_id)
GET(cache_name, *buffer->cache_name ? result_text(buffer->cache_name) : NULL)
GET(gfp, result_gfp(buffer->gfp))
GET(gfp_used, result_gfp(buffer->gfp_used))
GET_NAME(context)
GET(seen, result_seen(buffer->seen))
GET_UINT(preempt_count)
GET(contiguous, result_bool(buffer->extent_count == 1))
GET_UINT(extent_count)
GET_UINT(largest_extent)
GET(kernel_address, buffer->has_kernel_address ? result_hex(buffer->kernel_address) : NULL)
GET(kernel_align, result_uint_or_null(align_of(buffer->kernel_address)))
GET(phys_hidden, result_bool(!buffer->has_phys))
GET(phys, buffer->has_phys ? result_uint(buffer->phys) : NULL)
GET(phys_align, result_uint_or_null(align_of(buffer->phys)))
GET(node, result_node(buffer->has_node ? (int)buffer->node : -1))
GET(zero, result_bool(has_flag(buffer, BUFFER_ZERO)))
GET(persistent, result_bool(has_flag(buffer, BUFFER_PERSISTENT)))
GET_UINT(resizes)
GET(mappable, result_bool(buffer->map_length))
GET_UINT(map_length)
GET_UINT(mappings)
GET_UINT(owner_uid)
GET_UINT_OR_NULL(owner_pid)

const struct list_column list_columns[] = {
	{ { "id", "ID", KIND_NUMBER, NULL }, true, get_id },
	{ { "allocator", "ALLOCATOR", KIND_TEXT, NULL }, true, get_allocator },
	{ { "function", "FUNCTION", KIND_TEXT, NULL }, false, get_function },
	{ { "size", "SIZE", KIND_SIZE, NULL }, true, get_bytes },
	{ { "count", "ELEMENTS", KIND_NUMBER, NULL }, false, get_count },
	{ { "element_size", "ELEMENT-SIZE", KIND_SIZE, NULL }, false, get_element_bytes },
	{ { "order", "ORDER", KIND_NUMBER, NULL }, false, get_order },
	{ { "usable_size", "USABLE", KIND_SIZE, NULL }, false, get_usable },
	{ { "slack", "SLACK", KIND_SIZE, NULL }, false, get_slack },
	{ { "backing", "BACKING", KIND_TEXT, NULL }, true, get_backing },
	{ { "path", "PATH", KIND_TEXT, NULL }, false, get_path },
	{ { "cache_id", "CACHE", KIND_NUMBER, NULL }, false, get_cache_id },
	{ { "cache_name", "SLAB-CACHE", KIND_TEXT, NULL }, false, get_cache_name },
	{ { "gfp", "GFP", KIND_LIST, NULL }, false, get_gfp },
	{ { "gfp_used", "GFP-USED", KIND_LIST, NULL }, false, get_gfp_used },
	{ { "context", "CONTEXT", KIND_TEXT, NULL }, false, get_context },
	{ { "seen", "SEEN", KIND_LIST, NULL }, false, get_seen },
	{ { "preempt_count", "PREEMPT-COUNT", KIND_PHYS, NULL }, false, get_preempt_count },
	{ { "contiguous", "CONTIGUOUS", KIND_BOOL, NULL }, false, get_contiguous },
	{ { "extent_count", "EXTENTS", KIND_NUMBER, NULL }, true, get_extent_count },
	{ { "largest_extent", "LARGEST", KIND_SIZE, NULL }, true, get_largest_extent },
	{ { "kernel_address", "ADDRESS", KIND_TEXT, "hidden" }, false, get_kernel_address },
	{ { "kernel_align", "ALIGN", KIND_SIZE, "hidden" }, false, get_kernel_align },
	{ { "phys_hidden", NULL, KIND_BOOL, NULL }, false, get_phys_hidden },
	{ { "phys", "PHYS", KIND_PHYS, "hidden" }, true, get_phys },
	{ { "phys_align", "PHYS-ALIGN", KIND_SIZE, "hidden" }, false, get_phys_align },
	{ { "node", "NODE", KIND_NUMBER, NULL }, false, get_node },
	{ { "zero", "ZEROED", KIND_BOOL, NULL }, false, get_zero },
	{ { "persistent", "PERSISTENT", KIND_BOOL, NULL }, true, get_persistent },
	{ { "resizes", "RESIZES", KIND_NUMBER, NULL }, false, get_resizes },
	{ { "mappable", NULL, KIND_BOOL, NULL }, false, get_mappable },
	{ { "map_length", "MAP-LENGTH", KIND_SIZE, NULL }, false, get_map_length },
	{ { "mappings", "MAPPINGS", KIND_NUMBER, NULL }, true, get_mappings },
	{ { "owner_uid", "UID", KIND_NUMBER, NULL }, true, get_owner_uid },
	{ { "owner_pid", "PID", KIND_NUMBER, "gone" }, true, get_owner_pid },
	{ { NULL, NULL, KIND_TEXT, NULL }, false, NULL },
};

bool list_is_member(const struct list_column *column)
{
	return column->field.key;
}

bool list_is_column(const struct list_column *column)
{
	return column->field.label;
}

bool list_is_usual(const struct list_column *column)
{
	return column->usual;
}

/* The column of that number; those without a label are not counted. */
static const struct list_column *column_at(unsigned int number)
{
	const struct list_column *column = list_columns;

	for (; column->field.key; column++)
		if (column->field.label && !number--)
			return column;
	return NULL;
}

static const char *column_name(unsigned int number)
{
	const struct list_column *column = column_at(number);

	return column ? column->field.label : NULL;
}

/* In upper or lower case; an unknown one ends the program. */
const struct list_column *list_column_parse(const struct command *cmd, const char *what,
					    const char *name)
{
	char *upper = text_format("%s", name);
	unsigned int number;

	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	number = name_parse(cmd, what, upper, column_name, 0);
	free(upper);
	return column_at(number);
}

static void add(struct list_choice *choice, const struct list_column *column)
{
	/* A column that is there already is not needed again. */
	for (size_t i = 0; i < choice->count; i++)
		if (choice->columns[i] == column)
			return;
	choice->columns[choice->count++] = column;
	choice->columns[choice->count] = NULL;
}

void list_choose(struct list_choice *choice, list_wanted_t *wanted)
{
	for (const struct list_column *column = list_columns; column->field.key; column++)
		if (wanted(column))
			add(choice, column);
}

/* Those of a list with commas; with "+" before it, after those chosen so far. */
void list_choose_names(const struct command *cmd, struct list_choice *choice, const char *names)
{
	char *copy = text_format("%s", names + (*names == '+'));
	char *rest = copy, *name;

	if (*names != '+')
		choice->count = 0;
	while ((name = strsep(&rest, ",")))
		add(choice, list_column_parse(cmd, "column", name));
	free(copy);
}

struct json_object *list_object(const struct list_choice *choice,
				const struct netlink_buffer *buffer)
{
	struct json_object *object = need(json_object_new_object());

	for (size_t i = 0; i < choice->count; i++)
		result_add(object, choice->columns[i]->field.key, choice->columns[i]->get(buffer));
	return object;
}
