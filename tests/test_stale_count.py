# SPDX-License-Identifier: GPL-2.0
"""How many stale bytes an allocation came with: the count, and that it is all that gets out."""

import errno

import pytest

import abi
from abi import CACHE, COUNT_STALE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Gfp, Reason
from device import Device
from pattern import pattern
from refusal import refused

SEED = 0xD127
TRIES = 200
WHOLE = ((PAGES, 4096), (PAGES, 32768), (PAGES_EXACT, 4096), (KMALLOC, 16384), (KVMALLOC, 32768))
KINDS = WHOLE + ((KMALLOC, 100), (KMALLOC, 4096), (VMALLOC, 3000), (VMALLOC, 65536), (CACHE, 200))


def nonzero(data):
    """How many bytes are not zero."""
    return len(data) - data.count(0)


def again(device, allocator, size, leave, **more):
    """A buffer of memory that was freed a moment ago with `leave` in it."""
    for _ in range(TRIES):
        first = device.alloc(allocator, size)
        place = device.query(first.id).phys
        leave(first.id)
        device.free(first.id)
        made = device.alloc(allocator, size, COUNT_STALE, **more)
        if device.query(made.id).phys == place:
            return made
        device.free(made.id)
    raise AssertionError("the same memory never came back")


@pytest.mark.parametrize("allocator, size", WHOLE)
def test_exact(careless, allocator, size):
    """Whole pages come back as they were left: every byte is counted, and no other."""
    for content in (bytes(size), b"\1" + bytes(size - 1), bytes(size - 1) + b"\xFF",
                    pattern(SEED, 0, size), b"\x80" * size):
        made = again(careless, allocator, size,
                     lambda ident, content=content: careless.write(ident, 0, content))
        assert made.stale == nonzero(content)
        # that is all of it: the content is not shown
        assert careless.read(made.id, 0, size) == bytes(size)
        careless.free(made.id)


@pytest.mark.usefixtures("reused")
@pytest.mark.parametrize("size", [64, 200, 2048])
def test_slab(careless, size):
    """In an object the free list's pointer is all that is not as it was left."""
    made = again(careless, KMALLOC, size, lambda ident: careless.fill(ident, SEED))
    left = nonzero(pattern(SEED, 0, size))
    assert left - 8 <= made.stale <= min(size, left + 8)
    assert careless.read(made.id, 0, size) == bytes(size)
    careless.free(made.id)


def test_many_pages(careless):
    """So it is for vmalloc(), whose pages come from many."""
    size = 65536
    dirt = careless.alloc_many(128, VMALLOC, size)
    careless.fill_many(dirt, SEED)
    careless.free_many(dirt)
    made = [careless.alloc(VMALLOC, size, COUNT_STALE) for _ in range(16)]
    # some pages come from elsewhere
    least = 16 * nonzero(pattern(SEED, 0, size)) * 3 // 4
    assert least < sum(one.stale for one in made) <= 16 * size
    careless.free_many(made)


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
    dirty(careless, allocator, size, cache=cache)
    # as many as were freed: each processor has free ones of its own
    plain = careless.alloc_many(32, allocator, size, COUNT_STALE, cache=cache)
    assert sum(one.stale for one in plain) > 2 * size
    careless.free_many(plain)
    for flags, gfp, count in forms:
        dirty(careless, allocator, size, cache=cache)
        made = careless.alloc_many(8, allocator, size // (count or 1), flags | COUNT_STALE,
                                   gfp=gfp, count=count, cache=cache)
        assert [one.stale for one in made] == [0] * 8, abi.text(made[0].function)
        careless.free_many(made)
    if cache:
        careless.destroy_cache(cache)


@pytest.mark.parametrize("context", [1, 2, 3])
def test_contexts(careless, context):
    """The count is of what came from there, too."""
    for flags, most in ((0, 4096), (abi.ZERO, 0)):
        dirty(careless, KMALLOC, 4096)
        made = careless.alloc_many(8, KMALLOC, 4096, flags | COUNT_STALE, gfp=Gfp.NOWAIT,
                                   context=context)
        assert all(one.stale <= most for one in made)
        assert any(one.stale for one in made) == bool(most)
        careless.free_many(made)


@pytest.mark.usefixtures("reused")
def test_resize(careless):
    """What grows brings stale bytes, which are counted and not shown."""
    found, all_made = 0, []
    dirty(careless, KMALLOC, 4096)
    for _ in range(8):
        made = careless.alloc(KMALLOC, 100)
        careless.fill(made.id, 1)
        grown = careless.resize(made.id, 4096, abi.RESIZE_COUNT_STALE)
        assert grown.kept == 100 and grown.stale <= 3996
        found += grown.stale
        assert careless.read(made.id, 0, 4096) == pattern(1, 0, 100) + bytes(3996)
        all_made.append(made)
    careless.free_many(all_made)
    assert found > 3996


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
