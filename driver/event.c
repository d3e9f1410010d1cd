// SPDX-License-Identifier: GPL-2.0-only
/* What became of a buffer, told in the order in which it did. */
#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/srcu.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "allocator.h"
#include "event.h"
#include "netlink.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Taken from before something can be seen until it has been told, so that nobody hears
 * of the end of a buffer before its beginning; and only while somebody listens.
 */
static DEFINE_MUTEX(memlab_event_order);
/* What happens while nobody listens, so that it is not told. */
DEFINE_STATIC_SRCU(memlab_event_untold);
#define MEMLAB_EVENT_ORDERED -1
static u64 memlab_event_seq;
static bool memlab_event_on;

void memlab_event_lock(void)
{
	mutex_lock(&memlab_event_order);
}

void memlab_event_unlock(void)
{
	mutex_unlock(&memlab_event_order);
}

/* The family is registered, or is about to be no longer. */
void memlab_event_switch(bool on)
{
	mutex_lock(&memlab_event_order);
	memlab_event_on = on;
	mutex_unlock(&memlab_event_order);
}

/* The function of the kernel that was called; none for what is not about memory. */
static const char *memlab_event_function(u32 type, const struct memlab_buffer *buf)
{
	switch (type) {
	case MEMLAB_EVENT_TYPE_ALLOCATED:
	case MEMLAB_EVENT_TYPE_RESIZED:
		return buf->function;
	case MEMLAB_EVENT_TYPE_FREED:
		return memlab_buffer_free_function(buf);
	default:
		return NULL;
	}
}

/**
 * memlab_event_init() - an event about a buffer
 * @event: is filled in
 * @type: enum memlab_event_type
 * @buf: the buffer, which nobody else resizes meanwhile; needs no memory any more
 */
void memlab_event_init(struct memlab_event *event, u32 type, const struct memlab_buffer *buf)
{
	*event = (struct memlab_event){
		.type = type,
		.id = buf->id,
		.uid = buf->owner.uid,
		.allocator = buf->allocator,
		.backing = buf->backing,
		.context = buf->context,
		.cache_id = buf->cache_id,
		.bytes = buf->bytes,
		.usable = buf->usable,
		.gfp = buf->gfp,
		.gfp_used = buf->gfp_used,
		.function = memlab_event_function(type, buf),
	};
	if (type == MEMLAB_EVENT_TYPE_MAPPED || type == MEMLAB_EVENT_TYPE_UNMAPPED)
		event->mappings = READ_ONCE(buf->mappings);
}

/**
 * memlab_event_begin() - something is about to happen that an event will tell of
 *
 * Until memlab_event_end() nobody else's event is told. May sleep.
 *
 * Return: what memlab_event_end() wants to know.
 */
/* clang-format off */
int memlab_event_begin(void)
	__acquires(&memlab_event_untold)
/* clang-format on */
{
	int untold = srcu_read_lock(&memlab_event_untold);

	if (!READ_ONCE(memlab_event_on) || (!memlab_listeners_any() && !memlab_group_listens()))
		return untold;
	srcu_read_unlock(&memlab_event_untold, untold);
	mutex_lock(&memlab_event_order);
	/* For sparse, either is the same. */
	__acquire(&memlab_event_untold);
	return MEMLAB_EVENT_ORDERED;
}

/* A listener has come: what happens untold is over when this returns. */
void memlab_event_wait(void)
{
	synchronize_srcu(&memlab_event_untold);
}

/* Takes over the message. One that there was no memory for is a lost one. */
static void memlab_group_send(struct memlab_event *event)
{
	struct sk_buff *skb = event->skb;

	if (!memlab_group_listens()) {
		nlmsg_free(skb);
		return;
	}
	memlab_event_seq++;
	if (!skb) {
		genl_set_err(&memlab_family, &init_net, 0, MEMLAB_GROUP_EVENTS, -ENOBUFS);
		return;
	}
	memlab_event_stamp(skb, event, memlab_event_seq, &init_user_ns, &init_pid_ns);
	genlmsg_multicast_netns(&memlab_family, &init_net, skb, 0, MEMLAB_GROUP_EVENTS,
				MEMLAB_GFP_MESSAGE);
}

static void memlab_event_trace(const struct memlab_event *event)
{
	switch (event->type) {
	case MEMLAB_EVENT_TYPE_ALLOCATED:
		trace_memlab_alloc(event);
		break;
	case MEMLAB_EVENT_TYPE_RESIZED:
		trace_memlab_resize(event);
		break;
	case MEMLAB_EVENT_TYPE_FREED:
		trace_memlab_free(event);
		break;
	case MEMLAB_EVENT_TYPE_MAPPED:
		trace_memlab_map(event);
		break;
	case MEMLAB_EVENT_TYPE_UNMAPPED:
		trace_memlab_unmap(event);
		break;
	case MEMLAB_EVENT_TYPE_FAILED:
		trace_memlab_fail(event);
		break;
	}
}

/**
 * memlab_event_is_heard() - whether an event need be filled in
 * @order: what memlab_event_begin() said
 * @type: enum memlab_event_type
 *
 * Return: whether memlab_event_end() would tell anybody of it.
 */
bool memlab_event_is_heard(int order, u32 type)
{
	if (order == MEMLAB_EVENT_ORDERED)
		return true;
	switch (type) {
	case MEMLAB_EVENT_TYPE_ALLOCATED:
		return trace_memlab_alloc_enabled();
	case MEMLAB_EVENT_TYPE_FREED:
		return trace_memlab_free_enabled();
	default:
		return true;
	}
}

/**
 * memlab_event_end() - tell what has happened
 * @order: what memlab_event_begin() said
 * @event: the event, or NULL if nothing has happened after all
 */
void memlab_event_end(int order, struct memlab_event *event) __releases(&memlab_event_untold)
{
	if (event)
		memlab_event_trace(event);
	if (order != MEMLAB_EVENT_ORDERED) {
		srcu_read_unlock(&memlab_event_untold, order);
		return;
	}
	if (event && memlab_event_on) {
		event->skb = memlab_event_message(event);
		memlab_listeners_send(event);
		memlab_group_send(event);
	}
	mutex_unlock(&memlab_event_order);
	__release(&memlab_event_untold);
}

/* For what nobody can see before it is told. */
void memlab_event_tell(u32 type, const struct memlab_buffer *buf)
{
	int order = memlab_event_begin();
	struct memlab_event event;

	if (!memlab_event_is_heard(order, type)) {
		memlab_event_end(order, NULL);
		return;
	}
	memlab_event_init(&event, type, buf);
	memlab_event_end(order, &event);
}

/* Bad numbers say nothing of an allocator. */
static bool memlab_event_is_noise(int err, u32 reason)
{
	return err == -EINVAL && !reason;
}

/**
 * memlab_event_alloc_failed() - ALLOC gives no buffer
 * @arg: the request
 * @buf: the buffer that it would have become, as far as it got; or NULL
 * @err: negative errno
 */
void memlab_event_alloc_failed(const struct memlab_alloc *arg, const struct memlab_buffer *buf,
			       int err)
{
	struct memlab_event event = {
		.type = MEMLAB_EVENT_TYPE_FAILED,
		.uid = current_euid(),
		.allocator = arg->allocator,
		.context = arg->context,
		.cache_id = arg->cache,
		.bytes = arg->count ? size_mul(arg->count, arg->bytes) : arg->bytes,
		.gfp = arg->gfp,
		.error = -err,
		.reason = arg->reason,
	};

	if (arg->flags & MEMLAB_ALLOC_DRY_RUN || memlab_event_is_noise(err, arg->reason))
		return;
	if (buf) {
		event.gfp_used = buf->gfp_used;
		event.function = buf->function;
		if (buf->cache_id)
			event.bytes = buf->bytes;
	}
	if (!buf || !buf->seen.flags)
		memlab_stats_refused(arg->allocator);
	memlab_event_end(memlab_event_begin(), &event);
}

/**
 * memlab_event_resize_failed() - RESIZE leaves a buffer as it was
 * @arg: the request
 * @buf: the buffer; the caller has a reference
 * @called: the kernel's function was called
 * @err: negative errno
 */
void memlab_event_resize_failed(const struct memlab_resize *arg, const struct memlab_buffer *buf,
				bool called, int err)
{
	struct memlab_event event;

	if (memlab_event_is_noise(err, arg->reason))
		return;
	memlab_event_init(&event, MEMLAB_EVENT_TYPE_FAILED, buf);
	event.bytes = arg->count ? size_mul(arg->count, arg->bytes) : arg->bytes;
	event.old_bytes = buf->bytes;
	event.usable = 0;
	event.gfp = arg->gfp;
	event.gfp_used = arg->gfp_used;
	event.function = arg->count ? buf->ops->resize_array_name : buf->ops->resize_name;
	event.error = -err;
	event.reason = arg->reason;
	if (!called)
		memlab_stats_refused(buf->allocator);
	memlab_event_end(memlab_event_begin(), &event);
}
