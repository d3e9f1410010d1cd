# SPDX-License-Identifier: GPL-2.0
"""A command that runs in the guest, seen from the host."""

import os
import signal as signals
import struct
import threading
import time

from .errors import VmError, VmTimeout
from .protocol import Frame, STDIN_WINDOW

# Seconds after which a wait is taken for a hang: a busy host makes everything slow.
PATIENCE = 600


class Process:
    """Like subprocess.Popen; any thread may call any method.

    Output is collected without limit unless a sink is given: a callable that
    takes this object and a piece of the stream, in order, in the channel's thread.
    """

    def __init__(self, channel, ident, argv, stdout=None, stderr=None):
        self.argv = argv
        self.pid = None
        self._channel = channel
        self.ident = ident
        self._changed = threading.Condition()
        self._buffers = {Frame.STDOUT: bytearray(), Frame.STDERR: bytearray()}
        self._sinks = {Frame.STDOUT: stdout, Frame.STDERR: stderr}
        self._credit = STDIN_WINDOW
        self._returncode = None
        self._lost = False

    def poll(self):
        """The exit status, -N when signal N killed it, None while it runs."""
        return self._returncode

    def wait(self, timeout=None):
        """Waits for the end of the process; like poll()."""
        self._until(lambda: self._returncode is not None, timeout)
        return self._returncode

    def write(self, data, timeout=None):
        """Writes all of data to its standard input, if it still reads."""
        deadline = None if timeout is None else time.monotonic() + timeout
        view = memoryview(data)
        while view and self._returncode is None:
            left = None if deadline is None else deadline - time.monotonic()
            self._until(lambda: self._credit or self._returncode is not None, left)
            with self._changed:
                piece = view[:self._credit]
                self._credit -= len(piece)
            if piece:
                self._channel.send(self.ident, Frame.STDIN, piece)
            view = view[len(piece):]

    def close_stdin(self):
        """Lets it see the end of its standard input."""
        self._channel.send(self.ident, Frame.STDIN, b"")

    def read(self, count, timeout=PATIENCE):
        """Exactly count bytes of its standard output; fewer only at the end."""
        buffer = self._buffers[Frame.STDOUT]
        self._until(lambda: len(buffer) >= count or self._returncode is not None, timeout)
        return self._take(count)

    def readline(self, timeout=PATIENCE):
        """A line of its standard output; b"" at the end."""
        buffer = self._buffers[Frame.STDOUT]
        self._until(lambda: b"\n" in buffer or self._returncode is not None, timeout)
        return self._take(buffer.find(b"\n") + 1 or len(buffer))

    def stdout_so_far(self):
        """What it has written to standard output and nobody has read."""
        with self._changed:
            return bytes(self._buffers[Frame.STDOUT])

    def stderr_so_far(self):
        """All that it has written to standard error."""
        with self._changed:
            return bytes(self._buffers[Frame.STDERR])

    def signal(self, number, group=False):
        """Sends a signal to the process, or to all of its process group."""
        self._channel.send(self.ident, Frame.SIGNAL, struct.pack("<II", number, group))

    def kill(self):
        """Ends the whole process group and waits for it."""
        self.signal(signals.SIGKILL, group=True)
        self.wait(timeout=30)

    def receive(self, kind, payload):
        """A frame of this process arrived; only the channel calls this."""
        if self._sinks.get(kind):
            self._sinks[kind](self, payload)
            return
        with self._changed:
            if kind in self._buffers:
                self._buffers[kind] += payload
            elif kind == Frame.STARTED:
                self.pid, = struct.unpack("<I", payload)
            elif kind == Frame.CREDIT:
                self._credit += struct.unpack("<I", payload)[0]
            elif kind == Frame.EXIT:
                status, = struct.unpack("<I", payload)
                self._returncode = os.waitstatus_to_exitcode(status)
            self._changed.notify_all()

    def lose(self):
        """The channel broke; only the channel calls this."""
        with self._changed:
            self._lost = True
            self._changed.notify_all()

    def _take(self, count):
        with self._changed:
            buffer = self._buffers[Frame.STDOUT]
            data = bytes(buffer[:count])
            del buffer[:count]
            return data

    def _until(self, condition, timeout):
        with self._changed:
            done = self._changed.wait_for(lambda: condition() or self._lost,
                                          None if timeout is None else max(timeout, 0))
            if condition():
                return
        if self._lost:
            raise self._channel.failure()
        if not done:
            raise VmTimeout(f"{self.argv}: timed out", self.stdout_so_far(),
                            self.stderr_so_far())
        raise VmError(f"{self.argv}: lost")
