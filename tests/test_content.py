# SPDX-License-Identifier: GPL-2.0
"""READ, WRITE, FILL and CHECK."""

import pytest

import abi
from abi import make
from pattern import byte, pattern
from refusal import error_of

SEEDS = (0, 1, 0x123456789ABCDEF0, (1 << 64) - 1)
KINDS = pytest.mark.parametrize("allocator, size", [
    (abi.KMALLOC, 1), (abi.KMALLOC, 100), (abi.KMALLOC, 5000), (abi.KMALLOC, 100000),
    (abi.VMALLOC, 1), (abi.VMALLOC, 4096), (abi.VMALLOC, 100001)])
BORDERED = 5 * 4096 + 123


@pytest.fixture(params=[abi.KMALLOC, abi.VMALLOC], ids=["kmalloc", "vmalloc"])
def ident(request, device):
    """A buffer of a few pages and a bit."""
    buffer = device.alloc(request.param, BORDERED)
    yield buffer.id
    device.free(buffer.id)


def transfer(device, command, **members):
    """READ or WRITE with any members; the struct afterwards."""
    return device.proxy.ioctl(device.fd, command, make(abi.Transfer, **members))


@pytest.mark.parametrize("seed", SEEDS)
def test_reference(seed):
    """The fast generator equals the header's formula, byte by byte."""
    data = pattern(seed, 65530, 1000)
    assert data == bytes(byte(seed, offset) for offset in range(65530, 66530))


@KINDS
def test_fill(device, allocator, size):
    """FILL writes the pattern, CHECK accepts it, and no other."""
    buffer = device.alloc(allocator, size)
    for seed in SEEDS:
        device.fill(buffer.id, seed)
        assert device.read(buffer.id, 0, size) == pattern(seed, 0, size)
        assert device.check(buffer.id, seed) == abi.ALL_RIGHT
        wrong = next(at for at in range(64) if byte(seed, at) != byte(seed ^ 1, at))
        assert device.check(buffer.id, seed ^ 1) == (wrong if wrong < size else abi.ALL_RIGHT)
    device.free(buffer.id)


@pytest.mark.parametrize("offset, length", [
    (0, 1), (1, 7), (3, 10), (4095, 2), (4090, 4100), (8, 8), (BORDERED - 1, 1),
    (BORDERED - 5000, 5000), (7, 0), (0, 0)])
def test_fill_part(device, ident, offset, length):
    """FILL touches exactly its range, and the pattern belongs to the offset."""
    device.fill(ident, 7)
    device.fill(ident, 8, offset, length)
    end = offset + length if length else BORDERED
    assert device.read(ident, 0, BORDERED) == (
        pattern(7, 0, offset) + pattern(8, offset, end - offset)
        + pattern(7, end, BORDERED - end))
    assert device.check(ident, 8, offset, length) == abi.ALL_RIGHT


@pytest.mark.parametrize("at", [0, 1, 7, 8, 4095, 4096, 8191, 12288, BORDERED - 1])
def test_check_names_first(device, ident, at):
    """CHECK names the first wrong byte exactly, whatever follows it."""
    device.fill(ident, 9)
    for also in (at, BORDERED - 1):
        device.write(ident, also, bytes([byte(9, also) ^ 0x80]))
    assert device.check(ident, 9) == at
    assert device.check(ident, 9, at, 1) == at
    if at:
        assert device.check(ident, 9, 0, at) == abi.ALL_RIGHT
    if at + 1 < BORDERED - 1:
        assert device.check(ident, 9, at + 1) == BORDERED - 1


@pytest.mark.parametrize("offset, length", [
    (0, 0), (0, 1), (0, BORDERED), (1, BORDERED - 1), (4095, 2), (4096, 4096),
    (BORDERED - 1, 1), (BORDERED, 0), (100, 8192)])
def test_read_write(device, ident, offset, length):
    """READ and WRITE copy exactly their range."""
    device.fill(ident, 10)
    assert device.read(ident, offset, length) == pattern(10, offset, length)
    device.write(ident, offset, pattern(11, 0, length))
    assert device.read(ident, 0, BORDERED) == (
        pattern(10, 0, offset) + pattern(11, 0, length)
        + pattern(10, offset + length, BORDERED - offset - length))


@pytest.mark.parametrize("command", [abi.READ, abi.WRITE, abi.FILL, abi.CHECK])
@pytest.mark.parametrize("offset, length", [
    (0, BORDERED + 1), (1, BORDERED), (BORDERED, 1), (BORDERED + 1, 0), (1 << 63, 1),
    ((1 << 64) - 1, 1), ((1 << 64) - 1, 2), (1, (1 << 64) - 1), (0, 1 << 63)])
def test_out_of_range(device, ident, command, offset, length):
    """What does not lie in the buffer is ERANGE, sums that overflow too."""
    kind = abi.COMMANDS[command]
    more = {"data": device.proxy.spare} if kind is abi.Transfer else {}
    struct = make(kind, id=ident, offset=offset, length=length, **more)
    assert error_of(device.proxy.ioctl, device.fd, command, struct) == "ERANGE"


@pytest.mark.parametrize("command", [abi.READ, abi.WRITE])
@pytest.mark.parametrize("address", [0, 0x10000, 0xFFFF888000000000, (1 << 64) - 1])
def test_bad_memory(device, ident, command, address):
    """Memory that is not the caller's is EFAULT, and the content stays."""
    device.fill(ident, 12)
    assert error_of(lambda: transfer(device, command, id=ident, length=4096,
                                     data=address)) == "EFAULT"
    assert device.check(ident, 12) == abi.ALL_RIGHT


@pytest.mark.parametrize("command", [abi.READ, abi.WRITE])
def test_memory_ends(device, ident, command):
    """Where the caller's memory ends half-way, done tells how far it went."""
    proxy = device.proxy
    area = proxy.mmap(12288)
    proxy.munmap(area + 8192, 4096)
    proxy.poke(area, pattern(14, 0, 8192))
    device.fill(ident, 13)
    done = transfer(device, command, id=ident, length=16384, data=area).done
    assert 0 < done <= 8192
    seen, content = proxy.peek(area, done), device.read(ident, 0, done)
    assert seen == content == pattern(13 if command == abi.READ else 14, 0, done)
    # copies in words may stop a word short of the border, and not earlier
    assert done > 8192 - 64
    assert device.check(ident, 13, 8192) == abi.ALL_RIGHT
    proxy.munmap(area, 8192)


@KINDS
def test_starts_zeroed(device, allocator, size):
    """A fresh buffer reads zero, however it was asked for."""
    for flags in (0, abi.ZERO):
        buffer = device.alloc(allocator, size, flags)
        assert device.read(buffer.id, 0, size) == bytes(size)
        device.fill(buffer.id, 3)
        device.free(buffer.id)


def test_own_mapping(device, ident):
    """READ into, and WRITE from, a mapping of the very buffer work."""
    address = device.map(device.query(ident))
    device.fill(ident, 20)
    assert transfer(device, abi.READ, id=ident, offset=0, length=4096,
                    data=address + 4096).done == 4096
    assert device.read(ident, 4096, 4096) == pattern(20, 0, 4096)
    assert transfer(device, abi.WRITE, id=ident, offset=8192, length=4096,
                    data=address).done == 4096
    assert device.read(ident, 8192, 4096) == pattern(20, 0, 4096)
    device.proxy.munmap(address, device.query(ident).map_length)
