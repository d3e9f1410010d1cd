# SPDX-License-Identifier: GPL-2.0
"""Witnesses: what others than the driver say about a buffer.

Each takes a Subject and returns a Verdict: how many pieces (parts of pages) it
compared, and every disagreement in words. None asserts anything, so that a
test can also demand that a witness complains.
"""

import re
import struct
from bisect import bisect_right
from typing import NamedTuple

import abi
import pattern
from areas import find_area
from subject import Subject
from syscalls import O_RDONLY

PRESENT = 1 << 63
FRAME = (1 << 55) - 1
SLAB, BUDDY, COMPOUND_HEAD, COMPOUND_TAIL, NOPAGE = (
    1 << 7, 1 << 10, 1 << 15, 1 << 16, 1 << 20)
KINDS = SLAB | COMPOUND_HEAD | COMPOUND_TAIL


class Verdict(NamedTuple):
    """What a witness found."""

    compared: int
    complaints: list

    def demand(self, pieces):
        """Raises unless that many pieces were compared and nothing was wrong."""
        if self.complaints:
            raise AssertionError("\n".join(self.complaints[:20]))
        if self.compared != pieces or not pieces:
            raise AssertionError(f"{self.compared} of {pieces} pieces compared")


def pagemap(subject):
    """/proc/self/pagemap over the user's mapping names the reported frames."""
    if subject.address is None:
        return Verdict(0, ["the buffer is not mapped"])
    subject.touch()
    entries = subject.proxy.pagemap(subject.address, subject.buffer.map_length // subject.page)
    pieces = subject.pieces()
    complaints = [f"page {number} of the mapping is not present"
                  for number, entry in enumerate(entries) if not entry & PRESENT]
    for piece in pieces:
        frame = entries[piece.offset // subject.page] & FRAME
        if frame != piece.phys // subject.page:
            complaints.append(f"offset {piece.offset:#x}: reported {piece.phys:#x}, "
                              f"pagemap says frame {frame:#x}")
    return Verdict(len(pieces), complaints)


def page_flags(proxy, addresses):
    """The words of /proc/kpageflags for physical addresses."""
    fd = proxy.open("/proc/kpageflags", O_RDONLY)
    try:
        words = proxy.pread_many(
            fd, [(8 * (address // proxy.page_size), 8) for address in addresses])
    finally:
        proxy.close(fd)
    return [int.from_bytes(word, "little") for word in words]


def kpageflags(subject):
    """/proc/kpageflags shows at each frame what the backing says it is."""
    pieces, complaints = subject.pieces(), []
    flags = page_flags(subject.proxy, [piece.phys for piece in pieces])
    block = COMPOUND_HEAD if subject.buffer.usable > subject.page else 0
    for number, (piece, word) in enumerate(zip(pieces, flags)):
        kind, place = word & KINDS, COMPOUND_TAIL if number else block
        wrong = {
            abi.SLAB: not word & SLAB,
            abi.LARGE: kind != place,
            abi.PAGES_BACKING: kind != place,
            abi.SPLIT: kind,
            abi.VMALLOC_BACKING: kind,
        }[subject.buffer.backing] or word & (BUDDY | NOPAGE)
        if wrong:
            complaints.append(f"offset {piece.offset:#x}, backing {subject.buffer.backing}: "
                              f"frame of {piece.phys:#x} has flags {word:#x}")
    return Verdict(len(pieces), complaints)


def vmallocinfo(subject):
    """/proc/vmallocinfo knows the area, its page count and who asked for it.

    The page count is that of the usable bytes, which may be more than were asked for.
    """
    start, pages = subject.kernel_address, subject.buffer.usable // subject.page
    pieces = len(subject.pieces())
    area = find_area(subject.target, start)
    if area:
        end, size, rest = area
        complaints = []
        # the kernel adds a guard page, and may keep an area that vrealloc() took pages from
        least = (pages + 1) * subject.page
        if end - start != size or size < least or size > least and not subject.query.resizes:
            complaints.append(f"the area is {size} bytes long, the buffer {pages} pages")
        for wanted in (f"pages={pages}", "vmalloc"):
            if not re.search(rf"(?<!\S){re.escape(wanted)}(?!\S)", rest):
                complaints.append(f"{wanted} is not in {rest!r}")
        # a function that calls vmalloc() for us, and is not inlined, stands there itself
        if not re.match(rf"(\S+ \[memlab\]|{abi.text(subject.query.function)}\S*) ", rest):
            complaints.append(f"not ours: {rest!r}")
        return Verdict(pieces, complaints)
    return Verdict(pieces, [f"no area begins at {start:#x}"])


def mapping_bytes(subject):
    """What the kernel writes the user reads, and the other way round."""
    if subject.address is None:
        return Verdict(0, ["the buffer is not mapped"])
    probes, ident, complaints = subject.probes(), subject.buffer.id, []
    subject.device.fill(ident, 41)
    seen = subject.proxy.peek_many((subject.address + p.offset, p.length) for p in probes)
    for probe, data in zip(probes, seen):
        if data != pattern.pattern(41, probe.offset, probe.length):
            complaints.append(f"offset {probe.offset:#x}: the user does not read what FILL wrote")
    subject.put(42, probes)
    results = subject.device.check_many(ident, 42, [(p.offset, p.length) for p in probes])
    for probe, wrong in zip(probes, results):
        if wrong != abi.ALL_RIGHT:
            complaints.append(f"offset {wrong:#x}: CHECK does not find what the user wrote")
    # CHECK must be able to say no: every probe now differs from the first pattern
    results = subject.device.check_many(ident, 41, [(p.offset, p.length) for p in probes])
    for probe, wrong in zip(probes, results):
        both = zip(pattern.pattern(41, probe.offset, probe.length),
                   pattern.pattern(42, probe.offset, probe.length))
        differs = [probe.offset + at for at, (old, new) in enumerate(both) if old != new]
        if wrong != (differs or [abi.ALL_RIGHT])[0]:
            complaints.append(f"offset {probe.offset:#x}: CHECK finds the first wrong byte "
                              f"at {wrong:#x}")
    return Verdict(len(probes), complaints)


def kcore(subject):
    """/proc/kcore shows at the kernel address what the user wrote."""
    probes = subject.probes()
    subject.put(43, probes)
    return _kernel_memory("kcore", subject, 43, probes, [
        subject.kernel_address + probe.offset for probe in probes])


def direct_map_alias(subject):
    """/proc/kcore shows it at the frames' addresses in the direct map, too.

    The distance to physical addresses comes from a kmalloc buffer.
    """
    with Subject(subject.target, subject.device, abi.KMALLOC, subject.page) as other:
        shift = other.kernel_address - other.query.phys
    probes = subject.probes()
    subject.put(45, probes)
    return _kernel_memory("the direct map", subject, 45, probes, [
        shift + probe.phys for probe in probes])


def _kernel_memory(who, subject, seed, probes, addresses):
    proxy, places = subject.proxy, []
    fd = proxy.open("/proc/kcore", O_RDONLY)
    try:
        segments = _segments(proxy.pread(fd, 65536, 0))
        for address, probe in zip(addresses, probes):
            for start, end, offset in segments:
                if start <= address and address + probe.length <= end:
                    places.append((offset + address - start, probe.length))
                    break
            else:
                return Verdict(0, [f"no segment of /proc/kcore holds {address:#x}"])
        contents = proxy.pread_many(fd, places)
    finally:
        proxy.close(fd)
    return _compare(who, seed, probes, contents)


def _segments(image):
    """(first address, end, file offset) of an ELF file's program headers."""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    found = []
    for number in range(count):
        offset, start = struct.unpack_from("<QQ", image, table + number * size + 8)
        length, = struct.unpack_from("<Q", image, table + number * size + 40)
        found.append((start, start + length, offset))
    return found


def _compare(who, seed, probes, contents):
    return Verdict(len(probes), [
        f"offset {probe.offset:#x}: {who} does not show what the user wrote"
        for probe, data in zip(probes, contents)
        if data != pattern.pattern(seed, probe.offset, probe.length)])


def hypervisor_walk(subject):
    """QEMU's walk of the page tables leads from the kernel address to the reported frames."""
    pieces = subject.pieces()
    found = subject.target.gva2gpa_many(
        [subject.kernel_address + piece.offset for piece in pieces])
    return Verdict(len(pieces), [
        f"offset {piece.offset:#x}: reported {piece.phys:#x}, the page tables lead to "
        + ("nothing" if phys is None else f"{phys:#x}")
        for piece, phys in zip(pieces, found) if phys != piece.phys])


def hypervisor_bytes(subject):
    """QEMU reads at the reported physical addresses what the user wrote."""
    probes = subject.probes()
    subject.put(44, probes)
    contents = _outside(subject, probes)
    return _compare("physical memory", 44, probes, contents)


def _outside(subject, probes):
    """Physical memory at the probes; whole extents are read, since there may be few."""
    memory = subject.target.read_physical_many([(e.phys, e.length) for e in subject.extents])
    starts = [extent.offset for extent in subject.extents]
    for probe in probes:
        number = bisect_right(starts, probe.offset) - 1
        at = probe.offset - starts[number]
        yield memory[number][at:at + probe.length]


WITHOUT_MAPPING = (kpageflags, kcore, direct_map_alias, hypervisor_walk, hypervisor_bytes)
WITH_MAPPING = (pagemap, mapping_bytes) + WITHOUT_MAPPING
OF_HYPERVISOR = (hypervisor_walk, hypervisor_bytes)
