# SPDX-License-Identifier: GPL-2.0
"""An attacker's tools: files passed on, namespaces, and eyes for what nobody may see."""

import re
import struct
from array import array

from syscalls import CLONE_NEWNET, CLONE_NEWUSER, O_WRONLY

AF_UNIX, SOCK_DGRAM, SOL_SOCKET, SCM_RIGHTS = 1, 2, 1, 1
ALICE, BOB = 1000, 1001
# of x86 with page tables of five levels; with four, and on arm64, it begins higher
KERNEL_HALF = 0xFF00000000000000
# No pointer, but a negative number, or all bits of a mask
SMALL_NEGATIVE = 0xFFFFFFFFFFF00000
POINTER = re.compile(r"\b(?:0x)?(ff[0-9a-f]{14})\b")


def socket_pair(proxy):
    """Two ends of a Unix socket."""
    proxy.call("socketpair", AF_UNIX, SOCK_DGRAM, 0, proxy.spare)
    return struct.unpack("<ii", proxy.peek(proxy.spare, 8))


def _message(proxy, control):
    """A struct msghdr for a byte and a control message; its address."""
    at = proxy.spare
    byte, vector, message, room = at, at + 64, at + 128, at + 256
    proxy.poke_many([
        (byte, b"x"), (vector, struct.pack("<QQ", byte, 1)), (room, control),
        (message, struct.pack("<QQQQQQQ", 0, 0, vector, 1, room, len(control), 0))])
    return message, room


def send_file(proxy, socket, fd):
    """SCM_RIGHTS: passes an open file on."""
    message, _ = _message(proxy, struct.pack("<QiiiI", 20, SOL_SOCKET, SCM_RIGHTS, fd, 0))
    proxy.call("sendmsg", socket, message, 0)


def receive_file(proxy, socket):
    """The descriptor of a file that was passed on."""
    message, room = _message(proxy, bytes(24))
    proxy.call("recvmsg", socket, message, 0)
    length, level, kind, fd = struct.unpack("<Qiii", proxy.peek(room, 20))
    if (length, level, kind) != (20, SOL_SOCKET, SCM_RIGHTS):
        raise AssertionError(f"no file came: {length}, {level}, {kind}")
    return fd


def pass_file(sender, receiver, sockets, fd):
    """From one fork to another, which share a pair of sockets: the descriptor there."""
    send_file(sender, sockets[0], fd)
    return receive_file(receiver, sockets[1])


def enter_namespace(proxy, uid, network=False):
    """Makes a process root of a user namespace of its own; uid is its user outside."""
    proxy.call("unshare", CLONE_NEWUSER | (CLONE_NEWNET if network else 0))
    fd = proxy.open("/proc/self/uid_map", O_WRONLY)
    proxy.write(fd, b"0 %d 1" % uid)
    proxy.close(fd)
    proxy.call("setresuid", 0, 0, 0)


class Secrets:
    """What root knows of a buffer, and its owner must not learn."""

    def __init__(self, device, ident):
        query = device.query(ident)
        extents = device.layout(ident)
        self.kernel = range(query.kernel_address, query.kernel_address + query.usable)
        if query.kernel_address < KERNEL_HALF or not extents[0].phys:
            raise AssertionError("these eyes see nothing themselves")
        self.phys = extents[0].phys
        self.frames = {at >> 12 for extent in extents
                       for at in range(extent.phys & ~0xFFF, extent.phys + extent.length, 4096)}

    def tells(self, word):
        """Whether a word is an address of the buffer in any shape."""
        return (word in self.kernel or word >> 12 in self.frames or word in self.frames
                or word << 12 & 0xFFFFFFFFFFFFFFFF in self.kernel
                or word | self.kernel.start & ~0xFFFFFFFF in self.kernel)

    def in_text(self, text):
        """Words of a text that are addresses of the buffer, or of one of its pages."""
        return [word for word in re.findall(r"\b(?:0x)?[0-9a-f]{5,16}\b", text)
                if int(word, 16) in self.kernel or int(word, 16) == self.phys
                or not int(word, 16) & 0xFFF and int(word, 16) >> 12 in self.frames]


def words(data):
    """All words of 64 bits at multiples of four bytes, and those of 32: (offset, word)."""
    for start, kind in ((0, "Q"), (4, "Q"), (0, "I")):
        each = array(kind).itemsize
        part = array(kind, data[start:start + (len(data) - start) // each * each])
        yield from ((start + each * number, word) for number, word in enumerate(part))


def pointers(data):
    """Offsets, multiples of eight, of what looks like a kernel address."""
    return [8 * number for number, word in enumerate(array("Q", data[:len(data) // 8 * 8]))
            if KERNEL_HALF <= word < SMALL_NEGATIVE]


def telling(samples):
    """Offsets at which bytes tell an address: samples are (bytes, Secrets) of several buffers.

    A number may happen to be a frame of the buffer that it belongs to; but not each time.
    """
    if len(samples) < 4:
        raise AssertionError("too few to tell a leak from chance")
    found = [{at for at, word in words(data) if secrets.tells(word)} for data, secrets in samples]
    return sorted(set.intersection(*found))


def demand_silence(samples):
    """Raises where bytes tell a physical or a kernel address."""
    told = telling(samples)
    if told:
        raise AssertionError(f"tells an address at offset {told}")
    for data, _ in samples:
        if seen := pointers(data):
            raise AssertionError(f"looks like a kernel address at offset {seen}")
