# SPDX-License-Identifier: GPL-2.0
"""Builds a kernel from Debian's kernel source into the cache.

What is kept of it is what a fetched one has: an image, and what it takes to
build modules. The folder's name tells the configuration it was built with.
"""

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import cache, kernels, vmlinux
from .errors import VmError

_TOOLS = ("gcc", "make", "flex", "bison", "bc", "xz")
# 6.1 forbids it on x86-64, where the compiler gives no frame pointer; this kernel has them.
_LIFT = ("lib/Kconfig.debug", "config FAULT_INJECTION_STACKTRACE_FILTER")
_KEEP = (".config", "Makefile", "Kbuild", "Kconfig", "Module.symvers", "include", "scripts",
         "arch/x86/include", "arch/x86/Kbuild", "arch/x86/Makefile", "arch/x86/Makefile.um",
         "arch/x86/Makefile_32.cpu", "arch/x86/tools", "tools/include/linux/types.h",
         "tools/objtool/objtool")


def fetch(source, refresh=False):
    """The Kernel of `source`, built if it is not there yet (or may be of older source)."""
    home = cache.directory() / "kernels" / source.name
    if not refresh and (kernel := _cached(source, home)):
        return kernel
    with cache.lock(f"fetch-{source.name}"):
        if refresh or not (kernel := _cached(source, home)):
            home.mkdir(parents=True, exist_ok=True)
            kernel = _update(source, home)
    return kernel


def _configuration(source):
    return Path(__file__).with_name(source.build)


def _key(source):
    parts = [_configuration(source).read_bytes(), _LIFT, _KEEP]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _cached(source, home):
    with contextlib.suppress(OSError):
        directory = (home / "current").resolve(strict=True)
        if directory.name.endswith(f"_{_key(source)}"):
            return kernels.Kernel(source, directory, directory.name.partition("_")[0])
    return None


def _update(source, home):
    if missing := [tool for tool in _TOOLS if not shutil.which(tool)]:
        raise VmError(f"cannot build the kernel without {', '.join(missing)}: "
                      "run tests/setup build kernel")
    # A build that was killed leaves these; the lock says that nobody uses them.
    for stale in home.glob("build-*"):
        shutil.rmtree(stale)
    with tempfile.TemporaryDirectory(prefix="build-", dir=home) as work:
        work = Path(work)
        try:
            version = _download(source.image, work)
            # Debian's versions have no underscore, but may have a colon.
            tail = f"_{version.replace(':', '-')}_{_key(source)}"
            directory = next(iter(home.glob(f"*{tail}")), None)
            if not directory:
                directory = _make(source, work, home, tail)
        except subprocess.CalledProcessError as error:
            raise VmError(f"cannot build {source.name}: {' '.join(error.cmd)}:\n"
                          f"{error.stdout}{error.stderr}") from error
    with cache.replacing(home / "current") as link:
        link.symlink_to(directory.name)
    return _cached(source, home)


def _download(package, work):
    """Fetches the source package into the folder; its version."""
    # apt downloads as the user _apt when root calls it.
    if os.geteuid() == 0:
        shutil.chown(work, "_apt")
    if not re.search(r"^Package: ", _output("apt-cache", "show", package, check=False)):
        if os.geteuid() != 0:
            raise VmError(f"apt knows no package {package}: run `apt-get update` as root")
        _output("apt-get", "-qq", "update")
    _output("apt-get", "-qq", "download", package, cwd=work)
    deb, = work.glob("*.deb")
    return _output("dpkg-deb", "-f", str(deb), "Version").strip()


def _make(source, work, home, tail):
    """Unpacks, builds, and keeps what is worth it below `home`; that folder."""
    begun = time.monotonic()
    print(f"{source.name}: building {source.image} {tail.split('_')[1]} with {source.build};"
          " this takes minutes", file=sys.stderr)
    deb, = work.glob("*.deb")
    _output("dpkg-deb", "-x", str(deb), str(work / "deb"))
    archive, = (work / "deb/usr/src").glob("*.tar.xz")
    tree = work / "tree"
    tree.mkdir()
    _output("tar", "-xJf", str(archive), "-C", str(tree), "--strip-components=1")
    _configure(source, tree)
    jobs = f"-j{os.cpu_count()}"
    _output("make", "-s", jobs, "bzImage", "modules", cwd=tree)
    release = _output("make", "-s", "kernelrelease", cwd=tree).strip()
    root = work / "root"
    keep(tree, root, release)
    root.chmod(0o755)
    directory = home / f"{release}{tail}"
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
    _output("make", "-s", f"KCONFIG_ALLCONFIG={wanted}", "allnoconfig", cwd=tree)
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
    _output("depmod", "-b", str(root), release)
    headers = root / "usr/src" / f"linux-headers-{release}"
    for name in _KEEP:
        path, copy = tree / name, headers / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, copy, symlinks=True, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("*.o", "*.cmd", "dt-bindings"))
        elif path.exists():
            shutil.copy(path, copy)


def _output(*command, cwd=None, check=True):
    # Variables of a make around this are not for the kernel's.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")}
    try:
        return subprocess.run(command, check=check, capture_output=True, text=True, cwd=cwd,
                              env={**environment, "LC_ALL": "C"}).stdout
    except FileNotFoundError as error:
        raise VmError(f"{command[0]}: not found; this needs Debian's apt, dpkg and kmod "
                      "packages") from error
