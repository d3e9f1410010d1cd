# SPDX-License-Identifier: GPL-2.0
"""LAYOUT and QUERY: extents, whole and in parts."""

import errno
from ctypes import sizeof

import pytest

import abi
import facts
from syscalls import PROT_READ

SIZES = pytest.mark.parametrize("allocator, size", [
    (abi.KMALLOC, 1), (abi.KMALLOC, 24), (abi.KMALLOC, 700), (abi.KMALLOC, 8192),
    (abi.KMALLOC, 100000), (abi.KMALLOC, 4 << 20),
    (abi.VMALLOC, 1), (abi.VMALLOC, 4096), (abi.VMALLOC, 4097), (abi.VMALLOC, 999999),
    (abi.VMALLOC, 8 << 20)])


def in_parts(device, ident, capacity):
    """Extents read so many at a time, and the number of calls."""
    start, calls, found = 0, 0, []
    while True:
        part, extents = device.layout_part(ident, start, capacity)
        assert part.count == len(extents) <= capacity
        assert extents[0].offset == start
        calls += 1
        found += extents
        if not part.next:
            return found, calls
        assert part.count == capacity
        start = part.next


@SIZES
def test_extents(subject, allocator, size):
    """Extents cover the buffer without gap, are disjoint, and QUERY sums them up."""
    one = subject(allocator, size)
    end = 0
    for extent in one.extents:
        assert extent.offset == end and extent.length > 0
        end += extent.length
    assert end == size
    in_memory = sorted((extent.phys, extent.length) for extent in one.extents)
    for (phys, length), (after, _) in zip(in_memory, in_memory[1:]):
        assert phys + length <= after
    for before, after in zip(one.extents, one.extents[1:]):
        assert (before.phys + before.length != after.phys
                or (before.node, before.zone) != (after.node, after.zone))
    query = one.query
    assert query.extent_count == len(one.extents)
    assert query.largest_extent == max(extent.length for extent in one.extents)
    assert query.phys == one.extents[0].phys
    assert query.phys_align == query.phys & -query.phys
    assert query.kernel_align == query.kernel_address & -query.kernel_address
    assert query.flags == (abi.CONTIGUOUS if len(one.extents) == 1 else 0) | (
        abi.MAPPABLE if query.map_length else 0)
    assert (query.allocator, query.bytes) == (allocator, size)
    assert query.usable == one.buffer.usable >= size
    assert (query.map_offset, query.map_length) == (one.buffer.map_offset, one.buffer.map_length)
    assert query.backing == one.buffer.backing


@SIZES
def test_zones(target, subject, device, allocator, size):
    """Every extent lies in the zone and node that its address says."""
    zones = facts.zones(target)
    for extent in subject(allocator, size).extents:
        end = extent.phys + extent.length
        names = [name for name, places in zones.items()
                 if any(first <= extent.phys and end <= last for first, last in places)]
        assert [extent.zone] == [abi.CONSTANTS[f"MEMLAB_ZONE_{name.upper()}"] for name in names]
        assert extent.node >= 0
    assert device.info().total_ram > size


@pytest.mark.parametrize("capacity", [1, 2, 7, 1000])
def test_parts(device, scattered, capacity):
    """Read in parts, the layout is the same."""
    one = scattered(3 << 20)
    found, calls = in_parts(device, one.buffer.id, capacity)
    assert found == one.extents
    assert calls == -(-len(found) // capacity)


def test_middle(device, scattered):
    """Started within an extent, its rest is reported."""
    one = scattered(3 << 20)
    for number in (0, 3, len(one.extents) - 1):
        extent = one.extents[number]
        for skip in (1, 17, extent.length - 1):
            part, rest = device.layout_part(one.buffer.id, extent.offset + skip, 8192)
            assert rest[0].offset == extent.offset + skip
            assert rest[0].phys == extent.phys + skip
            assert rest[0].length == extent.length - skip
            assert rest[1:] == one.extents[number + 1:]
            assert part.extent_count == len(one.extents) and part.next == 0


def test_middle_contiguous(subject, device):
    """The same for a single extent that does not begin at a page."""
    one = subject(abi.KMALLOC, 700)
    for skip in range(0, 700, 99):
        part, rest = device.layout_part(one.buffer.id, skip, 1)
        assert (rest[0].phys, rest[0].length) == (one.query.phys + skip, 700 - skip)
        assert part.flags & abi.CONTIGUOUS


def test_no_capacity(subject, device):
    """Without room the count is told, and nothing is written."""
    one = subject(abi.VMALLOC, 1 << 20)
    for start in (0, 5000):
        part, extents = device.layout_part(one.buffer.id, start, 0, address=0)
        assert not extents and part.extent_count == len(one.extents)
        assert part.next == start


def test_room_is_respected(subject, device):
    """Not a byte is written behind the extents that are counted."""
    one = subject(abi.VMALLOC, 1 << 20)
    proxy, size = device.proxy, sizeof(abi.Extent)
    for capacity in (1, len(one.extents), len(one.extents) + 5):
        proxy.poke(proxy.spare, b"\xEE" * size * (capacity + 1))
        part, _ = device.layout_part(one.buffer.id, 0, capacity)
        assert part.count == min(capacity, len(one.extents))
        rest = size * (capacity + 1 - part.count)
        assert proxy.peek(proxy.spare + size * part.count, rest) == b"\xEE" * rest


@pytest.mark.parametrize("start", [4096, 4097, 1 << 63, (1 << 64) - 1])
def test_start_outside(subject, device, start):
    """A start that is not in the buffer is ERANGE."""
    one = subject(abi.VMALLOC, 4096)
    with pytest.raises(OSError) as caught:
        device.layout_part(one.buffer.id, start, 1)
    assert caught.value.errno == errno.ERANGE


@pytest.mark.parametrize("address", [0, 0x10000, 0xFFFF888000000000])
def test_bad_array(subject, device, address):
    """An array that is nowhere is EFAULT."""
    one = subject(abi.VMALLOC, 4096)
    with pytest.raises(OSError) as caught:
        device.layout_part(one.buffer.id, 0, 1, address)
    assert caught.value.errno == errno.EFAULT


def test_read_only_array(subject, device):
    """So is one that cannot be written."""
    one = subject(abi.VMALLOC, 4096)
    area = device.proxy.mmap(4096, prot=PROT_READ)
    with pytest.raises(OSError) as caught:
        device.layout_part(one.buffer.id, 0, 1, area)
    device.proxy.munmap(area, 4096)
    assert caught.value.errno == errno.EFAULT


def test_huge_capacity(subject, device):
    """A capacity far above what is there does no harm."""
    one = subject(abi.VMALLOC, 65536)
    _, extents = device.layout_part(one.buffer.id, 0, 0xFFFFFFFF)
    assert extents == one.extents
