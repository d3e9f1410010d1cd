/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: what became of a buffer. No address is in them. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM memlab

#if !defined(MEMLAB_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MEMLAB_TRACE_H

#include <linux/tracepoint.h>
#include <linux/uidgid.h>

#include "event.h"

TRACE_DEFINE_ENUM(MEMLAB_ALLOCATOR_KMALLOC);
TRACE_DEFINE_ENUM(MEMLAB_ALLOCATOR_VMALLOC);
TRACE_DEFINE_ENUM(MEMLAB_ALLOCATOR_KVMALLOC);
TRACE_DEFINE_ENUM(MEMLAB_ALLOCATOR_PAGES);
TRACE_DEFINE_ENUM(MEMLAB_ALLOCATOR_PAGES_EXACT);
TRACE_DEFINE_ENUM(MEMLAB_ALLOCATOR_CACHE);
TRACE_DEFINE_ENUM(MEMLAB_BACKING_SLAB);
TRACE_DEFINE_ENUM(MEMLAB_BACKING_LARGE);
TRACE_DEFINE_ENUM(MEMLAB_BACKING_VMALLOC);
TRACE_DEFINE_ENUM(MEMLAB_BACKING_PAGES);
TRACE_DEFINE_ENUM(MEMLAB_BACKING_SPLIT);
TRACE_DEFINE_ENUM(MEMLAB_CONTEXT_PROCESS);
TRACE_DEFINE_ENUM(MEMLAB_CONTEXT_ATOMIC);
TRACE_DEFINE_ENUM(MEMLAB_CONTEXT_SOFTIRQ);
TRACE_DEFINE_ENUM(MEMLAB_CONTEXT_HARDIRQ);

#define memlab_show_allocator(value)                                      \
	__print_symbolic(value, { MEMLAB_ALLOCATOR_KMALLOC, "kmalloc" },  \
			 { MEMLAB_ALLOCATOR_VMALLOC, "vmalloc" },         \
			 { MEMLAB_ALLOCATOR_KVMALLOC, "kvmalloc" },       \
			 { MEMLAB_ALLOCATOR_PAGES, "pages" },             \
			 { MEMLAB_ALLOCATOR_PAGES_EXACT, "pages-exact" }, \
			 { MEMLAB_ALLOCATOR_CACHE, "cache" })

/* 0: the kernel gave nothing. */
#define memlab_show_backing(value)                                                                 \
	__print_symbolic(value, { 0, "none" }, { MEMLAB_BACKING_SLAB, "slab" },                    \
			 { MEMLAB_BACKING_LARGE, "large" }, { MEMLAB_BACKING_VMALLOC, "vmalloc" }, \
			 { MEMLAB_BACKING_PAGES, "pages" }, { MEMLAB_BACKING_SPLIT, "split" })

#define memlab_show_context(value)                                     \
	__print_symbolic(value, { MEMLAB_CONTEXT_PROCESS, "process" }, \
			 { MEMLAB_CONTEXT_ATOMIC, "atomic" },          \
			 { MEMLAB_CONTEXT_SOFTIRQ, "softirq" },        \
			 { MEMLAB_CONTEXT_HARDIRQ, "hardirq" })

#define memlab_show_gfp(value)                                                            \
	__print_flags(value, "|", { MEMLAB_GFP_KERNEL, "KERNEL" },                        \
		      { MEMLAB_GFP_NOWAIT, "NOWAIT" }, { MEMLAB_GFP_ATOMIC, "ATOMIC" },   \
		      { MEMLAB_GFP_USER, "USER" }, { MEMLAB_GFP_HIGHUSER, "HIGHUSER" },   \
		      { MEMLAB_GFP_DMA, "DMA" }, { MEMLAB_GFP_DMA32, "DMA32" },           \
		      { MEMLAB_GFP_ZERO, "ZERO" }, { MEMLAB_GFP_HIGH, "HIGH" },           \
		      { MEMLAB_GFP_NOFAIL, "NOFAIL" }, { MEMLAB_GFP_NORETRY, "NORETRY" }, \
		      { MEMLAB_GFP_RETRY_MAYFAIL, "RETRY_MAYFAIL" },                      \
		      { MEMLAB_GFP_NOWARN, "NOWARN" }, { MEMLAB_GFP_ACCOUNT, "ACCOUNT" }, \
		      { MEMLAB_GFP_THISNODE, "THISNODE" }, { MEMLAB_GFP_WARN, "WARN" },   \
		      { MEMLAB_GFP_NO_ACCOUNT, "NO_ACCOUNT" }, { MEMLAB_GFP_COMP, "COMP" })

/* clang-format off */
DECLARE_EVENT_CLASS(memlab_event,
		    TP_PROTO(const struct memlab_event *event),
		    TP_ARGS(event),
		    TP_STRUCT__entry(
			    __field(u64, bytes)
			    __field(u64, usable)
			    __field(u64, old_bytes)
			    __field(u64, gfp)
			    __field(u64, gfp_used)
			    __field(u32, id)
			    __field(u32, uid)
			    __field(u32, allocator)
			    __field(u32, backing)
			    __field(u32, context)
			    __field(u32, cache)
			    __field(u32, mappings)
			    __field(u32, error)
			    __field(u32, reason)
		    ),
		    TP_fast_assign(
			    __entry->bytes = event->bytes;
			    __entry->usable = event->usable;
			    __entry->old_bytes = event->old_bytes;
			    __entry->gfp = event->gfp;
			    __entry->gfp_used = event->gfp_used;
			    __entry->id = event->id;
			    __entry->uid = from_kuid_munged(&init_user_ns, event->uid);
			    __entry->allocator = event->allocator;
			    __entry->backing = event->backing;
			    __entry->context = event->context;
			    __entry->cache = event->cache_id;
			    __entry->mappings = event->mappings;
			    __entry->error = event->error;
			    __entry->reason = event->reason;
		    ),
		    TP_printk("id=%u uid=%u allocator=%s backing=%s context=%s bytes=%llu usable=%llu old_bytes=%llu gfp=%s gfp_used=%s cache=%u mappings=%u error=%u reason=%u",
			      __entry->id, __entry->uid, memlab_show_allocator(__entry->allocator),
			      memlab_show_backing(__entry->backing),
			      memlab_show_context(__entry->context),
			      __entry->bytes, __entry->usable, __entry->old_bytes,
			      memlab_show_gfp(__entry->gfp), memlab_show_gfp(__entry->gfp_used),
			      __entry->cache, __entry->mappings, __entry->error, __entry->reason)
);

DEFINE_EVENT(memlab_event, memlab_alloc,
	     TP_PROTO(const struct memlab_event *event), TP_ARGS(event));
DEFINE_EVENT(memlab_event, memlab_resize,
	     TP_PROTO(const struct memlab_event *event), TP_ARGS(event));
DEFINE_EVENT(memlab_event, memlab_free,
	     TP_PROTO(const struct memlab_event *event), TP_ARGS(event));
DEFINE_EVENT(memlab_event, memlab_map,
	     TP_PROTO(const struct memlab_event *event), TP_ARGS(event));
DEFINE_EVENT(memlab_event, memlab_unmap,
	     TP_PROTO(const struct memlab_event *event), TP_ARGS(event));
DEFINE_EVENT(memlab_event, memlab_fail,
	     TP_PROTO(const struct memlab_event *event), TP_ARGS(event));

/* clang-format on */

#endif /* MEMLAB_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
