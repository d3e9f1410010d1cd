# SPDX-License-Identifier: GPL-2.0
"""memlab resize and memlab free: what they report, and what they refuse."""

import pytest

from cli import REFUSED, is_counted, rows
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture, refusal_fixture)
from pattern import pattern


@pytest.mark.parametrize("allocator, function", [
    ("kmalloc", "krealloc"), ("kvmalloc", "kvrealloc")])
def test_grow_and_shrink(made, memlab, as_json, allocator, function):
    """The content stays up to the smaller size; the report says so."""
    ident = made(allocator, 1000)["id"]
    memlab("fill", ident, "--seed", 5)
    said = as_json("resize", ident, "100K")
    assert (said["id"], said["function"]) == (ident, function)
    assert (said["old_size"], said["size"], said["kept"]) == (1000, 102400, 1000)
    assert said["moved"] is True and said["resizes"] == 1 and said["nanoseconds"] > 0
    assert memlab("read", ident).stdout == pattern(5, 0, 1000) + bytes(101400)
    said = as_json("resize", ident, 10)
    assert (said["old_size"], said["size"], said["kept"]) == (102400, 10, 10)
    assert (said["growth_zeroed"], said["stale"]) == (None, None)
    assert memlab("read", ident).stdout == pattern(5, 0, 10)
    shown = as_json("show", ident)
    assert shown["size"] == 10 and shown["resizes"] == 2
    assert shown["function"] == said["function"]


def test_in_place(made, as_json, memlab):
    """Within its slab object a buffer need not move."""
    ident = made("kmalloc", 100)["id"]
    said = as_json("resize", ident, 120)
    assert said["moved"] is False and said["kept"] == 100
    assert memlab("-q", "resize", ident, 121).stdout == b"false\n"
    assert memlab("-q", "resize", ident, 5000).stdout == b"true\n"
    text = rows(memlab("resize", ident, 100).stdout)
    assert (text["size before"], text["bytes kept"]) == ("4.8 KiB", "100 B")
    assert "growth zeroed" not in text


def test_growth(made, as_json, memlab):
    """Asked for zeros, the kernel gives them; whether it did is counted."""
    ident = made("kmalloc", 100, "-z")["id"]
    said = as_json("resize", ident, 5000, "-z", "--count-stale")
    assert (said["growth_zeroed"], said["stale"]) == (True, 0)
    assert "zero" in said["gfp_used"]
    text = rows(memlab("resize", ident, 20000, "--count-stale", "-z").stdout)
    assert (text["growth zeroed"], text["stale bytes"]) == ("yes", "0")


def test_array(made, as_json, refusal):
    """krealloc_array() resizes to an array, and refuses one that overflows."""
    ident = made("kmalloc", "--array", 10, "--size", 10)["id"]
    said = as_json("resize", ident, "--array", 20, "--size", 16)
    assert said["function"] == "krealloc_array"
    assert (said["size"], said["count"], said["element_size"]) == (320, 20, 16)
    told = refusal("resize", ident, "--array", 1 << 62, "--size", 5)
    assert "EOVERFLOW" in told and str(5 << 62) in told
    assert as_json("show", ident)["size"] == 320


def test_gfp(made, as_json, refusal):
    """Flags are passed on, if they allow sleeping."""
    ident = made("kmalloc", 10)["id"]
    assert "user" in as_json("resize", ident, 20, "--gfp", "user")["gfp_used"]
    assert str(ident) in refusal("resize", ident, 30, "--gfp", "kernel,atomic")


@pytest.mark.parametrize("allocator", ["pages", "pages-exact"])
def test_no_function(made, as_json, refusal, allocator):
    """What the kernel cannot resize stays as it was."""
    ident = made(allocator, 5000)["id"]
    said = refusal("resize", ident, 100)
    assert "no-resize" in said and allocator in said
    assert as_json("show", ident)["size"] == 5000


def test_resizable(made, memlab, as_json):
    """info tells whether vmalloc is among them."""
    ident = made("vmalloc", 5000)["id"]
    if "vmalloc" in as_json("info")["resizable"]:
        # which calls vrealloc()
        assert as_json("resize", ident, 50000)["function"] == "kvrealloc"
    else:
        assert b"no-resize" in memlab("resize", ident, 50000, status=REFUSED).stderr


def test_limits(made, refusal):
    """The messages are those of alloc."""
    ident = made("kmalloc", 100)["id"]
    assert "KMALLOC_MAX_SIZE" in refusal("resize", ident, "64M")
    assert "4711" in refusal("resize", 4711, 10)


def test_mapped(made, refusal, device):
    """A mapped buffer is busy."""
    mapped = device.query(made("kmalloc", "8K")["id"])
    address = device.map(mapped)
    for command in (["resize", mapped.id, "16K"], ["free", mapped.id]):
        assert "is mapped 1 time" in refusal(*command)
    device.proxy.munmap(address, mapped.map_length)


@pytest.mark.parametrize("allocator, function", [
    ("kmalloc", "kfree"), ("vmalloc", "vfree"), ("kvmalloc", "kvfree"),
    ("pages", "__free_pages"), ("pages-exact", "free_pages_exact")])
def test_free(as_json, memlab, allocator, function):
    """free tells by which function, and where it ran."""
    ident = as_json("alloc", allocator, 5000)["id"]
    said = as_json("free", ident)
    assert said["freed"] == [ident] and said["failed"] == []
    call, = said["calls"]
    assert (call["id"], call["function"], call["seen"]) == (ident, function, ["task"])
    assert call["preempt_count"] == 0 and call["nanoseconds"] > 0
    ident = int(memlab("-q", "alloc", allocator, 5000).stdout)
    assert memlab("free", ident).stdout.decode() == f"freed buffer {ident} by {function}\n"


@pytest.mark.parametrize("allocator", ["kmalloc", "vmalloc", "kvmalloc"])
def test_kvfree(as_json, allocator):
    """kvfree() frees what these three return."""
    ident = as_json("alloc", allocator, 5000)["id"]
    said = as_json("free", "--kvfree", ident)
    assert said["calls"][0]["function"] == "kvfree"
    assert as_json("list") == []


@pytest.mark.parametrize("allocator", ["pages", "pages-exact"])
def test_no_kvfree(made, as_json, memlab, allocator):
    """And nothing else; the buffer stays."""
    ident = made(allocator, 5000)["id"]
    told = memlab("free", "--kvfree", ident, status=REFUSED)
    assert b"no-kvfree" in told.stderr
    assert [one["id"] for one in as_json("list")] == [ident]


@pytest.mark.parametrize("context, seen", [
    ("process", {"task"}), ("atomic", {"task", "locked"}), ("softirq", {"softirq"}),
    ("hardirq", {"hardirq", "irqs-off"})])
def test_free_context(as_json, context, seen):
    """kfree() may be called anywhere."""
    ident = as_json("alloc", "kmalloc", 5000)["id"]
    call, = as_json("free", ident, "--context", context)["calls"]
    assert set(call["seen"]) == seen
    if is_counted(as_json, context):
        assert bool(call["preempt_count"]) == (context != "process")


def test_vfree_sleeps(made, refusal):
    """vfree() may not be called with a lock held."""
    ident = made("vmalloc", 5000)["id"]
    assert "free-sleeps" in refusal("free", ident, "--context", "atomic")
