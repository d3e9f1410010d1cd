# SPDX-License-Identifier: GPL-2.0
"""Packages that are not installed, but unpacked below a folder of the cache."""

import os
import subprocess
import tempfile
from pathlib import Path

from . import cache
from .apt import State
from .errors import VmError


def folder(name, architecture, packages, wanted=lambda package: True):
    """The cache's folder of that name: packages of an architecture, and what they need.

    Of all these, wanted(package) says which are unpacked.
    """
    path = cache.directory() / name
    if not path.exists():
        with cache.lock(name):
            if not path.exists():
                _make(path, architecture, packages, wanted)
    return path


def _make(path, architecture, packages, wanted):
    state = State(None, architecture)
    names = [package for package in state.closure(packages) if wanted(package)]
    with tempfile.TemporaryDirectory(prefix=f"{path.name}.", dir=path.parent) as work:
        top, debs = Path(work, "root"), Path(work, "debs")
        debs.mkdir()
        unpack(state.download(names, debs), top)
        relink(top)
        top.rename(path)


def unpack(debs, top):
    """Unpacks packages' files below a folder."""
    for deb in debs:
        try:
            subprocess.run(["dpkg-deb", "-x", str(deb), str(top)], check=True,
                           capture_output=True, text=True)
        except FileNotFoundError as error:
            raise VmError("dpkg-deb: not found; this needs Debian's dpkg") from error
        except subprocess.CalledProcessError as error:
            raise VmError(f"cannot unpack {deb.name}:\n{error.stderr}") from error


def relink(top):
    """Makes the absolute links below a folder relative, so that nothing of the host is used."""
    for path in top.rglob("*"):
        if path.is_symlink() and os.readlink(path).startswith("/"):
            target = top / os.readlink(path).lstrip("/")
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))
