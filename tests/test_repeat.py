# SPDX-License-Identifier: GPL-2.0
"""tests/repeat lists exactly the tests that are not the same each time."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from running import until
from vm_help import children, gone, running

REPEAT = Path(__file__).resolve().parent / "repeat"
TESTS = '''
import pathlib
import pytest

COUNTER = pathlib.Path(__file__).with_name("counter")


def test_stable():
    pass


def test_flaky():
    turns = len(COUNTER.read_text()) if COUNTER.exists() else 0
    COUNTER.write_text("x" * (turns + 1))
    assert turns % 2 == 0, f"turn {turns} is odd"


def test_skipped():
    pytest.skip("needs the package nothing")


def test_torn_down(request):
    request.addfinalizer(lambda: pytest.fail("left over\\nmore") if COUNTER.exists() else None)
'''
BROKEN = '''
def test_broken():
    raise RuntimeError("as always")
'''
ONCE = '''
import pathlib

MARK = pathlib.Path(__file__).with_name("mark")
if not MARK.exists():
    MARK.touch()

    def test_once():
        pass


def test_always():
    pass
'''
SLOW = '''
import pathlib
import time


def test_slow():
    pathlib.Path(__file__).with_name("begun").touch()
    time.sleep(1000)
'''


@pytest.fixture(name="folder")
def _folder(tmp_path):
    """A folder of tests: folder(name=text) writes test_name.py."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "ascii")

    def write(**files):
        for name, text in files.items():
            (tmp_path / f"test_{name}.py").write_text(text, "ascii")
        return tmp_path
    return write


def repeat(folder, *options):
    """Runs tests/repeat on a folder: exit status, and the sections of what it prints."""
    done = subprocess.run(
        [sys.executable, REPEAT, "--jobs", "0", "--tests", folder, "--folder", folder / "out",
         *map(str, options)], capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, re.split(r"^\n", done.stdout, flags=re.MULTILINE)


def test_flaky(folder):
    """The flaky test is listed with what it said, the others are not; later runs are made."""
    status, (table, differing, failing, _) = repeat(folder(toy=TESTS), "--runs", 4, "--", "-k",
                                                    "not torn")
    assert status == 1
    assert [line.split()[:6] for line in table.splitlines()[1:]] == [
        [str(run), "-", "3", *verdicts] for run, verdicts in zip(
            range(1, 5), [("2", "0", "1"), ("1", "1", "1")] * 2)]
    first, *rest = differing.splitlines()
    assert first == "Not the same each time: 1"
    assert [line.split() for line in rest] == [
        ["test_toy::test_flaky", "passed", "FAILED", "passed", "FAILED"],
        ["run", "2:", "AssertionError:", "turn", "1", "is", "odd"],
        ["run", "4:", "AssertionError:", "turn", "3", "is", "odd"]]
    assert failing.strip() == "Failed each time: 0"


def test_teardown(folder):
    """A test that passes and then fails in its teardown is one that fails."""
    status, (_, differing, failing, _) = repeat(folder(toy=TESTS), "--runs", 2, "--", "-k", "torn")
    assert status == 0 and differing.strip() == "Not the same each time: 0"
    (folder() / "counter").touch()
    status, (table, _, failing, _) = repeat(folder(), "--runs", 1, "--", "-k", "torn")
    assert status == 1 and table.splitlines()[1].split()[2:6] == ["1", "0", "1", "0"]
    assert "test_torn_down" in failing and "left over" in failing and "more" not in failing


def test_broken(folder):
    """What fails each time is listed apart, and is a failure, too."""
    status, (_, differing, failing, _) = repeat(folder(broken=BROKEN), "--runs", 2)
    assert status == 1 and differing.strip() == "Not the same each time: 0"
    assert failing.splitlines() == ["Failed each time: 1", "test_broken::test_broken",
                                    "    run 1, 2: RuntimeError: as always"]


def test_missing(folder):
    """A test that only one run has differs; a run without tests is named with its log."""
    status, (_, differing, *_) = repeat(folder(once=ONCE), "--runs", 2)
    assert status == 1
    assert differing.splitlines()[1].split() == ["test_once::test_once", "passed", "missing"]
    status, (table, *_) = repeat(folder(), "--runs", 1, "--", "-k", "nothing")
    assert status == 1 and "pytest's exit status is 5" in table and "1.log" in table


def test_shuffle(folder):
    """The order of files depends on the seed and the number of the run alone."""
    folder(**{f"file{number}": "def test_one():\n    pass\n" for number in range(8)})

    def orders(seed):
        status, (table, *_) = repeat(folder(), "--runs", 2, "--shuffle", seed)
        assert status == 0
        assert [line.split()[1] for line in table.splitlines()[1:]] == [str(seed), str(seed + 1)]
        return [re.findall(r"file(\d)", (folder() / "out" / f"{run}.xml").read_text("utf-8"))
                for run in (1, 2)]
    first, second = orders(1), orders(2)
    assert sorted(first[0]) == sorted(first[1]) and first[0] != first[1]
    assert first[1] == second[0]


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, -15),
                                            (signal.SIGKILL, -9)])
def test_load_ends(folder, number, status):
    """A busy process runs for each processor, and no process outlives the command."""
    path = folder(slow=SLOW)
    # a shell that is not interactive ignores SIGINT in what it starts with "&"
    with running(["env", "--default-signal=INT", sys.executable, REPEAT, "--load", "--jobs", "0",
                  "--tests", path, "--folder", path / "out"],
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until((path / "begun").exists, "the test began")
        processors = len(os.sched_getaffinity(0))
        # pytest itself is the one that is no shell
        until(lambda: list(children(process.pid).values()).count("sh") == processors,
              "a busy process for each processor")
        started = children(process.pid)
        assert len(started) == processors + 1
        process.send_signal(number)
        assert process.wait(600) == status
        until(lambda: all(map(gone, started)), "all processes ended")
