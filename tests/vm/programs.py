# SPDX-License-Identifier: GPL-2.0
"""Programs of this computer that the harness calls, and the packages that bring them."""

import os
import shutil
import subprocess
from pathlib import Path

from .errors import VmError

# Debian's package of each program; a program that is missing here cannot be called.
PACKAGES = {
    "apt-cache": "apt",
    "apt-config": "apt",
    "apt-get": "apt",
    "bc": "bc",
    "bison": "bison",
    "busybox": "busybox-static",
    "dash": "dash",
    "depmod": "kmod",
    "dpkg-deb": "dpkg",
    "env": "coreutils",
    "flex": "flex",
    "gcc": "gcc and libc6-dev",
    "kmod": "kmod",
    "make": "make",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-x86_64": "qemu-system-x86",
    "readelf": "binutils",
    "setpriv": "util-linux",
    "tar": "tar",
    "unshare": "util-linux",
    "xz": "xz-utils",
    "zstd": "zstd",
}
# Debian keeps depmod and others where the PATH of an ordinary user does not lead.
_MORE = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def path(name, root=Path("/")):
    """The program's file; below another root, that of the root."""
    if root == Path("/"):
        folders = [os.environ.get("PATH", ""), *_MORE]
    else:
        folders = [str(root / folder.lstrip("/")) for folder in _MORE]
    found = shutil.which(name, path=":".join(filter(None, folders)))
    if not found:
        raise VmError(_complaint([name]))
    return Path(found)


def need(*names):
    """Raises a VmError that names all programs that are missing, with their packages."""
    missing = []
    for name in dict.fromkeys(names):
        try:
            path(name)
        except VmError:
            missing.append(name)
    if missing:
        raise VmError(_complaint(missing))


def output(*command, what="", timeout=None, **options):
    """What a command prints; a VmError, which begins with `what`, if it fails."""
    program, *arguments = map(str, command)
    # The kernel's make must not take variables of a make around this one.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")}
    what = what or " ".join([program, *arguments])
    try:
        result = subprocess.run(
            [str(path(program)), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", check=False, timeout=timeout,
            env={**environment, "LC_ALL": "C"}, **options)
    except subprocess.TimeoutExpired as error:
        raise VmError(f"{what}: {program} did not end in {timeout} s") from error
    if result.returncode:
        said = (result.stderr + result.stdout).strip()
        raise VmError(f"{what}: {program} failed ({result.returncode}):\n{said}")
    return result.stdout


def _complaint(names):
    packages = " ".join(dict.fromkeys(PACKAGES[name].replace(" and ", " ") for name in names))
    return (f"{', '.join(names)}: not found; install Debian's {packages}\n"
            f"  sudo apt-get install {packages}")
