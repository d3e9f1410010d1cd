# SPDX-License-Identifier: GPL-2.0
"""No stale kernel data is ever shown, on a kernel that does not clear by itself."""

import pytest

import abi
import stale


def test_kernel_is_careless(careless):
    """Else the other tests here could not fail."""
    assert not careless.info().features & abi.FEATURE_INIT_ON_ALLOC


@pytest.mark.parametrize("look", stale.LOOKS, ids=lambda look: look.__name__)
def test_first_sight(careless, look):
    """Whatever looks first sees zeros."""
    sizes = [size for _, size in stale.SIZES if look is not stale.by_mapping or size > 2048]
    stale.first_sight(careless, look).demand(stale.COUNT * len(sizes))
