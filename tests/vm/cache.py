# SPDX-License-Identifier: GPL-2.0
"""The folder for everything that can be fetched or built again."""

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from .errors import NoRoom, VmError

# Days after which an unused file, or kernel, is deleted.
UNUSED_DAYS = 30
# Waiting for longer is announced.
_PATIENCE_SECONDS = 3
# An upper limit for one file, such as the base of the initramfs.
_FILE_MIB = 32
_REMEDY = "make room, or set VM_CACHE to a folder that has it"


def directory():
    """The cache folder, made if need be."""
    path = Path(os.environ.get("VM_CACHE") or _default()).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VmError(f"cannot make the cache folder {path}: {error.strerror}; set VM_CACHE to "
                      "a folder that can be written") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise VmError(f"cannot write to the cache folder {path}; set VM_CACHE to a folder that "
                      "can be written")
    return path


def _default():
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(base, "kernel-vm").expanduser()
    except RuntimeError as error:
        raise VmError("no home folder for the cache; set VM_CACHE to a folder") from error


@contextlib.contextmanager
def lock(name):
    """One process at a time; the lock goes with the process that held it."""
    with open(directory() / f"{name}.lock", "w", encoding="ascii") as file:
        if not _locked_soon(file):
            print(f"vm: waiting for another process that has the lock {file.name}",
                  file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _locked_soon(file):
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


@contextlib.contextmanager
def replacing(path):
    """A temporary path that becomes `path` in one step when the block succeeds."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def work_folder(parent, name, mib):
    """A temporary folder in the cache for `mib` MiB; the caller holds a lock for it.

    A process that was killed leaves its folder, which the next one removes.
    """
    for stale in parent.glob(f"{name}.*.work"):
        shutil.rmtree(stale, ignore_errors=True)
    with room(parent, mib):
        with tempfile.TemporaryDirectory(prefix=f"{name}.", suffix=".work", dir=parent) as work:
            yield Path(work)


@contextlib.contextmanager
def room(path, mib):
    """Refuses where less than `mib` MiB are free, for apt may hang there; explains if it fills."""
    free = shutil.disk_usage(path).free >> 20
    if free < mib:
        raise NoRoom(f"{path} has {free} MiB free, and needs {mib} MiB: {_REMEDY}")
    try:
        yield
    except NoRoom:
        raise
    except (OSError, VmError) as error:
        if getattr(error, "errno", 0) != errno.ENOSPC and "No space left" not in str(error):
            raise
        raise NoRoom(f"{error}\n{path}: the disk is full: {_REMEDY}") from error


def made(name, key, make):
    """The file that make(path) writes, kept for all that is hashed into `key`.

    Its name has a digest of its contents, so that a damaged file is made again.
    """
    stem = f"{name}-{digest(key)}"
    if path := _sound(stem):
        return path
    with lock(name):
        if path := _sound(stem):
            return path
        for damaged in directory().glob(f"{stem}-*"):
            damaged.unlink(missing_ok=True)
        _expire(name)
        temporary = directory() / f"{name}.tmp"
        try:
            with room(directory(), _FILE_MIB):
                make(temporary)
                path = directory() / f"{stem}-{digest(temporary.read_bytes())}"
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def _sound(stem):
    for path in directory().glob(f"{stem}-*"):
        # Another process may remove it.
        with contextlib.suppress(FileNotFoundError):
            if path.name == f"{stem}-{digest(path.read_bytes())}":
                os.utime(path)
                return path
    return None


def digest(data):
    """A short name for bytes, or for anything whose repr() is the same if it is."""
    if not isinstance(data, bytes):
        data = repr(data).encode()
    return hashlib.sha256(data).hexdigest()[:16]


def is_unused(path):
    """Whether nobody has used a file, which sets its time, for so long that it may go."""
    return path.stat().st_mtime < time.time() - UNUSED_DAYS * 86400


def _expire(name):
    for path in directory().glob(f"{name}-*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and is_unused(path):
                path.unlink()
