# SPDX-License-Identifier: GPL-2.0
"""Fetches Debian's kernel packages into the cache, without installing them.

apt checks the signatures. A kernel's folder appears in one step, and the
link `current` beside it changes in one step, so a reader needs no lock.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import cache, kernels, vmlinux
from .errors import VmError


def fetch(source, refresh=False):
    """The Kernel of `source`, fetched if it is not there yet (or may be older)."""
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
    if refresh and os.geteuid() == 0:
        try:
            _output("apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update")
        except subprocess.CalledProcessError as error:
            raise VmError(f"cannot look for a newer {source.image}:\n{error.stderr}") from error
    packages = _resolve(source)
    with tempfile.TemporaryDirectory(prefix="kernel-vm-") as work:
        # apt downloads as the user _apt when root calls it.
        if os.geteuid() == 0:
            shutil.chown(work, "_apt")
        download = ["apt-get", "-qq", "download", *packages]
        try:
            image = _file_name(_output(*download, "--print-uris"), packages[0])
            release = packages[0].removeprefix("linux-image-")
            directory = home / f"{release}_{image.split('_')[1]}"
            if not directory.exists():
                _output(*download, cwd=work)
                _unpack(sorted(Path(work).glob("*.deb")), release, directory)
        except subprocess.CalledProcessError as error:
            raise VmError(f"cannot fetch {' '.join(packages)}:\n{error.stderr}") from error
    with cache.replacing(home / "current") as link:
        link.symlink_to(directory.name)
    return _cached(source, home)


def _file_name(uris, package):
    for line in uris.splitlines():
        name = line.split()[1]
        if name.startswith(f"{package}_"):
            return name
    raise VmError(f"apt-get names no file for {package}:\n{uris}")


def _resolve(source):
    """The concrete packages: the image, then the headers with what they need to build."""
    if not _depends(source.image):
        if os.geteuid() != 0:
            raise VmError(f"apt knows no package {source.image}: run `apt-get update` as root")
        subprocess.run(["apt-get", "-qq", "update"], check=False)
    image = next((p for p in _depends(source.image) if p.startswith("linux-image-")), None)
    if not image:
        raise VmError(f"cannot fetch {source.image}: apt knows no such package")
    release = image.removeprefix("linux-image-")
    headers = f"linux-headers-{release}"
    needed = [p for p in _depends(headers) if re.match("linux-(headers|kbuild)-", p)]
    return [image, headers, *needed]


def _depends(package):
    try:
        text = _output("apt-cache", "depends", package)
    except subprocess.CalledProcessError:
        return []
    return re.findall(r"^ *\|?Depends: ([^<\s]+)", text, re.MULTILINE)


def _unpack(debs, release, directory):
    # A fetch that was killed leaves these; the lock says that nobody uses them.
    for stale in directory.parent.glob("unpack-*"):
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(prefix="unpack-", dir=directory.parent) as work:
        root = Path(work, "root")
        for deb in debs:
            _output("dpkg-deb", "-x", str(deb), str(root))
        _relocate(root, release)
        _output("depmod", "-b", str(root), release)
        unpacked = vmlinux.extract((root / f"boot/vmlinuz-{release}").read_bytes())
        if unpacked:
            (root / f"boot/vmlinux-{release}").write_bytes(unpacked)
        root.chmod(0o755)
        root.rename(directory)


def _relocate(root, release):
    """Makes the packages' absolute paths relative, so nothing of the host is used."""
    headers = root / "usr" / "src" / f"linux-headers-{release}"
    makefile = headers / "Makefile"
    makefile.write_text(re.sub(r"^include /usr/src/",
                               "include $(dir $(lastword $(MAKEFILE_LIST)))../",
                               makefile.read_text(), flags=re.MULTILINE))
    for path in root.rglob("*"):
        if path.is_symlink() and os.readlink(path).startswith("/"):
            target = root / os.readlink(path).lstrip("/")
            path.unlink()
            path.symlink_to(os.path.relpath(target, path.parent))


def _output(*command, cwd=None):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=cwd,
                              env={**os.environ, "LC_ALL": "C"}).stdout
    except FileNotFoundError as error:
        raise VmError(f"{command[0]}: not found; this needs Debian's apt, dpkg and kmod "
                      "packages") from error
