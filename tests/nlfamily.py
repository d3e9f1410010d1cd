# SPDX-License-Identifier: GPL-2.0
"""A family of the running kernel, spoken to as its specification says."""

import os
from collections import deque
from pathlib import Path

import netlink
from netlink import GENERIC, Refusal
from nlsocket import DATAGRAM, NetlinkSocket, Overrun
from ynl import Spec, Unknown

HERE = Path(__file__).resolve().parent
MEMLAB = Spec(HERE.parent / "Documentation/netlink/specs/memlab.yaml")
CONTROLLER = Spec(HERE / "nlctrl.yaml")
CONTROLLER_ID = 16  # GENL_ID_CTRL


class Refused(OSError):
    """The kernel said no; the attributes are those that its extended ACK names."""

    def __init__(self, refusal, attribute, missing):
        super().__init__(refusal.errno, os.strerror(refusal.errno))
        self.message, self.attribute, self.missing = refusal.message, attribute, missing

    def __str__(self):
        return f"{super().__str__()}: {self.message!r} {self.attribute} {self.missing}"


class Dump:
    """A dump under way, or at its end."""

    def __init__(self, family, seq, refuse):
        self.family, self.seq, self.refuse = family, seq, refuse
        self.replies, self.interrupted, self.ended, self.refused = [], False, False, None
        self.datagrams = 0

    def step(self, size=DATAGRAM):
        """Reads a datagram, and says whether there will be more."""
        for message in netlink.messages(self.family.socket.receive(size)):
            if self.family.take_event(message):
                continue
            if self.ended or message.seq != self.seq:
                raise Unknown(f"{message} in dump {self.seq}")
            self._take(message)
        self.datagrams += 1
        return not self.ended

    def _take(self, message):
        self.interrupted |= bool(message.flags & netlink.DUMP_INTR)
        if message.type in (netlink.NLMSG_DONE, netlink.NLMSG_ERROR):
            self.ended, refusal = True, Refusal.read(message)
            if refusal.errno:
                self.refused = self.refuse(refusal)
        elif message.flags & netlink.MULTI:
            self.replies.append(self.family.reply(message))
        else:
            raise Unknown(f"{message} in a dump")

    def read(self, size=DATAGRAM):
        """Reads to the end, whatever it is."""
        while not self.ended:
            self.step(size)
        return self


class Family:
    """A family as one socket reaches it."""

    def __init__(self, proxy, spec=MEMLAB, number=None, **options):
        self.spec, self.socket = spec, NetlinkSocket(proxy, **options)
        self.seq, self.events, self.number = 0, deque(), number
        self.port, self.groups = self.socket.port, {}
        if number is None:
            with controller(proxy) as ctrl:
                told = ctrl.do("getfamily", family_name=spec.name)
            self.number, self.told = told["family-id"], told
            self.groups = {one["name"]: one["id"] for one in told.get("mcast-groups", ())}

    def request(self, name, flags, values, named):
        """A request as bytes; attributes as a dict, or by name with _ for -."""
        self.seq += 1
        operation = self.spec.operations[name]
        values = dict(values) | {key.replace("_", "-"): value for key, value in named.items()}
        return netlink.message(
            self.number, netlink.REQUEST | flags, self.seq,
            GENERIC.pack(operation.number, 1, 0) + self.spec.encode(operation.attributes, values))

    def _refuse(self, name, request):
        which = self.spec.operations[name].attributes
        names = self.spec.names[which]

        def refuse(refusal):
            attribute = missing = None
            if refusal.offset is not None:
                attribute = self.spec.attribute_at(which, request, refusal.offset)
            if refusal.missing is not None:
                missing = names[refusal.missing]
            return Refused(refusal, attribute, missing)
        return refuse

    def reply(self, message):
        """The attributes of a reply or an event."""
        command, _, reserved = GENERIC.unpack_from(message.payload)
        for one in self.spec.operations.values():
            if message.type == self.number and command == one.reply and not reserved:
                return self.spec.decode(one.attributes, message.payload[GENERIC.size:])
        raise Unknown(f"{message}")

    def take_event(self, message):
        """Whether a message is an event; then it is kept for later."""
        if message.type != self.number or message.payload[0] not in self.spec.events:
            return False
        if message.seq or message.flags:
            raise Unknown(f"an event with {message}")
        self.events.append(self.reply(message))
        return True

    def do(self, name, values=(), **named):
        """A request: its reply, {} if it has none; Refused."""
        request = self.request(name, netlink.ACK, values, named)
        self.socket.send(request)
        reply = {}
        while True:
            for message in netlink.messages(self.socket.receive()):
                if self.take_event(message):
                    continue
                if message.seq != self.seq or message.port != self.port:
                    raise Unknown(f"{message} after request {self.seq}")
                if message.type == netlink.NLMSG_ERROR:
                    refusal = Refusal.read(message)
                    if refusal.errno:
                        raise self._refuse(name, request)(refusal)
                    return reply
                if reply:
                    raise Unknown(f"a second reply: {message}")
                reply = self.reply(message)

    def start(self, name, values=(), **named):
        """A dump that is not read yet."""
        request = self.request(name, netlink.DUMP, values, named)
        self.socket.send(request)
        return Dump(self, self.seq, self._refuse(name, request))

    def dump(self, name, values=(), **named):
        """A dump, whole and undisturbed: the replies; Refused."""
        dump = self.start(name, values, **named).read()
        if dump.refused:
            raise dump.refused
        if dump.interrupted:
            raise AssertionError("the dump was disturbed")
        return dump.replies

    def take_events(self):
        """The events that are there, and an Overrun where some were lost."""
        for datagram in self.socket.waiting():
            if isinstance(datagram, Overrun):
                self.events.append(datagram)
                continue
            for message in netlink.messages(datagram):
                if not self.take_event(message):
                    raise Unknown(f"{message} is no event")
        found = list(self.events)
        self.events.clear()
        return found

    def join(self, group):
        """Has the events of a multicast group sent to the socket."""
        self.socket.join(self.groups[group])

    def close(self):
        """Closes the socket."""
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def controller(proxy):
    """The family that tells of all others."""
    return Family(proxy, CONTROLLER, CONTROLLER_ID)


def dump_names_attributes(target):
    """Whether a family that refuses a dump can say for which attribute, on that kernel."""
    return tuple(map(int, target.release.split(".")[:2])) >= (6, 2)
