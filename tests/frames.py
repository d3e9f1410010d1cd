# SPDX-License-Identifier: GPL-2.0
"""The protocol of guest/proxy.c, which documents it: records, frames, a stream."""

import struct

from target import PATIENCE

OP_CALL, OP_PEEK, OP_POKE, OP_FORK, OP_REPEAT = 1, 2, 3, 4, 5
FRAME = struct.Struct("<II")
HELLO = struct.Struct("<4sI8sIIQQ")
REQUEST = struct.Struct("<IIQ")
REPLY = struct.Struct("<qII")
FRAME_ROOM = 3 << 20
RECORD_COST = 80  # bytes of the largest record without payload
WORD = 0xFFFFFFFFFFFFFFFF


class Gone(Exception):
    """The process no longer answers."""


class Fault(Exception):
    """Touching memory raised a signal."""

    def __init__(self, signal):
        super().__init__(f"signal {signal}")
        self.signal = signal


def call_record(number, *args):
    """A system call, arguments being integers."""
    words = [arg & WORD for arg in args] + [0] * (6 - len(args))
    return REQUEST.pack(OP_CALL, 48, number) + struct.pack("<6Q", *words)


def peek_record(address, count):
    """A read of memory."""
    return REQUEST.pack(OP_PEEK, 8, address) + struct.pack("<Q", count)


def poke_record(address, data):
    """A write of memory."""
    return REQUEST.pack(OP_POKE, len(data), address) + data


def fork_record():
    """A fork."""
    return REQUEST.pack(OP_FORK, 0, 0)


def repeat_record(times, records):
    """Records that the guest executes repeatedly, without their replies."""
    body = b"".join(records)
    return REQUEST.pack(OP_REPEAT, len(body), times) + body


class Stream:
    """The pipe to a proxy and from it."""

    def __init__(self, process):
        self.process = process

    def hello(self):
        """What it says first: machine, bits, page size, pid, address and size of the scratch."""
        magic, bits, machine, *values = HELLO.unpack(self._read(HELLO.size))
        if magic != b"prxy":
            raise Gone(f"not a proxy: {magic!r}")
        return [machine.rstrip(b"\0").decode("ascii"), bits, *values]

    def submit(self, index, records, expected):
        """Executes records in a process, returns (result, bytes) for each.

        expected: bytes that the largest reply carries; frames are cut to fit.
        """
        replies, frame, cost = [], [], 0
        for record in records:
            size = len(record) + expected + RECORD_COST
            if frame and cost + size > FRAME_ROOM:
                replies += self._exchange(index, b"".join(frame))
                frame, cost = [], 0
            frame.append(record)
            cost += size
        if frame:
            replies += self._exchange(index, b"".join(frame))
        return replies

    def _exchange(self, index, body):
        self.process.write(FRAME.pack(len(body), index) + body)
        length, said_index = FRAME.unpack(self._read(FRAME.size))
        data, replies, at = self._read(length), [], 0
        if said_index != index:
            raise Gone(f"answer of process {said_index} instead of {index}")
        if not length:
            raise Gone("the fork ended")
        while at < length:
            result, size, _ = REPLY.unpack_from(data, at)
            at += REPLY.size
            replies.append((result, data[at:at + size]))
            at += size
        return replies

    def _read(self, count):
        data = self.process.read(count, PATIENCE)
        if len(data) < count:
            raise Gone(f"the proxy ended: {self.process.stderr_so_far().decode()}")
        return data
