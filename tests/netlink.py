# SPDX-License-Identifier: GPL-2.0
"""Netlink as it lies in memory: messages and attributes; numbers of linux/netlink.h."""

import struct
from typing import NamedTuple

AF_NETLINK, NETLINK_GENERIC, SOL_NETLINK = 16, 16, 270
NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 2, 10, 11
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN = 1, 2, 3, 4
REQUEST, MULTI, ACK, DUMP_INTR, DUMP_FILTERED = 0x1, 0x2, 0x4, 0x10, 0x20
CAPPED, ACK_TLVS, DUMP = 0x100, 0x200, 0x300
NESTED, BYTE_ORDER = 0x8000, 0x4000
ERROR_MESSAGE, ERROR_OFFSET, ERROR_COOKIE, ERROR_POLICY, ERROR_MISSING, ERROR_NEST = range(1, 7)

HEADER = struct.Struct("<IHHII")
ATTRIBUTE = struct.Struct("<HH")
GENERIC = struct.Struct("<BBH")


class Broken(Exception):
    """Bytes that are no netlink."""


class Message(NamedTuple):
    """A message; the payload is what comes after its header."""

    type: int
    flags: int
    seq: int
    port: int
    payload: bytes


class Attribute(NamedTuple):
    """An attribute, and where in the bytes it begins."""

    type: int
    nested: bool
    payload: bytes
    offset: int


def align(length):
    """Where the next thing begins."""
    return length + 3 & ~3


def message(kind, flags, seq, payload, port=0):
    """A message as bytes."""
    return HEADER.pack(HEADER.size + len(payload), kind, flags, seq, port) + payload


def messages(datagram):
    """The messages of a datagram, which must be whole."""
    found, at = [], 0
    while at < len(datagram):
        if len(datagram) - at < HEADER.size:
            raise Broken(f"{len(datagram) - at} bytes after the last message")
        length, kind, flags, seq, port = HEADER.unpack_from(datagram, at)
        if not HEADER.size <= length <= len(datagram) - at:
            raise Broken(f"a message of {length} bytes in {len(datagram) - at}")
        payload = datagram[at + HEADER.size:at + length]
        found.append(Message(kind, flags, seq, port, payload))
        at += align(length)
    return found


def attribute(kind, payload, nested=False):
    """An attribute as bytes, padded."""
    head = ATTRIBUTE.pack(ATTRIBUTE.size + len(payload), kind | NESTED * nested)
    return head + payload + bytes(-len(payload) % 4)


def attributes(data, start=0):
    """The attributes from an offset on, which must fill the bytes, padding too."""
    found, at = [], start
    while at < len(data):
        if len(data) - at < ATTRIBUTE.size:
            raise Broken(f"{len(data) - at} bytes after the last attribute")
        length, kind = ATTRIBUTE.unpack_from(data, at)
        if not ATTRIBUTE.size <= length <= len(data) - at:
            raise Broken(f"an attribute of {length} bytes in {len(data) - at}")
        found.append(Attribute(kind & ~(NESTED | BYTE_ORDER), bool(kind & NESTED),
                               data[at + ATTRIBUTE.size:at + length], at))
        at += align(length)
    return found


class Refusal(NamedTuple):
    """What NLMSG_ERROR, or NLMSG_DONE, says: errno, and the extended ACK.

    The offset, of the attribute at fault, counts from the header of the request;
    missing is the number of an attribute that should have been there.
    """

    errno: int
    message: str = ""
    offset: int = None
    missing: int = None

    @classmethod
    def read(cls, reply):
        """From a message of either kind."""
        number, = struct.unpack_from("<i", reply.payload)
        at = 4
        if reply.type == NLMSG_ERROR:
            length, = struct.unpack_from("<I", reply.payload, at)
            at += HEADER.size if reply.flags & CAPPED or not number else align(length)
        if not reply.flags & ACK_TLVS:
            if reply.type == NLMSG_DONE and len(reply.payload) != at:
                raise Broken(f"NLMSG_DONE with {len(reply.payload)} bytes")
            return cls(-number)
        told = {one.type: one.payload for one in attributes(reply.payload, at)}
        text = told.get(ERROR_MESSAGE, b"\0")
        if text[-1:] != b"\0" or b"\0" in text[:-1]:
            raise Broken(f"a message that does not end: {text!r}")
        return cls(-number, text[:-1].decode("ascii"), cls._word(told, ERROR_OFFSET),
                   cls._word(told, ERROR_MISSING))

    @staticmethod
    def _word(told, which):
        return struct.unpack("<I", told[which])[0] if which in told else None
