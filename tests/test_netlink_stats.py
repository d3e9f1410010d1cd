# SPDX-License-Identifier: GPL-2.0
"""Statistics: every counter moves by what was done, and no other one."""

import errno

import pytest

import abi
import facts
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Gfp, make
from device import Device
from nlfamily import MEMLAB, Family, Refused
from refusal import error_of
from rules import ALLOCATORS

PAGE, MIB = 4096, 1 << 20
GROWING = ("calls", "failures", "refused", "resizes", "frees", "live", "bytes", "fallbacks")
SIZES = {"kmalloc": 100, "vmalloc": 9000, "kvmalloc": 3000, "pages": 3 * PAGE,
         "pages-exact": 5 * PAGE}


@pytest.fixture
def family(process):
    """The family, for root, from another process than the device's."""
    with Family(process()) as opened:
        yield opened


class Counters:
    """What the statistics say of all allocators; and what changed since it was last asked."""

    def __init__(self, family):
        self.family, self.last = family, None
        self.moved()

    def read(self):
        """By allocator."""
        told = self.family.dump("stats-get")
        assert [one["allocator"] for one in told] == list(
            MEMLAB.definitions["allocator"].numbers)
        for one in told:
            wanted = set(MEMLAB.sets["stats"]) - {"pad"}
            assert set(one) == wanted - (
                set() if one["allocator"] == "kvmalloc" else {"fallbacks"})
            assert one["calls"] >= one["frees"] + one["live"] and (
                one["peak-bytes"] >= one["bytes"])
        return {one["allocator"]: one for one in told}

    def moved(self):
        """{(allocator, counter): by how much}, without those that did not move."""
        now, before = self.read(), self.last
        self.last = now
        return {(name, counter): one[counter] - before[name][counter]
                for name, one in now.items() for counter in GROWING
                if before and counter in one and one[counter] != before[name][counter]}


@pytest.fixture
def counters(family):
    """The statistics as they are when the test begins."""
    return Counters(family)


def under(allocator, **counts):
    """What moves of one allocator."""
    return {(allocator, name.replace("_", "-")): count for name, count in counts.items()}


def test_nothing(device, family, counters):
    """Looking at things counts for nothing; neither do dry runs, nor numbers that mean nothing."""
    made = device.alloc(KMALLOC, 64)
    counters.moved()
    for look in (lambda: device.query(made.id), device.info, device.ids, lambda: device.layout(
            made.id), lambda: family.dump("buffer-get"), lambda: device.probe(5)):
        look()
    device.alloc(VMALLOC, PAGE, abi.DRY_RUN)
    assert error_of(device.alloc, KMALLOC, 1 << 40, abi.DRY_RUN) == "ERANGE"
    assert error_of(device.alloc, 7, 64) == error_of(device.alloc, KMALLOC, 0) == "EINVAL"
    assert error_of(device.free, 0x7FFFFFFF) == "ENOENT"
    assert not counters.moved()
    device.free(made.id)


@pytest.mark.parametrize("name, size", SIZES.items())
def test_alloc_and_free(device, counters, name, size):
    """Calls, frees, what lives and its bytes, of each allocator, 7 at a time."""
    made = [device.alloc(ALLOCATORS[name], size) for _ in range(7)]
    usable = sum(one.usable for one in made)
    assert usable >= 7 * size
    assert counters.moved() == under(name, calls=7, live=7, bytes=usable)
    device.free(made.pop().id)
    assert counters.moved() == under(name, frees=1, live=-1, bytes=-usable // 7)
    device.free_many(made)
    assert counters.moved() == under(name, frees=6, live=-6, bytes=-usable // 7 * 6)


def test_objects(device, counters):
    """Objects of a cache; the cache itself is none."""
    cache = device.create_cache(200)
    assert not counters.moved()
    made = device.alloc_many(5, CACHE, 0, cache=cache.id)
    assert counters.moved() == under("cache", calls=5, live=5, bytes=5 * made[0].usable)
    device.free_many(made)
    assert counters.moved() == under("cache", frees=5, live=-5, bytes=-5 * made[0].usable)
    device.destroy_cache(cache.id)
    assert not counters.moved()


def test_fallbacks(device, counters):
    """kvmalloc() that gave vmalloc memory, also by resizing."""
    small, large = device.alloc(KVMALLOC, 100), device.alloc(KVMALLOC, 5 * MIB)
    assert small.backing != abi.VMALLOC_BACKING == large.backing
    moved = counters.moved()
    assert moved.pop(("kvmalloc", "fallbacks")) == 1
    assert moved == under("kvmalloc", calls=2, live=2, bytes=small.usable + large.usable)
    grown = device.resize(small.id, 6 * MIB, gfp=Gfp.KERNEL | Gfp.NORETRY)
    assert grown.backing == abi.VMALLOC_BACKING
    assert counters.moved() == under("kvmalloc", resizes=1, fallbacks=1,
                                     bytes=grown.usable - small.usable)
    # in place: no memory that it had not had before
    same = device.resize(small.id, 6 * MIB - 1, gfp=Gfp.KERNEL | Gfp.NORETRY)
    assert same.flags & abi.MOVED == 0
    assert counters.moved() == under("kvmalloc", resizes=1)
    device.free_many([large, small])


def test_resize(device, counters):
    """Resizes are no calls; bytes follow."""
    made = device.alloc(KMALLOC, 100)
    counters.moved()
    grown = device.resize(made.id, 5 * PAGE)
    assert counters.moved() == under("kmalloc", resizes=1, bytes=grown.usable - made.usable)
    shrunk = device.resize(made.id, 10)
    moved = counters.moved()
    assert moved.pop(("kmalloc", "resizes")) == 1
    assert moved == under("kmalloc", bytes=shrunk.usable - grown.usable) or (
        not moved and shrunk.usable == grown.usable)
    assert error_of(device.resize, made.id, 1 << 62, count=1 << 62) == "EOVERFLOW"
    assert counters.moved() == under("kmalloc", resizes=1, failures=1)
    assert error_of(device.resize, made.id, 100, gfp=Gfp.KERNEL | Gfp.NOWAIT) == "EINVAL"
    assert counters.moved() == under("kmalloc", refused=1)
    device.free(made.id)
    pages = device.alloc(PAGES, PAGE)
    counters.moved()
    assert error_of(device.resize, pages.id, 100) == "EOPNOTSUPP"
    assert counters.moved() == under("pages", refused=1)
    device.free(pages.id)


def test_failures(device, counters):
    """Calls of the kernel's function that gave no memory."""
    assert error_of(device.alloc, KMALLOC, 1 << 62, count=1 << 62) == "EOVERFLOW"
    assert counters.moved() == under("kmalloc", calls=1, failures=1)
    assert error_of(device.alloc, VMALLOC, 1 << 62, abi.ZERO, count=1 << 62) == "EOVERFLOW"
    assert counters.moved() == under("vmalloc", calls=1, failures=1)
    if device.info().features & abi.FEATURE_VMALLOC_NOWAIT:
        return
    # 32 MiB atomically: kmalloc() cannot, and kvmalloc() must not use vmalloc()
    assert error_of(device.alloc, KVMALLOC, 32 * MIB, gfp=Gfp.NOWAIT) == "ENOMEM"
    assert counters.moved() == under("kvmalloc", calls=1, failures=1)


REFUSED = {
    "flags": (KMALLOC, 64, {"gfp": Gfp.KERNEL | Gfp.ATOMIC}, "EINVAL"),
    "size": (PAGES, 1 << 40, {}, "ERANGE"), "node": (PAGES_EXACT, 64, {"flags": 4}, "EOPNOTSUPP"),
    "array": (PAGES, 64, {"count": 3}, "EOPNOTSUPP"),
    "context": (VMALLOC, 64, {"context": 3, "gfp": Gfp.ATOMIC}, "EINVAL EOPNOTSUPP"),
    "cache": (CACHE, 0, {"cache": 0x7FFFFFFF}, "ENOENT"),
    "too little memory": (VMALLOC, "ram", {}, "ENOMEM"),
}


@pytest.mark.parametrize("allocator, size, members, wanted", REFUSED.values(), ids=REFUSED)
def test_refused(device, counters, parameter, allocator, size, members, wanted):
    """Requests that did not get as far as the kernel's function."""
    if size == "ram":
        parameter("max_total_bytes", 1 << 40)
        size = device.info().total_ram
    if device.info().features & abi.FEATURE_VMALLOC_NOWAIT and "context" in members:
        members = members | {"gfp": Gfp.KERNEL}
    assert error_of(device.alloc, allocator, size, **members) in wanted.split()
    name, = [name for name, number in ALLOCATORS.items() if number == allocator]
    assert counters.moved() == under(name, refused=1)


def test_limits(process, public_device, counters, parameter):
    """Quotas refuse; EFAULT afterwards has called the kernel's function, and given back."""
    # pylint: disable=unused-argument # public_device is a state, not a value
    alice = Device(process(user="alice"))
    parameter("max_user_bytes", 10 * PAGE)
    assert error_of(alice.alloc, VMALLOC, 11 * PAGE) == "EDQUOT"
    assert counters.moved() == under("vmalloc", refused=1)
    parameter("max_total_bytes", 9 * PAGE)
    assert error_of(alice.alloc, KMALLOC, 64 * 1024) == "ENOSPC"
    assert counters.moved() == under("kmalloc", refused=1)
    page = alice.proxy.mmap(PAGE)
    alice.proxy.poke(page, bytes(make(abi.Alloc, allocator=KMALLOC, bytes=64)))
    alice.proxy.call("mprotect", page, PAGE, 1)
    assert alice.proxy.call_many("ioctl", [(alice.fd, abi.ALLOC, page)]) == [-errno.EFAULT]
    assert counters.moved() == under("kmalloc", calls=1, frees=1)


def test_closed(process, counters):
    """Buffers that go with their file are freed, too; a mapping keeps one."""
    proxy = process()
    device = Device(proxy)
    made = [device.alloc(KMALLOC, 2 * PAGE) for _ in range(4)]
    address = device.map(made[0])
    counters.moved()
    device.close()
    assert not counters.moved()  # the mapping holds the file
    proxy.munmap(address, made[0].map_length)
    assert counters.moved() == under("kmalloc", frees=4, live=-4, bytes=-4 * 2 * PAGE)


def test_peak(device, counters):
    """The most there ever was: it moves only above what it was."""
    start = counters.read()["pages"]
    more = start["peak-bytes"] - start["bytes"] + 3 * PAGE
    chunks = []
    while more > 0:
        chunks.append(device.alloc(PAGES, min(more, 4 * MIB)))
        more -= chunks[-1].usable
    high = counters.read()["pages"]
    assert high["peak-bytes"] == high["bytes"] > start["peak-bytes"]
    device.free_many(chunks)
    low = counters.read()["pages"]
    assert (low["peak-bytes"], low["bytes"]) == (high["peak-bytes"], start["bytes"])
    device.free(device.alloc(PAGES, PAGE).id)
    assert counters.read()["pages"]["peak-bytes"] == high["peak-bytes"]


def test_agrees_with_buffers(device, counters):
    """What lives, and its bytes, are those of all buffers in a dump."""
    cache = device.create_cache(300)
    made = [device.alloc(ALLOCATORS[name], size) for name, size in SIZES.items() for _ in range(9)]
    made += device.alloc_many(4, CACHE, 0, cache=cache.id)
    made += device.alloc_many(3, KMALLOC, 10, abi.PERSISTENT)
    device.resize(made[0].id, 7 * PAGE)
    buffers, told = counters.family.dump("buffer-get"), counters.read()
    for name in ALLOCATORS:
        of_it = [one["usable"] for one in buffers if one["allocator"] == name]
        assert (told[name]["live"], told[name]["bytes"]) == (len(of_it), sum(of_it))
    assert sum(one["live"] for one in told.values()) == len(device.ids()) == len(made)
    device.free_many(made)
    device.destroy_cache(cache.id)
    told = counters.read()
    assert not any(one["live"] or one["bytes"] for one in told.values())


def test_all_users(target, process, public_device, counters):
    """They tell of all users, and so not to everybody."""
    # pylint: disable=unused-argument # public_device is a state, not a value
    alice = process(user="alice")
    device = Device(alice)
    made = device.alloc(KMALLOC, 64)
    assert counters.moved() == under("kmalloc", calls=1, live=1,
                                     bytes=facts.kmalloc_class(target, 64))
    with Family(alice) as family, pytest.raises(Refused) as caught:
        family.dump("stats-get")
    assert caught.value.errno == errno.EPERM and "CAP_SYS_ADMIN" in caught.value.message
    device.free(made.id)
