# SPDX-License-Identifier: GPL-2.0
"""Every allocation of every call is made to fail once; see tests/guest/failnth."""

import re

import pytest

from debugging import NO_MEMORY, boot, debug_kernel_fixture, prepare_faults

__all__ = ["debug_kernel_fixture"]

ALLOC = {f"alloc-{what}" for what in (
    "kmalloc", "kmalloc-large", "kmalloc-array", "kmalloc-zeroed", "kmalloc-persistent",
    "kmalloc-atomic", "kmalloc-softirq", "kmalloc-hardirq", "vmalloc", "vmalloc-zeroed",
    "kvmalloc", "pages", "pages-exact", "object", "dry-run", "heard")}
BENCH = {f"bench-{what}" for what in (
    "pair-kmalloc", "pair-vmalloc", "each-kvmalloc", "batch-pages", "batch-object", "bulk-object",
    "grow-kmalloc", "read-vmalloc", "thread")}
OTHERS = {
    "free-kmalloc", "free-vmalloc", "free-object", "free-heard",
    "grow-kmalloc", "grow-nofail", "grow-kmalloc-large", "shrink-kmalloc", "grow-kvmalloc",
    "info", "query", "layout", "write-read", "fill-check", "next", "probe",
    "cache-create", "cache-create-usercopy", "cache-destroy", "cache-query", "cache-next",
    "open", "mmap", "mmap-touch-kmalloc", "mmap-touch-slab", "mmap-touch-vmalloc",
    "mmap-touch-pages", "mmap-touch-exact", "munmap-middle", "mremap", "mprotect-middle",
    "netlink-socket", "netlink-join", "buffer-get", "cache-get", "limits-get", "listener-add",
    "listener-get", "buffer-dump", "buffer-dump-fields", "cache-dump", "extent-dump", "stats-dump"}
CALLS = sorted(ALLOC | BENCH | OTHERS)
# These need no memory, and so cannot fail for want of it.
FRUGAL = {"free-kmalloc", "free-vmalloc", "free-object", "info", "query", "layout", "write-read",
          "shrink-kmalloc", "fill-check", "next", "probe", "cache-query", "cache-next"}
# These do without: an event is lost, a page fault is tried again.
PATIENT = {"alloc-heard", "free-heard"}
# The kernel's own word when it has no memory for a socket.
SPECIAL = {"netlink-socket": {"ENFILE"}}
LINE = re.compile(r"^(\S+) (\d+) (\d+)((?: E\w+)*)$")


@pytest.fixture(scope="module", name="machine")
def machine_fixture(debug_kernel):
    """A machine where failnth has run; with what it said."""
    # pylint: disable=unused-argument # is there, or this is skipped
    machine = boot()
    prepare_faults(machine)
    result = machine.run(["failnth"])
    machine.said = result.stdout.decode().splitlines()
    machine.failed = result.returncode, result.stderr.decode()
    print(*machine.said, sep="\n")
    yield machine
    machine.close()


@pytest.fixture(scope="module", name="outcomes")
def outcomes_fixture(machine):
    """Of each call: how many allocations failed, how many calls then did, and how."""
    found = [LINE.match(line) for line in machine.said]
    return {line[1]: (int(line[2]), int(line[3]), set(line[4].split())) for line in found if line}


def test_calls(outcomes):
    """The program knows these calls, and no others."""
    assert sorted(outcomes) == CALLS


@pytest.mark.parametrize("call", CALLS)
def test_failed(outcomes, call):
    """Allocations were made to fail, and the call told so in a way that it may."""
    injected, failures, errors = outcomes[call]
    print(f"{call}: {injected} allocations failed, {failures} calls failed {sorted(errors)}")
    if call not in FRUGAL:
        assert injected > 0
    assert errors <= NO_MEMORY | SPECIAL.get(call, set())
    assert bool(failures) == bool(errors)


@pytest.mark.parametrize("call", sorted((ALLOC | BENCH) - PATIENT))
def test_told(outcomes, call):
    """Whoever asks for memory is told at least once that there is none."""
    assert "ENOMEM" in outcomes[call][2]


def test_nofail(outcomes):
    """What is asked for with __GFP_NOFAIL never fails, for want of memlab's own memory either."""
    assert outcomes["grow-nofail"][1:] == (0, set())


def test_nothing_is_left(machine):
    """After each try all was as before, the call worked again, and the kernel is content."""
    assert not [line for line in machine.said if line.startswith("!")]
    assert machine.failed == (0, "")
    assert not machine.verdict()
    table = machine.get("/proc/slabinfo").decode()
    assert not re.findall(r"^memlab-.*", table, re.MULTILINE)
    assert "memlab_" not in machine.get("/proc/vmallocinfo").decode()
    module = machine.run(["rmmod", "memlab"])
    assert not module.returncode, module.stderr
    assert not machine.verdict()
