# SPDX-License-Identifier: GPL-2.0
"""memlab verify where the kernel adds red zones to objects, and where its clock is coarse."""

import pytest

import facts
from target import VirtualTarget
from test_claim_mutants import verify

# Sanity checks, red zones, poison and who allocated: objects are larger than what they hold.
OPTIONS = "slub_debug=FZPU clocksource=jiffies highres=off nohz=off"
HOLD = ("kmalloc-slab", "kmalloc-usable", "kmalloc-pow2-align", "cache-identical", "gfp-account",
        "krealloc-keeps", "kmalloc-zero-size", "kvfree-any")


@pytest.fixture(scope="module")
def machine(target):
    """One with such a kernel."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: boots with slub_debug=")
    debugged = VirtualTarget(append=OPTIONS)
    yield debugged
    problems = debugged.verdict()
    debugged.close()
    assert not problems


def test_red_zones(machine):
    """Objects take more room than they have."""
    rooms, sizes = facts.rooms(machine), facts.object_sizes(machine)
    assert facts.red_zones(machine) and set(rooms) <= set(sizes)
    assert all(rooms[name] > sizes[name] for name in rooms)


@pytest.mark.parametrize("claim", HOLD)
def test_holds(machine, claim):
    """What is claimed of objects is true of them without their red zones."""
    found = verify(machine, claim)[1][claim]
    assert found["verdict"] == "holds", found


def test_clock(machine):
    """No time is compared by a clock that does not advance meanwhile."""
    found = verify(machine, "kmalloc-faster")[1]["kmalloc-faster"]
    assert found["verdict"] == "unknown" and "needs a better clock" in found["evidence"]
