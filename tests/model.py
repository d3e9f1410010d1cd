# SPDX-License-Identifier: GPL-2.0
"""What a buffer ought to be like, without a kernel: size, content, what it counts for."""

import pattern
from abi import CACHE, KMALLOC, KVMALLOC, VMALLOC, PERSISTENT

WINDOW = 8192  # bytes at either end that are compared; all, where that is all


class Buffer:
    """A buffer as it must be."""

    def __init__(self, request, reply, charged):
        self.ident = reply.id
        self.allocator = request.allocator
        self.persistent = bool(request.flags & PERSISTENT)
        self.cache = request.cache
        self.user = None  # of an object: the part that may be copied
        self.content = bytearray(reply.bytes * (request.count or 1))
        self.charged = charged  # its cache is charged for an object
        self.place = reply  # who tells of the mapping: ALLOC, or the last RESIZE
        self.address = None  # of the mapping
        self.resizes = 0

    @property
    def size(self):
        """Bytes that were asked for."""
        return len(self.content)

    @property
    def backing(self):
        """As the last reply told."""
        return self.place.backing

    @property
    def takes_kvfree(self):
        """Whether kvfree() may free it."""
        return self.allocator in (KMALLOC, VMALLOC, KVMALLOC)

    def windows(self):
        """(offset, length) of what is compared."""
        if self.allocator == CACHE:
            first, length = self.user or (0, 0)
            return [(first, length)] if length else []
        if self.size <= 2 * WINDOW:
            return [(0, self.size)]
        return [(0, WINDOW), (self.size - WINDOW, WINDOW)]

    def fill(self, seed, offset, length):
        """FILL"""
        end = offset + length if length else self.size
        self.content[offset:end] = pattern.pattern(seed, offset, end - offset)

    def resize(self, size):
        """RESIZE; how many bytes are kept."""
        kept = min(size, self.size)
        self.content = self.content[:kept] + bytearray(size - kept)
        self.resizes += 1
        return kept


class Cache:
    """A cache as it must be."""

    def __init__(self, reply):
        self.ident = reply.id
        self.size = reply.bytes
        align = max(reply.align, 8)
        self.stride = -(-reply.bytes // align) * align
        self.user = (reply.user_offset, reply.user_bytes) if reply.user_bytes else None
        self.objects = self.most = 0

    def add(self, number):
        """Objects came, or went; the most since there was none are what counts."""
        self.objects += number
        self.most = max(self.most, self.objects) if self.objects else 0

    def least(self):
        """Bytes that it must count for."""
        return max(32768, self.most * self.size)

    def greatest(self, processors):
        """Bytes that it may count for: half of a slab may be lost, and processors keep some."""
        kept = next(number for size, number in ((4096, 12), (1024, 48), (256, 104), (0, 240))
                    if self.stride >= size)
        slab = max(32768, 2 * self.stride)
        return max(slab, self.most * 2 * self.stride) + processors * (
            slab + kept * 2 * self.stride)
