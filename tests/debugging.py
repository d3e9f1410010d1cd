# SPDX-License-Identifier: GPL-2.0
"""Machines with the debug kernel, one for each experiment that ends in complaints.

A test file imports the fixture that it uses.
"""

import os

import pytest

from target import VirtualTarget
from vm import debian, kernels

FAULTS = ("failslab", "fail_page_alloc")
# What a call may say when it finds no memory; a netlink socket says ENOBUFS.
NO_MEMORY = {"ENOMEM", "ENOBUFS"}


@pytest.fixture(scope="session", name="debug_kernel")
def debug_kernel_fixture():
    """The kernel that catches mistakes; skips where it is another one."""
    source = kernels.find(os.environ.get("KERNEL"))
    if os.environ.get("TARGET", "vm") != "vm" or not source.build:
        pytest.skip("needs KERNEL=debug: make check-debug")
    return debian.fetch(source)


def boot(**options):
    """A machine whose kernel goes on after an oops."""
    machine = VirtualTarget(mem="1G", **options)
    done = machine.run(["sh", "-c", "echo 0 >/proc/sys/kernel/panic_on_oops"])
    assert not done.returncode, done.stderr
    return machine


def prepare_faults(machine):
    """Lets fail-nth fail any allocation, in silence."""
    settings = {"ignore-gfp-wait": "N", "verbose": "0"}
    script = [f"echo {value} >/sys/kernel/debug/{fault}/{name}"
              for fault in FAULTS for name, value in settings.items()]
    script += ["echo 0 >/sys/kernel/debug/fail_page_alloc/min-order"]
    done = machine.run(["sh", "-ec", "\n".join(script)])
    assert not done.returncode, done.stderr
