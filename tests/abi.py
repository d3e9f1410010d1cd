# SPDX-License-Identifier: GPL-2.0
"""The ioctl ABI of /dev/memlab, written down a second time.

Nothing here is generated from the header: test_header.py compares the two.
"""

from ctypes import LittleEndianStructure, c_int32, c_uint8, c_uint32, c_uint64, sizeof
from enum import IntEnum, IntFlag

U8, U32, S32, U64 = c_uint8, c_uint32, c_int32, c_uint64
NAME = U8 * 32

INFO, ALLOC, FREE, QUERY, LAYOUT, READ, WRITE, FILL, CHECK, NEXT = range(0xB900, 0xB90A)
RESIZE, PROBE, CACHE_CREATE, CACHE_DESTROY, CACHE_QUERY, CACHE_NEXT, BENCH = range(
    0xB90A, 0xB911)
KMALLOC, VMALLOC, KVMALLOC, PAGES, PAGES_EXACT, CACHE = range(1, 7)
SLAB, LARGE, VMALLOC_BACKING, PAGES_BACKING, SPLIT = range(1, 6)
ZERO, PERSISTENT, NODE, COUNT_STALE, DRY_RUN = 1, 2, 4, 8, 16
KVFREE = 1
RESIZE_ZERO, RESIZE_COUNT_STALE, MOVED = 1, 2, 4
CACHE_PERSISTENT, NO_MERGE, HWCACHE_ALIGN, USERCOPY = 1, 2, 4, 8
CONTIGUOUS, MAPPABLE, PHYS_HIDDEN, KADDR_HIDDEN = 1, 2, 4, 8
ALL_RIGHT = 0xFFFFFFFFFFFFFFFF
CACHE_MAX_BYTES = 131072
PROBE_STRUCT_BYTES, PROBE_ELEMENT_BYTES = 16, 24
BENCH_EACH = 1
BENCH_MAX_OBJECTS, BENCH_MAX_BULK, BENCH_MAX_STEPS = 65536, 4096, 65536
BENCH_SUBBUCKETS, BENCH_BUCKETS = 32, 1184

FEATURE_INIT_ON_ALLOC, PHYS_VISIBLE, KADDR_VISIBLE = 0x10, 0x20, 0x40
FEATURE_VMALLOC_NOWAIT, FEATURE_NO_MERGE, FEATURE_ATOMIC_SLEEP = 0x80, 0x100, 0x200
FEATURE_SLEEP_IN_ATOMIC, FEATURE_HARDENED_USERCOPY = 0x400, 0x800
FEATURE_PREEMPT_COUNT = 0x1000


class Context(IntEnum):
    """enum memlab_context"""

    PROCESS = 0
    ATOMIC = 1
    SOFTIRQ = 2
    HARDIRQ = 3


class Seen(IntFlag):
    """MEMLAB_SEEN_*"""

    TASK = 1
    SOFTIRQ = 2
    HARDIRQ = 4
    IRQS_OFF = 8
    LOCKED = 16


class Gfp(IntFlag):
    """MEMLAB_GFP_*"""

    KERNEL = 0x1
    NOWAIT = 0x2
    ATOMIC = 0x4
    USER = 0x8
    HIGHUSER = 0x10
    DMA = 0x20
    DMA32 = 0x40
    ZERO = 0x80
    HIGH = 0x100
    NOFAIL = 0x200
    NORETRY = 0x400
    RETRY_MAYFAIL = 0x800
    NOWARN = 0x1000
    ACCOUNT = 0x2000
    THISNODE = 0x4000
    WARN = 0x8000
    NO_ACCOUNT = 0x10000
    COMP = 0x20000


class Reason(IntEnum):
    """enum memlab_reason"""

    NONE = 0
    GFP_BASE = 1
    GFP_ZONE = 2
    GFP_RETRY = 3
    GFP_WARN = 4
    GFP_ACCOUNT = 5
    GFP_THISNODE = 6
    GFP_HIGHMEM = 7
    GFP_DMA32 = 8
    GFP_NODE = 9
    NOFAIL_NOWAIT = 10
    NOFAIL_ZONE = 11
    NOFAIL_SIZE = 12
    WARN_SIZE = 13
    VMALLOC_SLEEPS = 14
    GFP_SLEEPS = 15
    FREE_SLEEPS = 16
    CONTEXT_SIZE = 17
    CONTEXT_KERNEL = 18
    ADMIN_RESERVES = 19
    ADMIN_DMA = 20
    ADMIN_NOFAIL = 21
    ADMIN_WARN = 22
    ADMIN_UNCHARGED = 23
    ADMIN_STALE = 24
    NO_ARRAY = 25
    NO_NODE = 26
    CACHE_SIZE = 27
    NO_KVFREE = 28
    NO_RESIZE = 29
    NO_MERGE = 30
    GFP_DMA = 31
    GFP_MAYFAIL = 32
    PATTERN_ALLOCATOR = 33
    PATTERN_CONTEXT = 34
    PATTERN_EACH = 35
    PATTERN_SIZE = 36


class Probe(IntEnum):
    """enum memlab_probe_kind"""

    ARRAY_SIZE = 1
    ARRAY3_SIZE = 2
    STRUCT_SIZE = 3
    SIZE_ADD = 4
    KMALLOC_ZERO = 5


class Bench(IntEnum):
    """enum memlab_bench_pattern"""

    PAIR = 1
    BATCH = 2
    BULK = 3
    GROW = 4
    READ = 5
    WRITE = 6


class Order(IntEnum):
    """enum memlab_bench_order"""

    SAME = 0
    REVERSE = 1
    SHUFFLED = 2


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
    "MEMLAB_CMD_RESIZE": 10,
    "MEMLAB_CMD_PROBE": 11,
    "MEMLAB_CMD_CACHE_CREATE": 12,
    "MEMLAB_CMD_CACHE_DESTROY": 13,
    "MEMLAB_CMD_CACHE_QUERY": 14,
    "MEMLAB_CMD_CACHE_NEXT": 15,
    "MEMLAB_CMD_BENCH": 16,
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
    "MEMLAB_IOC_RESIZE": RESIZE,
    "MEMLAB_IOC_PROBE": PROBE,
    "MEMLAB_IOC_CACHE_CREATE": CACHE_CREATE,
    "MEMLAB_IOC_CACHE_DESTROY": CACHE_DESTROY,
    "MEMLAB_IOC_CACHE_QUERY": CACHE_QUERY,
    "MEMLAB_IOC_CACHE_NEXT": CACHE_NEXT,
    "MEMLAB_IOC_BENCH": BENCH,
    "MEMLAB_ALLOCATOR_KMALLOC": KMALLOC,
    "MEMLAB_ALLOCATOR_VMALLOC": VMALLOC,
    "MEMLAB_ALLOCATOR_KVMALLOC": KVMALLOC,
    "MEMLAB_ALLOCATOR_PAGES": PAGES,
    "MEMLAB_ALLOCATOR_PAGES_EXACT": PAGES_EXACT,
    "MEMLAB_ALLOCATOR_CACHE": CACHE,
    "MEMLAB_BACKING_SLAB": SLAB,
    "MEMLAB_BACKING_LARGE": LARGE,
    "MEMLAB_BACKING_VMALLOC": VMALLOC_BACKING,
    "MEMLAB_BACKING_PAGES": PAGES_BACKING,
    "MEMLAB_BACKING_SPLIT": SPLIT,
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
    "MEMLAB_FEATURE_VMALLOC_NOWAIT": FEATURE_VMALLOC_NOWAIT,
    "MEMLAB_FEATURE_NO_MERGE": FEATURE_NO_MERGE,
    "MEMLAB_FEATURE_ATOMIC_SLEEP": FEATURE_ATOMIC_SLEEP,
    "MEMLAB_FEATURE_SLEEP_IN_ATOMIC": FEATURE_SLEEP_IN_ATOMIC,
    "MEMLAB_FEATURE_HARDENED_USERCOPY": FEATURE_HARDENED_USERCOPY,
    "MEMLAB_FEATURE_PREEMPT_COUNT": FEATURE_PREEMPT_COUNT,
    "MEMLAB_ALLOC_ZERO": ZERO,
    "MEMLAB_ALLOC_PERSISTENT": PERSISTENT,
    "MEMLAB_ALLOC_NODE": NODE,
    "MEMLAB_ALLOC_COUNT_STALE": COUNT_STALE,
    "MEMLAB_ALLOC_DRY_RUN": DRY_RUN,
    "MEMLAB_NAME_SIZE": sizeof(NAME),
    "MEMLAB_FREE_KVFREE": KVFREE,
    "MEMLAB_BUFFER_CONTIGUOUS": CONTIGUOUS,
    "MEMLAB_BUFFER_MAPPABLE": MAPPABLE,
    "MEMLAB_BUFFER_PHYS_HIDDEN": PHYS_HIDDEN,
    "MEMLAB_BUFFER_KADDR_HIDDEN": KADDR_HIDDEN,
    "MEMLAB_ALL_RIGHT": ALL_RIGHT,
    "MEMLAB_NOT_COUNTED": ALL_RIGHT,
    "MEMLAB_RESIZE_ZERO": RESIZE_ZERO,
    "MEMLAB_RESIZE_COUNT_STALE": RESIZE_COUNT_STALE,
    "MEMLAB_RESIZE_MOVED": MOVED,
    "MEMLAB_PROBE_STRUCT_BYTES": PROBE_STRUCT_BYTES,
    "MEMLAB_PROBE_ELEMENT_BYTES": PROBE_ELEMENT_BYTES,
    "MEMLAB_CACHE_PERSISTENT": CACHE_PERSISTENT,
    "MEMLAB_CACHE_NO_MERGE": NO_MERGE,
    "MEMLAB_CACHE_HWCACHE_ALIGN": HWCACHE_ALIGN,
    "MEMLAB_CACHE_USERCOPY": USERCOPY,
    "MEMLAB_CACHE_MAX_BYTES": CACHE_MAX_BYTES,
    "MEMLAB_BENCH_EACH": BENCH_EACH,
    "MEMLAB_BENCH_MAX_OBJECTS": BENCH_MAX_OBJECTS,
    "MEMLAB_BENCH_MAX_BULK": BENCH_MAX_BULK,
    "MEMLAB_BENCH_MAX_STEPS": BENCH_MAX_STEPS,
    "MEMLAB_BENCH_SUBBUCKETS": BENCH_SUBBUCKETS,
    "MEMLAB_BENCH_BUCKETS": BENCH_BUCKETS,
    **{f"MEMLAB_CONTEXT_{one.name}": one.value for one in Context},
    **{f"MEMLAB_SEEN_{one.name}": one.value for one in Seen},
    **{f"MEMLAB_GFP_{one.name}": one.value for one in Gfp},
    **{f"MEMLAB_REASON_{one.name}": one.value for one in Reason},
    **{f"MEMLAB_PROBE_{one.name}": one.value for one in Probe},
    **{f"MEMLAB_BENCH_{one.name}": one.value for one in (*Bench, *Order)},
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
        ("gfp", U64), ("resizable", U64), ("contexts", U32), ("reserved", U32),
        ("max_user_caches", U64), ("user_caches", U64),
    ]


class Alloc(LittleEndianStructure):
    """struct memlab_alloc"""

    _fields_ = [
        ("size", U32), ("allocator", U32), ("flags", U32), ("node", S32),
        ("bytes", U64), ("usable", U64), ("map_offset", U64), ("map_length", U64),
        ("id", U32), ("backing", U32),
        ("gfp", U64), ("count", U64), ("context", U32), ("cache", U32), ("reason", U32),
        ("seen", U32), ("preempt_count", U32), ("reserved", U32), ("gfp_used", U64),
        ("stale", U64), ("nanoseconds", U64), ("function", NAME),
    ]


class Free(LittleEndianStructure):
    """struct memlab_free"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("reserved", U32),
        ("context", U32), ("reason", U32), ("seen", U32), ("preempt_count", U32),
        ("nanoseconds", U64), ("function", NAME),
    ]


class Query(LittleEndianStructure):
    """struct memlab_query"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("allocator", U32), ("backing", U32),
        ("alloc_flags", U32), ("node", S32), ("owner_uid", U32), ("owner_pid", U32),
        ("mappings", U32), ("bytes", U64), ("usable", U64), ("map_offset", U64),
        ("map_length", U64), ("extent_count", U64), ("largest_extent", U64),
        ("kernel_address", U64), ("kernel_align", U64), ("phys", U64), ("phys_align", U64),
        ("gfp", U64), ("gfp_used", U64), ("count", U64), ("element_bytes", U64),
        ("context", U32), ("cache", U32), ("seen", U32), ("preempt_count", U32),
        ("resizes", U32), ("reserved", U32), ("function", NAME), ("cache_name", NAME),
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


class Resize(LittleEndianStructure):
    """struct memlab_resize"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("reason", U32),
        ("gfp", U64), ("bytes", U64), ("count", U64), ("kept", U64), ("usable", U64),
        ("map_offset", U64), ("map_length", U64), ("gfp_used", U64), ("stale", U64),
        ("nanoseconds", U64), ("backing", U32), ("reserved", U32), ("function", NAME),
    ]


class ProbeArgument(LittleEndianStructure):
    """struct memlab_probe"""

    _fields_ = [
        ("size", U32), ("kind", U32), ("flags", U32), ("reserved", U32),
        ("a", U64), ("b", U64), ("c", U64), ("result", U64),
    ]


class CacheCreate(LittleEndianStructure):
    """struct memlab_cache_create"""

    _fields_ = [
        ("size", U32), ("flags", U32), ("bytes", U64), ("align", U32), ("id", U32),
        ("user_offset", U64), ("user_bytes", U64), ("reason", U32), ("reserved", U32),
        ("name", NAME), ("function", NAME),
    ]


class CacheDestroy(LittleEndianStructure):
    """struct memlab_cache_destroy"""

    _fields_ = [("size", U32), ("id", U32), ("flags", U32), ("reserved", U32)]


class CacheQuery(LittleEndianStructure):
    """struct memlab_cache_query"""

    _fields_ = [
        ("size", U32), ("id", U32), ("flags", U32), ("align", U32), ("bytes", U64),
        ("user_offset", U64), ("user_bytes", U64), ("objects", U64),
        ("owner_uid", U32), ("owner_pid", U32), ("name", NAME), ("function", NAME),
    ]


class BenchResult(LittleEndianStructure):
    """struct memlab_bench_result"""

    _fields_ = [
        ("cpu", U32), ("seen", U32), ("operations", U64), ("failures", U64),
        ("nanoseconds", U64), ("free_nanoseconds", U64), ("longest", U64),
        ("longest_free", U64), ("elapsed", U64),
    ]


class BenchArgument(LittleEndianStructure):
    """struct memlab_bench"""

    _fields_ = [
        ("size", U32), ("flags", U32), ("allocator", U32), ("alloc_flags", U32), ("node", S32),
        ("context", U32), ("cache", U32), ("reason", U32), ("gfp", U64), ("bytes", U64),
        ("count", U64), ("pattern", U32), ("order", U32), ("objects", U32), ("cpu_count", U32),
        ("stride", U64), ("operations", U64), ("nanoseconds", U64), ("cpus", U64),
        ("results", U64), ("histogram", U64), ("gfp_used", U64), ("timer", U64),
        ("function", NAME), ("free_function", NAME),
    ]


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
    "memlab_resize": Resize,
    "memlab_probe": ProbeArgument,
    "memlab_cache_create": CacheCreate,
    "memlab_cache_destroy": CacheDestroy,
    "memlab_cache_query": CacheQuery,
    "memlab_bench_result": BenchResult,
    "memlab_bench": BenchArgument,
}

COMMANDS = {
    INFO: Info, ALLOC: Alloc, FREE: Free, QUERY: Query, LAYOUT: Layout,
    READ: Transfer, WRITE: Transfer, FILL: Pattern, CHECK: Pattern, NEXT: Next,
    RESIZE: Resize, PROBE: ProbeArgument, CACHE_CREATE: CacheCreate,
    CACHE_DESTROY: CacheDestroy, CACHE_QUERY: CacheQuery, CACHE_NEXT: Next,
    BENCH: BenchArgument,
}

# The last member that the first version of a struct had, where it has grown since.
FIRST_VERSION = {Info: "driver_version", Alloc: "backing", Free: "reserved", Query: "phys_align"}


def make(structure, **members):
    """A struct of that type with its size filled in."""
    return structure(**{"size": sizeof(structure), **members})


def members(kind):
    """The names of a struct's members."""
    # pylint: disable=protected-access # that is how ctypes calls it
    return [name for name, _ in kind._fields_]


def first_size(kind):
    """sizeof() of a struct as the first version of the ABI had it."""
    if kind not in FIRST_VERSION:
        return sizeof(kind)
    last = getattr(kind, FIRST_VERSION[kind])
    return last.offset + last.size


def text(name):
    """A NUL-terminated name as a string."""
    data = bytes(name)
    if 0 not in data or any(data[data.index(0):]):
        raise AssertionError(f"not terminated, or garbage after it: {data!r}")
    return data[:data.index(0)].decode("ascii")
