# SPDX-License-Identifier: GPL-2.0
"""The table of kernels, and what is known of one that is in the cache."""

import dataclasses
import functools
import platform
from pathlib import Path
import tomllib

from .apt import host_release
from .errors import UnknownKernel


@dataclasses.dataclass(frozen=True)
class Architecture:
    """How to emulate a processor architecture; the fields of kernels.toml."""

    name: str
    host: str           # the machine that KVM can run it on, as uname -m says
    kernel: str         # the kernel's name of it, ARCH
    triplet: str        # the compiler's name of it
    qemu: str
    machine: tuple
    console: str
    append: str

    @property
    def foreign(self):
        """Whether this computer cannot run its programs."""
        return self.host != platform.machine()


@dataclasses.dataclass(frozen=True)
class Source:
    """A line of the table: where a kernel comes from."""

    name: str
    summary: str
    architecture: Architecture
    suite: str                  # the suite of Debian
    image: str                  # its package: an image, or the source of one that is built
    build: str = ""             # the configuration to build it with
    append: str = ""            # more of its command line
    matrix: bool = True         # belongs to `make check-matrix`

    @property
    def build_root(self):
        """Whether modules are built with the suite's programs: the host may have other ones."""
        return not (self.build or self.architecture.foreign or self.suite == host_release())

    @property
    def home(self):
        """The name of the cache's folder for kernels of this source."""
        return f"{self.name}-{self.suite}{'-root' if self.build_root else ''}"


@dataclasses.dataclass(frozen=True)
class Kernel:
    """A kernel that was fetched."""

    source: Source
    directory: Path     # the packages, unpacked
    release: str

    @property
    def vmlinuz(self):
        """The image as distributed."""
        return self.directory / "boot" / f"vmlinuz-{self.release}"

    @property
    def bootable(self):
        """The image to boot: the uncompressed one where it could be made."""
        vmlinux = self.directory / "boot" / f"vmlinux-{self.release}"
        return vmlinux if vmlinux.exists() else self.vmlinuz

    @property
    def modules(self):
        """The folder of the kernel's own modules."""
        return self.directory / "lib" / "modules" / self.release

    @property
    def headers(self):
        """The folder to build modules in (make -C)."""
        if self.source.build_root or self.source.architecture.foreign:
            return self.directory / "build"
        return self.directory / "usr" / "src" / f"linux-headers-{self.release}"


@functools.cache
def _table():
    with open(Path(__file__).with_name("kernels.toml"), "rb") as file:
        return tomllib.load(file)


def default():
    """The name of the kernel of the host's Debian; of the newest Debian on other hosts."""
    choices = _table()["default"]
    return choices.get(host_release(), choices["other"])


def names():
    """All kernels, the default first."""
    return sorted(_table()["kernel"], key=lambda name: (name != default(), name))


def find(name=None):
    """The Source called `name`, or the default one."""
    table = _table()
    name = name or default()
    if name not in table["kernel"]:
        known = "\n".join(f"  {n:12} {table['kernel'][n]['summary']}" for n in names())
        raise UnknownKernel(f"unknown kernel '{name}'; the known ones are:\n{known}")
    fields = dict(table["kernel"][name])
    architecture = fields.pop("architecture")
    images = fields.pop("image")
    suite = host_release() if host_release() in images else next(iter(images))
    return Source(name=name, architecture=_architecture(architecture), suite=suite,
                  image=images[suite], **fields)


def _architecture(name):
    fields = dict(_table()["architecture"][name])
    return Architecture(name=name, machine=tuple(fields.pop("machine")), **fields)
