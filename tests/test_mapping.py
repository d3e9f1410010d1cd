# SPDX-License-Identifier: GPL-2.0
"""mmap: what can be mapped, what a mapping shows, and what may hold on to it."""

import errno

import pytest

import abi
from device import Device
from pattern import pattern
from frames import Fault
from refusal import error_of
from syscalls import (
    MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, PROT_EXEC,
    PROT_READ, PROT_WRITE, READ_IMPLIES_EXEC,
)

PAGE = 4096
PAGES = 8
FILE = "/root/memlab-test"
READ_WRITE = PROT_READ | PROT_WRITE


@pytest.fixture(params=[abi.KMALLOC, abi.VMALLOC], ids=["kmalloc", "vmalloc"])
def buffer(request, device):
    """A buffer of eight pages that holds the pattern of seed 1."""
    made = device.alloc(request.param, PAGES * PAGE)
    device.fill(made.id, 1)
    yield made
    device.free(made.id)


@pytest.mark.parametrize("allocator, size, pages", [
    (abi.KMALLOC, 1, 0), (abi.KMALLOC, 2048, 0), (abi.KMALLOC, 4096, 1), (abi.KMALLOC, 5000, 2),
    (abi.KMALLOC, 8192, 2), (abi.KMALLOC, 8193, 3), (abi.KMALLOC, 20000, 5),
    (abi.VMALLOC, 1, 1), (abi.VMALLOC, 4097, 2), (abi.VMALLOC, 20000, 5)])
def test_length(device, allocator, size, pages):
    """Whole pages that the buffer owns can be mapped, and not one more."""
    made = device.alloc(allocator, size)
    assert made.map_length == pages * PAGE
    assert made.usable >= max(size, made.map_length)
    assert bool(device.query(made.id).flags & abi.MAPPABLE) == bool(pages)
    for length in (pages + 1) * PAGE, (pages + 64) * PAGE:
        assert error_of(device.map, made, length=length) == "EINVAL"
    if not pages:
        assert made.map_offset == 0
    device.free(made.id)


def test_wrong_offset(device, buffer):
    """Offsets that are no buffer's, and ranges that leave theirs, are EINVAL."""
    neighbour = device.alloc(abi.VMALLOC, PAGE)
    taken = [(one.map_offset, one.map_offset + one.map_length) for one in (buffer, neighbour)]
    for offset in (0, PAGE, 1 << 30, 1 << 43, (1 << 63) - PAGE, (1 << 64) - PAGE,
                   *(edge for first, end in taken for edge in (first - PAGE, end))):
        if not any(first <= offset < end for first, end in taken):
            assert error_of(device.proxy.mmap, PAGE, device.fd, offset) in ("EINVAL", "EOVERFLOW")
    for at, pages in ((1, PAGES), (PAGES - 1, 2), (0, PAGES + 1)):
        assert error_of(device.map, buffer, at=at * PAGE, length=pages * PAGE) == "EINVAL"
    device.free(neighbour.id)


def test_freed_offset(device):
    """The cookie of a freed buffer is EINVAL."""
    made = device.alloc(abi.VMALLOC, PAGE)
    device.free(made.id)
    assert error_of(device.map, made) == "EINVAL"


@pytest.mark.parametrize("prot, flags, wanted", [
    (READ_WRITE, MAP_PRIVATE, "EINVAL"), (PROT_READ, MAP_PRIVATE, "EINVAL"),
    (READ_WRITE | PROT_EXEC, MAP_SHARED, "EPERM"), (PROT_READ | PROT_EXEC, MAP_SHARED, "EPERM"),
    (PROT_EXEC, MAP_SHARED_VALIDATE, "EPERM")])
def test_wrong_kind(device, buffer, prot, flags, wanted):
    """Neither private nor executable, and no mapping is counted."""
    assert error_of(device.map, buffer, prot=prot, flags=flags) == wanted
    assert device.query(buffer.id).mappings == 0


def test_never_executable(device, buffer):
    """mprotect cannot add it either."""
    address = device.map(buffer)
    for prot in (PROT_EXEC, PROT_READ | PROT_EXEC):
        assert error_of(device.proxy.call, "mprotect", address, PAGE, prot) == "EACCES"
    device.proxy.munmap(address, buffer.map_length)


def test_never_executable_by_personality(process, buffer):
    """Nor does a personality that makes all readable memory executable."""
    proxy = process()
    with Device(proxy) as own:
        proxy.call("personality", READ_IMPLIES_EXEC)
        assert error_of(own.map, buffer) == "EPERM"
        proxy.call("personality", 0)
        proxy.munmap(own.map(buffer), buffer.map_length)


@pytest.mark.parametrize("first", [0, 3])
def test_proc_mem(device, buffer, first):
    """A debugger's way to the mapping reads and writes the very bytes."""
    proxy, length = device.proxy, (PAGES - first) * PAGE
    address = device.map(buffer, at=first * PAGE, length=length)
    memory = proxy.open("/proc/self/mem", O_RDWR)
    assert proxy.pread(memory, length, address) == pattern(1, first * PAGE, length)
    assert proxy.call("pwrite64", memory, b"debugger", 8, address + PAGE - 4) == 8
    assert device.read(buffer.id, (first + 1) * PAGE - 4, 8) == b"debugger"
    proxy.call("mprotect", address, length, PROT_READ)
    assert error_of(proxy.call, "pwrite64", memory, b"refused!", 8, address) == "EIO"
    assert proxy.pread(memory, 8, address) == pattern(1, first * PAGE, 8)
    proxy.close(memory)
    proxy.munmap(address, length)


def test_read_only_device(device, buffer):
    """Opened for reading, the device gives read-only mappings that stay so."""
    with Device(device.proxy, O_RDONLY) as reader:
        assert error_of(reader.map, buffer) == "EACCES"
        address = reader.map(buffer, prot=PROT_READ)
        assert device.proxy.peek(address, PAGE) == pattern(1, 0, PAGE)
        assert error_of(device.proxy.call, "mprotect", address, PAGE, READ_WRITE) == "EACCES"
        device.proxy.munmap(address, buffer.map_length)


@pytest.mark.parametrize("first", range(PAGES))
def test_partial(device, buffer, first):
    """A mapping may begin at any page of the buffer."""
    for pages in (1, PAGES - first):
        address = device.map(buffer, at=first * PAGE, length=pages * PAGE)
        assert device.proxy.peek(address, pages * PAGE) == pattern(1, first * PAGE, pages * PAGE)
        device.proxy.munmap(address, pages * PAGE)


def test_two_mappings(device, process, buffer):
    """Two mappings, in two processes, share the bytes; both are counted."""
    proxy = process()
    with Device(proxy) as other:
        here, there = device.map(buffer), other.map(buffer, at=PAGE)
        assert device.query(buffer.id).mappings == 2
        device.proxy.poke(here + PAGE + 7, b"shared")
        assert proxy.peek(there + 7, 6) == b"shared"
        assert device.check(buffer.id, 1) == PAGE + 7
        proxy.munmap(there, buffer.map_length - PAGE)
        device.proxy.munmap(here, buffer.map_length)


@pytest.mark.parametrize("allocator, size", [
    (abi.KMALLOC, 5000), (abi.KMALLOC, 9000), (abi.VMALLOC, 1), (abi.VMALLOC, 9000)])
@pytest.mark.parametrize("flags", [0, abi.ZERO])
def test_tail(device, allocator, size, flags):
    """The rest of the last page is zero, and is the user's from then on."""
    made = device.alloc(allocator, size, flags)
    address, tail = device.map(made), made.map_length - size
    assert device.proxy.peek(address, made.map_length) == bytes(made.map_length)
    device.proxy.poke(address + size, b"t" * tail)
    device.fill(made.id, 1)
    assert device.proxy.peek(address + size, tail) == b"t" * tail
    device.proxy.munmap(address, made.map_length)
    address = device.map(made)
    assert device.proxy.peek(address, size) == pattern(1, 0, size)
    device.proxy.munmap(address, made.map_length)
    device.free(made.id)


def send_pages(proxy, address, count):
    """vmsplice into a new pipe: (what vmsplice returned, the pipe's reading end)."""
    proxy.call("pipe2", proxy.spare, 0)
    ends = proxy.peek(proxy.spare, 8)
    reading, writing = int.from_bytes(ends[:4], "little"), int.from_bytes(ends[4:], "little")
    iovec = address.to_bytes(8, "little") + count.to_bytes(8, "little")
    proxy.poke(proxy.spare, iovec)
    result, = proxy.call_many("vmsplice", [(writing, proxy.spare, 1, 0)])
    proxy.close(writing)
    return result, reading


def read_as_another(proxy, address, size):
    """process_vm_readv, which pins the pages it reads, into the spare memory."""
    local = proxy.spare.to_bytes(8, "little") + size.to_bytes(8, "little")
    remote = address.to_bytes(8, "little") + size.to_bytes(8, "little")
    return proxy.call("process_vm_readv", proxy.pid, local, 1, remote, 1, 0)


@pytest.mark.parametrize("size", [PAGE, 2 * PAGE, PAGES * PAGE])
def test_kmalloc_not_pinned(device, size):
    """Pages behind kmalloc are never pinned; copying from them works."""
    made = device.alloc(abi.KMALLOC, size)
    device.fill(made.id, 1)
    proxy, address = device.proxy, device.map(made)
    result, reading = send_pages(proxy, address, PAGE)
    proxy.close(reading)
    assert result == -errno.EFAULT
    fd = proxy.open(FILE, O_RDWR | O_CREAT | O_TRUNC)
    assert proxy.write(fd, (address, size)) == size
    assert proxy.pread(fd, size, 0) == pattern(1, 0, size)
    proxy.close(fd)
    assert error_of(read_as_another, proxy, address, size) == "EFAULT"
    proxy.munmap(address, made.map_length)
    device.free(made.id)


def test_vmalloc_pinned(device):
    """Pages of vmalloc can be pinned and read by others."""
    size = PAGES * PAGE
    made = device.alloc(abi.VMALLOC, size)
    device.fill(made.id, 1)
    proxy, address = device.proxy, device.map(made)
    assert read_as_another(proxy, address, size) == size
    assert proxy.peek(proxy.spare, size) == pattern(1, 0, size)
    result, reading = send_pages(proxy, address, size)
    assert result == size
    assert proxy.read(reading, size) == pattern(1, 0, size)
    proxy.close(reading)
    proxy.munmap(address, size)
    device.free(made.id)


def test_pinned_outlives(device):
    """A pinned page is not used again before whoever holds it lets go."""
    size = PAGES * PAGE
    made = device.alloc(abi.VMALLOC, size)
    device.fill(made.id, 3)
    proxy, address = device.proxy, device.map(made)
    result, reading = send_pages(proxy, address, size)
    assert result == size
    proxy.munmap(address, size)
    held = {extent.phys + at for extent in device.layout(made.id)
            for at in range(0, extent.length, PAGE)}
    device.free(made.id)
    others = [device.alloc(abi.VMALLOC, size) for _ in range(20)]
    for other in others:
        device.fill(other.id, 4)
        for extent in device.layout(other.id):
            assert not held & set(range(extent.phys, extent.phys + extent.length, PAGE))
    assert proxy.read(reading, size) == pattern(3, 0, size)
    proxy.close(reading)
    for other in others:
        device.free(other.id)


def test_beyond_end(device, buffer):
    """What was unmapped faults, what is mapped beside it does not."""
    proxy, address = device.proxy, device.map(buffer, length=2 * PAGE)
    assert proxy.peek(address + PAGE, PAGE) == pattern(1, PAGE, PAGE)
    proxy.munmap(address + PAGE, PAGE)
    with pytest.raises(Fault):
        proxy.peek(address + PAGE, 1)
    assert proxy.peek(address, PAGE) == pattern(1, 0, PAGE)
    proxy.munmap(address, PAGE)
