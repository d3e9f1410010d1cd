# SPDX-License-Identifier: GPL-2.0
"""Packages that are not installed, but unpacked below a folder of the cache."""

import os
from pathlib import Path

from . import cache, programs
from .apt import State
from .errors import VmError

# A root file system with a compiler, beside its packages.
_ROOM_MIB = 768


def folder(name, suite, architecture, packages, wanted=lambda package: True):
    """The cache's folder of that name: packages of an architecture, and what they need.

    wanted(package) selects those of all these that are unpacked.
    """
    if not suite:
        raise VmError(f"{name}: this computer is no Debian, whose programs it would be made of")
    name = f"{name}-{suite}-{cache.digest((packages, Path(__file__).read_bytes()))}"
    path = cache.directory() / name
    if not path.exists():
        with cache.lock(name):
            if not path.exists():
                _make(path, suite, architecture, packages, wanted)
    return path


def _make(path, suite, architecture, packages, wanted):
    state = State(suite, architecture)
    names = [package for package in state.closure(packages) if wanted(package)]
    with cache.work_folder(path.parent, path.name, _ROOM_MIB) as work:
        top, debs = work / "root", work / "debs"
        debs.mkdir()
        unpack(state.download(names, debs), top)
        relink(top)
        top.rename(path)


def unpack(debs, top):
    """Unpacks packages' files below a folder."""
    for deb in debs:
        programs.output("dpkg-deb", "-x", deb, top, what=f"cannot unpack {deb.name}")
    # Newer packages hold no link from /lib to /usr/lib: it comes with base-files.
    if not (top / "lib").exists():
        (top / "lib").symlink_to("usr/lib")


def relink(top):
    """Makes the absolute links below a folder relative, so that nothing of the host is used."""
    for path in top.rglob("*"):
        if path.is_symlink() and os.readlink(path).startswith("/"):
            target = top / os.readlink(path).lstrip("/")
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))
