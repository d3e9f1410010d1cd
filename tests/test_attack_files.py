# SPDX-License-Identifier: GPL-2.0
"""Open files of the device in the hands of another user.

The rule: what was made through a file may be used through it, by whoever has it;
what a process makes is its own user's; addresses are shown to those who may see them.
"""

import pytest

import abi
from abi import KMALLOC, PERSISTENT, VMALLOC, Gfp
from attack import ALICE, BOB, pass_file, socket_pair
from device import Device
from pattern import pattern
from refusal import error_of
from syscalls import O_RDONLY, O_RDWR
from test_users import refused_everything, sees_no_address, usable

pytestmark = pytest.mark.usefixtures("public_device")
PAGE = 4096


class Hands:
    """Forks of one process, of several users, that can pass files to each other."""

    def __init__(self, proxy):
        self.sockets = socket_pair(proxy)
        self.proxy = proxy

    def fork(self, uid):
        """Another process, of a user."""
        child = self.proxy.fork()
        child.become(uid)
        return child

    def give(self, giver, taker, device):
        """The file of a device, passed on."""
        return Device(taker, fd=pass_file(giver, taker, self.sockets, device.fd))


@pytest.fixture
def hands(process):
    """Root's process, and forks of it."""
    return Hands(process())


@pytest.fixture
def passed(hands):
    """Alice's file in Bob's hands: (her device, his through her file)."""
    alice, bob = hands.fork(ALICE), hands.fork(BOB)
    own = Device(alice)
    return own, hands.give(alice, bob, own)


@pytest.mark.parametrize("allocator, size", [(KMALLOC, 100), (KMALLOC, 65536), (VMALLOC, 65536),
                                             (abi.PAGES, 9000), (abi.PAGES_EXACT, 20480)])
def test_passed(device, passed, process, allocator, size):
    """The receiver uses and frees what was made through the file, and nothing else of hers."""
    own, through = passed
    made, elsewhere = own.alloc(allocator, size), Device(process(user="alice"))
    usable(through, made)
    sees_no_address(through, made)
    assert through.query(made.id).owner_uid == ALICE
    refused_everything(through, elsewhere.alloc(allocator, size))
    refused_everything(through, device.alloc(allocator, size))
    refused_everything(Device(through.proxy), made)
    through.free(made.id)
    assert error_of(own.query, made.id) == "ENOENT"
    device.free(device.ids()[-1])


def test_made_by_receiver(device, passed, process):
    """What the receiver makes through her file is his, counts for him, and she can use it."""
    own, through = passed
    made = through.alloc(VMALLOC, 2 * PAGE)
    assert device.query(made.id).owner_uid == BOB
    assert (through.info().user_buffers, own.info().user_buffers) == (1, 0)
    usable(own, made)
    usable(Device(process(user="bob")), made)
    refused_everything(Device(process(user="alice")), made)
    # with the last descriptor of the file it goes
    own.close()
    assert device.ids() == [made.id]
    through.close()
    assert not device.ids()


def test_caches(device, passed, process):
    """The same of caches: through the file their objects can be made, by others not."""
    own, through = passed
    cache = own.create_cache(64, user=(0, 64)).id
    made = through.alloc(abi.CACHE, 0, cache=cache)
    assert device.query(made.id).owner_uid == BOB
    assert error_of(Device(process(user="bob")).query_cache, cache) == "ENOENT"
    assert error_of(through.destroy_cache, cache) == "EBUSY"
    through.free(made.id)
    through.destroy_cache(cache)
    assert not device.cache_ids()


def test_limits(passed, parameter):
    """A file of hers is no way round his limits, nor does it use up hers."""
    parameter("max_user_bytes", 4 * PAGE)
    own, through = passed
    through.alloc(VMALLOC, 4 * PAGE)
    assert error_of(through.alloc, KMALLOC, 8) == "EDQUOT"
    own.alloc(VMALLOC, 4 * PAGE)
    assert error_of(own.alloc, KMALLOC, 8) == "EDQUOT"


def test_persistent(device, passed):
    """A persistent buffer is the maker's; when the file is gone, the receiver has nothing."""
    own, through = passed
    made = own.alloc(VMALLOC, PAGE, PERSISTENT)
    usable(through, made)
    own.close()
    usable(through, made)
    again = Device(through.proxy)
    through.close()
    refused_everything(again, made)
    assert device.query(made.id).owner_uid == ALICE
    device.free(made.id)


def test_read_only(hands, device):
    """A file that was opened for reading stays so in whatever hands."""
    alice, bob = hands.fork(ALICE), hands.fork(BOB)
    writer, reader = Device(alice), Device(alice, O_RDONLY)
    through = hands.give(alice, bob, reader)
    assert error_of(through.alloc, KMALLOC, 8) == "EACCES"
    made = writer.alloc(VMALLOC, PAGE)
    # it was not made through this file, so not even reading it is his
    refused = (through.query, through.layout)
    assert [error_of(function, made.id) for function in refused] == ["ENOENT"] * 2
    assert error_of(through.free, made.id) == "EACCES"
    assert device.check(made.id, 1) == 0


def test_roots_file(hands, device):
    """Root's file shows no addresses to an ordinary user, and opens no other buffer of root's."""
    root, bob = hands.proxy, hands.fork(BOB)
    own = Device(root)
    through = hands.give(root, bob, own)
    made, others = own.alloc(VMALLOC, 65536), device.alloc(VMALLOC, 65536)
    usable(through, made)
    sees_no_address(through, made)
    refused_everything(through, others)
    for flags in (Gfp.KERNEL | Gfp.NO_ACCOUNT, Gfp.ATOMIC, Gfp.KERNEL | Gfp.DMA):
        assert error_of(through.alloc, KMALLOC, 64, gfp=flags) == "EPERM"
    assert error_of(through.alloc, KMALLOC, 64, abi.COUNT_STALE) == "EPERM"
    device.free(others.id)


def test_users_file_in_roots_hands(hands, device):
    """A user's file in root's hands does not make the user more than a user."""
    alice, root = hands.fork(ALICE), hands.proxy
    own = Device(alice)
    through = hands.give(alice, root, own)
    made = through.alloc(VMALLOC, 65536)
    assert through.query(made.id).phys
    sees_no_address(own, made)
    assert device.query(made.id).owner_uid == 0
    other = device.alloc(KMALLOC, 100)
    usable(through, other)
    refused_everything(own, other)
    device.free(other.id)


def test_mapping_stays(hands, device):
    """A mapping through her file lasts in his process, and shows this buffer alone."""
    alice, bob = hands.fork(ALICE), hands.fork(BOB)
    own = Device(alice, O_RDWR)
    through = hands.give(alice, bob, own)
    made = own.alloc(VMALLOC, 2 * PAGE)
    own.fill(made.id, 3)
    address = through.map(made)
    own.close()
    through.close()
    assert device.ids() == [made.id]
    others = [device.alloc(VMALLOC, 2 * PAGE) for _ in range(10)]
    device.fill_many(others, 4)
    assert bob.peek(address, 2 * PAGE) == pattern(3, 0, 2 * PAGE)
    bob.munmap(address, 2 * PAGE)
    assert device.ids() == [one.id for one in others]
    device.free_many(others)
