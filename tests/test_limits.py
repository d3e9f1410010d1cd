# SPDX-License-Identifier: GPL-2.0
"""Limits of users and of all, and the memory cgroup's account."""

import errno

import pytest

import abi
import facts
from conftest import PARAMETERS
from device import Device
from refusal import error_of
from running import until

# What a processor has charged in advance and not used yet (MEMCG_CHARGE_BATCH): 64 pages.
AHEAD = 64 * 4096
CGROUP = "/sys/fs/cgroup/memlab-test"
MIB = 1 << 20
PAGE = 4096


@pytest.fixture
def alice(process, public_device):
    """The device, opened by an ordinary user."""
    # pylint: disable=unused-argument
    return Device(process(user="alice"))


def test_defaults(target, device):
    """Limits follow from the memory, INFO tells them, and 0 brings them back."""
    info = device.info()
    told = {"max_total_bytes": info.max_total_bytes, "max_user_bytes": info.max_user_bytes,
            "max_user_buffers": info.max_user_buffers, "max_user_caches": info.max_user_caches}
    assert told["max_total_bytes"] == info.total_ram // 2
    assert told["max_user_bytes"] == info.total_ram // 4
    for name, value in told.items():
        assert int(target.get(PARAMETERS + name)) == value


@pytest.mark.parametrize("name", ["max_total_bytes", "max_user_bytes", "max_user_buffers",
                                  "max_user_caches"])
def test_set(target, device, parameter, name):
    """A new value is in force at once; 0 means the default; nonsense is refused."""
    default = int(target.get(PARAMETERS + name))
    for written, wanted in (("12345678", 12345678), ("16M", 16 * MIB), ("0", default)):
        parameter(name, written)
        assert int(target.get(PARAMETERS + name)) == getattr(device.info(), name) == wanted
    for nonsense in ("-1", "x", "12x", "", "1 2"):
        with pytest.raises(RuntimeError):
            parameter(name, f"'{nonsense}'")
        assert getattr(device.info(), name) == default


@pytest.mark.parametrize("allocator, asked, taken", [
    (abi.KMALLOC, 1, None), (abi.KMALLOC, 100, 128), (abi.KMALLOC, 5000, 8192),
    (abi.KMALLOC, 8193, 16384), (abi.KMALLOC, 40000, 65536), (abi.VMALLOC, 1, PAGE),
    (abi.VMALLOC, 40000, 40960), (abi.KVMALLOC, 100, 128), (abi.KVMALLOC, 40000, 65536),
    (abi.KVMALLOC, 8 * MIB, 8 * MIB), (abi.PAGES, 1, PAGE), (abi.PAGES, 40000, 65536),
    (abi.PAGES_EXACT, 1, PAGE), (abi.PAGES_EXACT, 40000, 40960)])
def test_counted(target, device, alice, allocator, asked, taken):
    """What counts is what an allocation really takes."""
    taken = taken or facts.kmalloc_class(target, asked)
    made = alice.alloc(allocator, asked)
    for view in (alice, device):
        assert view.info().total_bytes == taken == made.usable
    assert (alice.info().user_bytes, alice.info().user_buffers) == (taken, 1)
    assert (device.info().user_bytes, device.info().user_buffers) == (0, 0)
    alice.free(made.id)
    assert alice.info().total_bytes == alice.info().user_bytes == alice.info().user_buffers == 0


def test_user_bytes(device, alice, parameter):
    """EDQUOT above max_user_bytes, exactly; what was freed can be had again."""
    parameter("max_user_bytes", 10 * PAGE)
    held = [alice.alloc(abi.VMALLOC, 5 * PAGE), alice.alloc(abi.KMALLOC, 4 * PAGE)]
    assert error_of(alice.alloc, abi.VMALLOC, PAGE + 1) == "EDQUOT"
    held.append(alice.alloc(abi.VMALLOC, PAGE))
    assert error_of(alice.alloc, abi.KMALLOC, 1) == "EDQUOT"
    alice.free(held[0].id)
    held[0] = alice.alloc(abi.VMALLOC, 5 * PAGE)
    # root has CAP_SYS_RESOURCE
    device.free(device.alloc(abi.VMALLOC, 100 * PAGE).id)
    # a limit below what is in use takes nothing away
    parameter("max_user_bytes", PAGE)
    assert error_of(alice.alloc, abi.KMALLOC, 1) == "EDQUOT"
    for made in held:
        alice.free(made.id)
    alice.free(alice.alloc(abi.KMALLOC, PAGE).id)


def test_user_buffers(device, alice, parameter):
    """EDQUOT above max_user_buffers; each user has an own account."""
    parameter("max_user_buffers", 3)
    held = [alice.alloc(abi.KMALLOC, 8) for _ in range(3)]
    assert error_of(alice.alloc, abi.KMALLOC, 8) == "EDQUOT"
    roots = [device.alloc(abi.KMALLOC, 8).id for _ in range(5)]
    alice.free(held.pop().id)
    held.append(alice.alloc(abi.KMALLOC, 8))
    assert error_of(alice.alloc, abi.KMALLOC, 8) == "EDQUOT"
    for made in held:
        alice.free(made.id)
    for ident in roots:
        device.free(ident)


def test_two_users(process, alice, parameter):
    """What alice uses is not bob's."""
    bob = Device(process(user="bob"))
    parameter("max_user_bytes", 4 * PAGE)
    alice.alloc(abi.VMALLOC, 4 * PAGE)
    bob.alloc(abi.VMALLOC, 4 * PAGE)
    assert error_of(alice.alloc, abi.VMALLOC, 1) == error_of(bob.alloc, abi.VMALLOC, 1) == "EDQUOT"
    assert bob.info().total_bytes == 8 * PAGE


def test_total_bytes(device, alice, parameter):
    """ENOSPC above max_total_bytes, for root too."""
    parameter("max_total_bytes", 10 * PAGE)
    made = alice.alloc(abi.VMALLOC, 6 * PAGE)
    assert error_of(device.alloc, abi.VMALLOC, 5 * PAGE) == "ENOSPC"
    assert error_of(alice.alloc, abi.VMALLOC, 5 * PAGE) == "ENOSPC"
    device.free(device.alloc(abi.VMALLOC, 4 * PAGE).id)
    alice.free(made.id)
    device.free(device.alloc(abi.VMALLOC, 10 * PAGE).id)


def test_failed_allocations_count_nothing(device, alice, parameter):
    """After many refusals of every sort the accounts are as before."""
    parameter("max_user_bytes", MIB)
    for _ in range(20):
        assert error_of(alice.alloc, abi.VMALLOC, 2 * MIB) == "EDQUOT"
        assert error_of(alice.alloc, abi.VMALLOC, PAGE, abi.NODE) == "EPERM"
        assert error_of(alice.alloc, abi.KMALLOC, 1 << 40) == "ERANGE"
    info = device.info()
    assert info.total_bytes == info.user_bytes == 0
    assert alice.info().user_buffers == 0


@pytest.fixture
def cgroup(target):
    """Makes a memory cgroup: cgroup(proxy) puts a process into it; reads its files."""
    def must(command):
        result = target.run(["sh", "-c", command])
        assert result.returncode == 0, result.stderr
        return result.stdout.decode()
    must("grep -qw memory /sys/fs/cgroup/cgroup.subtree_control ||"
         " echo +memory >/sys/fs/cgroup/cgroup.subtree_control")
    must(f"mkdir {CGROUP}")
    entered = []

    def enter(proxy):
        must(f"echo {proxy.pid} >{CGROUP}/cgroup.procs")
        entered.append(proxy)
        return must
    yield enter
    for proxy in entered:
        proxy.kill()
    until(lambda: not target.run(["rmdir", CGROUP]).returncode, "the cgroup is empty")


@pytest.mark.parametrize("allocator, size, count", [
    (abi.KMALLOC, 1024, 4096), (abi.KMALLOC, 4 * MIB, 2), (abi.VMALLOC, 16 * MIB, 1),
    (abi.KVMALLOC, 4 * MIB, 2), (abi.KVMALLOC, 16 * MIB, 1), (abi.PAGES, 4 * MIB, 2),
    (abi.PAGES_EXACT, 4 * MIB, 2)])
def test_cgroup_charged(target, process, cgroup, allocator, size, count):
    """memory.current of the caller's cgroup grows by the memory, and shrinks again."""
    proxy = process()
    proxy.stay()
    must = cgroup(proxy)

    def current():
        return int(must(f"cat {CGROUP}/memory.current"))
    with Device(proxy) as own:
        own.free(own.alloc(allocator, size).id)
        before = current()
        made = own.alloc_many(count, allocator, size)
        grown = current() - before
        assert size * count <= grown + AHEAD
        # with red zones, an object takes twice as much, and so do the driver's own
        most = 4 if facts.red_zones(target) else 1.5
        assert grown < size * count * most + 2 * MIB
        own.free_many(made)
    until(lambda: current() < before + size * count // 4 + MIB, "the charge is gone")


@pytest.mark.parametrize("allocator, size, gfp, context", [
    (abi.KMALLOC, 4 * MIB, abi.Gfp.KERNEL | abi.Gfp.NO_ACCOUNT, 0),
    (abi.PAGES, 4 * MIB, abi.Gfp.KERNEL | abi.Gfp.NO_ACCOUNT, 0),
    (abi.VMALLOC, 16 * MIB, abi.Gfp.KERNEL | abi.Gfp.NO_ACCOUNT, 0),
    (abi.KMALLOC, 4 * MIB, abi.Gfp.NOWAIT, abi.Context.HARDIRQ)])
def test_cgroup_not_charged(process, cgroup, allocator, size, gfp, context):
    """Where the account is left out, or there is nobody to charge, it stays as it was."""
    proxy = process()
    must = cgroup(proxy)
    with Device(proxy) as own:
        own.free(own.alloc(allocator, size, gfp=gfp, context=context).id)
        before = int(must(f"cat {CGROUP}/memory.current"))
        made = own.alloc_many(4, allocator, size, gfp=gfp, context=context)
        assert int(must(f"cat {CGROUP}/memory.current")) < before + MIB
        own.free_many(made)


@pytest.mark.parametrize("allocator, size", [
    (abi.KMALLOC, 4 * MIB), (abi.VMALLOC, 64 * MIB), (abi.KVMALLOC, 64 * MIB),
    (abi.PAGES, 4 * MIB), (abi.PAGES_EXACT, 4 * MIB), (abi.KMALLOC, 32768)])
def test_cgroup_full(process, cgroup, allocator, size):
    """A full cgroup is ENOMEM: no process is killed, the kernel says nothing."""
    proxy = process()
    must = cgroup(proxy)
    must(f"echo {16 * MIB} >{CGROUP}/memory.max")
    with Device(proxy) as own:
        made = []
        with pytest.raises(OSError) as caught:
            while len(made) < 4096:
                made.append(own.alloc(allocator, size))
        assert caught.value.errno == errno.ENOMEM
        assert own.ids() == [one.id for one in made]
        for one in made:
            own.free(one.id)
        assert own.info().total_bytes == 0
    events = must(f"cat {CGROUP}/memory.events")
    assert "oom_kill 0\n" in events
    assert "max 0\n" not in events
