# SPDX-License-Identifier: GPL-2.0
"""A netlink socket of a process in the target, which it drives with plain system calls."""

import errno
import os
import struct

import netlink
from frames import call_record
from syscalls import (
    MSG_DONTWAIT, MSG_TRUNC, SO_RCVBUF, SO_RCVBUFFORCE, SO_RCVTIMEO, SOCK_CLOEXEC, SOCK_RAW,
    SOL_SOCKET,
)
from target import PATIENCE

DATAGRAM = 32768  # the most that a dump fills, whatever the reader has room for


class Silence(Exception):
    """Nothing came in time."""


class Overrun(Exception):
    """ENOBUFS: messages were lost, as the socket had no room for them."""


class NetlinkSocket:
    """A socket of generic netlink."""

    def __init__(self, proxy, timeout=PATIENCE // 2, fd=None):
        self.proxy = proxy
        self.fd = fd
        if fd is None:
            self.fd = proxy.call("socket", netlink.AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
                                 netlink.NETLINK_GENERIC)
            word = "<qq" if proxy.bits == 64 else "<ii"
            self.option(SOL_SOCKET, SO_RCVTIMEO, struct.pack(word, timeout, 0))
            self.option(netlink.SOL_NETLINK, netlink.NETLINK_EXT_ACK, 1)
            proxy.call("bind", self.fd, struct.pack("<HHII", netlink.AF_NETLINK, 0, 0, 0), 12)

    def seen_by(self, proxy):
        """The same socket in a fork."""
        return NetlinkSocket(proxy, fd=self.fd)

    def option(self, level, name, value):
        """setsockopt() of a number or bytes."""
        data = struct.pack("<i", value) if isinstance(value, int) else value
        self.proxy.call("setsockopt", self.fd, level, name, data, len(data))

    def resize(self, size, force=False):
        """Makes the receive buffer about that large; the kernel has a minimum and doubles."""
        self.option(SOL_SOCKET, SO_RCVBUFFORCE if force else SO_RCVBUF, size)

    @property
    def port(self):
        """The address that the kernel gave it."""
        spare = self.proxy.spare
        self.proxy.poke(spare, struct.pack("<I", 12))
        self.proxy.call("getsockname", self.fd, spare + 16, spare)
        return struct.unpack_from("<I", self.proxy.peek(spare + 16, 12), 4)[0]

    def join(self, group):
        """Membership in a multicast group."""
        self.option(netlink.SOL_NETLINK, netlink.NETLINK_ADD_MEMBERSHIP, group)

    def leave(self, group):
        """The end of it."""
        self.option(netlink.SOL_NETLINK, netlink.NETLINK_DROP_MEMBERSHIP, group)

    def send(self, data):
        """sendto() the kernel."""
        sent = self.proxy.call("sendto", self.fd, data, len(data), 0, 0, 0)
        if sent != len(data):
            raise AssertionError(f"{sent} of {len(data)} bytes sent")

    def receive(self, size=DATAGRAM):
        """A datagram; Silence when none comes in time, Overrun when some were lost."""
        got, = self.proxy.call_many("recvfrom", [
            (self.fd, self.proxy.spare, size, MSG_TRUNC, 0, 0)])
        return self.proxy.peek(self.proxy.spare, self._length(got, size))

    def waiting(self, size=4096):
        """All datagrams that are there, in few round trips; Overrun stands where it came."""
        found, slots, ended = [], self.proxy.spare_size // size, False
        number, spare = self.proxy.number("recvfrom"), self.proxy.spare
        while not ended:
            results = [reply[0] for reply in self.proxy.submit([
                call_record(number, self.fd, spare + slot * size, size, MSG_DONTWAIT | MSG_TRUNC,
                            0, 0) for slot in range(slots)])]
            places = [(spare + slot * size, self._length(got, size))
                      for slot, got in enumerate(results) if got >= 0]
            contents = iter(self.proxy.peek_many(places))
            for got in results:
                if got == -errno.EAGAIN:
                    ended = True
                elif got == -errno.ENOBUFS:
                    found.append(Overrun())
                else:
                    self._length(got, size)
                    found.append(next(contents))
        return found

    @staticmethod
    def _length(got, size):
        if got == -errno.EAGAIN:
            raise Silence
        if got == -errno.ENOBUFS:
            raise Overrun
        if got < 0:
            raise OSError(-got, os.strerror(-got), "recvfrom")
        if got > size:
            raise AssertionError(f"a datagram of {got} bytes cut to {size}")
        return got

    def close(self):
        """close(), once."""
        if self.fd is not None:
            self.proxy.close(self.fd)
            self.fd = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
