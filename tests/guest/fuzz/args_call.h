/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments of the other calls; table.c is where they belong. */
#ifndef ARGS_CALL_H
#define ARGS_CALL_H

#include <fcntl.h>
#include <sys/mman.h>

#include <linux/memlab_netlink.h>
#include <linux/netlink.h>

#include "args.h"

static const __u64 open_flags[] = { O_RDWR, O_RDWR, O_RDWR, O_RDWR,   O_RDWR,
				    O_RDWR, O_RDWR, O_RDWR, O_RDONLY, O_WRONLY };

static const __u64 commands[] = { F_GETFD, F_GETFL, F_SETFL, F_GETOWN, F_SETOWN, F_GETLK };

static const __u64 protections[] = {
	PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE, PROT_NONE,
	PROT_READ | PROT_EXEC
};

static const __u64 map_flags[] = { MAP_SHARED,		MAP_SHARED,
				   MAP_SHARED,		MAP_SHARED | MAP_POPULATE,
				   MAP_SHARED_VALIDATE, MAP_SHARED | MAP_LOCKED,
				   MAP_PRIVATE,		MAP_SHARED | MAP_NORESERVE };

static const __u64 remap_flags[] = { MREMAP_MAYMOVE, MREMAP_MAYMOVE, 0,
				     MREMAP_MAYMOVE | MREMAP_DONTUNMAP };

/* Not MADV_HWPOISON and MADV_SOFT_OFFLINE: they take memory away from the kernel. */
static const __u64 advices[] = {
	MADV_NORMAL,	     MADV_RANDOM,
	MADV_SEQUENTIAL,     MADV_WILLNEED,
	MADV_DONTNEED,	     MADV_FREE,
	MADV_REMOVE,	     MADV_DONTFORK,
	MADV_DOFORK,	     MADV_MERGEABLE,
	MADV_UNMERGEABLE,    MADV_HUGEPAGE,
	MADV_NOHUGEPAGE,     MADV_DONTDUMP,
	MADV_DODUMP,	     MADV_WIPEONFORK,
	MADV_KEEPONFORK,     MADV_COLD,
	MADV_PAGEOUT,	     MADV_POPULATE_READ,
	MADV_POPULATE_WRITE, 25 /* MADV_COLLAPSE, newer than some C libraries */
};

static const __u64 netlink_flags[] = {
	0, NLM_F_ACK, NLM_F_ACK | NLM_F_ECHO, NLM_F_DUMP, NLM_F_DUMP | NLM_F_ACK,
};

static const __u64 dump_flags[] = { NLM_F_DUMP, NLM_F_DUMP, NLM_F_DUMP | NLM_F_ACK, NLM_F_ACK };

static const __u64 options[] = {
	0,
	NETLINK_CAP_ACK,
	NETLINK_EXT_ACK,
	NETLINK_GET_STRICT_CHK,
	NETLINK_NO_ENOBUFS,
	NETLINK_PKTINFO,
	NETLINK_BROADCAST_ERROR,
};

static const struct arg raw_args[] = {
	ARG("file", FILE),
	USUAL("command", NUMBER, 0),
	ARG("argument", PLACE),
	NUMBER("size", 256),
};

static const struct arg open_args[] = { ARG("file", FILE_OUT), CHOICE("flags", open_flags) };

static const struct arg reopen_args[] = {
	ARG("file", FILE_OUT),
	ARG("old", FILE),
	CHOICE("flags", open_flags),
};

static const struct arg file_args[] = { ARG("file", FILE) };

static const struct arg dup_args[] = { ARG("file", FILE_OUT), ARG("old", FILE) };

static const struct arg read_args[] = { ARG("file", FILE), ARG("bytes", BYTES),
					NUMBER("write", 2) };

static const struct arg poll_args[] = { ARG("file", FILE), BITS("events", 0x3fff) };

static const struct arg control_args[] = {
	ARG("file", FILE),
	CHOICE("command", commands),
	NUMBER("value", 4),
};

static const struct arg timer_args[] = { NUMBER("microseconds", 5000) };

static const struct arg fork_args[] = { ARG("calls", CALLS), NUMBER("microseconds", 2) };

static const struct arg map_args[] = {
	ARG("map", MAP_OUT), ARG("file", FILE),		  ARG("buffer", BUFFER),
	NUMBER("bytes", 1),  CHOICE("prot", protections), CHOICE("flags", map_flags),
	NUMBER("page", 1),
};

#define RANGE ARG("map", MAP), ARG("offset", OFFSET), ARG("bytes", OFFSET)
static const struct arg range_args[] = { RANGE };

static const struct arg remap_args[] = {
	RANGE,
	ARG("new_bytes", OFFSET),
	CHOICE("flags", remap_flags),
	ARG("to", MAP_OUT),
};

static const struct arg protect_args[] = { RANGE, CHOICE("prot", protections) };

static const struct arg advise_args[] = { RANGE, CHOICE("advice", advices) };

static const struct arg lock_args[] = { RANGE, NUMBER("unlock", 2) };

static const struct arg touch_args[] = { RANGE, NUMBER("write", 2) };

static const struct arg gift_args[] = { ARG("pipe", PIPE), RANGE };

static const struct arg pipe_args[] = { ARG("pipe", PIPE) };

static const struct arg sock_out_args[] = { ARG("sock", SOCK_OUT) };

static const struct arg sock_args[] = { ARG("sock", SOCK) };

static const struct arg sock_dup_args[] = { ARG("sock", SOCK_OUT), ARG("old", SOCK) };

static const struct arg receive_args[] = {
	ARG("sock", SOCK),
	NUMBER("datagrams", 8),
	USUAL("bytes", BYTES, 32768),
};

static const struct arg group_args[] = { ARG("sock", SOCK), NUMBER("leave", 2) };

static const struct arg option_args[] = {
	ARG("sock", SOCK),
	CHOICE("option", options),
	NUMBER("value", 2),
};

/* What a dump or a reply shall tell, in most messages all. */
static const __u64 buffer_attributes[] = { 0, 0, MEMLAB_A_BUFFER_FIELDS };

static const __u64 buffer_attribute_bytes[] = { sizeof(__u64) };

#define FIELDS_MASK ((1ULL << MEMLAB_A_BUFFER_PAD) - 2)

#define MESSAGE_START(_flags, ...)                                                         \
	ARG("sock", SOCK), CHOICE("flags", _flags), __VA_ARGS__, USUAL("read", NUMBER, 1), \
		ARG("type", ZERO), USUAL("version", NUMBER, 1), ARG("excess", ZERO)
#define MESSAGE(_flags, ...)                                                                      \
	MESSAGE_START(_flags, __VA_ARGS__), ARG("attribute", ZERO), ARG("attribute_bytes", ZERO), \
		ARG("value", ZERO)
static const struct arg buffer_get_args[] = {
	MESSAGE_START(netlink_flags, ARG("id", BUFFER_ID)),
	CHOICE("attribute", buffer_attributes),
	CHOICE("attribute_bytes", buffer_attribute_bytes),
	BITS("value", FIELDS_MASK),
};

static const struct arg cache_get_args[] = { MESSAGE(netlink_flags, ARG("id", CACHE_ID)) };

static const struct arg extent_get_args[] = { MESSAGE(dump_flags, ARG("id", BUFFER_ID)) };

static const struct arg dump_args[] = { MESSAGE(dump_flags, ARG("id", ZERO)) };

static const struct arg message_args[] = { MESSAGE(netlink_flags, ARG("id", ZERO)) };

#endif /* ARGS_CALL_H */
