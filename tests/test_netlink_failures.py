# SPDX-License-Identifier: GPL-2.0
"""Events of what did not succeed: errno, reason, and what was asked for."""

from errno import (
    EBUSY, EDQUOT, EINVAL, ENOENT, ENOMEM, ENOSPC, EOPNOTSUPP, EOVERFLOW, EPERM, ERANGE,
)

import pytest

import abi
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp, Reason, make
from device import Device
from nlevents import event
from nlevents import watch_fixture  # noqa: F401 # pylint: disable=unused-import
from nlview import named, present

PAGE, MIB = 4096, 1 << 20
SIZE_MAX = (1 << 64) - 1
# what a caller leaves where replies are written must not be told as if it were one
GARBAGE = {"usable": 0x1111, "map_offset": 0x2222, "reason": 9, "backing": 3,
           "gfp_used": 0x4444, "function": (abi.U8 * 32)(*b"garbage")}
MEMBERS = abi.members(abi.Resize)


def failed(proxy, uid, argument, error, reason=Reason.NONE, **more):
    """What must be told of an ALLOC that failed."""
    size = argument.bytes * (argument.count or 1)
    return present({
        "type": "failed", "uid": uid, "pid": proxy.pid, "comm": "proxy",
        "allocator": named("allocator", argument.allocator),
        "context": named("context", argument.context), "bytes": min(size, SIZE_MAX),
        "gfp": named("gfp", argument.gfp), "cache-id": argument.cache or None, "error": error,
        "reason": named("reason", reason), **more})


# uid, request, errno, reason, function that would have been called
FAILURES = {
    "base": (0, {"gfp": Gfp.KERNEL | Gfp.ATOMIC}, EINVAL, Reason.GFP_BASE, "kmalloc"),
    "retry": (0, {"gfp": Gfp.KERNEL | Gfp.NORETRY | Gfp.NOFAIL}, EINVAL, Reason.GFP_RETRY,
              "kmalloc"),
    "highmem": (0, {"gfp": Gfp.HIGHUSER, "allocator": KVMALLOC}, EINVAL, Reason.GFP_HIGHMEM,
                "kvmalloc"),
    "reserves": (1000, {"gfp": Gfp.ATOMIC, "flags": abi.ZERO}, EPERM, Reason.ADMIN_RESERVES,
                 "kzalloc"),
    "dma": (1000, {"gfp": Gfp.KERNEL | Gfp.DMA, "count": 7}, EPERM, Reason.ADMIN_DMA,
            "kmalloc_array"),
    "interrupt": (1000, {"gfp": Gfp.NOWAIT, "context": Context.SOFTIRQ}, EPERM,
                  Reason.ADMIN_UNCHARGED, "kmalloc"),
    "stale": (1000, {"flags": abi.COUNT_STALE}, EPERM, Reason.ADMIN_STALE, "kmalloc"),
    "sleeps": (0, {"context": Context.ATOMIC}, EOPNOTSUPP, Reason.GFP_SLEEPS, "kmalloc"),
    "array": (0, {"allocator": PAGES, "count": 5}, EOPNOTSUPP, Reason.NO_ARRAY, None),
    "node": (0, {"allocator": PAGES_EXACT, "flags": abi.NODE}, EOPNOTSUPP, Reason.NO_NODE, None),
    "too large": (0, {"bytes": 1 << 40}, ERANGE, Reason.NONE, "kmalloc"),
    "no cache": (0, {"allocator": CACHE, "bytes": 0, "cache": 0x7FFFFFFF}, ENOENT, Reason.NONE,
                 None),
    "nofail": (0, {"gfp": Gfp.KERNEL | Gfp.NOFAIL, "bytes": 5000}, ERANGE, Reason.NOFAIL_SIZE,
               "kmalloc"),
}


@pytest.fixture
def users(process, public_device):
    """The device, opened by users, by their uid."""
    # pylint: disable=unused-argument # public_device is a state, not a value
    return {0: Device(process()), 1000: Device(process(user="alice"))}


@pytest.mark.parametrize("uid, members, error, reason, function", FAILURES.values(), ids=FAILURES)
def test_failed(users, watch, uid, members, error, reason, function):
    """Requests that were refused: what was asked for, errno and reason."""
    argument = make(abi.Alloc, **{"allocator": KMALLOC, "bytes": 64, **members}, **GARBAGE)
    device = users[uid]
    result, _ = device.proxy.ioctl_raw(device.fd, abi.ALLOC, bytes(argument))
    assert result == -error
    assert watch.take() == [
        failed(device.proxy, uid, argument, error, reason, function=function)]


def would_be(device, argument):
    """What a dry run says of function and flags."""
    dry = make(abi.Alloc, **{name: getattr(argument, name) for name in (
        "allocator", "bytes", "gfp", "count", "context")}, flags=abi.DRY_RUN)
    told = device.proxy.ioctl(device.fd, abi.ALLOC, dry)
    return {"function": abi.text(told.function), "gfp-used": named("gfp", told.gfp_used)}


@pytest.mark.parametrize("limit, value, error", [
    ("max_user_bytes", PAGE, EDQUOT), ("max_user_buffers", 0, EDQUOT),
    ("max_total_bytes", PAGE, ENOSPC)])
def test_limit(users, watch, parameter, limit, value, error):
    """Over a limit."""
    alice = users[1000]
    held = None
    if not value:
        value, held = 1, alice.alloc(KMALLOC, 8)
        watch.take()
    parameter(limit, value)
    argument = make(abi.Alloc, allocator=VMALLOC, bytes=3 * PAGE, **GARBAGE)
    result, _ = alice.proxy.ioctl_raw(alice.fd, abi.ALLOC, bytes(argument))
    assert result == -error
    assert watch.take() == [
        failed(alice.proxy, 1000, argument, error, **would_be(alice, argument))]
    if held:
        alice.free(held.id)


def vmalloc_is_atomic(device):
    """Whether vmalloc() can do without sleeping, so that kvmalloc() falls back on it then, too."""
    argument = make(abi.Alloc, allocator=KVMALLOC, bytes=device.info().kmalloc_max_size + 1,
                    gfp=Gfp.NOWAIT, flags=abi.DRY_RUN)
    return device.proxy.ioctl_raw(device.fd, abi.ALLOC, bytes(argument))[0] == 0


@pytest.mark.parametrize("members, error, function", [
    ({"allocator": KMALLOC, "bytes": 1 << 62, "count": 1 << 62}, EOVERFLOW, "kmalloc_array"),
    ({"allocator": KVMALLOC, "bytes": 32 * MIB, "gfp": Gfp.NOWAIT}, ENOMEM, "kvmalloc"),
    ({"allocator": VMALLOC, "bytes": "ram"}, ENOMEM, "__vmalloc")])
def test_no_memory(device, watch, parameter, members, error, function):
    """The kernel's function said no, or there was too little memory to ask it."""
    if members["allocator"] == KVMALLOC and vmalloc_is_atomic(device):
        members = members | {"bytes": "ram"}
    if members["bytes"] == "ram":
        parameter("max_total_bytes", 1 << 40)
        members = members | {"bytes": device.info().total_ram}
    argument = make(abi.Alloc, **members, **GARBAGE)
    result, _ = device.proxy.ioctl_raw(device.fd, abi.ALLOC, bytes(argument))
    assert result == -error
    told, = watch.take()
    used = told["gfp-used"]
    if error == ENOMEM:
        assert would_be(device, argument) == {"function": function, "gfp-used": used}
    assert {"nowarn", "account"} <= used
    assert told == failed(device.proxy, 0, argument, error, **{
        "function": function, "gfp-used": used})


def test_resize_failed(device, watch):
    """RESIZE that left the buffer as it was tells of the buffer, and both sizes."""
    made, pages = device.alloc(KMALLOC, 2 * PAGE), device.alloc(PAGES, PAGE)
    address = device.map(made)
    watch.take()

    def told(ident, size, error, reason=Reason.NONE, gfp=0, count=0):
        query = device.query(ident)
        result, _ = device.proxy.ioctl_raw(device.fd, abi.RESIZE, bytes(make(
            abi.Resize, id=ident, bytes=size, gfp=gfp, count=count,
            **{name: value for name, value in GARBAGE.items() if name in MEMBERS})))
        assert result == -error
        one, = watch.take()
        wanted = event("failed", device.proxy, query, old_bytes=query.bytes, error=error,
                       reason=named("reason", reason))
        wanted |= {"bytes": min(size * (count or 1), SIZE_MAX), "gfp": named("gfp", gfp)}
        for name in ("usable", "function", "gfp-used"):
            del wanted[name]
        found = {name: one.pop(name, None) for name in ("function", "gfp-used")}
        assert one == wanted
        return found
    assert told(made.id, 100, EBUSY)["gfp-used"] is None
    device.proxy.munmap(address, made.map_length)
    watch.take()
    assert told(made.id, 1 << 40, ERANGE)["gfp-used"] is None
    wrong = Gfp.KERNEL | Gfp.USER
    assert told(made.id, 100, EINVAL, Reason.GFP_BASE, gfp=wrong)["gfp-used"] is None
    found = told(made.id, 1 << 62, EOVERFLOW, count=1 << 62)
    assert found["function"] == "krealloc_array"
    assert {"kernel", "nowarn", "account"} <= found["gfp-used"]
    assert told(pages.id, 100, EOPNOTSUPP, Reason.NO_RESIZE)["function"] is None
    device.free_many([made, pages])
