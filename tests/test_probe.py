# SPDX-License-Identifier: GPL-2.0
"""PROBE: the kernel's arithmetic on sizes, against integers that cannot overflow."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import abi
from abi import Probe

SIZE_MAX = (1 << 64) - 1
EDGES = sorted({edge + by for edge in (0, 1 << 31, 1 << 32, 1 << 33, 1 << 63, 1 << 64)
                for by in (-2, -1, 0, 1, 2) if 0 <= edge + by <= SIZE_MAX})
# What is not random is round powers of two, and round the quotients of SIZE_MAX.
SIZES = st.one_of(
    st.sampled_from(EDGES), st.integers(0, SIZE_MAX), st.integers(0, 4096),
    st.builds(lambda shift, by: min(SIZE_MAX, max(0, (1 << shift) + by)),
              st.integers(0, 64), st.integers(-2, 2)))
BOUNDED = settings(max_examples=100, derandomize=True, database=None, deadline=None,
                   suppress_health_check=[HealthCheck.function_scoped_fixture])


def saturated(size):
    """What size_t makes of a size."""
    return min(size, SIZE_MAX)


def probe_many(device, kind, arguments):
    """Many probes at once."""
    done = device.try_many(abi.PROBE, [
        abi.make(abi.ProbeArgument, kind=kind, **dict(zip("abc", some))) for some in arguments])
    assert {result for result, _ in done} == {0}
    return [reply.result for _, reply in done]


def partners(size):
    """Factors with which a product comes to lie round SIZE_MAX."""
    quotient = SIZE_MAX // max(size, 1)
    return [other for other in (quotient - 1, quotient, quotient + 1) if 0 <= other <= SIZE_MAX]


@BOUNDED
@given(a=SIZES, b=SIZES)
@example(a=4611686018427387905, b=4)
def test_array_size(device, a, b):
    """array_size() is the product, or SIZE_MAX."""
    others = [b] + partners(a)
    assert probe_many(device, Probe.ARRAY_SIZE, [(a, other) for other in others]) == [
        saturated(a * other) for other in others]


@BOUNDED
@given(a=SIZES, b=SIZES, c=SIZES)
@example(a=0, b=SIZE_MAX, c=SIZE_MAX)
@example(a=SIZE_MAX, b=SIZE_MAX, c=0)
def test_array3_size(device, a, b, c):
    """array3_size() is the product of three, or SIZE_MAX."""
    others = [c] + partners(saturated(a * b))
    assert probe_many(device, Probe.ARRAY3_SIZE, [(a, b, other) for other in others]) == [
        saturated(a * b * other) for other in others]


@BOUNDED
@given(a=SIZES)
@example(a=(SIZE_MAX - abi.PROBE_STRUCT_BYTES) // abi.PROBE_ELEMENT_BYTES)
@example(a=(SIZE_MAX - abi.PROBE_STRUCT_BYTES) // abi.PROBE_ELEMENT_BYTES + 1)
def test_struct_size(device, a):
    """struct_size() is the struct and its elements, or SIZE_MAX."""
    size = abi.PROBE_STRUCT_BYTES + abi.PROBE_ELEMENT_BYTES * a
    assert device.probe(Probe.STRUCT_SIZE, a) == saturated(size)


@BOUNDED
@given(a=SIZES, b=SIZES)
def test_size_add(device, a, b):
    """size_add() is the sum, or SIZE_MAX."""
    others = [b, SIZE_MAX - a, min(SIZE_MAX, SIZE_MAX - a + 1)]
    assert probe_many(device, Probe.SIZE_ADD, [(a, other) for other in others]) == [
        saturated(a + other) for other in others]


def test_kmalloc_zero(device):
    """kmalloc(0) is ZERO_SIZE_PTR, an address that nobody can use."""
    assert device.probe(Probe.KMALLOC_ZERO) == 16


@pytest.mark.parametrize("kind", [Probe.ARRAY_SIZE, Probe.ARRAY3_SIZE, Probe.SIZE_ADD])
def test_order_does_not_matter(device, kind):
    """The arguments are taken for what they are, none for another."""
    small, large = 3, 1 << 40
    more = (5,) if kind == Probe.ARRAY3_SIZE else ()
    assert device.probe(kind, small, large, *more) == device.probe(kind, large, small, *more)
