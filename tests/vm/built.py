# SPDX-License-Identifier: GPL-2.0
"""Builds a kernel from Debian's kernel source into the cache.

What is kept of it is what a fetched one has: an image, and what it takes to
build modules. The folder's name tells the configuration it was built with.
"""

import hashlib
import os
import re
import shutil
import sys
import time
from pathlib import Path

from . import cache, programs, vmlinux
from .apt import State
from .errors import VmError

# Source tree, objects and packages while the kernel is built, as measured for 6.1.
_ROOM_MIB = 6144
_TOOLS = ("gcc", "make", "flex", "bison", "bc", "tar", "xz", "depmod")
# 6.1 forbids it on x86-64, where the compiler gives no frame pointer; this kernel has them.
_LIFT = ("lib/Kconfig.debug", "config FAULT_INJECTION_STACKTRACE_FILTER")
_KEEP = (".config", "Makefile", "Kbuild", "Kconfig", "Module.symvers", "include", "scripts",
         "arch/x86/include", "arch/x86/Kbuild", "arch/x86/Makefile", "arch/x86/Makefile.um",
         "arch/x86/Makefile_32.cpu", "arch/x86/tools", "tools/include/linux/types.h",
         "tools/objtool/objtool")


def _configuration(source):
    return Path(__file__).with_name(source.build)


def key(source):
    """What else than the source the kernel depends on; the end of its folder's name."""
    parts = [_configuration(source).read_bytes(), _LIFT, _KEEP]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def update(source, home, refresh):
    """Builds the kernel of the newest source below `home`, if it is not there; its folder."""
    programs.need(*_TOOLS)
    state = State(source.suite, source.architecture.name)
    if refresh:
        state.refresh()
    # Debian's versions have no underscore, but may have a colon.
    tail = f"_{state.version(source.image).replace('%3a', '-')}_{key(source)}"
    directory = next(iter(home.glob(f"*{tail}")), None)
    if not directory:
        with cache.work_folder(home, "build", _ROOM_MIB) as work:
            deb, = state.download([source.image], work)
            directory = _make(source, deb, work, home / tail)
    return directory


def _make(source, deb, work, target):
    """Unpacks, builds, and keeps what is worth it, in `target` with the release before its name."""
    begun = time.monotonic()
    print(f"{source.name}: building {source.image} {target.name.split('_')[1]} with "
          f"{source.build}; this takes minutes", file=sys.stderr)
    programs.output("dpkg-deb", "-x", deb, work / "deb")
    archive, = (work / "deb/usr/src").glob("*.tar.xz")
    tree = work / "tree"
    tree.mkdir()
    programs.output("tar", "-xJf", archive, "-C", tree, "--strip-components=1")
    _configure(source, tree)
    jobs = f"-j{os.cpu_count()}"
    programs.output("make", "-s", jobs, "bzImage", "modules", cwd=tree)
    release = programs.output("make", "-s", "kernelrelease", cwd=tree).strip()
    root = work / "root"
    keep(tree, root, release)
    root.chmod(0o755)
    directory = target.with_name(f"{release}{target.name}")
    root.rename(directory)
    print(f"{source.name}: built in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return directory


def _configure(source, tree):
    file, symbol = _LIFT
    path = tree / file
    text, count = re.subn(rf"(^{symbol}\n(?:\t.*\n)*?)\tdepends on !X86_64\n", r"\1",
                          path.read_text(), flags=re.MULTILINE)
    if count > 1:
        raise VmError(f"{file}: {count} times: {symbol}")
    path.write_text(text, "utf-8")
    wanted = _configuration(source)
    # Not merge_config, with which symbols that default to y would creep back.
    programs.output("make", "-s", f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig", cwd=tree)
    if lost := untaken(wanted.read_text("ascii"),
                       (tree / ".config").read_text("ascii")):
        raise VmError(f"{source.build}: the kernel's configuration does not take\n  " +
                      "\n  ".join(lost))


def untaken(wanted, configuration):
    """The lines of a fragment that are not so in a configuration."""
    lines = set(configuration.splitlines())
    return [line for line in wanted.splitlines()
            if (match := re.match(r"(# )?(CONFIG_\w+)", line)) and line not in lines and
            not (match[1] and f"\n{match[2]}=" not in f"\n{configuration}")]


def keep(tree, root, release):
    """Copies of a built tree what a Kernel has, to the folder `root`."""
    boot, modules = root / "boot", root / "lib/modules" / release
    boot.mkdir(parents=True)
    modules.mkdir(parents=True)
    image = (tree / "arch/x86/boot/bzImage").read_bytes()
    (boot / f"vmlinuz-{release}").write_bytes(image)
    if unpacked := vmlinux.extract(image):
        (boot / f"vmlinux-{release}").write_bytes(unpacked)
    for name in ("modules.builtin", "modules.order"):
        shutil.copy(tree / name, modules)
    programs.output("depmod", "-b", root, release)
    headers = root / "usr/src" / f"linux-headers-{release}"
    for name in _KEEP:
        path, copy = tree / name, headers / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, copy, symlinks=True, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("*.o", "*.cmd", "dt-bindings"))
        elif path.exists():
            shutil.copy(path, copy)
