# SPDX-License-Identifier: GPL-2.0
"""Looks for stale kernel data: the very first sight of buffers in dirty memory.

Means something only on a kernel that was booted with init_on_alloc=0.
"""

import abi
from pattern import pattern
from witness import Verdict

SIZES = ((abi.KMALLOC, 100), (abi.KMALLOC, 2048), (abi.KMALLOC, 5000), (abi.KMALLOC, 100000),
         (abi.VMALLOC, 3000), (abi.VMALLOC, 100000), (abi.KVMALLOC, 5000), (abi.PAGES, 3000),
         (abi.PAGES, 9000), (abi.PAGES_EXACT, 9000))
DIRT = 0xD127
COUNT = 4  # buffers looked at, a size


def dirty(device, allocator, size):
    """Frees memory full of bytes, so that the next buffers come out of it."""
    made = device.alloc_many(32, allocator, size)
    device.fill_many(made, DIRT)
    for one in made[-COUNT:]:
        if one.map_length > size:
            address = device.map(one)
            device.proxy.poke(address + size, b"\xA5" * (one.map_length - size))
            device.proxy.munmap(address, one.map_length)
    device.free_many(made)


def by_mapping(device, made):
    """The whole mapping, tail included."""
    address = device.map(made)
    data = device.proxy.peek(address, made.map_length)
    device.proxy.munmap(address, made.map_length)
    return data


def by_read(device, made):
    """READ of all."""
    return device.read(made.id, 0, made.bytes)


def after_write(device, made):
    """READ of all, after a WRITE in the middle."""
    device.write(made.id, made.bytes // 2, b"\0")
    return device.read(made.id, 0, made.bytes)


def after_fill(device, made):
    """READ of all but the first bytes, after a FILL of those."""
    device.fill(made.id, DIRT, 0, 16)
    return device.read(made.id, 16, made.bytes - 16)


def by_check(device, made):
    """What CHECK of the dirt reveals: the offset up to which it was seen."""
    wrong = device.check(made.id, DIRT)
    return pattern(DIRT, 0, min(wrong, made.bytes))


LOOKS = (by_mapping, by_read, after_write, after_fill, by_check)


def first_sight(device, look):
    """Nothing but zeros is ever seen by this look; a Verdict over several sizes."""
    compared, complaints = 0, []
    for allocator, size in SIZES:
        dirty(device, allocator, size)
        made = device.alloc_many(COUNT, allocator, size)
        for one in made:
            if look is by_mapping and not one.map_length:
                continue
            compared += 1
            seen = sum(1 for value in look(device, one) if value)
            if seen:
                complaints.append(f"{size} bytes of allocator {allocator}: {look.__name__} "
                                  f"shows {seen} stale bytes")
        device.free_many(made)
    return Verdict(compared, complaints)
