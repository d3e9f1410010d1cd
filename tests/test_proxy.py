# SPDX-License-Identifier: GPL-2.0
"""The proxy: the other tests believe what it says."""

import errno
import os
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from frames import Fault, Gone, call_record, poke_record, repeat_record
from syscalls import PROT_READ, SIGBUS, SIGKILL, SIGSEGV

pytestmark = pytest.mark.parametrize("bits", [64, 32])


@pytest.fixture
def proxy(process, bits):
    """A process of that width."""
    return process(bits=bits)


def test_identity(proxy, bits):
    """It is the process that the target started, of the width that was asked for."""
    assert proxy.pid == proxy.process.pid
    image = proxy.read(proxy.open("/proc/self/exe"), 5)
    assert image == b"\x7fELF" + bytes([bits // 32])
    assert proxy.spare + proxy.spare_size < 1 << bits


@pytest.mark.parametrize("user, uid", [("root", 0), ("alice", 1000), ("bob", 1001)])
def test_user(target, process, bits, user, uid):
    """It runs as the user that was asked for, and nobody else."""
    status = target.get(f"/proc/{process(user=user, bits=bits).pid}/status").decode()
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
    assert f"Gid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status
    assert f"CapEff:\t{'0' * 16}\n" in status or not uid


def test_memory(proxy):
    """Large and small pieces come back as they went in."""
    data = os.urandom((2 << 20) + 77)
    area = proxy.mmap(3 << 20)
    proxy.poke(area + 5, data)
    assert proxy.peek(area + 5, len(data)) == data
    places = [(5 * at, 1 + at % 3) for at in range(2000)]
    assert proxy.peek_many((area + 5 + at, count) for at, count in places) == [
        data[at:at + count] for at, count in places]
    assert proxy.peek(area, 0) == b""


@pytest.mark.parametrize("address", [0, 64, 0xC0000000])
def test_fault(proxy, address):
    """A fault is told, and survived."""
    for touch in (lambda: proxy.peek(address, 1), lambda: proxy.poke(address, b"x")):
        with pytest.raises(Fault) as caught:
            touch()
        assert caught.value.signal == SIGSEGV
    fd = proxy.open("/proc/self/exe")
    beyond = proxy.mmap(16 << 20, fd, prot=PROT_READ)
    with pytest.raises(Fault) as caught:
        proxy.peek(beyond + (15 << 20), 1)
    assert caught.value.signal == SIGBUS


def test_errors(proxy):
    """Errors are raised with the kernel's errno."""
    for number, call in ((errno.ENOENT, lambda: proxy.open("/nowhere")),
                         (errno.EBADF, lambda: proxy.close(1000)),
                         (errno.EINVAL, lambda: proxy.mmap(0)),
                         (errno.EACCES, lambda: proxy.mmap(4096, proxy.open("/proc/self/exe")))):
        with pytest.raises(OSError) as caught:
            call()
        assert caught.value.errno == number
    result, data = proxy.ioctl_raw(proxy.open("/dev/null"), 1, b"untouched")
    assert (result, data) == (-errno.ENOTTY, b"untouched")


def test_files(target, proxy):
    """Reads of many places in a file are as many, and right."""
    data = os.urandom(100000)
    target.put(data, "/tmp/proxy-test")
    fd = proxy.open("/tmp/proxy-test")
    places = [(at, 1 + at % 50) for at in range(0, 90000, 30)]
    assert proxy.pread_many(fd, places) == [data[at:at + count] for at, count in places]
    with pytest.raises(OSError):
        proxy.pread_many(fd, [(99999, 2)])
    target.run(["rm", "/tmp/proxy-test"])


def test_fork(proxy):
    """Forks have memory and descriptors of their own, and end with a status."""
    fd = proxy.open("/proc/self/stat")
    proxy.poke(proxy.spare, b"before")
    first, second = proxy.fork(), proxy.fork()
    first.poke(first.spare, b"first!")
    proxy.close(fd)
    assert first.pid != second.pid != proxy.pid
    assert second.peek(second.spare, 6) == proxy.peek(proxy.spare, 6) == b"before"
    assert first.peek(first.spare, 6) == b"first!"
    assert second.pread(fd, 10, 0).split()[0] == str(proxy.pid).encode()
    assert first.exit(7) == 7
    with pytest.raises(Gone):
        first.peek(first.spare, 1)
    assert second.kill() == -SIGKILL
    assert proxy.exit(9) == 9


def test_pagemap(proxy):
    """Present pages have frames, untouched and unmapped ones have none."""
    area = proxy.mmap(4 * proxy.page_size)
    proxy.poke(area, b"x")
    proxy.poke(area + 2 * proxy.page_size, b"x")
    present = [entry >> 63 for entry in proxy.pagemap(area, 4)]
    assert present == [1, 0, 1, 0]
    frames = [entry & ((1 << 55) - 1) for entry in proxy.pagemap(area, 4)]
    assert frames[0] != frames[2] and all(frames[::2]) and not any(frames[1::2])


def test_repeat(target, proxy):
    """Records are repeated as often as was asked, and until the process ends."""
    proxy.call("pipe2", proxy.spare, 0)
    reader, writer = struct.unpack("<2i", proxy.peek(proxy.spare, 8))
    number = proxy.number("write")
    proxy.submit([repeat_record(1000, [poke_record(proxy.scratch, b"ab"), call_record(
        number, writer, proxy.scratch, 2), call_record(number, writer, proxy.scratch, 1)])])
    assert proxy.read(reader, 4000) == b"aba" * 1000
    forever = repeat_record(1 << 62, [call_record(number, writer, proxy.scratch, 0)])
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(proxy.submit, [forever])
        target.run(["true"])
        assert not done.done()
        assert proxy.kill() == -SIGKILL
        with pytest.raises(Gone):
            done.result()
