# SPDX-License-Identifier: GPL-2.0
"""Contexts: where the kernel's functions were really called, and where they must not be."""

import errno

import pytest

import abi
import facts
import rules
import witness
from abi import (
    CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp, Reason, Seen, make,
)
from areas import areas, find_area
from device import Device
from refusal import attempt, refused
from rules import Request
from running import until

# preempt_count(): how deep preemption is off, the soft interrupt served, hard interrupts.
PREEMPT, SERVING_SOFTIRQ, HARDIRQ = 0x000000FF, 0x00000100, 0x000F0000
ELSEWHERE = (Context.ATOMIC, Context.SOFTIRQ, Context.HARDIRQ)
CALM = ((KMALLOC, 64), (KMALLOC, 4096), (KMALLOC, 65536), (KVMALLOC, 64), (KVMALLOC, 65536),
        (PAGES, 4096), (PAGES, 65536), (PAGES_EXACT, 20480), (CACHE, 0))
IN_CONTEXT = pytest.mark.parametrize("context", ELSEWHERE, ids=lambda c: c.name.lower())
SERVED = pytest.mark.parametrize("allocator, size", CALM)


def beyond(device, allocator, size, context):
    """Whether that is too much there; then it is seen to be refused."""
    request = Request(allocator, size, Gfp.NOWAIT, context=context)
    if allocator != KVMALLOC or not rules.refusals(request, rules.World(device.info())):
        return False
    refused(device, abi.ALLOC, request.argument(), errno.ERANGE, Reason.CONTEXT_SIZE)
    return True


def is_counted(device, context):
    """Whether preempt_count() tells of a context: not every kernel's knows of spinlocks."""
    return context != Context.ATOMIC or bool(device.info().features & abi.FEATURE_PREEMPT_COUNT)


def was_in(device, context, reply):
    """Whether a reply tells of a call in that context, by two accounts that agree."""
    seen, count = Seen(reply.seen), reply.preempt_count
    if context == Context.PROCESS:
        return seen == Seen.TASK and count == 0
    if context == Context.ATOMIC:
        return (seen & ~Seen.IRQS_OFF == Seen.TASK | Seen.LOCKED
                and bool(count & PREEMPT) == is_counted(device, context)
                and not count & (SERVING_SOFTIRQ | HARDIRQ))
    if context == Context.SOFTIRQ:
        return (seen & (Seen.TASK | Seen.SOFTIRQ | Seen.HARDIRQ) == Seen.SOFTIRQ
                and count & SERVING_SOFTIRQ and not count & HARDIRQ)
    return (seen & (Seen.TASK | Seen.HARDIRQ | Seen.IRQS_OFF) == Seen.HARDIRQ | Seen.IRQS_OFF
            and count & HARDIRQ)


@SERVED
@IN_CONTEXT
@pytest.mark.parametrize("gfp", [Gfp.NOWAIT, Gfp.ATOMIC, Gfp.NOWAIT | Gfp.ZERO],
                         ids=lambda gfp: str(gfp).removeprefix("Gfp."))
def test_served(target, subject, device, cache, allocator, size, context, gfp):
    """The memory comes from there, is as good as any, and goes back from there."""
    if beyond(device, allocator, size, context):
        return
    more = {"cache": cache(256)} if allocator == CACHE else {}
    one = subject(allocator, size, gfp=gfp, context=context, **more)
    assert was_in(device, context, one.query)
    assert one.query.context == context
    witness.kpageflags(one).demand(len(one.pieces()))
    witness.kcore(one).demand(len(one.pieces()))
    if one.address is not None:
        witness.pagemap(one).demand(len(one.pieces()))
    made = device.alloc(allocator, size, gfp=gfp, context=context, **more)
    assert was_in(device, context, made)
    # nobody but those who look after it is in that process
    freed = device.free(made.id, context=context)
    assert was_in(device, context, freed)
    assert target.problems(target.log_mark()) == []


@SERVED
@IN_CONTEXT
def test_freed_elsewhere(device, cache, allocator, size, context):
    """Memory that was allocated in process context is freed in another, and the other way."""
    if beyond(device, allocator, size, context):
        return
    more = {"cache": cache(256)} if allocator == CACHE else {}
    before = device.info().total_bytes
    made = device.alloc(allocator, size, **more)
    assert was_in(device, Context.PROCESS, made)
    assert was_in(device, context, device.free(made.id, context=context))
    made = device.alloc(allocator, size, gfp=Gfp.NOWAIT, context=context, **more)
    assert was_in(device, Context.PROCESS, device.free(made.id))
    assert device.info().total_bytes == before


@pytest.mark.parametrize("allocator, size", CALM + ((VMALLOC, 65536),))
def test_process(device, cache, allocator, size):
    """Without a context, it is the system call's."""
    more = {"cache": cache(256)} if allocator == CACHE else {}
    made = device.alloc(allocator, size, **more)
    assert was_in(device, Context.PROCESS, made)
    freed = device.free(made.id)
    assert was_in(device, Context.PROCESS, freed) and freed.nanoseconds


@IN_CONTEXT
@pytest.mark.parametrize("gfp", [Gfp(0), Gfp.KERNEL, Gfp.USER, Gfp.NOWAIT, Gfp.ATOMIC],
                         ids=lambda gfp: str(gfp).removeprefix("Gfp."))
@pytest.mark.parametrize("allocator", rules.ALLOCATORS.values(), ids=list(rules.ALLOCATORS))
def test_refused(device, cache, allocator, gfp, context):
    """What would sleep does not even begin; what does not is served."""
    ident = cache(128) if allocator == CACHE else 0
    request = Request(allocator, 128, gfp, context=context, cache=ident)
    info = device.info()
    wanted = rules.refusals(request, rules.World(info))
    got, after = attempt(device, abi.ALLOC, request.argument())
    if wanted:
        assert got in wanted
        assert after.seen == after.preempt_count == 0
    else:
        assert got is None
        device.free(after.id)
    assert device.info().total_bytes == info.total_bytes


def test_feature(target, device):
    """INFO says whether spinlocks are counted; preemptible kernels do, and those that check."""
    features = device.info().features
    assert bool(features & abi.FEATURE_PREEMPT_COUNT) == (
        b" PREEMPT" in target.get("/proc/version") or bool(features & abi.FEATURE_ATOMIC_SLEEP))


def test_vmalloc_atomic(target, device):
    """vmalloc where sleeping is forbidden: the reason is named, the kernel not asked.

    A kernel whose vmalloc can do without is asked, except in interrupts.
    """
    mark, sleeps = target.log_mark(), rules.World(device.info()).vmalloc_sleeps()
    if not sleeps:
        for gfp in (Gfp.NOWAIT, Gfp.ATOMIC):
            made = device.alloc(VMALLOC, 65536, gfp=gfp, context=Context.ATOMIC)
            assert was_in(device, Context.ATOMIC, made) and made.backing == abi.VMALLOC_BACKING
            device.fill(made.id, 1)
            assert device.check(made.id, 1) == abi.ALL_RIGHT
            device.free(made.id)
    for context in ELSEWHERE if sleeps else ELSEWHERE[1:]:
        refused(device, abi.ALLOC, make(abi.Alloc, allocator=VMALLOC, bytes=65536,
                                        context=context), errno.EOPNOTSUPP,
                Reason.VMALLOC_SLEEPS)
    assert target.log_since(mark) == []


@pytest.mark.parametrize("flags", [0, abi.KVFREE])
def test_free_sleeps(device, flags):
    """vfree() is not called with a spinlock held, where it might sleep; nor by kvfree()."""
    made = device.alloc(VMALLOC, 65536)
    refused(device, abi.FREE, make(abi.Free, id=made.id, context=Context.ATOMIC, flags=flags),
            errno.EOPNOTSUPP, Reason.FREE_SLEEPS)
    assert was_in(device, Context.PROCESS, device.free(made.id))


@pytest.mark.parametrize("context", ELSEWHERE[1:], ids=lambda c: c.name.lower())
@pytest.mark.parametrize("flags", [0, abi.KVFREE])
def test_free_in_interrupt(target, device, context, flags):
    """In an interrupt vfree() hands its work on: the area is gone a little later."""
    made = device.alloc(VMALLOC, 65536)
    start = device.query(made.id).kernel_address
    assert find_area(target, start)
    assert was_in(device, context, device.free(made.id, context=context, flags=flags))
    until(lambda: start not in areas(target), "the area is gone")


@pytest.mark.parametrize("context", ELSEWHERE[1:], ids=lambda c: c.name.lower())
@pytest.mark.parametrize("size", [1, 7, 8])
def test_free_tiny_in_interrupt(target, device, size, context):
    """vfree() then puts a pointer into the memory, which KASAN minds if it is not that large."""
    made = device.alloc(VMALLOC, size)
    request = make(abi.Free, id=made.id, context=context)
    if size < 8 and facts.is_configured(target, "KASAN_VMALLOC"):
        refused(device, abi.FREE, request, errno.ERANGE, Reason.CONTEXT_SIZE)
        device.free(made.id)
    else:
        assert was_in(device, context, device.free(made.id, context=context))


@IN_CONTEXT
def test_free_too_large(device, context):
    """What is larger than KMALLOC_MAX_SIZE is freed in process context only."""
    for allocator in (VMALLOC, KVMALLOC):
        made = device.alloc(allocator, device.info().kmalloc_max_size + 1)
        assert made.backing == abi.VMALLOC_BACKING
        refused(device, abi.FREE, make(abi.Free, id=made.id, context=context),
                errno.ERANGE, Reason.CONTEXT_SIZE)
        device.free(made.id)


@IN_CONTEXT
def test_largest(device, context):
    """Outside of process context there is KMALLOC_MAX_SIZE, and not a byte more."""
    largest = device.info().kmalloc_max_size
    for allocator in (KMALLOC, KVMALLOC, PAGES, PAGES_EXACT):
        if beyond(device, allocator, largest, context):
            continue
        request = Request(allocator, largest, Gfp.NOWAIT, context=context)
        device.free(device.proxy.ioctl(device.fd, abi.ALLOC, request.argument()).id)
        above = request._replace(bytes=largest + 1)
        got, _ = attempt(device, abi.ALLOC, above.argument())
        assert got in rules.refusals(above, rules.World(device.info()))


@IN_CONTEXT
def test_kvmalloc_does_not_fall_back(device, context):
    """kvmalloc without sleeping is kmalloc: too much for that is refused, never vmalloc."""
    largest = device.info().kmalloc_max_size
    if beyond(device, KVMALLOC, largest, context):
        return
    made = device.alloc(KVMALLOC, largest, gfp=Gfp.NOWAIT, context=context)
    assert made.backing == abi.LARGE
    device.free(made.id)


@pytest.mark.usefixtures("public_device")
def test_ordinary_user(process):
    """Interrupts are charged to nobody, hence not for everybody; a spinlock is."""
    with Device(process(user="alice")) as device:
        for context in (Context.SOFTIRQ, Context.HARDIRQ):
            refused(device, abi.ALLOC, make(abi.Alloc, allocator=KMALLOC, bytes=64,
                                            gfp=Gfp.NOWAIT, context=context),
                    errno.EPERM, Reason.ADMIN_UNCHARGED)
        made = device.alloc(KMALLOC, 64, gfp=Gfp.NOWAIT, context=Context.ATOMIC)
        assert was_in(device, Context.ATOMIC, made)
        assert was_in(device, Context.ATOMIC, device.free(made.id, context=Context.ATOMIC))


@IN_CONTEXT
def test_many(device, context):
    """Many in a row, by the interrupts of a timer: each is there, and each goes."""
    made = device.alloc_many(200, KMALLOC, 512, gfp=Gfp.NOWAIT, context=context)
    assert len({one.id for one in made}) == 200
    assert all(was_in(device, context, one) for one in made)
    device.fill_many(made, 1)
    assert all(device.check(one.id, 1) == abi.ALL_RIGHT for one in made[::20])
    assert all(was_in(device, context, one) for one in device.free_many(made, context=context))
    assert device.info().total_bytes == 0


def test_parameter(target, device):
    """Trying for real what would sleep is off, and for root only."""
    path = "/sys/module/memlab/parameters/sleep_in_atomic"
    assert not device.info().features & abi.FEATURE_SLEEP_IN_ATOMIC
    assert target.get(path).strip() in (b"N", b"0")
    mode = target.run(["stat", "-c", "%a %u", path]).stdout.split()
    assert not int(mode[0], 8) & 0o022 and mode[1] == b"0"
