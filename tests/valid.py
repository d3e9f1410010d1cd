# SPDX-License-Identifier: GPL-2.0
"""For each ioctl a struct that is accepted, from which tests make others.

A test file imports the fixture that it uses.
"""

from ctypes import sizeof

import pytest

import abi
from abi import make

NAMES = {number: name for name, number in abi.CONSTANTS.items() if "_IOC_" in name}


def commands(*numbers):
    """Runs a test with each of these commands."""
    return pytest.mark.parametrize("command", sorted(numbers), ids=lambda n: NAMES[n][11:])


CACHE_COMMANDS = (abi.CACHE_CREATE, abi.CACHE_DESTROY, abi.CACHE_QUERY, abi.CACHE_NEXT)
EVERY = commands(*abi.COMMANDS)
CHANGING = {abi.ALLOC, abi.FREE, abi.WRITE, abi.FILL, abi.RESIZE, abi.CACHE_CREATE,
            abi.CACHE_DESTROY, abi.BENCH}
SHOWING = {abi.QUERY, abi.LAYOUT, abi.READ, abi.CHECK, abi.PROBE, abi.CACHE_QUERY}


@pytest.fixture(name="ident")
def ident_fixture(device):
    """A buffer of a page, and a cache beside it; the test must leave both alive."""
    buffer, cache = device.alloc(abi.KMALLOC, 4096), device.create_cache(64)
    yield buffer.id
    device.free(buffer.id)
    device.destroy_cache(cache.id)


def valid(device, command, ident):
    """A struct that the command accepts; see undo()."""
    kind = abi.COMMANDS[command]
    cache = device.cache_ids()[0] if command in CACHE_COMMANDS else 0
    return {
        abi.INFO: lambda: make(kind),
        abi.ALLOC: lambda: make(kind, allocator=abi.KMALLOC, bytes=64),
        abi.NEXT: lambda: make(kind, id=ident - 1),
        abi.LAYOUT: lambda: make(kind, id=ident, capacity=1, extents=device.proxy.spare),
        abi.READ: lambda: make(kind, id=ident, length=16, data=device.proxy.spare),
        abi.WRITE: lambda: make(kind, id=ident, length=16, data=device.proxy.spare),
        abi.RESIZE: lambda: make(kind, id=ident, bytes=4096),
        abi.PROBE: lambda: make(kind, kind=abi.Probe.ARRAY_SIZE, a=3, b=5),
        abi.CACHE_CREATE: lambda: make(kind, bytes=128),
        abi.CACHE_DESTROY: lambda: make(kind, id=cache),
        abi.CACHE_QUERY: lambda: make(kind, id=cache),
        abi.CACHE_NEXT: lambda: make(kind, id=cache - 1),
        abi.BENCH: lambda: make(kind, allocator=abi.KMALLOC, bytes=64, pattern=abi.Bench.PAIR,
                                operations=10, results=device.proxy.spare),
    }.get(command, lambda: make(kind, id=ident))()


def harmless(device, command, ident):
    """The same, but what it takes away was made for it."""
    argument = valid(device, command, ident)
    if command == abi.FREE:
        argument.id = device.alloc(abi.VMALLOC, 1).id
    if command == abi.CACHE_DESTROY:
        argument.id = device.create_cache(32).id
    return argument


def undo(device, command, data):
    """Takes away what a successful command made."""
    kind = abi.COMMANDS[command]
    made = kind.from_buffer_copy(data.ljust(sizeof(kind), b"\0"))
    if command == abi.ALLOC:
        device.free(made.id)
    if command == abi.CACHE_CREATE:
        device.destroy_cache(made.id)
