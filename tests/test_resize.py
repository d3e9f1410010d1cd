# SPDX-License-Identifier: GPL-2.0
"""RESIZE: what is kept, where it lies, what it counts for, and when it is refused."""

import errno
from concurrent.futures import ThreadPoolExecutor

import pytest

import abi
import facts
import witness
from abi import (
    CACHE, KMALLOC, KVMALLOC, MOVED, PAGES, PAGES_EXACT, RESIZE_ZERO, VMALLOC, Gfp, Reason, make,
)
from device import Device
from frames import call_record, poke_record
from parallel import target_fixture, warden_fixture  # noqa: F401 # pylint: disable=unused-import
from pattern import pattern
from refusal import error_of, refused
from running import until
from subject import Existing

PAGE, MIB = 4096, 1 << 20
MAX = 4 * MIB  # KMALLOC_MAX_SIZE of this kernel; test_kmalloc_max checks it
STEPS = (1, 100, 128, 129, 4096, 4097, 100, 70000, 1 << 20, 8192, 12)
KVMALLOC_STEPS = (100, 5000, 70000, MAX, MAX + 1, 6 * MIB, 5000, 70000)


def resizable(device):
    """Allocators whose buffers this kernel can resize."""
    return [allocator for allocator in range(1, 7) if device.info().resizable >> allocator & 1]


@pytest.fixture
def check_resize(target, device):
    """Resizes and looks at all that must hold: check_resize(id, size, flags, count)."""
    def check(ident, size, flags=0, count=0):
        before = device.query(ident)
        old = device.read(ident, 0, before.bytes)
        done = device.resize(ident, size, flags, count=count)
        with Existing(target, device, ident) as after:
            query, total = after.query, size * (count or 1)
            assert query.bytes == total <= query.usable == done.usable
            assert done.kept == min(before.bytes, total)
            assert device.read(ident, 0, total) == old[:done.kept] + bytes(total - done.kept)
            moved = query.kernel_address != before.kernel_address
            assert bool(done.flags & MOVED) == moved
            if not moved:
                assert query.phys == before.phys
            assert (query.count, query.element_bytes) == ((count, size) if count else (0, 0))
            assert abi.text(query.function) == abi.text(done.function)
            assert (query.backing, query.map_offset, query.map_length) == (
                done.backing, done.map_offset, done.map_length)
            assert query.resizes == before.resizes + 1 and query.context == 0
            assert device.info().total_bytes == query.usable
            witnesses = (witness.kpageflags, witness.kcore)
            if after.address is not None:
                witnesses += (witness.pagemap, witness.mapping_bytes)
            if query.backing == abi.VMALLOC_BACKING:
                witnesses += (witness.vmallocinfo,)
            for who in witnesses:
                who(after).demand(len(after.pieces()))
        device.fill(ident, size)
        return done
    return check


@pytest.mark.parametrize("flags", [0, RESIZE_ZERO], ids=["plain", "zero"])
@pytest.mark.parametrize("allocator, steps", [(KMALLOC, STEPS), (KVMALLOC, KVMALLOC_STEPS)],
                         ids=["kmalloc", "kvmalloc"])
def test_steps(device, check_resize, allocator, steps, flags):
    """Up and down through all sizes: content is kept, growth is zero, witnesses agree."""
    ident = device.alloc(allocator, 64).id
    device.fill(ident, 1)
    moves = 0
    for size in steps:
        done = check_resize(ident, size, flags)
        assert abi.text(done.function) == {KMALLOC: "krealloc", KVMALLOC: "kvrealloc"}[allocator]
        assert bool(done.gfp_used & Gfp.ZERO) == bool(flags)
        assert done.nanoseconds
        moves += bool(done.flags & MOVED)
    assert 2 < moves <= len(steps)
    device.free(ident)


def test_vmalloc(device, check_resize):
    """vmalloc() memory is resized where the kernel has vrealloc()."""
    made = device.alloc(VMALLOC, 10000)
    device.fill(made.id, 1)
    if VMALLOC in resizable(device):
        for size in (20000, 5000, MIB, 1, 8192):
            check_resize(made.id, size)
    else:
        refused(device, abi.RESIZE, make(abi.Resize, id=made.id, bytes=20000),
                errno.EOPNOTSUPP, Reason.NO_RESIZE)
    device.free(made.id)


@pytest.mark.parametrize("allocator", [PAGES, PAGES_EXACT, CACHE], ids=["pages", "exact", "cache"])
def test_no_function(device, cache, allocator):
    """What the kernel cannot resize is refused, and INFO says so beforehand."""
    made = device.alloc(allocator, 4096, cache=cache(4096) if allocator == CACHE else 0)
    refused(device, abi.RESIZE, make(abi.Resize, id=made.id, bytes=8192),
            errno.EOPNOTSUPP, Reason.NO_RESIZE)
    assert allocator not in resizable(device)
    assert {KMALLOC, KVMALLOC} <= set(resizable(device))
    device.free(made.id)


def test_in_place(target, device, check_resize):
    """Within the size class krealloc() stays where it is, and above it moves."""
    ident = device.alloc(KMALLOC, 100).id
    device.fill(ident, 1)
    most = facts.kmalloc_class(target, 129)
    for size, moved in ((128, False), (65, False), (129, True), (most, False), (most + 1, True)):
        assert bool(check_resize(ident, size).flags & MOVED) == moved
    device.free(ident)


@pytest.mark.parametrize("flags", [0, RESIZE_ZERO], ids=["plain", "zero"])
def test_array(device, check_resize, flags):
    """krealloc_array() is the form for arrays; back to no array is possible."""
    ident = device.alloc(KMALLOC, 24, count=3).id
    device.fill(ident, 1)
    for size, count in ((24, 5), (7, 1000), (8192, 3), (1, 1)):
        done = check_resize(ident, size, flags, count)
        assert abi.text(done.function) == "krealloc_array"
    check_resize(ident, 500, flags)
    device.free(ident)


def test_no_array(device):
    """There is no kvrealloc_array()."""
    made = device.alloc(KVMALLOC, 64)
    refused(device, abi.RESIZE, make(abi.Resize, id=made.id, bytes=64, count=2),
            errno.EOPNOTSUPP, Reason.NO_ARRAY)
    device.free(made.id)


def unchanged(device, ident, function, *args):
    """Whether a buffer is as it was, whatever was tried."""
    before, content = bytes(device.query(ident)), device.read(ident, 0, device.query(ident).bytes)
    layout, total = device.layout(ident), device.info().total_bytes
    function(*args)
    assert bytes(device.query(ident)) == before
    assert device.read(ident, 0, len(content)) == content
    assert (device.layout(ident), device.info().total_bytes) == (layout, total)


@pytest.mark.parametrize("count, size", [
    ((1 << 62) + 1, 4), (1 << 63, 2), (2, 1 << 63), (1 << 32, 1 << 32),
    ((1 << 64) - 1, (1 << 64) - 1)])
def test_overflow(target, device, count, size):
    """A size that overflows is refused by the kernel's function, and the buffer stays."""
    made, mark = device.alloc(KMALLOC, 5000), target.log_mark()
    device.fill(made.id, 1)
    unchanged(device, made.id, refused, device, abi.RESIZE,
              make(abi.Resize, id=made.id, bytes=size, count=count), errno.EOVERFLOW, Reason.NONE)
    assert target.log_since(mark) == []
    device.free(made.id)


@pytest.mark.parametrize("allocator, members, wanted, reason", [
    (KMALLOC, {"bytes": MAX + 1}, errno.ERANGE, Reason.NONE),
    (KMALLOC, {"bytes": 1 << 40}, errno.ERANGE, Reason.NONE),
    (KMALLOC, {"bytes": (1 << 64) - 1}, errno.ERANGE, Reason.NONE),
    (KMALLOC, {"bytes": 1 << 31, "count": 1 << 31}, errno.ERANGE, Reason.NONE),
    (KVMALLOC, {"bytes": 1 << 31}, errno.ERANGE, Reason.NONE),
    (KVMALLOC, {"bytes": MAX + 1, "gfp": Gfp.NOWAIT}, errno.ENOMEM, Reason.NONE),
    (KVMALLOC, {"bytes": MAX + 1, "gfp": Gfp.KERNEL | Gfp.WARN}, errno.ERANGE, Reason.WARN_SIZE),
    (KMALLOC, {"bytes": 8192, "gfp": Gfp.KERNEL | Gfp.NOFAIL}, errno.ERANGE, Reason.NOFAIL_SIZE),
    (KMALLOC, {"bytes": 64, "gfp": Gfp.KERNEL | Gfp.HIGHUSER}, errno.EINVAL, Reason.GFP_BASE),
])
def test_impossible(target, device, allocator, members, wanted, reason):
    """Whatever fails leaves the buffer, and the kernel's log, as it was."""
    made, mark = device.alloc(allocator, 5000), target.log_mark()
    device.fill(made.id, 1)
    if members.get("gfp") == Gfp.NOWAIT and device.info().features & abi.FEATURE_VMALLOC_NOWAIT:
        # this kernel's vmalloc can do so without sleeping
        device.resize(made.id, members["bytes"], gfp=Gfp.NOWAIT)
        assert device.query(made.id).backing == abi.VMALLOC_BACKING
        device.free(made.id)
        return
    unchanged(device, made.id, refused, device, abi.RESIZE,
              make(abi.Resize, id=made.id, **members), wanted, reason)
    assert target.log_since(mark) == []
    device.free(made.id)


def test_flags(device):
    """The flags of the last resize are those that QUERY tells."""
    made = device.alloc(KMALLOC, 64)
    for gfp in (Gfp.NOWAIT, Gfp.ATOMIC | Gfp.HIGH, Gfp.USER | Gfp.NORETRY, Gfp.KERNEL | Gfp.DMA):
        done = device.resize(made.id, device.query(made.id).bytes * 4, gfp=gfp)
        query = device.query(made.id)
        assert Gfp(query.gfp) == gfp
        assert query.gfp_used == done.gfp_used
        assert done.gfp_used & gfp == gfp and done.gfp_used & Gfp.ACCOUNT
    device.free(made.id)


@pytest.mark.parametrize("allocator", [KMALLOC, KVMALLOC], ids=["kmalloc", "kvmalloc"])
def test_mapped(device, process, allocator):
    """A mapped buffer is EBUSY, from whichever process; afterwards it is not."""
    made = device.alloc(allocator, 3 * PAGE)
    device.fill(made.id, 1)
    with Device(process()) as other:
        for user in (device, other):
            address = user.map(made, at=PAGE)
            unchanged(device, made.id, refused, device, abi.RESIZE,
                      make(abi.Resize, id=made.id, bytes=9 * PAGE), errno.EBUSY, Reason.NONE)
            user.proxy.munmap(address, 2 * PAGE)
    assert device.resize(made.id, 9 * PAGE).kept == 3 * PAGE
    device.free(made.id)


@pytest.mark.parametrize("allocator", [KMALLOC, KVMALLOC], ids=["kmalloc", "kvmalloc"])
@pytest.mark.parametrize("size", [2 * PAGE, 3 * PAGE, 20 * PAGE])
def test_cookie(device, allocator, size):
    """The old offset maps nothing any more; the new one maps the new buffer."""
    made = device.alloc(allocator, 3 * PAGE)
    device.fill(made.id, 1)
    done = device.resize(made.id, size)
    assert done.map_offset != made.map_offset
    for at in range(0, made.map_length, PAGE):
        if not done.map_offset <= made.map_offset + at < done.map_offset + done.map_length:
            assert error_of(device.map, made, at=at, length=PAGE) == "EINVAL"
    kept = min(size, 3 * PAGE)
    address = device.map(done)
    assert device.proxy.peek(address, size) == pattern(1, 0, kept) + bytes(size - kept)
    device.proxy.munmap(address, done.map_length)
    device.free(made.id)


def test_to_what_cannot_be_mapped(device):
    """A buffer that is no longer whole pages has no offset, and may get one again."""
    made = device.alloc(KMALLOC, 2 * PAGE)
    for _ in range(3):
        done = device.resize(made.id, 3 * PAGE)
        assert done.map_length == 3 * PAGE and done.map_offset
        device.proxy.munmap(device.map(done), 3 * PAGE)
        moved = device.alloc(KMALLOC, 100)
        small = device.resize(moved.id, 200)
        assert small.map_length == small.map_offset == 0
        assert error_of(device.map, small, length=PAGE) == "EINVAL"
        device.free(moved.id)
    device.free(made.id)


@pytest.mark.parametrize("first", ["read", "write", "check", "map"])
def test_unseen_content(device, first):
    """What nobody has looked at reads zero, also after it was resized."""
    made = device.alloc(KMALLOC, 2 * PAGE)
    done = device.resize(made.id, 4 * PAGE)
    if first == "map":
        address = device.map(done)
        assert device.proxy.peek(address, 4 * PAGE) == bytes(4 * PAGE)
        device.proxy.munmap(address, 4 * PAGE)
    if first == "write":
        device.write(made.id, 100, b"\0")
    if first == "check":
        assert device.check(made.id, 1) < 8
    assert device.read(made.id, 0, 4 * PAGE) == bytes(4 * PAGE)
    device.free(made.id)


def test_shrunk_in_place_is_still_counted(target, device):
    """What kvrealloc() does not give back when it shrinks goes on counting."""
    made = device.alloc(KVMALLOC, 8 * MIB)
    done = device.resize(made.id, PAGE)
    with Existing(target, device, made.id) as one:
        if one.query.backing == abi.VMALLOC_BACKING:
            witness.vmallocinfo(one).demand(len(one.pieces()))
    assert device.info().total_bytes == done.usable
    device.free(made.id)


@pytest.mark.usefixtures("public_device")
@pytest.mark.parametrize("allocator", [KMALLOC, KVMALLOC], ids=["kmalloc", "kvmalloc"])
def test_quota(process, parameter, allocator):
    """A user's account follows; growth above the limit is EDQUOT and changes nothing."""
    parameter("max_user_bytes", 64 * PAGE)
    with Device(process(user="alice")) as device:
        made = device.alloc(allocator, 16 * PAGE)
        device.fill(made.id, 1)
        for pages in (32, 64, 16, 1):
            device.resize(made.id, pages * PAGE)
            info = device.info()
            assert info.user_bytes == info.total_bytes == device.query(made.id).usable
            assert info.user_buffers == 1
        device.free(made.id)
        made = device.alloc(allocator, 32 * PAGE)
        device.fill(made.id, 1)
        other = device.alloc(allocator, 16 * PAGE)
        unchanged(device, made.id, refused, device, abi.RESIZE,
                  make(abi.Resize, id=made.id, bytes=64 * PAGE), errno.EDQUOT, Reason.NONE)
        device.free(other.id)
        device.resize(made.id, 64 * PAGE)
        device.free(made.id)
        assert device.info().user_bytes == 0


def test_total_quota(device, parameter):
    """ENOSPC above the limit of all together, for root too."""
    parameter("max_total_bytes", 64 * PAGE)
    made = device.alloc(KMALLOC, 16 * PAGE)
    device.fill(made.id, 1)
    unchanged(device, made.id, refused, device, abi.RESIZE,
              make(abi.Resize, id=made.id, bytes=128 * PAGE), errno.ENOSPC, Reason.NONE)
    device.resize(made.id, 64 * PAGE)
    device.free(made.id)


@pytest.mark.usefixtures("public_device")
def test_strangers(device, process):
    """Another user cannot resize a buffer; its user can, from another process."""
    with Device(process(user="alice")) as own, Device(process(user="bob")) as stranger:
        made = own.alloc(KMALLOC, 100)
        refused(stranger, abi.RESIZE, make(abi.Resize, id=made.id, bytes=200), errno.ENOENT,
                Reason.NONE)
        with Device(process(user="alice")) as again:
            again.resize(made.id, 200)
        assert device.resize(made.id, 300).kept == 200
        assert own.info().user_bytes == device.query(made.id).usable
        own.free(made.id)


def test_from_interrupt(device):
    """What was allocated in an interrupt can be resized, and QUERY goes on telling of that."""
    made = device.alloc(KMALLOC, 64, gfp=Gfp.NOWAIT, context=abi.Context.HARDIRQ)
    device.fill(made.id, 1)
    assert device.resize(made.id, 5000).kept == 64
    query = device.query(made.id)
    assert (query.context, query.seen) == (abi.Context.HARDIRQ, made.seen)
    assert device.check(made.id, 1, 0, 64) == abi.ALL_RIGHT
    device.free(made.id)


def repeat(device, command, arguments):
    """An ioctl with each of many structs, in one go: what each returned."""
    number, proxy, records = device.proxy.number("ioctl"), device.proxy, []
    for argument in arguments:
        records += [poke_record(proxy.scratch, bytes(argument)),
                    call_record(number, device.fd, command, proxy.scratch)]
    return [reply[0] for reply in proxy.submit(records)[1::2]]


@pytest.mark.parametrize("allocator", [KMALLOC, KVMALLOC], ids=["kmalloc", "kvmalloc"])
def test_races(process, allocator):
    """Resized, read, checked and queried at once: whoever gets it finds it whole, or is told."""
    devices, rounds = [Device(process()) for _ in range(4)], 300
    ident = devices[0].alloc(allocator, PAGE).id
    devices[0].fill(ident, 1)
    sizes = [PAGE * (1 + number * 7 % 23) for number in range(rounds)]
    jobs = [
        (abi.RESIZE, [make(abi.Resize, id=ident, bytes=size) for size in sizes]),
        (abi.RESIZE, [make(abi.Resize, id=ident, bytes=size + 1) for size in sizes[::-1]]),
        (abi.CHECK, [make(abi.Pattern, id=ident, seed=1, length=PAGE)] * rounds),
        (abi.QUERY, [make(abi.Query, id=ident)] * rounds),
    ]
    resized = [set(), set()]

    def both():
        """A reader that loses its processor in the middle can keep out all of one go."""
        with ThreadPoolExecutor(len(jobs)) as pool:
            results = [job.result() for job in [
                pool.submit(repeat, device, *job) for device, job in zip(devices, jobs)]]
        assert set(results[2]) == set(results[3]) == {0}
        for seen, result in zip(resized, results):
            seen.update(result)
            assert seen <= {0, -errno.EBUSY}
        return all(0 in seen for seen in resized)
    until(both, "both resize it")
    assert devices[0].check(ident, 1, 0, PAGE) == abi.ALL_RIGHT
    assert devices[0].info().total_bytes == devices[0].query(ident).usable
    devices[0].free(ident)
