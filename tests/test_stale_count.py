# SPDX-License-Identifier: GPL-2.0
"""How many stale bytes an allocation came with: the count, and that it is all that gets out."""

import errno

import pytest

import abi
from abi import CACHE, COUNT_STALE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Gfp, Reason
from device import Device
from pattern import pattern
from refusal import refused
from running import until

SEED = 0xD127
PAGE = 4096
TRIES = 200
WHOLE = ((PAGES, 4096), (PAGES, 32768), (PAGES_EXACT, 4096), (KMALLOC, 16384), (KVMALLOC, 32768))
KINDS = WHOLE + ((KMALLOC, 100), (KMALLOC, 4096), (VMALLOC, 3000), (VMALLOC, 65536), (CACHE, 200))


def nonzero(data):
    """How many bytes are not zero."""
    return len(data) - data.count(0)


def frames(device, ident):
    """The frames of a buffer, in their order."""
    return [extent.phys + at for extent in device.layout(ident)
            for at in range(0, extent.length, PAGE)]


def again(device, allocator, size, leave, accept=lambda made: True, flags=0, count=0, **more):
    """A buffer whose first page was freed a moment ago, with `leave` in its buffer.

    Others may have had it meanwhile, so that `accept` may ask for another one.
    """
    seen = []
    for _ in range(TRIES):
        first = device.alloc(allocator, size, cache=more.get("cache", 0))
        places = frames(device, first.id)
        leave(first.id)
        device.free(first.id)
        made = device.alloc(allocator, size // (count or 1), flags | COUNT_STALE, count=count,
                            **more)
        if frames(device, made.id)[0] in places:
            if accept(made):
                return made
            seen.append(made.stale)
        device.free(made.id)
    raise AssertionError(f"the same memory never came back as it was left, but with {seen}")


@pytest.mark.parametrize("allocator, size", WHOLE)
def test_exact(careless, allocator, size):
    """Whole pages come back as they were left: every byte is counted, and no other."""
    for content in (bytes(size), b"\1" + bytes(size - 1), bytes(size - 1) + b"\xFF",
                    pattern(SEED, 0, size), b"\x80" * size):
        made = again(careless, allocator, size,
                     lambda ident, content=content: careless.write(ident, 0, content),
                     lambda made, content=content: made.stale == nonzero(content))
        # that is all of it: the content is not shown
        assert careless.read(made.id, 0, size) == bytes(size)
        careless.free(made.id)


@pytest.mark.usefixtures("reused")
@pytest.mark.parametrize("size", [64, 200, 2048])
def test_slab(careless, size):
    """In an object the free list's pointer is all that is not as it was left."""
    left = nonzero(pattern(SEED, 0, size))
    made = again(careless, KMALLOC, size, lambda ident: careless.fill(ident, SEED),
                 lambda made: left - 8 <= made.stale <= min(size, left + 8))
    assert careless.read(made.id, 0, size) == bytes(size)
    careless.free(made.id)


def test_many_pages(careless):
    """So it is for vmalloc(), whose pages come from many: exactly what was left in each."""
    size = 65536
    left = [nonzero(pattern(SEED, at, PAGE)) for at in range(0, size, PAGE)]
    told = []
    for _ in range(TRIES):
        dirt = careless.alloc_many(128, VMALLOC, size)
        careless.fill_many(dirt, SEED)
        stale = {frame: count for one in dirt
                 for frame, count in zip(frames(careless, one.id), left)}
        careless.free_many(dirt)
        made = careless.alloc_many(16, VMALLOC, size, COUNT_STALE)
        assert all(one.stale <= size for one in made)
        # some pages come from elsewhere, and others may have had some meanwhile
        told += [(one.stale, sum(map(stale.__getitem__, where))) for one in made
                 if stale.keys() >= set(where := frames(careless, one.id))]
        careless.free_many(made)
        if any(counted == wanted for counted, wanted in told):
            return
    raise AssertionError(f"no buffer of pages that were left dirty is counted right: {told}")


def dirty(device, allocator, size, **more):
    """Frees much memory that is full of bytes."""
    made = device.alloc_many(32, allocator, size, **more)
    device.fill_many(made, SEED)
    device.free_many(made)


@pytest.mark.usefixtures("reused")
@pytest.mark.parametrize("allocator, size", KINDS)
def test_zeroing_forms(careless, allocator, size):
    """Out of dirty memory, the plain form gives stale bytes; forms and flags that zero do not."""
    cache = careless.create_cache(size).id if allocator == CACHE else 0
    forms = [(abi.ZERO, 0, 0), (0, Gfp.KERNEL | Gfp.ZERO, 0), (abi.ZERO | abi.NODE, 0, 0)]
    if allocator in (KMALLOC, VMALLOC, KVMALLOC):
        forms += [(abi.ZERO, 0, 2), (0, Gfp.KERNEL | Gfp.ZERO, 2)]
    if allocator == PAGES_EXACT:
        forms = forms[:2]
    # of an object 8 bytes are the free list's; vmalloc() may give the pages another order
    least = min(nonzero(pattern(SEED, at, min(PAGE, size - at)))
                for at in range(0, size, PAGE)) - 8

    def leave(ident):
        careless.fill(ident, SEED)
    careless.free(again(careless, allocator, size, leave, lambda made: made.stale >= least,
                        cache=cache).id)
    for flags, gfp, count in forms:
        for _ in range(8):
            made = again(careless, allocator, size, leave, flags=flags, count=count, gfp=gfp,
                         cache=cache)
            assert made.stale == 0, abi.text(made.function)
            careless.free(made.id)
    if cache:
        careless.destroy_cache(cache)


@pytest.mark.parametrize("context", [1, 2, 3])
def test_contexts(careless, context):
    """The count is of what came from there, too."""
    def some(flags):
        dirty(careless, KMALLOC, 4096)
        made = careless.alloc_many(8, KMALLOC, 4096, flags | COUNT_STALE, gfp=Gfp.NOWAIT,
                                   context=context)
        careless.free_many(made)
        return [one.stale for one in made]
    until(lambda: 0 < max(some(0)) <= 4096, "stale bytes")
    assert some(abi.ZERO) == [0] * 8


@pytest.mark.usefixtures("reused")
def test_resize(careless):
    """What grows brings stale bytes, which are counted and not shown."""
    left = nonzero(pattern(SEED, 128, 3968))
    for _ in range(TRIES):
        dirty(careless, KMALLOC, 4096)
        made = careless.alloc(KMALLOC, 100)
        careless.fill(made.id, 1)
        grown = careless.resize(made.id, 4096, abi.RESIZE_COUNT_STALE)
        assert grown.kept == 100 and grown.stale <= 3996
        assert careless.read(made.id, 0, 4096) == pattern(1, 0, 100) + bytes(3996)
        careless.free(made.id)
        # 28 bytes behind the content come from the smaller object, 8 are the free list's
        if left - 8 <= grown.stale <= left + 28 + 8:
            return
    raise AssertionError("never grew into memory that was left dirty")


def test_resize_in_place(careless):
    """So it does where it grows into what was there: exactly those bytes."""
    made = careless.alloc(KMALLOC, 128)
    for at in (0, 1, 99, 127):
        careless.write(made.id, 0, b"\xAA" * 128)
        careless.resize(made.id, at + 1)
        grown = careless.resize(made.id, 128, abi.RESIZE_COUNT_STALE)
        assert not grown.flags & abi.MOVED
        assert (grown.kept, grown.stale) == (at + 1, 127 - at)
        assert careless.read(made.id, 0, 128) == b"\xAA" * (at + 1) + bytes(127 - at)
    careless.free(made.id)


def test_mapping_after_resize(careless):
    """A mapping of grown memory shows none of it either, nor in its last page."""
    dirty(careless, KMALLOC, 65536)
    dirty(careless, VMALLOC, 65536)
    for allocator in (KMALLOC, KVMALLOC):
        made = careless.alloc(allocator, 9000)
        careless.fill(made.id, 2)
        grown = careless.resize(made.id, 50000)
        address = careless.map(grown)
        assert careless.proxy.peek(address, grown.map_length) == (
            pattern(2, 0, 9000) + bytes(grown.map_length - 9000))
        careless.proxy.munmap(address, grown.map_length)
        careless.free(made.id)


def test_careful_kernel(device):
    """A kernel that clears by itself leaves nothing to count."""
    if not device.info().features & abi.FEATURE_INIT_ON_ALLOC:
        pytest.skip("needs init_on_alloc=1: the kernel clears what it allocates")
    for allocator in (KMALLOC, VMALLOC, KVMALLOC, PAGES, PAGES_EXACT):
        dirty(device, allocator, 4096)
        made = device.alloc(allocator, 4096, COUNT_STALE)
        assert made.stale == 0
        device.free(made.id)


@pytest.mark.usefixtures("public_device")
def test_needs_admin(process):
    """It is nothing for ordinary users, on no way."""
    with Device(process(user="alice")) as device:
        refused(device, abi.ALLOC, abi.make(abi.Alloc, allocator=KMALLOC, bytes=64,
                                            flags=COUNT_STALE), errno.EPERM, Reason.ADMIN_STALE)
        made = device.alloc(KMALLOC, 64)
        refused(device, abi.RESIZE, abi.make(abi.Resize, id=made.id, bytes=128,
                                             flags=abi.RESIZE_COUNT_STALE),
                errno.EPERM, Reason.ADMIN_STALE)
        assert made.stale == 0 and device.resize(made.id, 128).stale == 0
        device.free(made.id)
