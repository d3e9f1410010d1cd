# SPDX-License-Identifier: GPL-2.0
"""Fetches Debian's kernel packages into the cache, without installing them.

apt checks the signatures. A kernel's folder appears in one step, and the
link `current` beside it changes in one step, so a reader needs no lock.
"""

import contextlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import buildroot, built, cache, crossbuild, kernels, unpacked, vmlinux
from .apt import State
from .errors import VmError


def fetch(source, refresh=False):
    """The Kernel of `source`, fetched if it is not there yet (or may be older)."""
    if source.build:
        return built.fetch(source, refresh)
    home = cache.directory() / "kernels" / source.name
    if not refresh and (kernel := _cached(source, home)):
        return kernel
    with cache.lock(f"fetch-{source.name}"):
        if refresh or not (kernel := _cached(source, home)):
            home.mkdir(parents=True, exist_ok=True)
            kernel = _update(source, home, refresh)
    return kernel


def _cached(source, home):
    with contextlib.suppress(OSError):
        directory = (home / "current").resolve(strict=True)
        return kernels.Kernel(source, directory, directory.name.partition("_")[0])
    return None


def _update(source, home, refresh):
    state = State(source.suite, source.architecture.name)
    if refresh:
        state.refresh()
    packages = _resolve(source, state)
    tools = crossbuild.tools(source, packages)
    release = packages[0].removeprefix("linux-image-")
    directory = home / f"{release}_{state.version(packages[0])}"
    if not directory.exists():
        with tempfile.TemporaryDirectory(prefix="kernel-vm-") as work:
            debs = state.download([p for p in packages if p not in tools], work)
            if tools:
                debs = crossbuild.download(source, tools, work)
            _unpack(debs, source, release, directory)
    with cache.replacing(home / "current") as link:
        link.symlink_to(directory.name)
    return _cached(source, home)


def _resolve(source, state):
    """The concrete packages: the image and its parts, and what it takes to build modules."""
    image = next((p for p in state.depends(source.image) if p.startswith("linux-image-")), None)
    if not image:
        raise VmError(f"cannot fetch {source.image}: apt knows no such package")
    headers = f"linux-headers-{image.removeprefix('linux-image-')}"
    parts = [p for p in state.depends(image) if re.match("linux-(binary|modules)-", p)]
    if source.build_root:
        needed = state.closure([headers, *buildroot.PACKAGES])
    else:
        needed = [p for p in state.depends(headers) if re.match("linux-(headers|kbuild)-", p)]
    return list(dict.fromkeys([image, *parts, headers, *needed]))


def _unpack(debs, source, release, directory):
    # A fetch that was killed leaves these; the lock says that nobody uses them.
    for stale in directory.parent.glob("unpack-*"):
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(prefix="unpack-", dir=directory.parent) as work:
        root = Path(work, "root")
        # base-files comes first: it says that /lib is a link.
        unpacked.unpack(sorted(debs, key=lambda deb: not deb.name.startswith("base-files_")), root)
        _relocate(root, release)
        if source.build_root:
            buildroot.prepare(root, release)
        elif source.architecture.foreign:
            crossbuild.prepare(root, release, source.architecture)
        _depmod(root, release)
        image = root / f"boot/vmlinuz-{release}"
        if not image.exists():      # newer packages leave the copying to a script
            image.parent.mkdir(exist_ok=True)
            image.symlink_to(f"../usr/lib/modules/{release}/vmlinuz")
        kernel = vmlinux.extract(image.read_bytes())
        if kernel:
            (root / f"boot/vmlinux-{release}").write_bytes(kernel)
        root.chmod(0o755)
        root.rename(directory)


def _relocate(root, release):
    """Makes the packages' absolute paths relative, so nothing of the host is used."""
    headers = root / "usr" / "src" / f"linux-headers-{release}"
    makefile = headers / "Makefile"
    makefile.write_text(re.sub(r"^include /usr/src/",
                               "include $(dir $(lastword $(MAKEFILE_LIST)))../",
                               makefile.read_text(), flags=re.MULTILINE))
    unpacked.relink(root)


def _depmod(root, release):
    try:
        subprocess.run(["depmod", "-b", str(root), release], check=True, capture_output=True)
    except FileNotFoundError as error:
        raise VmError("depmod: not found; this needs Debian's kmod") from error
