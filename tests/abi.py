# SPDX-License-Identifier: GPL-2.0
"""The ioctl ABI of /dev/memlab, written down a second time.

Nothing here is generated from the header: test_header.py compares the two.
"""

from ctypes import LittleEndianStructure, c_int32, c_uint8, c_uint32, c_uint64, sizeof

U8, U32, S32, U64 = c_uint8, c_uint32, c_int32, c_uint64

INFO, ALLOC, FREE, QUERY, LAYOUT, READ, WRITE, FILL, CHECK, NEXT = range(0xB900, 0xB90A)
KMALLOC, VMALLOC = 1, 2
SLAB, LARGE, VMALLOC_BACKING = 1, 2, 3
ZERO, PERSISTENT, NODE = 1, 2, 4
CONTIGUOUS, MAPPABLE, PHYS_HIDDEN, KADDR_HIDDEN = 1, 2, 4, 8
FEATURE_INIT_ON_ALLOC, PHYS_VISIBLE, KADDR_VISIBLE = 0x10, 0x20, 0x40
ALL_RIGHT = 0xFFFFFFFFFFFFFFFF

CONSTANTS = {
    "MEMLAB_ABI_VERSION": 1,
    "MEMLAB_IOC_TYPE": 0xB9,
    "MEMLAB_CMD_INFO": 0,
    "MEMLAB_CMD_ALLOC": 1,
    "MEMLAB_CMD_FREE": 2,
    "MEMLAB_CMD_QUERY": 3,
    "MEMLAB_CMD_LAYOUT": 4,
    "MEMLAB_CMD_READ": 5,
    "MEMLAB_CMD_WRITE": 6,
    "MEMLAB_CMD_FILL": 7,
    "MEMLAB_CMD_CHECK": 8,
    "MEMLAB_CMD_NEXT": 9,
    "MEMLAB_IOC_INFO": INFO,
    "MEMLAB_IOC_ALLOC": ALLOC,
    "MEMLAB_IOC_FREE": FREE,
    "MEMLAB_IOC_QUERY": QUERY,
    "MEMLAB_IOC_LAYOUT": LAYOUT,
    "MEMLAB_IOC_READ": READ,
    "MEMLAB_IOC_WRITE": WRITE,
    "MEMLAB_IOC_FILL": FILL,
    "MEMLAB_IOC_CHECK": CHECK,
    "MEMLAB_IOC_NEXT": NEXT,
    "MEMLAB_ALLOCATOR_KMALLOC": KMALLOC,
    "MEMLAB_ALLOCATOR_VMALLOC": VMALLOC,
    "MEMLAB_BACKING_SLAB": SLAB,
    "MEMLAB_BACKING_LARGE": LARGE,
    "MEMLAB_BACKING_VMALLOC": VMALLOC_BACKING,
    "MEMLAB_ZONE_UNKNOWN": 0,
    "MEMLAB_ZONE_DMA": 1,
    "MEMLAB_ZONE_DMA32": 2,
    "MEMLAB_ZONE_NORMAL": 3,
    "MEMLAB_ZONE_HIGHMEM": 4,
    "MEMLAB_ZONE_MOVABLE": 5,
    "MEMLAB_ZONE_DEVICE": 6,
    "MEMLAB_FEATURE_MMAP": 0x01,
    "MEMLAB_FEATURE_PERSISTENT": 0x02,
    "MEMLAB_FEATURE_NODE": 0x04,
    "MEMLAB_FEATURE_MEMCG": 0x08,
    "MEMLAB_FEATURE_INIT_ON_ALLOC": FEATURE_INIT_ON_ALLOC,
    "MEMLAB_FEATURE_PHYS_VISIBLE": PHYS_VISIBLE,
    "MEMLAB_FEATURE_KADDR_VISIBLE": KADDR_VISIBLE,
    "MEMLAB_ALLOC_ZERO": ZERO,
    "MEMLAB_ALLOC_PERSISTENT": PERSISTENT,
    "MEMLAB_ALLOC_NODE": NODE,
    "MEMLAB_BUFFER_CONTIGUOUS": CONTIGUOUS,
    "MEMLAB_BUFFER_MAPPABLE": MAPPABLE,
    "MEMLAB_BUFFER_PHYS_HIDDEN": PHYS_HIDDEN,
    "MEMLAB_BUFFER_KADDR_HIDDEN": KADDR_HIDDEN,
    "MEMLAB_ALL_RIGHT": ALL_RIGHT,
}


class Info(LittleEndianStructure):
    """struct memlab_info"""

    _fields_ = [
        ("size", U32), ("flags", U32), ("abi_version", U32), ("page_size", U32),
        ("kmalloc_max_size", U64), ("kmalloc_max_cache_size", U64),
        ("kmalloc_minalign", U32), ("max_order", U32),
        ("allocators", U64), ("features", U64), ("total_ram", U64),
        ("max_total_bytes", U64), ("max_user_bytes", U64), ("max_user_buffers", U64),
        ("total_bytes", U64), ("user_bytes", U64), ("user_buffers", U64),
        ("driver_version", U8 * 16),
    ]


class Alloc(LittleEndianStructure):
    """struct memlab_alloc"""

    _fields_ = [
        ("size", U32), ("allocator", U32), ("flags", U32), ("node", S32),
        ("bytes", U64), ("usable", U64), ("map_offset", U64), ("map_length", U64),
        ("id", U32), ("backing", U32),
    ]


class Free(LittleEndianStructure):
    """struct memlab_free"""

    _fields_ = [("size", U32), ("id", U32), ("flags", U32), ("reserved", U32)]


class Query(LittleEndianStructure):
    """struct memlab_query"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("allocator", U32), ("backing", U32),
        ("alloc_flags", U32), ("node", S32), ("owner_uid", U32), ("owner_pid", U32),
        ("mappings", U32), ("bytes", U64), ("usable", U64), ("map_offset", U64),
        ("map_length", U64), ("extent_count", U64), ("largest_extent", U64),
        ("kernel_address", U64), ("kernel_align", U64), ("phys", U64), ("phys_align", U64),
    ]


class Extent(LittleEndianStructure):
    """struct memlab_extent"""

    _fields_ = [("offset", U64), ("phys", U64), ("length", U64), ("node", S32), ("zone", U32)]


class Layout(LittleEndianStructure):
    """struct memlab_layout"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("capacity", U32), ("start", U64),
        ("extents", U64), ("count", U32), ("reserved", U32), ("next", U64),
        ("extent_count", U64),
    ]


class Transfer(LittleEndianStructure):
    """struct memlab_transfer"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("reserved", U32),
        ("offset", U64), ("length", U64), ("data", U64), ("done", U64),
    ]


class Pattern(LittleEndianStructure):
    """struct memlab_pattern"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("reserved", U32),
        ("seed", U64), ("offset", U64), ("length", U64), ("first_wrong", U64),
    ]


class Next(LittleEndianStructure):
    """struct memlab_next"""

    _fields_ = [("size", U32), ("id", U32), ("flags", U32), ("reserved", U32)]


STRUCTS = {
    "memlab_info": Info,
    "memlab_alloc": Alloc,
    "memlab_free": Free,
    "memlab_query": Query,
    "memlab_extent": Extent,
    "memlab_layout": Layout,
    "memlab_transfer": Transfer,
    "memlab_pattern": Pattern,
    "memlab_next": Next,
}

COMMANDS = {
    INFO: Info, ALLOC: Alloc, FREE: Free, QUERY: Query, LAYOUT: Layout,
    READ: Transfer, WRITE: Transfer, FILL: Pattern, CHECK: Pattern, NEXT: Next,
}


def make(kind, **members):
    """A struct of that kind with its size filled in."""
    return kind(**{"size": sizeof(kind), **members})


def members(kind):
    """The names of a struct's members."""
    # pylint: disable=protected-access # that is how ctypes calls it
    return [name for name, _ in kind._fields_]
