# SPDX-License-Identifier: GPL-2.0
"""Caches that programs make: objects, lives, owners, limits, and what may be copied of them."""

import contextlib
import errno
import re

import pytest

import abi
import facts
import witness
from abi import (
    CACHE, CACHE_PERSISTENT, HWCACHE_ALIGN, NO_MERGE, PERSISTENT, USERCOPY, Reason, make,
)
from device import Device
from pattern import pattern
from refusal import error_of, refused

PAGE = 4096
# name, active, all, size of an object, objects a slab, pages a slab, slabs
SLAB = re.compile(r"^(\S+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) .* slabdata +\d+ +(\d+) ",
                  re.MULTILINE)
USER = (8, 16)  # caches with a part for user space are merged with no other, on any kernel


def slabs(target):
    """The lines of /proc/slabinfo by name."""
    return {name: [int(number) for number in numbers]
            for name, *numbers in SLAB.findall(target.get("/proc/slabinfo").decode())}


@pytest.fixture
def in_use(device):
    """Bytes of all users."""
    return lambda: device.info().total_bytes


@pytest.mark.parametrize("size, align, flags, user", [
    (1, 0, 0, None), (64, 8, 0, (0, 64)), (100, 64, 0, (99, 1)), (100, 0, HWCACHE_ALIGN, None),
    (3000, 1024, 0, (8, 2000)), (4096, 4096, 0, None), (24, 4096, 0, (0, 8)),
    (131072, 0, CACHE_PERSISTENT, (0, 131072))])
def test_query(device, size, align, flags, user):
    """CACHE_QUERY tells what was asked for, who asked, and by which function."""
    made = device.create_cache(size, align, flags, user)
    query = device.query_cache(made.id)
    assert (query.bytes, query.align, query.objects) == (size, align, 0)
    assert query.flags == flags | (USERCOPY if user else 0)
    assert (query.user_offset, query.user_bytes) == (user or (0, 0))
    assert (query.owner_uid, query.owner_pid) == (0, device.proxy.pid)
    name = "kmem_cache_create_usercopy" if user else "kmem_cache_create"
    assert abi.text(query.function) == abi.text(made.function) == name
    assert abi.text(query.name) == abi.text(made.name) == f"memlab-{made.id}"
    device.destroy_cache(made.id)
    assert error_of(device.query_cache, made.id) == "ENOENT"


@pytest.mark.parametrize("size, align, flags, count", [
    (1, 0, 0, 600), (24, 0, 0, 300), (100, 0, 0, 100), (100, 64, 0, 100), (100, 1024, 0, 64),
    (100, 0, HWCACHE_ALIGN, 100), (700, 4096, 0, 32), (3000, 8, 0, 64), (4096, 4096, 0, 32),
    (20000, 0, 0, 16), (131072, 4096, 0, 4)])
def test_objects(target, device, cache, size, align, flags, count):
    """Objects are of one size, disjoint, aligned as asked, and slabinfo counts them."""
    ident = cache(size, align=align, flags=flags, user=(0, 1))
    name = abi.text(device.query_cache(ident).name)
    made = device.alloc_many(count, CACHE, 0, cache=ident)
    assert device.query_cache(ident).objects == count
    assert {(one.backing, one.map_length) for one in made} == {(abi.SLAB, 0)}
    active, _, objsize, per_slab, pages, _ = slabs(target)[name]
    assert count <= active < count + 2 * per_slab  # a CPU's own slab counts as a whole
    assert size <= objsize and per_slab * objsize <= pages * PAGE
    queries = device.query_many(made)
    assert {(query.bytes, query.cache, abi.text(query.cache_name)) for query in queries} == {
        (size, ident, name)}
    assert {query.usable for query in queries} == {made[0].usable}
    assert size <= made[0].usable <= objsize
    addresses = sorted(query.kernel_address for query in queries)
    assert all(after - before >= objsize for before, after in zip(addresses, addresses[1:]))
    wanted = max(align, 8, 64 if flags & HWCACHE_ALIGN and size > 32 else 1)
    assert all(address % wanted == 0 for address in addresses)
    flags = witness.page_flags(device.proxy, [query.phys for query in queries])
    assert all(word & witness.SLAB for word in flags)
    # disjoint: what is written to one shows in no other
    patterns = [make(abi.Pattern, id=one.id, seed=number) for number, one in enumerate(made)]
    device.try_many(abi.FILL, patterns)
    assert {one.first_wrong for _, one in device.try_many(abi.CHECK, patterns)} == {abi.ALL_RIGHT}
    device.free_many(made)
    assert device.query_cache(ident).objects == 0


def test_name_in_slabinfo(target, device, cache):
    """A cache of one's own is there under its name; when it goes, its line goes."""
    ident = device.create_cache(200, user=USER).id
    other = cache(200, user=USER)
    assert {f"memlab-{ident}", f"memlab-{other}"} <= set(slabs(target))
    device.destroy_cache(ident)
    assert f"memlab-{ident}" not in slabs(target)
    assert f"memlab-{other}" in slabs(target)


def test_merging(target, device):
    """A plain cache may be merged into another; with NO_MERGE it is not, where there is that."""
    plain = device.create_cache(192)
    merged = abi.text(plain.name) not in slabs(target)
    made = device.alloc(CACHE, 0, cache=plain.id)
    assert abi.text(device.query(made.id).cache_name) == abi.text(plain.name)
    device.free(made.id)
    device.destroy_cache(plain.id)
    booted = target.get("/proc/cmdline").split()
    never = facts.red_zones(target) or b"slab_nomerge" in booted or b"slub_nomerge" in booted
    assert merged != never
    if device.info().features & abi.FEATURE_NO_MERGE:
        own = device.create_cache(192, flags=NO_MERGE)
        assert abi.text(own.name) in slabs(target)
        assert device.query_cache(own.id).flags == NO_MERGE
        device.destroy_cache(own.id)
    else:
        refused(device, abi.CACHE_CREATE, make(abi.CacheCreate, bytes=192, flags=NO_MERGE),
                errno.EOPNOTSUPP, Reason.NO_MERGE)


def test_feature_of_kernel(target, device):
    """Linux 6.5 brought SLAB_NO_MERGE."""
    version = tuple(int(number) for number in re.findall(r"\d+", target.release)[:2])
    assert bool(device.info().features & abi.FEATURE_NO_MERGE) == (version >= (6, 5))


def test_busy(device):
    """With live objects a cache stays; after the last one it can go."""
    ident = device.create_cache(64).id
    made = device.alloc_many(3, CACHE, 64, cache=ident)
    for one in made:
        refused(device, abi.CACHE_DESTROY, make(abi.CacheDestroy, id=ident), errno.EBUSY)
        assert device.cache_ids() == [ident]
        device.free(one.id)
    device.destroy_cache(ident)
    assert device.cache_ids() == []
    assert error_of(device.alloc, CACHE, 0, cache=ident) == "ENOENT"


def test_dry_run_is_no_object(device, cache):
    """A dry run leaves no trace in the cache."""
    ident = cache(64)
    device.alloc(CACHE, 0, abi.DRY_RUN, cache=ident)
    assert device.query_cache(ident).objects == 0


def test_failed_object_is_none(device, cache):
    """Nor does an object that is refused."""
    ident = cache(64)
    for members in ({"bytes": 65}, {"count": 2, "bytes": 64}, {"gfp": abi.Gfp.HIGHUSER},
                    {"flags": 1 << 20}, {"context": 9}, {"node": 5}):
        assert error_of(device.alloc, CACHE, **{"size": members.pop("bytes", 0), **members},
                        cache=ident) in ("EINVAL", "EOPNOTSUPP")
        assert device.query_cache(ident).objects == 0


@pytest.mark.parametrize("user", [None, (0, 1), (8, 16), (99, 1), (0, 100)])
def test_usercopy(device, cache, user):
    """READ and WRITE reach the declared part to its borders, and not a byte beyond."""
    made = device.alloc(CACHE, 0, cache=cache(100, user=user))
    first, length = user or (0, 0)
    area = device.proxy.mmap(4096)
    ranges = [(offset, size) for offset in range(101) for size in range(1, 101 - offset)]
    transfers = [make(abi.Transfer, id=made.id, offset=offset, length=size, data=area)
                 for offset, size in ranges]
    wanted = [0 if first <= offset and offset + size <= first + length else -errno.EOPNOTSUPP
              for offset, size in ranges]
    device.fill(made.id, 1)
    assert [result for result, _ in device.try_many(abi.READ, transfers)] == wanted
    if user:
        assert device.read(made.id, first, length) == pattern(1, first, length)
    device.proxy.poke(area, b"\xEE" * 100)
    assert [result for result, _ in device.try_many(abi.WRITE, transfers)] == wanted
    if user:
        assert device.read(made.id, first, length) == b"\xEE" * length
        device.write(made.id, first, pattern(1, first, length))
    # the rest is as it was
    assert device.check(made.id, 1) == abi.ALL_RIGHT
    device.proxy.munmap(area, 4096)
    device.free(made.id)


def test_kernel_knows_usercopy(target, device, cache):
    """The part that may be copied is the kernel's, in /sys/kernel/slab."""
    ident = cache(100, user=(24, 40))
    name = abi.text(device.query_cache(ident).name)
    assert target.get(f"/sys/kernel/slab/{name}/usersize").strip() == b"40"
    assert target.get(f"/sys/kernel/slab/{name}/object_size").strip() == b"100"


def test_align_of_kernel(target, device, cache):
    """So is the alignment."""
    ident = cache(100, align=256, user=USER)
    name = abi.text(device.query_cache(ident).name)
    assert target.get(f"/sys/kernel/slab/{name}/align").strip() == b"256"
    assert target.get(f"/sys/kernel/slab/{name}/slab_size").strip() == b"256"


def test_never_mapped(device, cache):
    """An object of a page at a page is not mapped all the same: its cache says what users see."""
    made = device.alloc(CACHE, 0, cache=cache(PAGE, align=PAGE, user=(0, PAGE)))
    assert made.map_length == made.map_offset == 0
    assert not device.query(made.id).flags & abi.MAPPABLE
    assert error_of(device.map, made, length=PAGE) == "EINVAL"
    device.free(made.id)


# Lives


def test_close(device, process):
    """A cache goes with the file that made it, unless it is persistent."""
    with Device(process()) as own:
        own.create_cache(64, user=USER)
        stays = own.create_cache(64, flags=CACHE_PERSISTENT).id
        assert len(device.cache_ids()) == 2
    assert device.cache_ids() == [stays]
    assert device.query_cache(stays).owner_uid == 0
    device.free(device.alloc(CACHE, 0, cache=stays).id)
    device.destroy_cache(stays)


def test_close_with_objects(target, device, process, in_use):
    """Its own objects go with it."""
    with Device(process()) as own:
        ident = own.create_cache(64, user=USER).id
        own.alloc_many(100, CACHE, 0, cache=ident)
        assert f"memlab-{ident}" in slabs(target)
    assert (device.cache_ids(), device.ids(), in_use()) == ([], [], 0)
    assert f"memlab-{ident}" not in slabs(target)


@pytest.mark.parametrize("who", ["persistent object", "object of another file"])
def test_outlived_by_object(target, device, process, in_use, who):
    """An object that stays keeps its cache in the kernel, but nobody finds the cache."""
    with Device(process()) as own:
        ident = own.create_cache(64, user=USER).id
        if who == "persistent object":
            made = own.alloc(CACHE, 0, PERSISTENT, cache=ident)
        else:
            made = device.alloc(CACHE, 0, cache=ident)
        device.fill(made.id, 1)
    assert (device.cache_ids(), device.ids()) == ([], [made.id])
    assert error_of(device.query_cache, ident) == "ENOENT"
    assert error_of(device.alloc, CACHE, 0, cache=ident) == "ENOENT"
    assert device.check(made.id, 1) == abi.ALL_RIGHT
    assert device.read(made.id, *USER) == pattern(1, *USER)
    assert f"memlab-{ident}" in slabs(target)
    query = device.query(made.id)
    assert (query.cache, abi.text(query.cache_name)) == (ident, f"memlab-{ident}")
    device.free(made.id)
    assert f"memlab-{ident}" not in slabs(target)
    assert in_use() == 0


def test_kill(device, process, in_use):
    """kill -9 leaves what is persistent, and nothing else."""
    proxy = process()
    own = Device(proxy)
    own.alloc(CACHE, 0, cache=own.create_cache(64).id)
    stays = own.create_cache(64, flags=CACHE_PERSISTENT).id
    kept = own.alloc(CACHE, 0, PERSISTENT, cache=stays)
    assert proxy.kill() == -9
    assert (device.cache_ids(), device.ids()) == ([stays], [kept.id])
    assert device.query_cache(stays).owner_pid == 0
    device.free(kept.id)
    device.destroy_cache(stays)
    assert in_use() == 0


def test_ids(device):
    """The lowest free id is taken, so that names do not grow; CACHE_NEXT lists them in order."""
    first = [device.create_cache(8 + number).id for number in range(10)]
    assert device.cache_ids() == first == list(range(1, 11))
    for ident in first[::2]:
        device.destroy_cache(ident)
    assert device.cache_ids() == first[1::2]
    assert [device.create_cache(8, user=(0, 8)).id for _ in range(5)] == first[::2]
    for ident in device.cache_ids():
        device.destroy_cache(ident)


def test_unload(target, process):
    """Persistent caches go with the module, and it can make such ones again at once."""
    for _ in range(3):
        proxy = process()
        with Device(proxy) as own:
            ident = own.create_cache(64, flags=CACHE_PERSISTENT, user=USER).id
            own.alloc_many(50, CACHE, 0, PERSISTENT, cache=ident)
        assert f"memlab-{ident}" in slabs(target)
        assert target.run(["rmmod", "memlab"]).returncode == 0
        gone = f"memlab-{ident}" not in slabs(target)
        assert target.run(["insmod", *target.module_line()]).returncode == 0
        assert gone


# Owners and limits


@pytest.fixture
def users(process, public_device):
    """Devices of alice and bob."""
    # pylint: disable=unused-argument
    return Device(process(user="alice")), Device(process(user="bob"))


@pytest.mark.parametrize("flags", [0, CACHE_PERSISTENT])
def test_strangers(device, process, users, flags):
    """Another user finds no cache; the same user's other processes and root do."""
    alice, bob = users
    ident = alice.create_cache(64, flags=flags).id
    assert error_of(bob.query_cache, ident) == "ENOENT"
    assert error_of(bob.destroy_cache, ident) == "ENOENT"
    assert error_of(bob.alloc, CACHE, 0, cache=ident) == "ENOENT"
    assert error_of(bob.next_cache, ident - 1) == "ENOENT"
    assert bob.cache_ids() == []
    for friend in (Device(process(user="alice")), device):
        assert friend.cache_ids() == [ident]
        assert friend.query_cache(ident).owner_uid == 1000
        friend.free(friend.alloc(CACHE, 0, cache=ident).id)
    # an object of root's in alice's cache is not alice's
    made = device.alloc(CACHE, 0, cache=ident)
    assert error_of(alice.query, made.id) == "ENOENT"
    assert error_of(alice.destroy_cache, ident) == "EBUSY"
    device.free(made.id)
    alice.destroy_cache(ident)


def test_addresses_hidden(users):
    """An object's address is nothing for ordinary users."""
    alice, _ = users
    made = alice.alloc(CACHE, 0, cache=alice.create_cache(64).id)
    query = alice.query(made.id)
    assert query.phys == query.kernel_address == 0
    assert query.flags & abi.PHYS_HIDDEN and query.flags & abi.KADDR_HIDDEN
    alice.free(made.id)


def test_quota(device, users, parameter):
    """EDQUOT above max_user_caches, each user for its own; root is free of it."""
    alice, bob = users
    parameter("max_user_caches", 2)
    assert device.info().max_user_caches == 2
    made = [alice.create_cache(64).id for _ in range(2)]
    refused(alice, abi.CACHE_CREATE, make(abi.CacheCreate, bytes=64), errno.EDQUOT, Reason.NONE)
    assert (alice.info().user_caches, bob.info().user_caches) == (2, 0)
    bob.destroy_cache(bob.create_cache(64).id)
    for ident in [device.create_cache(64).id for _ in range(4)]:
        device.destroy_cache(ident)
    alice.destroy_cache(made.pop())
    made.append(alice.create_cache(64).id)
    for ident in made:
        alice.destroy_cache(ident)
    assert alice.info().user_caches == 0


@pytest.mark.parametrize("size, align", [
    (1, 0), (100, 0), (100, 4096), (3000, 8), (11000, 0), (20000, 0)])
def test_bytes(target, users, size, align):
    """What slabinfo says that the slabs take is counted for the user, and as long as it may be."""
    alice, _ = users
    ident = alice.create_cache(size, align, user=(0, 1)).id
    empty = alice.info().user_bytes
    assert empty >= 32 << 10

    def taken():
        *_, per_slab, pages, slab_count = slabs(target)[f"memlab-{ident}"]
        return per_slab, slab_count * pages * PAGE
    made = []
    while len(made) < 200 or len(made) < 3 * taken()[0]:
        made += alice.alloc_many(50, CACHE, 0, cache=ident)
        assert taken()[1] <= alice.info().user_bytes
    assert alice.info().user_buffers == len(made)
    # slabs that were filled once may be kept, so that it does not become less at once
    most = alice.info().user_bytes
    alice.free_many(made[10:])
    assert alice.info().user_bytes == most >= taken()[1]
    alice.free_many(made[:10])
    assert alice.info().user_bytes == empty
    alice.destroy_cache(ident)
    assert alice.info().user_bytes == 0


@pytest.mark.parametrize("size", [100, 3000, 20000, 131072])
def test_bytes_of_processors(target, users, size):
    """So is what one processor keeps while another one takes more."""
    alice, _ = users
    processors = target.run(["nproc"]).stdout
    if int(processors) < 2:
        pytest.skip("needs CONFIG_SMP=y: and two processors")
    if facts.red_zones(target):
        pytest.skip("needs CONFIG_KASAN=n, slub_debug=-: red zones are charged to no user")
    ident = alice.create_cache(size, user=(0, 1)).id

    def demand():
        *_, pages, slab_count = slabs(target)[f"memlab-{ident}"]
        assert slab_count * pages * PAGE <= alice.info().user_bytes
    keep = alice.alloc(CACHE, 0, cache=ident)  # while there is one, nothing is taken back
    for most in (12, 100, 500):
        for processor in (0, 1, 0, 1):
            alice.proxy.stay(processor)
            made = alice.alloc_many(most, CACHE, 0, cache=ident)
            demand()
            alice.free_many(made)
            demand()
    alice.free(keep.id)
    alice.destroy_cache(ident)
    assert alice.info().user_bytes == 0


def test_bytes_limit(users, parameter):
    """EDQUOT comes before more is taken than max_user_bytes; root's limit is that of all."""
    alice, _ = users
    ident = alice.create_cache(1000).id
    parameter("max_user_bytes", alice.info().user_bytes + 100000)
    made = []
    with pytest.raises(OSError) as caught:
        while len(made) < 1000:
            made.append(alice.alloc(CACHE, 0, cache=ident))
    assert caught.value.errno == errno.EDQUOT
    assert 100000 // 2000 < len(made) <= (100000 + (32 << 10)) // 1000
    assert alice.query_cache(ident).objects == len(made)
    alice.free_many(made)
    alice.destroy_cache(ident)


def test_owner_leaves(device, users):
    """A persistent cache counts for its user to its end, whoever destroys it."""
    alice, _ = users
    ident = alice.create_cache(64, flags=CACHE_PERSISTENT).id
    alice.close()
    with Device(alice.proxy) as again:
        assert again.info().user_caches == 1
        device.destroy_cache(ident)
        assert again.info().user_caches == again.info().user_bytes == 0


def test_many_sizes(device):
    """Every size makes a cache, with every alignment; nothing warns."""
    sizes = sorted({1, 2, 3, 7, 8, 9, 4095, 4096, 4097, 131071, 131072}
                   | {1 << shift for shift in range(17)} | set(range(1000, 131072, 17001)))
    for number, size in enumerate(sizes):
        with contextlib.ExitStack() as stack:
            for align in (0, 1, 8, 16 << number % 8, PAGE):
                user = (size // 3, size - size // 3) if number % 2 else None
                ident = device.create_cache(size, align, user=user).id
                stack.callback(device.destroy_cache, ident)
                made = device.alloc(CACHE, 0, cache=ident)
                address = device.query(made.id).kernel_address
                device.free(made.id)
                assert not align or address % align == 0
