# SPDX-License-Identifier: GPL-2.0
"""Builds the guest's root file system.

It is two archives joined: a base that depends on the kernel and the host's
programs only, and is kept in the cache, and the payload. Neither is
compressed: QEMU copies faster than an emulated guest unpacks.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import cache
from .cpio import Archive
from .errors import VmError

_HERE = Path(__file__).parent
_MODULES = ("virtio_pci", "virtio_console")
_KMOD_LINKS = ("depmod", "insmod", "lsmod", "modinfo", "modprobe", "rmmod")
_DIRECTORIES = ("dev", "proc", "sys", "tmp", "run", "mnt", "var/tmp", "usr/local/bin")
_USERS = {"alice": 1000, "bob": 1001}
_PASSWD = "".join((
    "root:x:0:0:root:/root:/bin/sh\n",
    *(f"{name}:x:{uid}:{uid}:{name}:/home/{name}:/bin/sh\n" for name, uid in _USERS.items()),
    "nobody:x:65534:65534:nobody:/:/bin/false\n"))
# For the interactive shell, which is busybox's for its line editing.
_PROFILE = "".join(f"alias {name}=/sbin/{name}\n" for name in _KMOD_LINKS)
_GROUP = "".join((
    "root:x:0:\n", *(f"{name}:x:{uid}:\n" for name, uid in _USERS.items()),
    "nogroup:x:65534:\n"))


def build(kernel, payload, path):
    """Writes the initramfs for `kernel` with the tree `payload` (or None) to `path`."""
    with open(path, "wb") as file:
        file.write(_base(kernel).read_bytes())
        if payload:
            archive = Archive()
            archive.tree(payload)
            for library in _libraries([p for p in payload.rglob("*") if _is_elf(p)], payload):
                archive.copy(library, str(library))
            file.write(archive.data())


def _base(kernel):
    busybox, kmod = _program("busybox", "busybox-static"), _program("kmod", "kmod")
    # busybox as /bin/sh would run its own insmod whatever PATH says.
    shell = _program("dash", "dash")
    agent = _agent(kernel.source.architecture)
    key = [agent, kernel.directory]
    for source in (busybox, kmod, shell, _HERE / "init", _HERE / "initramfs.py", _HERE / "cpio.py"):
        key += [source, source.stat().st_mtime_ns]
    digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    path = cache.directory() / f"base-{kernel.source.name}-{digest}.cpio"
    if path.exists():
        return path

    archive = Archive()
    for name in _DIRECTORIES:
        archive.directory(name)
    archive.directory("root", 0o700)
    for name, uid in _USERS.items():
        archive.directory(f"home/{name}", 0o700, uid)
    archive.file("etc/passwd", _PASSWD.encode())
    archive.file("etc/group", _GROUP.encode())
    archive.file("etc/profile", _PROFILE.encode())
    archive.copy(_HERE / "init", "init")
    archive.copy(agent, "lib/vm/agent")
    archive.copy(busybox, "bin/busybox")
    for applet in _output([str(busybox), "--list-full"]).split():
        if applet not in ("bin/busybox", "bin/sh"):
            archive.symlink(applet, "/bin/busybox")
    for library in _libraries([kmod, shell]):
        archive.copy(library, str(library))
    archive.copy(shell, "bin/sh")
    archive.copy(kmod, "bin/kmod")
    for name in _KMOD_LINKS:
        archive.symlink(f"sbin/{name}", "/bin/kmod")
    lines = []
    for module in _module_order(kernel):
        archive.copy(kernel.modules / module, f"lib/vm/{os.path.basename(module)}")
        lines.append(f"/lib/vm/{os.path.basename(module)}\n")
    archive.file("lib/vm/modules", "".join(lines).encode())

    with cache.lock("base"), cache.replacing(path) as temporary:
        temporary.write_bytes(archive.data())
        for stale in path.parent.glob(f"base-{kernel.source.name}-*.cpio"):
            stale.unlink()
    return path


def _agent(architecture):
    files = sorted(_HERE.glob("agent*.[ch]"))
    contents = [(file.name, file.read_bytes()) for file in files]
    digest = hashlib.sha256(repr(contents).encode()).hexdigest()[:16]
    path = cache.directory() / f"agent-{architecture.name}-{digest}"
    if not path.exists():
        compiler = _program(architecture.compiler, "gcc and libc6-dev")
        with cache.lock("agent"), cache.replacing(path) as temporary:
            _output([str(compiler), "-static", "-O2", "-s", "-Wall", "-Wextra",
                     "-o", str(temporary), *(str(file) for file in files if file.suffix == ".c")])
    return path


def _module_order(kernel):
    """The modules the agent's port needs, each after those that it depends on."""
    builtin = (kernel.modules / "modules.builtin").read_text()
    needs = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        module, _, dependencies = line.partition(":")
        needs[module] = dependencies.split()
    order = []
    for name in _MODULES:
        if f"/{name}.ko" in builtin:
            continue
        module = next((m for m in needs if re.search(rf"/{name}\.ko\b", m)), None)
        if not module:
            raise VmError(f"kernel {kernel.release} has no module {name}")
        # modules.dep lists the nearest dependency first.
        order += [m for m in (*reversed(needs[module]), module) if m not in order]
    return order


def _libraries(programs, payload=None):
    """The host's shared libraries, with the loader, that programs need."""
    if not programs:
        return []
    own = sorted({str(p.parent) for p in payload.rglob("*.so*")}) if payload else []
    text = _output(["ldd", *map(str, programs)], env={"LD_LIBRARY_PATH": ":".join(own)},
                   check=False)
    if missing := re.findall(r"^\s*(\S+) => not found", text, re.MULTILINE):
        raise VmError(f"the payload needs libraries that are not here: {' '.join(missing)}")
    found = re.findall(r"^\s*(?:\S+ => )?(/\S+) \(0x", text, re.MULTILINE)
    return sorted({Path(p) for p in found if not payload or payload not in Path(p).parents})


def _is_elf(path):
    if path.is_symlink() or not path.is_file() or path.suffix == ".ko":
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def _program(name, package):
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/bin")
    if not path:
        raise VmError(f"{name} not found: install Debian's {package}")
    return Path(path)


def _output(command, env=None, check=True):
    try:
        return subprocess.run(command, check=check, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**os.environ, **(env or {})}).stdout
    except subprocess.CalledProcessError as error:
        raise VmError(f"{' '.join(command)}:\n{error.stderr}") from error
