# SPDX-License-Identifier: GPL-2.0
"""The class Machine: what a test in Python does with a running guest."""

import os
import re
import signal
import threading
from pathlib import Path

import pytest

from vm import Machine, VmError, VmTimeout, kernels, programs, qemu, snapshot
from vm_help import ALL_BYTES, PATIENCE, processor_threads
from vm_help import empty_fixture  # noqa: F401 # pylint: disable=unused-import


@pytest.fixture(scope="module", name="machine")
def _machine(empty):
    with Machine(payload=empty, snapshots=os.environ["VM_SNAPSHOTS"]) as machine:
        yield machine


def test_users(machine):
    def whoami(user):
        return machine.run(["sh", "-c", 'echo $(id -u) $(id -g) $PWD'], user=user).stdout.split()
    assert whoami(None) == [b"0", b"0", b"/root"]
    assert whoami("alice") == [b"1000", b"1000", b"/home/alice"]
    assert whoami(1001) == [b"1001", b"1001", b"/home/bob"]
    assert whoami(4242) == [b"4242", b"4242", b"/"]
    assert machine.run(["true"], user="mallory").returncode == 126


@pytest.mark.parametrize("here, at_once, processors, enough", [
    (2, "", 2, True), (2, "1", 2, True), (2, "2", 1, True), (2, "2", 2, False),
    (8, "4", 2, True), (7, "4", 2, False)])
def test_processors_take_turns(monkeypatch, here, at_once, processors, enough):
    """Unless the machines that run at a time have a processor of the host's for each of theirs."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(here))
    monkeypatch.setenv(qemu.AT_ONCE, at_once)
    assert qemu.are_enough(processors) == enough


@pytest.mark.parametrize("at_once", ["0", "-1", "two", "1.5"])
def test_bad_number_of_machines(monkeypatch, at_once):
    monkeypatch.setenv(qemu.AT_ONCE, at_once)
    with pytest.raises(VmError, match=f"VM_AT_ONCE='{at_once}': must be"):
        qemu.are_enough(2)


def test_workers_are_counted(machine):
    """A run of the tests says how many machines it has, and they have threads accordingly."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    assert int(os.environ.get(qemu.AT_ONCE, "1")) >= workers
    if machine.accel == "tcg":
        assert len(processor_threads(machine)) == (2 if qemu.are_enough(2) else 1)


def test_environment_and_directory(machine):
    result = machine.run(["sh", "-c", "echo $X $PWD"], env={"X": "1=2"}, cwd="/tmp")
    assert result.stdout == b"1=2 /tmp\n"
    assert machine.run(["true"], cwd="/nonexistent").returncode == 126


def test_command_not_found(machine):
    assert machine.run(["no-such-command"]).returncode == 127
    assert machine.run(["/etc/passwd"]).returncode == 126


def test_background_process_does_not_hold_the_exit(machine):
    result = machine.run(["sh", "-c", "echo out; sleep 1000000 & exit 3"])
    assert (result.returncode, result.stdout) == (3, b"out\n")


def test_interactive_process(machine):
    process = machine.spawn(["cat"])
    process.write(b"a line\nmore")
    assert process.readline() == b"a line\n"
    assert process.read(4) == b"more"
    assert process.poll() is None
    assert machine.get(f"/proc/{process.pid}/comm") == b"cat\n"
    process.close_stdin()
    assert process.wait(PATIENCE) == 0
    assert process.readline() == b""


def test_signal(machine):
    process = machine.spawn(["sleep", "1000"])
    process.signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == -signal.SIGTERM


def test_command_timeout_kills_the_group(machine):
    for seconds in (2, 20, 200):
        with pytest.raises(VmTimeout) as info:
            machine.run(["sh", "-c", "echo begun; sleep 4321; true"], timeout=seconds)
        if info.value.stdout:   # a busy host takes longer than that to begin
            break
    assert info.value.stdout == b"begun\n"
    assert b"4321" not in machine.run(["ps"]).stdout


def test_many_commands_at_a_time(machine):
    """One that does not read its input and one that nobody reads hold up nobody."""
    stuck = machine.spawn(["sleep", "1000"])
    feeder = threading.Thread(target=stuck.write, args=(bytes(1 << 20),))
    feeder.start()
    results = {}

    def work(number):
        size = 200000 + number
        script = f"head -c {size} /dev/zero; cat >&2"
        results[number] = machine.run(["sh", "-c", script], input=bytes(size)), size

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 12
    for result, size in results.values():
        assert (result.returncode, len(result.stdout), len(result.stderr)) == (0, size, size)
    stuck.signal(signal.SIGKILL)
    assert stuck.wait(PATIENCE) == -signal.SIGKILL
    feeder.join(10)
    assert not feeder.is_alive()


def test_files(machine):
    machine.put(ALL_BYTES, "/tmp/blob", mode=0o750)
    assert machine.get("/tmp/blob") == ALL_BYTES
    assert machine.run(["stat", "-c", "%a", "/tmp/blob"]).stdout == b"750\n"
    with pytest.raises(VmError):
        machine.get("/nonexistent")


def test_memory_from_outside(machine):
    """The kernel's banner, found where its symbol table says."""
    symbols = machine.get("/proc/kallsyms").decode().splitlines()
    address = next(int(line.split()[0], 16) for line in symbols
                   if line.split()[2] == "linux_banner")
    physical = machine.gva2gpa(address)
    assert machine.read_physical(physical, 13) == b"Linux version"
    assert machine.gva2gpa_many([address, 0xffffc8fffffff000]) == [physical, None]
    pages = [page * 4096 for page in range(4096, 4096 + 100)]
    parts = machine.read_physical_many([(page, 4096) for page in pages])
    assert b"".join(parts) == machine.read_physical(pages[0], 4096 * 100)


def test_monitor(machine):
    assert "running" in machine.hmp("info status")


def test_clock(machine):
    """An emulated guest has the processor's counter where the host uses it itself."""
    clock = machine.get("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    if machine.accel == "tcg" and machine.kernel.source.architecture.kernel == "x86":
        assert (clock == b"tsc\n") == qemu.counters_in_step()


def test_log(machine):
    mark = machine.log_mark()
    machine.run(["sh", "-c", "echo all is well > /dev/kmsg"])
    assert machine.log_since(mark) == ["all is well"]
    assert not machine.problems(mark)
    machine.run(["sh", "-c", "echo 'BUG: a test says so' > /dev/kmsg"])
    assert machine.problems(mark) == ["BUG: a test says so"]
    assert not machine.problems(machine.log_mark())


# Prints how many nanoseconds a loop took.
LOOP = """
now() { sed -n 's/^now at \\([0-9]*\\) nsecs$/\\1/p' /proc/timer_list; }
begin=$(now) i=0
while [ $i -lt 50000 ]; do i=$((i + 1)); done
echo $(($(now) - begin))
"""


def test_time_repeats_with_icount(empty):
    """A program takes the same time in two machines, by the guest's clock, if undisturbed."""
    times = []
    for _ in range(2):
        with Machine(payload=empty, smp=1, icount=True) as machine:
            assert machine.run(["nproc"]).stdout == b"1\n"
            # A machine that has just booted may still have work of its own.
            times.append(min(int(machine.run(["sh", "-c", LOOP]).stdout) for _ in range(3)))
    assert times[0] == pytest.approx(times[1], rel=1e-2)


@pytest.mark.parametrize("crashes", [1, 3])
def test_emulator_that_crashes(empty, tmp_path, monkeypatch, capfd, crashes):
    """It is started again, and that is said; not without end."""
    name = kernels.find().architecture.qemu
    (tmp_path / name).write_text(
        f'#!/bin/sh\necho >>{tmp_path}/starts\n'
        f'[ "$(wc -l <{tmp_path}/starts)" -gt {crashes} ] || kill -SEGV $$\n'
        f'exec {programs.path(name)} "$@"\n', "ascii")
    (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if crashes == 1:
        with Machine(payload=empty, accel="tcg") as machine:
            assert machine.run(["true"]).returncode == 0
    else:
        with pytest.raises(VmError, match="QEMU's exit status -11"):
            Machine(payload=empty, accel="tcg")
    starts = len((tmp_path / "starts").read_text("ascii").splitlines())
    said = capfd.readouterr().err.count("QEMU itself crashed during the boot (SIGSEGV)")
    assert (starts, said) == ((2, 1) if crashes == 1 else (3, 2))


def test_guest_that_does_not_come_up(empty):
    """What its processors do is told."""
    with pytest.raises(VmTimeout, match=r"^the guest did not come up in 0 s\n") as info:
        Machine(payload=empty, boot_timeout=0.01)
    assert re.search(r"^CPU#0\n", str(info.value), re.MULTILINE)
    assert len(re.findall(r"^(?:[ER]IP=[0-9a-f]+ .* HLT=[01]| PC=[0-9a-f]{16}.*)$",
                          str(info.value), re.MULTILINE)) >= 3


def test_guest_that_dies(empty):
    with Machine(payload=empty, snapshots=os.environ["VM_SNAPSHOTS"]) as machine:
        waiting = machine.spawn(["sleep", "1000"])
        with pytest.raises(VmError, match="sysrq triggered crash"):
            machine.run(["sh", "-c", "echo c > /proc/sysrq-trigger"])
        for again in (lambda: waiting.wait(PATIENCE), lambda: machine.run(["true"]),
                      lambda: machine.hmp("info status"), machine.log_mark):
            with pytest.raises(VmError):
                again()


@pytest.fixture(scope="module", name="kept")
def _kept(empty, tmp_path_factory):
    """Options of machines of which the first one is kept, its log, and the first snapshot."""
    folder = tmp_path_factory.mktemp("snapshots")
    options = {"payload": empty, "accel": "tcg", "snapshots": folder}
    with Machine(**options) as first:
        log = first.run(["dmesg"]).stdout
        first.put(b"first", "/tmp/mine")
    state, = folder.glob("*/state")
    return options, log, state


def test_snapshot(kept):
    """Machines like it go on from there, each with memory of its own."""
    options, log, _ = kept
    with Machine(**options) as one, Machine(**options) as other:
        for machine in one, other:
            # Two boots never have the same times.
            assert machine.run(["dmesg"]).stdout == log
            assert machine.run(["test", "-e", "/tmp/mine"]).returncode == 1
            assert not machine.problems()
            assert machine.release.encode() == machine.run(["uname", "-r"]).stdout.strip()
        one.put(b"one", "/tmp/mine")
        other.put(b"other", "/tmp/mine")
        assert (one.get("/tmp/mine"), other.get("/tmp/mine")) == (b"one", b"other")
        mark = one.log_mark()
        one.run(["sh", "-c", "echo all is well >/dev/kmsg; echo so it is >/dev/console"])
        assert (one.log_since(mark), other.log_since(mark)) == (["all is well"], [])
        assert "so it is" in one.console_tail() and "so it is" not in other.console_tail()
        assert one.log_since(one.boot_mark()) == ["all is well"]


def test_folder_of_snapshots(tmp_path):
    """It goes with its run; a new run removes what one that was killed has left."""
    (tmp_path / "snapshots-killed").mkdir()
    with snapshot.folder(tmp_path) as one, snapshot.folder(tmp_path) as other:
        assert sorted(tmp_path.iterdir()) == sorted(map(Path, (one, other)))
    assert not list(tmp_path.iterdir())


def test_snapshot_of_another(kept, monkeypatch, capfd):
    """A machine with other options boots, and is not kept if its kernel complained."""
    options, log, state = kept
    monkeypatch.setattr(Machine, "problems", lambda self: ["BUG: a test says so"])
    with Machine(**options, append="init_on_alloc=0") as machine:
        assert machine.run(["dmesg"]).stdout != log
    assert list(state.parents[1].glob("*/state")) == [state]
    assert not capfd.readouterr().err


def test_damaged_snapshot(kept, monkeypatch, capfd):
    """It is not used, and goes; a machine that finds no room for the next one goes on."""
    options, log, state = kept
    os.truncate(state, state.stat().st_size // 2)
    with Machine(**options) as machine:
        assert machine.run(["dmesg"]).stdout != log
    assert f"vm: cannot use the snapshot {state}; booting" in capfd.readouterr().err
    monkeypatch.setattr(snapshot, "_ROOM_MIB", 1 << 40)
    with Machine(**options) as machine:
        assert machine.run(["true"]).returncode == 0
    assert not list(state.parents[1].glob("*/*"))
    assert "vm: keeping no snapshot: " in capfd.readouterr().err
