# SPDX-License-Identifier: GPL-2.0
"""Where an architecture's programs and libraries are: here, or unpacked from its packages."""

import hashlib
import os
import tempfile
from pathlib import Path

from . import cache, crosstools
from .apt import State

# What goes into the guest, and what programs for it are linked with.
PACKAGES = ("busybox-static", "dash", "kmod", "libc6-dev", "libjson-c-dev", "libnl-3-dev",
            "libnl-genl-3-dev", "libsmartcols-dev", "python3", "python3-yaml", "systemd",
            "trace-cmd", "udev")


def root(architecture):
    """The folder that has its /usr."""
    if not architecture.foreign:
        return Path("/")
    key = hashlib.sha256(" ".join(PACKAGES).encode("ascii")).hexdigest()[:12]
    path = cache.directory() / f"sysroot-{architecture.name}-{key}"
    if not path.exists():
        with cache.lock(path.name):
            if not path.exists():
                _make(architecture, path)
    return path


def variables(architecture):
    """Of make: what builds programs for it."""
    if not architecture.foreign:
        return {}
    top = root(architecture)
    folders = (f"usr/lib/{architecture.triplet}", "usr/lib", "usr/share")
    return {
        "CC": " ".join(crosstools.compiler(architecture)) + f" --sysroot={top}",
        "CC32": " ".join(crosstools.compiler(architecture, 32)),
        "AR": f"env LD_LIBRARY_PATH={crosstools.libraries(architecture)}"
              f" {crosstools.prefix(architecture)}ar",
        "PKG_CONFIG": f"env PKG_CONFIG_SYSROOT_DIR={top} PKG_CONFIG_LIBDIR="
                      + ":".join(f"{top}/{folder}/pkgconfig" for folder in folders)
                      + " pkg-config",
    }


def relink(top):
    """Makes the absolute links below a folder relative, so that nothing of the host is used."""
    for path in top.rglob("*"):
        if path.is_symlink() and os.readlink(path).startswith("/"):
            target = top / os.readlink(path).lstrip("/")
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))


def _make(architecture, path):
    state = State(None, architecture.name)
    with tempfile.TemporaryDirectory(prefix=f"{path.name}.", dir=path.parent) as work:
        top = Path(work, "root")
        debs = Path(work, "debs")
        debs.mkdir()
        crosstools.unpack(state.download(state.closure(PACKAGES), debs), top)
        relink(top)
        top.rename(path)
