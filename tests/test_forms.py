# SPDX-License-Identifier: GPL-2.0
"""The forms of each allocator's function: which one is called, and what it gives."""

import errno

import pytest

import abi
import facts
import witness
from abi import (
    CACHE, KMALLOC, KVMALLOC, NODE, PAGES, PAGES_EXACT, VMALLOC, ZERO, Gfp, Reason, make,
)
from areas import areas
from refusal import refused
from subject import Subject
from witness import page_flags

PAGE, MIB = 4096, 1 << 20
ROUNDS = 10
MAX = 4 * MIB  # KMALLOC_MAX_SIZE of this kernel; test_kmalloc_max checks it
PLAIN_VMALLOC = Gfp.KERNEL | Gfp.WARN | Gfp.NO_ACCOUNT
# allocator, GFP flags: names of the plain and the zeroing form; the same on a node; of
# arrays; of arrays on a node. None where the kernel has none.
FORMS = {
    (KMALLOC, 0): ("kmalloc", "kzalloc", "kmalloc_node", "kzalloc_node",
                   "kmalloc_array", "kcalloc", "kmalloc_array_node", "kcalloc_node"),
    (VMALLOC, 0): ("__vmalloc", "__vmalloc", "vmalloc_node", "vzalloc_node",
                   "__vmalloc_array", "__vcalloc", None, None),
    (VMALLOC, PLAIN_VMALLOC): ("vmalloc", "vzalloc", None, None,
                               "vmalloc_array", "vcalloc", None, None),
    (KVMALLOC, 0): ("kvmalloc", "kvzalloc", "kvmalloc_node", "kvzalloc_node",
                    "kvmalloc_array", "kvcalloc", None, None),
    (PAGES, 0): ("alloc_pages", "alloc_pages", "alloc_pages_node", "alloc_pages_node",
                 None, None, None, None),
    (PAGES_EXACT, 0): ("alloc_pages_exact", "alloc_pages_exact", None, None,
                       None, None, None, None),
    (CACHE, 0): ("kmem_cache_alloc", "kmem_cache_zalloc", "kmem_cache_alloc_node",
                 "kmem_cache_alloc_node", None, None, None, None),
}
REQUESTS = tuple((flags, count) for count in (0, 3) for flags in (0, ZERO, NODE, NODE | ZERO))
CASES = [pytest.param(allocator, gfp, flags, count, name, id=f"{allocator}-{gfp!s}-{flags}-{count}")
         for (allocator, gfp), names in FORMS.items()
         for (flags, count), name in zip(REQUESTS, names)]
FREED_BY = {KMALLOC: "kfree", VMALLOC: "vfree", KVMALLOC: "kvfree", PAGES: "__free_pages",
            PAGES_EXACT: "free_pages_exact", CACHE: "kmem_cache_free"}


def refusal_of(gfp, count):
    """Why there is no such form."""
    if count:
        return errno.EOPNOTSUPP, Reason.NO_ARRAY
    if gfp:
        return errno.EINVAL, Reason.GFP_NODE
    return errno.EOPNOTSUPP, Reason.NO_NODE


@pytest.mark.parametrize("allocator, gfp, flags, count, name", CASES)
def test_function(device, cache, allocator, gfp, flags, count, name):
    """The form that was asked for is called, and told of; what it gives is good."""
    more = {"gfp": int(gfp), "count": count, "cache": cache(96) if allocator == CACHE else 0}
    request = make(abi.Alloc, allocator=allocator, bytes=96, flags=flags, **more)
    if not name:
        refused(device, abi.ALLOC, request, *refusal_of(gfp, count))
        return
    made = device.proxy.ioctl(device.fd, abi.ALLOC, request)
    query = device.query(made.id)
    assert abi.text(made.function) == abi.text(query.function) == name
    assert query.bytes == 96 * (count or 1) <= made.usable
    assert (query.count, query.element_bytes) == ((count, 96) if count else (0, 0))
    assert (query.alloc_flags, query.gfp, query.cache) == (flags, gfp, more["cache"])
    assert made.nanoseconds and made.seen == query.seen == abi.Seen.TASK
    assert device.check(made.id, 1) != abi.ALL_RIGHT
    device.fill(made.id, 1)
    assert device.check(made.id, 1) == abi.ALL_RIGHT
    freed = device.free(made.id)
    assert abi.text(freed.function) == FREED_BY[allocator] and freed.nanoseconds


SUBJECTS = [(KVMALLOC, 100), (KVMALLOC, 5000), (KVMALLOC, 65536), (KVMALLOC, MAX),
            (KVMALLOC, MAX + 1), (PAGES, 1), (PAGES, 4096), (PAGES, 5000), (PAGES, 100000),
            (PAGES, MAX), (PAGES_EXACT, 1), (PAGES_EXACT, 4096), (PAGES_EXACT, 5000),
            (PAGES_EXACT, 20481), (PAGES_EXACT, 2 * MIB + 1), (PAGES_EXACT, MAX),
            (CACHE, 1), (CACHE, 100), (CACHE, 3000), (CACHE, 4096), (CACHE, 20000),
            (CACHE, abi.CACHE_MAX_BYTES)]


def backing_of(allocator, size):
    """Which part of the kernel must hold the pages."""
    if allocator in (PAGES, PAGES_EXACT):
        return abi.PAGES_BACKING if allocator == PAGES else abi.SPLIT
    if allocator == CACHE or size <= 2 * PAGE:
        return abi.SLAB
    return abi.LARGE if size <= MAX else abi.VMALLOC_BACKING


@pytest.mark.parametrize("allocator, size", SUBJECTS)
def test_witnesses(target, subject, cache, allocator, size):
    """All who can say something of the memory agree with the driver."""
    one = subject(allocator, size, cache=cache(size) if allocator == CACHE else 0)
    assert one.query.backing == backing_of(allocator, size)
    in_pages = one.query.backing != abi.SLAB or allocator == KVMALLOC and size > PAGE // 2
    assert (one.address is not None) == in_pages
    if one.query.backing != abi.VMALLOC_BACKING:
        assert [(extent.offset, extent.length) for extent in one.extents] == [(0, size)]
    witnesses = witness.WITH_MAPPING if one.address is not None else witness.WITHOUT_MAPPING
    if one.query.backing == abi.VMALLOC_BACKING:
        witnesses += (witness.vmallocinfo,)
    for who in witnesses:
        if target.has_hypervisor or who not in witness.OF_HYPERVISOR:
            who(one).demand(len(one.pieces()))


@pytest.mark.parametrize("size", [1, 4096, 4097, 12288, 100000, MIB, MAX - 1, MAX])
def test_pages_order(subject, size):
    """alloc_pages() gives 2^order pages, aligned to their size, and the last is one of them."""
    one = subject(PAGES, size)
    block = PAGE << (-(-size // PAGE) - 1).bit_length()
    assert one.query.usable == block
    assert one.kernel_address % block == one.query.phys % block == 0
    frames = page_flags(one.proxy, [one.query.phys + at for at in range(0, block, PAGE)])
    kinds = [word & witness.KINDS for word in frames]
    assert kinds == ([witness.COMPOUND_HEAD] + [witness.COMPOUND_TAIL] * (len(frames) - 1)
                     if block > PAGE else [0])


@pytest.mark.parametrize("allocator, taken", [(PAGES, 64), (PAGES_EXACT, 33)],
                         ids=["pages", "pages-exact"])
def test_pages_exact(target, device, allocator, taken):
    """Of a block of 64 pages alloc_pages_exact() keeps 33; the others are free, in zoneinfo."""
    device.free_many(device.alloc_many(50, allocator, 33 * PAGE))
    seen = []
    for _ in range(ROUNDS):
        before = facts.free_pages(target)
        made = device.alloc_many(50, allocator, 33 * PAGE)
        assert {one.usable for one in made} == {taken * PAGE}
        held = facts.free_pages(target)
        device.free_many(made)
        seen.append((before - held, facts.free_pages(target) - held))
        # a quarter of what lies between 33 and 64; others take and give pages, too
        if all(abs(count - 50 * taken) < 50 * 8 for count in seen[-1]):
            break
    else:
        pytest.fail(f"not {50 * taken} pages were taken and given, but {seen}")


@pytest.mark.parametrize("size", [MAX + 1, 5 * MIB, 6 * MIB, 8 * MIB, 8 * MIB + 1])
@pytest.mark.parametrize("allocator", [VMALLOC, KVMALLOC], ids=["vmalloc", "kvmalloc"])
def test_usable_is_all_that_is_taken(target, device, allocator, size):
    """What a vmalloc area holds is counted, also where it was rounded up for huge pages."""
    seen = []
    for _ in range(ROUNDS):
        before = facts.free_pages(target)
        with Subject(target, device, allocator, size) as one:
            witness.vmallocinfo(one).demand(len(one.pieces()))
            assert device.info().total_bytes == one.query.usable
            taken = one.query.usable // PAGE
            # KASAN has a byte for each eight, in pages of its own
            most = taken + taken // 8 if facts.is_configured(target, "KASAN_VMALLOC") else taken
            seen.append(before - facts.free_pages(target))
        # a quarter of a huge page; others take and give pages, too, such as KASAN those of many
        # areas that are gone, but not each time
        if taken - 128 < seen[-1] < most + 128:
            break
    else:
        pytest.fail(f"of {taken} to {most} pages, {seen} were taken")


@pytest.mark.parametrize("gfp", [Gfp(0), Gfp.NOWAIT, Gfp.KERNEL | Gfp.NORETRY], ids=str)
def test_kvmalloc_small(subject, gfp):
    """A page or less always comes from kmalloc()."""
    for size in (1, 100, 2048, 4096):
        assert subject(KVMALLOC, size, gfp=gfp).query.backing == abi.SLAB


def test_kvmalloc_without_sleeping(device):
    """Where it may not sleep, kvmalloc() fails rather than falls back, unless vmalloc can do so."""
    if device.info().features & abi.FEATURE_VMALLOC_NOWAIT:
        made = device.alloc(KVMALLOC, MAX + 1, gfp=Gfp.NOWAIT)
        assert made.backing == abi.VMALLOC_BACKING
        device.free(made.id)
        return
    refused(device, abi.ALLOC, make(abi.Alloc, allocator=KVMALLOC, bytes=MAX + 1,
                                    gfp=Gfp.NOWAIT), errno.ENOMEM, Reason.NONE)


@pytest.mark.parametrize("allocator, size, backing", [
    (KMALLOC, 64, abi.SLAB), (KMALLOC, 65536, abi.LARGE), (VMALLOC, 65536, abi.VMALLOC_BACKING),
    (KVMALLOC, 64, abi.SLAB), (KVMALLOC, 65536, abi.LARGE),
    (KVMALLOC, MAX + 1, abi.VMALLOC_BACKING)])
def test_kvfree(target, device, allocator, size, backing):
    """kvfree() frees what all three return: the memory is really gone."""
    count = 4096 if size < PAGE else 64 if size < MIB else 8
    for _ in range(ROUNDS):
        before = facts.free_pages(target)
        made = device.alloc_many(count, allocator, size)
        assert {one.backing for one in made} == {backing}
        query = device.query(made[0].id)
        frame, = page_flags(device.proxy, [query.phys])
        assert not frame & witness.BUDDY
        held = facts.free_pages(target)
        freed = device.free_many(made, abi.KVFREE)
        assert {abi.text(one.function) for one in freed} == {"kvfree"}
        assert query.kernel_address not in areas(target)
        # others take and give pages, too, but not each time
        taken = count * made[0].usable // PAGE
        if before - held > taken // 2 and facts.free_pages(target) - held > taken // 2:
            break
    else:
        pytest.fail(f"{taken} pages did not come and go in any of {ROUNDS} rounds")


@pytest.mark.parametrize("allocator, size", [(PAGES, 4096), (PAGES_EXACT, 4096), (CACHE, 64)])
def test_no_kvfree(device, cache, allocator, size):
    """kvfree() is not let near memory of other allocators."""
    made = device.alloc(allocator, size, cache=cache(size) if allocator == CACHE else 0)
    refused(device, abi.FREE, make(abi.Free, id=made.id, flags=abi.KVFREE),
            errno.EOPNOTSUPP, Reason.NO_KVFREE)
    device.free(made.id)


OVERFLOWS = ((1 << 62) + 1, 4), ((1 << 63), 2), ((1 << 64) - 1, (1 << 64) - 1), (1 << 32, 1 << 32)


@pytest.mark.parametrize("flags", [0, ZERO, NODE, abi.DRY_RUN], ids=str)
@pytest.mark.parametrize("allocator", [KMALLOC, VMALLOC, KVMALLOC],
                         ids=["kmalloc", "vmalloc", "kvmalloc"])
def test_overflow(target, device, allocator, flags):
    """An array whose size overflows is refused by the kernel's own function."""
    mark = target.log_mark()
    for count, size in OVERFLOWS:
        assert count * size > abi.ALL_RIGHT
        wanted = errno.EOVERFLOW, Reason.NONE
        if flags == NODE and allocator != KMALLOC:
            wanted = errno.EOPNOTSUPP, Reason.NO_ARRAY
        refused(device, abi.ALLOC, make(abi.Alloc, allocator=allocator, bytes=size, count=count,
                                        flags=flags), *wanted)
    # a size that does not overflow, but is absurd, is not an overflow
    refused(device, abi.ALLOC, make(abi.Alloc, allocator=allocator, bytes=1 << 31, count=1 << 31),
            errno.ERANGE, Reason.NONE)
    assert target.log_since(mark) == []


@pytest.mark.parametrize("size", [1, 96, 97, 1000, 8192])
def test_cache_name(target, device, size):
    """The size class's cache is named as in /proc/slabinfo, also for other sorts of it."""
    name = f"kmalloc-cg-{facts.kmalloc_suffix(target, size)}"
    with_flags = {Gfp(0): name, Gfp.KERNEL | Gfp.NO_ACCOUNT: name.replace("-cg", ""),
                  Gfp.KERNEL | Gfp.DMA: name.replace("kmalloc-cg", "dma-kmalloc")}
    slabs = target.get("/proc/slabinfo").decode()
    for gfp, wanted in with_flags.items():
        made = device.alloc(KMALLOC, size, gfp=gfp)
        assert abi.text(device.query(made.id).cache_name) == wanted
        assert f"\n{wanted} " in slabs
        device.free(made.id)
    large = device.alloc(KMALLOC, 65536)
    assert abi.text(device.query(large.id).cache_name) == ""
    device.free(large.id)
