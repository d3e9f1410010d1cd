# SPDX-License-Identifier: GPL-2.0
"""memlab monitor: which events it prints, and of whom."""

import pytest

from cli import USAGE
from cli import memlab_fixture  # noqa: F401 # pylint: disable=unused-import
from running import monitor_fixture  # noqa: F401 # pylint: disable=unused-import

ALICE = 1000


@pytest.mark.parametrize("filters, wanted", [
    (["event=freed"], {"freed"}), (["event=freed,event=failed"], {"freed", "failed"}),
    (["event=freed", "event=failed"], {"freed", "failed"}),
    (["allocator=vmalloc"], {"allocated", "mapped", "unmapped", "freed"}),
    (["allocator=vmalloc,event=allocated"], {"allocated"}),
    (["allocator=pages"], set()), (["uid=0,event=failed"], {"failed"}),
    (["user=root,event=failed"], {"failed"}), (["uid=1000"], set()), (["user=alice"], set()),
    (["comm=memlab,event=freed"], {"freed"}), (["comm=other"], set()), (["pid=1"], set())])
def test_filter(monitor, memlab, filters, wanted):
    """Values of one key are alternatives, keys are all needed; numbers still go on."""
    one = monitor("-j", *(word for text in filters for word in ("-f", text)))
    memlab("try", "vmalloc", 100, "-q", "--no-map")
    memlab("alloc", "kmalloc", "64M", status=1)
    assert one.stop() == 0
    found = one.events()
    assert {event["event"] for event in found} == wanted
    assert one.total()[1:] == (len(found), 0) and one.total()[0] > len(wanted)


def test_filter_of_numbers(monitor, memlab):
    """By id, and by the process that did it."""
    ids = [int(memlab("alloc", "kmalloc", 10, "-q").stdout) for _ in range(3)]
    one = monitor("-j", "-f", f"id={ids[0]},id={ids[2]}")
    memlab("free", *ids)
    assert one.stop() == 0
    first, second = one.events()
    assert (first["id"], second["id"]) == (ids[0], ids[2])
    pid = first["pid"]
    assert pid == second["pid"]


@pytest.mark.usefixtures("public_device")
def test_filter_of_users(monitor, memlab):
    """Root sees whose buffer it is, and can choose."""
    one = monitor("-j", "-f", "user=alice")
    ids = [int(memlab("alloc", "kmalloc", 10, "-q", user=user).stdout) for user in ("alice", "bob")]
    memlab("free", *ids)
    events = one.until_events(2)
    assert one.stop() == 0
    assert [(event["uid"], event["id"]) for event in events] == [(ALICE, ids[0])] * 2
    assert one.total() == (4, 2, 0)


@pytest.mark.usefixtures("public_device")
def test_own(monitor, memlab):
    """An ordinary user hears of the own buffers alone, and is told so, once."""
    hers, roots = monitor("-j", user="alice"), monitor("-j", "--own")
    said = hers.said()
    assert said.count("own buffers only") == 1 and "CAP_SYS_ADMIN" in said
    assert "your own" in roots.said() and "CAP_SYS_ADMIN" not in roots.said()
    ids = [int(memlab("alloc", "kmalloc", 10, "-q", user=user).stdout)
           for user in ("bob", "alice", "root")]
    memlab("free", *ids)
    assert [event["id"] for event in hers.until_events(2)] == [ids[1]] * 2
    assert [event["id"] for event in roots.until_events(2)] == [ids[2]] * 2
    assert hers.stop() == roots.stop() == 0
    assert hers.total() == roots.total() == (2, 2, 0)


@pytest.mark.parametrize("arguments, wanted", [
    (["x"], "none"), (["-c", "0"], "1"), (["-c", "x"], "--count"), (["-f", "event"], "KEY=VALUE"),
    (["-f", "evnt=freed"], "did you mean event?"), (["-f", "size=1"], "allocator, uid"),
    (["-f", "event=free"], "freed"), (["-f", "allocator=malloc"], "kmalloc"),
    (["-f", "user=alic"], "alice"), (["-f", "id=0"], "1"), (["-f", "pid=x"], "pid"),
    (["-f", "event=freed,"], "KEY=VALUE"), (["--buffer-size", "0"], "least"),
    (["--buffer-size", "1G"], "1G"), (["-j", "-q"], "exclude")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    result = memlab("monitor", *arguments, status=USAGE)
    assert not result.stdout and wanted in result.stderr.decode()
