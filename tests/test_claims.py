# SPDX-License-Identifier: GPL-2.0
"""Claims about kernel allocation, each upheld by witnesses other than the driver.

A witness must agree for every page of every buffer that is looked at.
"""

import errno
import re

import pytest

import abi
import witness
from witness import page_flags

MAX = 4 << 20  # KMALLOC_MAX_SIZE of this kernel; test_kmalloc_max checks it
SMALL = (8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048)
WHOLE_PAGES = tuple(4096 << order for order in range(11))
ODD = (1, 100, 5000, 12345, 100001, MAX - 1)
VMALLOC_SIZES = (1, 4096, 12345, 1 << 20, 5 << 20)


def by_name(function):
    """How pytest names a witness."""
    return getattr(function, "__name__", None)


@pytest.fixture
def testify(target):
    """Hears a witness about a subject; skips where that witness cannot be."""
    def hear(who, one):
        if who in witness.OF_HYPERVISOR and not target.has_hypervisor:
            pytest.skip(f"TARGET=local: there is no hypervisor for {who.__name__}")
        who(one).demand(len(one.pieces()))
    return hear


@pytest.mark.parametrize("who", witness.WITH_MAPPING, ids=by_name)
@pytest.mark.parametrize("size", WHOLE_PAGES)
def test_kmalloc_contiguous(subject, testify, size, who):
    """kmalloc memory of whole pages is one run, virtually and physically."""
    one = subject(abi.KMALLOC, size)
    assert [(extent.offset, extent.length) for extent in one.extents] == [(0, size)]
    testify(who, one)


@pytest.mark.parametrize("who", witness.WITHOUT_MAPPING, ids=by_name)
@pytest.mark.parametrize("size", SMALL + ODD)
def test_kmalloc_contiguous_unmapped(subject, testify, size, who):
    """So is memory of every other size class, and of sizes between."""
    one = subject(abi.KMALLOC, size)
    assert [(extent.offset, extent.length) for extent in one.extents] == [(0, size)]
    testify(who, one)


def test_kmalloc_linear(hypervisor, subject):
    """One constant lies between kernel and physical addresses, on every page."""
    shifts = set()
    for size in SMALL + WHOLE_PAGES:
        one = subject(abi.KMALLOC, size)
        shifts.add(one.kernel_address - one.query.phys)
        witness.hypervisor_walk(one).demand(len(one.pieces()))
    assert len(shifts) == 1
    # the page tables say the same of addresses that no buffer owns
    shift = shifts.pop()
    found = hypervisor.gva2gpa_many([shift + (at << 20) for at in range(64, 512, 64)])
    assert found == [at << 20 for at in range(64, 512, 64)]


@pytest.mark.parametrize("size, objects", [(64, 500), (512, 200), (4096, 64), (8192, 32)])
def test_kmalloc_slab(target, device, size, objects):
    """slabinfo counts the objects of the size class, and knows its size."""
    name = f"{size}" if size < 1024 else f"{size // 1024}k"
    pattern = re.compile(rf"^kmalloc-(?:cg-)?{name}\s+(\d+)\s+(\d+)\s+(\d+)", re.MULTILINE)

    def counted():
        rows = pattern.findall(target.get("/proc/slabinfo").decode())
        assert {int(row[2]) for row in rows} == {size}
        return sum(int(row[0]) for row in rows)
    before = counted()
    made = device.alloc_many(objects, abi.KMALLOC, size)
    assert {(one.backing, one.usable) for one in made} == {(abi.SLAB, size)}
    # objects that lie ready on a CPU's own slab are counted already
    assert counted() - before >= objects // 2
    device.free_many(made)


def test_kmalloc_backing(device):
    """Up to KMALLOC_MAX_CACHE_SIZE it is a slab, above it whole pages."""
    largest = device.info().kmalloc_max_cache_size
    for size, backing in ((1, abi.SLAB), (largest, abi.SLAB), (largest + 1, abi.LARGE),
                          (MAX, abi.LARGE)):
        made = device.alloc(abi.KMALLOC, size)
        assert made.backing == backing
        device.free(made.id)


@pytest.mark.parametrize("allocator, size", [(abi.KMALLOC, MAX), (abi.VMALLOC, 16 * MAX)],
                         ids=["kmalloc", "vmalloc"])
def test_freed(device, allocator, size):
    """The frames of a freed buffer are the page allocator's again."""
    made = device.alloc(allocator, size)
    frames = [extent.phys + at for extent in device.layout(made.id)
              for at in range(0, extent.length, 4096)]
    assert not any(word & witness.BUDDY for word in page_flags(device.proxy, frames))
    device.free(made.id)
    # each CPU keeps some for itself, which nothing marks
    free = sum(1 for word in page_flags(device.proxy, frames) if word & witness.BUDDY)
    assert free > len(frames) // 2


def test_kmalloc_max(target, device, subject):
    """The largest size succeeds, one byte more fails, and the kernel stays calm."""
    assert device.info().kmalloc_max_size == MAX
    assert subject(abi.KMALLOC, MAX).buffer.usable == MAX
    mark = target.log_mark()
    with pytest.raises(OSError) as caught:
        device.alloc(abi.KMALLOC, MAX + 1)
    assert caught.value.errno == errno.ERANGE
    assert target.log_since(mark) == []


@pytest.mark.parametrize("who", (witness.vmallocinfo,) + witness.WITH_MAPPING, ids=by_name)
@pytest.mark.parametrize("size", VMALLOC_SIZES)
def test_vmalloc_virtual(subject, testify, size, who):
    """vmalloc memory is one run of kernel addresses that begins at a page."""
    one = subject(abi.VMALLOC, size)
    assert one.kernel_address % 4096 == 0
    testify(who, one)


def test_vmalloc_page_tables(hypervisor, subject, device):
    """Two kernel addresses, direct map and vmalloc area, reach each page."""
    one, other = subject(abi.VMALLOC, 1 << 20), subject(abi.KMALLOC, 4096)
    shift = other.kernel_address - other.query.phys
    direct = [shift + piece.phys for piece in one.pieces()]
    through = [one.kernel_address + piece.offset for piece in one.pieces()]
    assert not set(direct) & set(through)
    found = hypervisor.gva2gpa_many(direct + through)
    assert found[:len(direct)] == found[len(direct):] == [piece.phys for piece in one.pieces()]
    assert len(set(found)) == 256
    # the area ends where the page tables do
    assert hypervisor.gva2gpa(one.kernel_address + (1 << 20)) is None
    device.fill(one.buffer.id, 3)


@pytest.mark.parametrize("who", (witness.vmallocinfo, witness.pagemap, witness.kpageflags,
                                 witness.mapping_bytes, witness.kcore, witness.hypervisor_walk,
                                 witness.hypervisor_bytes), ids=by_name)
def test_vmalloc_large(subject, testify, who):
    """vmalloc serves sizes far above kmalloc's largest."""
    one = subject(abi.VMALLOC, 16 * MAX)
    assert sum(extent.length for extent in one.extents) == 16 * MAX
    testify(who, one)


@pytest.mark.parametrize("who", (witness.vmallocinfo,) + witness.WITH_MAPPING, ids=by_name)
def test_vmalloc_scattered(scattered, testify, who):
    """vmalloc memory need not be contiguous physically: here it is not."""
    one = scattered(2 << 20)
    assert len(one.extents) > 100
    testify(who, one)
