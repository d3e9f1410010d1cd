# SPDX-License-Identifier: GPL-2.0
"""Sockets in other hands than those that opened them, and listeners in crowds."""

import contextlib

import pytest

import netlink
from abi import KMALLOC, VMALLOC
from attack import ALICE, BOB, enter_namespace, pass_file, socket_pair
from device import Device
from frames import call_record, peek_record
from nlfamily import Family
from nlsocket import NetlinkSocket, Silence
from refusal import error_of
from test_attack_netlink import has_no_rights, sees_nothing_of

pytestmark = pytest.mark.usefixtures("public_device")
PAGE = 4096


class Hands:
    """Forks of several users that pass sockets to each other."""

    def __init__(self, proxy):
        self.root, self.sockets = proxy, socket_pair(proxy)
        self.alice, self.bob = proxy.fork(), proxy.fork()
        self.alice.become(ALICE)
        self.bob.become(BOB)

    def give(self, family, taker):
        """The socket of a family, passed on to another process: the family there."""
        fd = pass_file(family.socket.proxy, taker, self.sockets, family.socket.fd)
        there = Family(taker)
        there.socket.close()
        there.socket = NetlinkSocket(taker, fd=fd)
        there.port, there.seq = family.port, family.seq + 1000
        return there


@pytest.fixture
def hands(process):
    """Root, alice and bob."""
    return Hands(process())


@pytest.mark.parametrize("giver, taker", [("root", "alice"), ("alice", "bob"), ("bob", "root")])
def test_passed_socket(device, hands, giver, taker):
    """A socket in other hands shows what neither its opener nor its user may see alone: nothing."""
    giver, taker = getattr(hands, giver), getattr(hands, taker)
    family = Family(giver)
    idents = [Device(giver).alloc(VMALLOC, PAGE).id, Device(taker).alloc(VMALLOC, PAGE).id,
              device.alloc(KMALLOC, 100).id]
    through = hands.give(family, taker)
    sees_nothing_of(through, idents)
    has_no_rights(through)
    assert error_of(through.do, "listener-add") == "EPERM"
    assert not through.dump("buffer-get")
    with Family(taker) as own:
        assert idents[1] in {one["id"] for one in own.dump("buffer-get")}
    device.free(idents[2])


def test_inherited_socket(device, process):
    """A socket that root opened gives its child, who is no longer root, nothing."""
    proxy = process()
    family, child = Family(proxy), proxy.fork()
    child.become(ALICE)
    own, ident = Device(child), device.alloc(VMALLOC, PAGE).id
    made = own.alloc(VMALLOC, PAGE).id
    family.socket = family.socket.seen_by(child)
    sees_nothing_of(family, [ident, made])
    has_no_rights(family)
    assert error_of(family.do, "listener-add") == "EPERM"
    device.free(ident)


def test_listener_is_its_openers(device, hands):
    """A listening socket that is passed on hears of its opener's buffers and of no others."""
    alice, bob = hands.alice, hands.bob
    hers, his = Device(alice), Device(bob)
    family = Family(alice)
    family.do("listener-add")
    through = hands.give(family, bob)
    family.socket.close()
    his.free(his.alloc(KMALLOC, 100).id)
    device.free(device.alloc(KMALLOC, 100).id)
    made = hers.alloc(KMALLOC, 200)
    hers.free(made.id)
    events = through.take_events()
    assert [(one["type"], one["id"], one["uid"], one["seq"]) for one in events] == [
        ("allocated", made.id, ALICE, 1), ("freed", made.id, ALICE, 2)]


def test_listeners_are_counted(process):
    """A user has 16 listening sockets at most, wherever they are; others keep theirs."""
    first, second = process(user="alice"), process(user="alice")
    enter_namespace(second, ALICE, network=True)
    families = [Family(proxy) for proxy in (first, second) for _ in range(8)]
    for family in families:
        family.do("listener-add")
    for proxy in (first, second, process(user="alice")):
        with Family(proxy) as more:
            assert error_of(more.do, "listener-add") == "EDQUOT"
    with Family(process(user="bob")) as other:
        other.do("listener-add")
    families[0].close()
    with Family(second) as more:
        more.do("listener-add")
    second.kill()
    again = [Family(first) for _ in range(8)]
    for family in again:
        family.do("listener-add")


def test_port_taken_over(device, process):
    """Who binds the port id of a listener that was closed gets none of its events."""
    alice, bob = process(user="alice"), process(user="bob")
    hers = Device(alice)
    family = Family(alice)
    family.do("listener-add")
    port = family.port
    family.close()
    fd = bob.call("socket", netlink.AF_NETLINK, 3, netlink.NETLINK_GENERIC)
    address = netlink.AF_NETLINK.to_bytes(4, "little") + port.to_bytes(4, "little") + bytes(4)
    bob.call("bind", fd, address, 12)
    taken = NetlinkSocket(bob, fd=fd)
    assert taken.port == port
    hers.free(hers.alloc(KMALLOC, 100).id)
    device.free(device.alloc(KMALLOC, 100).id)
    assert not taken.waiting()
    with contextlib.suppress(Silence):
        taken.option(1, 20, (0).to_bytes(8, "little") + (200000).to_bytes(8, "little"))
        assert not taken.receive()


def listen_often(family, proxy, count):
    """A crowd's sockets, in few round trips: the errno that each was answered with."""
    request = family.request("listener-add", netlink.ACK, {}, {})
    proxy.poke(proxy.spare, request)
    number = proxy.number
    fds = proxy.call_many("socket", [(netlink.AF_NETLINK, 3, netlink.NETLINK_GENERIC)] * count)
    assert min(fds) >= 0
    sent = proxy.call_many("sendto", [(fd, proxy.spare, len(request), 0, 0, 0) for fd in fds])
    assert set(sent) == {len(request)}
    replies = proxy.submit([record for slot, fd in enumerate(fds) for record in (
        call_record(number("recvfrom"), fd, proxy.spare + 4096 + 256 * slot, 256, 0x40, 0, 0),
        peek_record(proxy.spare + 4096 + 256 * slot, 20))], expected=20)[1::2]
    return [-int.from_bytes(data[16:20], "little", signed=True) for _, data in replies]


def test_crowd(device, process):
    """When all the places of listeners are taken, an administrator still gets one."""
    crowd = process()
    with Family(crowd) as family:
        for uid in range(3000, 3063):
            fork = crowd.fork()
            fork.become(uid)
            assert set(listen_often(family, fork, 17)) == {0, 122}  # EDQUOT
        with Family(process(user="alice")) as last, Family(process(user="bob")) as late:
            assert set(listen_often(last, last.socket.proxy, 16)) == {0}
            assert error_of(late.do, "listener-add") == "ENOSPC"
        with Family(process()) as admin:
            admin.do("listener-add", all=True)
            device.free(device.alloc(KMALLOC, 100).id)
            assert [one["type"] for one in admin.take_events()] == ["allocated", "freed"]
