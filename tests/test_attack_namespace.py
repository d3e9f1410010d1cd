# SPDX-License-Identifier: GPL-2.0
"""Root of a user namespace of one's own is an ordinary user to the driver."""

import pytest

import abi
from abi import KMALLOC, PERSISTENT, VMALLOC, Context, Gfp, make
from attack import ALICE, Secrets, demand_silence, enter_namespace
from device import Device
from refusal import error_of
from test_attack_reads import KINDS, told
from test_users import refused_everything, sees_no_address, usable

pytestmark = pytest.mark.usefixtures("public_device")
PAGE = 4096
NAMES_OF_SYSTEM = ("/proc/kcore", "/proc/kpageflags", "/proc/kpagecount", "/proc/vmallocinfo",
                   "/proc/slabinfo", "/sys/kernel/tracing/trace", "/sys/kernel/debug")


@pytest.fixture(params=[False, True], ids=["user", "user and net"])
def fake_root(target, process, request):
    """A process of alice that is root of its own namespaces, with all capabilities there."""
    proxy = process(user="alice")
    try:
        enter_namespace(proxy, ALICE, network=request.param)
    except PermissionError:
        if target.has_hypervisor:
            raise
        pytest.skip("needs kernel.unprivileged_userns_clone=1: user namespaces")
    status = target.get(f"/proc/{proxy.pid}/status").decode()
    assert "CapEff:\t000001ff" in status
    return proxy


@pytest.fixture
def fake(fake_root):
    """The device, opened there."""
    return Device(fake_root)


def test_outsider(fake, process):
    """A file that was opened before shows no more than one that is opened there."""
    proxy = process(user="alice")
    early = Device(proxy)
    made = early.alloc(VMALLOC, 65536)
    enter_namespace(proxy, ALICE)
    sees_no_address(early, made)
    sees_no_address(fake, made)


@pytest.mark.parametrize("allocator, size", KINDS)
def test_no_address(device, fake, allocator, size):
    """No struct tells an address."""
    collected = []
    for _ in range(4):
        made = fake.alloc(allocator, size)
        sees_no_address(fake, made)
        structs = told(fake, made.id, size)
        collected.append((structs, Secrets(device, made.id)))
    for name in collected[0][0]:
        demand_silence([(structs[name], secrets) for structs, secrets in collected])
    if made.map_length:
        address = fake.map(fake.query(made.id))
        fake.proxy.peek(address, 1)
        assert [entry & ((1 << 55) - 1) for entry in fake.proxy.pagemap(address, 1)] == [0]
        fake.proxy.munmap(address, made.map_length)


def test_others_buffers(device, fake, process):
    """Those of others, of the real root too, cannot be used; one's own user's can."""
    bob, alice = Device(process(user="bob")), Device(process(user="alice"))
    roots = device.alloc(VMALLOC, 8192, PERSISTENT)
    refused_everything(fake, roots)
    refused_everything(fake, bob.alloc(KMALLOC, 5000))
    made = alice.alloc(VMALLOC, 8192)
    usable(fake, made)
    assert fake.query(made.id).owner_uid == 0
    mine = fake.alloc(VMALLOC, 8192)
    usable(alice, mine)
    refused_everything(bob, mine)
    assert device.query(mine.id).owner_uid == ALICE
    device.free(roots.id)


def test_limits_bind(fake, parameter, process):
    """CAP_SYS_RESOURCE there lifts no limit; the account is that of the user outside."""
    parameter("max_user_bytes", 4 * PAGE)
    parameter("max_user_caches", 1)
    fake.alloc(VMALLOC, 3 * PAGE)
    assert error_of(fake.alloc, VMALLOC, 2 * PAGE) == "EDQUOT"
    alice = Device(process(user="alice"))
    alice.alloc(VMALLOC, PAGE)
    assert error_of(fake.alloc, KMALLOC, 8) == error_of(alice.alloc, KMALLOC, 8) == "EDQUOT"
    parameter("max_user_bytes", 0)
    fake.create_cache(64)
    assert error_of(fake.create_cache, 64) == "EDQUOT"


@pytest.mark.parametrize("members", [
    {"gfp": Gfp.ATOMIC}, {"gfp": Gfp.KERNEL | Gfp.HIGH}, {"gfp": Gfp.KERNEL | Gfp.DMA},
    {"gfp": Gfp.KERNEL | Gfp.NOFAIL}, {"gfp": Gfp.KERNEL | Gfp.WARN},
    {"gfp": Gfp.KERNEL | Gfp.NO_ACCOUNT}, {"flags": abi.COUNT_STALE},
    {"gfp": Gfp.NOWAIT, "context": Context.SOFTIRQ},
    {"gfp": Gfp.NOWAIT, "context": Context.HARDIRQ}], ids=str)
def test_no_privileged_request(fake, members):
    """What needs a capability needs that of the real root."""
    assert error_of(fake.alloc, KMALLOC, 64, **members) == "EPERM"
    if members.get("flags"):
        made = fake.alloc(KMALLOC, 64)
        request = make(abi.Resize, id=made.id, bytes=100, flags=abi.RESIZE_COUNT_STALE)
        assert error_of(fake.proxy.ioctl, fake.fd, abi.RESIZE, request) == "EPERM"


def test_doors_of_the_system(target, fake_root):
    """Nor do the system's own ways to memory open; else all else here would be in vain."""
    for name in NAMES_OF_SYSTEM:
        if not target.run(["test", "-e", name]).returncode:
            assert error_of(fake_root.open, name) in ("EACCES", "EPERM"), name
    for name in ("max_user_bytes", "max_total_bytes"):
        path = f"/sys/module/memlab/parameters/{name}"
        assert error_of(fake_root.open, path, 1) == "EACCES"
