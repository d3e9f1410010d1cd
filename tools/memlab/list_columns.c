// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "list_columns.h"

#define GET(name, ...)                                                      \
	static struct value get_##name(const struct netlink_buffer *buffer) \
	{                                                                   \
		return __VA_ARGS__;                                         \
	}
#define GET_UINT(member) GET(member, value_uint(buffer->member))
/* Of which 0 means that there is none. */
#define GET_UINT_OR_NULL(member) GET(member, value_uint_or_null(buffer->member))
#define GET_NAME(member) \
	GET(member, name_of(memlab_##member##_name(buffer->member), buffer->member))

static const struct value none;

/* A number that the library has no name for stays one. */
static struct value name_of(const char *name, unsigned int number)
{
	return name ? value_text(name) : value_take(result_name(NULL, number));
}

static struct value value_hex(uint64_t number)
{
	return value_take(result_hex(number));
}

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
GET(function, value_text(buffer->function))
GET_UINT(bytes)
GET_UINT_OR_NULL(count)
GET_UINT_OR_NULL(element_bytes)
GET(order, value_take(result_order(buffer->backing, buffer->usable)))
GET_UINT(usable)
GET(slack, value_uint(buffer->usable - buffer->bytes))
GET_NAME(backing)
GET(path, value_take(result_path(buffer->allocator, buffer->backing)))
GET_UINT_OR_NULL(cache_id)
GET(cache_name, value_text(*buffer->cache_name ? buffer->cache_name : NULL))
GET(gfp, value_take(result_gfp(buffer->gfp)))
GET(gfp_used, value_take(result_gfp(buffer->gfp_used)))
GET_NAME(context)
GET(seen, value_take(result_seen(buffer->seen)))
GET_UINT(preempt_count)
GET(contiguous, value_bool(buffer->extent_count == 1))
GET_UINT(extent_count)
GET_UINT(largest_extent)
GET(kernel_address, buffer->has_kernel_address ? value_hex(buffer->kernel_address) : none)
GET(kernel_align, value_uint_or_null(align_of(buffer->kernel_address)))
GET(phys_hidden, value_bool(!buffer->has_phys))
GET(phys, buffer->has_phys ? value_uint(buffer->phys) : none)
GET(phys_align, value_uint_or_null(align_of(buffer->phys)))
GET(node, buffer->has_node ? value_uint(buffer->node) : none)
GET(zero, value_bool(has_flag(buffer, BUFFER_ZERO)))
GET(persistent, value_bool(has_flag(buffer, BUFFER_PERSISTENT)))
GET_UINT(resizes)
GET(mappable, value_bool(buffer->map_length))
GET_UINT(map_length)
GET_UINT(mappings)
GET_UINT(owner_uid)
GET_UINT_OR_NULL(owner_pid)

#define NEED(member) offsetof(struct netlink_buffer, member)
#define MADE_OF(name, key, label, kind, if_null, usual, ...)      \
	{                                                         \
		{ key, label, kind, if_null }, usual, get_##name, \
		{                                                 \
			__VA_ARGS__                               \
		}                                                 \
	}
#define MEMBER(name, key, label, kind, if_null, usual) \
	MADE_OF(name, key, label, kind, if_null, usual, NEED(name))

const struct list_column list_columns[] = {
	MEMBER(id, "id", "ID", KIND_NUMBER, NULL, true),
	MEMBER(allocator, "allocator", "ALLOCATOR", KIND_TEXT, NULL, true),
	MEMBER(function, "function", "FUNCTION", KIND_TEXT, NULL, false),
	MEMBER(bytes, "size", "SIZE", KIND_SIZE, NULL, true),
	MEMBER(count, "count", "ELEMENTS", KIND_NUMBER, NULL, false),
	MEMBER(element_bytes, "element_size", "ELEMENT-SIZE", KIND_SIZE, NULL, false),
	MADE_OF(order, "order", "ORDER", KIND_NUMBER, NULL, false, NEED(backing), NEED(usable)),
	MEMBER(usable, "usable_size", "USABLE", KIND_SIZE, NULL, false),
	MADE_OF(slack, "slack", "SLACK", KIND_SIZE, NULL, false, NEED(usable), NEED(bytes)),
	MEMBER(backing, "backing", "BACKING", KIND_TEXT, NULL, true),
	MADE_OF(path, "path", "PATH", KIND_TEXT, NULL, false, NEED(allocator), NEED(backing)),
	MEMBER(cache_id, "cache_id", "CACHE", KIND_NUMBER, NULL, false),
	MEMBER(cache_name, "cache_name", "SLAB-CACHE", KIND_TEXT, NULL, false),
	MEMBER(gfp, "gfp", "GFP", KIND_LIST, NULL, false),
	MEMBER(gfp_used, "gfp_used", "GFP-USED", KIND_LIST, NULL, false),
	MEMBER(context, "context", "CONTEXT", KIND_TEXT, NULL, false),
	MEMBER(seen, "seen", "SEEN", KIND_LIST, NULL, false),
	MEMBER(preempt_count, "preempt_count", "PREEMPT-COUNT", KIND_PHYS, NULL, false),
	MADE_OF(contiguous, "contiguous", "CONTIGUOUS", KIND_BOOL, NULL, false, NEED(extent_count)),
	MEMBER(extent_count, "extent_count", "EXTENTS", KIND_NUMBER, NULL, true),
	MEMBER(largest_extent, "largest_extent", "LARGEST", KIND_SIZE, NULL, true),
	MEMBER(kernel_address, "kernel_address", "ADDRESS", KIND_TEXT, "hidden", false),
	MADE_OF(kernel_align, "kernel_align", "ALIGN", KIND_SIZE, "hidden", false,
		NEED(kernel_address)),
	MADE_OF(phys_hidden, "phys_hidden", NULL, KIND_BOOL, NULL, false, NEED(phys)),
	MEMBER(phys, "phys", "PHYS", KIND_PHYS, "hidden", true),
	MADE_OF(phys_align, "phys_align", "PHYS-ALIGN", KIND_SIZE, "hidden", false, NEED(phys)),
	MEMBER(node, "node", "NODE", KIND_NUMBER, NULL, false),
	MADE_OF(zero, "zero", "ZEROED", KIND_BOOL, NULL, false, NEED(flags)),
	MADE_OF(persistent, "persistent", "PERSISTENT", KIND_BOOL, NULL, true, NEED(flags)),
	MEMBER(resizes, "resizes", "RESIZES", KIND_NUMBER, NULL, false),
	MADE_OF(mappable, "mappable", NULL, KIND_BOOL, NULL, false, NEED(map_length)),
	MEMBER(map_length, "map_length", "MAP-LENGTH", KIND_SIZE, NULL, false),
	MEMBER(mappings, "mappings", "MAPPINGS", KIND_NUMBER, NULL, true),
	MEMBER(owner_uid, "owner_uid", "UID", KIND_NUMBER, NULL, true),
	MEMBER(owner_pid, "owner_pid", "PID", KIND_NUMBER, "gone", true),
	{ .field.key = NULL },
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

/* What to ask the kernel for, for such a column. */
uint64_t list_fields(const struct list_column *column)
{
	uint64_t fields = 0;

	for (size_t i = 0; i < ARRAY_SIZE(column->needs); i++)
		fields |= netlink_field(column->needs[i]);
	return fields;
}
