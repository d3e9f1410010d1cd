# SPDX-License-Identifier: GPL-2.0
"""Requests that are refused, and what is no request at all: errors, and nothing else."""

import errno
import random
import struct

import pytest

import netlink
from abi import KMALLOC, VMALLOC
from device import Device
from netlink import ACK, DUMP, GENERIC, REQUEST, Refusal
from nlfamily import MEMLAB, Family, Refused, dump_names_attributes
from nlsocket import NetlinkSocket, Overrun
from nlview import buffer_told
from refusal import NAMES

ROUNDS = 500
WORD = struct.Struct("<I")

# user, form, operation, attributes, errno, attribute at fault, attribute that is missing
TABLE = {
    "no id": ("root", "do", "buffer-get", {}, "EINVAL", None, "id"),
    "id 0": ("root", "do", "buffer-get", {"id": 0}, "ERANGE", "id", None),
    "nobody's id": ("alice", "do", "buffer-get", {"id": 77}, "ENOENT", "id", None),
    "wide id": ("alice", "do", "buffer-get", {"id": bytes(8)}, "EINVAL", "id", None),
    "narrow id": ("alice", "do", "buffer-get", {"id": b"\1\0"}, "ERANGE EINVAL", "id", None),
    "empty id": ("alice", "do", "buffer-get", {"id": b""}, "ERANGE EINVAL", "id", None),
    "huge id": ("root", "do", "buffer-get", {"id": 0xFFFFFFFF}, "ENOENT", "id", None),
    "allocator 0": ("root", "dump", "buffer-get", {"allocator": 0}, "ERANGE", "allocator", None),
    "allocator 7": ("alice", "dump", "buffer-get", {"allocator": 7}, "ERANGE", "allocator", None),
    "pid 0": ("root", "dump", "buffer-get", {"owner-pid": 0}, "ERANGE", "owner-pid", None),
    "uid -1": ("root", "dump", "buffer-get", {"owner-uid": 0xFFFFFFFF}, "EINVAL", "owner-uid",
               None),
    "no cache id": ("root", "do", "cache-get", {}, "EINVAL", None, "id"),
    "nobody's cache": ("root", "do", "cache-get", {"id": 77}, "ENOENT", "id", None),
    "no buffer id": ("root", "dump", "extent-get", {}, "EINVAL", None, "buffer-id"),
    "buffer id 0": ("root", "dump", "extent-get", {"buffer-id": 0}, "ERANGE", "buffer-id", None),
    "nobody's extents": ("root", "dump", "extent-get", {"buffer-id": 77}, "ENOENT", "buffer-id",
                         None),
    "statistics": ("alice", "dump", "stats-get", {}, "EPERM", None, None),
    "all events": ("alice", "do", "listener-add", {"all": True}, "EPERM", "all", None),
    "full flag": ("root", "do", "listener-add", {"all": b"1234"}, "EINVAL ERANGE", "all", None),
    "no listener": ("root", "do", "listener-get", {}, "ENOENT", None, None),
    "no do": ("root", "do", "extent-get", {"buffer-id": 1}, "EOPNOTSUPP", None, None),
    "no dump": ("root", "dump", "limits-get", {}, "EOPNOTSUPP", None, None),
    "no request": ("root", "do", "event", {}, "EOPNOTSUPP", None, None),
}
# what the kernel says by itself when a family does not know a command is not ours to word
WITHOUT_MESSAGE = {"no do", "no dump", "no request"}


@pytest.mark.parametrize("case", TABLE)
def test_refused(target, process, case):
    """The errno, a message, and the attribute at fault, or the one that is missing.

    Older kernels have no room for attributes where a dump that has begun is refused.
    """
    user, form, operation, values, error, attribute, missing = TABLE[case]
    with Family(process(user=user)) as family, pytest.raises(Refused) as caught:
        getattr(family, form)(operation, values)
    assert NAMES[caught.value.errno] in error.split()
    assert bool(caught.value.message) == (case not in WITHOUT_MESSAGE)
    by_driver = form == "dump" and error in ("ENOENT", "EINVAL")
    if by_driver and not dump_names_attributes(target):
        attribute = missing = None
    assert (caught.value.attribute, caught.value.missing) == (attribute, missing)


@pytest.mark.parametrize("user", ["root", "alice"])
def test_commands(process, user):
    """All commands that there are not, in both forms."""
    with Family(process(user=user)) as family:
        known = {one.number for one in MEMLAB.operations.values()}
        for command in set(range(256)) - known:
            for flags in (ACK, DUMP):
                payload = GENERIC.pack(command, 1, 0)
                family.socket.send(netlink.message(family.number, REQUEST | flags, 5, payload))
                replies = netlink.messages(family.socket.receive())
                assert [Refusal.read(one).errno for one in replies] == [errno.EOPNOTSUPP]


def test_batch(device, process):
    """Several requests in a datagram are answered in their order, each by itself."""
    made = [device.alloc(KMALLOC, 64).id for _ in range(5)]
    with Family(process()) as family:
        asked = made + [0x7FFFFFFF]
        family.socket.send(b"".join(
            family.request("buffer-get", ACK, {"id": ident}, {}) for ident in asked))
        replies = [one for datagram in family.socket.waiting()
                   for one in netlink.messages(datagram)]
        found = [family.reply(one) for one in replies if one.type == family.number]
        errors = [Refusal.read(one).errno for one in replies if one.type == netlink.NLMSG_ERROR]
        assert found == [buffer_told(device.query(ident)) for ident in made]
        assert errors == [0] * 5 + [errno.ENOENT]
    for ident in made:
        device.free(ident)


def test_busy(device, process):
    """A second dump before the first one was read is refused, and does the first no harm."""
    made = device.alloc_many(100, KMALLOC, 64)
    with Family(process()) as family:
        dump = family.start("buffer-get")
        family.socket.send(family.request("buffer-get", DUMP, {}, {}))
        found, errors = [], []
        for _ in range(1000):
            for one in netlink.messages(family.socket.receive(4096)):
                if one.seq == dump.seq:
                    found.append(one)
                else:
                    errors.append(Refusal.read(one).errno)
            if found[-1].type == netlink.NLMSG_DONE and errors:
                break
        assert errors == [errno.EBUSY] and len(found) == 101
    device.free_many(made)


def users(target):
    """How many hold the module."""
    line, = [line for line in target.get("/proc/modules").decode().splitlines()
             if line.startswith("memlab ")]
    return int(line.split()[2])


def test_abandoned(target, device, process):
    """Dumps that nobody reads to the end hold the module no longer than their socket."""
    made = device.alloc_many(100, KMALLOC, 64)
    before, proxy = users(target), process()
    families = [Family(proxy) for _ in range(5)]
    for family in families:
        family.start("buffer-get").step(4096)
    assert users(target) == before + 5
    for family in families[:4]:
        family.close()
    assert users(target) == before + 1
    proxy.kill()
    assert users(target) == before
    device.free_many(made)


class Junk:
    """Messages that look like requests of the family, less or more."""

    def __init__(self, seed, family):
        self.random, self.family = random.Random(seed), family

    def bytes(self, most):
        """Any."""
        return self.random.randbytes(self.random.randrange(most + 1))

    def number(self):
        """A number of interest."""
        return self.random.choice([0, 1, 2, 6, 7, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                                   self.random.getrandbits(32)])

    def attribute(self, depth=0):
        """An attribute, whole or broken."""
        kind = self.random.choice([0, 1, 2, 15, 16, 25, 30, self.random.getrandbits(14)])
        payload = self.random.choice([
            lambda: WORD.pack(self.number()), lambda: b"", lambda: self.bytes(70),
            lambda: self.attribute(depth + 1) if depth < 40 else b"",
            lambda: self.attribute(depth + 1) * 2 if depth < 6 else b""])()
        data = bytearray(netlink.attribute(kind, payload[:60000], self.random.random() < 0.3))
        if self.random.random() < 0.2:
            struct.pack_into("<H", data, 0, self.random.choice([0, 1, 3, 4, 5, len(data) + 8,
                                                                0xFFFF]))
        return bytes(data)

    def message(self):
        """A message, whole or broken."""
        command = self.random.choice([*range(10), self.random.getrandbits(8)])
        payload = GENERIC.pack(command, self.random.choice([0, 1, 2, 255]),
                               self.random.choice([0, 0, 0, 1]))
        payload += b"".join(self.attribute() for _ in range(self.random.choice([0, 1, 1, 2, 5])))
        if self.random.random() < 0.1:
            payload = self.bytes(30)
        flags = self.random.choice([REQUEST, REQUEST | ACK, REQUEST | DUMP, REQUEST | ACK | DUMP,
                                    0, self.random.getrandbits(16), REQUEST | DUMP | 0x10])
        kind = self.family.number if self.random.random() < 0.95 else self.random.getrandbits(16)
        data = bytearray(netlink.message(kind, flags, self.random.getrandbits(32), payload[:60000],
                                         self.random.choice([0, 0, self.number()])))
        if self.random.random() < 0.1:
            struct.pack_into("<I", data, 0, self.random.choice([0, 15, 16, 17, 19, len(data) + 4,
                                                                0xFFFFFFFF]))
        return bytes(data)


def answers(family, datagrams):
    """Checks replies to junk: they are whole, and say what the specification knows."""
    for datagram in datagrams:
        if isinstance(datagram, Overrun):
            continue
        for message in netlink.messages(datagram):
            if message.type == family.number:
                if not family.take_event(message):
                    family.reply(message)
            elif message.type in (netlink.NLMSG_ERROR, netlink.NLMSG_DONE):
                yield Refusal.read(message).errno


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("user", ["root", "alice"])
def test_junk(target, device, process, user, seed):
    """Errors only; the socket works on, and nobody holds the module afterwards."""
    made = device.alloc_many(40, KMALLOC, 64) + device.alloc_many(2, VMALLOC, 100000)
    before, proxy = users(target), process(user=user)
    family, errors = Family(proxy), set()
    junk = Junk(seed, family)
    for number in range(ROUNDS):
        try:
            family.socket.send(junk.message() + (junk.message() if number % 7 == 0 else b""))
        except OSError as error:
            # nobody but the kernel is there, and not for every protocol number
            errors.add(error.errno)
        errors |= set(answers(family, family.socket.waiting(32768)))
        if number % 300 == 299:
            family.close()
            family = junk.family = Family(proxy)
    told = {NAMES.get(one, one) for one in errors - {0}}
    assert told <= {"EINVAL", "ERANGE", "ENOENT", "EOPNOTSUPP", "EPERM", "EEXIST", "EBUSY",
                    "EDQUOT", "ECONNREFUSED", "EMSGSIZE"}
    assert {"EINVAL", "ERANGE", "ENOENT", "EOPNOTSUPP"} <= told
    assert family.do("limits-get")["max-total-bytes"]
    family.close()
    assert users(target) == before
    device.free_many(made)


@pytest.mark.parametrize("user", ["root", "alice"])
def test_large_requests(target, process, user):
    """Requests of 200 KB, of many attributes or one: refused, or answered."""
    before, proxy = users(target), process(user=user)
    page = netlink.attribute(1, WORD.pack(1))
    with NetlinkSocket(proxy) as socket, Family(proxy) as family:
        for body in (page * 20000, netlink.attribute(1, bytes(60000)) * 3,
                     netlink.attribute(3, page * 7000, True) * 2):
            for name in MEMLAB.operations:
                for flags in (ACK, DUMP):
                    head = GENERIC.pack(MEMLAB.operations[name].number, 1, 0)
                    socket.send(netlink.message(family.number, REQUEST | flags, 1, head + body))
                    replies = socket.waiting(262144)
                    assert replies and not any(isinstance(one, Overrun) for one in replies)
        socket.send(netlink.message(family.number, REQUEST | ACK, 1, GENERIC.pack(5, 1, 0)))
        assert len(socket.waiting()) == 2
    assert users(target) == before


def test_device_is_not_needed(target, process):
    """Netlink needs no open device, and holds no module while nothing is under way."""
    before = users(target)
    with Family(process(user="alice")) as family:
        assert users(target) == before
        family.do("listener-add")
        assert users(target) == before and not family.dump("buffer-get")
    with Device(process()):
        assert users(target) == before + 1
