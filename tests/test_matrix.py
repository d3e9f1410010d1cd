# SPDX-License-Identifier: GPL-2.0
"""tests/matrix says what failed, why, and what a kernel lacks."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

import outcomes

REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_a" name="test_one"><error message='failed on setup with
"VmError: cannot build:&#10;cc: no such file"'/></testcase>
<testcase classname="tests.test_a" name="test_two"><error message='failed on setup with
"VmError: cannot build:&#10;cc: no such file"'/></testcase>
<testcase classname="tests.test_b" name="test_good"/>
<testcase classname="tests.test_b" name="test_without"><skipped message="needs more"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module", name="matrix")
def _matrix():
    loader = SourceFileLoader("matrix", str(Path(__file__).with_name("matrix")))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("matrix", loader))
    loader.exec_module(module)
    return module


@pytest.fixture(name="outcome")
def _outcome(matrix, tmp_path):
    (tmp_path / "report.xml").write_text(REPORT, "ascii")
    return matrix.Outcome("6.1", "6.1.0-9", 12, cases=outcomes.read(tmp_path / "report.xml"))


def test_shown(matrix, outcome, capsys):
    """A message is printed once for all tests that it stopped, and whole."""
    assert not matrix.show([outcome])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["6.1", "6.1.0-9", "4", "1", "2", "1", "12"]
    assert lines[2:6] == [
        "6.1: skipped 1: needs more", "6.1: FAILED tests.test_a::test_one",
        "6.1: FAILED tests.test_a::test_two", 'failed on setup with "VmError: cannot build:']
    assert [line.strip() for line in lines[6:]] == ['cc: no such file"']


@pytest.mark.parametrize("processors, jobs, kernels, machines", [
    (2, 2, "6.1 6.12", 2), (8, 2, "6.1 6.12", 4), (8, 4, "6.1 6.12 cloud", 8), (8, 2, "6.1", 2)])
def test_machines_at_once(
        matrix, outcome, monkeypatch, tmp_path, processors, jobs, kernels, machines):
    """The environment of the tests has the number of machines that run at a time."""
    found = []

    def run(_, env, **options):
        found.append(env[matrix.qemu.AT_ONCE])
        return matrix.subprocess.CompletedProcess("", options["check"])
    monkeypatch.setattr(matrix.subprocess, "run", run)
    monkeypatch.setattr(matrix.debian, "fetch", lambda source: source)
    monkeypatch.setattr(matrix.kernels, "find", lambda name: outcome)
    monkeypatch.setattr(matrix.outcomes, "read", lambda report: outcome.cases)
    monkeypatch.setattr(matrix, "BUILD", tmp_path)
    monkeypatch.setattr(matrix.os, "cpu_count", lambda: processors)
    monkeypatch.setattr(matrix.sys, "argv", [
        "matrix", "--kernels", kernels, "--jobs", str(jobs)])
    matrix.main()
    assert found == [str(machines)] * len(kernels.split())


def test_lacking(matrix, outcome, capsys):
    """A kernel that had fewer tests than another fails, even if all of them passed."""
    good = {name: case for name, case in outcome.cases.items() if "test_b" in name}
    one, other = (matrix.Outcome(name, cases=cases) for name, cases in (
        ("6.1", good), ("6.12", dict(list(good.items())[:1]))))
    assert matrix.show([one, one]) and not matrix.show([one, other])
    assert "6.12 lacks 1 tests, such as tests.test_b::test_without" in capsys.readouterr().out
