# SPDX-License-Identifier: GPL-2.0
"""The frames that host and agent exchange; agent.c documents them."""

import enum
import struct

STDIN_WINDOW = 64 * 1024
_HEADER = struct.Struct("<III")


class Frame(enum.IntEnum):
    """The types of a frame."""

    READY = 1
    START = 2
    STARTED = 3
    STDIN = 4
    CREDIT = 5
    STDOUT = 6
    STDERR = 7
    SIGNAL = 8
    EXIT = 9
    LOG = 10
    SYNC = 11


def pack(ident, kind, payload):
    """A frame as bytes."""
    return _HEADER.pack(ident, kind, len(payload)) + payload


def read(file):
    """The next (id, type, payload) of a binary file, None at its end."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    ident, kind, length = _HEADER.unpack(header)
    payload = file.read(length)
    return (ident, Frame(kind), payload) if len(payload) == length else None


def start(argv, user, directory, environment):
    """The payload of a START frame."""
    strings = [user, directory, str(len(argv)), *argv,
               *(f"{name}={value}" for name, value in environment.items())]
    return b"".join(s.encode(errors="surrogateescape") + b"\0" for s in strings)
