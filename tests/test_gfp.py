# SPDX-License-Identifier: GPL-2.0
"""Which GFP flags each allocator takes: the driver's table against that of rules.py."""

import errno
from itertools import combinations

import pytest

import abi
import facts
import rules
from abi import CACHE, KMALLOC, NODE, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp, Reason
from device import Device
from refusal import attempt, outcome, refused
from rules import BASES, GIVEN, MODIFIERS, Request, World

SIZE = 128
ALLOCATORS = pytest.mark.parametrize("allocator", rules.ALLOCATORS.values(),
                                     ids=list(rules.ALLOCATORS))
# An object of a cache has the size of the cache, and the cache has an owner.
BUT_CACHE = pytest.mark.parametrize("allocator", list(rules.ALLOCATORS.values())[:-1],
                                    ids=list(rules.ALLOCATORS)[:-1])


def any_of(flags, *numbers):
    """Every combination of so many of these flags."""
    return [Gfp(sum(some)) for number in numbers for some in combinations(flags, number)]


def sets(most):
    """One base with up to so many modifiers; no base, or two, with up to one."""
    return ([base | more for base in BASES for more in any_of(MODIFIERS, *range(most + 1))]
            + [base | more for base in any_of(BASES, 0, 2) for more in any_of(MODIFIERS, 0, 1)])


@pytest.fixture
def judge(cache):
    """Compares DRY_RUN with the rules: judge(device, world, requests)."""
    ident = cache(SIZE)

    def compare(device, world, requests):
        requests = [request._replace(cache=ident) if request.allocator == CACHE else request
                    for request in requests]
        before = device.info().total_bytes
        replies = device.try_many(
            abi.ALLOC, [request.argument(abi.DRY_RUN) for request in requests])
        wrong = [complaint for request, (result, reply) in zip(requests, replies)
                 if (complaint := disagreement(request, world, outcome(result, reply), reply))]
        assert not wrong, "\n".join([f"{len(wrong)} of {len(requests)}"] + wrong[:20])
        assert device.info().total_bytes == before and device.ids() == []
    return compare


def disagreement(request, world, got, reply):
    """In words, if there is any."""
    wanted = rules.refusals(request, world)
    if wanted or got:
        return None if got in wanted else f"{request}: {got} instead of {wanted or 'success'}"
    used = rules.gfp_used(request, world.info, abi.text(reply.function))
    if reply.gfp_used != used:
        return f"{request}: {Gfp(reply.gfp_used)!r} used instead of {used!r}"
    if reply.id or reply.usable or reply.seen or reply.nanoseconds or reply.map_length:
        return f"{request}: a dry run tells of memory"
    return None


@ALLOCATORS
@pytest.mark.parametrize("flags", [0, NODE, abi.ZERO], ids=["plain", "node", "zero"])
def test_combinations(device, judge, allocator, flags):
    """Each combination of a base and up to three modifiers is taken, or refused, as documented."""
    most = 2 if flags == abi.ZERO else 3
    judge(device, World(device.info()),
          [Request(allocator, SIZE, gfp, flags) for gfp in sets(most)])


@BUT_CACHE
def test_sizes(device, judge, allocator):
    """So it is where the size matters."""
    info = device.info()
    sizes = (info.page_size, info.page_size + 1, 8 * info.page_size, 8 * info.page_size + 1,
             info.kmalloc_max_size, info.kmalloc_max_size + 1)
    judge(device, World(info),
          [Request(allocator, size, gfp) for size in sizes for gfp in sets(1)])


@pytest.mark.usefixtures("public_device")
@BUT_CACHE
@pytest.mark.parametrize("flags", [0, NODE], ids=["plain", "node"])
def test_ordinary_user(process, judge, allocator, flags):
    """An ordinary user gets EPERM for what needs an administrator, and nothing else."""
    with Device(process(user="alice")) as device:
        judge(device, World(device.info(), admin=False),
              [Request(allocator, SIZE, gfp, flags) for gfp in sets(2)])


@pytest.mark.usefixtures("public_device")
def test_ordinary_user_of_cache(process):
    """The same for objects of a user's own cache."""
    with Device(process(user="alice")) as device:
        ident, world = device.create_cache(SIZE).id, World(device.info(), admin=False)
        for gfp in sets(1):
            request = Request(CACHE, SIZE, gfp, cache=ident)
            got, reply = attempt(device, abi.ALLOC, request.argument(abi.DRY_RUN))
            assert not disagreement(request, world, got, reply)
        device.destroy_cache(ident)


@ALLOCATORS
def test_unknown_bits(device, allocator):
    """Bits that nobody knows, and the one that is only told, are EINVAL."""
    for bit in range(17, 64):
        assert not GIVEN & 1 << bit
        for gfp in (1 << bit, Gfp.KERNEL | 1 << bit):
            got, _ = attempt(device, abi.ALLOC, abi.make(
                abi.Alloc, allocator=allocator, bytes=SIZE, gfp=int(gfp)))
            assert got == (("ENOENT" if allocator == CACHE and got[0] == "ENOENT" else "EINVAL"),
                           Reason.NONE)


def test_every_reason(device, cache):
    """Each reason to do with flags is given for a request that breaks one rule alone."""
    largest, ident, world = device.info().kmalloc_max_size, cache(SIZE), World(device.info())
    requests = {
        Reason.GFP_BASE: Request(KMALLOC, SIZE, Gfp.KERNEL | Gfp.USER),
        Reason.GFP_ZONE: Request(PAGES, SIZE, Gfp.KERNEL | Gfp.DMA | Gfp.DMA32),
        Reason.GFP_RETRY: Request(KMALLOC, SIZE, Gfp.KERNEL | Gfp.NORETRY | Gfp.RETRY_MAYFAIL),
        Reason.GFP_WARN: Request(KMALLOC, SIZE, Gfp.KERNEL | Gfp.NOWARN | Gfp.WARN),
        Reason.GFP_ACCOUNT: Request(KMALLOC, SIZE, Gfp.KERNEL | Gfp.ACCOUNT | Gfp.NO_ACCOUNT),
        Reason.GFP_THISNODE: Request(KMALLOC, SIZE, Gfp.KERNEL | Gfp.THISNODE),
        Reason.GFP_HIGHMEM: Request(KMALLOC, SIZE, Gfp.HIGHUSER),
        Reason.GFP_DMA: Request(CACHE, SIZE, Gfp.KERNEL | Gfp.DMA, cache=ident),
        Reason.GFP_DMA32: Request(KMALLOC, SIZE, Gfp.KERNEL | Gfp.DMA32),
        Reason.GFP_NODE: Request(VMALLOC, SIZE, Gfp.USER, NODE),
        Reason.NOFAIL_NOWAIT: Request(KMALLOC, SIZE, Gfp.NOWAIT | Gfp.NOFAIL),
        Reason.NOFAIL_ZONE: Request(PAGES, SIZE, Gfp.KERNEL | Gfp.NOFAIL | Gfp.DMA32),
        Reason.NOFAIL_SIZE: Request(KMALLOC, 4097, Gfp.KERNEL | Gfp.NOFAIL),
        Reason.WARN_SIZE: Request(VMALLOC, largest + 1, Gfp.KERNEL | Gfp.WARN),
        Reason.VMALLOC_SLEEPS: Request(
            VMALLOC, SIZE, Gfp.NOWAIT,
            context=Context.PROCESS if world.vmalloc_sleeps() else Context.SOFTIRQ),
        Reason.NO_ARRAY: Request(PAGES, SIZE, count=2),
        Reason.NO_NODE: Request(PAGES_EXACT, SIZE, flags=NODE),
        Reason.CACHE_SIZE: Request(CACHE, SIZE + 1, cache=ident),
    }
    for reason, request in requests.items():
        got, _ = attempt(device, abi.ALLOC, request.argument())
        assert got[1] == reason, request
        if reason != Reason.CACHE_SIZE:
            assert rules.refusals(request, world) == {got}


@ALLOCATORS
@pytest.mark.parametrize("flags", [0, NODE], ids=["plain", "node"])
def test_really(device, cache, allocator, flags):
    """What is allowed really allocates, and tells of the flags later too."""
    world, ident = World(device.info()), cache(SIZE) if allocator == CACHE else 0
    requests = [Request(allocator, SIZE, gfp, flags, cache=ident) for gfp in sets(1)]
    allowed = [request for request in requests if not rules.refusals(request, world)]
    if (allocator, flags) == (PAGES_EXACT, NODE):
        assert not allowed
        return
    assert len(allowed) >= (2 if (allocator, flags) == (VMALLOC, NODE) else 15)
    for request in allowed:
        made = device.proxy.ioctl(device.fd, abi.ALLOC, request.argument())
        query = device.query(made.id)
        assert Gfp(query.gfp) == request.gfp
        assert query.gfp_used == made.gfp_used == rules.gfp_used(
            request, world.info, abi.text(made.function))
        device.fill(made.id, 1)
        assert device.check(made.id, 1) == abi.ALL_RIGHT
        device.free(made.id)


@pytest.mark.parametrize("allocator, size", [
    (KMALLOC, 64), (KMALLOC, 65536), (PAGES, 65536), (PAGES_EXACT, 20480), (VMALLOC, 65536)])
def test_dma(target, subject, device, allocator, size):
    """Memory from the DMA zone lies where /proc/zoneinfo says that it is, on x86 below 16 MiB.

    Not every vmalloc takes it from there.
    """
    request = Request(allocator, size, Gfp.KERNEL | Gfp.DMA)
    if rules.refusals(request, World(device.info())):
        refused(device, abi.ALLOC, request.argument(), errno.EINVAL, Reason.GFP_DMA)
        return
    one = subject(allocator, size, gfp=Gfp.KERNEL | Gfp.DMA)
    assert {extent.zone for extent in one.extents} == {abi.CONSTANTS["MEMLAB_ZONE_DMA"]}
    dma = facts.zones(target)["DMA"]
    for piece in one.pieces():
        assert any(start <= piece.phys < end for start, end in dma)


@pytest.mark.parametrize("allocator, size", [
    (PAGES, 65536), (PAGES_EXACT, 20480), (VMALLOC, 65536)])
def test_dma32(subject, device, allocator, size):
    """Memory from the DMA32 zone lies below 4 GiB; not every vmalloc takes it from there."""
    request = Request(allocator, size, Gfp.KERNEL | Gfp.DMA32)
    if rules.refusals(request, World(device.info())):
        refused(device, abi.ALLOC, request.argument(), errno.EINVAL, Reason.GFP_DMA32)
        return
    one = subject(allocator, size, gfp=Gfp.KERNEL | Gfp.DMA32)
    assert max(piece.phys for piece in one.pieces()) < 1 << 32


def test_info(device):
    """INFO tells which flags may be given."""
    assert device.info().gfp == GIVEN
