# SPDX-License-Identifier: GPL-2.0
"""The example that decodes events by the YAML specification alone, in plain Python.

There is no Python in the machine otherwise: this one has the files that the example needs.
"""

import os
import re
import shutil
import signal
import subprocess
import sysconfig
from pathlib import Path

import pytest

from abi import KMALLOC, VMALLOC, Gfp
from building import architecture, root
from device import Device
from proxy import Proxy
from target import PATIENCE, VirtualTarget
from vm.payload import default_payload

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE, SPEC = "Documentation/examples/events.py", "Documentation/netlink/specs/memlab.yaml"
PYTHON = "/usr/bin/python3"
MULTIARCH = sysconfig.get_config_var("MULTIARCH")
# Without what other packages of this computer have loaded whenever Python starts.
LOADED = """
import runpy, site, sys
sys.path.append("/usr/lib/python3/dist-packages")
runpy.run_path(sys.argv[1])
print(*[module.__file__ for module in list(sys.modules.values())
        if str(getattr(module, "__file__", None)).startswith("/usr/")])
"""


@pytest.fixture(scope="module")
def machine(target, tmp_path_factory):
    """One with Python, where every user may open the device."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: the example listens to all users")
    tree = tmp_path_factory.mktemp("python") / "payload"
    shutil.copytree(default_payload(os.environ.get("KERNEL")), tree, symlinks=True)
    files = subprocess.run([PYTHON, "-I", "-S", "-c", LOADED, ROOT / EXAMPLE], check=True,
                           text=True, stdout=subprocess.PIPE).stdout.split()
    names = [name.replace(MULTIARCH, architecture().triplet) for name in (PYTHON, *files)]
    for source, name in [(root() / name.lstrip("/"), name) for name in names] + [
            (ROOT / name, f"memlab/{name}") for name in (EXAMPLE, SPEC)]:
        copy = tree / name.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    # compiling all of it in an emulated machine takes long
    subprocess.run([PYTHON, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
                    tree / "usr/lib"], check=True)
    with_python = VirtualTarget(payload=tree)
    with_python.run(["chmod", "666", "/dev/memlab"])
    yield with_python
    problems = with_python.problems()
    with_python.close()
    assert not problems


@pytest.fixture
def listening(machine):
    """Starts the example, and waits until it listens."""
    started = []

    def start(*options, user=None):
        process = machine.spawn([PYTHON, f"/memlab/{EXAMPLE}", *options], user=user)
        started.append(process)
        assert process.readline(PATIENCE) == b"listening\n", process.stderr_so_far()
        return process
    yield start
    for process in started:
        process.signal(signal.SIGKILL)
        process.wait(PATIENCE)


def words(line):
    """name=value pairs of a line."""
    return dict(re.findall(r"([\w-]+)=(\[.*?\]|\S+)", line.decode()))


def test_own(machine, listening):
    """An ordinary user hears of their own buffers, in order, each field by its name."""
    process = listening("6", user="alice")
    with Proxy(machine, user="bob") as bob, Device(bob) as his, \
            Proxy(machine, user="alice") as alice, Device(alice) as hers:
        made = hers.alloc(VMALLOC, 8192, gfp=Gfp.USER | Gfp.ZERO)
        his.free(his.alloc(KMALLOC, 64).id)
        alice.munmap(hers.map(made), 8192)
        hers.resize(hers.alloc(KMALLOC, 64).id, 100)
        hers.free(made.id)
        lines = [words(process.readline(PATIENCE)) for _ in range(6)]
        pid = alice.pid
    assert process.readline(PATIENCE) == b"6 events, 0 of them lost\n"
    assert [line["type"] for line in lines] == [
        "allocated", "mapped", "unmapped", "allocated", "resized", "freed"]
    assert [line["seq"] for line in lines] == [str(number) for number in range(1, 7)]
    assert {(line["uid"], line["pid"], line["comm"]) for line in lines} == {
        ("1000", str(pid), "proxy")}
    first = lines[0]
    assert (first["id"], first["allocator"], first["backing"], first["context"], first["bytes"],
            first["usable"]) == (str(made.id), "vmalloc", "vmalloc", "process", "8192", "8192")
    assert first["gfp"] == "['user', 'zero']"
    assert (lines[4]["bytes"], lines[4]["old-bytes"]) == ("100", "64")
    assert [lines[at]["mappings"] for at in (1, 2)] == ["1", "0"]
    assert len({line["time"] for line in lines}) == 6


def test_all(machine, listening):
    """All that everybody does needs CAP_SYS_ADMIN, and the kernel says so."""
    process = listening("--all", "2")
    with Proxy(machine, user="bob") as bob, Device(bob) as his:
        his.free(his.alloc(KMALLOC, 64).id)
    lines = [words(process.readline(PATIENCE)) for _ in range(2)]
    assert [(line["type"], line["uid"]) for line in lines] == [
        ("allocated", "1001"), ("freed", "1001")]
    refused = machine.run([PYTHON, f"/memlab/{EXAMPLE}", "--all"], user="alice")
    assert refused.returncode == 1 and b"PermissionError" in refused.stderr


def test_interrupted(listening):
    """Ctrl-C ends it, with the count."""
    process = listening()
    process.signal(signal.SIGINT)
    assert process.readline(PATIENCE) == b"0 events, 0 of them lost\n"
    assert process.wait(PATIENCE) == 0
