# SPDX-License-Identifier: GPL-2.0
"""Netlink in the hands of those whose buffers they are not, and sockets in other hands."""

import contextlib

import pytest

import abi
import netlink
from abi import KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC
from attack import ALICE, BOB, Secrets, demand_silence, enter_namespace
from device import Device
from nlfamily import Family
from nlsocket import NetlinkSocket
from refusal import error_of

pytestmark = pytest.mark.usefixtures("public_device")
PAGE = 4096
KINDS = [(KMALLOC, 100), (KMALLOC, 65000), (VMALLOC, 100), (VMALLOC, 65000), (KVMALLOC, 5 << 20),
         (PAGES, 9000), (PAGES_EXACT, 20000)]
ADDRESSES = {"phys", "kernel-address"}


class Recorder(NetlinkSocket):
    """A socket that keeps all bytes that came through it."""

    def __init__(self, *arguments, **options):
        self.datagrams = []
        super().__init__(*arguments, **options)

    def receive(self, size=1 << 15):
        """A datagram, kept."""
        self.datagrams.append(super().receive(size))
        return self.datagrams[-1]

    def waiting(self, size=4096):
        """All datagrams that there are, kept."""
        found = super().waiting(size)
        self.datagrams += [one for one in found if isinstance(one, bytes)]
        return found


def record(family):
    """Has a family keep the bytes that come."""
    recorder = Recorder.__new__(Recorder)
    recorder.__dict__.update(family.socket.__dict__, datagrams=[])
    family.socket = recorder
    return family


def payloads(datagrams):
    """The payloads of all attributes, by message and attribute; padding must be zero."""
    found = []
    for datagram in datagrams:
        for message in netlink.messages(datagram):
            if message.type in (netlink.NLMSG_ERROR, netlink.NLMSG_DONE):
                continue
            assert message.payload[2:4] == b"\0\0"
            for one in netlink.attributes(message.payload, 4):
                end = one.offset + 4 + len(one.payload)
                assert not any(message.payload[end:netlink.align(end)])
                found.append((message.payload[0], one.type, one.payload))
    return found


def opened(proxy):
    """The device and the family in a process."""
    return Device(proxy), record(Family(proxy))


def all_of(family, ident):
    """Everything that can be asked about a buffer: the bytes of the attributes of each answer."""
    family.socket.datagrams.clear()
    told = [family.do("buffer-get", id=ident)]
    told += [one for one in family.dump("buffer-get") if one["id"] == ident]
    told += family.dump("extent-get", buffer_id=ident)
    told.append(family.do("limits-get"))
    return told, family.socket.datagrams[:]


@pytest.mark.parametrize("allocator, size", KINDS)
@pytest.mark.parametrize("fake_root", [False, True], ids=["user", "fake root"])
def test_no_address(device, process, allocator, size, fake_root):
    """No attribute of a reply tells an address; those that would are not there at all."""
    proxy = process(user="alice")
    if fake_root:
        enter_namespace(proxy, ALICE, network=True)
    own, family = opened(proxy)
    samples = []
    # all at the same time, so that each has frames of its own
    made = own.alloc_many(4, allocator, size)
    for ident in [one.id for one in made]:
        told, datagrams = all_of(family, ident)
        assert len(told) >= 4 and not any(ADDRESSES & set(one) for one in told)
        extents = len(device.layout(ident))
        parts = payloads(datagrams)
        # the same number of bytes each time, so that places can be compared
        data = b"".join(payload.ljust(64, b"\0") for command, _, payload in parts
                        if command == parts[0][0])
        samples.append((data[:64 * 20], Secrets(device, ident)))
        assert len(told) >= 3 + extents
    own.free_many(made)
    demand_silence(samples)
    family.close()


def test_eyes(device, process):
    """The same look at root's replies sees addresses."""
    own, family = opened(process())
    ident = own.alloc(VMALLOC, 65000).id
    told, datagrams = all_of(family, ident)
    assert all(ADDRESSES <= set(one) for one in told if "bytes" in one)
    secrets = Secrets(device, ident)
    words = [int.from_bytes(payload, "little") for _, _, payload in payloads(datagrams)
             if len(payload) == 8]
    assert any(word in secrets.kernel for word in words)
    assert any(word >> 12 in secrets.frames for word in words)
    own.free(ident)
    family.close()


def sees_nothing_of(family, idents, caches=()):
    """Whether things of others do not exist here."""
    for ident in idents:
        assert error_of(family.do, "buffer-get", id=ident) == "ENOENT"
        assert error_of(family.dump, "extent-get", buffer_id=ident) == "ENOENT"
    for ident in caches:
        assert error_of(family.do, "cache-get", id=ident) == "ENOENT"
    for filters in ({}, {"owner_uid": 0}, {"owner_pid": 1}, {"allocator": "kmalloc"}):
        with contextlib.suppress(OSError):  # no such user in that namespace
            found = {one["id"] for one in family.dump("buffer-get", **filters)}
            assert not found & set(idents)
    assert not {one["id"] for one in family.dump("cache-get")} & set(caches)


def has_no_rights(family):
    """Whether nothing that is for administrators works."""
    assert error_of(family.dump, "stats-get") == "EPERM"
    assert error_of(family.do, "listener-add", all=True) == "EPERM"


@pytest.mark.parametrize("network", [None, False, True], ids=["user", "in userns", "and netns"])
def test_others(device, process, network):
    """A stranger, also one who is root of namespaces of its own, finds nothing of others."""
    alice, bob = process(user="alice"), process(user="bob")
    if network is not None:
        enter_namespace(bob, BOB, network=network)
    hers = Device(alice)
    his, family = opened(bob)
    idents = [hers.alloc(*kind).id for kind in KINDS] + [device.alloc(*kind).id for kind in KINDS]
    caches = [hers.create_cache(64).id, device.create_cache(64).id]
    mine = his.alloc(VMALLOC, PAGE).id
    sees_nothing_of(family, idents, caches)
    has_no_rights(family)
    assert [one["id"] for one in family.dump("buffer-get")] == [mine]
    limits = family.do("limits-get")
    assert (limits["user-buffers"], limits["user-caches"]) == (1, 0)
    with contextlib.suppress(PermissionError):
        # in a network namespace of one's own it may be joined, but nothing is ever sent there
        family.join("events")
        assert network
    for ident in idents[len(KINDS):]:
        device.free(ident)
    his.free(mine)
    assert not family.take_events()
    device.destroy_cache(caches[1])
    family.close()


@pytest.mark.parametrize("network", [None, True], ids=["user", "fake root"])
def test_events(device, process, network):
    """A listener hears of its own user's buffers only, and of no address."""
    proxy = process(user="alice")
    if network:
        enter_namespace(proxy, ALICE, network=network)
    own, family = opened(proxy)
    family.do("listener-add")
    family.socket.datagrams.clear()
    bob = Device(process(user="bob"))
    samples = []
    for _ in range(4):
        strange = [bob.alloc(VMALLOC, 65000), device.alloc(VMALLOC, 65000)]
        bob.proxy.munmap(bob.map(strange[0]), strange[0].map_length)
        assert error_of(bob.alloc, KMALLOC, 64, gfp=abi.Gfp.ATOMIC) == "EPERM"
        made = own.alloc(KMALLOC, 65000)
        secrets = Secrets(device, made.id)
        own.proxy.munmap(own.map(made), made.map_length)
        own.resize(made.id, 65001)
        assert error_of(own.alloc, VMALLOC, 1 << 50) == "ERANGE"
        own.free(made.id)
        bob.free(strange[0].id)
        device.free(strange[1].id)
        events = family.take_events()
        assert [one["type"] for one in events] == [
            "allocated", "mapped", "unmapped", "resized", "failed", "freed"]
        # as the listener has it
        assert {one["uid"] for one in events} == {0 if network else ALICE}
        assert not any(ADDRESSES & set(one) for one in events)
        parts = payloads(family.socket.datagrams)
        family.socket.datagrams.clear()
        samples.append((b"".join(payload.ljust(32, b"\0") for _, _, payload in parts), secrets))
    demand_silence(samples)
    family.close()
