# SPDX-License-Identifier: GPL-2.0
"""Ids and mmap cookies, guessed by one whose buffers they are not."""

import errno
import random
from ctypes import sizeof

import pytest

import abi
from abi import KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, make
from attack import ALICE, BOB
from device import Device
from frames import Fault, call_record
from pattern import pattern
from refusal import error_of
from syscalls import MAP_SHARED, PROT_READ, PROT_WRITE

pytestmark = pytest.mark.usefixtures("public_device")
PAGE = 4096
KINDS = [(KMALLOC, 100), (KMALLOC, 65536), (VMALLOC, 3 * PAGE), (KVMALLOC, 5 << 20),
         (PAGES, 9000), (PAGES_EXACT, 3 * PAGE)]
# every ioctl that takes the id of a buffer, or of a cache
ON_BUFFERS = (abi.FREE, abi.QUERY, abi.LAYOUT, abi.READ, abi.WRITE, abi.FILL, abi.CHECK,
              abi.RESIZE)
ON_CACHES = (abi.CACHE_DESTROY, abi.CACHE_QUERY)


@pytest.fixture
def alice(process):
    """The device, opened by the victim."""
    return Device(process(user="alice"))


@pytest.fixture
def bob(process):
    """The device, opened by the attacker."""
    return Device(process(user="bob"))


def outcomes(device, command, ids, **members):
    """What an ioctl says of many ids."""
    kind = abi.COMMANDS[command]
    return {result for result, _ in device.try_many(
        command, [make(kind, id=ident, **members) for ident in ids])}


def guesses(ids):
    """Ids around some, and the ends of the range, without those."""
    near = {ident + step for ident in ids for step in range(-40, 41)}
    far = {0, 1, 2, (1 << 31) - 1, 1 << 31, (1 << 32) - 1}
    picks = random.Random(4).sample(range(1 << 31), 2000)
    return sorted(ident for ident in near | far | set(picks)
                  if 0 <= ident < 1 << 32 and ident not in ids)


def test_ids(device, alice, bob):
    """Another's id, a free one and one that never was say the same: ENOENT."""
    victims = [alice.alloc(*kind) for kind in KINDS] + [device.alloc(*kind) for kind in KINDS]
    for made in victims:
        device.fill(made.id, made.id)
    freed = [bob.alloc(KMALLOC, 100) for _ in range(20)]
    bob.free_many(freed)
    taken = {made.id for made in victims}
    assert len(taken) == 12
    wrong = guesses(taken)
    for command in ON_BUFFERS:
        members = {"bytes": 10} if command == abi.RESIZE else {}
        for ids in (taken, {one.id for one in freed}, wrong):
            assert outcomes(bob, command, ids, **members) == {-errno.ENOENT}, hex(command)
    assert not bob.ids()
    for made in victims:
        assert device.check(made.id, made.id) == abi.ALL_RIGHT
        assert device.query(made.id).resizes == 0
    device.free_many(victims)


def test_cache_ids(device, alice, bob):
    """The same of caches; nor does an id of a cache let one make objects of it."""
    cache = alice.create_cache(64, user=(0, 64)).id
    made = alice.alloc(abi.CACHE, 0, cache=cache)
    wrong = guesses({cache})
    for command in ON_CACHES:
        for ids in ({cache}, wrong):
            assert outcomes(bob, command, ids) == {-errno.ENOENT}
    for ident in (cache, *wrong[:50]):
        assert error_of(bob.alloc, abi.CACHE, 0, cache=ident) == "ENOENT"
    assert not bob.cache_ids()
    assert device.query_cache(cache).objects == 1
    alice.free(made.id)
    alice.destroy_cache(cache)


def offsets_around(made):
    """All page offsets round the cookies of some buffers, from the first page on."""
    edges = {edge >> 12 for one in made for edge in (one.map_offset,
                                                     one.map_offset + one.map_length)}
    near = {page for one in made for page in range(one.map_offset >> 12,
                                                   (one.map_offset + one.map_length) >> 12)}
    near |= {edge + step for edge in edges for step in range(-20, 21)}
    top = 1 << 32
    far = {0, top - 1, top, (1 << 51) - 1, *(1 << bit for bit in range(52))}
    return sorted(page for page in near | far if page >= 0)


def map_many(device, pages, length=PAGE):
    """What mmap() says at many page offsets; what succeeds is unmapped again."""
    proxy = device.proxy
    results = [reply[0] for reply in proxy.submit([
        call_record(proxy.number("mmap"), 0, length, PROT_READ | PROT_WRITE, MAP_SHARED,
                    device.fd, page << 12) for page in pages])]
    for result in results:
        if not -4096 < result < 0:
            proxy.munmap(result, length)
    return results


def test_cookies(device, alice, bob):
    """No offset at all shows another's buffer; one's own still does."""
    victims = [one for kind in KINDS for one in (alice.alloc(*kind), device.alloc(*kind))]
    own = bob.alloc(VMALLOC, 3 * PAGE)
    more = [one for kind in KINDS for one in (alice.alloc(*kind), device.alloc(*kind))]
    mapped = [one for one in victims + more if one.map_length]
    first = own.map_offset >> 12
    pages = offsets_around(mapped + [own])
    assert len(pages) > 4000
    results = dict(zip(pages, map_many(bob, pages)))
    allowed = {first, first + 1, first + 2}
    for page, result in results.items():
        if page in allowed:
            assert not -4096 < result < 0
        else:
            assert result in (-errno.EINVAL, -errno.EOVERFLOW), page
    for one in mapped:
        assert device.query(one.id).mappings == 0
        for length in (one.map_length, one.map_length + PAGE, 1 << 40):
            assert error_of(bob.map, one, length=length) in ("EINVAL", "ENOMEM")
    # from one's own into the next one's
    for pages in range(4, 40):
        assert error_of(bob.map, own, length=pages * PAGE) == "EINVAL"
    device.free_many(victims + more)


@pytest.mark.parametrize("allocator, size", [kind for kind in KINDS if kind[1] > 2048])
def test_freed_cookies(device, alice, bob, allocator, size):
    """The cookie of a freed buffer leads nowhere, nor does that of one that was resized."""
    made = [bob.alloc(allocator, size) for _ in range(8)]
    bob.free_many(made)
    others = [alice.alloc(allocator, size) for _ in range(8)]
    for one in made:
        for owner in (alice, bob, device):
            assert error_of(owner.map, one) == "EINVAL"
    assert not {one.map_offset for one in made} & {one.map_offset for one in others}
    if device.info().resizable >> allocator & 1:
        old = others[0]
        new = alice.resize(old.id, size + PAGE)
        assert new.map_offset != old.map_offset
        assert error_of(alice.map, old) == "EINVAL"
        alice.proxy.munmap(alice.map(new), new.map_length)


def test_grown_mapping(alice, bob):
    """A mapping of one's own cannot be stretched over, or moved to, what comes after it."""
    own = bob.alloc(VMALLOC, PAGE)
    behind = alice.alloc(VMALLOC, 4 * PAGE)
    alice.fill(behind.id, 8)
    address, proxy = bob.map(own), bob.proxy
    for length in (2 * PAGE, 5 * PAGE):
        assert error_of(proxy.call, "mremap", address, PAGE, length, 1) == "EFAULT"
    # a length of 0 copies a shared mapping: of the same pages
    copy = proxy.call_many("mremap", [(address, 0, PAGE, 1)])[0]
    if not -4096 < copy < 0:
        bob.fill(own.id, 2)
        assert proxy.peek(copy, PAGE) == pattern(2, 0, PAGE)
        with pytest.raises(Fault):
            proxy.peek(copy + PAGE, 1)
        proxy.munmap(copy, PAGE)
    proxy.munmap(address, PAGE)
    assert alice.check(behind.id, 8) == abi.ALL_RIGHT


def test_neighbours(alice, bob):
    """Objects side by side in a slab: offsets do not lead from one into the other."""
    size = 40
    rows = list(zip(alice.alloc_many(200, KMALLOC, size), bob.alloc_many(200, KMALLOC, size)))
    for hers, his in rows:
        alice.fill(hers.id, ALICE)
        bob.fill(his.id, BOB)
    wrong = [(size, 1), (size - 1, 2), (0, size + 1), (0, 64), (64, 40), (1 << 63, 40),
             ((1 << 64) - 40, 80), ((1 << 64) - 1, 1), (0, 1 << 63), (40, (1 << 64) - 40)]
    spare = bob.proxy.spare
    bob.proxy.poke(spare, b"\xEE" * 4096)
    for _, his in rows[::20]:
        for command in (abi.READ, abi.WRITE):
            requests = [make(abi.Transfer, id=his.id, offset=offset, length=length,
                             data=spare + 64 * sizeof(abi.Transfer)) for offset, length in wrong]
            assert {result for result, _ in bob.try_many(command, requests)} == {-errno.ERANGE}
        for command in (abi.FILL, abi.CHECK):
            requests = [make(abi.Pattern, id=his.id, offset=offset, length=length)
                        for offset, length in wrong]
            assert {result for result, _ in bob.try_many(command, requests)} == {-errno.ERANGE}
    for hers, his in rows:
        assert alice.check(hers.id, ALICE) == bob.check(his.id, BOB) == abi.ALL_RIGHT
