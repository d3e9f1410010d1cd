# SPDX-License-Identifier: GPL-2.0
"""The folder for everything that can be fetched or built again."""

import contextlib
import fcntl
import os
from pathlib import Path


def directory():
    """The cache folder, made if need be."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "kernel-vm")
    path = Path(os.environ.get("VM_CACHE") or default).expanduser().absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def lock(name):
    """One process at a time; the lock goes with the process that held it."""
    with open(directory() / f"{name}.lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def replacing(path):
    """A temporary path that becomes `path` in one step when the block succeeds."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
