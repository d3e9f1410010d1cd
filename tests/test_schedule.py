# SPDX-License-Identifier: GPL-2.0
"""How the files of tests are spread over workers."""

import collections
from types import SimpleNamespace

import pytest

import schedule


def test_files_are_there():
    """Neither list has a file that is gone."""
    for name in {*schedule.SHARED, *schedule.LONGEST}:
        assert (schedule.TESTS / name).is_file(), name


@pytest.mark.parametrize("fixture", ["liar", "careless_target", "whole_report"])
def test_shared(fixture):
    """Each file that asks for such a machine, or what is made of it, belongs to its group."""
    words = {"careless_target": "careless|reused"}.get(fixture, fixture).split("|")
    users = {path.name for path in schedule.TESTS.glob("test_*.py")
             if path.name != "test_schedule.py" and
             any(f"({word}" in text or f" {word}," in text or f" {word})" in text
                 for text in [path.read_text("utf-8")] for word in words)}
    assert users == {name for name, group in schedule.SHARED.items() if group == fixture}


def test_scopes():
    """A group is one unit, as large as its files; another file is one by itself."""
    assert schedule.scope("tests/test_mutants.py::test_a[x::y]") == "liar"
    assert schedule.scope("tests/test_abi.py::test_a") == "tests/test_abi.py"


def items(*names):
    """Collected tests of files."""
    return [SimpleNamespace(path=schedule.TESTS / name) for name in names]


def test_order():
    """The longest come first, and a group's files one after the other; the others as they were."""
    collected = items("test_abi.py", "test_fuzz.py", "test_alloc.py", "test_mutants.py",
                      "test_verify_gfp.py")
    schedule.pytest_collection_modifyitems(
        SimpleNamespace(args=[str(schedule.TESTS)]), collected)
    assert [item.path.name for item in collected] == [
        "test_verify_gfp.py", "test_mutants.py", "test_fuzz.py", "test_abi.py", "test_alloc.py"]


def test_order_of_units(monkeypatch):
    """Units are handed out as they were collected, however xdist sorts them."""
    handed_out = []

    def assign(scheduling, _node):
        handed_out.append(scheduling.workqueue.popitem(last=False)[0])
    monkeypatch.setattr(schedule.LoadScopeScheduling, "_assign_work_unit", assign)
    scheduling = schedule.Scheduling.__new__(schedule.Scheduling)
    scheduling.collection = ["test_mutants.py::a", "test_b.py::a", "test_a.py::a", "test_a.py::b"]
    scheduling.workqueue = collections.OrderedDict.fromkeys(["test_a.py", "test_b.py", "liar"])
    while scheduling.workqueue:
        scheduling._assign_work_unit(None)      # pylint: disable=protected-access
    assert handed_out == ["liar", "test_b.py", "test_a.py"]


def test_order_of_the_user():
    """Files that are named keep their order."""
    collected = items("test_abi.py", "test_fuzz.py")
    schedule.pytest_collection_modifyitems(
        SimpleNamespace(args=["tests/test_abi.py", "tests/test_fuzz.py"]), collected)
    assert [item.path.name for item in collected] == ["test_abi.py", "test_fuzz.py"]
