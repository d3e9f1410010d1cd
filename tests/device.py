# SPDX-License-Identifier: GPL-2.0
"""The device as a process in the target sees it: a function for each ioctl."""

import contextlib
import os
import struct
from ctypes import sizeof
from typing import NamedTuple

import abi
from abi import make
from frames import call_record, peek_record, poke_record
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

    def _ioctl(self, command, structure, **members):
        return self.proxy.ioctl(self.fd, command, make(structure, **members))

    def info(self):
        """INFO"""
        return self._ioctl(abi.INFO, abi.Info)

    def alloc(self, allocator, size, flags=0, node=0, **members):
        """ALLOC; members: gfp, count, context, cache."""
        return self._ioctl(abi.ALLOC, abi.Alloc, allocator=allocator, bytes=size, flags=flags,
                           node=node, **members)

    def free(self, ident, flags=0, context=0):
        """FREE"""
        return self._ioctl(abi.FREE, abi.Free, id=ident, flags=flags, context=context)

    def resize(self, ident, size, flags=0, gfp=0, count=0):
        """RESIZE"""
        return self._ioctl(abi.RESIZE, abi.Resize,
                           id=ident, bytes=size, flags=flags, gfp=gfp, count=count)

    def _bench(self, allocator, size, pattern=abi.Bench.PAIR, cpus=(), **members):
        """The struct; memory for the answers is spare."""
        spare = self.proxy.spare
        argument = make(abi.BenchArgument, allocator=allocator, bytes=size, pattern=pattern,
                        cpu_count=len(cpus), results=spare + 4096, **members)
        if cpus:
            self.proxy.poke(spare, b"".join(cpu.to_bytes(4, "little") for cpu in cpus))
            argument.cpus = spare
        if argument.flags & abi.BENCH_EACH:
            argument.histogram = spare + 16384
        return argument

    def try_bench(self, *what, **members):
        """BENCH that may fail: 0 or -errno, and the struct."""
        argument = self._bench(*what, **members)
        result, data = self.proxy.ioctl_raw(self.fd, abi.BENCH, bytes(argument))
        return result, abi.BenchArgument.from_buffer_copy(data)

    def bench(self, *what, **members):
        """BENCH: the struct, the results and, if operations are timed, two histograms.

        What: allocator, size, pattern=, cpus=, and members of the struct.
        """
        reply = self.proxy.ioctl(self.fd, abi.BENCH, self._bench(*what, **members))
        size, count = sizeof(abi.BenchResult), max(1, reply.cpu_count)
        data = self.proxy.peek(reply.results, count * size)
        results = [abi.BenchResult.from_buffer_copy(data, at * size) for at in range(count)]
        if not reply.histogram:
            return reply, results, None
        counts = struct.unpack(f"<{2 * abi.BENCH_BUCKETS}Q",
                               self.proxy.peek(reply.histogram, 16 * abi.BENCH_BUCKETS))
        return reply, results, (counts[:abi.BENCH_BUCKETS], counts[abi.BENCH_BUCKETS:])

    def probe(self, kind, a=0, b=0, c=0):
        """PROBE: the result."""
        return self._ioctl(abi.PROBE, abi.ProbeArgument, kind=kind, a=a, b=b, c=c).result

    def create_cache(self, size, align=0, flags=0, user=None):
        """CACHE_CREATE; user: (offset, length) of what may be copied."""
        offset, length = user or (0, 0)
        return self._ioctl(abi.CACHE_CREATE, abi.CacheCreate, bytes=size, align=align,
                           flags=flags | (abi.USERCOPY if user else 0),
                           user_offset=offset, user_bytes=length)

    def destroy_cache(self, ident):
        """CACHE_DESTROY"""
        self._ioctl(abi.CACHE_DESTROY, abi.CacheDestroy, id=ident)

    def query_cache(self, ident):
        """CACHE_QUERY"""
        return self._ioctl(abi.CACHE_QUERY, abi.CacheQuery, id=ident)

    def query(self, ident):
        """QUERY"""
        return self._ioctl(abi.QUERY, abi.Query, id=ident)

    def query_many(self, buffers):
        """QUERY of many."""
        return self._many(abi.QUERY, [make(abi.Query, id=buffer.id) for buffer in buffers])

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

    def try_many(self, command, arguments):
        """The same ioctl with many structs in few round trips: (result, struct) of each."""
        kind, number = abi.COMMANDS[command], self.proxy.number("ioctl")
        size, results = sizeof(kind), []
        wave = self.proxy.spare_size // size
        for first in range(0, len(arguments), wave):
            part = arguments[first:first + wave]
            replies = self.proxy.submit(
                [poke_record(self.proxy.spare, b"".join(map(bytes, part)))]
                + [call_record(number, self.fd, command, self.proxy.spare + size * slot)
                   for slot in range(len(part))])
            data = self.proxy.peek(self.proxy.spare, size * len(part))
            results += zip([result for result, _ in replies[1:]],
                           (kind * len(part)).from_buffer_copy(data))
        return results

    def try_each(self, *requests):
        """Several (command, struct) in one round trip: (result, struct) of each."""
        number, at, pokes, calls, peeks = self.proxy.number("ioctl"), self.proxy.spare, [], [], []
        for command, argument in requests:
            data = bytes(argument)
            pokes.append(poke_record(at, data))
            calls.append(call_record(number, self.fd, command, at))
            peeks.append(peek_record(at, len(data)))
            at += len(data) + 15 & ~15
        replies = self.proxy.submit(pokes + calls + peeks, expected=at - self.proxy.spare)
        count = len(requests)
        return [(result, type(argument).from_buffer_copy(data))
                for (_, argument), (result, _), (_, data) in zip(
                    requests, replies[count:2 * count], replies[2 * count:])]

    def _many(self, command, arguments):
        """The same where all must succeed: the structs afterwards."""
        done = self.try_many(command, arguments)
        for result, _ in done:
            if result < 0:
                raise OSError(-result, os.strerror(-result), f"ioctl {command:#x}")
        return [argument for _, argument in done]

    def alloc_many(self, number, /, allocator, size, flags=0, **members):
        """ALLOC of many alike."""
        return self._many(abi.ALLOC, [make(
            abi.Alloc, allocator=allocator, bytes=size, flags=flags, **members)] * number)

    def free_many(self, buffers, flags=0, context=0):
        """FREE of many."""
        return self._many(abi.FREE, [
            make(abi.Free, id=buffer.id, flags=flags, context=context) for buffer in buffers])

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

    def next_cache(self, ident):
        """CACHE_NEXT"""
        return self._ioctl(abi.CACHE_NEXT, abi.Next, id=ident).id

    @staticmethod
    def _all(following):
        found, ident = [], 0
        with contextlib.suppress(FileNotFoundError):
            while True:
                ident = following(ident)
                found.append(ident)
        return found

    def ids(self):
        """All ids that NEXT tells."""
        return self._all(self.next)

    def cache_ids(self):
        """All ids that CACHE_NEXT tells."""
        return self._all(self.next_cache)

    def map(self, buffer, at=0, length=None, prot=PROT_READ | PROT_WRITE, flags=MAP_SHARED):
        """mmap() of a buffer as ALLOC or QUERY described it, from a page on."""
        length = buffer.map_length - at if length is None else length
        return self.proxy.mmap(length, self.fd, buffer.map_offset + at, prot, flags)
