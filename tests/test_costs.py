# SPDX-License-Identifier: GPL-2.0
"""What memlab costs is not more than Documentation/performance.rst says.

Time counts instructions in this machine, so that figures repeat to less than one in a hundred;
`make bench` prints all of them, `make performance` commits them.
"""

import pytest

import costing
import costpage

MORE = 1.1
# Allowed to figures that are next to nothing.
SLACK = 1
COMMITTED = costpage.committed()


@pytest.fixture(scope="module")
def measured():
    """The rows by name."""
    if why := costing.supported():
        pytest.skip(why)
    target = costing.machine()
    try:
        rows = costing.table(costing.figures(target))
        problems = target.problems()
    finally:
        target.close()
    assert not problems
    return {row.name: row for row in rows}


def series(release):
    """The first two numbers of a kernel's release."""
    return release.split(".")[:2]


@pytest.fixture(scope="module")
def comparable(measured):
    """Skips where the kernel, and with it the libraries and QEMU, are of another Debian."""
    # pylint: disable=unused-argument # only what can be measured can be compared
    release = costpage.committed_release()
    if series(costing.release()) != series(release):
        pytest.skip(f"needs the package linux-image-{release} of the host's Debian: "
                    "the committed figures are of it")


@pytest.mark.usefixtures("comparable")
@pytest.mark.parametrize("name", [name for name in COMMITTED if name != "two_threads"])
def test_cost(measured, name):
    """A figure is at most a tenth more than what is committed."""
    assert measured[name].figure <= MORE * COMMITTED[name] + SLACK, "see `make bench`"


def test_all_are_committed(measured):
    """Nothing is measured of which the page does not tell."""
    assert set(measured) == set(COMMITTED) - {"two_threads"}


@pytest.mark.parametrize("name", costing.BENCHED)
def test_bench_agrees(measured, name):
    """BENCH finds what bare loops find, within 2 per cent."""
    row = measured[f"bench_{name}"]
    assert abs(row.figure - row.floor) <= 0.02 * row.floor


@pytest.mark.parametrize("name", costing.KINDS)
def test_mapped_is_there(measured, name):
    """No page of a mapping has to be waited for when it is touched."""
    assert measured[f"faults_{name}_4m"].figure == 0


def test_page():
    """What is written is what is read back."""
    rows = [costing.Row("one", "a thing", "bytes", 12.346, 10, 20),
            costing.Row("two", "b", "c", 2),
            costing.Row("three", "d", "times", 1.5, target=1.7, is_least=True)]
    text = costpage.page(rows, "6.1", f"before\n{costpage.BEGIN}old\n{costpage.END}after\n")
    assert costpage.committed(text) == {"one": 12.35, "two": 2, "three": 1.5}
    assert costpage.committed_release(text) == "6.1"
    assert text.startswith("before\n") and text.endswith("after\n")
    assert [row.met for row in rows] == [True, None, False]
