# SPDX-License-Identifier: GPL-2.0
"""QEMU's monitor: the guest's memory seen from outside."""

import itertools
import json
import re
import shlex
import threading
import time

from .errors import VmError

# Commands on the way at once: enough to hide the round trip, few enough that
# neither side's socket buffer fills up.
_BATCH = 64
# Bytes per second.
_UNLIMITED = 1 << 40
# Exception level 0 of arm64, where users' programs run, those of 32 bits too.
_USER_MODE = re.compile(r"^PSTATE=.* EL0t|^PSR=.* usr32", re.MULTILINE)
# Seconds to wait for a processor to leave it.
_PATIENCE = 60


class Monitor:
    """A QMP session; any thread may call any method."""

    def __init__(self, sock, scratch, failure):
        self._sock = sock
        self._answers = sock.makefile("rb")
        self._scratch = scratch
        self._failure = failure
        self._lock = threading.Lock()
        self._greeted = False

    def hmp(self, command):
        """The text that a command of the human monitor prints."""
        return self._execute([_hmp(command)])[0]

    def gva2gpa_many(self, addresses):
        """The physical addresses of kernel addresses, None for those not mapped.

        QEMU walks with the rights of what the first processor runs. On arm64 a
        user's program sees nothing of the kernel: ask again until the processor is in it.
        """
        walk = [_hmp(f"gva2gpa {address:#x}") for address in addresses]
        deadline = time.monotonic() + _PATIENCE
        while True:
            _, registers, *texts, _ = self._execute(
                [("stop", {}), _hmp("info registers"), *walk, ("cont", {})])
            found = [re.match(r"gpa: (0x[0-9a-f]+)", text) for text in texts]
            if all(found) or not _USER_MODE.search(registers):
                return [int(match[1], 16) if match else None for match in found]
            if time.monotonic() > deadline:
                raise VmError(f"the guest's processor stayed in user mode for {_PATIENCE} s")
            time.sleep(0.002)

    def read_physical_many(self, ranges):
        """The bytes of each (physical address, length)."""
        data = []
        for some in _batches(ranges):
            with self._lock:
                names = [self._scratch / f"memory{i}" for i in range(len(some))]
                self._execute_locked([
                    ("pmemsave", {"val": address, "size": length, "filename": str(name)})
                    for (address, length), name in zip(some, names)])
                data += [name.read_bytes() for name in names]
        return data

    def save(self, path):
        """Writes the machine's state to a file, which another QEMU can start from, and resume."""
        self._execute([
            ("stop", {}), ("migrate-set-parameters", {"max-bandwidth": _UNLIMITED}),
            ("migrate", {"uri": f"exec:cat >{shlex.quote(str(path))}"})])
        while (status := self._execute([("query-migrate", {})])[0])["status"] not in (
                "completed", "failed", "cancelled"):
            time.sleep(0.01)
        self._execute([("cont", {})])
        if status["status"] != "completed":
            raise VmError(f"QEMU cannot save its state: {status.get('error-desc', '')}")

    def resume(self):
        """Lets a machine go on that was started from a state, when all of that is read."""
        while self._execute([("query-status", {})])[0]["status"] == "inmigrate":
            time.sleep(0.01)
        self._execute([("cont", {})])

    def _execute(self, commands):
        with self._lock:
            return [answer for some in _batches(commands)
                    for answer in self._execute_locked(some)]

    def _execute_locked(self, commands):
        if not self._greeted:
            commands = [("qmp_capabilities", {}), *commands]
        try:
            self._sock.sendall(b"".join(
                json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n"
                for name, arguments in commands))
            answers = [self._answer() for _ in commands]
        except (OSError, ValueError):
            raise self._failure() from None
        if not self._greeted:
            self._greeted = True
            del answers[0]
        for answer in answers:
            if "error" in answer:
                raise VmError(f"QEMU: {answer['error']['desc']}")
        return [answer["return"] for answer in answers]

    def _answer(self):
        while True:
            line = self._answers.readline()
            if not line:
                raise OSError("QEMU closed the monitor")
            message = json.loads(line)
            if "return" in message or "error" in message:
                return message


def _hmp(command):
    return "human-monitor-command", {"command-line": command}


def _batches(items):
    iterator = iter(items)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch
