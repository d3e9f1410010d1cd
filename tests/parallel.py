# SPDX-License-Identifier: GPL-2.0
"""A target whose processors run at the same time, for tests of calls that race.

A test file imports both fixtures. In a machine whose processors take turns, because the tests
have more of them than this computer (vm/qemu.py), two calls are hardly ever in the driver at once.
"""

import pytest

from proxy import watching
from target import opened


@pytest.fixture(scope="module", name="target")
def target_fixture():
    """Takes the place of the target of all tests."""
    with opened(parallel=True) as with_driver:
        yield with_driver


@pytest.fixture(scope="module", name="warden")
def warden_fixture(target):
    """A process there that looks after every test."""
    with watching(target) as proxy:
        yield proxy
