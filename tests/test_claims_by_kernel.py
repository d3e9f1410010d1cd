# SPDX-License-Identifier: GPL-2.0
"""Documentation/claims-by-kernel.rst says what is measured on this kernel."""

import os

import pytest

import verdicts
from vm import kernels


def test_claims_by_kernel(careless_target):
    """Every claim has the verdict that the page gives for this kernel."""
    name = os.environ.get("KERNEL") or kernels.names()[0]
    if not kernels.find(name).matrix:
        pytest.skip(f"needs KERNEL= of check-matrix: the page has no kernel '{name}'")
    told = verdicts.committed()[verdicts.title(name, careless_target.release)]
    measured = {one: verdict for one, (_, verdict) in verdicts.verify(careless_target).items()}
    assert measured == told, "run `make claims-by-kernel`, and look at what it changes"


def test_page():
    """What is written of kernels is what is read back."""
    made = [verdicts.Kernel("a (6.1)", {"one": ("Claim 1", "holds"), "two": ("2", "unknown")}),
            verdicts.Kernel("b (7.2)", {"one": ("Claim 1", "unknown"), "two": ("2", "unknown")})]
    text = verdicts.page(made)
    assert verdicts.committed(text) == {"a (6.1)": {"one": "holds", "two": "unknown"},
                                        "b (7.2)": {"one": "unknown", "two": "unknown"}}
    assert text.endswith("one\n    Claim 1.\n")
