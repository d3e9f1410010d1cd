# SPDX-License-Identifier: GPL-2.0
"""The fuzzer: short runs of it, races written as its programs, and a fault that it must find."""

import collections
import itertools
import subprocess
from pathlib import Path

import pytest

import fuzzing
import patched
from building import compiler
from running import until
from target import USERS, VirtualTarget, opened

PROGRAMS = Path(__file__).with_name("programs")
# These are only in programs that somebody wrote.
WRITTEN_ONLY = {"family", "unload", "load"}
# The device has neither read() nor write().
REFUSED = {"io"}
# A debugger that writes to memory of vmalloc() kills the kernel.
HONEST = "\tif (write && !(vma->vm_flags & VM_WRITE))"
BUG = "\tBUG_ON(write && buf->allocator == MEMLAB_ALLOCATOR_VMALLOC);\n"


@pytest.fixture(scope="module")
def machine(target):
    """A machine of its own: nothing else in it would be safe."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: this computer is not fuzzed")
    with opened(parallel=True) as fuzzed:
        fuzzed.run(["chmod", "666", "/dev/memlab"])
        yield fuzzed.machine


def run(machine, *arguments):
    """A run without trouble: its statistics."""
    one = fuzzing.Run(machine, arguments)
    trouble = one.run()
    assert not trouble, f"{trouble.what}\n{fuzzing.join(trouble.programs[-40:])}"
    return one.statistics


def successes(statistics):
    """How often each call succeeded."""
    return {name: counts.get("ok", 0) for name, counts in statistics["calls"].items()}


@pytest.mark.parametrize("threads", [1, 4])
def test_seed(machine, threads):
    """A seed says which programs are made, and another one says others."""
    def made(seed):
        result = machine.run(["fuzz", "--generate", "100", "--seed", str(seed),
                              "--threads", str(threads)])
        assert result.returncode == 0
        return result.stdout.decode()
    assert made(7) == made(7) != made(8)
    assert len(fuzzing.split(made(7))) == 100


def test_repeats(machine):
    """In one thread, programs do the same again, errors included."""
    made = machine.run(["fuzz", "--generate", "64", "--seed", "3", "--threads", "1"]).stdout
    # When a signal comes, how far a child gets until it is killed, and what a benchmark writes
    # where others read their arguments, depends on the time.
    kept = [line for line in made.decode().splitlines() if not line.split()[1:2] or
            line.split()[1] not in ("timer", "signal", "fork", "yield", "bench")]
    machine.put("\n".join([*kept, ""]).encode(), "/tmp/timeless")

    def done():
        return run(machine, "--replay", "/tmp/timeless", "--threads", 1, "--blind")["calls"]
    calls = done()
    assert calls == done() and sum(count.get("ok", 0) for count in calls.values()) > 300


@pytest.mark.parametrize("user, threads", [("root", 1), ("root", 4), ("alice", 4)])
def test_short(machine, user, threads):
    """No trouble, and each call succeeds at least once: it is not only refused."""
    reached, seeds = set(), itertools.count(1)

    def all_reached():
        """Where KCOV guides it, a run may have other things to do than one of the calls."""
        statistics = run(machine, "--seed", next(seeds), "--programs", 640, "--seconds", 1000,
                         "--threads", threads, "--uid", USERS[user])
        assert statistics["programs"] == 640
        total = sum(sum(counts.values()) for counts in statistics["calls"].values())
        assert total == statistics["operations"]
        if statistics["coverage"]:
            assert statistics["places"] > 1000 and statistics["corpus"] > 20
        calls = successes(statistics)
        reached.update(name for name, count in calls.items() if count)
        assert not reached & (WRITTEN_ONLY | REFUSED)
        return set(calls) - reached == WRITTEN_ONLY | REFUSED
    until(all_reached, "each call succeeds")


def test_own_memory(machine):
    """None of the numbers that are passed as addresses is one of the fuzzer's own."""
    numbers = [(1 << bits) + more for bits in range(5, 47) for more in (-1, 0, 1)]
    buffer = ["0 open file=0 flags=2", "0 alloc file=0 slot=0 allocator=2 bytes=0x1000"]
    reads = [f"0 read file=0 id=0 length=0x1000 data={number:#x}" for number in numbers]
    machine.put(fuzzing.join([*buffer, *reads[at:at + 50]]
                             for at in range(0, len(reads), 50)).encode(), "/tmp/numbers")
    calls = run(machine, "--replay", "/tmp/numbers")["calls"]
    assert calls["read"] == {"EFAULT": len(reads)}


def test_one_buffer(machine):
    """FREE, mmap, LAYOUT, dumps and RESIZE of one buffer at once, in four threads."""
    calls = collections.Counter()

    def all_reached():
        calls.update(successes(run(machine, "--replay", put(machine, "one-buffer.txt"),
                                   "--threads", 4, "--repeat", 400)))
        return all(calls[name] for name in (
            "free", "map", "layout", "query", "buffer_get", "extent_get", "resize", "gift"))
    until(all_reached, "each call succeeds")


def test_unload(machine):
    """The module is unloaded and loaded while others open it and talk to its family."""
    calls = collections.Counter()

    def all_reached():
        more = successes(run(machine, "--replay", put(machine, "unload.txt"), "--threads", 4,
                             "--repeat", 60))
        machine.run(["sh", "-c", "test -e /dev/memlab || insmod /lib/modules/memlab.ko;"
                     "chmod 666 /dev/memlab"])
        assert abs(more["unload"] - more["load"]) <= 1
        calls.update(more)
        return all(calls[name] for name in (
            "unload", "load", "open", "alloc", "map", "buffer_get", "listener_add"))
    until(all_reached, "each call succeeds")


def put(machine, name):
    """A file of programs, in the guest."""
    machine.put((PROGRAMS / name).read_bytes(), f"/tmp/{name}")
    return f"/tmp/{name}"


@pytest.fixture(scope="module")
def faulty_payload(target, tmp_path_factory):
    """What goes into a machine whose driver has the fault."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: loads a driver with a fault")
    return patched.payload(
        tmp_path_factory.mktemp("fault"),
        lambda directory: patched.replace_once(directory / "driver/mmap.c", HONEST, BUG + HONEST))


def test_fault(faulty_payload, tmp_path):
    """A fault that kills the kernel is found, cut down to its calls, and written as C."""
    broken = VirtualTarget(payload=faulty_payload)
    trouble = fuzzing.Run(broken.machine, ["--seed", 2, "--seconds", 900, "--blind"]).run()
    broken.close()
    assert trouble and "kernel died" in trouble.what

    replayer = fuzzing.Replayer(payload=faulty_payload)
    try:
        program, = fuzzing.minimise(trouble.programs, replayer)
        assert sorted(line.split()[1] for line in program) == [
            "alloc", "map", "open", "peek"]
        source = tmp_path / "reproducer.c"
        source.write_text(replayer.source(program), "ascii")
    finally:
        replayer.close()
    subprocess.run([*compiler(), "-static", "-pthread", f"-I{patched.ROOT / 'uapi'}", "-o",
                    source.with_suffix(""), source], check=True)
    broken = VirtualTarget(payload=faulty_payload)
    broken.put(source.with_suffix("").read_bytes(), "/tmp/reproducer", 0o755)
    with pytest.raises(fuzzing.VmError, match="kernel died"):
        broken.run(["/tmp/reproducer"])
    broken.close()
