# SPDX-License-Identifier: GPL-2.0
"""Booted machines, kept in files: one like them starts where they were, in a tenth of the time.

A snapshot is QEMU's migration stream and what the host knew: the kernel's release, its log and
the console. It is of the moment at which the agent was ready. Random numbers of the guest
and its time of day go on from there, too. None is kept of a kernel that complained.
"""

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from pathlib import Path

from . import cache

# What QEMU wrote of a guest of 1 GiB, and as much again.
_ROOM_MIB = 512


@contextlib.contextmanager
def folder(parent):
    """A folder for the snapshots of one run, in `parent`; those of runs that were killed go."""
    for old in parent.glob("snapshots-*"):
        with contextlib.suppress(OSError), _locked(old, fcntl.LOCK_NB):
            shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix="snapshots-", dir=parent) as name, _locked(name):
        yield name


@contextlib.contextmanager
def _locked(directory, flags=0):
    opened = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(opened)


class Snapshot:
    """The one in `folder` of a machine that is started by QEMU's `arguments`, and an image."""

    def __init__(self, folder, arguments, image):
        program = os.stat(arguments[0])
        key = cache.digest([arguments, program.st_size, program.st_mtime_ns,
                            cache.digest(Path(image).read_bytes())])
        self._path = Path(folder) / key
        self.state = self._path / "state"

    @contextlib.contextmanager
    def awaited(self):
        """Whether it is there; if not, nobody else makes it during the block."""
        if self.state.exists():
            yield True
            return
        with open(self._path.with_suffix(".lock"), "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield self.state.exists()

    def save(self, facts, write):
        """Keeps facts, and the state that write(path) writes; without it, nothing."""
        with cache.work_folder(self._path.parent, self._path.name, _ROOM_MIB) as work:
            folder = work / "snapshot"
            folder.mkdir()
            (folder / "facts").write_text(json.dumps(facts), "utf-8")
            write(folder / "state")
            folder.rename(self._path)

    @property
    def facts(self):
        """What was saved."""
        return json.loads((self._path / "facts").read_text("utf-8"))

    def discard(self):
        """Removes it: the next machine boots, and makes it anew."""
        shutil.rmtree(self._path, ignore_errors=True)
