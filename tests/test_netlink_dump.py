# SPDX-License-Identifier: GPL-2.0
"""What netlink tells of buffers, caches, layouts and limits is what the ioctls tell."""

import errno
from itertools import product

import pytest

import abi
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp
from conftest import PARAMETERS
from device import Device
from fragmentation import SINGLE, in_extents, smallest_safe
from nlfamily import MEMLAB, Family, Refused
from nlview import (
    buffer_told, buffers_told, cache_told, extents_told, limits_told, named,
)

PAGE, MIB = 4096, 1 << 20


def form(allocator, size, flags=0, **members):
    """The arguments of Device.alloc()."""
    return allocator, size, flags, members


FORMS = {
    "kmalloc": form(KMALLOC, 100), "large": form(KMALLOC, 5 * PAGE),
    "zeroed": form(KMALLOC, 64, abi.ZERO), "array": form(KMALLOC, 24, count=100),
    "node": form(KMALLOC, 64, abi.NODE), "array on a node": form(KMALLOC, 24, abi.NODE, count=3),
    "flags": form(KMALLOC, 4096, gfp=Gfp.USER | Gfp.NORETRY | Gfp.NOWARN),
    "persistent": form(KMALLOC, 8192, abi.PERSISTENT),
    "dma": form(KMALLOC, 64, gfp=Gfp.KERNEL | Gfp.DMA),
    "atomic": form(KMALLOC, 512, gfp=Gfp.NOWAIT, context=Context.ATOMIC),
    "softirq": form(PAGES, 8192, gfp=Gfp.ATOMIC, context=Context.SOFTIRQ),
    "hardirq": form(PAGES_EXACT, 5 * PAGE, gfp=Gfp.ATOMIC, context=Context.HARDIRQ),
    "vmalloc": form(VMALLOC, 123456), "vmalloc node": form(VMALLOC, 9000, abi.NODE),
    "vmalloc array": form(VMALLOC, 1000, abi.ZERO, count=50),
    "kvmalloc": form(KVMALLOC, 2000), "fallback": form(KVMALLOC, 5 * MIB),
    "pages": form(PAGES, 3 * PAGE), "highuser": form(PAGES, PAGE, gfp=Gfp.HIGHUSER),
    "exact": form(PAGES_EXACT, 5 * PAGE),
}


@pytest.fixture
def family(process):
    """The family, for root, from another process than the device's."""
    with Family(process()) as opened:
        yield opened


@pytest.fixture
def opened(process, public_device):
    """Opens the device, and the family, as a user."""
    # pylint: disable=unused-argument # public_device is a state, not a value
    def start(user):
        proxy = process(user=user)
        return Device(proxy), Family(proxy)
    return start


def as_told(device, family, ident):
    """Whether both requests say of a buffer what QUERY says; gives it."""
    wanted = buffer_told(device.query(ident))
    assert family.do("buffer-get", id=ident) == wanted
    assert [one for one in family.dump("buffer-get") if one["id"] == ident] == [wanted]
    return wanted


@pytest.mark.parametrize("allocator, size, flags, members", FORMS.values(), ids=FORMS)
def test_form(device, family, allocator, size, flags, members):
    """Every allocator, in every form, as the first to look at it, and later."""
    made = device.alloc(allocator, size, flags, **members)
    # before anybody has walked its pages
    first = family.do("buffer-get", id=made.id)
    told = as_told(device, family, made.id)
    assert first == told
    # and so that both cannot err alike: what was asked for
    assert told["allocator"] == named("allocator", allocator)
    assert told["bytes"] == size * members.get("count", 1)
    assert ("count" in told) == ("count" in members) and ("node" in told) == bool(flags & abi.NODE)
    assert told["context"] == members.get("context", Context.PROCESS).name.lower()
    assert told["owner-pid"] == device.proxy.pid and told["owner-uid"] == 0
    assert ("persistent" in told["alloc-flags"]) == bool(flags & abi.PERSISTENT)
    device.free(made.id)
    with pytest.raises(Refused) as caught:
        family.do("buffer-get", id=made.id)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("options", [{}, {"flags": abi.HWCACHE_ALIGN | abi.NO_MERGE},
                                     {"user": (8, 100)}, {"align": 256, "user": (0, 1)}])
def test_cache(device, family, options):
    """Caches, their objects, and how many of these there are."""
    if options.get("flags", 0) & abi.NO_MERGE and not device.info().features & (
            abi.FEATURE_NO_MERGE):
        options = {"flags": abi.HWCACHE_ALIGN}
    first, second = device.create_cache(200, **options), device.create_cache(64)
    objects = [device.alloc(CACHE, 0, cache=first.id).id for _ in range(3)]
    wanted = {one.id: cache_told(device.query_cache(one.id)) for one in (first, second)}
    assert (wanted[first.id]["objects"], wanted[second.id]["objects"]) == (3, 0)
    for ident, told in wanted.items():
        assert family.do("cache-get", id=ident) == told
    assert family.dump("cache-get") == list(wanted.values())
    assert as_told(device, family, objects[0])["cache-id"] == first.id
    for ident in objects:
        device.free(ident)
    for ident in wanted:
        device.destroy_cache(ident)
        with pytest.raises(Refused) as caught:
            family.do("cache-get", id=ident)
        assert caught.value.errno == errno.ENOENT
    assert not family.dump("cache-get")


def test_mapped_and_resized(device, family):
    """What changes while a buffer lives."""
    made = device.alloc(KMALLOC, 2 * PAGE)
    address = device.map(made)
    assert as_told(device, family, made.id)["mappings"] == 1
    device.proxy.munmap(address, made.map_length)
    device.resize(made.id, 5 * PAGE, gfp=Gfp.USER)
    told = as_told(device, family, made.id)
    assert (told["mappings"], told["resizes"], told["bytes"], told["gfp"]) == (
        0, 1, 5 * PAGE, {"user"})
    device.free(made.id)


def test_maker_gone(device, process, family):
    """A persistent buffer of a process that ended."""
    other = process()
    made = Device(other).alloc(VMALLOC, 5000, abi.PERSISTENT)
    assert as_told(device, family, made.id)["owner-pid"] == other.pid
    other.kill()
    assert as_told(device, family, made.id)["owner-pid"] == 0
    device.free(made.id)


def test_all(device, family):
    """A dump has every buffer once, in the order of their ids."""
    assert not family.dump("buffer-get")
    made = [one.id for size in (8, 100, PAGE) for one in device.alloc_many(300, KMALLOC, size)]
    made += [one.id for one in device.alloc_many(100, VMALLOC, 3 * PAGE)]
    assert family.dump("buffer-get") == buffers_told(device, sorted(made))
    for ident in made:
        device.free(ident)


@pytest.fixture
def crowd(opened, device):
    """Buffers of three users, with two allocators: {(user, allocator): told to root}."""
    makers = {"root": device, "alice": opened("alice")[0], "bob": opened("bob")[0]}
    found, made = {}, []
    for (user, maker), allocator in product(makers.items(), (KMALLOC, VMALLOC)):
        idents = [maker.alloc(allocator, 100 + number).id for number in range(3)]
        made += [(maker, ident) for ident in idents]
        found[user, allocator] = buffers_told(device, idents)
    yield found
    for maker, ident in made:
        maker.free(ident)


FILTERS = [dict(filters) for number in range(8) for filters in [[
    pair for bit, pair in enumerate((("allocator", "vmalloc"), ("owner-uid", 1000),
                                     ("owner-pid", "alice"))) if number >> bit & 1]]]


@pytest.mark.parametrize("filters", FILTERS, ids=lambda filters: "+".join(filters) or "none")
def test_filters(family, crowd, filters):
    """Each filter alone, and those that are combined: what is told has all of them."""
    everything = [one for several in crowd.values() for one in several]
    if "owner-pid" in filters:
        filters = filters | {"owner-pid": crowd["alice", KMALLOC][0]["owner-pid"]}
    wanted = [one for one in everything if filters.items() <= one.items()]
    assert 0 < len(wanted) <= 18 and (len(wanted) == 18) == (not filters)
    assert sorted(family.dump("buffer-get", filters), key=lambda one: one["id"]) == sorted(
        wanted, key=lambda one: one["id"])


@pytest.mark.parametrize("filters", [
    {"owner-uid": 4242}, {"owner-pid": 0x7FFFFFFF}, {"allocator": "pages"},
    {"owner-uid": 1001, "owner-pid": "alice"}, {"owner-pid": 0xFFFFFFFF}],
    ids=str)
def test_filters_nothing(family, crowd, filters):
    """Filters that nothing has."""
    if filters.get("owner-pid") == "alice":
        filters = filters | {"owner-pid": crowd["alice", KMALLOC][0]["owner-pid"]}
    assert not family.dump("buffer-get", filters)


def test_own(opened, device, crowd):
    """A user is told what is their own, as the ioctls tell it: without addresses."""
    alice, family = opened("alice")
    own = [one for (user, _), several in crowd.items() if user == "alice" for one in several]
    told = family.dump("buffer-get")
    assert told == buffers_told(alice, [one["id"] for one in own])
    assert len(told) == 6
    assert {name for one in own for name in one} - {name for one in told for name in one} == {
        "phys", "kernel-address"}
    for one in told:
        assert family.do("buffer-get", id=one["id"]) == one
    for one in crowd["bob", KMALLOC]:
        with pytest.raises(Refused) as theirs:
            family.do("buffer-get", id=one["id"])
        with pytest.raises(Refused) as nobodys:
            family.do("buffer-get", id=0x7FFFFFFF)
        assert str(theirs.value) == str(nobodys.value)
        with pytest.raises(Refused) as caught:
            family.dump("extent-get", buffer_id=one["id"])
        assert caught.value.errno == errno.ENOENT
    assert not family.dump("buffer-get", owner_uid=1001)
    assert not family.dump("buffer-get", owner_pid=device.proxy.pid)
    mine = alice.alloc(VMALLOC, 10 * PAGE)
    assert family.dump("extent-get", buffer_id=mine.id) == extents_told(alice, mine.id, False)
    alice.free(mine.id)


def test_own_caches(opened, device):
    """The same of caches."""
    alice, family = opened("alice")
    own, others = alice.create_cache(100), device.create_cache(100)
    assert family.dump("cache-get") == [cache_told(alice.query_cache(own.id))]
    with pytest.raises(Refused) as caught:
        family.do("cache-get", id=others.id)
    assert caught.value.errno == errno.ENOENT
    alice.destroy_cache(own.id)
    device.destroy_cache(others.id)


@pytest.mark.parametrize("allocator, size, least", [
    (KMALLOC, 1, 1), (KMALLOC, 3 * PAGE + 1, 1), (KVMALLOC, 100, 1), (PAGES, 5 * PAGE, 1),
    (PAGES_EXACT, 5 * PAGE, 1), (VMALLOC, 1, 1), (VMALLOC, 20 * MIB, 2000),
    (KVMALLOC, 20 * MIB, 1)])
def test_extents(target, fragmented, device, subject, family, allocator, size, least):
    """A layout is what LAYOUT says, also one of thousands of extents and many datagrams."""
    # pylint: disable=unused-argument,too-many-arguments # fragmented is a state, not a value
    if least > 1 and smallest_safe(target) != SINGLE:
        size *= 4
    made = in_extents(
        lambda: subject(allocator, size), lambda one: len(one.extents), least).buffer
    dump = family.start("extent-get", buffer_id=made.id).read()
    assert not dump.refused and not dump.interrupted
    wanted = extents_told(device, made.id)
    assert dump.replies == wanted and len(wanted) >= least
    assert dump.datagrams > least / 1000
    at = 0
    for one in wanted:
        assert one["offset"] == at
        at += one["length"]
    assert at == size
    told = family.do("buffer-get", id=made.id)
    assert told["extent-count"] == len(wanted) and told["phys"] == wanted[0]["phys"]


@pytest.mark.parametrize("user", ["root", "alice"])
def test_limits(opened, device, parameter, user):
    """Limits and what counts are what INFO says, and /sys."""
    own, family = opened(user)
    made = [own.alloc(KMALLOC, 100), own.alloc(VMALLOC, 3 * PAGE)]
    others = device.alloc(KMALLOC, 5 * PAGE) if user == "alice" else None
    cache = own.create_cache(100)
    told = family.do("limits-get")
    # the total, which tells of others, only to root
    assert told == limits_told(own.info(), user == "root")
    assert (told["user-buffers"], told["user-caches"]) == (2, 1)
    assert told["user-bytes"] >= 128 + 3 * PAGE
    assert device.info().total_bytes > told["user-bytes"] or user == "root"
    for name in [name for name in told if name.startswith("max-")]:
        parameter(name.replace("-", "_"), told[name] + 4096)
        changed = family.do("limits-get")
        assert changed.pop(name) == told[name] + 4096 == int(
            device.proxy.target.get(PARAMETERS + name.replace("-", "_")))
        assert changed.items() <= told.items()
        parameter(name.replace("-", "_"), told[name])
    own.destroy_cache(cache.id)
    for one in made:
        own.free(one.id)
    if others:
        device.free(others.id)


def test_namespace(process, device):
    """Another network namespace changes nothing; its family has the same group."""
    made = device.alloc(KMALLOC, 64)
    proxy = process()
    proxy.call("unshare", 0x40000000)
    with Family(proxy) as family:
        assert list(family.groups) == MEMLAB.groups
        assert family.do("buffer-get", id=made.id) == buffer_told(device.query(made.id))
    device.free(made.id)
