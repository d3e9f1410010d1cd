# SPDX-License-Identifier: GPL-2.0
"""Mappings of each kind of memory: what they show, and who may hold on to their pages."""

import errno

import pytest

import abi
from abi import KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Context, make
from pattern import pattern
from refusal import error_of, refused
from test_mapping import read_as_another, send_pages

PAGE, MIB = 4096, 1 << 20
# pages that a user may pin are single ones; a block of them goes back as one
PINNED = ((PAGES, PAGE), (PAGES_EXACT, PAGE), (PAGES_EXACT, 5 * PAGE), (VMALLOC, 5 * PAGE),
          (KVMALLOC, 4 * MIB + 1))
NOT_PINNED = ((PAGES, 2 * PAGE), (PAGES, 5 * PAGE), (KVMALLOC, 2 * PAGE), (KVMALLOC, 5 * PAGE),
              (KMALLOC, 5 * PAGE))
BOTH = PINNED + NOT_PINNED


@pytest.mark.parametrize("allocator, size", BOTH + ((PAGES, 100), (PAGES_EXACT, 5000)))
@pytest.mark.parametrize("flags", [0, abi.ZERO])
def test_content(device, allocator, size, flags):
    """Zero at first, to the end of the last page; then what FILL wrote, page by page."""
    made = device.alloc(allocator, size, flags)
    assert made.map_length == -(-size // PAGE) * PAGE
    address, proxy = device.map(made), device.proxy
    for at in (0, made.map_length - PAGE):
        assert proxy.peek(address + at, PAGE) == bytes(PAGE)
    device.fill(made.id, 1)
    for at in (0, max(0, size - PAGE)):
        assert proxy.peek(address + at, min(size, PAGE)) == pattern(1, at, min(size, PAGE))
    proxy.poke(address + size - 1, b"\xA5")
    assert device.read(made.id, size - 1, 1) == b"\xA5"
    assert error_of(device.free, made.id) == "EBUSY"
    proxy.munmap(address, made.map_length)
    device.free(made.id)


@pytest.mark.parametrize("allocator, size", [kind for kind in BOTH if kind[1] > 2 * PAGE])
def test_cut(device, allocator, size):
    """Cut in two by munmap(), each part still shows its pages; both are counted."""
    made = device.alloc(allocator, size)
    device.fill(made.id, 1)
    address, proxy = device.map(made), device.proxy
    proxy.munmap(address + PAGE, PAGE)
    assert device.query(made.id).mappings == 2
    assert proxy.peek(address, PAGE) == pattern(1, 0, PAGE)
    assert proxy.peek(address + 2 * PAGE, PAGE) == pattern(1, 2 * PAGE, PAGE)
    proxy.munmap(address, made.map_length)
    assert device.query(made.id).mappings == 0
    device.free(made.id)


@pytest.mark.parametrize("allocator, size", NOT_PINNED)
def test_not_pinned(device, allocator, size):
    """Pages that go back as a block, or to kmalloc(), are never pinned."""
    made = device.alloc(allocator, size)
    device.fill(made.id, 1)
    proxy, address = device.proxy, device.map(made)
    result, reading = send_pages(proxy, address, PAGE)
    proxy.close(reading)
    assert result == -errno.EFAULT
    assert error_of(read_as_another, proxy, address, PAGE) == "EFAULT"
    proxy.munmap(address, made.map_length)
    device.free(made.id)


@pytest.mark.parametrize("allocator, size", PINNED)
def test_pinned(device, allocator, size):
    """Single pages can be pinned, and one that is outlives its buffer."""
    made = device.alloc(allocator, size)
    device.fill(made.id, 3)
    proxy, address = device.proxy, device.map(made)
    result, reading = send_pages(proxy, address, PAGE)
    assert result == PAGE
    proxy.munmap(address, made.map_length)
    held = device.layout(made.id)[0].phys
    device.free(made.id)
    others = device.alloc_many(50, PAGES, PAGE) + device.alloc_many(20, VMALLOC, 5 * PAGE)
    device.fill_many(others, 4)
    assert held not in {extent.phys + at for other in others for extent in device.layout(other.id)
                        for at in range(0, extent.length, PAGE)}
    assert proxy.read(reading, PAGE) == pattern(3, 0, PAGE)
    proxy.close(reading)
    device.free_many(others)


@pytest.mark.parametrize("context", [Context.SOFTIRQ, Context.HARDIRQ], ids=lambda c: c.name)
def test_pinned_in_interrupt(device, context):
    """vfree() keeps its list in the first page, in an interrupt: not while somebody holds it."""
    made = device.alloc(VMALLOC, 5 * PAGE)
    device.fill(made.id, 3)
    proxy, address = device.proxy, device.map(made)
    result, reading = send_pages(proxy, address, PAGE)
    assert result == PAGE
    proxy.munmap(address, made.map_length)
    refused(device, abi.FREE, make(abi.Free, id=made.id, context=context), errno.EBUSY,
            abi.Reason.NONE)
    assert proxy.read(reading, PAGE) == pattern(3, 0, PAGE)
    proxy.close(reading)
    assert device.free(made.id, context=context).seen
