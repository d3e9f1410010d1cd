# SPDX-License-Identifier: GPL-2.0
"""memlab bench: what it measures, shows, compares and draws."""

import copy
import csv
import io
import json
import os
import random
import re
import signal
import subprocess
import time
from xml.etree import ElementTree

import pytest

from cli import DONE, REFUSED, USAGE
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, memlab_fixture, refusal_fixture)
from target import BUILD, PATIENCE

QUICK = ("--rounds", 3, "--time", 2)
FIELDS = {"allocator", "size", "refused", "function", "free_function", "gfp_used", "operations",
          "failures", "ns", "min", "max", "spread_percent", "wide", "rounds", "alloc_ns",
          "free_ns", "per_second", "timer_ns"}
LOADED = "/tmp/bench.json"


@pytest.fixture(name="told", scope="module")
def _told(target):
    """A result, of which nothing was refused."""
    done = target.run(["memlab", "bench", "-j", "-a", "kmalloc,vmalloc,pages", "-S", "64,4K..64K",
                       "--rounds", "3", "--time", "2"])
    assert done.returncode == 0 and not done.stderr
    return json.loads(done.stdout)


@pytest.fixture(name="shown")
def _shown(target, memlab):
    """What is shown of a result: shown(result, "--csv")."""
    def run(result, *options):
        target.put(json.dumps(result).encode(), LOADED)
        return memlab("bench", "--load", LOADED, *options).stdout.decode()
    return run


@pytest.fixture(name="drawn")
def _drawn(target, tmp_path):
    """Runs the tool here, where gnuplot is, on a result: drawn(result, path, PATH=...)."""
    # pylint: disable=unused-argument # the target has built the tool
    def run(result, path, **environment):
        saved = tmp_path / "result.json"
        saved.write_text(json.dumps(result), "ascii")
        return subprocess.run(
            [BUILD / "tools" / "memlab", "bench", "-q", "--load", saved, "--plot", path],
            env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return run


def test_result(told):
    """Every allocator at every size, each with as many rounds as were asked for."""
    results = told["results"]
    assert [(one["size"], one["allocator"]) for one in results] == [
        (size, name) for size in (64, 4096, 8192, 16384, 32768, 65536)
        for name in ("kmalloc", "vmalloc", "pages")]
    for one in results:
        assert set(one) == FIELDS
        assert one["failures"] == 0 < one["operations"] and one["refused"] is None
        assert len(one["rounds"]) == 3 and one["ns"] == sorted(one["rounds"])[1]
        assert (one["min"], one["max"]) == (min(one["rounds"]), max(one["rounds"]))
        spread = 100 * (one["max"] - one["min"]) / one["ns"]
        assert abs(one["spread_percent"] - spread) < 0.1 and one["wide"] == (spread > 20)
        # what is per second has the loop's own time in it, too
        assert one["per_second"] < 1.05e9 / one["min"]
    assert {one["function"] for one in results} == {"kmalloc", "__vmalloc", "alloc_pages"}
    assert told["settings"]["pattern"] == "pair" and told["settings"]["rounds"] == 3


def test_environment(target, told):
    """What times depend on is what the kernel says elsewhere."""
    found = told["environment"]
    assert found["kernel"] == target.run(["uname", "-r"]).stdout.decode().strip()
    assert found["cpus_online"] == target.get("/sys/devices/system/cpu/online").decode().strip()
    assert found["clock"] == target.get(
        "/sys/devices/system/clocksource/clocksource0/current_clocksource").decode().strip()
    flaws = target.run(["sh", "-c", "cd /sys/devices/system/cpu/vulnerabilities && "
                        "grep -s ^Mitigation *"]).stdout.decode().splitlines()
    assert found["mitigations"] == [
        re.sub(r"^(.*?):Mitigation: ", r"\1: ", line) for line in sorted(flaws)]
    assert isinstance(found["init_on_alloc"], bool)


def test_table(told, shown):
    """The table, comma-separated and bare values are those of the result."""
    results = told["results"]
    rows = [line.split() for line in shown(told, "-b").splitlines()]
    start = rows.index(["ALLOCATOR", "SIZE", "NS", "MIN", "MAX", "SPREAD", "%", "OPERATIONS",
                        "FAILURES"])
    keys = ("allocator", "size", "ns", "min", "max", "spread_percent", "operations", "failures")
    for row, one in zip(rows[start + 1:], results):
        assert row[0] == one["allocator"]
        assert list(map(float, row[1:])) == [one[key] for key in keys[1:]]
    told_by_csv = list(csv.DictReader(io.StringIO(shown(told, "--csv"))))
    assert len(told_by_csv) == len(results)
    for row, one in zip(told_by_csv, results):
        assert [float(row[key]) for key in keys[1:]] == [one[key] for key in keys[1:]]
        assert row["allocator"] == one["allocator"] and row["each_p50"] == row["free_ns"] == ""
    bare = [line.split("\t") for line in shown(told, "-q").splitlines()]
    assert [(name, int(size), float(ns)) for name, size, ns in bare] == [
        (one["allocator"], one["size"], one["ns"]) for one in results]


def test_notes(told, shown):
    """Too wide a spread and what was refused are said."""
    other = copy.deepcopy(told)
    for one in other["results"]:
        one["wide"] = False
    assert "spread is above" not in shown(other)
    other["results"][3]["wide"] = True
    other["results"].append({"allocator": "kmalloc", "size": 1 << 30, "refused": "too large"})
    text = shown(other)
    assert "spread is above 20 %" in text and "Not measured: too large" in text


@pytest.mark.parametrize("pattern, options", [
    ("batch", ("--order", "reverse", "--objects", 20)), ("read", ("--stride", "4K")),
    ("write", ("--order", "shuffled")), ("grow", ("-a", "kmalloc"))], ids=lambda v: str(v)[:8])
def test_patterns(as_json, pattern, options):
    """Each can be chosen, and the settings say so."""
    told = as_json("bench", *QUICK, "-p", pattern, "-S", "64K", *options)
    assert told["settings"]["pattern"] == pattern
    for one in told["results"]:
        assert one["ns"] > 0 and one["operations"] > 0
        assert (one["free_ns"] is not None) == (pattern == "batch")
        if pattern == "batch":
            assert abs(one["alloc_ns"] + one["free_ns"] - one["ns"]) < one["ns"]


def test_cache(as_json, cache, refusal):
    """Objects of a cache, one by one and many at once; their size need not be said."""
    ident = cache(192)
    for pattern, function in (("pair", "kmem_cache_alloc"), ("bulk", "kmem_cache_alloc")):
        told = as_json("bench", *QUICK, "-a", "cache", "--cache", ident, "-p", pattern)
        assert [(one["size"], one["function"]) for one in told["results"]] == [(192, function)]
    told = as_json("bench", *QUICK, "-a", "kmalloc,cache", "--cache", ident, "-S", "192")
    assert [one["allocator"] for one in told["results"]] == ["kmalloc", "cache"]
    assert "another size" in refusal("bench", *QUICK, "-a", "cache", "--cache", ident, "-S", "64")


def test_each(as_json, memlab):
    """Percentiles are in order, and the table has them."""
    told = as_json("bench", *QUICK, "-e", "-S", "64")["results"]
    for one in told:
        for key in ("each", "each_free"):
            values = list(one[key].values())
            assert list(one[key]) == ["p50", "p90", "p99", "p99_9", "max"]
            assert values == sorted(values) and values[0] > 0
    text = memlab("bench", *QUICK, "-e", "-S", "64").stdout.decode()
    assert re.search(r"^ALLOCATOR SIZE WHAT +P50 +P90 +P99 +P99.9 +MAX$", text, re.MULTILINE)


def test_gfp(as_json):
    """Charged to nobody where that is allowed; other flags are taken as they are given."""
    told = as_json("bench", *QUICK, "-S", "64", "-a", "kmalloc")["results"]
    assert "account" not in told[0]["gfp_used"] and "kernel" in told[0]["gfp_used"]
    told = as_json("bench", *QUICK, "-S", "64", "-a", "kmalloc", "-g", "kernel")["results"]
    assert "account" in told[0]["gfp_used"]
    told = as_json("bench", *QUICK, "-S", "64", "-a", "kmalloc", "-c", "softirq")
    assert "nowait" in told["results"][0]["gfp_used"]
    assert told["settings"]["context"] == "softirq"


def test_user(as_json, refusal, public_device):
    """An ordinary user measures what is charged to him."""
    # pylint: disable=unused-argument
    told = as_json("bench", *QUICK, "-S", "64", user="alice")["results"]
    assert all("account" in one["gfp_used"] for one in told)
    assert "CAP_SYS_ADMIN" in refusal("bench", *QUICK, "--cpus", 0, user="alice")


def online_numbers(text):
    """The numbers in "0,2-3"."""
    parts = [part.partition("-") for part in text.split(",")]
    return [number for first, _, last in parts
            for number in range(int(first), int(last or first) + 1)]


def test_processors(target, as_json, refusal):
    """On all at the same time; one that is not there is named, with those that are."""
    online = target.get("/sys/devices/system/cpu/online").decode().strip()
    told = as_json("bench", *QUICK, "-S", "64", "-a", "kmalloc", "--cpus", online)
    assert told["settings"]["cpus"] == online_numbers(online)
    assert told["results"][0]["per_second"] > 0
    assert f"not online; these are: {online}" in refusal("bench", "--cpus", "500", "-S", "64")


def test_partly_refused(as_json):
    """What one allocator cannot serve is left out and said; others are measured."""
    told = as_json("bench", *QUICK, "-S", "4K,64M")["results"]
    assert [(one["allocator"], one["size"], "ns" in one) for one in told] == [
        ("kmalloc", 4096, True), ("vmalloc", 4096, True), ("kmalloc", 64 << 20, False),
        ("vmalloc", 64 << 20, True)]
    assert "KMALLOC_MAX_SIZE" in told[2]["refused"]


@pytest.mark.parametrize("arguments, said", [
    (("--sizes", "8M", "-a", "kmalloc"), "KMALLOC_MAX_SIZE"),
    (("--sizes", "64,1E"), "1 EiB"),
    (("-p", "bulk"), "only caches have functions for many objects"),
    (("-p", "grow", "-a", "pages"), "no function of this kernel resizes"),
    (("-p", "read", "-e"), "not timed one by one"),
    (("-a", "vmalloc", "-c", "hardirq"), "vmalloc"),
    (("-p", "grow", "-c", "softirq"), "runs in process context only"),
    (("-g", "kernel,user"), "give exactly one"),
    (("--cache", "4000000000", "-a", "cache"), "4000000000"),
    (("--load", "/nonexistent"), "/nonexistent"),
    (("--compare", "/nonexistent", "/none"), "/nonexistent"),
    (("--plot", "/nonexistent/a.svg"), "gnuplot"),
])
def test_refused(refusal, arguments, said):
    """What cannot be measured is said at once."""
    assert said in refusal("bench", *arguments)


@pytest.mark.parametrize("arguments, said", [
    (("--rounds", "0"), "--rounds"), (("--time", "0"), "--time"), (("--sizes", "0"), "--sizes"),
    (("--sizes", "64,,128"), "--sizes"), (("--sizes", "4M..64"), "goes down"),
    (("--sizes", "x"), "--sizes"), (("--cpus", "1-0"), "goes down"),
    (("--cpus", "0,0"), "twice"), (("--cpus", "x"), "--cpus"),
    (("-a", "kmalloc,kmalloc"), "twice"), (("-a", "kmaloc"), "did you mean kmalloc"),
    (("-a", "cache"), "--cache ID"), (("--cache", "1"), "--allocators cache"),
    (("-p", "pairs"), "did you mean pair"), (("--order", "reverse"), "--order is for batch"),
    (("-p", "batch", "--order", "random"), "order"), (("--objects", "9"), "--objects is for"),
    (("--stride", "9"), "--stride is for"), (("-p", "read", "--stride", "9"), "multiple of 8"),
    (("-p", "bulk", "--objects", "9999"), "too many for bulk"),
    (("--csv", "-j"), "--csv"), (("--compare", "one"), "too few operands"),
    (("one",), "one operand too many"), (("--plot", "a.pdf"), ".svg or .png"),
    (("--load", "/proc/self/status"), "")])
def test_usage(memlab, arguments, said):
    """Bad options are refused with what would be right."""
    status = REFUSED if "--load" in arguments else USAGE
    assert said in memlab("bench", *arguments, status=status).stderr.decode()


def scaled(told, factor):
    """A result with all times so much longer."""
    other = copy.deepcopy(told)
    for one in other["results"]:
        for key in ("ns", "min", "max"):
            one[key] = round(one[key] * factor, 3)
    return other


@pytest.fixture(name="compared")
def _compared(target, memlab):
    """What --compare says of two results."""
    def run(first, second, *options, status=DONE):
        for name, result in (("first", first), ("second", second)):
            target.put(json.dumps(result).encode(), f"/tmp/{name}.json")
        return memlab("bench", "--compare", "/tmp/first.json", "/tmp/second.json", *options,
                      status=status)
    return run


@pytest.mark.parametrize("factor, verdict", [
    (1, "not told apart"), (1000, "slower"), (0.001, "faster")])
def test_compare(told, compared, factor, verdict):
    """The ratio and how far it may be off; whether it is more than the spread."""
    rows = json.loads(compared(told, scaled(told, factor), "-j").stdout)
    assert len(rows) == len(told["results"])
    for row, one in zip(rows, told["results"]):
        assert row["verdict"] == verdict
        assert abs(row["ratio"] - factor) <= 0.001 + factor / 1000
        assert abs(row["ratio_max"] - factor * one["max"] / one["min"]) <= 0.01 * factor + 0.002
        assert row["ratio_min"] <= row["ratio"] <= row["ratio_max"]
    assert verdict in compared(told, scaled(told, factor)).stdout.decode()


def test_compare_different(told, compared):
    """What measured something else is not compared."""
    other = copy.deepcopy(told)
    other["settings"]["pattern"] = "batch"
    assert "pattern is pair and batch" in compared(told, other, status=REFUSED).stderr.decode()
    other = copy.deepcopy(told)
    other["results"] = [{**one, "size": one["size"] + 1} for one in other["results"]]
    assert "nothing" not in compared(told, other, status=REFUSED).stdout.decode()
    assert compared(told, {"results": []}, status=USAGE)


def test_plot(told, drawn, tmp_path):
    """A line for each allocator, with its name, and what the axes are."""
    path = tmp_path / "it's.svg"
    done = drawn(told, path)
    assert (done.returncode, done.stderr) == (0, "")
    text = " ".join(ElementTree.parse(path).getroot().itertext())
    for word in ("kmalloc", "vmalloc", "pages", "size", "nanoseconds an operation",
                 told["environment"]["kernel"]):
        assert word in text
    colours = set(re.findall(r"rgb\( *(\d+), *(\d+), *(\d+)\)", path.read_text()))
    assert {("0", "114", "178"), ("213", "94", "0"), ("0", "158", "115")} <= {
        tuple(one) for one in colours}
    path = tmp_path / "a.png"
    assert drawn(told, path).returncode == 0
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10000


def test_plot_fails_first(told, drawn, tmp_path):
    """A picture that cannot be written is said before anything is measured."""
    for path, environment, said in (
            (tmp_path / "none" / "a.svg", {}, "cannot write"),
            (tmp_path / "a.svg", {"PATH": "/nonexistent"}, "apt install gnuplot-nox"),
            ("/proc/version.svg", {}, "cannot write")):
        done = drawn(told, path, **environment)
        assert done.returncode == REFUSED and said in done.stderr and not done.stdout
    (tmp_path / "false").mkdir()
    broken = tmp_path / "false" / "gnuplot"
    broken.write_text("#!/bin/sh\ncat >/dev/null\nexit 3\n")
    broken.chmod(0o755)
    done = drawn(told, tmp_path / "b.svg", PATH=f"{tmp_path / 'false'}:{os.environ['PATH']}")
    assert done.returncode == REFUSED and "gnuplot could not draw" in done.stderr


def test_interrupted(target, device):
    """SIGINT at any moment leaves no buffer and no memory."""
    def state():
        info = device.info()
        areas = target.get("/proc/vmallocinfo").decode().count("[memlab]")
        return info.total_bytes, info.user_buffers, device.ids(), areas
    chance, before = random.Random(5), state()
    for number in range(100):
        process = target.spawn(["memlab", "bench", "-t", "3000", "-p",
                                ("pair", "batch", "read")[number % 3], *(
                                    ("--cpus", "0") if number % 4 == 0 else ())])
        time.sleep(chance.random() / 4)
        process.signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == -signal.SIGINT
    assert state() == before
