# SPDX-License-Identifier: GPL-2.0
"""The host's end of the agent's port: one socket, many processes."""

import itertools
import struct
import threading

from . import protocol
from .errors import VmTimeout
from .kernellog import KernelLog
from .process import Process
from .protocol import Frame


class Channel:
    """Sends frames from any thread; one thread of its own takes those that come.

    `failure` is called when something waits for a guest that is gone, and
    returns the exception to raise.
    """

    def __init__(self, sock, failure):
        self.failure = failure
        self.log = KernelLog()
        self._socket = sock
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        self._idents = itertools.count(1)
        self._processes = {}
        self._taints = {}
        self._release = None
        self._lost = False
        threading.Thread(target=self._receive, name="vm-channel", daemon=True).start()

    def ready(self, timeout):
        """Waits for the agent; the kernel's release."""
        self._until(lambda: self._release, timeout, "the guest did not come up")
        return self._release

    def spawn(self, argv, user="", directory="", environment=None, **sinks):
        """Starts a command."""
        argv = [str(word) for word in argv]
        process = Process(self, next(self._idents), argv, **sinks)
        with self._changed:
            self._processes[process.ident] = process
            if self._lost:
                process.lose()
        self.send(process.ident, Frame.START,
                  protocol.start(argv, user, directory, environment or {}))
        return process

    def sync(self, timeout=60):
        """Waits for all of the kernel log so far; the taint value."""
        ident = next(self._idents)
        self.send(ident, Frame.SYNC, b"")
        self._until(lambda: ident in self._taints, timeout, "the guest does not answer")
        return self._taints.pop(ident)

    def send(self, ident, kind, payload):
        """Sends a frame."""
        try:
            with self._sending:
                self._socket.sendall(protocol.pack(ident, kind, bytes(payload)))
        except OSError:
            raise self.failure() from None

    def _until(self, condition, timeout, what):
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._lost, timeout)
            if condition():
                return
        raise self.failure() if self._lost else VmTimeout(f"{what} in {timeout:.0f} s")

    def _receive(self):
        with self._socket.makefile("rb", buffering=256 * 1024) as file:
            try:
                while frame := protocol.read(file):
                    self._dispatch(*frame)
            except OSError:
                pass
        with self._changed:
            self._lost = True
            for process in self._processes.values():
                process.lose()
            self._changed.notify_all()

    def _dispatch(self, ident, kind, payload):
        if kind == Frame.LOG:
            self.log.append(payload)
        elif kind in (Frame.READY, Frame.SYNC):
            with self._changed:
                if kind == Frame.READY:
                    self._release = payload.decode()
                else:
                    self._taints[ident], = struct.unpack("<I", payload)
                self._changed.notify_all()
        elif process := self._processes.get(ident):
            process.receive(kind, payload)
            if kind == Frame.EXIT:
                del self._processes[ident]
