# SPDX-License-Identifier: GPL-2.0
"""Where an architecture's programs and libraries are: here, or unpacked from its packages."""

from pathlib import Path

from . import crosstools, unpacked
from .apt import host_release

# What goes into the guest, and what programs for it are linked with.
PACKAGES = ("busybox-static", "dash", "kmod", "libc6-dev", "libjson-c-dev", "libnl-3-dev",
            "libnl-genl-3-dev", "libsmartcols-dev", "python3", "python3-yaml", "systemd",
            "trace-cmd", "udev")


def root(architecture):
    """The folder that has its /usr."""
    if not architecture.foreign:
        return Path("/")
    return unpacked.folder(f"sysroot-{architecture.name}", host_release(), architecture.name,
                           PACKAGES)


def compiler(architecture):
    """The command that compiles C for it."""
    if not architecture.foreign:
        return ["gcc"]
    return [*crosstools.compiler(architecture), f"--sysroot={root(architecture)}"]


def variables(architecture):
    """Of make: what builds programs for it."""
    if not architecture.foreign:
        return {}
    top = root(architecture)
    folders = (f"usr/lib/{architecture.triplet}", "usr/lib", "usr/share")
    return {
        "CC": " ".join(compiler(architecture)),
        "CC32": " ".join(crosstools.compiler(architecture, 32)),
        "AR": f"env LD_LIBRARY_PATH={crosstools.libraries(architecture)}"
              f" {crosstools.prefix(architecture)}ar",
        "STRIP": f"env LD_LIBRARY_PATH={crosstools.libraries(architecture)}"
                 f" {crosstools.prefix(architecture)}strip",
        "PKG_CONFIG": f"env PKG_CONFIG_SYSROOT_DIR={top} PKG_CONFIG_LIBDIR="
                      + ":".join(f"{top}/{folder}/pkgconfig" for folder in folders)
                      + " pkg-config",
    }
