# SPDX-License-Identifier: GPL-2.0
"""BENCH: what it tells, against the program's clock, the limits and the statistics."""

import errno
import struct
import threading
import time

import pytest

import abi
from abi import BENCH_EACH, CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC
from abi import Bench, Context, Gfp, Order, Seen
from device import Device
from frames import Gone, call_record, poke_record
from refusal import error_of
from running import until
from syscalls import ITIMER_REAL

MIB = 1 << 20
PAGE = 4096
MILLISECOND = 1000000
ALLOCATORS = {"kmalloc": KMALLOC, "vmalloc": VMALLOC, "kvmalloc": KVMALLOC, "pages": PAGES,
              "pages-exact": PAGES_EXACT, "cache": CACHE}
every_allocator = pytest.mark.parametrize("allocator", ALLOCATORS.values(), ids=list(ALLOCATORS))


def lowest(bucket):
    """The least number that is in a bucket, as the header says."""
    if bucket < 2 * abi.BENCH_SUBBUCKETS:
        return bucket
    power, part = divmod(bucket, abi.BENCH_SUBBUCKETS)
    return abi.BENCH_SUBBUCKETS + part << power - 1


def patterns(size, cached):
    """Members for each pattern that the allocator takes."""
    yield {"pattern": Bench.PAIR}
    for order in Order:
        yield {"pattern": Bench.BATCH, "objects": 10, "order": order}
        yield {"pattern": Bench.READ, "stride": 8, "order": order}
        yield {"pattern": Bench.WRITE, "stride": size // 2 // 8 * 8, "order": order}
    if cached:
        yield {"pattern": Bench.BULK, "objects": 10, "order": Order.SHUFFLED}


@every_allocator
def test_patterns(device, cache, allocator):
    """Each pattern does what was asked, takes time, and not more than has passed."""
    size = 1000
    ident = cache(size) if allocator == CACHE else 0
    for members in patterns(size, ident):
        before = time.monotonic_ns()
        reply, (result,), _ = device.bench(allocator, size, cache=ident, operations=1300,
                                           **members)
        passed = time.monotonic_ns() - before
        assert (result.operations, result.failures) == (1300, 0), members
        took = result.nanoseconds + result.free_nanoseconds
        assert 0 < took <= result.elapsed < passed, members
        assert bool(result.free_nanoseconds) == (members["pattern"] in (Bench.BATCH, Bench.BULK))
        assert result.seen & Seen.TASK
        assert abi.text(reply.function) and abi.text(reply.free_function)


@pytest.mark.parametrize("allocator", [KMALLOC, KVMALLOC], ids=["kmalloc", "kvmalloc"])
def test_grow(device, allocator):
    """Memory that grows step by step takes longer the more steps there are: 128, or 4."""
    def took(stride):
        times = []
        for _ in range(10):
            _, (result,), _ = device.bench(allocator, 64 << 10, Bench.GROW, stride=stride,
                                           operations=20)
            assert (result.operations, result.failures) == (20, 0)
            times.append(result.nanoseconds)
        # whatever takes the processor meanwhile only adds to the others
        return min(times)
    assert took(512) > 2 * took(16 << 10)


@every_allocator
def test_nothing_left(device, cache, allocator):
    """No buffer, no byte that counts, nothing in the statistics."""
    ident = cache(2000) if allocator == CACHE else 0

    def state():
        info = device.info()
        return info.total_bytes, info.user_bytes, info.user_buffers, device.ids()
    before = state()
    for members in patterns(2000, ident):
        device.bench(allocator, 2000, cache=ident, operations=100, **members)
        assert state() == before


@pytest.mark.parametrize("context", [Context.ATOMIC, Context.SOFTIRQ, Context.HARDIRQ],
                         ids=lambda c: c.name.lower())
@pytest.mark.parametrize("allocator", [KMALLOC, PAGES, CACHE], ids=["kmalloc", "pages", "cache"])
def test_contexts(device, cache, allocator, context):
    """Where the functions run is where they were asked to."""
    ident = cache(500) if allocator == CACHE else 0
    # which must be seen, of which; a hard interrupt may come while a soft one is served
    seen, of = {
        Context.ATOMIC: (Seen.TASK | Seen.LOCKED, ~Seen.IRQS_OFF),
        Context.SOFTIRQ: (Seen.SOFTIRQ, Seen.TASK | Seen.SOFTIRQ | Seen.HARDIRQ | Seen.LOCKED),
        Context.HARDIRQ: (Seen.HARDIRQ | Seen.IRQS_OFF, ~Seen.SOFTIRQ)}[context]
    for members in patterns(500, False):
        _, (result,), _ = device.bench(allocator, 500, cache=ident, context=context,
                                       gfp=Gfp.NOWAIT, operations=1000, **members)
        assert (result.operations, result.failures) == (1000, 0)
        assert Seen(result.seen) & of == seen


@pytest.mark.parametrize("allocator, context, gfp, reason", [
    (VMALLOC, Context.ATOMIC, 0, {abi.Reason.VMALLOC_SLEEPS, abi.Reason.GFP_SLEEPS}),
    (KMALLOC, Context.SOFTIRQ, Gfp.KERNEL, {abi.Reason.GFP_SLEEPS}),
    (KMALLOC, Context.HARDIRQ, Gfp.NOWAIT | Gfp.NORETRY, {abi.Reason.NONE})])
def test_what_would_sleep(device, allocator, context, gfp, reason):
    """What would sleep where that is forbidden is refused before it is called."""
    found, reply = device.try_bench(allocator, 8192, context=context, gfp=gfp, operations=1)
    if reason == {abi.Reason.NONE}:
        assert found == 0
    else:
        assert (found, reply.reason in reason) == (-errno.EOPNOTSUPP, True)


def test_vmalloc_in_atomic(device):
    """Where vmalloc() need not sleep, vfree() still may: never in a loop."""
    reasons = {abi.Reason.VMALLOC_SLEEPS, abi.Reason.FREE_SLEEPS}
    found, reply = device.try_bench(VMALLOC, PAGE, context=Context.ATOMIC, gfp=Gfp.NOWAIT,
                                    operations=1)
    assert found in (-errno.EOPNOTSUPP, -errno.EINVAL) and reply.reason in reasons


@pytest.mark.parametrize("pattern, members", [
    (Bench.PAIR, {}), (Bench.BATCH, {"objects": 7}), (Bench.GROW, {"stride": 100})],
    ids=["pair", "batch", "grow"])
def test_histogram(device, pattern, members):
    """Each operation is in a bucket; all buckets together took what all took."""
    _, (result,), both = device.bench(KMALLOC, 300, pattern, flags=BENCH_EACH, operations=700,
                                      **members)
    times = [(result.nanoseconds, result.longest), (result.free_nanoseconds, result.longest_free)]
    for counts, (total, longest) in list(zip(both, times))[:1 if pattern == Bench.GROW else 2]:
        assert sum(counts) == result.operations == 700
        least = sum(lowest(bucket) * count for bucket, count in enumerate(counts))
        most = sum((lowest(bucket + 1) - 1) * count for bucket, count in enumerate(counts))
        assert least <= total <= most
        last = max(bucket for bucket, count in enumerate(counts) if count)
        assert lowest(last) <= longest < lowest(last + 1)
    if pattern == Bench.GROW:
        assert not any(both[1])


@pytest.mark.parametrize("members", [
    {"pattern": Bench.PAIR}, {"pattern": Bench.BATCH, "objects": 100},
    {"pattern": Bench.READ, "stride": 64}], ids=["pair", "batch", "read"])
def test_time_limit(device, members):
    """It ends when the time is up, soon, and tells how far it came."""
    def soon():
        """The host may stall the guest for longer, but not each time."""
        _, (result,), _ = device.bench(KMALLOC, 2048, nanoseconds=30 * MILLISECOND, **members)
        assert 30 * MILLISECOND <= result.elapsed and result.operations
        return result.elapsed < 1000 * MILLISECOND
    until(soon, "30 ms end within a second")


@pytest.mark.parametrize("members", [
    {"pattern": Bench.PAIR}, {"pattern": Bench.BATCH, "objects": 65536},
    {"pattern": Bench.READ, "stride": 8}, {"pattern": Bench.PAIR, "cpus": True}],
    ids=["pair", "batch", "read", "thread"])
def test_interrupted(process, members):
    """A signal ends it at once, whatever it does, and leaves nothing."""
    proxy = process()
    members = {"operations": 1 << 62, **members}
    with Device(proxy) as device:
        before = device.info()
        argument = abi.make(abi.BenchArgument, allocator=KMALLOC, bytes=1024,
                            results=proxy.spare, **{
                                name: value for name, value in members.items() if name != "cpus"})
        if "cpus" in members:
            argument.cpus, argument.cpu_count = proxy.spare + 256, 1
        for microseconds in (700, 20000, 100000):
            # again and again, as the first one may come before it begins; without, it never ends
            timer = struct.pack("<4Q", 0, microseconds, 0, microseconds)
            replies = proxy.submit([
                poke_record(proxy.spare, timer),
                poke_record(proxy.spare + 256, bytes(4)),
                poke_record(proxy.scratch, bytes(argument)),
                call_record(proxy.number("setitimer"), ITIMER_REAL, proxy.spare, 0),
                call_record(proxy.number("ioctl"), device.fd, abi.BENCH, proxy.scratch),
                poke_record(proxy.spare, bytes(32)),
                call_record(proxy.number("setitimer"), ITIMER_REAL, proxy.spare, 0)])
            assert replies[4][0] == -errno.EINTR
        after = device.info()
        assert (after.user_bytes, after.user_buffers) == (before.user_bytes, before.user_buffers)


def test_failures_count(device, parameter):
    """Where there is no memory, that is counted, and nothing is freed."""
    info = device.info()
    parameter("max_total_bytes", 2 * info.total_ram)
    for members in ({"pattern": Bench.PAIR}, {"pattern": Bench.BATCH, "objects": 1},
                    {"pattern": Bench.PAIR, "flags": BENCH_EACH}):
        _, (result,), _ = device.bench(VMALLOC, info.total_ram, operations=6, **members)
        assert (result.operations, result.failures) == (6, 6)
    _, (result,), _ = device.bench(VMALLOC, info.total_ram, Bench.READ, stride=64, operations=6)
    assert (result.operations, result.failures) == (0, 1)
    size = info.kmalloc_max_size
    count = info.total_ram // size
    for flags in (0, BENCH_EACH):
        _, (result,), both = device.bench(KMALLOC, size, Bench.BATCH, objects=count, flags=flags,
                                          gfp=Gfp.NOWAIT, operations=1)
        assert result.operations == count and 0 < result.failures < count
    assert (sum(both[0]), sum(both[1])) == (count, count - result.failures)


@pytest.mark.parametrize("allocator, size, members", [
    (KMALLOC, MIB, {"pattern": Bench.BATCH, "objects": 65536}),
    (VMALLOC, MIB, {"pattern": Bench.BATCH, "objects": 65536})], ids=["kmalloc", "vmalloc"])
def test_limits(device, allocator, size, members):
    """All that would be there at a time must be within the limits."""
    found, _ = device.try_bench(allocator, size, operations=1, **members)
    assert found == -errno.ENOSPC


@pytest.fixture
def alice(process, public_device):
    """The device, opened by an ordinary user."""
    # pylint: disable=unused-argument
    return Device(process(user="alice"))


def test_user(alice, parameter):
    """An ordinary user measures too, within limits, charged, and on no chosen processor."""
    reply, (result,), _ = alice.bench(KMALLOC, 64, operations=1000)
    assert result.operations == 1000 and reply.gfp_used & Gfp.ACCOUNT
    assert error_of(alice.bench, KMALLOC, 64, cpus=(0,), operations=1) == "EPERM"
    assert error_of(alice.bench, KMALLOC, 64, gfp=Gfp.KERNEL | Gfp.NO_ACCOUNT,
                    operations=1) == "EPERM"
    assert error_of(alice.bench, KMALLOC, 64, gfp=Gfp.NOWAIT, context=Context.SOFTIRQ,
                    operations=1) == "EPERM"
    parameter("max_user_bytes", MIB)
    assert error_of(alice.bench, KMALLOC, 1024, Bench.BATCH, objects=1024,
                    operations=1) == "EDQUOT"
    alice.bench(KMALLOC, 1024, Bench.BATCH, objects=512, operations=1)
    parameter("max_user_buffers", 1)
    alice.alloc(KMALLOC, 64)
    assert error_of(alice.bench, KMALLOC, 64, operations=1) == "EDQUOT"
    alice.close()


def test_gfp(device):
    """The flags are those that ALLOC would use."""
    for gfp in (0, Gfp.KERNEL | Gfp.NO_ACCOUNT, Gfp.NOWAIT, Gfp.ATOMIC):
        made = device.alloc(KMALLOC, 64, gfp=gfp)
        reply, _, _ = device.bench(KMALLOC, 64, gfp=gfp, operations=1)
        assert reply.gfp_used == made.gfp_used
        assert abi.text(reply.function) == abi.text(made.function) == "kmalloc"
        assert abi.text(reply.free_function) == "kfree"
        device.free(made.id)


@pytest.mark.parametrize("flags, count, name", [
    (abi.ZERO, 0, "kzalloc"), (abi.NODE, 0, "kmalloc_node"), (0, 3, "kmalloc_array"),
    (abi.ZERO, 3, "kcalloc"), (abi.ZERO | abi.NODE, 3, "kcalloc_node")])
def test_forms(device, flags, count, name):
    """Every form of the function can be timed."""
    reply, (result,), _ = device.bench(KMALLOC, 64, alloc_flags=flags, count=count, operations=99)
    assert (abi.text(reply.function), result.operations) == (name, 99)


def online(target):
    """The numbers of the processors that are online."""
    found = []
    for part in target.get("/sys/devices/system/cpu/online").decode().strip().split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def test_processors(target, device):
    """A thread for each, in the order that was asked for; all work at the same time."""
    cpus = tuple(reversed(online(target)))
    _, results, _ = device.bench(KMALLOC, 64, cpus=cpus, nanoseconds=50 * MILLISECOND)
    assert [result.cpu for result in results] == list(cpus)
    assert all(result.operations for result in results)
    _, results, both = device.bench(KMALLOC, 64, cpus=cpus, operations=50, flags=BENCH_EACH)
    assert [result.operations for result in results] == [50] * len(cpus)
    assert sum(both[0]) == sum(both[1]) == 50 * len(cpus)


def test_processors_are_kept_to(target, process):
    """The kernel's own word on where its thread may run, while it does."""
    cpu = online(target)[-1]
    busy = Device(process())

    def work():
        with pytest.raises(Gone):
            busy.bench(KMALLOC, 64, cpus=(cpu,), operations=1 << 62)
    worker = threading.Thread(target=work)
    worker.start()
    try:
        found = until(lambda: target.run(["sh", "-c", f"""
            for comm in $(grep -l '^memlab/{cpu}$' /proc/[0-9]*/comm 2>/dev/null); do
                exec grep Cpus_allowed_list ${{comm%comm}}status
            done"""]).stdout, "the thread")
    finally:
        busy.proxy.kill()
        worker.join()
    assert found.decode() == f"Cpus_allowed_list:\t{cpu}\n"


def test_wrong_processors(target, device):
    """Each must be online, and there once."""
    cpus = online(target)
    assert error_of(device.bench, KMALLOC, 64, cpus=(cpus[0], cpus[0]), operations=1) == "EINVAL"
    assert error_of(device.bench, KMALLOC, 64, cpus=(0xFFFFFFFF,), operations=1) == "ENXIO"


def test_offline(hypervisor, device):
    """One that was turned off is refused."""
    cpus = online(hypervisor)
    if len(cpus) < 2:
        pytest.skip("needs CONFIG_SMP=y: and two processors")
    path = f"/sys/devices/system/cpu/cpu{cpus[-1]}/online"
    assert hypervisor.run(["sh", "-c", f"echo 0 >{path}"]).returncode == 0
    try:
        assert error_of(device.bench, KMALLOC, 64, cpus=(cpus[-1],), operations=1) == "ENXIO"
    finally:
        assert hypervisor.run(["sh", "-c", f"echo 1 >{path}"]).returncode == 0
    device.bench(KMALLOC, 64, cpus=(cpus[-1],), operations=1)
