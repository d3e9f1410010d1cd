# SPDX-License-Identifier: GPL-2.0
"""An ordinary user in a memory cgroup that is full: refused, and nobody else suffers."""

import contextlib
import errno

import pytest

import abi
import facts
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, PERSISTENT, VMALLOC, make
from device import PATH, Device
from frames import call_record, poke_record
from running import until
from syscalls import AT_FDCWD, O_RDWR

pytestmark = pytest.mark.usefixtures("public_device")
GROUP = "/sys/fs/cgroup/memlab-attack"
MIB = 1 << 20
# A process that writes to its memory gets huge pages, of 2 MiB each.
ROOM = 24 * MIB
# More than a processor keeps charged in advance (MEMCG_CHARGE_BATCH, 64 pages), or what is
# freed there would be no help to a process that has gone to another one.
ASIDE = 1 * MIB
MORE = 8 * MIB


class Group:
    """A memory cgroup of the target."""

    def __init__(self, target):
        self.target = target
        self.inside = []
        self.must("grep -qw memory /sys/fs/cgroup/cgroup.subtree_control ||"
                  " echo +memory >/sys/fs/cgroup/cgroup.subtree_control")
        self.must(f"mkdir {GROUP} && echo {ROOM} >{GROUP}/memory.max")
        # a kernel that takes no swap has no such file
        self.must(f"[ ! -e {GROUP}/memory.swap.max ] || echo 0 >{GROUP}/memory.swap.max")

    def must(self, command):
        """A shell command of root that must succeed: what it prints."""
        result = self.target.run(["sh", "-c", command])
        assert result.returncode == 0, result.stderr
        return result.stdout.decode()

    def enter(self, proxy):
        """Puts a process into it."""
        self.must(f"echo {proxy.pid} >{GROUP}/cgroup.procs")
        self.inside.append(proxy)
        return proxy

    def current(self):
        """Bytes that are charged."""
        return int(self.must(f"cat {GROUP}/memory.current"))

    def slab(self):
        """Bytes of small things of the kernel that are charged."""
        return int(self.must(f"grep -w slab_unreclaimable {GROUP}/memory.stat").split()[1])

    def event(self, name):
        """How often something happened."""
        lines = self.must(f"cat {GROUP}/memory.events").splitlines()
        return int(dict(line.split() for line in lines)[name])

    def remove(self):
        """The end of it and of all in it."""
        for proxy in self.inside:
            if not proxy.ended:
                proxy.kill()
        until(lambda: not self.target.run(["rmdir", GROUP]).returncode, "the cgroup is empty")


@pytest.fixture
def group(target):
    """A cgroup with little room."""
    made = Group(target)
    yield made
    killed = made.event("oom_kill")
    made.remove()
    assert not killed


@pytest.fixture
def alice(process, group):
    """The attacker in it."""
    return Device(group.enter(process(user="alice")))


@pytest.fixture
def bystander(process, group):
    """Another user's process in it, with memory of its own; it must live."""
    proxy = group.enter(process(user="bob"))
    address = proxy.mmap(4 * MIB)
    proxy.poke_many((address + at, b"bystander") for at in range(0, 4 * MIB, 4096))
    yield proxy
    assert proxy.peek(address + 3 * MIB, 9) == b"bystander"


def flood(device, most, **members):
    """Allocates until it is refused: (how many were made, with which errno it ended).

    A process needs a little memory even to say so; in a full cgroup it would be killed
    for that, as for any. So each go ends by freeing what was put aside before it, and the
    pages that requests and replies lie in have been there since a go that asks for nothing.
    """
    proxy, made = device.proxy, 0
    number, scratch = proxy.number("ioctl"), device.proxy.scratch
    request = bytes(make(abi.Alloc, **members))
    proxy.submit([poke_record(scratch, request),
                  call_record(number, device.fd, 0, scratch)] * 260)
    try:
        while made < most:
            aside = device.alloc(KMALLOC, ASIDE)
            replies = proxy.submit(
                [poke_record(scratch, request),
                 call_record(number, device.fd, abi.ALLOC, scratch)] * 256
                + [poke_record(scratch, bytes(make(abi.Free, id=aside.id))),
                   call_record(number, device.fd, abi.FREE, scratch)])[1::2]
            assert replies.pop()[0] == 0
            made += sum(1 for result, _ in replies if not result)
            if refused := {result for result, _ in replies} - {0}:
                return made, {errno.errorcode[-result] for result in refused}
    except OSError as error:
        return made, {errno.errorcode[error.errno]}
    return made, set()


@pytest.mark.parametrize("allocator, size, most", [
    (KMALLOC, 8192, 8192), (KMALLOC, 1 * MIB, 64), (VMALLOC, 8192, 8192), (VMALLOC, 3 * MIB, 64),
    (KVMALLOC, 65536, 1024), (PAGES, 4096, 16384), (PAGES, 1 * MIB, 64),
    (PAGES_EXACT, 20480, 4096)])
def test_full(device, group, alice, bystander, allocator, size, most):
    """ENOMEM when the cgroup is full, within the limit; freeing gives the room back."""
    # pylint: disable=unused-argument # the bystander looks at the end
    made, refused = flood(alice, most, allocator=allocator, bytes=size)
    assert refused == {"ENOMEM"} and made * size <= ROOM
    assert made * size > ROOM // 8
    assert group.current() <= ROOM
    assert group.event("max") > 0
    assert alice.info().user_buffers == made
    again = Device(alice.proxy)
    alice.close()
    assert device.info().total_bytes == 0
    again.free(again.alloc(allocator, size).id)


def test_tiny(target, device, group, alice, bystander, parameter):
    """What the driver itself needs for each buffer is charged, too: the smallest fill it up."""
    # pylint: disable=unused-argument
    parameter("max_user_buffers", 10_000_000)
    made, refused = flood(alice, 300_000, allocator=KMALLOC, bytes=8)
    assert refused == {"ENOMEM"}
    # without the charge for struct and table, 8 bytes each would hardly show
    assert 5_000 < made < ROOM // 256
    assert group.current() <= ROOM
    assert device.info().total_bytes == facts.kmalloc_class(target, 8) * made
    alice.proxy.kill()
    assert device.info().total_bytes == 0


def test_objects(device, group, alice, bystander):
    """Objects of one's own cache are charged."""
    # pylint: disable=unused-argument
    cache = alice.create_cache(4000).id
    made, refused = flood(alice, 16384, allocator=CACHE, cache=cache)
    assert refused == {"ENOMEM"} and ROOM // 8 < made * 4000 <= ROOM
    alice.proxy.kill()
    assert device.info().total_bytes == 0


def test_persistent_stay_charged(device, group, alice, process):
    """Persistent buffers keep their charge when their maker is gone, until root frees them."""
    made, refused = flood(alice, 16384, allocator=KMALLOC, bytes=65536, flags=PERSISTENT)
    assert refused == {"ENOMEM"}
    alice.proxy.kill()
    held = made * 65536
    assert group.current() >= held
    # a process needs some memory to live, and what is left of the first one is not known
    group.must(f"echo {ROOM + MORE} >{GROUP}/memory.max")
    again = Device(group.enter(process(user="alice")))
    made, refused = flood(again, 1024, allocator=KMALLOC, bytes=65536)
    assert refused == {"ENOMEM"} and made * 65536 < held // 2
    for ident in device.ids():
        device.free(ident)
    assert flood(again, 64, allocator=KMALLOC, bytes=8192) == (256, set())


def test_resize(group, alice, bystander):
    """Growing hits the limit in the same way, and leaves the buffer as it was."""
    # pylint: disable=unused-argument
    made = alice.alloc(KVMALLOC, MIB)
    alice.fill(made.id, 6)
    with pytest.raises(OSError) as caught:
        for size in range(2 * MIB, 2 * ROOM, 2 * MIB):
            alice.resize(made.id, size)
    assert caught.value.errno == errno.ENOMEM
    query = alice.query(made.id)
    assert query.bytes <= ROOM
    assert alice.check(made.id, 6, 0, MIB) == abi.ALL_RIGHT
    assert group.current() <= ROOM


def test_opens(group, alice, bystander):
    """Open files are charged as well: opening the device is no way round."""
    # pylint: disable=unused-argument
    proxy, before = alice.proxy, group.slab()
    number, path = proxy.number("openat"), PATH.encode() + b"\0"
    opened = 0
    while opened < 1000:
        replies = proxy.submit([poke_record(proxy.scratch, path)] + [
            call_record(number, AT_FDCWD, proxy.scratch, O_RDWR)] * 100)[1:]
        fds = [result for result, _ in replies if result >= 0]
        opened += len(fds)
        if len(fds) < 100:
            assert {errno.errorcode[-result] for result, _ in replies if result < 0} == {"EMFILE"}
            break
    assert opened >= 900
    # the kernel adds up what processors counted every two seconds, or when it is much
    until(lambda: group.slab() - before > opened * 200, f"200 bytes for each of {opened} files")
    with contextlib.suppress(OSError):
        proxy.close(3)
