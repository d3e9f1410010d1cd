# SPDX-License-Identifier: GPL-2.0
"""What root left in memory is seen by no user, in no part of a buffer, after no change.

On a kernel that clears nothing by itself.
"""

import errno
import struct

import pytest

import abi
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, make
from device import Device
from nlfamily import Family
from pattern import pattern
from proxy import Proxy
from running import until
from syscalls import O_RDWR
from test_mapping import send_pages

PAGE = 4096
MARK = b"ROOT'S SECRET..."
COUNT = 6
SIZES = [(KMALLOC, 100), (KMALLOC, 1500), (KMALLOC, 5000), (KMALLOC, 65000), (VMALLOC, 100),
         (VMALLOC, 65000), (KVMALLOC, 100), (KVMALLOC, 65000), (PAGES, 100), (PAGES, 9000),
         (PAGES_EXACT, 9000)]
GROWTH = [(KMALLOC, (40, 64, 100, 128, 200, 30, 64, 5000, 8192, 4096, 20000, 100, 128, 65536)),
          (KVMALLOC, (100, 128, 5000, 70000, 69000, 70000, 600000, 64))]


@pytest.fixture
def root(careless):
    """The device, opened by root there, who has secrets."""
    return careless


@pytest.fixture
def alice(careless_target):
    """The device, opened by a user there, on the same processor."""
    with Proxy(careless_target, user="alice") as proxy:
        proxy.stay()
        with Device(proxy) as device:
            yield device


def leave(device, *sizes):
    """Root fills memory and frees it."""
    made = [one for allocator, size in sizes
            for one in device.alloc_many(16, allocator, size)]
    device.fill_many(made, 99)
    device.free_many(made)


def whole(allocator, size):
    """A size that fills what the allocator sets aside for another one."""
    if allocator in (KMALLOC, KVMALLOC) and size <= 8192:
        return 1 << (size - 1).bit_length()
    return -(-size // PAGE) * PAGE


def mapped(device, ident):
    """All that a mapping shows, its tail too, and what /proc/PID/mem and a pipe show of it."""
    query, proxy = device.query(ident), device.proxy
    if not query.map_length:
        return b""
    address = device.map(query)
    seen = proxy.peek(address, query.map_length)
    memory = proxy.open("/proc/self/mem", O_RDWR)
    last = query.map_length - PAGE
    for at in (0, last):
        part = proxy.pread(memory, PAGE, address + at)
        assert part == seen[at:at + len(part)]
    proxy.close(memory)
    result, reading = send_pages(proxy, address + last, PAGE)
    if result > 0:
        assert proxy.read(reading, PAGE) == seen[last:]
    else:
        assert result == -errno.EFAULT
    proxy.close(reading)
    proxy.munmap(address, query.map_length)
    return seen


@pytest.mark.usefixtures("reused")
def test_mark_is_there(root):
    """Root's own count of stale bytes finds them; else there would be nothing to see."""
    for allocator, size in SIZES:
        def found(allocator=allocator, size=size):
            leave(root, (allocator, whole(allocator, size)))
            made = root.alloc_many(COUNT, allocator, size, abi.COUNT_STALE)
            root.free_many(made)
            return sum(one.stale for one in made)
        until(found, f"stale bytes in {size} bytes of allocator {allocator}")


@pytest.mark.parametrize("allocator, size", SIZES)
def test_first_sight(root, alice, allocator, size):
    """All of a new buffer is zero: READ, mapping, tail, debugger's way, pipe."""
    leave(root, (allocator, whole(allocator, size)))
    made = alice.alloc_many(COUNT, allocator, size)
    for number, one in enumerate(made):
        if number % 2:
            assert mapped(alice, one.id) == bytes(one.map_length)
        assert alice.read(one.id, 0, size) == bytes(size)
        assert mapped(alice, one.id) == bytes(one.map_length)
    alice.free_many(made)


@pytest.mark.parametrize("allocator, size", SIZES)
def test_partly_written(root, alice, allocator, size):
    """Nor does what was not written show when a part was: by WRITE, FILL or the mapping."""
    for way in ("write", "fill", "map"):
        leave(root, (allocator, whole(allocator, size)))
        one, = alice.alloc_many(1, allocator, size)
        if way == "map" and not one.map_length:
            alice.free(one.id)
            continue
        at = size // 3
        expected = bytearray(max(size, one.map_length))
        if way == "write":
            alice.write(one.id, at, b"mine")
            expected[at:at + 4] = b"mine"
        elif way == "fill":
            alice.fill(one.id, 7, at, 30)
            expected[at:at + 30] = pattern(7, at, 30)
        else:
            address = alice.map(one)
            alice.proxy.poke(address + at, b"mine")
            alice.proxy.munmap(address, one.map_length)
            expected[at:at + 4] = b"mine"
        assert alice.read(one.id, 0, size) == expected[:size]
        assert mapped(alice, one.id) == expected[:one.map_length]
        alice.free(one.id)


@pytest.mark.parametrize("looked", [False, True], ids=["unseen", "seen"])
@pytest.mark.parametrize("allocator, steps", GROWTH, ids=["kmalloc", "kvmalloc"])
def test_resized(root, alice, allocator, steps, looked):
    """After each step up or down: what was kept is kept, all else is zero, to the last byte."""
    ident, size = alice.alloc(allocator, steps[0]).id, steps[0]
    mine = b""
    for number, step in enumerate(steps[1:]):
        if looked:
            alice.fill(ident, number)
            mine = pattern(number, 0, size)
            if alice.query(ident).map_length:
                # what a user leaves in the tail of the page is not the buffer's content
                query = alice.query(ident)
                address = alice.map(query)
                alice.proxy.poke(address + size, b"t" * (query.map_length - size))
                alice.proxy.munmap(address, query.map_length)
        leave(root, (allocator, whole(allocator, step)), (KMALLOC, 4096))
        alice.resize(ident, step)
        expected = mine[:step].ljust(step, b"\0")
        assert alice.read(ident, 0, step) == expected, (size, step)
        length = alice.query(ident).map_length
        tail = mapped(alice, ident)[step:]
        assert not set(tail) - {0, ord("t")} and len(tail) == max(0, length - step)
        if not looked:
            mine = bytes(step)
        size = step
    alice.free(ident)


@pytest.mark.parametrize("allocator, size", SIZES)
def test_check_says_nothing(root, alice, allocator, size):
    """CHECK is no oracle: it compares what the user would read."""
    leave(root, (allocator, whole(allocator, size)))
    for one in alice.alloc_many(COUNT, allocator, size):
        wrong = alice.check(one.id, 99)
        assert wrong == next(at for at, byte in enumerate(pattern(99, 0, size)) if byte)
        alice.free(one.id)


def test_objects(root, alice):
    """Objects of caches: the part that may be read is zero, also beside others' objects."""
    for number in range(4):
        theirs = root.create_cache(200, user=(0, 200)).id
        secrets = root.alloc_many(64, CACHE, 0, cache=theirs)
        root.fill_many(secrets, 99)
        root.free_many(secrets)
        root.destroy_cache(theirs)
        cache = alice.create_cache(200 + number, user=(0, 200)).id
        made = alice.alloc_many(64, CACHE, 0, cache=cache)
        for one in made[::8]:
            assert alice.read(one.id, 0, 200) == bytes(200)
            request = make(abi.Transfer, id=one.id, offset=1, length=200, data=alice.proxy.spare)
            result, _ = alice.proxy.ioctl_raw(alice.fd, abi.READ, bytes(request))
            assert result == -(errno.EOPNOTSUPP if number else errno.ERANGE)
        alice.free_many(made)
        alice.destroy_cache(cache)


def test_refused_count(alice):
    """A user may not even have stale bytes counted."""
    for command, argument in (
            (abi.ALLOC, make(abi.Alloc, allocator=KMALLOC, bytes=64, flags=abi.COUNT_STALE)),
            (abi.RESIZE, make(abi.Resize, id=alice.alloc(KMALLOC, 64).id, bytes=100,
                              flags=abi.RESIZE_COUNT_STALE))):
        result, _ = alice.proxy.ioctl_raw(alice.fd, command, bytes(argument))
        assert result == -errno.EPERM


def test_netlink(root, alice):
    """No message holds what was in the memory that it was made of."""
    def secrets():
        made = [root.alloc(KMALLOC, size) for size in (512, 1024, 4096, 16384, 32768)]
        for one in made:
            root.write(one.id, 0, MARK * (one.usable // len(MARK)))
        root.free_many(made)
    with Family(alice.proxy) as family:
        family.do("listener-add")
        made = alice.alloc_many(50, KMALLOC, 100)
        seen = []
        for name, members in (("buffer-get", {}), ("cache-get", {}),
                              ("extent-get", {"buffer_id": made[0].id})):
            dump = family.start(name, **members)
            while not dump.ended:
                secrets()
                dump.step()
        secrets()
        alice.free_many(made)
        proxy = alice.proxy
        for _ in range(100):
            proxy.poke(proxy.spare, b"\xEE" * 8192)
            got, = proxy.call_many("recvfrom", [(family.socket.fd, proxy.spare, 8192, 0x40, 0, 0)])
            if got < 0:
                break
            seen.append(proxy.peek(proxy.spare, 8192))
            assert seen[-1][got:] == b"\xEE" * (8192 - got)
        assert len(seen) == 50
        assert not any(MARK[:8] in one or MARK[8:] in one for one in seen)
        lengths = {struct.unpack_from("<I", one)[0] for one in seen}
        assert len(lengths) == 1
