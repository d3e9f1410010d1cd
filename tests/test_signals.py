# SPDX-License-Identifier: GPL-2.0
"""Signals that come while an ioctl takes long."""

import errno
import struct

import pytest

import abi
from abi import make
from device import Device
from frames import call_record, poke_record
from nlfamily import MEMLAB, Family
from running import until
from syscalls import ITIMER_REAL
from valid import commands, valid


@commands(abi.FILL, abi.CHECK)
def test_interrupted(process, command):
    """A signal ends a long operation with EINTR."""
    proxy = process()
    with Device(proxy) as device:
        ident = device.alloc(abi.VMALLOC, 192 << 20).id
        device.fill(ident, 1)
        # every 5 ms: the first one may come before the operation begins, which takes longer
        timer = struct.pack("<4Q", 0, 5000, 0, 5000)
        setitimer = proxy.number("setitimer")
        replies = proxy.submit([
            poke_record(proxy.spare, timer),
            poke_record(proxy.scratch, bytes(make(abi.Pattern, id=ident, seed=1))),
            call_record(setitimer, ITIMER_REAL, proxy.spare, 0),
            call_record(proxy.number("ioctl"), device.fd, command, proxy.scratch),
            poke_record(proxy.spare, bytes(32)),
            call_record(setitimer, ITIMER_REAL, proxy.spare, 0)])
        assert [reply[0] for reply in replies[2:]] == [0, -errno.EINTR, 0, 0]
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


@commands(abi.QUERY, abi.READ)
def test_stream_of_signals(pestered, command):
    """Every try gets further, so that an operation ends although no try is long enough.

    A try completes at least one of 256 steps (STEP in content.c, WALK_PAGES in layout.c), so
    2000 tries are enough. On a quick guest no signal may come in time; then it is repeated.
    """
    proxy = pestered.proxy
    number = proxy.number("ioctl")

    def interrupted():
        ident = pestered.alloc(abi.VMALLOC, 256 << 20).id
        argument = bytes(valid(pestered, command, ident))
        replies = proxy.submit([
            poke_record(proxy.scratch, argument),
            call_record(number, pestered.fd, command, proxy.scratch)] * 2000)
        results = [reply[0] for reply in replies[1::2]]
        assert results[-1] == 0 and set(results) <= {-errno.EINTR, 0}
        pestered.free(ident)
        return -errno.EINTR in results
    until(interrupted, "a signal in the middle of an operation")


def test_dump_and_signals(pestered, process):
    """Pages that a signal kept from being counted are counted by a dump that tells of them."""
    made = pestered.alloc(abi.VMALLOC, 256 << 20)
    with Family(process()) as family, Device(family.socket.proxy) as device:
        assert family.dump("buffer-get", fields=0) == [{"id": made.id}]
        told = family.dump("buffer-get", fields=1 << MEMLAB.numbers["buffer"]["extent-count"])
        assert told == [{"id": made.id, "extent-count": len(device.layout(made.id))}]
    pestered.free(made.id)


def test_mmap_and_signals(pestered):
    """mmap() clears the buffer first, and is not interrupted by anything but death."""
    buffer = pestered.alloc(abi.VMALLOC, 256 << 20)
    pestered.proxy.munmap(pestered.map(buffer), buffer.map_length)
    pestered.free(buffer.id)
