# SPDX-License-Identifier: GPL-2.0
"""Fetches Debian's kernel packages into the cache, without installing them.

apt checks the signatures. A kernel's folder appears in one step, and the
link `current` beside it changes in one step, so a reader needs no lock.
"""

import contextlib
import json
import os
import re
import shutil
import sys
from pathlib import Path

from . import buildroot, built, cache, crossbuild, kernels, programs, unpacked, vmlinux
from .apt import State
from .errors import VmError

# The files of a kernel's folder, with their sizes, without which it is none.
_STAMP = "sizes.json"
# What makes a folder of the packages: its name has a digest of these, so that a newer memlab
# makes it anew, and an older one beside it keeps its own.
_RECIPE = ("debian.py", "unpacked.py", "buildroot.py", "enter", "crossbuild.py", "crosstools.py",
           "vmlinux.py")
# A kernel of unstable, with the programs that build its modules, beside all their packages.
_ROOM_MIB = 768


def fetch(source, refresh=False):
    """The Kernel of `source`, fetched or built if it is not there yet (or may be older)."""
    home = cache.directory() / "kernels" / source.home
    if not refresh and (kernel := _cached(source, home)):
        return kernel
    with cache.lock(f"fetch-{source.home}"):
        if refresh or not (kernel := _cached(source, home)):
            home.mkdir(parents=True, exist_ok=True)
            _remove_damaged(source, home)
            directory = (built.update if source.build else _update)(source, home, refresh)
            _stamp(kernels.Kernel(source, directory, _release(directory)))
            with cache.replacing(home / "current") as link:
                link.symlink_to(directory.name)
            kernel = _cached(source, home)
            _expire(home)
    return kernel


def _release(directory):
    return directory.name.partition("_")[0]


def _cached(source, home):
    with contextlib.suppress(OSError):
        directory = (home / "current").resolve(strict=True)
        kernel = kernels.Kernel(source, directory, _release(directory))
        if directory.name.endswith(f"_{_key(source)}") and _is_whole(directory):
            os.utime(directory / _STAMP)
            return kernel
    return None


def _key(source):
    if source.build:
        return built.key(source)
    return cache.digest([Path(__file__).with_name(name).read_bytes() for name in _RECIPE])


def _expire(home):
    """Removes kernels that nobody has used for long."""
    for stamp in home.glob(f"*_*/{_STAMP}"):
        if cache.is_unused(stamp):
            shutil.rmtree(stamp.parent)


def _is_whole(directory):
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sizes = json.loads((directory / _STAMP).read_text("utf-8"))
        return bool(sizes) and all(
            (directory / name).stat().st_size == size for name, size in sizes.items())
    return False


def _stamp(kernel):
    files = [kernel.vmlinuz, kernel.bootable, kernel.headers / "Makefile",
             kernel.headers / ".config", kernel.headers / "Module.symvers",
             kernel.modules / "modules.dep", kernel.modules / "modules.builtin"]
    sizes = {str(file.relative_to(kernel.directory)): file.stat().st_size for file in files}
    with cache.replacing(kernel.directory / _STAMP) as temporary:
        temporary.write_text(json.dumps(sizes), "utf-8")


def _remove_damaged(source, home):
    for directory in home.glob("*_*"):
        if directory.is_dir() and not _is_whole(directory):
            print(f"vm: {source.name}: {directory} is damaged; making it again", file=sys.stderr)
            shutil.rmtree(directory)


def _update(source, home, refresh):
    state = State(source.suite, source.architecture.name)
    # Nothing is here of a kernel that is fetched for the first time, so the lists may be old.
    if refresh or not (home / "current").is_symlink():
        state.refresh()
    packages = _resolve(source, state)
    tools = crossbuild.tools(source, packages)
    release = packages[0].removeprefix("linux-image-")
    directory = home / f"{release}_{state.version(packages[0])}_{_key(source)}"
    if not directory.exists():
        print(f"vm: fetching {source.summary}: {release}", file=sys.stderr, flush=True)
        with cache.work_folder(home, "unpack", _ROOM_MIB) as work:
            debs = work / "debs"
            debs.mkdir()
            state.download([p for p in packages if p not in tools], debs)
            if tools:
                crossbuild.download(source, tools, debs)
            _unpack(sorted(debs.glob("*.deb")), source, release, work / "root")
            (work / "root").rename(directory)
    return directory


def _resolve(source, state):
    """The concrete packages: the image and its parts, and what it takes to build modules."""
    image = next((p for p in state.depends(source.image) if p.startswith("linux-image-")), None)
    if not image:
        raise VmError(f"{source.suite}: the package {source.image} names no kernel")
    headers = f"linux-headers-{image.removeprefix('linux-image-')}"
    parts = [p for p in state.depends(image) if re.match("linux-(binary|modules)-", p)]
    if source.build_root:
        needed = state.closure([headers, *buildroot.PACKAGES])
    else:
        needed = [p for p in state.depends(headers) if re.match("linux-(headers|kbuild)-", p)]
    return list(dict.fromkeys([image, *parts, headers, *needed]))


def _unpack(debs, source, release, root):
    # base-files comes first: it says that /lib is a link.
    unpacked.unpack(sorted(debs, key=lambda deb: not deb.name.startswith("base-files_")), root)
    _relocate(root, release)
    if source.build_root:
        buildroot.prepare(root, release)
    elif source.architecture.foreign:
        crossbuild.prepare(root, release, source.architecture)
    programs.output("depmod", "-b", root, release)
    image = root / f"boot/vmlinuz-{release}"
    if not image.exists():      # newer packages leave the copying to a script
        image.parent.mkdir(exist_ok=True)
        image.symlink_to(f"../usr/lib/modules/{release}/vmlinuz")
    kernel = vmlinux.extract(image.read_bytes())
    if kernel:
        (root / f"boot/vmlinux-{release}").write_bytes(kernel)
    root.chmod(0o755)


def _relocate(root, release):
    """Makes the packages' absolute paths relative, so nothing of the host is used."""
    headers = root / "usr" / "src" / f"linux-headers-{release}"
    makefile = headers / "Makefile"
    makefile.write_text(re.sub(r"^include /usr/src/",
                               "include $(dir $(lastword $(MAKEFILE_LIST)))../",
                               makefile.read_text(), flags=re.MULTILINE))
    unpacked.relink(root)
