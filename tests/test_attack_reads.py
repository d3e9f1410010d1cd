# SPDX-License-Identifier: GPL-2.0
"""Every way to read of an ordinary user: no address, and no byte that is not the user's."""

import struct
from ctypes import sizeof

import pytest

import abi
from abi import KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, make
from attack import Secrets, demand_silence, pointers
from device import Device
from pattern import pattern
from syscalls import O_RDONLY

pytestmark = pytest.mark.usefixtures("public_device")
PAGE, SAMPLES = 4096, 4
CANARY = b"\xA5" * 256
FRAME = (1 << 55) - 1
TAIL = 64  # of a struct that is longer than the driver's
KINDS = [(KMALLOC, 100), (KMALLOC, 3000), (KMALLOC, 65000), (VMALLOC, 100), (VMALLOC, 65000),
         (KVMALLOC, 100), (KVMALLOC, 5 << 20), (PAGES, 100), (PAGES, 9000), (PAGES_EXACT, 20000)]
EACH = pytest.mark.parametrize("allocator, size", KINDS)
# Members of structs that name memory of the caller
POINTERS_OF_CALLER = ("data", "extents")


@pytest.fixture
def alice(process):
    """The device, opened by an ordinary user."""
    return Device(process(user="alice"))


def raw(device, command, argument):
    """An ioctl with a longer struct: (result, its bytes); what lies behind must stay."""
    proxy, size = device.proxy, sizeof(argument)
    argument.size = size + TAIL
    proxy.poke(proxy.scratch, bytes(argument) + bytes(TAIL) + CANARY)
    result, = proxy.call_many("ioctl", [(device.fd, command, proxy.scratch)])
    data = proxy.peek(proxy.scratch, size + TAIL + len(CANARY))
    assert data[size:] == bytes(TAIL) + CANARY
    return result, data[:size]


def done(device, command, **members):
    """The bytes of a struct after an ioctl that succeeds, without the caller's pointers."""
    kind = abi.COMMANDS[command]
    result, data = raw(device, command, make(kind, **members))
    assert result == 0
    after = kind.from_buffer_copy(data)
    for name in POINTERS_OF_CALLER:
        if hasattr(after, name):
            setattr(after, name, 0)
    return bytes(after)


def told(device, ident, size):
    """The bytes of every struct that tells of a buffer, by name."""
    spare = device.proxy.spare
    device.proxy.poke(spare, CANARY * 64)
    structs = {
        "query": done(device, abi.QUERY, id=ident),
        "next": done(device, abi.NEXT, id=ident - 1),
        "count": done(device, abi.LAYOUT, id=ident),
        "layout": done(device, abi.LAYOUT, id=ident, capacity=64, extents=spare)}
    layout = abi.Layout.from_buffer_copy(structs["layout"])
    used = layout.count * sizeof(abi.Extent)
    extents = device.proxy.peek(spare, used + len(CANARY))
    assert extents[used:] == CANARY
    structs["extents"] = extents[:used].ljust(64 * sizeof(abi.Extent), b"\0")
    return {
        **structs,
        "fill": done(device, abi.FILL, id=ident, seed=1),
        "write": done(device, abi.WRITE, id=ident, length=1, data=spare),
        "read": done(device, abi.READ, id=ident, length=1, data=spare),
        "check": done(device, abi.CHECK, id=ident, seed=1),
        "info": done(device, abi.INFO)} | (
            {"resize": done(device, abi.RESIZE, id=ident, bytes=size)}
            if device.info().resizable >> abi.Query.from_buffer_copy(
                structs["query"]).allocator & 1 else {})


def silent(collected):
    """Whether none of the structs tells an address: a list of (structs, Secrets)."""
    names = collected[0][0]
    assert len(names) >= 10
    for name in names:
        demand_silence([(structs[name], secrets) for structs, secrets in collected])


@EACH
def test_structs(device, alice, allocator, size):
    """No member of any struct, named or not, ever holds an address."""
    collected = []
    for _ in range(SAMPLES):
        made = done(alice, abi.ALLOC, allocator=allocator, bytes=size)
        ident = abi.Alloc.from_buffer_copy(made).id
        before = Secrets(device, ident)
        structs = {"alloc": made, **told(alice, ident, size)}
        # RESIZE to the same size leaves it where it was
        assert Secrets(device, ident).frames == before.frames
        collected.append((structs, before))
    silent(collected)
    ids = alice.ids()
    frees = [{"free": done(alice, abi.FREE, id=ident)} for ident in ids]
    demand_silence([(free["free"], secrets)
                    for free, (_, secrets) in zip(frees, collected)])


def test_eyes(device, process):
    """The same look at what root is told does see addresses; else the others see nothing."""
    collected = []
    for _ in range(SAMPLES):
        ident = device.alloc(VMALLOC, 65000).id
        collected.append((told(device, ident, 65000), Secrets(device, ident)))
    for name in ("query", "layout", "extents"):
        samples = [(structs[name], secrets) for structs, secrets in collected]
        if name == "layout":
            demand_silence(samples)
            continue
        with pytest.raises(AssertionError, match="tells an address"):
            demand_silence(samples)
    assert pointers(collected[0][0]["query"]) == [abi.Query.kernel_address.offset]
    for ident in device.ids():
        device.free(ident)
    with Device(process()) as other:
        assert not other.ids()


@EACH
def test_explained(device, alice, allocator, size):
    """A user is told what root is told, byte by byte, but for the two addresses."""
    made = alice.alloc(allocator, size)
    users = abi.Query.from_buffer_copy(done(alice, abi.QUERY, id=made.id))
    roots = abi.Query.from_buffer_copy(done(device, abi.QUERY, id=made.id))
    roots.phys = roots.kernel_address = 0
    roots.flags |= abi.PHYS_HIDDEN | abi.KADDR_HIDDEN
    assert bytes(users) == bytes(roots)
    assert users.reserved == 0
    for name in (users.function, users.cache_name):
        abi.text(name)
    extents = [extent._replace(phys=0) for extent in device.layout(made.id)]
    assert alice.layout(made.id) == extents


def test_caches(device, alice):
    """Nor does a cache, or an object of one."""
    collected = []
    for number in range(SAMPLES):
        created = done(alice, abi.CACHE_CREATE, bytes=200 + number, flags=abi.USERCOPY,
                       user_offset=0, user_bytes=200)
        ident = abi.CacheCreate.from_buffer_copy(created).id
        made = done(alice, abi.ALLOC, allocator=abi.CACHE, cache=ident)
        buffer = abi.Alloc.from_buffer_copy(made).id
        structs = {"create": created, "alloc": made, **told(alice, buffer, 0),
                   "cache": done(alice, abi.CACHE_QUERY, id=ident),
                   "next cache": done(alice, abi.CACHE_NEXT, id=ident - 1)}
        collected.append((structs, Secrets(device, buffer)))
        abi.text(abi.CacheQuery.from_buffer_copy(structs["cache"]).name)
    silent(collected)


@EACH
def test_refused(device, alice, allocator, size):
    """A refused request writes nothing, neither into its struct nor to where it points."""
    made = device.alloc(allocator, size)
    device.fill(made.id, 9)
    spare = alice.proxy.spare
    own = alice.alloc(KMALLOC, 100)
    for ident, at in ((made.id, 0), (own.id, 100)):
        for command, members in (
                (abi.READ, {"offset": at, "length": 16, "data": spare}),
                (abi.LAYOUT, {"start": at, "capacity": 8, "extents": spare}),
                (abi.CHECK, {"seed": 9, "offset": at, "length": 16, "first_wrong": 3})):
            alice.proxy.poke(spare, CANARY)
            argument = make(abi.COMMANDS[command], id=ident, **members)
            result, data = raw(alice, command, argument)
            assert result in (-2, -34)  # ENOENT, ERANGE
            assert data == bytes(argument)
            assert alice.proxy.peek(spare, len(CANARY)) == CANARY
    argument = make(abi.Query, id=made.id, kernel_address=5, phys=6)
    assert raw(alice, abi.QUERY, argument) == (-2, bytes(argument))
    device.free(made.id)


def test_content_paths(device, alice):
    """READ, the mapping, /proc/PID/mem and a pipe show what was written and nothing more."""
    for allocator, size in KINDS:
        made = alice.alloc(allocator, size)
        device_sees = pattern(5, 0, size)
        alice.fill(made.id, 5)
        alice.proxy.poke(alice.proxy.spare, CANARY)
        assert alice.read(made.id, size - 10, 10) == device_sees[-10:]
        assert alice.proxy.peek(alice.proxy.spare + 10, 100) == CANARY[:100]
        if made.map_length:
            address = alice.map(made)
            whole = device_sees + bytes(made.map_length - size)
            assert alice.proxy.peek(address, made.map_length) == whole
            memory = alice.proxy.open("/proc/self/mem", O_RDONLY)
            alice.proxy.poke(alice.proxy.spare, CANARY)
            last = made.map_length - PAGE
            seen = alice.proxy.pread(memory, PAGE, address + last)
            assert seen == whole[last:last + len(seen)] and len(seen) >= size - last
            entries = alice.proxy.pagemap(address, made.map_length // PAGE)
            assert not any(entry & FRAME for entry in entries) and all(entries)
            alice.proxy.close(memory)
            alice.proxy.munmap(address, made.map_length)
        alice.free(made.id)
    assert not device.ids()


def test_structs_have_no_holes():
    """There is no padding in which bytes of the kernel's stack could hide."""
    # pylint: disable=protected-access # that is how ctypes calls it
    for name, kind in abi.STRUCTS.items():
        assert sum(sizeof(member) for _, member in kind._fields_) == sizeof(kind), name
    assert struct.calcsize("<QQQiI") == sizeof(abi.Extent)
