# SPDX-License-Identifier: GPL-2.0
"""Who may use which buffer, and who sees which address."""

import pytest

import abi
import facts
from abi import make
from attack import KERNEL_HALF
from device import Device
from frames import Fault
from refusal import error_of
from subject import Subject
from syscalls import CLONE_NEWUSER, O_WRONLY

pytestmark = pytest.mark.usefixtures("public_device")
ALICE, BOB = 1000, 1001
KINDS = pytest.mark.parametrize("allocator, size", [
    (abi.KMALLOC, 100), (abi.KMALLOC, 65536), (abi.VMALLOC, 65536), (abi.KVMALLOC, 5 << 20),
    (abi.PAGES, 65536), (abi.PAGES_EXACT, 20480)])
BOTH_HIDDEN = abi.PHYS_HIDDEN | abi.KADDR_HIDDEN


@pytest.fixture
def opened(process):
    """The device, opened by a process of a user: opened("alice")."""
    return lambda user: Device(process(user=user))


def refused_everything(device, made):
    """Whether nothing can be done to a buffer, as if it did not exist."""
    ident, data = made.id, device.proxy.spare
    assert error_of(device.free, ident) == "ENOENT"
    assert error_of(device.query, ident) == "ENOENT"
    assert error_of(device.layout, ident) == "ENOENT"
    assert error_of(device.fill, ident, 1) == "ENOENT"
    assert error_of(device.check, ident, 1) == "ENOENT"
    for command in (abi.READ, abi.WRITE):
        request = make(abi.Transfer, id=ident, length=1, data=data)
        assert error_of(device.proxy.ioctl, device.fd, command, request) == "ENOENT"
    assert error_of(device.resize, ident, made.bytes + 1) == "ENOENT"
    assert error_of(device.free, ident, context=abi.Context.ATOMIC) == "ENOENT"
    assert error_of(device.next, ident - 1) == "ENOENT"
    assert ident not in device.ids()
    if made.map_length:
        assert error_of(device.map, made) == "EINVAL"


def usable(device, made):
    """Whether everything can be done to a buffer but freeing it."""
    assert device.query(made.id).bytes == made.bytes
    device.fill(made.id, 77)
    assert device.check(made.id, 77) == abi.ALL_RIGHT
    assert sum(extent.length for extent in device.layout(made.id)) == made.bytes
    assert made.id in device.ids()
    if made.map_length:
        device.proxy.munmap(device.map(made), made.map_length)


@KINDS
@pytest.mark.parametrize("flags", [0, abi.PERSISTENT])
@pytest.mark.parametrize("owner, stranger", [("root", "alice"), ("alice", "bob")])
def test_strangers(device, opened, allocator, size, flags, owner, stranger):
    """Another user can do nothing with a buffer; root can do everything."""
    own, others = opened(owner), opened(stranger)
    made = own.alloc(allocator, size, flags)
    own.fill(made.id, 1)
    refused_everything(others, made)
    assert own.check(made.id, 1) == abi.ALL_RIGHT
    assert own.query(made.id).mappings == 0
    usable(device, made)
    device.free(made.id)
    assert error_of(own.query, made.id) == "ENOENT"


@KINDS
def test_same_user(opened, allocator, size):
    """Another process of the same user can use the buffer, and free it."""
    first, second = opened("alice"), opened("alice")
    made = first.alloc(allocator, size)
    usable(second, made)
    query = second.query(made.id)
    assert (query.owner_uid, query.owner_pid) == (ALICE, first.proxy.pid)
    second.free(made.id)
    assert error_of(first.free, made.id) == "ENOENT"


def test_list(target, device, opened):
    """NEXT lists one's own buffers, and for root all."""
    size = facts.kmalloc_class(target, 10)
    users = {name: opened(name) for name in ("alice", "bob")}
    made = {name: [users[name].alloc(abi.KMALLOC, 10).id for _ in range(3)] for name in users}
    between = device.alloc(abi.KMALLOC, 10).id
    for name, ids in made.items():
        assert users[name].ids() == ids
        info = users[name].info()
        assert info.user_buffers == 3
        assert info.user_bytes == 3 * size and info.total_bytes == 7 * size
    assert device.ids() == made["alice"] + made["bob"] + [between]
    device.free(between)


def sees_no_address(device, made):
    """Whether extents are all that is seen of a buffer's place."""
    query, extents = device.query(made.id), device.layout(made.id)
    assert query.phys == query.kernel_address == 0
    assert query.flags & BOTH_HIDDEN == BOTH_HIDDEN
    assert {extent.phys for extent in extents} == {0}
    assert len(extents) == query.extent_count
    part, _ = device.layout_part(made.id, 0, 1)
    assert part.flags & abi.PHYS_HIDDEN
    assert not device.info().features & (abi.PHYS_VISIBLE | abi.KADDR_VISIBLE)


@KINDS
def test_addresses_hidden(opened, allocator, size):
    """An ordinary user sees extents and no address, by no ioctl."""
    alice = opened("alice")
    sees_no_address(alice, alice.alloc(allocator, size))


def words(data):
    """Numbers of 64 bits in there."""
    return {int.from_bytes(data[at:at + 8], "little") for at in range(0, len(data) - 7, 4)}


@KINDS
def test_no_address_anywhere(device, opened, allocator, size):
    """No byte string that an ordinary user gets holds an address of the buffer."""
    alice = opened("alice")
    limits = words(bytes(alice.info()))
    made = alice.alloc(allocator, size)
    seen = device.query(made.id)
    # a limit may happen to be an address too
    pages = {extent.phys + at for extent in device.layout(made.id)
             for at in range(0, extent.length, 4096)} - limits
    structs = [bytes(alice.query(made.id)), bytes(made), bytes(alice.info()),
               bytes(alice.layout_part(made.id, 0, 64)[0]),
               alice.proxy.peek(alice.proxy.spare, 64 * 32)]
    for data in structs:
        told = words(data)
        assert seen.kernel_address not in told
        assert not told & pages
        assert not any(word >= KERNEL_HALF for word in told - {abi.ALL_RIGHT})
    if made.map_length:
        address = alice.map(made)
        alice.proxy.peek(address, 1)
        entry, = alice.proxy.pagemap(address, 1)
        assert entry >> 63 == 1 and entry & ((1 << 55) - 1) == 0


def test_inherited_file(device, process, opened):
    """A file that root opened gives a user its buffers, but no addresses."""
    proxy = process()
    own = Device(proxy)
    through = own.alloc(abi.VMALLOC, 8192)
    child = proxy.fork()
    child.become(ALICE)
    childs = own.seen_by(child)
    usable(childs, through)
    assert childs.query(through.id).owner_uid == 0
    sees_no_address(childs, through)
    # what the child makes is alice's, also for another process of hers
    made = childs.alloc(abi.KMALLOC, 100)
    assert device.query(made.id).owner_uid == ALICE
    usable(opened("alice"), made)
    refused_everything(opened("bob"), made)
    # root's other buffers remain root's
    refused_everything(childs, device.alloc(abi.KMALLOC, 64))
    device.free(device.ids()[-1])


def test_file_without_owner_rights(process, opened):
    """Alice's buffer made through root's file can be used through that file alone."""
    proxy = process()
    own = Device(proxy)
    child = proxy.fork()
    child.become(BOB)
    made = own.seen_by(child).alloc(abi.KMALLOC, 4096)
    usable(own.seen_by(child), made)
    refused_everything(opened("alice"), made)


def test_persistent_of_user(device, opened):
    """A user's persistent buffer outlives the process; root and the user find it."""
    alice = opened("alice")
    made = alice.alloc(abi.VMALLOC, 4096, abi.PERSISTENT)
    alice.fill(made.id, 5)
    alice.proxy.exit()
    again = opened("alice")
    assert again.ids() == device.ids() == [made.id]
    assert again.check(made.id, 5) == abi.ALL_RIGHT
    assert again.query(made.id).owner_pid == 0
    again.free(made.id)


def test_user_namespace(target, device, process):
    """Root of a user namespace is an ordinary user here."""
    proxy = process(user="alice")
    try:
        proxy.call("unshare", CLONE_NEWUSER)
    except PermissionError:
        if target.has_hypervisor:
            raise
        pytest.skip("needs kernel.unprivileged_userns_clone=1: user namespaces")
    fd = proxy.open("/proc/self/uid_map", O_WRONLY)
    proxy.write(fd, b"0 %d 1" % ALICE)
    proxy.close(fd)
    proxy.call("setresuid", 0, 0, 0)
    own = Device(proxy)
    made, roots = own.alloc(abi.VMALLOC, 8192), device.alloc(abi.VMALLOC, 8192)
    assert own.query(made.id).owner_uid == 0
    sees_no_address(own, made)
    assert device.query(made.id).owner_uid == ALICE
    refused_everything(own, roots)
    assert error_of(lambda: own.alloc(abi.VMALLOC, 4096, abi.NODE)) == "EPERM"
    device.free(roots.id)


def test_node_needs_admin(opened):
    """vmalloc on a node escapes the cgroup's account, so it is for root; kmalloc is not."""
    alice = opened("alice")
    assert error_of(lambda: alice.alloc(abi.VMALLOC, 4096, abi.NODE)) == "EPERM"
    alice.free(alice.alloc(abi.KMALLOC, 4096, abi.NODE).id)


def test_closed_door(target, process):
    """As the driver leaves it, the node is root's alone."""
    target.run(["chmod", "600", "/dev/memlab"])
    alice = process(user="alice")
    assert error_of(Device, alice) == "EACCES"


def test_kernel_address_is_no_way_in(device, opened):
    """Even one who guesses the kernel address of the own buffer cannot touch it."""
    alice = opened("alice")
    made = alice.alloc(abi.VMALLOC, 4096)
    address = device.query(made.id).kernel_address
    for touch, what in ((alice.proxy.peek, 1), (alice.proxy.poke, b"x")):
        with pytest.raises(Fault):
            touch(address, what)


def test_root_sees(target, device):
    """Root sees addresses, and says so."""
    with Subject(target, device, abi.VMALLOC, 8192) as one:
        assert one.kernel_address >= KERNEL_HALF and one.query.phys
        assert not one.query.flags & BOTH_HIDDEN
        assert one.query.owner_uid == 0
