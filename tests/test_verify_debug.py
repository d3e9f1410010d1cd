# SPDX-License-Identifier: GPL-2.0
"""memlab verify where the kernel adds red zones to objects, and where its clock is coarse."""

import json

import pytest

import facts
from target import VirtualTarget

# Sanity checks, red zones, poison and who allocated: objects are larger than what they hold.
OPTIONS = "slub_debug=FZPU clocksource=jiffies highres=off nohz=off"
HOLD = ("kmalloc-slab", "kmalloc-usable", "kmalloc-pow2-align", "cache-identical", "gfp-account",
        "krealloc-keeps", "kmalloc-zero-size", "kvfree-any")


@pytest.fixture(scope="module")
def machine(target):
    """One with such a kernel."""
    if not target.has_hypervisor:
        pytest.skip("TARGET=local: this computer's kernel is as it was started")
    debugged = VirtualTarget(append=OPTIONS)
    yield debugged
    problems = debugged.verdict()
    debugged.close()
    assert not problems


def verify(machine, claim):
    """The verdict, and the evidence."""
    result = machine.run(["memlab", "-j", "verify", claim], timeout=120)
    claim, = json.loads(result.stdout)["claims"]
    return claim["verdict"], claim["evidence"]


def test_red_zones(machine):
    """Objects take more room than they have."""
    rooms, sizes = facts.rooms(machine), facts.object_sizes(machine)
    assert facts.red_zones(machine) and set(rooms) <= set(sizes)
    assert all(rooms[name] > sizes[name] for name in rooms)


@pytest.mark.parametrize("claim", HOLD)
def test_holds(machine, claim):
    """What is claimed of objects is true of them without their red zones."""
    verdict, evidence = verify(machine, claim)
    assert verdict == "holds", evidence


def test_clock(machine):
    """No time is compared by a clock that does not advance meanwhile."""
    verdict, evidence = verify(machine, "kmalloc-faster")
    assert verdict == "unknown" and "needs a better clock" in evidence
