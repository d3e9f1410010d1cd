# SPDX-License-Identifier: GPL-2.0
"""`vm/run` with a command: its streams, its exit status, its usage."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from vm_help import ALL_BYTES, PATIENCE, RUN, VM, children, gone, running
from vm_help import empty_fixture, vm_run_fixture  # noqa: F401 # pylint: disable=unused-import


def descendants(pid):
    """The QEMU processes below a process."""
    return [child for child, name in children(pid).items() if name.startswith("qemu")]


def wait_until(condition, seconds=PATIENCE):
    """Polls; fails the test when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# streams and exit status

def test_streams_are_binary_and_separate(vm_run):
    result = vm_run("sh", "-c", "cat; echo complaint >&2; exit 7", stdin=ALL_BYTES)
    assert result.returncode == 7
    assert hashlib.sha256(result.stdout).digest() == hashlib.sha256(ALL_BYTES).digest()
    assert result.stderr == b"complaint\n"


def test_command_is_an_argument_vector(vm_run):
    result = vm_run("printf", "%s|", "a b", "$HOME", "")
    assert (result.returncode, result.stdout) == (0, b"a b|$HOME||")


def test_death_by_signal(vm_run):
    assert vm_run("sh", "-c", "kill -9 $$").returncode == 128 + 9


def test_closed_standard_input(empty):
    command = f"exec {RUN} --timeout 60 --payload {empty} -- cat <&-"
    result = subprocess.run(["sh", "-c", command], capture_output=True, timeout=PATIENCE,
                            check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_output_comes_while_the_command_runs(empty):
    with running([RUN, "--payload", empty, "--", "sh", "-c", "echo first; cat"],
                 stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"first\n"
        assert process.communicate(b"second")[0] == b"second"
    assert process.returncode == 0


def test_reader_that_goes_away(empty):
    with running([RUN, "--payload", empty, "--", "yes"], stdin=subprocess.DEVNULL,
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(2) == b"y\n"
        process.stdout.close()
        assert process.wait(PATIENCE) == 128 + signal.SIGPIPE
        assert process.stderr.read() == b""


# never a pass when something is wrong

def test_panic(vm_run):
    result = vm_run("sh", "-c", "echo c > /proc/sysrq-trigger")
    assert result.returncode == 125
    assert b"Kernel panic - not syncing: sysrq triggered crash" in result.stderr
    # it is seen when it comes, and not when the time is up
    assert b"kernel died" in result.stderr and b"not done in" not in result.stderr


def test_warning_in_the_log(vm_run):
    result = vm_run("sh", "-c", "echo 'WARNING: CPU: 0 PID: 1 at nowhere' > /dev/kmsg")
    assert result.returncode == 125
    assert b"WARNING: CPU: 0 PID: 1 at nowhere" in result.stderr


def test_taint(vm_run):
    """A process may set taint bits; 512 is what a warning sets."""
    result = vm_run("sh", "-c", "echo 512 > /proc/sys/kernel/tainted")
    assert result.returncode == 125
    assert b"tainted" in result.stderr and b"warning" in result.stderr


def test_call_trace(vm_run):
    """sysrq l prints the processors' back traces."""
    result = vm_run("sh", "-c", "echo l > /proc/sysrq-trigger; sleep 1")
    assert result.returncode == 125
    assert b"Call Trace:" in result.stderr


def test_timeout_leaves_nothing(empty):
    for seconds in (5, 60, 240, PATIENCE):
        with running([RUN, "--payload", empty, "--timeout", str(seconds), "--", "sleep", "1000"],
                     stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            wait_until(lambda pid=process.pid: descendants(pid))
            qemu = descendants(process.pid)
            assert process.wait(2 * PATIENCE) == 125
            said = process.stderr.read()
        assert all(map(gone, qemu))
        if b"did not come up" not in said:  # a busy host takes longer than that to boot it
            break
    assert f"not done in {seconds} s".encode() in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_leaves_nothing(empty, tmp_path, number):
    # a shell that is not interactive ignores SIGINT in what it starts with "&"
    with running(["env", "--default-signal=INT", RUN, "--payload", empty, "--",
                  "sh", "-c", "echo up; sleep 1000"],
                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                 env={**os.environ, "TMPDIR": str(tmp_path)}) as process:
        assert process.stdout.readline() == b"up\n"
        qemu = descendants(process.pid)
        assert qemu
        process.send_signal(number)
        process.wait(PATIENCE)
    wait_until(lambda: all(map(gone, qemu)))
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert not list(tmp_path.iterdir())


def test_kernel_that_does_not_boot(vm_run):
    result = vm_run("true", options=["--append", "rdinit=/nonexistent"])
    assert result.returncode == 125
    assert b"Last lines of the console" in result.stderr


# usage

def test_unknown_kernel(vm_run):
    result = vm_run("true", options=["--kernel", "no-such"])
    assert result.returncode == 2
    assert b"no-such" in result.stderr and b"6.12" in result.stderr


@pytest.mark.parametrize("options", [
    ["--mem", "5K"], ["--mem", "1M"], ["--smp", "0"], ["--icount", "--smp", "2"],
    ["--timeout", "soon"], ["--payload", "/nonexistent"], ["--accel", "hope"],
])
def test_bad_usage(vm_run, options):
    result = vm_run("true", options=options)
    assert result.returncode == 2
    assert options[0].encode() in result.stderr


# A computer on which the harness finds programs in PATH only.
BARE = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
sys.argv[0:2] = [sys.argv[1] + "/vm/run"]
from vm import programs
programs._MORE = ()
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("cached", [True, False])
def test_missing_programs(empty, tmp_path, cached):
    """All that are missing are named at once, with their packages, before anything is fetched."""
    (tmp_path / "kmod").symlink_to(shutil.which("kmod"))
    if not cached:
        (tmp_path / "cache").mkdir()
    result = subprocess.run(
        [sys.executable, "-c", BARE, VM.parent, "--payload", empty, "--", "true"],
        env={**os.environ, "PATH": str(tmp_path),
             **({} if cached else {"VM_CACHE": str(tmp_path / "cache")})},
        capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 125
    for words in ("qemu-system-", "readelf", "setpriv", "binutils", "util-linux", "gcc libc6-dev",
                  "sudo apt-get install "):
        assert words in result.stderr
    assert "kmod" not in result.stderr and "Traceback" not in result.stderr
    assert cached or not list((tmp_path / "cache").iterdir())


def test_path_of_a_user(vm_run):
    """depmod and others are found though an ordinary user's PATH does not lead to them."""
    result = vm_run("echo", "up", env={**os.environ, "PATH": "/usr/bin:/bin"})
    assert (result.returncode, result.stdout) == (0, b"up\n")


@pytest.mark.parametrize("program", ["run", "fetch"])
def test_cache_of_nobody(empty, program):
    """A cache that the user cannot make is named, and so is a payload that cannot be read."""
    if os.geteuid() != 0:
        pytest.skip("needs root: becomes nobody")
    arguments = ["--payload", empty, "--", "true"] if program == "run" else []
    # The sources may lie where nobody may not read, such as in root's home.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copy = shutil.copytree(VM, Path(folder, "vm"))
        result = subprocess.run(
            ["setpriv", "--reuid=65534", "--clear-groups", copy / program, *arguments],
            env={**os.environ, "HOME": "/proc/self", "VM_CACHE": ""},
            capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == (125 if program == "run" else 1), result.stderr
    assert "VM_CACHE" in result.stderr or "Permission denied" in result.stderr
    assert "Traceback" not in result.stderr
