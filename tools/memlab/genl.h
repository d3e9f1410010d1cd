/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's netlink family, in terms of memlab. Only the genl*.c files know libnl.
 *
 * Functions that return int give 0, or a negative errno; then netlink_why() tells in
 * words. Attributes that were left out read as 0 or "", if nothing else is said.
 */
#ifndef MEMLAB_GENL_H
#define MEMLAB_GENL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_TEXT 32
/* Each of its 15 bytes may be written as "\xff". */
#define COMM_TEXT 64

/* What there is of a buffer; numbers as libmemlab has them, sizes in bytes. */
struct netlink_buffer {
	uint32_t id;
	uint32_t allocator;
	uint32_t backing;
	uint32_t flags; /* BUFFER_* */
	uint32_t context;
	uint32_t cache_id; /* 0: none */
	uint32_t owner_uid;
	uint32_t owner_pid; /* 0: gone */
	uint32_t mappings;
	uint32_t resizes;
	uint32_t seen; /* MEMLAB_LIB_SEEN_* */
	uint32_t preempt_count;
	uint32_t node;
	bool has_node;
	bool has_phys;
	bool has_kernel_address;
	uint64_t bytes;
	uint64_t usable;
	uint64_t count; /* 0: no array */
	uint64_t element_bytes;
	uint64_t gfp;
	uint64_t gfp_used;
	uint64_t map_length; /* 0: cannot be mapped */
	uint64_t extent_count;
	uint64_t largest_extent;
	uint64_t phys;
	uint64_t kernel_address;
	char function[NAME_TEXT];
	char cache_name[NAME_TEXT]; /* "": none */
};

#define BUFFER_ZERO	  (1U << 0)
#define BUFFER_PERSISTENT (1U << 1)

/* Which buffers; 0, or not has_, for any. And what of them. */
struct netlink_filter {
	uint64_t fields; /* those of netlink_field(); the id in any case */
	uint32_t allocator;
	uint32_t pid;
	uint32_t uid;
	bool has_uid;
};

struct netlink_stats {
	uint32_t allocator;
	uint64_t calls;
	uint64_t failures;
	uint64_t refused;
	uint64_t resizes;
	uint64_t frees;
	uint64_t live;
	uint64_t bytes;
	uint64_t peak_bytes;
	uint64_t fallbacks;
	bool has_fallbacks;
};

enum netlink_event_type {
	EVENT_ALLOCATED = 1,
	EVENT_RESIZED,
	EVENT_FREED,
	EVENT_MAPPED,
	EVENT_UNMAPPED,
	EVENT_FAILED,
};

struct netlink_event {
	uint64_t seq;
	uint64_t time; /* nanoseconds since 1970 */
	uint32_t type; /* enum netlink_event_type */
	uint32_t uid;
	uint32_t pid;
	uint32_t id; /* 0: no buffer */
	uint32_t allocator;
	uint32_t backing; /* 0: none */
	uint32_t context;
	uint32_t cache_id; /* 0: none */
	uint32_t mappings;
	bool has_mappings;
	uint32_t error; /* 0: none */
	uint32_t reason;
	uint64_t bytes;
	uint64_t usable;    /* 0: none */
	uint64_t old_bytes; /* 0: none */
	uint64_t gfp;
	uint64_t gfp_used;
	char function[NAME_TEXT];
	/* Printable: other bytes, and backslashes, are written as "\xff". */
	char comm[COMM_TEXT];
};

struct netlink;

/* ---- genl.c ---- */

/*
 * Connects to the family. Returns NULL with errno: ENOENT when there is no such
 * family, or what became of the socket.
 */
struct netlink *netlink_open(void);
void netlink_close(struct netlink *netlink);
/* Of the last function that failed: the kernel's own message, or that of its errno. */
const char *netlink_why(const struct netlink *netlink);

/* ---- netlink_dump.c ---- */

/* The bit of a member of struct netlink_buffer, by its offset there. */
uint64_t netlink_field(size_t offset);

/*
 * A dump that the kernel says was disturbed is taken again, some times. @disturbed
 * tells that the last one was, too. @array is for free().
 */
int netlink_get_buffers(struct netlink *netlink, const struct netlink_filter *filter,
			struct netlink_buffer **array, size_t *count, bool *disturbed);
int netlink_get_stats(struct netlink *netlink, struct netlink_stats **array, size_t *count,
		      bool *disturbed);

/* ---- netlink_listen.c ---- */

typedef void netlink_event_t(const struct netlink_event *event, void *arg);

/* Room for events that wait to be read. Returns how many bytes the kernel gave. */
int netlink_set_room(struct netlink *netlink, int bytes);
/* From here on events come: of one's own buffers, or of all. */
int netlink_listen(struct netlink *netlink, bool all, netlink_event_t *event, void *arg);
/* For poll(): becomes readable with events. */
int netlink_get_fd(const struct netlink *netlink);
/*
 * Reads what came at once. -EAGAIN: nothing is there; -ENOBUFS: events were lost,
 * and the next ones can be read.
 */
int netlink_read_events(struct netlink *netlink, netlink_event_t *event, void *arg);
/*
 * The number of the last event that the driver sent to this socket, lost ones included.
 * Reads the events before the answer, too. -EAGAIN: there was no room for the answer;
 * try again, as there is more now. Only after netlink_set_room().
 */
int netlink_get_sent(struct netlink *netlink, uint64_t *seq, netlink_event_t *event, void *arg);

/* A connection that hears when the family goes, or NULL with errno. */
struct netlink *netlink_open_watch(void);
/* Reads what came; whether the family went meanwhile. */
bool netlink_is_gone(struct netlink *watch);

#endif /* MEMLAB_GENL_H */
