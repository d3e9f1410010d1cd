# SPDX-License-Identifier: GPL-2.0
"""make, as a test runs it, and what builds programs for the target."""

import os
import subprocess

from vm import kernels, sysroot

# Variables of a make around the tests, which are not for this one.
NOT_OURS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")


def make(folder, *arguments):
    """Runs make there; what it printed becomes an error when it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    done = subprocess.run(["make", "-s", "-C", folder, *arguments], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout)


def architecture():
    """The target's."""
    return kernels.find(os.environ.get("KERNEL")).architecture


def root():
    """The folder below which programs of the target's architecture are, as "usr/bin/NAME"."""
    return sysroot.root(architecture())


def variables():
    """Those of make with which it builds for the target: {"CC": ...}; none for this computer."""
    return sysroot.variables(architecture())


def compiler():
    """The command that compiles C for the target."""
    return sysroot.compiler(architecture())
