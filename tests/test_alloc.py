# SPDX-License-Identifier: GPL-2.0
"""What ALLOC accepts and refuses, and what INFO says about it."""

import errno

import pytest

import abi
import rules
from abi import make
from refusal import refused

ALLOCATORS = pytest.mark.parametrize("allocator", list(rules.ALLOCATORS.values())[:-1],
                                     ids=list(rules.ALLOCATORS)[:-1])


@pytest.mark.parametrize("allocator", [0, 7, 63, 64, 0x7FFFFFFF, 0xFFFFFFFF])
def test_unknown_allocator(device, allocator):
    """An allocator that does not exist is EINVAL."""
    refused(device, abi.ALLOC, make(abi.Alloc, allocator=allocator, bytes=64), errno.EINVAL)


@ALLOCATORS
def test_impossible_sizes(device, allocator):
    """Zero is EINVAL, more than can ever be is ERANGE, and the kernel says nothing."""
    info = device.info()
    largest = rules.largest(allocator, info)
    refused(device, abi.ALLOC, make(abi.Alloc, allocator=allocator, bytes=0), errno.EINVAL)
    for size in (largest + 1, 2 * info.total_ram, 1 << 40, 1 << 62, 1 << 63,
                 (1 << 64) - 4096, (1 << 64) - 4095, (1 << 64) - 1):
        refused(device, abi.ALLOC, make(abi.Alloc, allocator=allocator, bytes=size),
                errno.ERANGE)


@ALLOCATORS
@pytest.mark.parametrize("flags, node, wanted", [
    (0, 1, errno.EINVAL), (0, -1, errno.EINVAL),
    (abi.NODE, -1, errno.ENXIO), (abi.NODE, 63, errno.ENXIO), (abi.NODE, 1 << 20, errno.ENXIO),
    (abi.NODE, -(1 << 31), errno.ENXIO), (abi.NODE, (1 << 31) - 1, errno.ENXIO),
])
def test_bad_node(device, allocator, flags, node, wanted):
    """A node without its flag is EINVAL, one that is not online is ENXIO."""
    argument = make(abi.Alloc, allocator=allocator, bytes=64, flags=flags, node=node)
    refused(device, abi.ALLOC, argument, wanted)


@pytest.mark.parametrize("allocator", [abi.KMALLOC, abi.VMALLOC, abi.KVMALLOC, abi.PAGES])
def test_good_node(subject, allocator):
    """The first node is there, and the extents are on it."""
    one = subject(allocator, 65536, abi.NODE)
    assert one.query.alloc_flags == abi.NODE
    assert {extent.node for extent in one.extents} == {0}


def test_info(target, device):
    """INFO agrees with what else the kernel tells."""
    info = device.info()
    assert info.abi_version == 1
    assert info.page_size == device.proxy.page_size
    assert info.allocators == sum(1 << allocator for allocator in rules.ALLOCATORS.values())
    assert info.contexts == 0b1111
    assert info.resizable & ~(1 << abi.VMALLOC) == 1 << abi.KMALLOC | 1 << abi.KVMALLOC
    assert info.kmalloc_max_size == info.page_size << info.max_order
    assert info.kmalloc_minalign & (info.kmalloc_minalign - 1) == 0
    slabs = target.get("/proc/slabinfo").decode()
    largest = info.kmalloc_max_cache_size
    assert f"kmalloc-{largest // 1024}k " in slabs
    assert f"kmalloc-{2 * largest // 1024}k " not in slabs
    total = int(target.get("/proc/meminfo").decode().split()[1]) * 1024
    assert info.total_ram == total
    assert bytes(info.driver_version).rstrip(b"\0").decode().count(".") == 2
    assert info.features & (abi.PHYS_VISIBLE | abi.KADDR_VISIBLE) == 0x60
    booted_off = b"init_on_alloc=0" in target.get("/proc/cmdline")
    if target.has_hypervisor:  # its kernel is built with init_on_alloc on
        assert bool(info.features & abi.FEATURE_INIT_ON_ALLOC) != booted_off
