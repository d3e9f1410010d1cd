# SPDX-License-Identifier: GPL-2.0
"""No stale kernel data is ever shown, on a kernel that does not clear by itself."""

import pytest

import abi
import stale
from device import Device
from proxy import Proxy
from target import VirtualTarget


@pytest.fixture(scope="module")
def careless(target):
    """The device in a machine whose kernel leaves allocated memory as it was."""
    if not target.has_hypervisor:
        pytest.skip("TARGET=local: cannot boot with init_on_alloc=0")
    machine = VirtualTarget(append="init_on_alloc=0", mem="512M")
    with Proxy(machine) as proxy, Device(proxy) as device:
        yield device
    problems = machine.problems()
    machine.close()
    assert not problems


def test_kernel_is_careless(careless):
    """Else the other tests here could not fail."""
    assert not careless.info().features & abi.FEATURE_INIT_ON_ALLOC


@pytest.mark.parametrize("look", stale.LOOKS, ids=lambda look: look.__name__)
def test_first_sight(careless, look):
    """Whatever looks first sees zeros."""
    sizes = [size for _, size in stale.SIZES if look is not stale.by_mapping or size > 2048]
    stale.first_sight(careless, look).demand(stale.COUNT * len(sizes))
