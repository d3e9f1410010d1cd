# SPDX-License-Identifier: GPL-2.0
"""Dumps that are read piece by piece while buffers come and go."""

import errno
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from abi import KMALLOC, KVMALLOC, PAGES, VMALLOC, Gfp
from device import Device
from fragmentation import SINGLE, SMALL, fragmented, free_blocks, smallest_safe
from nlfamily import Family
from nlview import buffers_told, extents_told
from parallel import target_fixture, warden_fixture  # noqa: F401 # pylint: disable=unused-import
from refusal import error_of
from running import until

PAGE, MIB = 4096, 1 << 20
PIECE = 4096  # with room for no more than that, a datagram has about 14 buffers


@pytest.fixture
def family(process):
    """The family for root; never asked for large datagrams before."""
    with Family(process()) as opened:
        yield opened


@pytest.fixture
def herd(device):
    """200 buffers, by id; those that are left go with the test."""
    made = [one.id for one in device.alloc_many(200, KMALLOC, 64)]
    yield made
    for ident in set(made) & set(device.ids()):
        device.free(ident)


def idents(dump):
    """Ids in the order in which they came."""
    return [one["id"] for one in dump.replies]


def test_pieces(device, family, herd):
    """Nothing happens: many pieces, all of it, not interrupted."""
    dump = family.start("buffer-get").read(PIECE)
    assert dump.datagrams > 8 and not dump.interrupted and not dump.refused
    assert dump.replies == buffers_told(device, herd)


def change_alloc(device, herd):
    """A buffer more."""
    herd.append(device.alloc(KMALLOC, 8).id)


def change_free_seen(device, herd):
    """The first one goes."""
    device.free(herd.pop(0))


def change_free_unseen(device, herd):
    """The last one goes."""
    device.free(herd.pop())


def change_resize(device, herd):
    """The last one grows."""
    device.resize(herd[-1], 5000)


def change_all(device, herd):
    """Each second one goes, and as many come."""
    for ident in herd[::2]:
        device.free(ident)
    herd[::2] = [one.id for one in device.alloc_many(len(herd[::2]), KMALLOC, 64)]


CHANGES = [change_alloc, change_free_seen, change_free_unseen, change_resize, change_all]


@pytest.mark.parametrize("pieces", [0, 1, 5])
@pytest.mark.parametrize("change", CHANGES)
def test_change(device, family, herd, change, pieces):
    """A change in the middle is told; who lived throughout is there, and nobody twice."""
    before = set(herd)
    dump = family.start("buffer-get")
    for _ in range(pieces):
        assert dump.step(PIECE) and not dump.interrupted
    change(device, herd)
    dump.read(PIECE)
    assert dump.interrupted and not dump.refused
    found = idents(dump)
    assert found == sorted(set(found))
    assert before & set(herd) <= set(found) <= before | set(herd)
    # the next one is told all
    again = family.start("buffer-get").read(PIECE)
    assert not again.interrupted and idents(again) == sorted(herd)


@pytest.mark.parametrize("change", [
    lambda device, herd: None, lambda device, herd: device.info(),
    lambda device, herd: device.query(herd[0]), lambda device, herd: device.fill(herd[3], 1),
    lambda device, herd: device.ids(), lambda device, herd: device.layout(herd[-1]),
    lambda device, herd: error_of(device.alloc, KMALLOC, 1 << 40)],
    ids=["nothing", "info", "query", "fill", "next", "layout", "refused"])
def test_no_change(device, family, herd, change):
    """What changes no buffer interrupts no dump."""
    dump = family.start("buffer-get")
    dump.step(PIECE)
    change(device, herd)
    dump.read(PIECE)
    assert not dump.interrupted and idents(dump) == herd


def test_filtered_change(device, family, herd):
    """A dump with a filter is interrupted, too, and has what lived throughout."""
    pages = [one.id for one in device.alloc_many(60, PAGES, 64)]
    dump = family.start("buffer-get", allocator="pages")
    dump.step(PIECE)
    device.free(herd.pop())
    dump.read(PIECE)
    assert dump.interrupted and idents(dump) == pages
    for ident in pages:
        device.free(ident)


def test_caches(device, family):
    """The same of caches."""
    made = [device.create_cache(64).id for _ in range(60)]
    dump = family.start("cache-get").read(PIECE)
    assert not dump.interrupted and idents(dump) == made and dump.datagrams > 2
    dump = family.start("cache-get")
    dump.step(PIECE)
    device.destroy_cache(made.pop(0))
    dump.read(PIECE)
    assert dump.interrupted and set(made) <= set(idents(dump))
    for ident in made:
        device.destroy_cache(ident)


def test_two_dumps(device, process, herd):
    """Two sockets at a time, each with a place of its own."""
    families = [Family(process()) for _ in range(2)]
    dumps = [family.start("buffer-get") for family in families]
    for _ in range(4):
        dumps[0].step(PIECE)
    change_alloc(device, herd)
    for dump in dumps:
        dump.read(PIECE)
        assert dump.interrupted and set(herd[:-1]) <= set(idents(dump)) <= set(herd)


def churn(device, stop):
    """Buffers that come and go."""
    for number in itertools.count():
        if stop.is_set():
            break
        made = device.alloc_many(30, KMALLOC if number % 2 else VMALLOC, 64)
        device.free_many(made)


def test_churn(device, process, family, herd):
    """While two processes allocate and free, a dump still has the herd, each once."""
    others = [Device(process()) for _ in range(2)]
    stop, dumps = threading.Event(), itertools.count(1)

    def interrupted():
        dump = family.start("buffer-get").read(PIECE)
        found = idents(dump)
        assert found == sorted(set(found)) and set(herd) <= set(found)
        assert not dump.refused
        # else it must be a state that there was: no half of a group of 30
        return dump.interrupted and next(dumps) > 10
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(churn, other, stop) for other in others]
        try:
            until(interrupted, "ten dumps that are interrupted")
        finally:
            stop.set()
        for job in jobs:
            job.result()
    assert idents(family.start("buffer-get").read()) == herd == device.ids()


def scattered(target, device, allocator, size, least, choices):
    """A buffer of more than so many extents: options of memlab frag, until one gives it."""
    seen = []
    for options in choices:
        with fragmented(target, *options):
            free = free_blocks(target)
            made = device.alloc(allocator, size, gfp=Gfp.KERNEL | Gfp.NORETRY)
        count = len(device.layout(made.id))
        if count > least:
            return made
        device.free(made.id)
        seen.append((options, count, free))
    raise RuntimeError(f"the kernel found large blocks in fragmented memory: {seen}")


@pytest.fixture
def long(target, device):
    """A buffer of thousands of extents."""
    size, choices = 80, 3 * [("--order", SMALL)]
    if smallest_safe(target) == SINGLE:
        size, choices = 20, [("--share", share) for share in (20, 30, 40)]
    made = scattered(target, device, VMALLOC, size * MIB, 2000, choices)
    yield made.id
    if made.id in device.ids():
        device.free(made.id)


def test_extents(device, family, long):
    """A layout in small pieces, while other buffers come and go: whole."""
    dump = family.start("extent-get", buffer_id=long)
    while dump.step(PIECE):
        device.free(device.alloc(VMALLOC, PAGE).id)
    assert dump.datagrams > 40 and not dump.interrupted and not dump.refused
    assert dump.replies == extents_told(device, long)


def test_extents_freed(device, family, long):
    """The buffer goes in the middle: so far, and ENOENT."""
    wanted = extents_told(device, long)
    dump = family.start("extent-get", buffer_id=long)
    for _ in range(3):
        assert dump.step(PIECE)
    device.free(long)
    dump.read(PIECE)
    assert dump.refused.errno == errno.ENOENT and dump.refused.message
    assert 0 < len(dump.replies) < len(wanted)
    assert dump.replies == wanted[:len(dump.replies)]


@pytest.fixture
def pliable(target, device, parameter):
    """A buffer that this kernel can resize, of more extents than a datagram has room for."""
    parameter("max_total_bytes", "900M")
    # kvmalloc takes blocks of 2 MiB where it can: let there be no larger ones
    choice = (KVMALLOC, 200 * MIB, 70, [("--order", 9, "--share", part) for part in (40, 50, 60)])
    if device.info().resizable >> VMALLOC & 1:
        choice = (VMALLOC, 20 * MIB, 70, 3 * [()])
    made = scattered(target, device, *choice)
    yield made
    device.free(made.id)


@pytest.mark.parametrize("percent", [50, 125])
def test_extents_resized(device, family, pliable, percent):
    """It is resized in the middle: interrupted, whatever its layout is now."""
    # one datagram is there before anybody reads, and each that is read makes way for one
    dump = family.start("extent-get", buffer_id=pliable.id)
    device.resize(pliable.id, device.query(pliable.id).bytes * percent // 100,
                  gfp=Gfp.KERNEL | Gfp.NORETRY)
    dump.read(PIECE)
    assert dump.interrupted and not dump.refused
    again = family.start("extent-get", buffer_id=pliable.id).read(PIECE)
    assert not again.interrupted and again.replies == extents_told(device, pliable.id)
