# SPDX-License-Identifier: GPL-2.0
"""A buffer under examination: what the driver reports of it, and a mapping."""

from typing import NamedTuple

import abi
import pattern


class Piece(NamedTuple):
    """A part of a buffer within one page frame."""

    offset: int
    phys: int
    length: int


class Existing:
    """A buffer that is there already; released means unmapped, not freed."""

    def __init__(self, target, device, ident):
        self.target = target
        self.device = device
        self.proxy = device.proxy
        self.page = device.proxy.page_size
        self.buffer = self.query = device.query(ident)
        self.size = self.query.bytes
        self.extents = device.layout(ident)
        self.address = device.map(self.query) if self.query.map_length else None

    @property
    def kernel_address(self):
        """Where the kernel sees the first byte."""
        return self.query.kernel_address

    def pieces(self):
        """The buffer cut at the borders of pages, as the driver reports it."""
        found = []
        for extent in self.extents:
            offset, end = extent.offset, extent.offset + extent.length
            while offset < end:
                phys = extent.phys + offset - extent.offset
                length = min(end - offset, self.page - phys % self.page)
                found.append(Piece(offset, phys, length))
                offset += length
        return found

    def probes(self):
        """A window of up to 32 bytes in each piece, elsewhere in each."""
        found = []
        for number, piece in enumerate(self.pieces()):
            length = min(32, piece.length)
            at = number * 1031 % (piece.length - length + 1)
            found.append(Piece(piece.offset + at, piece.phys + at, length))
        return found

    def put(self, seed, probes):
        """Writes pattern bytes as a user program does: through the mapping if there is one.

        The kernel writes them itself where no user may, into objects of caches.
        """
        pieces = [(probe.offset, pattern.pattern(seed, probe.offset, probe.length))
                  for probe in probes]
        if self.address is not None:
            self.proxy.poke_many((self.address + offset, data) for offset, data in pieces)
        elif self.query.allocator == abi.CACHE:
            for probe in probes:
                self.device.fill(self.buffer.id, seed, probe.offset, probe.length)
        else:
            for offset, data in pieces:
                self.device.write(self.buffer.id, offset, data)

    def touch(self):
        """Makes every page of the mapping present."""
        self.proxy.peek_many((self.address + at, 1)
                             for at in range(0, self.buffer.map_length, self.page))

    def release(self):
        """Ends the mapping."""
        if self.address is not None:
            self.proxy.munmap(self.address, self.buffer.map_length)
            self.address = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.release()


class Subject(Existing):
    """A buffer of its own, reported by the driver and mapped when it can be."""

    def __init__(self, target, device, allocator, size, flags=0, **members):
        made = device.alloc(allocator, size, flags, **members)
        super().__init__(target, device, made.id)

    def release(self):
        """Unmaps and frees."""
        super().release()
        self.device.free(self.buffer.id)
