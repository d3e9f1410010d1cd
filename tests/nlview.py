# SPDX-License-Identifier: GPL-2.0
"""What netlink has to say of things that the ioctls tell of."""

import abi
from abi import make
from nlfamily import MEMLAB


def named(definition, number):
    """The name of a number, or the names of flags."""
    return MEMLAB.definitions[definition].decode(number, False)


def present(told):
    """Without what says nothing."""
    return {name: value for name, value in told.items() if value is not None}


def buffer_told(query):
    """A buffer, of which QUERY says this to the same caller."""
    array, mappable = query.count or None, query.map_length or None
    return present({
        "id": query.id, "allocator": named("allocator", query.allocator),
        "backing": named("backing", query.backing),
        "alloc-flags": named("alloc", query.alloc_flags),
        "node": query.node if query.alloc_flags & abi.NODE else None,
        "context": named("context", query.context),
        "bytes": query.bytes, "usable": query.usable,
        "count": array, "element-bytes": query.element_bytes if array else None,
        "gfp": named("gfp", query.gfp), "gfp-used": named("gfp", query.gfp_used),
        "function": abi.text(query.function), "seen": named("seen", query.seen),
        "preempt-count": query.preempt_count, "cache-name": abi.text(query.cache_name) or None,
        "cache-id": query.cache or None, "owner-uid": query.owner_uid, "owner-pid": query.owner_pid,
        "mappings": query.mappings, "resizes": query.resizes,
        "map-offset": query.map_offset if mappable else None, "map-length": mappable,
        "extent-count": query.extent_count, "largest-extent": query.largest_extent,
        "phys": None if query.flags & abi.PHYS_HIDDEN else query.phys,
        "kernel-address": None if query.flags & abi.KADDR_HIDDEN else query.kernel_address,
    })


def buffers_told(device, idents):
    """Several buffers."""
    return [buffer_told(query) for query in device.query_many(
        [make(abi.Query, id=ident) for ident in idents])]


def cache_told(query):
    """A cache, of which CACHE_QUERY says this."""
    part = query.flags & abi.USERCOPY
    return present({
        "id": query.id, "name": abi.text(query.name), "flags": named("cache", query.flags),
        "align": query.align, "bytes": query.bytes,
        "user-offset": query.user_offset if part else None,
        "user-bytes": query.user_bytes if part else None, "objects": query.objects,
        "function": abi.text(query.function), "owner-uid": query.owner_uid,
        "owner-pid": query.owner_pid,
    })


def extents_told(device, ident, addresses=True):
    """The layout of a buffer."""
    return [present({
        "buffer-id": ident, "offset": one.offset, "length": one.length,
        "phys": one.phys if addresses else None, "node": one.node,
        "zone": named("zone", one.zone)}) for one in device.layout(ident)]


def limits_told(info, admin):
    """What INFO says of limits."""
    return {name.replace("_", "-"): getattr(info, name) for name in (
        "max_total_bytes", "max_user_bytes", "max_user_buffers", "max_user_caches",
        "total_bytes", "user_bytes", "user_buffers", "user_caches")
            if admin or name != "total_bytes"}
