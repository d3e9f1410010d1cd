# SPDX-License-Identifier: GPL-2.0
"""The ioctl ABI: structs, short and long, somewhere and nowhere, and their common members."""

import errno
from ctypes import sizeof

import pytest

import abi
from abi import make
from refusal import refused, state
from syscalls import PROT_READ
from valid import EVERY, commands, harmless, undo, valid
from valid import ident_fixture  # noqa: F401 # pylint: disable=unused-import

# The lowest bit of flags that a command does not know, where that is not bit 0.
UNKNOWN = {abi.ALLOC: 5, abi.FREE: 1, abi.RESIZE: 2, abi.CACHE_CREATE: 4, abi.BENCH: 1}
BAD_POINTERS = (0, 0xFFFF888000000000, 0x10000)  # none, the kernel's, not mapped
CANARY = b"\xEE" * 64


@EVERY
def test_too_short(device, ident, command):
    """A size below the first version's is EINVAL."""
    argument = valid(device, command, ident)
    for size in (0, 3, abi.first_size(type(argument)) - 1):
        argument.size = size
        refused(device, command, argument, errno.EINVAL)


@EVERY
def test_first_version(device, ident, command):
    """Every size from the first version's on is accepted, and nothing written beyond it."""
    kind = abi.COMMANDS[command]
    for size in range(abi.first_size(kind), sizeof(kind) + 1):
        argument = harmless(device, command, ident)
        argument.size = size
        result, data = device.proxy.ioctl_raw(
            device.fd, command, bytes(argument)[:size] + CANARY)
        assert result == 0
        assert data[size:] == CANARY
        undo(device, command, data[:size])


@EVERY
def test_longer(device, ident, command):
    """A longer struct with a zero tail is accepted, and the tail left alone."""
    for tail in (1, 8, 1000):
        argument = harmless(device, command, ident)
        argument.size += tail
        result, data = device.proxy.ioctl_raw(device.fd, command, bytes(argument) + bytes(tail))
        assert result == 0
        assert data[:4] == bytes(argument)[:4]
        assert data[sizeof(argument):] == bytes(tail)
        undo(device, command, data)


@EVERY
def test_unknown_tail(device, ident, command):
    """One byte in the tail is E2BIG."""
    argument = valid(device, command, ident)
    argument.size += 1000
    for at in (0, 7, 999):
        tail = bytearray(1000)
        tail[at] = 1
        refused(device, command, bytes(argument) + bytes(tail), errno.E2BIG)


@EVERY
def test_huge(device, ident, command):
    """A size over a page is E2BIG, whatever lies there."""
    argument = valid(device, command, ident)
    for size in (4097, 65536, 0x7FFFFFFF, 0xFFFFFFFF):
        argument.size = size
        refused(device, command, argument, errno.E2BIG)


@EVERY
def test_bad_pointer(device, command):
    """A struct that is nowhere is EFAULT."""
    results = device.proxy.call_many("ioctl", [
        (device.fd, command, pointer) for pointer in BAD_POINTERS])
    assert results == [-errno.EFAULT] * len(BAD_POINTERS)


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


def into_read_only_memory(device, command, argument):
    """The errno of a command whose struct it cannot write."""
    proxy = device.proxy
    area = proxy.mmap(4096)
    proxy.poke(area, bytes(argument))
    proxy.call("mprotect", area, 4096, PROT_READ)
    result, = proxy.call_many("ioctl", [(device.fd, command, area)])
    proxy.munmap(area, 4096)
    return -result


@commands(*set(abi.COMMANDS) - {abi.FREE, abi.CACHE_DESTROY, abi.RESIZE})
def test_read_only_struct(device, ident, command):
    """A struct that cannot be written back is EFAULT, and no buffer or cache comes of it."""
    before = state(device)
    argument = valid(device, command, ident)
    assert into_read_only_memory(device, command, argument) == errno.EFAULT
    assert state(device) == before


def test_read_only_struct_resizes(device, ident):
    """RESIZE has done its work by then."""
    argument = make(abi.Resize, id=ident, bytes=10000)
    assert into_read_only_memory(device, abi.RESIZE, argument) == errno.EFAULT
    assert device.query(ident).bytes == 10000


def test_read_only_struct_of_first_version(device):
    """FREE wrote nothing back in the first version, so that its struct may be constant."""
    made = device.alloc(abi.KMALLOC, 64)
    argument = make(abi.Free, id=made.id)
    argument.size = abi.first_size(abi.Free)
    assert into_read_only_memory(device, abi.FREE, argument) == 0
    assert device.ids() == []


@pytest.mark.parametrize("command", [
    0, 0xB911, 0xB9FF, 0xBA01, 0x401, 0x80000000 | abi.INFO, 0x40380000 | abi.ALLOC,
    0xC0380000 | abi.ALLOC, 0x5401])
def test_unknown_command(device, command):
    """Anything else is ENOTTY; the numbers carry neither size nor direction."""
    refused(device, command, bytes(256), errno.ENOTTY)


@EVERY
def test_unknown_flags(device, ident, command):
    """Flags that nobody knows are EINVAL; some are known in an answer only."""
    first = UNKNOWN.get(command, 0)
    for bit in (first, first + 1, 31):
        argument = valid(device, command, ident)
        argument.flags |= 1 << bit
        refused(device, command, argument, errno.EINVAL,
                abi.Reason.NONE if hasattr(argument, "reason") else None)


@commands(*(n for n, kind in abi.COMMANDS.items() if hasattr(kind, "reserved")))
def test_reserved(device, ident, command):
    """Reserved members that are not zero are EINVAL."""
    argument = valid(device, command, ident)
    for value in (1, 1 << 31):
        argument.reserved = value
        refused(device, command, argument, errno.EINVAL,
                abi.Reason.NONE if hasattr(argument, "reason") else None)


IN = {
    abi.Info: {"size", "flags", "reserved"},
    abi.Alloc: {"size", "allocator", "flags", "node", "bytes", "gfp", "count", "context", "cache",
                "reserved"},
    abi.Free: {"size", "id", "flags", "reserved", "context"},
    abi.Query: {"size", "id", "flags", "reserved"},
    abi.Resize: {"size", "id", "flags", "gfp", "bytes", "count", "reserved"},
    abi.CacheCreate: {"size", "flags", "bytes", "align", "user_offset", "user_bytes", "reserved"},
    abi.CacheQuery: {"size", "id", "flags"},
}


@commands(*(n for n, kind in abi.COMMANDS.items() if kind in IN))
def test_out_members(device, ident, command):
    """What stood in members marked "out" does not matter, and none of it is left."""
    kind, plain = abi.COMMANDS[command], harmless(device, command, ident)
    answers = []
    for value in (0, 0xEE):
        data = bytearray(bytes(plain))
        for member in set(abi.members(kind)) - IN[kind]:
            field = getattr(kind, member)
            data[field.offset:field.offset + field.size] = bytes([value]) * field.size
        result, after = device.proxy.ioctl_raw(device.fd, command, bytes(data))
        assert result == 0
        undo(device, command, after)
        answers.append(kind.from_buffer_copy(after))
        if command == abi.FREE:
            plain = harmless(device, command, ident)
    for member in abi.members(kind):
        first, second = (getattr(answer, member) for answer in answers)
        if not isinstance(first, int):
            assert abi.text(first) == abi.text(second) or command == abi.CACHE_CREATE
        elif member not in ("id", "map_offset", "nanoseconds"):
            assert first == second, member
