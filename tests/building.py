# SPDX-License-Identifier: GPL-2.0
"""make, as a test runs it."""

import os
import subprocess

# Variables of a make around the tests, which are not for this one.
NOT_OURS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "BUILD")


def make(folder, *arguments):
    """Runs make there; what it printed becomes an error when it fails."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    done = subprocess.run(["make", "-s", "-C", folder, *arguments], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout)
