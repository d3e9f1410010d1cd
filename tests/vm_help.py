# SPDX-License-Identifier: GPL-2.0
"""What the tests of the virtual machine harness share.

No test of the harness needs a payload of the product: they boot with an empty one.
A test file imports the fixtures it uses; their functions are not named as they
are, for flake8 takes an argument of the same name for a redefinition.
"""

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest

VM = Path(__file__).resolve().parent / "vm"
# Hang guard in seconds.
PATIENCE = 600
RUN = VM / "run"
FETCH = VM / "fetch"
ALL_BYTES = bytes(range(256)) * 4096            # 1 MiB


def need_mounts():
    """Skips a test where it may not mount: as an ordinary user, or in most containers."""
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts")
    if subprocess.run(["unshare", "--mount", "true"], check=False,
                      stderr=subprocess.DEVNULL).returncode:
        pytest.skip("needs CAP_SYS_ADMIN: mounts")


def of_process(path):
    """The text of a file below /proc/PID; empty when that process ends, before or just now."""
    try:
        return Path(path).read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def stat(pid):
    """Name, state and parent of a process, as in proc(5); None when there is no such one."""
    text = of_process(f"/proc/{pid}/stat")
    if not text:
        return None
    name, rest = text.split("(", 1)[1].rsplit(")", 1)
    state, parent = rest.split()[:2]
    return name, state, int(parent)


def children(pid):
    """The names of a process's children, by their ids."""
    table = {int(path.name): stat(path.name) for path in Path("/proc").glob("[0-9]*")}
    return {child: facts[0] for child, facts in table.items() if facts and facts[2] == pid}


def gone(pid):
    """Whether a process ended (a zombie has)."""
    facts = stat(pid)
    return facts is None or facts[1] == "Z"


def processor_threads(machine):
    """The threads of QEMU that run the guest's processors."""
    return set(re.findall(r"thread_id=(\d+)", machine.hmp("info cpus")))


@contextlib.contextmanager
def running(*arguments, **options):
    """A subprocess.Popen that a failing test does not wait for."""
    with subprocess.Popen(*arguments, **options) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module", name="empty")
def empty_fixture(tmp_path_factory):
    """A payload with nothing in it."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(name="vm_run")
def vm_run_fixture(empty):
    """Calls vm/run with the empty payload; more options come before the command."""
    def call(*command, options=(), stdin=b"", payload=True, **more):
        where = ("--payload", empty) if payload else ()
        return subprocess.run([RUN, *where, "--timeout", str(PATIENCE), *options, "--", *command],
                              input=stdin, capture_output=True, timeout=2 * PATIENCE, check=False,
                              **more)
    return call
