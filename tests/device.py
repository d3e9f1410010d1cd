# SPDX-License-Identifier: GPL-2.0
"""The device as a process in the target sees it: a function for each ioctl."""

import contextlib
import os
from ctypes import sizeof
from typing import NamedTuple

import abi
from abi import make
from frames import call_record, poke_record
from syscalls import MAP_SHARED, O_RDWR, PROT_READ, PROT_WRITE

PATH = "/dev/memlab"


class Extent(NamedTuple):
    """struct memlab_extent as a value."""

    offset: int
    phys: int
    length: int
    node: int
    zone: int


class Device:
    """An open file of the device in a Proxy."""

    def __init__(self, proxy, flags=O_RDWR, fd=None):
        self.proxy = proxy
        self.fd = proxy.open(PATH, flags) if fd is None else fd

    def seen_by(self, proxy):
        """The same file in a fork."""
        return Device(proxy, fd=self.fd)

    def close(self):
        """close(), once."""
        if self.fd is not None:
            self.proxy.close(self.fd)
            self.fd = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _ioctl(self, command, kind, **members):
        return self.proxy.ioctl(self.fd, command, make(kind, **members))

    def info(self):
        """INFO"""
        return self._ioctl(abi.INFO, abi.Info)

    def alloc(self, allocator, size, flags=0, node=0):
        """ALLOC"""
        return self._ioctl(abi.ALLOC, abi.Alloc,
                           allocator=allocator, bytes=size, flags=flags, node=node)

    def free(self, ident):
        """FREE"""
        self._ioctl(abi.FREE, abi.Free, id=ident)

    def query(self, ident):
        """QUERY"""
        return self._ioctl(abi.QUERY, abi.Query, id=ident)

    def layout_part(self, ident, start, capacity, address=None):
        """LAYOUT once: (struct, extents)."""
        address = self.proxy.spare if address is None else address
        part = self._ioctl(abi.LAYOUT, abi.Layout,
                           id=ident, start=start, capacity=capacity, extents=address)
        data = self.proxy.peek(address, part.count * sizeof(abi.Extent)) if part.count else b""
        extents = (abi.Extent * part.count).from_buffer_copy(data)
        return part, [Extent(e.offset, e.phys, e.length, e.node, e.zone) for e in extents]

    def layout(self, ident, capacity=8192):
        """LAYOUT until all is told: extents."""
        start, extents = 0, []
        while True:
            part, more = self.layout_part(ident, start, capacity)
            extents += more
            if not part.next:
                return extents
            if part.next <= start:
                raise AssertionError(f"LAYOUT goes on at {part.next} after {start}")
            start = part.next

    def read(self, ident, offset, length):
        """READ of any length."""
        pieces, most = [], self.proxy.spare_size
        for at in range(offset, offset + length, most):
            size = min(most, offset + length - at)
            done = self._ioctl(abi.READ, abi.Transfer, id=ident, offset=at, length=size,
                               data=self.proxy.spare).done
            if done != size:
                raise AssertionError(f"READ: {done} of {size} bytes")
            pieces.append(self.proxy.peek(self.proxy.spare, size))
        return b"".join(pieces)

    def write(self, ident, offset, data):
        """WRITE of any length."""
        most = self.proxy.spare_size
        for at in range(0, len(data), most):
            piece = data[at:at + most]
            self.proxy.poke(self.proxy.spare, piece)
            done = self._ioctl(abi.WRITE, abi.Transfer, id=ident, offset=offset + at,
                               length=len(piece), data=self.proxy.spare).done
            if done != len(piece):
                raise AssertionError(f"WRITE: {done} of {len(piece)} bytes")

    def fill(self, ident, seed, offset=0, length=0):
        """FILL"""
        self._ioctl(abi.FILL, abi.Pattern, id=ident, seed=seed, offset=offset, length=length)

    def check(self, ident, seed, offset=0, length=0):
        """CHECK: first wrong offset or ALL_RIGHT."""
        return self._ioctl(abi.CHECK, abi.Pattern,
                           id=ident, seed=seed, offset=offset, length=length).first_wrong

    def _many(self, command, arguments):
        """The same ioctl with many structs in few round trips: the structs afterwards."""
        kind, number = abi.COMMANDS[command], self.proxy.number("ioctl")
        size, results = sizeof(kind), []
        wave = self.proxy.spare_size // size
        for first in range(0, len(arguments), wave):
            part = arguments[first:first + wave]
            replies = self.proxy.submit(
                [poke_record(self.proxy.spare, b"".join(map(bytes, part)))]
                + [call_record(number, self.fd, command, self.proxy.spare + size * slot)
                   for slot in range(len(part))])
            for result, _ in replies[1:]:
                if result < 0:
                    raise OSError(-result, os.strerror(-result), f"ioctl {command:#x}")
            data = self.proxy.peek(self.proxy.spare, size * len(part))
            results += (kind * len(part)).from_buffer_copy(data)
        return results

    def alloc_many(self, count, allocator, size, flags=0):
        """ALLOC of many alike."""
        return self._many(abi.ALLOC, [
            make(abi.Alloc, allocator=allocator, bytes=size, flags=flags)] * count)

    def free_many(self, buffers):
        """FREE of many."""
        self._many(abi.FREE, [make(abi.Free, id=buffer.id) for buffer in buffers])

    def fill_many(self, buffers, seed):
        """FILL of many."""
        self._many(abi.FILL, [make(abi.Pattern, id=buffer.id, seed=seed) for buffer in buffers])

    def check_many(self, ident, seed, ranges):
        """CHECK of many (offset, length): first wrong offsets."""
        return [done.first_wrong for done in self._many(abi.CHECK, [
            make(abi.Pattern, id=ident, seed=seed, offset=offset, length=length)
            for offset, length in ranges])]

    def next(self, ident):
        """NEXT"""
        return self._ioctl(abi.NEXT, abi.Next, id=ident).id

    def ids(self):
        """All ids that NEXT tells."""
        found, ident = [], 0
        with contextlib.suppress(FileNotFoundError):
            while True:
                ident = self.next(ident)
                found.append(ident)
        return found

    def map(self, buffer, at=0, length=None, prot=PROT_READ | PROT_WRITE, flags=MAP_SHARED):
        """mmap() of a buffer as ALLOC or QUERY described it, from a page on."""
        length = buffer.map_length - at if length is None else length
        return self.proxy.mmap(length, self.fd, buffer.map_offset + at, prot, flags)
