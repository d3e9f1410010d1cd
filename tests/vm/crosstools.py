# SPDX-License-Identifier: GPL-2.0
"""Compilers for an architecture that this computer is not, unpacked from their packages.

They cannot be installed beside gcc-multilib, which this computer's own 32-bit programs need.
"""

import platform
import re

from . import unpacked
from .apt import host_release
from .errors import VmError

# The release that Debian's kernels were built with, and that their headers ask for by name.
GCC = "gcc-12"
_TRIPLET32 = {"arm64": "arm-linux-gnueabihf"}
_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}
# Of what these need, that which the host's own compiler does not bring.
_OWN = re.compile("aarch64|arm|cross|binutils|jansson|libcc1")


def here():
    """Debian's name of this computer's architecture."""
    return _NAMES.get(platform.machine(), platform.machine())


def root(architecture):
    """The folder that has the compilers' /usr."""
    if here() == architecture.name or architecture.name not in _TRIPLET32:
        raise VmError(f"no compiler for {architecture.name} is known on {here()}")
    triplet32 = _TRIPLET32[architecture.name]
    return unpacked.folder(
        f"cross-{architecture.name}", host_release(), here(),
        [f"{GCC}-{architecture.triplet}", f"{GCC}-{triplet32}", "libc6-dev-armhf-cross"],
        _OWN.search)


def libraries(architecture):
    """The folder with those of the compilers, for LD_LIBRARY_PATH."""
    return root(architecture) / "usr" / "lib" / f"{platform.machine()}-linux-gnu"


def prefix(architecture):
    """CROSS_COMPILE: what the paths of compiler and binutils begin with."""
    return f"{root(architecture)}/usr/bin/{architecture.triplet}-"


def compiler(architecture, bits=64):
    """The command that compiles C."""
    triplet = architecture.triplet if bits == 64 else _TRIPLET32[architecture.name]
    return ["env", f"LD_LIBRARY_PATH={libraries(architecture)}",
            f"{root(architecture)}/usr/bin/{triplet}-{GCC}"]
