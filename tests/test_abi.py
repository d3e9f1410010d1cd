# SPDX-License-Identifier: GPL-2.0
"""The ioctl ABI: what is accepted, what is refused, and with which errno."""

import errno
import struct
from ctypes import sizeof

import pytest

import abi
from abi import make
from device import Device
from frames import call_record, poke_record
from refusal import refused
from syscalls import ITIMER_REAL, O_RDONLY, O_WRONLY, PROT_READ

NAMES = {number: name for name, number in abi.CONSTANTS.items() if "_IOC_" in name}
EVERY = pytest.mark.parametrize("command", sorted(abi.COMMANDS), ids=lambda n: NAMES[n][11:])
ON_BUFFER = pytest.mark.parametrize(
    "command", sorted(set(abi.COMMANDS) - {abi.INFO, abi.ALLOC, abi.NEXT}),
    ids=lambda n: NAMES[n][11:])
BAD_POINTERS = {"null": 0, "kernel": 0xFFFF888000000000, "unmapped": 0x10000}


@pytest.fixture
def ident(device):
    """A buffer of a page; the test must leave it alive."""
    buffer = device.alloc(abi.KMALLOC, 4096)
    yield buffer.id
    device.free(buffer.id)


def valid(device, command, ident):
    """A struct that the command accepts; what ALLOC makes and FREE takes is the caller's."""
    kind = abi.COMMANDS[command]
    return {
        abi.INFO: lambda: make(kind),
        abi.ALLOC: lambda: make(kind, allocator=abi.KMALLOC, bytes=64),
        abi.NEXT: lambda: make(kind, id=ident - 1),
        abi.LAYOUT: lambda: make(kind, id=ident, capacity=1, extents=device.proxy.spare),
        abi.READ: lambda: make(kind, id=ident, length=16, data=device.proxy.spare),
        abi.WRITE: lambda: make(kind, id=ident, length=16, data=device.proxy.spare),
    }.get(command, lambda: make(kind, id=ident))()


def undo(device, command, data):
    """Frees what a successful ALLOC made."""
    if command == abi.ALLOC:
        device.free(abi.Alloc.from_buffer_copy(data).id)


@EVERY
@pytest.mark.parametrize("size", [0, 3, -1])
def test_too_short(device, ident, command, size):
    """A size below the first version's is EINVAL."""
    argument = valid(device, command, ident)
    argument.size = size if size >= 0 else sizeof(argument) - 1
    refused(device, command, argument, errno.EINVAL)


@EVERY
def test_first_version(device, ident, command):
    """Exactly the first version's size is accepted."""
    victim = device.alloc(abi.VMALLOC, 1).id if command == abi.FREE else ident
    argument = valid(device, command, victim)
    undo(device, command, bytes(device.proxy.ioctl(device.fd, command, argument)))


@EVERY
@pytest.mark.parametrize("tail", [1, 8, 1000])
def test_longer(device, ident, command, tail):
    """A longer struct with a zero tail is accepted, and the tail left alone."""
    victim = device.alloc(abi.VMALLOC, 1).id if command == abi.FREE else ident
    argument = valid(device, command, victim)
    argument.size += tail
    result, data = device.proxy.ioctl_raw(device.fd, command, bytes(argument) + bytes(tail))
    assert result == 0
    assert data[:4] == bytes(argument)[:4]
    assert data[sizeof(argument):] == bytes(tail)
    undo(device, command, data)


@EVERY
@pytest.mark.parametrize("at", [0, 7, 999])
def test_unknown_tail(device, ident, command, at):
    """One byte in the tail is E2BIG."""
    argument = valid(device, command, ident)
    argument.size += 1000
    tail = bytearray(1000)
    tail[at] = 1
    refused(device, command, bytes(argument) + bytes(tail), errno.E2BIG)


@EVERY
@pytest.mark.parametrize("size", [4097, 65536, 0x7FFFFFFF, 0xFFFFFFFF])
def test_huge(device, ident, command, size):
    """A size over a page is E2BIG, whatever lies there."""
    argument = valid(device, command, ident)
    argument.size = size
    refused(device, command, argument, errno.E2BIG)


@EVERY
@pytest.mark.parametrize("where", sorted(BAD_POINTERS))
def test_bad_pointer(device, command, where):
    """A struct that is nowhere is EFAULT."""
    with pytest.raises(OSError) as caught:
        device.proxy.call("ioctl", device.fd, command, BAD_POINTERS[where])
    assert caught.value.errno == errno.EFAULT


@EVERY
def test_cut_struct(device, ident, command):
    """A struct that runs into unmapped memory is EFAULT."""
    proxy = device.proxy
    area = proxy.mmap(8192)
    proxy.munmap(area + 4096, 4096)
    argument = bytes(valid(device, command, ident))
    proxy.poke(area + 4096 - len(argument) + 1, argument[:-1])
    with pytest.raises(OSError) as caught:
        proxy.call("ioctl", device.fd, command, area + 4096 - len(argument) + 1)
    proxy.munmap(area, 4096)
    assert caught.value.errno == errno.EFAULT


@pytest.mark.parametrize("command", [abi.INFO, abi.ALLOC, abi.QUERY, abi.LAYOUT, abi.READ,
                                     abi.WRITE, abi.FILL, abi.CHECK, abi.NEXT],
                         ids=lambda n: NAMES[n][11:])
def test_read_only_struct(device, ident, command):
    """A struct that cannot be written back is EFAULT, and no buffer comes of it."""
    proxy = device.proxy
    before = device.info().total_bytes, device.ids()
    area = proxy.mmap(4096)
    proxy.poke(area, bytes(valid(device, command, ident)))
    proxy.call("mprotect", area, 4096, PROT_READ)
    with pytest.raises(OSError) as caught:
        proxy.call("ioctl", device.fd, command, area)
    proxy.munmap(area, 4096)
    assert caught.value.errno == errno.EFAULT
    assert (device.info().total_bytes, device.ids()) == before


@pytest.mark.parametrize("command", [
    0, 0xB90A, 0xB9FF, 0xBA01, 0x401, 0x80000000 | abi.INFO, 0x40380000 | abi.ALLOC,
    0xC0380000 | abi.ALLOC, 0x5401])
def test_unknown_command(device, command):
    """Anything else is ENOTTY; the numbers carry neither size nor direction."""
    refused(device, command, bytes(256), errno.ENOTTY)


@EVERY
@pytest.mark.parametrize("bit", [0, 3, 31])
def test_unknown_flags(device, ident, command, bit):
    """Flags that nobody knows are EINVAL."""
    argument = valid(device, command, ident)
    if command == abi.ALLOC and bit < 3:
        bit = 4
    argument.flags |= 1 << bit
    refused(device, command, argument, errno.EINVAL)


@pytest.mark.parametrize("command", [n for n in sorted(abi.COMMANDS)
                                     if hasattr(abi.COMMANDS[n], "reserved")],
                         ids=lambda n: NAMES[n][11:])
@pytest.mark.parametrize("value", [1, 1 << 31])
def test_reserved(device, ident, command, value):
    """Reserved members that are not zero are EINVAL."""
    argument = valid(device, command, ident)
    argument.reserved = value
    refused(device, command, argument, errno.EINVAL)


@ON_BUFFER
@pytest.mark.parametrize("wrong", [0, "next", 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_bad_id(device, ident, command, wrong):
    """An id that no buffer has is ENOENT."""
    argument = valid(device, command, ident)
    argument.id = ident + 1 if wrong == "next" else wrong
    refused(device, command, argument, errno.ENOENT)


@pytest.mark.parametrize("command", [abi.ALLOC, abi.FREE, abi.WRITE, abi.FILL],
                         ids=lambda n: NAMES[n][11:])
def test_read_only_device(device, ident, command):
    """What changes a buffer needs the device open for writing."""
    with Device(device.proxy, O_RDONLY) as reader:
        refused(reader, command, valid(reader, command, ident), errno.EACCES)


@pytest.mark.parametrize("command", [abi.INFO, abi.QUERY, abi.LAYOUT, abi.READ, abi.CHECK,
                                     abi.NEXT], ids=lambda n: NAMES[n][11:])
def test_read_only_device_looks(device, ident, command):
    """What only looks does not."""
    with Device(device.proxy, O_RDONLY) as reader:
        reader.proxy.ioctl(reader.fd, command, valid(reader, command, ident))


@pytest.mark.parametrize("command", [abi.QUERY, abi.LAYOUT, abi.READ, abi.CHECK],
                         ids=lambda n: NAMES[n][11:])
def test_write_only_device(device, ident, command):
    """What shows a buffer needs the device open for reading."""
    with Device(device.proxy, O_WRONLY) as writer:
        refused(writer, command, valid(writer, command, ident), errno.EACCES)


@pytest.mark.parametrize("command", [abi.INFO, abi.ALLOC, abi.FREE, abi.WRITE, abi.FILL, abi.NEXT],
                         ids=lambda n: NAMES[n][11:])
def test_write_only_device_changes(device, ident, command):
    """What changes one does not."""
    victim = device.alloc(abi.VMALLOC, 1).id if command == abi.FREE else ident
    with Device(device.proxy, O_WRONLY) as writer:
        argument = valid(writer, command, victim)
        undo(writer, command, bytes(writer.proxy.ioctl(writer.fd, command, argument)))


@pytest.mark.parametrize("command", [abi.FILL, abi.CHECK], ids=lambda n: NAMES[n][11:])
def test_interrupted(process, command):
    """A signal ends a long operation with EINTR."""
    proxy = process()
    with Device(proxy) as device:
        ident = device.alloc(abi.VMALLOC, 192 << 20).id
        device.fill(ident, 1)
        timer = struct.pack("<4Q", 0, 0, 0, 20000)  # once, after 20 ms
        replies = proxy.submit([
            poke_record(proxy.spare, timer),
            poke_record(proxy.scratch, bytes(make(abi.Pattern, id=ident, seed=1))),
            call_record(proxy.number("setitimer"), ITIMER_REAL, proxy.spare, 0),
            call_record(proxy.number("ioctl"), device.fd, command, proxy.scratch)])
        assert [reply[0] for reply in replies[2:]] == [0, -errno.EINTR]
        assert device.check(ident, 1) == abi.ALL_RIGHT
        device.free(ident)


@pytest.fixture
def pestered(process):
    """A device in a process that gets a signal every 0.3 ms."""
    proxy = process()
    with Device(proxy) as device:
        proxy.poke(proxy.spare, struct.pack("<4Q", 0, 300, 0, 300))
        proxy.call("setitimer", ITIMER_REAL, proxy.spare, 0)
        yield device
        proxy.poke(proxy.spare, bytes(32))
        proxy.call("setitimer", ITIMER_REAL, proxy.spare, 0)


@pytest.mark.parametrize("command", [abi.QUERY, abi.READ], ids=lambda n: NAMES[n][11:])
def test_stream_of_signals(pestered, command):
    """Every try gets further, so that an operation ends although no try is long enough."""
    proxy = pestered.proxy
    ident = pestered.alloc(abi.VMALLOC, 256 << 20).id
    argument = bytes(valid(pestered, command, ident))
    number = proxy.number("ioctl")
    replies = proxy.submit([
        poke_record(proxy.scratch, argument),
        call_record(number, pestered.fd, command, proxy.scratch)] * 2000)
    results = [reply[0] for reply in replies[1::2]]
    assert set(results) == {-errno.EINTR, 0}
    assert results[-1] == 0
    pestered.free(ident)


def test_mmap_and_signals(pestered):
    """mmap() clears the buffer first, and is not interrupted by anything but death."""
    buffer = pestered.alloc(abi.VMALLOC, 256 << 20)
    pestered.proxy.munmap(pestered.map(buffer), buffer.map_length)
    pestered.free(buffer.id)


def test_narrow_program(process):
    """A 32-bit program sees the same structs, and maps by the same cookie."""
    wide, narrow = process(), process(bits=32)
    with Device(wide), Device(narrow) as device:
        for allocator, size in ((abi.KMALLOC, 64 << 10), (abi.VMALLOC, 96 << 10)):
            buffer = device.alloc(allocator, size)
            query = device.query(buffer.id)
            assert (query.bytes, query.map_offset) == (size, buffer.map_offset)
            assert sum(extent.length for extent in device.layout(buffer.id)) == size
            address = device.map(buffer)
            device.fill(buffer.id, 5)
            assert narrow.peek(address, size) == device.read(buffer.id, 0, size)
            narrow.munmap(address, size)
            device.free(buffer.id)
