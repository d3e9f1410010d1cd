# SPDX-License-Identifier: GPL-2.0
"""Events: each thing that is done is told once, rightly, and in its order."""

import pytest

import abi
from abi import CACHE, KMALLOC, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp
from device import Device
from nlevents import clock, event, steps
from nlevents import listener_fixture, watch_fixture  # noqa: F401 # pylint: disable=unused-import
from nlview import named
from refusal import error_of
from syscalls import MREMAP_MAYMOVE, O_WRONLY
from test_netlink_dump import FORMS

PAGE = 4096


@pytest.mark.parametrize("allocator, size, flags, members", FORMS.values(), ids=FORMS)
def test_life(device, watch, allocator, size, flags, members):
    """A buffer comes and goes, in every form."""
    made = device.alloc(allocator, size, flags, **members)
    query = device.query(made.id)
    allocated, = watch.take()
    assert allocated == event("allocated", device.proxy, query)
    # and so that both cannot err alike: what was asked for, and what ALLOC said
    assert allocated["bytes"] == size * members.get("count", 1)
    assert (allocated["usable"], allocated["function"]) == (made.usable, abi.text(made.function))
    assert allocated["context"] == members.get("context", Context.PROCESS).name.lower()
    assert allocated["gfp"] == named("gfp", int(members.get("gfp", 0)))
    freed = device.free(made.id)
    assert watch.take() == [event("freed", device.proxy, query, function=abi.text(freed.function))]


def test_kvfree(device, watch):
    """Freed by another function than usual."""
    query = device.query(device.alloc(KMALLOC, 64).id)
    device.free(query.id, abi.KVFREE)
    assert watch.take()[1] == event("freed", device.proxy, query, function="kvfree")


def test_object(device, watch):
    """An object of a cache tells which; caches themselves tell nothing."""
    cache = device.create_cache(200)
    made = device.alloc(CACHE, 0, cache=cache.id)
    query = device.query(made.id)
    device.free(made.id)
    device.destroy_cache(cache.id)
    assert watch.take() == [event("allocated", device.proxy, query),
                            event("freed", device.proxy, query)]
    assert query.cache == cache.id and query.bytes == 200


def test_nothing_to_tell(device, watch):
    """Looking at buffers, dry runs, and numbers that mean nothing are told to nobody."""
    made = device.alloc(KMALLOC, 64)
    watch.take()
    for look in (lambda: device.query(made.id), device.info, device.ids,
                 lambda: device.layout(made.id), lambda: device.fill(made.id, 1),
                 lambda: device.alloc(VMALLOC, PAGE, abi.DRY_RUN), lambda: device.probe(5)):
        look()
    for wrong in ((KMALLOC, 1 << 40, abi.DRY_RUN), (7, 64), (KMALLOC, 0), (KMALLOC, 64, 1 << 20)):
        error_of(device.alloc, *wrong)
    assert error_of(device.free, 0x7FFFFFFF) == "ENOENT"
    assert error_of(device.resize, 0x7FFFFFFF, 64) == "ENOENT"
    assert not watch.take()
    device.free(made.id)


def test_resized(device, watch):
    """Another size, and what it was before; the next one follows from it."""
    made = device.alloc(KMALLOC, 100)
    watch.take()
    for before, size, gfp in ((100, 5 * PAGE, 0), (5 * PAGE, 7, Gfp.USER), (7, 7, Gfp.NOWAIT)):
        device.resize(made.id, size, gfp=gfp)
        told, = watch.take()
        assert told == event("resized", device.proxy, device.query(made.id), old_bytes=before)
        assert (told["bytes"], told["gfp"]) == (size, named("gfp", int(gfp)))
        assert told["function"] == "krealloc"
    device.resize(made.id, 10, count=30)
    told, = watch.take()
    assert (told["bytes"], told["function"], told["old-bytes"]) == (300, "krealloc_array", 7)
    device.free(made.id)


def test_mapped(device, watch):
    """mmap(), fork(), the end of a process, munmap(): how many map it after each."""
    proxy = device.proxy
    made = device.alloc(VMALLOC, 3 * PAGE)
    watch.take()
    query, address = device.query(made.id), device.map(made)
    assert watch.take() == [event("mapped", proxy, query, mappings=1)]
    child = proxy.fork()
    # the parent copies its mappings
    assert watch.take() == [event("mapped", proxy, query, mappings=2)]
    again = device.map(made)
    assert watch.take() == [event("mapped", proxy, query, mappings=3)]
    child.kill()
    assert watch.take() == [event("unmapped", child, query, mappings=2)]
    proxy.munmap(address, made.map_length)
    proxy.munmap(again, made.map_length)
    assert watch.take() == [event("unmapped", proxy, query, mappings=1),
                            event("unmapped", proxy, query, mappings=0)]
    device.free(made.id)


def test_cut(device, listener):
    """munmap() in the middle makes two of one, mremap() moves one; counts follow."""
    proxy = device.proxy
    made = device.alloc(PAGES_EXACT, 5 * PAGE)
    address = device.map(made)
    listener.take()
    proxy.munmap(address + PAGE, PAGE)
    assert steps(listener.take(), 1) == 2 == device.query(made.id).mappings
    moved = proxy.call("mremap", address + 2 * PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | 2,
                       address + 64 * PAGE)
    told = listener.take()
    assert [one["type"] for one in told] == ["mapped", "unmapped"]
    assert steps(told, 2) == 2 == device.query(made.id).mappings
    proxy.munmap(address, PAGE)
    proxy.munmap(moved, 3 * PAGE)
    assert steps(listener.take(), 2) == 0
    device.free(made.id)


def test_closed(process, watch):
    """The file is closed: its buffers go, but the persistent one, which root frees."""
    proxy, other = process(), process()
    device, root = Device(proxy), Device(other)
    made = [device.alloc(KMALLOC, 64), device.alloc(KMALLOC, 64, abi.PERSISTENT),
            device.alloc(VMALLOC, PAGE)]
    queries = [device.query(one.id) for one in made]
    watch.take()
    device.close()
    told = watch.take()
    assert sorted(told, key=lambda one: one["id"]) == [
        event("freed", proxy, queries[0]), event("freed", proxy, queries[2])]
    root.free(made[1].id)
    assert watch.take() == [event("freed", other, queries[1])]


def test_killed(process, listener):
    """A process is killed: it unmaps, and its buffers go."""
    proxy = process()
    device = Device(proxy)
    made = device.alloc(KMALLOC, 2 * PAGE)
    query = device.query(made.id)
    device.map(made)
    listener.take()
    proxy.kill()
    assert listener.take() == [event("unmapped", proxy, query, mappings=0),
                               event("freed", proxy, query)]


def test_freed_when_it_goes(process, listener):
    """Closed, but mapped through another file: it is freed when that mapping ends."""
    proxy, other = process(), process()
    maker, mapper = Device(proxy), Device(other)
    made = maker.alloc(PAGES, 2 * PAGE)
    query, address = maker.query(made.id), mapper.map(made)
    listener.take()
    maker.close()
    assert not listener.take() and not mapper.ids()
    other.munmap(address, made.map_length)
    assert listener.take() == [event("unmapped", other, query, mappings=0),
                               event("freed", other, query)]


@pytest.mark.parametrize("name", [b"a b", b"0123456789abcdefgh", b"\xff\x1b[31m\n", b""])
def test_who(process, watch, name):
    """The process and the name of the thread that did it, whatever that is called."""
    proxy = process()
    device, fd = Device(proxy), proxy.open("/proc/self/comm", O_WRONLY)
    proxy.write(fd, name or b"\0")
    query = device.query(device.alloc(KMALLOC, 64).id)
    comm = name[:15].decode("utf-8", "surrogateescape")
    device.free(query.id)
    assert watch.take() == [event("allocated", proxy, query, comm=comm),
                            event("freed", proxy, query, comm=comm)]


def test_time(device, watch):
    """When it happened, by the clock of the day."""
    for _ in range(5):
        before = clock(device.proxy)
        made = device.alloc(KMALLOC, 64)
        middle = clock(device.proxy)
        device.free(made.id)
        after = clock(device.proxy)
        first, second = [one["time"] for one in watch.all()]
        assert before <= first <= middle <= second <= after
