# SPDX-License-Identifier: GPL-2.0
"""A mapping split, moved, protected, forked: the count follows, the bytes stay."""

import errno

import pytest

import abi
from device import Device
from frames import Fault
from pattern import pattern
from refusal import error_of
from syscalls import (
    MADV_DONTFORK, MADV_DONTNEED, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_NONE,
    PROT_READ, PROT_WRITE, SIGSEGV,
)

PAGE = 4096
PAGES = 8


@pytest.fixture(params=[abi.KMALLOC, abi.VMALLOC], ids=["kmalloc", "vmalloc"])
def buffer(request, device):
    """A buffer of eight pages that holds the pattern of seed 1; the test unmaps it."""
    made = device.alloc(request.param, PAGES * PAGE)
    device.fill(made.id, 1)
    yield made
    assert device.query(made.id).mappings == 0
    device.free(made.id)


def test_free_while_mapped(device, buffer):
    """EBUSY, and nothing happened; after munmap it works."""
    address = device.map(buffer)
    assert error_of(device.free, buffer.id) == "EBUSY"
    assert device.check(buffer.id, 1) == abi.ALL_RIGHT
    assert device.proxy.peek(address, 64) == pattern(1, 0, 64)
    device.proxy.munmap(address, buffer.map_length)


@pytest.mark.parametrize("order", ["0 1 7", "7 0 1", "3 0 7", "7 6 0", "4 3 5"])
def test_partial_munmap(device, buffer, order):
    """Any part can go first; the count follows, and the rest stays right."""
    proxy, address = device.proxy, device.map(buffer)
    left = set(range(PAGES))
    for page in map(int, order.split()):
        proxy.munmap(address + page * PAGE, PAGE)
        left.remove(page)
        runs = sum(1 for at in left if at - 1 not in left)
        assert device.query(buffer.id).mappings == runs
        assert error_of(device.free, buffer.id) == "EBUSY"
        for at in sorted(left):
            assert proxy.peek(address + at * PAGE, PAGE) == pattern(1, at * PAGE, PAGE)
        with pytest.raises(Fault):
            proxy.peek(address + page * PAGE, 1)
    proxy.munmap(address, buffer.map_length)


def test_mprotect(device, buffer):
    """A part made read-only splits the mapping; its bytes stay, writes fault."""
    proxy, address = device.proxy, device.map(buffer)
    proxy.call("mprotect", address + PAGE, 2 * PAGE, PROT_READ)
    assert device.query(buffer.id).mappings == 3
    assert proxy.peek(address, PAGES * PAGE) == pattern(1, 0, PAGES * PAGE)
    with pytest.raises(Fault):
        proxy.poke(address + PAGE, b"x")
    proxy.call("mprotect", address + PAGE, 2 * PAGE, PROT_NONE)
    with pytest.raises(Fault):
        proxy.peek(address + PAGE, 1)
    proxy.call("mprotect", address, PAGES * PAGE, PROT_READ | PROT_WRITE)
    proxy.poke(address + PAGE, b"x")
    assert device.read(buffer.id, PAGE, 1) == b"x"
    proxy.munmap(address, buffer.map_length)


def test_mremap_move(device, buffer):
    """A moved mapping is still one mapping, and shows the same bytes."""
    proxy, address = device.proxy, device.map(buffer)
    room = proxy.mmap(buffer.map_length)
    proxy.peek(address, PAGE)
    moved = proxy.call("mremap", address, buffer.map_length, buffer.map_length,
                       MREMAP_MAYMOVE | MREMAP_FIXED, room)
    assert moved == room
    assert device.query(buffer.id).mappings == 1
    assert proxy.peek(moved, PAGES * PAGE) == pattern(1, 0, PAGES * PAGE)
    with pytest.raises(Fault):
        proxy.peek(address, 1)
    proxy.munmap(moved, buffer.map_length)


def test_mremap_shrink(device, buffer):
    """A shrunk mapping shows the front."""
    proxy, address = device.proxy, device.map(buffer)
    proxy.call("mremap", address, buffer.map_length, 2 * PAGE, 0)
    assert device.query(buffer.id).mappings == 1
    assert proxy.peek(address, 2 * PAGE) == pattern(1, 0, 2 * PAGE)
    with pytest.raises(Fault):
        proxy.peek(address + 2 * PAGE, 1)
    proxy.munmap(address, 2 * PAGE)


@pytest.mark.parametrize("flags, old, new", [
    (0, 1, 2), (0, 1, PAGES + 1), (MREMAP_MAYMOVE, 1, 2), (MREMAP_MAYMOVE, 2, PAGES),
    (MREMAP_MAYMOVE, 2, 2 * PAGES), (MREMAP_MAYMOVE, 0, 2),
    (MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 2, 2)])
def test_mremap_refused(device, buffer, flags, old, new):
    """A mapping cannot grow, within its buffer or beyond, be doubled or leave itself behind."""
    proxy = device.proxy
    address = device.map(buffer, length=2 * PAGE)
    with pytest.raises(OSError):
        proxy.call("mremap", address, old * PAGE, new * PAGE, flags, 0)
    assert proxy.peek(address, 2 * PAGE) == pattern(1, 0, 2 * PAGE)
    proxy.munmap(address, 2 * PAGE)


def test_dontneed(device, buffer):
    """Pages dropped from the mapping come back with the right bytes."""
    proxy, address = device.proxy, device.map(buffer)
    assert proxy.peek(address, PAGES * PAGE) == pattern(1, 0, PAGES * PAGE)
    proxy.poke(address + 9, b"kept")
    # a special mapping (VM_IO) may refuse; either way nothing is lost
    result, = proxy.call_many("madvise", [(address, buffer.map_length, MADV_DONTNEED)])
    assert result in (0, -errno.EINVAL)
    assert proxy.peek(address + 9, 4) == b"kept"
    assert proxy.peek(address + 13, PAGES * PAGE - 13) == pattern(1, 13, PAGES * PAGE - 13)
    proxy.munmap(address, buffer.map_length)


def test_fork_shares(device, process, buffer):
    """Parent and child see each other's writes."""
    proxy = process()
    with Device(proxy) as own:
        address = own.map(buffer)
        child = proxy.fork()
        child.poke(address + 5000, b"child")
        proxy.poke(address + 100, b"parent")
        assert proxy.peek(address + 5000, 5) == b"child"
        assert child.peek(address + 100, 6) == b"parent"
        assert device.read(buffer.id, 5000, 5) == b"child"
        child.kill()
        proxy.munmap(address, buffer.map_length)


def test_dontfork(device, process, buffer):
    """MADV_DONTFORK keeps the mapping from the child."""
    proxy = process()
    with Device(proxy) as own:
        address = own.map(buffer)
        proxy.call("madvise", address, buffer.map_length, MADV_DONTFORK)
        child = proxy.fork()
        assert device.query(buffer.id).mappings == 1
        with pytest.raises(Fault) as caught:
            child.peek(address, 1)
        assert caught.value.signal == SIGSEGV
        child.kill()
        proxy.munmap(address, buffer.map_length)
