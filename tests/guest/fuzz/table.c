// SPDX-License-Identifier: GPL-2.0-only
/* The calls. */
#define WORLD_HERE
#include "args_call.h"
#include "args_ioctl.h"
#include "call_file.h"
#include "call_ioctl.h"
#include "call_memory.h"
#include "call_netlink.h"
#include "fuzz.h"

/* How many arguments; an array of a negative size where struct call has no room for them. */
#define ARG_COUNT(_args) (COUNT(_args) * sizeof(char[COUNT(_args) <= ARGS_MAX ? 1 : -1]))
#define IOCTL(_name, _weight, _struct, _number, _args)                                 \
	{                                                                              \
		.name = _name, .weight = _weight, .function = #_number, .args = _args, \
		.arg_count = ARG_COUNT(_args), .command = _number,                     \
		.bytes = sizeof(struct _struct), .struct_name = #_struct               \
	}
#define CALL(_weight, _name, _args)                                               \
	{                                                                         \
		.name = #_name, .weight = _weight, .function = "call_" #_name,    \
		.run = call_##_name, .args = _args, .arg_count = ARG_COUNT(_args) \
	}
#define BARE(_weight, _name)                                                                       \
	{                                                                                          \
		.name = #_name, .weight = _weight, .function = "call_" #_name, .run = call_##_name \
	}

const struct call_type call_types[] = {
	IOCTL("info", 3, memlab_info, MEMLAB_IOC_INFO, info_args),
	IOCTL("alloc", 24, memlab_alloc, MEMLAB_IOC_ALLOC, alloc_args),
	IOCTL("free", 8, memlab_free, MEMLAB_IOC_FREE, free_args),
	IOCTL("query", 4, memlab_query, MEMLAB_IOC_QUERY, query_args),
	IOCTL("layout", 4, memlab_layout, MEMLAB_IOC_LAYOUT, layout_args),
	IOCTL("read", 4, memlab_transfer, MEMLAB_IOC_READ, transfer_args),
	IOCTL("write", 4, memlab_transfer, MEMLAB_IOC_WRITE, transfer_args),
	IOCTL("fill", 4, memlab_pattern, MEMLAB_IOC_FILL, pattern_args),
	IOCTL("check", 4, memlab_pattern, MEMLAB_IOC_CHECK, pattern_args),
	IOCTL("next", 3, memlab_next, MEMLAB_IOC_NEXT, next_args),
	IOCTL("resize", 10, memlab_resize, MEMLAB_IOC_RESIZE, resize_args),
	IOCTL("probe", 2, memlab_probe, MEMLAB_IOC_PROBE, probe_args),
	IOCTL("cache_create", 1, memlab_cache_create, MEMLAB_IOC_CACHE_CREATE, cache_create_args),
	IOCTL("cache_destroy", 3, memlab_cache_destroy, MEMLAB_IOC_CACHE_DESTROY,
	      cache_destroy_args),
	IOCTL("cache_query", 2, memlab_cache_query, MEMLAB_IOC_CACHE_QUERY, cache_query_args),
	IOCTL("cache_next", 2, memlab_next, MEMLAB_IOC_CACHE_NEXT, cache_next_args),
	IOCTL("bench", 4, memlab_bench, MEMLAB_IOC_BENCH, bench_args),
	CALL(2, raw, raw_args),
	CALL(5, open, open_args),
	CALL(1, reopen, reopen_args),
	CALL(3, close, file_args),
	CALL(2, dup, dup_args),
	{ .name = "io",
	  .weight = 1,
	  .function = "call_read",
	  .run = call_read,
	  .args = read_args,
	  .arg_count = COUNT(read_args) },
	CALL(1, poll, poll_args),
	CALL(1, control, control_args),
	CALL(2, timer, timer_args),
	BARE(1, signal),
	BARE(1, yield),
	{ .name = "fork",
	  .weight = 1,
	  .function = "fork",
	  .args = fork_args,
	  .arg_count = COUNT(fork_args) },
	CALL(12, map, map_args),
	CALL(5, unmap, range_args),
	CALL(4, remap, remap_args),
	CALL(3, protect, protect_args),
	CALL(3, advise, advise_args),
	CALL(1, lock, lock_args),
	CALL(5, touch, touch_args),
	CALL(2, peek, touch_args),
	CALL(2, gift, gift_args),
	CALL(1, empty, pipe_args),
	CALL(4, socket, sock_out_args),
	CALL(2, sock_close, sock_args),
	CALL(1, sock_dup, sock_dup_args),
	CALL(3, buffer_get, buffer_get_args),
	CALL(2, cache_get, cache_get_args),
	CALL(2, extent_get, extent_get_args),
	CALL(1, stats_get, dump_args),
	CALL(1, limits_get, message_args),
	CALL(2, listener_add, message_args),
	CALL(1, listener_get, message_args),
	CALL(1, message, message_args),
	CALL(4, receive, receive_args),
	CALL(1, group, group_args),
	CALL(1, option, option_args),
	BARE(0, family),
	BARE(0, unload),
	BARE(0, load),
};

const unsigned int call_type_count = COUNT(call_types);

const struct call_type *find_call_type(const char *name)
{
	unsigned int i;

	for (i = 0; i < call_type_count; i++)
		if (!strcmp(call_types[i].name, name))
			return &call_types[i];
	return NULL;
}

bool is_fork(const struct call_type *type)
{
	return !type->command && !type->run;
}
