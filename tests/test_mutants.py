# SPDX-License-Identifier: GPL-2.0
"""Every witness catches a driver that lies: without any one of them, this fails."""

import contextlib
import errno

import pytest

import abi
import mutants
import stale
import test_claim_mutants
import test_context
import test_stale_count
import test_users
import witness
from conftest import clear_up
from device import Device
from fragmentation import fragmented, in_extents
from proxy import Proxy
from refusal import refused
from subject import Subject

# fault, buffers that it shows in, witnesses of which each must complain
KMALLOC, SLAB, VMALLOC = (abi.KMALLOC, 32768), (abi.KMALLOC, 4096), (abi.VMALLOC, 1 << 20)
CAUGHT = (
    ("wrong_frame", (KMALLOC, VMALLOC), (
        witness.pagemap, witness.direct_map_alias, witness.hypervisor_walk,
        witness.hypervisor_bytes)),
    ("reversed_mapping", (KMALLOC, VMALLOC), (
        witness.pagemap, witness.mapping_bytes, witness.kcore, witness.direct_map_alias,
        witness.hypervisor_bytes)),
    ("one_extent", (VMALLOC,), (
        witness.pagemap, witness.direct_map_alias, witness.hypervisor_walk,
        witness.hypervisor_bytes)),
    ("wrong_backing", (KMALLOC, SLAB), (witness.kpageflags,)),
    ("wrong_kernel_address", (VMALLOC,), (
        witness.vmallocinfo, witness.kcore, witness.hypervisor_walk)),
    ("always_right", (KMALLOC, VMALLOC), (witness.mapping_bytes,)),
    ("lazy_fill", (KMALLOC, VMALLOC), (witness.mapping_bytes,)),
)
ALL = witness.WITH_MAPPING + (witness.vmallocinfo,)
LIES = [pytest.param(fault, allocator, size, who, id=f"{fault}-{allocator}-{size}-{who.__name__}")
        for fault, buffers, whos in CAUGHT for allocator, size in buffers for who in whos]


@pytest.fixture(scope="module")
def root(liar):
    """A process of root in that machine."""
    with Proxy(liar) as proxy:
        proxy.stay()
        yield proxy


@pytest.fixture(scope="class")
def small_blocks(liar):
    """Some of its memory is fragmented, so that vmalloc() gives many extents."""
    with fragmented(liar):
        yield


@pytest.fixture
def alices(liar):
    """The device, opened by alice."""
    with Proxy(liar, user="alice") as proxy:
        yield Device(proxy)


def test_every_witness_is_needed():
    """Each has a lie that it catches."""
    assert {who for _, _, whos in CAUGHT for who in whos} == set(ALL)


def test_every_fault_is_caught():
    """None is there that nobody looks for."""
    here = {fault for fault, *_ in CAUGHT} | {
        "no_stale", "growth_not_cleared", "not_cleared", "tail_not_cleared", "for_everyone",
        "phys_for_everyone", "leak", "no_mayfail"}
    here |= {"no_gfp_dma32", "no_gfp_nowarn"}  # test_verify_gfp.py
    assert here | {fault for fault, _ in test_claim_mutants.CAUGHT} == set(mutants.NUMBERS)


def scattered(stack, liar, device, allocator, size):
    """A buffer, of many extents if vmalloc() makes it; what it takes to get there is held."""
    return in_extents(lambda: stack.enter_context(Subject(liar, device, allocator, size)),
                      lambda one: len(one.extents), 17 if (allocator, size) == VMALLOC else 1)


@pytest.mark.usefixtures("small_blocks")
class TestWitnesses:
    """In fragmented memory."""

    @pytest.mark.parametrize("who", ALL, ids=lambda who: who.__name__)
    @pytest.mark.parametrize("allocator, size", [KMALLOC, SLAB, VMALLOC])
    def test_honest(self, liar, device, allocator, size, who):
        """While the driver is honest, nobody complains."""
        if who is witness.vmallocinfo and allocator != abi.VMALLOC:
            allocator, size = abi.VMALLOC, size + 1
        with contextlib.ExitStack() as stack:
            one = scattered(stack, liar, device, allocator, size)
            who(one).demand(len(one.pieces()))

    @pytest.mark.parametrize("fault, allocator, size, who", LIES)
    def test_lie_is_noticed(self, liar, device, lie, fault, allocator, size, who):
        """The witness complains of the lie."""
        with contextlib.ExitStack() as stack:
            # the next one is scattered, too, whatever is said of it
            scattered(stack, liar, device, allocator, size)
            lie(fault)
            with Subject(liar, device, allocator, size) as one:
                assert who(one).complaints


@pytest.mark.parametrize("look", stale.LOOKS, ids=lambda look: look.__name__)
def test_stale_bytes_are_noticed(device, lie, look):
    """Every first look would see what the driver forgot to clear."""
    lie("not_cleared")
    assert stale.first_sight(device, look).complaints


def test_stale_tail_is_noticed(device, lie):
    """So would a look at the tail of a mapping."""
    lie("tail_not_cleared")
    assert stale.first_sight(device, stale.by_mapping).complaints


@pytest.mark.parametrize("fault, test", [
    ("no_stale", lambda device: test_stale_count.test_exact(device, abi.PAGES, 4096)),
    ("growth_not_cleared", test_stale_count.test_resize_in_place),
    ("resize_loses", test_stale_count.test_resize_in_place),
    ("no_gfp_zero", lambda device: test_stale_count.test_zeroing_forms(device, abi.PAGES, 32768)),
    ("unzeroed_kzalloc", lambda device: test_stale_count.test_zeroing_forms(
        device, abi.KMALLOC, 16384)),
], ids=lambda value: value if isinstance(value, str) else "")
def test_stale_count_is_right(device, lie, fault, test):
    """The tests of the count, and of what it counts, fail when there is cause."""
    test(device)
    lie(fault)
    with pytest.raises(AssertionError):
        test(device)


@pytest.mark.parametrize("context", test_context.ELSEWHERE, ids=lambda c: c.name.lower())
def test_faked_context_is_noticed(device, lie, context):
    """So is a call that was not made where the driver says."""
    if not test_context.is_counted(device, context):
        pytest.skip("needs CONFIG_PREEMPT_COUNT=y: preempt_count() counts spinlocks")

    def call():
        return device.alloc(abi.KMALLOC, 64, gfp=abi.Gfp.NOWAIT, context=context)
    assert test_context.was_in(device, context, call())
    lie("context_faked")
    assert not test_context.was_in(device, context, call())


def test_other_way_is_noticed(liar, device, lie):
    """A kvmalloc() that did not fall back, as the driver says, but did."""
    lie("other_way")
    with Subject(liar, device, abi.KVMALLOC, (4 << 20) + 1) as one:
        assert witness.kpageflags(one).complaints


def test_vmalloc_without_mayfail(device, lie):
    """Kernels whose vmalloc() warns of RETRY_MAYFAIL are not here: the driver refuses it there."""
    request = {"allocator": abi.VMALLOC, "gfp": abi.Gfp.KERNEL | abi.Gfp.RETRY_MAYFAIL}
    device.free(device.alloc(size=4096, **request).id)
    lie("no_mayfail")
    refused(device, abi.ALLOC, abi.make(abi.Alloc, bytes=4096, **request), errno.EINVAL,
            abi.Reason.GFP_MAYFAIL)


def test_missing_owner_check_is_noticed(device, alices, lie):
    """A stranger who can use a buffer is noticed."""
    made = device.alloc(abi.KMALLOC, 4096)
    test_users.refused_everything(alices, made)
    lie("for_everyone")
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        test_users.refused_everything(alices, made)


def test_visible_address_is_noticed(alices, lie):
    """An address that an ordinary user sees is noticed."""
    made = alices.alloc(abi.VMALLOC, 8192)
    test_users.sees_no_address(alices, made)
    lie("phys_for_everyone")
    with pytest.raises(AssertionError):
        test_users.sees_no_address(alices, made)


def test_leak_is_noticed(root, device, lie):
    """So is an account that does not return to zero. It cannot be mended: the last test."""
    assert not clear_up(root)
    lie("leak")
    device.free(device.alloc(abi.KMALLOC, 4096).id)
    assert clear_up(root) == ["no buffer left, but 4096 bytes in use"]
