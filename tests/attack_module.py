# SPDX-License-Identifier: GPL-2.0
"""The module, loaded and unloaded in a machine of its own: other tests must not find it gone.

A plugin of the files that name it.
"""

import re

import pytest

import facts
from device import PATH
from proxy import Proxy
from target import VirtualTarget

PAGE = 4096


class Module:
    """The module in a machine."""

    def __init__(self, machine):
        self.machine = machine
        self.file = machine.module_line()[0]

    def load(self, *parameters):
        """insmod: what it says; empty when it did."""
        result = self.machine.run(["insmod", self.file, *parameters])
        return result.stderr.decode() if result.returncode else ""

    def unload(self):
        """rmmod: what it says; empty when it did."""
        result = self.machine.run(["rmmod", "memlab"])
        return result.stderr.decode() if result.returncode else ""

    def loaded(self):
        """Whether it is there, by all signs; they must agree."""
        signs = {not self.machine.run(["test", "-e", path]).returncode
                 for path in (PATH, "/sys/module/memlab", "/sys/class/misc/memlab")}
        assert len(signs) == 1
        assert signs == {b"memlab " in self.machine.get("/proc/modules")}
        assert signs == {b" memlab\n" in self.machine.get("/proc/misc")}
        return signs.pop()

    def ensure(self):
        """It is there, as it was at boot."""
        self.unload()
        assert self.load() == ""

    def areas(self):
        """Lines of vmalloc memory that it asked for."""
        return [line for line in self.machine.get("/proc/vmallocinfo").decode().splitlines()
                if "[memlab]" in line]

    def caches(self):
        """Slab caches of its users."""
        return [line.split()[0] for line in self.machine.get("/proc/slabinfo").decode().splitlines()
                if line.startswith("memlab-")]

    def _reclaim(self):
        self.machine.run(["sh", "-c", "echo 3 >/proc/sys/vm/drop_caches"])

    def memory(self, name):
        """A line of /proc/meminfo in bytes, without what the kernel keeps to reclaim later."""
        self._reclaim()
        text = self.machine.get("/proc/meminfo").decode()
        return 1024 * int(re.search(rf"^{name}: +(\d+)", text, re.MULTILINE)[1])

    def free(self):
        """Bytes free, those that a CPU keeps for itself included, which MemFree leaves out."""
        self._reclaim()
        return facts.free_pages(self.machine) * PAGE

    def in_use(self):
        """Whether rmmod says that somebody uses it."""
        return "in use" in self.unload()


@pytest.fixture(scope="module")
def machine(target, request):
    """A machine of this file's own; with the options that it names as MACHINE."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: the module of this computer stays loaded")
    own = VirtualTarget(**{"mem": "512M", "parallel": True,
                           **getattr(request.module, "MACHINE", {})})
    own.run(["sh", "-c", "echo 1 >/proc/sys/kernel/kptr_restrict"])
    yield own
    problems = own.problems()
    own.close()
    assert not problems


@pytest.fixture
def module(machine):
    """The module there, loaded again when the test is over."""
    there = Module(machine)
    yield there
    there.ensure()


@pytest.fixture
def other(machine):
    """Starts processes there: other(user)."""
    started = []

    def start(user=None):
        started.append(Proxy(machine, user=user))
        return started[-1]
    yield start
    for proxy in started:
        if not proxy.ended:
            proxy.kill()
