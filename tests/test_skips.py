# SPDX-License-Identifier: GPL-2.0
"""A run fails whose skipped tests are not those of the table, or do not say what they need."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
NEEDS = "needs CONFIG_ODD=y: the odd one"
# The hooks as they are, for a folder and a table of the test's.
CONFTEST = f"""
import sys
from pathlib import Path

sys.path.insert(0, {str(TESTS)!r})
import skips
from skips import pytest_sessionfinish, pytest_terminal_summary

skips.TESTS = Path(__file__).parent
skips.TABLE = skips.TESTS / "table.toml"
skips.release = lambda: "6.1.0-1-amd64"
"""
MODULE = """
import pytest


@pytest.mark.parametrize("number", range(3))
def test_odd(number):
    if number % 2:
        pytest.skip({reason!r})


@pytest.fixture
def missing():
    pytest.skip({reason!r})


def test_in_fixture(missing):
    raise AssertionError
"""


@pytest.fixture(name="run")
def _run(tmp_path):
    """Runs two files of tests, four of which are skipped: run(table, *options)."""
    def call(table, *options, reason=NEEDS, release=r"6\.1\.0-\d+-amd64"):
        (tmp_path / "pytest.ini").write_text("[pytest]\n", "ascii")
        (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
        (tmp_path / "table.toml").write_text("\n".join(
            [f"release = '{release}'", "[skipped]",
             *(f'"{key}" = {value}' for key, value in table.items())]), "utf-8")
        for number in (1, 2):
            (tmp_path / f"test_{number}.py").write_text(MODULE.format(reason=reason), "utf-8")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=tmp_path, capture_output=True, text=True,
            timeout=600, check=False)
    return call


@pytest.mark.parametrize("jobs", ["0", "2"])
def test_table(run, jobs):
    """The numbers are those of the table, or the run fails and names the difference."""
    options = (".", "-n", jobs)
    done = run({NEEDS: 4}, *options)
    assert done.returncode == 0 and "4 skipped" in done.stdout and "not allow" not in done.stdout
    done = run({NEEDS: 3}, *options)
    assert done.returncode == 1 and f"skipped 4, not 3: {NEEDS}" in done.stdout
    done = run({NEEDS: 4, "needs KERNEL=other: that one": 2}, *options)
    assert done.returncode == 1
    assert "skipped 0, not 2: needs KERNEL=other: that one" in done.stdout
    assert NEEDS not in done.stdout.partition("not allow")[2].partition("short test summary")[0]


@pytest.mark.parametrize("options", [("test_1.py",), (".", "-k", "odd"),
                                     (".", "--ignore", "test_2.py"), ("test_1.py::test_odd",)])
def test_part(run, options):
    """A part of the tests is not compared."""
    assert run({NEEDS: 1000}, *options).returncode == 0


def test_other_kernel(run):
    """Nor is another kernel than the reference machine's."""
    assert run({NEEDS: 1000}, ".", release="6.12.*").returncode == 0


@pytest.mark.parametrize("reason", ["needs root: mounts", "needs CAP_SYS_ADMIN: mounts"])
def test_rights(run, reason):
    """What an ordinary user or a container may not do is named, and not in the table."""
    assert run({}, ".", reason=reason).returncode == 0


def test_reason(run):
    """A reason that does not say what would enable the test fails any run."""
    done = run({}, "test_1.py", reason="not on this machine")
    assert done.returncode == 1
    assert "skipped for 'not on this machine', which does not begin with" in done.stdout
    assert run({}, "test_1.py", reason="needs the package gnuplot-nox").returncode == 0
