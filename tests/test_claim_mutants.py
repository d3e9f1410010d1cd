# SPDX-License-Identifier: GPL-2.0
"""`memlab verify` refutes a claim that a lying driver breaks, and upholds it when it is honest."""

import json

import pytest

import abi
import facts
import mutants
from device import Device
from proxy import Proxy
from target import PATIENCE

V1 = "/tmp/v1"
NO_V1 = "needs CONFIG_MEMCG_V1=y: the memory controller of cgroup v1"
# What cannot be told where the zone for DMA is large, and words of the reason.
LARGE_DMA = {"gfp-high": "too large to be used up", "gfp-nowarn": "too large to be used up",
             "gfp-dma32": "no DMA32 zone"}
REFUTED = {"vmalloc-sleeps", "kvmalloc-gfp"}  # where vmalloc() can do without sleeping

# fault, claim that must not hold then
CAUGHT = (
    ("not_contiguous", "kmalloc-contiguous"),
    ("wrong_frame", "kmalloc-contiguous"),
    ("wrong_kernel_address", "kmalloc-linear"),
    ("reversed_mapping", "vmalloc-page-tables"),
    ("one_extent", "vmalloc-scattered"),
    ("not_contiguous", "pages-order"),
    ("wrong_frame", "vmalloc-large"),
    ("wrong_kernel_address", "vmalloc-virtual"),
    ("wrong_kernel_address", "kmalloc-minalign"),
    ("wrong_kernel_address", "kmalloc-divisor-align"),
    ("wrong_backing", "kmalloc-slab"),
    ("wrong_backing", "kmalloc-large-buddy"),
    ("wrong_backing", "kvmalloc-small"),
    ("half_the_max", "kmalloc-max"),
    ("times_swapped", "kmalloc-faster"),
    ("wrong_usable", "kmalloc-usable"),
    ("misaligned", "kmalloc-pow2-align"),
    ("cache_misaligned", "cache-identical"),
    ("unzeroed_kzalloc", "kzalloc-zero"),
    ("unzeroed_kcalloc", "kzalloc-zero"),
    ("unzeroed_kvzalloc", "kzalloc-zero"),
    ("no_gfp_zero", "kzalloc-zero"),
    ("no_gfp_zero", "gfp-zero"),
    ("no_gfp_account", "gfp-account"),
    ("always_account", "gfp-account"),
    ("nowait_reclaims", "gfp-nowait"),
    ("noretry_retries", "gfp-noretry"),
    ("mayfail_gives_up", "gfp-retry-mayfail"),
    ("no_gfp_high", "gfp-high"),
    ("no_gfp_nofail", "gfp-nofail"),
    ("array_wraps", "array-overflow"),
    ("array_size_wraps", "array-overflow"),
    ("resized_array_wraps", "krealloc-array-overflow"),
    ("resize_loses", "krealloc-keeps"),
    ("kmalloc_zero_null", "kmalloc-zero-size"),
    ("tail_kept", "pages-exact"),
    ("other_way", "kvmalloc-fallback"),
    ("other_way", "kvmalloc-gfp"),
    ("other_way", "vmalloc-buddy"),
    ("kvfree_leaks", "kvfree-any"),
    ("usercopy_unchecked", "cache-usercopy"),
    ("less_declared", "cache-usercopy"),
    ("busy_cache_goes", "cache-destroy"),
    ("context_faked", "kmalloc-atomic"),
    ("vmalloc_not_refused", "vmalloc-sleeps"),
)
CLAIMS = sorted({claim for _, claim in CAUGHT})


def is_mounted(machine):
    """Whether the hierarchy of cgroup v1 is."""
    return f" {V1} " in machine.get("/proc/mounts").decode()


def verify(machine, *claims):
    """(exit status, claims by id) of a run."""
    done = machine.run(["memlab", "verify", "--format", "json", *claims], timeout=2 * PATIENCE)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.returncode, {claim["id"]: claim for claim in json.loads(done.stdout)["claims"]}


@pytest.fixture(scope="module")
def honest(liar):
    """What all these claims are, by an honest driver."""
    return verify(liar, *CLAIMS)


@pytest.fixture
def refuted(liar):
    """Those that the kernel itself refutes."""
    with Proxy(liar) as proxy, Device(proxy) as device:
        return REFUTED if device.info().features & abi.FEATURE_VMALLOC_NOWAIT else set()


# KASAN gives freed memory to others much later.
UNSEEN_STALE = ("gfp-zero", "kzalloc-zero")


def skip_untold(liar, claim):
    """Skips a claim that cannot be told there, with the reason."""
    if claim == "gfp-nofail" and not is_mounted(liar):
        pytest.skip(NO_V1)
    if claim in LARGE_DMA and facts.large_dma(liar):
        pytest.skip(f"needs CONFIG_X86_64=y: {claim}: {LARGE_DMA[claim]}")


def expected(liar, refuted, claim):
    """The verdicts on a claim that is true of an honest driver."""
    if claim in refuted:
        return {"does-not-hold"}
    if claim in UNSEEN_STALE and facts.is_configured(liar, "KASAN"):
        return {"holds", "unknown"}
    # then only --provoke tells
    if claim == "vmalloc-sleeps" and facts.is_configured(liar, "PREEMPT"):
        return {"unknown"}
    return {"holds"}


def always_aligned(liar):
    """Whether objects are aligned to powers of two that are by eight bytes too large."""
    rooms = facts.rooms(liar)
    taken = [rooms[f"kmalloc-{facts.kmalloc_suffix(liar, (1 << order) + 8)}"]
             for order in range(13)]
    return not any(room & (room - 1) for room in taken)


def test_honest_exit(honest, refuted):
    """An honest driver breaks none of them."""
    status, found = honest
    assert sorted(found) == CLAIMS
    assert status == bool(refuted)


@pytest.mark.parametrize("claim", CLAIMS)
def test_honest(liar, honest, refuted, claim):
    """Each holds, after something was measured, unless the kernel is another one."""
    skip_untold(liar, claim)
    found = honest[1][claim]
    assert found["verdict"] in expected(liar, refuted, claim), found
    assert claim in refuted or not found["disagreeing"], found
    assert found["case_count"] > 0


@pytest.mark.parametrize("fault, claim", CAUGHT)
def test_fault(liar, lie, fault, claim):
    """A fault that concerns it is told of, with a case that shows it."""
    skip_untold(liar, claim)
    if fault == "misaligned" and always_aligned(liar):
        pytest.skip("needs CONFIG_X86_64=y, CONFIG_KASAN=n: objects of odd room")
    lie(fault)
    status, found = verify(liar, claim)
    assert found[claim]["verdict"] == "does-not-hold", found[claim]
    assert found[claim]["disagreeing"] > 0 and found[claim]["evidence"]
    assert status == 1


def test_names():
    """Each fault exists."""
    assert {fault for fault, _ in CAUGHT} <= set(mutants.NUMBERS)
