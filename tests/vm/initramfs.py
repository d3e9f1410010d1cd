# SPDX-License-Identifier: GPL-2.0
"""Builds the guest's root file system.

It is two archives joined: a base that depends on the kernel and the host's
programs only, and is kept in the cache, and the payload. Neither is
compressed: QEMU copies faster than an emulated guest unpacks.
"""

import os
import re
from pathlib import Path

from . import cache, programs, sysroot
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
            root = sysroot.root(kernel.source.architecture)
            files = [path for path in payload.rglob("*") if _is_elf(path)]
            for name, library in _libraries(files, root, payload):
                archive.copy(library, name)
            file.write(archive.data())


def _base(kernel):
    root = sysroot.root(kernel.source.architecture)
    # busybox as /bin/sh would run its own insmod whatever PATH says.
    busybox, kmod, shell = (programs.path(name, root) for name in ("busybox", "kmod", "dash"))
    copies = [
        (_HERE / "init", "init"),
        (_agent(kernel.source.architecture), "lib/vm/agent"),
        (busybox, "bin/busybox"),
        (shell, "bin/sh"),
        (kmod, "bin/kmod"),
        *((library, name) for name, library in _libraries([kmod, shell], root)),
        *((kernel.modules / name, f"lib/vm/{os.path.basename(name)}")
          for name in _module_order(kernel)),
    ]
    recipe = [(_HERE / name, name) for name in ("initramfs.py", "cpio.py")]
    key = [(name, cache.digest(source.read_bytes())) for source, name in recipe + copies]
    return cache.made(f"base-{kernel.source.name}", key,
                      lambda path: path.write_bytes(_base_archive(copies)))


def _base_archive(copies):
    archive = Archive()
    for name in _DIRECTORIES:
        archive.directory(name)
    archive.directory("root", 0o700)
    for name, uid in _USERS.items():
        archive.directory(f"home/{name}", 0o700, uid)
    archive.file("etc/passwd", _PASSWD.encode())
    archive.file("etc/group", _GROUP.encode())
    archive.file("etc/profile", _PROFILE.encode())
    for source, name in copies:
        archive.copy(source, name)
    # The guest's busybox is of the same release as the host's, and has the same applets.
    for applet in programs.output("busybox", "--list-full").split():
        if applet not in ("bin/busybox", "bin/sh"):
            archive.symlink(applet, "/bin/busybox")
    for name in _KMOD_LINKS:
        archive.symlink(f"sbin/{name}", "/bin/kmod")
    modules = [f"/{name}\n" for _, name in copies if ".ko" in name]
    archive.file("lib/vm/modules", "".join(modules).encode())
    return archive.data()


def _agent(architecture):
    files = sorted(_HERE.glob("agent*.[ch]"))
    sources = [file for file in files if file.suffix == ".c"]
    compiler = sysroot.compiler(architecture)
    return cache.made(
        f"agent-{architecture.name}", [file.read_bytes() for file in files],
        lambda path: programs.output(*compiler, "-static", "-O2", "-s", "-Wall", "-Wextra",
                                     "-o", path, *sources, what="cannot build the agent"))


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


def _libraries(files, root, payload=None):
    """The shared libraries, with the loader, that programs need: (path in the guest, file)."""
    own = {path.name for path in payload.rglob("*.so*")} if payload else set()
    found, missing, queue = {}, set(), list(files)
    while queue:
        text = programs.output("readelf", "-dlW", queue.pop())
        wanted = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
        wanted += re.findall(r"program interpreter: (.*)\]", text)
        private = re.findall(r"\((?:RUN|R)PATH\).*\[(.*)\]", text)
        for name in wanted:
            if name in own or name in found:
                continue
            file = _library(name, root, ":".join(private).split(":"))
            if file:
                found[name] = file
                queue.append(root / file.lstrip("/"))
            else:
                missing.add(name)
    if missing:
        raise VmError("the payload needs libraries that are not here: "
                      + " ".join(sorted(missing)))
    return sorted((file, root / file.lstrip("/")) for file in set(found.values()))


def _library(name, root, private):
    """The path that a library of that name has for the loader; private folders come first."""
    if name.startswith("/"):
        return name if (root / name.lstrip("/")).exists() else None
    for folder in (*private, "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*"):
        for path in sorted(root.glob(f"{folder.lstrip('/')}/{name}")) if folder else ():
            return f"/{path.relative_to(root)}"
    return None


def _is_elf(path):
    if path.is_symlink() or not path.is_file() or path.suffix == ".ko":
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"
