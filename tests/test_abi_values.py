# SPDX-License-Identifier: GPL-2.0
"""The ioctl ABI: values without meaning, and who may ask at all."""

import errno

import pytest

import abi
from device import Device
from refusal import refused
from syscalls import O_RDONLY, O_WRONLY
from valid import CHANGING, NAMES, SHOWING, commands, harmless, undo, valid
from valid import ident_fixture  # noqa: F401 # pylint: disable=unused-import

NONE = abi.Reason.NONE
MEANINGLESS = [
    (abi.ALLOC, {"context": 4}, errno.EINVAL, NONE),
    (abi.ALLOC, {"context": 0xFFFFFFFF}, errno.EINVAL, NONE),
    (abi.ALLOC, {"gfp": 1 << 18}, errno.EINVAL, NONE),
    (abi.ALLOC, {"gfp": abi.Gfp.KERNEL | 1 << 63}, errno.EINVAL, NONE),
    (abi.ALLOC, {"gfp": abi.Gfp.KERNEL | abi.Gfp.COMP}, errno.EINVAL, NONE),
    (abi.ALLOC, {"allocator": abi.PAGES, "gfp": abi.Gfp.COMP}, errno.EINVAL, NONE),
    (abi.ALLOC, {"node": 1}, errno.EINVAL, NONE),
    (abi.ALLOC, {"node": -1}, errno.EINVAL, NONE),
    (abi.ALLOC, {"bytes": 0}, errno.EINVAL, NONE),
    (abi.ALLOC, {"bytes": 0, "count": 5}, errno.EINVAL, NONE),
    (abi.ALLOC, {"allocator": 0}, errno.EINVAL, NONE),
    (abi.ALLOC, {"allocator": 7}, errno.EINVAL, NONE),
    (abi.ALLOC, {"cache": "cache"}, errno.EINVAL, NONE),
    (abi.ALLOC, {"allocator": abi.CACHE, "bytes": 0}, errno.ENOENT, NONE),
    (abi.ALLOC, {"allocator": abi.CACHE, "bytes": 0, "cache": 0x7FFFFFFF}, errno.ENOENT, NONE),
    (abi.ALLOC, {"allocator": abi.CACHE, "bytes": 63, "cache": "cache"}, errno.EINVAL,
     abi.Reason.CACHE_SIZE),
    (abi.ALLOC, {"allocator": abi.CACHE, "bytes": 65, "cache": "cache"}, errno.EINVAL,
     abi.Reason.CACHE_SIZE),
    (abi.FREE, {"context": 4}, errno.EINVAL, NONE),
    (abi.FREE, {"context": 0xFFFFFFFF}, errno.EINVAL, NONE),
    (abi.RESIZE, {"bytes": 0}, errno.EINVAL, NONE),
    (abi.RESIZE, {"bytes": 0, "count": 3}, errno.EINVAL, NONE),
    (abi.RESIZE, {"gfp": abi.Gfp.KERNEL | abi.Gfp.COMP}, errno.EINVAL, NONE),
    (abi.RESIZE, {"gfp": 1 << 18}, errno.EINVAL, NONE),
    (abi.RESIZE, {"gfp": abi.Gfp.HIGHUSER}, errno.EINVAL, abi.Reason.GFP_HIGHMEM),
    (abi.RESIZE, {"gfp": abi.Gfp.KERNEL | abi.Gfp.DMA32}, errno.EINVAL, abi.Reason.GFP_DMA32),
    (abi.RESIZE, {"gfp": abi.Gfp.KERNEL | abi.Gfp.USER}, errno.EINVAL, abi.Reason.GFP_BASE),
    (abi.RESIZE, {"gfp": abi.Gfp.KERNEL | abi.Gfp.THISNODE}, errno.EINVAL,
     abi.Reason.GFP_THISNODE),
    (abi.PROBE, {"kind": 0}, errno.EINVAL, None),
    (abi.PROBE, {"kind": 6}, errno.EINVAL, None),
    (abi.PROBE, {"kind": 0xFFFFFFFF}, errno.EINVAL, None),
    (abi.PROBE, {"c": 1}, errno.EINVAL, None),
    (abi.PROBE, {"kind": abi.Probe.STRUCT_SIZE}, errno.EINVAL, None),
    (abi.PROBE, {"kind": abi.Probe.SIZE_ADD, "c": 1}, errno.EINVAL, None),
    (abi.PROBE, {"kind": abi.Probe.KMALLOC_ZERO, "b": 0}, errno.EINVAL, None),
    (abi.BENCH, {"allocator": 0}, errno.EINVAL, NONE),
    (abi.BENCH, {"bytes": 0}, errno.EINVAL, NONE),
    (abi.BENCH, {"bytes": 1 << 62}, errno.ERANGE, NONE),
    (abi.BENCH, {"bytes": 1 << 62, "count": 8}, errno.EOVERFLOW, NONE),
    (abi.BENCH, {"gfp": 1 << 18}, errno.EINVAL, NONE),
    (abi.BENCH, {"gfp": abi.Gfp.HIGHUSER}, errno.EINVAL, abi.Reason.GFP_HIGHMEM),
    (abi.BENCH, {"context": 4}, errno.EINVAL, NONE),
    (abi.BENCH, {"context": abi.Context.ATOMIC}, errno.EOPNOTSUPP, abi.Reason.GFP_SLEEPS),
    (abi.BENCH, {"alloc_flags": abi.PERSISTENT}, errno.EINVAL, NONE),
    (abi.BENCH, {"alloc_flags": abi.DRY_RUN}, errno.EINVAL, NONE),
    (abi.BENCH, {"alloc_flags": abi.NODE, "node": 63}, errno.ENXIO, NONE),
    (abi.BENCH, {"cache": "cache"}, errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": 0}, errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": 7}, errno.EINVAL, NONE),
    (abi.BENCH, {"order": abi.Order.REVERSE}, errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": abi.Bench.BATCH, "objects": 1, "order": 3}, errno.EINVAL, NONE),
    (abi.BENCH, {"objects": 1}, errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": abi.Bench.BATCH}, errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": abi.Bench.BATCH, "objects": abi.BENCH_MAX_OBJECTS + 1},
     errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": abi.Bench.BULK, "objects": abi.BENCH_MAX_BULK + 1},
     errno.EINVAL, NONE),
    (abi.BENCH, {"pattern": abi.Bench.BULK, "objects": 1}, errno.EOPNOTSUPP,
     abi.Reason.PATTERN_ALLOCATOR),
    (abi.BENCH, {"pattern": abi.Bench.GROW, "stride": 8, "allocator": abi.PAGES},
     errno.EOPNOTSUPP, abi.Reason.NO_RESIZE),
    (abi.BENCH, {"pattern": abi.Bench.GROW, "stride": 8, "count": 2}, errno.EOPNOTSUPP,
     abi.Reason.NO_ARRAY),
    (abi.BENCH, {"pattern": abi.Bench.GROW, "stride": 8, "gfp": abi.Gfp.ATOMIC,
                 "context": abi.Context.ATOMIC}, errno.EOPNOTSUPP, abi.Reason.PATTERN_CONTEXT),
    (abi.BENCH, {"pattern": abi.Bench.GROW}, errno.EINVAL, abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"pattern": abi.Bench.GROW, "stride": 65}, errno.EINVAL,
     abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"pattern": abi.Bench.GROW, "stride": 1, "bytes": abi.BENCH_MAX_STEPS},
     errno.EINVAL, abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"pattern": abi.Bench.READ}, errno.EINVAL, abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"pattern": abi.Bench.READ, "stride": 12}, errno.EINVAL,
     abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"pattern": abi.Bench.WRITE, "stride": 8, "bytes": 7}, errno.EINVAL,
     abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"stride": 8}, errno.EINVAL, abi.Reason.PATTERN_SIZE),
    (abi.BENCH, {"pattern": abi.Bench.READ, "stride": 8, "flags": abi.BENCH_EACH},
     errno.EINVAL, abi.Reason.PATTERN_EACH),
    (abi.BENCH, {"operations": 0}, errno.EINVAL, NONE),
    (abi.BENCH, {"results": 0}, errno.EINVAL, NONE),
    (abi.BENCH, {"results": 8}, errno.EFAULT, NONE),
    (abi.BENCH, {"cpus": 8}, errno.EINVAL, NONE),
    (abi.BENCH, {"cpu_count": 1}, errno.EINVAL, NONE),
    (abi.BENCH, {"cpu_count": 1, "cpus": 8}, errno.EFAULT, NONE),
    (abi.BENCH, {"cpu_count": 0xFFFFFFFF, "cpus": 8}, errno.EINVAL, NONE),
    (abi.BENCH, {"histogram": 8}, errno.EINVAL, NONE),
    (abi.BENCH, {"histogram": 8, "flags": abi.BENCH_EACH}, errno.EFAULT, NONE),
    (abi.CACHE_CREATE, {"bytes": 0}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"bytes": abi.CACHE_MAX_BYTES + 1}, errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"bytes": 1 << 32}, errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"bytes": (1 << 64) - 1}, errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"align": 3}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"align": 8192}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"align": 0x80000000}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"user_offset": 1}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"user_bytes": 1}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY}, errno.EINVAL, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY, "user_bytes": 129}, errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY, "user_offset": 1, "user_bytes": 128},
     errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY, "user_offset": 128, "user_bytes": 1},
     errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY, "user_offset": 1 << 32, "user_bytes": 1},
     errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY, "user_offset": 64, "user_bytes": (1 << 64) - 32},
     errno.ERANGE, NONE),
    (abi.CACHE_CREATE, {"flags": abi.USERCOPY, "user_offset": (1 << 64) - 1, "user_bytes": 2},
     errno.ERANGE, NONE),
]


@pytest.mark.parametrize("command, members, wanted, reason", [
    pytest.param(*row, id=f"{NAMES[row[0]][11:]}-{row[1]}") for row in MEANINGLESS])
def test_meaningless(device, ident, command, members, wanted, reason):
    """Each is refused; the reason is written, and nothing else."""
    ids = {"cache": device.cache_ids()[0]}
    argument = valid(device, command, ident)
    for member, value in members.items():
        setattr(argument, member, ids.get(value, value))
    refused(device, command, argument, wanted, reason)


@commands(abi.FREE, abi.QUERY, abi.LAYOUT, abi.READ, abi.WRITE, abi.FILL, abi.CHECK, abi.RESIZE,
          abi.CACHE_DESTROY, abi.CACHE_QUERY)
def test_bad_id(device, ident, command):
    """An id that no buffer, or no cache, has is ENOENT."""
    argument = valid(device, command, ident)
    for wrong in (0, argument.id + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        argument.id = wrong
        refused(device, command, argument, errno.ENOENT)


@commands(*CHANGING)
def test_read_only_device(device, ident, command):
    """What changes something needs the device open for writing."""
    with Device(device.proxy, O_RDONLY) as reader:
        refused(reader, command, valid(reader, command, ident), errno.EACCES)


@commands(*set(abi.COMMANDS) - CHANGING)
def test_read_only_device_looks(device, ident, command):
    """What only looks does not."""
    with Device(device.proxy, O_RDONLY) as reader:
        reader.proxy.ioctl(reader.fd, command, valid(reader, command, ident))


@commands(*SHOWING)
def test_write_only_device(device, ident, command):
    """What shows something needs the device open for reading."""
    with Device(device.proxy, O_WRONLY) as writer:
        refused(writer, command, valid(writer, command, ident), errno.EACCES)


@commands(*set(abi.COMMANDS) - SHOWING)
def test_write_only_device_changes(device, ident, command):
    """What changes something does not."""
    with Device(device.proxy, O_WRONLY) as writer:
        argument = harmless(device, command, ident)
        undo(writer, command, bytes(writer.proxy.ioctl(writer.fd, command, argument)))


@pytest.mark.parametrize("allocator, size", [
    (abi.KMALLOC, 64 << 10), (abi.VMALLOC, 96 << 10), (abi.KVMALLOC, 5 << 20),
    (abi.PAGES, 32 << 10), (abi.PAGES_EXACT, 36 << 10)])
def test_narrow_program(process, allocator, size):
    """A 32-bit program sees the same structs, and maps by the same cookie."""
    wide, narrow = process(), process(bits=32)
    with Device(wide), Device(narrow) as device:
        buffer = device.alloc(allocator, size)
        query = device.query(buffer.id)
        assert (query.bytes, query.map_offset) == (size, buffer.map_offset)
        assert abi.text(query.function) == abi.text(buffer.function)
        assert sum(extent.length for extent in device.layout(buffer.id)) == size
        address = device.map(buffer)
        device.fill(buffer.id, 5)
        assert narrow.peek(address, size) == device.read(buffer.id, 0, size)
        narrow.munmap(address, size)
        device.free(buffer.id)


def test_narrow_program_asks_more(process):
    """So it does for what came later."""
    with Device(process(bits=32)) as device:
        cache = device.create_cache(100, align=32, user=(4, 8))
        query = device.query_cache(cache.id)
        assert (query.bytes, query.align, query.user_offset, query.user_bytes) == (100, 32, 4, 8)
        assert query.name[:] == cache.name[:]
        made = device.alloc(abi.CACHE, 0, cache=cache.id)
        assert device.query(made.id).cache == cache.id
        device.free(made.id)
        device.destroy_cache(cache.id)
        made = device.alloc(abi.KMALLOC, 100)
        device.fill(made.id, 1)
        resized = device.resize(made.id, 3000, count=4)
        assert device.query(made.id).bytes == 12000 and resized.kept == 100
        assert device.query(made.id).map_offset == resized.map_offset
        device.free(made.id)
        assert device.probe(abi.Probe.ARRAY_SIZE, 1 << 40, 1 << 40) == abi.ALL_RIGHT
