# SPDX-License-Identifier: GPL-2.0
"""Claims about GFP flags that need a machine of their own: memory above 4 GiB, a kernel log
that may be written to, memory cgroups that nobody else has used."""

import pytest

import facts
import mutants
from running import until
from target import VirtualTarget
from test_claim_mutants import NO_V1, is_mounted, skip_untold, verify

PRESSURE = ("gfp-nowait", "gfp-noretry", "gfp-retry-mayfail", "gfp-account")
CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers"
SUBTREE = "/sys/fs/cgroup/cgroup.subtree_control"
KILLED_AFTER = (0.05, 0.2, 0.4, 0.7, 1.1)


@pytest.fixture(scope="module")
def big(liar_payload):
    """A machine with memory above 4 GiB and the driver that can lie. Its log may have anything."""
    machine = VirtualTarget(payload=liar_payload, mem="6G")
    yield machine
    machine.close()


@pytest.fixture
def fault(big):
    """Makes its driver lie: fault(name); it is honest again when the test ends."""
    def choose(number):
        big.run(["sh", "-c", f"echo {number} >{mutants.PARAMETER}"])
    yield lambda name: choose(mutants.NUMBERS[name])
    choose(0)


@pytest.fixture
def v1(liar):
    """Skips where the kernel has no memory controller of cgroup v1."""
    if not is_mounted(liar):
        pytest.skip(NO_V1)


@pytest.fixture
def quiet(big):
    """The kernel's log stays clean during the test."""
    mark = big.log_mark()
    yield
    assert not big.problems(mark)


def words(machine, path):
    """The words of a file."""
    return machine.get(path).decode().split()


def leftovers(machine):
    """What a run of verify has not taken back."""
    zones = machine.get("/proc/zoneinfo").decode()
    left = [line for line in zones.splitlines()
            if "node_unreclaimable" in line and line.split()[-1] != "0"]
    found = machine.run(["sh", "-c", "ls -d /sys/fs/cgroup/memlab* /tmp/v1/memlab*; pidof memlab;"
                         " memlab -q list"])
    left += found.stdout.decode().split()
    if is_mounted(machine):
        return left
    if "memory" not in words(machine, CONTROLLERS):
        left.append("the memory controller is not back")
    return left


def wait_for_nothing(machine):
    """Waits until nothing is left over."""
    until(lambda: not leftovers(machine), "all is taken back")


def judged(machine, verdict, *claims, options=()):
    """Runs claims, all of which must have the verdict; their evidence."""
    _, found = verify(machine, *options, *claims)
    assert {claim: one["verdict"] for claim, one in found.items()} == \
        {claim: verdict for claim in claims}, found
    return " ".join(one["evidence"] for one in found.values())


@pytest.mark.usefixtures("quiet")
def test_dma32(big):
    """With memory above 4 GiB the flag makes a difference, which is seen."""
    skip_untold(big, "gfp-dma32")
    assert "below 4 GiB" in judged(big, "holds", "gfp-dma32")


@pytest.mark.usefixtures("quiet")
def test_dma32_fault(big, fault):
    """A driver that does not pass it on is found out."""
    skip_untold(big, "gfp-dma32")
    fault("no_gfp_dma32")
    judged(big, "does-not-hold", "gfp-dma32")


@pytest.mark.usefixtures("quiet")
def test_unused_controller(big):
    """Where nobody uses memory cgroups, all is put back as it was, and can be had again."""
    for _ in range(2):
        judged(big, "holds", *PRESSURE, *(() if facts.large_dma(big) else ("gfp-high",)))
        assert not leftovers(big)
        assert "memory" not in words(big, SUBTREE)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("claim, signal", [
    ("gfp-nowait", "KILL"), ("gfp-high", "TERM"), ("gfp-retry-mayfail", "INT"),
    ("gfp-account", "KILL")])
def test_interrupted(big, claim, signal):
    """Whatever ends it, nothing is left over, and the next run is as good."""
    skip_untold(big, claim)
    for seconds in KILLED_AFTER:
        big.run(["sh", "-c", f"timeout -s {signal} {seconds} memlab verify {claim}"])
        wait_for_nothing(big)
    judged(big, "holds", claim)


@pytest.mark.usefixtures("v1")
def test_own_hierarchy(liar):
    """A hierarchy of cgroup v1 that is mounted is used, and stays."""
    mark = liar.log_mark()
    evidence = judged(liar, "holds", *PRESSURE, "gfp-nofail")
    assert "memory.kmem.usage_in_bytes" in evidence
    wait_for_nothing(liar)
    assert is_mounted(liar) and not liar.problems(mark)


@pytest.mark.usefixtures("v1")
@pytest.mark.parametrize("signal", ["INT", "KILL"])
def test_nofail_interrupted(liar, signal):
    """Nothing is left over in it."""
    mark = liar.log_mark()
    for seconds in KILLED_AFTER:
        liar.run(["sh", "-c", f"timeout -s {signal} {seconds} memlab verify gfp-nofail"])
        wait_for_nothing(liar)
    judged(liar, "holds", "gfp-nofail")
    assert not liar.problems(mark)


@pytest.mark.usefixtures("quiet")
def test_used_by_v2(big):
    """So is cgroup v2, where the OOM killer cannot be turned off."""
    big.run(["sh", "-c", f"echo +memory >{SUBTREE}"])
    try:
        assert "memory.stat" in judged(big, "holds", *PRESSURE)
        assert "cgroup of v1" in judged(big, "unknown", "gfp-nofail")
        assert "memory" in words(big, SUBTREE)
        assert not leftovers(big)
    finally:
        big.run(["sh", "-c", f"echo -memory >{SUBTREE}"])


@pytest.mark.usefixtures("quiet")
def test_nowarn(big):
    """A log that is silent anyhow shows nothing."""
    skip_untold(big, "gfp-nowarn")
    assert "--provoke" in judged(big, "unknown", "gfp-nowarn")


# From here on the kernel's log is written to on purpose.

def test_nowarn_provoked(big):
    """With a request that warns, it does."""
    skip_untold(big, "gfp-nowarn")
    mark = big.log_mark()
    judged(big, "holds", "gfp-nowarn", options=["--provoke"])
    reports = [line for line in big.log_since(mark) if "page allocation failure" in line]
    assert len(reports) == 1 and reports[0].split("]")[-1].strip().startswith("memlab:")


def test_nowarn_fault(big, fault):
    """A driver that does not pass it on is found out."""
    skip_untold(big, "gfp-nowarn")
    big.run(["sleep", "10.1"])  # the kernel reports one failure in ten seconds
    fault("no_gfp_nowarn")
    judged(big, "does-not-hold", "gfp-nowarn")


def test_nofail_provoked(big):
    """Where only cgroup v2 can be had, --provoke will do, and nobody is killed."""
    before = big.run(["grep", "oom_kill ", "/proc/vmstat"]).stdout
    big.run(["sh", "-c", f"echo +memory >{SUBTREE}"])
    judged(big, "holds", "gfp-nofail", options=["--provoke"])
    assert big.run(["grep", "oom_kill ", "/proc/vmstat"]).stdout == before
    assert not leftovers(big)
