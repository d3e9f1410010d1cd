# SPDX-License-Identifier: GPL-2.0
"""memlab stats: what became of the calls of each allocator."""

import json

import pytest

import abi
from cli import NO_DEVICE, USAGE
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture)
from running import Running, until

ALLOCATORS = ["kmalloc", "vmalloc", "kvmalloc", "pages", "pages-exact", "cache"]
KEYS = ["allocator", "calls", "failures", "refused", "resizes", "frees", "live", "bytes",
        "peak_bytes", "fallbacks"]
HEADING = ["ALLOCATOR", "CALLS", "FAILURES", "REFUSED", "RESIZES", "FREES", "LIVE", "BYTES",
           "PEAK", "FALLBACKS"]


@pytest.fixture(name="watched")
def _watched(target):
    """Starts stats --watch: watched("-j", ...); it ends with the test."""
    started = []

    def start(*arguments, **options):
        started.append(Running(target, "stats", "-w", "0.3", *arguments, **options))
        return started[-1]
    yield start
    for one in started:
        one.close()


def differences(before, after):
    """By how much each counter of the first allocator has grown."""
    return {key: after[0][key] - before[0][key] for key in KEYS[1:-1]
            if after[0][key] != before[0][key]}


def test_outputs(memlab, as_json, made):
    """Table, JSON and bare values are the same, for all allocators in their order."""
    made("kmalloc", 100)
    made("vmalloc", 100)
    told = as_json("stats")
    assert [one["allocator"] for one in told] == ALLOCATORS
    assert all(list(one) == KEYS for one in told)
    assert [one["fallbacks"] is None for one in told] == [
        name != "kvmalloc" for name in ALLOCATORS]
    assert told[0]["live"] == told[1]["live"] == 1 and told[1]["bytes"] == 4096
    rows = [["-" if one[key] is None else str(one[key]) for key in KEYS] for one in told]
    text = memlab("stats", "-b").stdout.decode().splitlines()
    assert [line.split() for line in text] == [HEADING, *rows]
    bare = memlab("stats", "-q").stdout.decode().splitlines()
    assert [line.split("\t") for line in bare] == rows


def test_counters(memlab, as_json, device):
    """Each of them counts what it says."""
    before = as_json("stats", "kmalloc")
    device.free_many(device.alloc_many(50, abi.KMALLOC, 64))
    after = as_json("stats", "kmalloc")
    found = differences(before, after)
    found.pop("peak_bytes", None)
    assert found == {"calls": 50, "frees": 50}
    assert after[0]["peak_bytes"] >= 50 * 64
    ident = int(memlab("alloc", "kmalloc", 100, "-q").stdout)
    memlab("resize", ident, 200)
    memlab("alloc", "kmalloc", 100, "-g", "nowait,dma,dma32", status=1)
    held = as_json("stats", "kmalloc")
    found = differences(after, held)
    found.pop("peak_bytes", None)
    assert found == {"calls": 1, "resizes": 1, "refused": 1, "live": 1, "bytes": 256}
    memlab("free", ident)
    assert differences(held, as_json("stats", "kmalloc")) == {
        "frees": 1, "live": -1, "bytes": -256}


def test_chosen(memlab, as_json):
    """Only those that are named, in the driver's order."""
    assert [one["allocator"] for one in as_json("stats", "pages", "kmalloc")] == [
        "kmalloc", "pages"]
    assert memlab("stats", "cache", "-q").stdout.startswith(b"cache\t")


def looks(told):
    """What a watch in JSON has told so far."""
    return [json.loads(text)[0] for text in told.split("\n\n")[:-1]]


def uptime(target):
    """Seconds by the clock that goes on while the guest is up."""
    return float(target.get("/proc/uptime").split()[0])


def test_watch(target, watched, device):
    """From the second look on, the change since the last one is told; SIGINT ends it."""
    def lives():
        return [look["live"] for look in looks(other.told())]
    begin = uptime(target)
    table, other = watched("kmalloc", "-b"), watched("kmalloc", "-j")
    table.until_told(r"^\nALLOCATOR")
    until(lambda: len(lives()) > 1, "two looks")
    buffers = device.alloc_many(7, abi.KMALLOC, 64)
    # a look may fall between two of them
    table.until_told(r"^kmalloc +\d+ \+\d( +\d+){5} \+\d +\d+ \+\d+ ")
    until(lambda: lives()[-1] == 7, "seven buffers")
    device.free_many(buffers)
    table.until_told(r"^kmalloc( +\d+){5} \+\d +\d+ -\d +\d+ -\d+ ")
    until(lambda: lives()[-1] == 0, "none")
    assert table.stop() == other.stop() == 0
    assert table.said() == other.said() == ""
    seen = looks(other.told())
    assert seen[0]["change"] is None
    grown = shrunk = passed = 0
    for last, look in zip(seen, seen[1:]):
        change = look["change"]
        # less than asked for where the look before it came late
        assert change["seconds"] > 0
        passed += change.pop("seconds")
        assert change.pop("fallbacks") is None
        assert change == {key: look[key] - last[key] for key in KEYS[1:-1]}
        grown += max(change["live"], 0)
        shrunk += min(change["live"], 0)
    assert (grown, shrunk) == (7, -7)
    # uptime is in hundredths
    assert passed < uptime(target) - begin + 0.02


def test_no_permission(memlab):
    """What all users did is for root; status 3, and the kernel's own words."""
    said = memlab("stats", user="alice", status=NO_DEVICE).stderr.decode()
    assert "as root" in said and "CAP_SYS_ADMIN" in said


@pytest.mark.parametrize("arguments, wanted", [
    (["malloc"], "did you mean kmalloc?"), (["x"], "pages-exact"), (["-w", "0.01"], "0.1"),
    (["-j", "-q"], "exclude")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    result = memlab("stats", *arguments, status=USAGE)
    assert not result.stdout and wanted in result.stderr.decode()
