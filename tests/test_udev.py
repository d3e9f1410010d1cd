# SPDX-License-Identifier: GPL-2.0
"""The udev rule: /dev/memlab is root's alone, and with the rule, group memlab's too.

By Debian's udev, in a machine of its own; the files are those that
`make install-module` puts there.
"""

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from building import root
from device import PATH, Device
from proxy import Proxy
from refusal import error_of
from target import BUILD, VirtualTarget
from vm import debian, default_payload, kernels

ROOT = Path(__file__).resolve().parents[1]
RULE, GROUP = "usr/lib/udev/rules.d/60-memlab.rules", "usr/lib/sysusers.d/memlab.conf"
# udevd is udevadm by another name
PROGRAMS = ("bin/udevadm", "bin/systemd-sysusers")
UDEVD = "usr/lib/systemd/systemd-udevd"
ALICE = 1000


def make(goal, directory):
    """A goal of the top Makefile, with a DESTDIR."""
    headers = debian.fetch(kernels.find(os.environ.get("KERNEL"))).headers
    subprocess.run(["make", "-s", "-C", ROOT, goal, f"BUILD={BUILD}", f"KDIR={headers}",
                    f"DESTDIR={directory}"], check=True, capture_output=True)


def files(directory):
    """What is there, and with which mode."""
    return {str(path.relative_to(directory)): path.stat().st_mode & 0o777
            for path in directory.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def machine(target, tmp_path_factory):
    """A machine with udev, its rules, and those of `make install-module`."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: installs udev rules")
    tree = tmp_path_factory.mktemp("udev") / "payload"
    shutil.copytree(default_payload(os.environ.get("KERNEL")), tree, symlinks=True)
    make("install-module", tree)
    for program in PROGRAMS:
        shutil.copy(root() / program, tree / "usr/bin")
    (tree / UDEVD).parent.mkdir(parents=True)
    (tree / UDEVD).symlink_to("/usr/bin/udevadm")
    shutil.copy(root() / "lib/udev/rules.d/50-udev-default.rules", tree / RULE.rpartition("/")[0])
    own = VirtualTarget(payload=tree, mem="512M")
    yield own
    problems = own.problems()
    own.close()
    assert not problems


def must(machine, *argv):
    """A command of root there that must succeed: what it prints."""
    result = machine.run(argv)
    assert result.returncode == 0, (argv, result.stderr)
    return result.stdout.decode()


def node(machine):
    """Owner, group and mode of the device node."""
    return must(machine, "stat", "-c", "%U:%G %a", PATH).strip()


@pytest.fixture(scope="module")
def udev(machine):
    """udevd runs, and group memlab is there; gives the name of a function that waits for it."""
    assert node(machine) == "root:root 600"
    must(machine, "systemd-sysusers", f"/{GROUP}")
    must(machine, f"/{UDEVD}", "--daemon")
    must(machine, "udevadm", "control", "--ping")

    def settle(*trigger):
        if trigger:
            must(machine, "udevadm", "trigger", *trigger)
        must(machine, "udevadm", "settle", "--timeout=60")
    yield settle
    must(machine, "udevadm", "control", "--exit")


def test_installed(tmp_path):
    """`make install-module` puts three files below DESTDIR; uninstall removes them."""
    make("install-module", tmp_path)
    module, = [name for name in files(tmp_path) if name.endswith("/extra/memlab.ko")]
    assert files(tmp_path) == {module: 0o644, RULE: 0o644, GROUP: 0o644}
    assert (tmp_path / RULE).read_bytes() == (ROOT / "driver/60-memlab.rules").read_bytes()
    make("uninstall-module", tmp_path)
    assert not files(tmp_path)


def test_group(machine, udev):
    """The group is a system group without members."""
    # pylint: disable=unused-argument
    line, = [line for line in machine.get("/etc/group").decode().splitlines()
             if line.startswith("memlab:")]
    _, _, gid, members = line.split(":")
    assert 0 < int(gid) < 1000 and not members


def test_trigger(machine, udev):
    """For a module that was there before udev: after `udevadm trigger`."""
    must(machine, "chown", "root:root", PATH)
    must(machine, "chmod", "600", PATH)
    udev("--action=add", "/sys/class/misc/memlab")
    assert node(machine) == "root:memlab 660"
    # another device of the same subsystem is not touched
    assert must(machine, "stat", "-c", "%G", "/dev/cpu_dma_latency").strip() == "root"


def test_load(machine, udev):
    """And at once when the module is loaded."""
    for _ in range(3):
        must(machine, "rmmod", "memlab")
        assert machine.run(["test", "-e", PATH]).returncode
        must(machine, "insmod", *machine.module_line())
        udev()
        assert node(machine) == "root:memlab 660"


def test_members(machine, udev):
    """A member of the group opens the device, and sees no addresses; another user does not."""
    udev("--action=add", "/sys/class/misc/memlab")
    gid = int(must(machine, "stat", "-c", "%g", PATH))
    with Proxy(machine) as member, Proxy(machine, user="bob") as stranger:
        member.call("setgroups", 1, struct.pack("<I", gid))
        member.call("setresgid", ALICE, ALICE, ALICE)
        member.call("setresuid", ALICE, ALICE, ALICE)
        with Device(member) as own:
            made = own.alloc(2, 4096)
            assert own.query(made.id).phys == 0
        assert error_of(Device, stranger) == "EACCES"


def test_without_rule(machine, udev):
    """Without the rule, udev leaves the node as the driver made it."""
    must(machine, "mv", f"/{RULE}", "/root/rule")
    must(machine, "udevadm", "control", "--reload")
    must(machine, "rmmod", "memlab")
    must(machine, "insmod", *machine.module_line())
    udev("--action=add", "/sys/class/misc/memlab")
    assert node(machine) == "root:root 600"
    must(machine, "mv", "/root/rule", f"/{RULE}")
    must(machine, "udevadm", "control", "--reload")
    udev("--action=add", "/sys/class/misc/memlab")
    assert node(machine) == "root:memlab 660"
