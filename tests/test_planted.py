# SPDX-License-Identifier: GPL-2.0
"""The debug kernel and the harness see the mistakes that they are there to see.

Each patch in tests/planted puts one into a copy of the driver.
"""

import os
import subprocess
from pathlib import Path

import pytest

import patched
from debugging import boot, debug_kernel_fixture, prepare_faults

__all__ = ["debug_kernel_fixture"]

PLANTED = Path(__file__).with_name("planted")
TRY = "memlab try kmalloc 100"
# What makes it happen, and what the kernel must say.
EXPECTED = {
    "use-after-free": (TRY, "use-after-free in memlab_"),
    "leak": ("failnth alloc-kmalloc", "memlab_buffer_prepare+"),
    "lock-order": (TRY, "WARNING: possible circular locking dependency detected"),
    # of 100 bytes, the driver may use 128: one more would be within them
    "out-of-bounds": ("memlab try kmalloc 128", "slab-out-of-bounds in memlab_"),
    "shift": (TRY, "UBSAN: shift-out-of-bounds in "),
    "sleep-in-atomic": (TRY, "BUG: sleeping function called from invalid context at "),
}


def test_each_patch_is_expected():
    """Every patch is tried, without the debug kernel too."""
    assert sorted(EXPECTED) == sorted(path.stem for path in PLANTED.glob("*.patch"))


def plant(directory, name):
    """Applies a patch to a copy of the sources, which is in no repository."""
    done = subprocess.run(["git", "apply", PLANTED / f"{name}.patch"], cwd=directory, text=True,
                          capture_output=True, check=False,
                          env={**os.environ, "GIT_CEILING_DIRECTORIES": str(directory.parent)})
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_patch_applies(tmp_path, name):
    """No patch has fallen behind the driver, which is found without the debug kernel too."""
    patched.sources(tmp_path)
    plant(tmp_path, name)


@pytest.mark.usefixtures("debug_kernel")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_planted(tmp_path, name):
    """The mistake is reported, by its name."""
    command, expected = EXPECTED[name]
    machine = boot(payload=patched.payload(tmp_path, lambda folder: plant(folder, name)))
    try:
        assert not machine.boot_problems
        prepare_faults(machine)
        machine.run(["sh", "-c", command])
        verdict = machine.verdict()
    finally:
        machine.close()
    assert any(expected in line for line in verdict), "\n".join(verdict)
