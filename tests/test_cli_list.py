# SPDX-License-Identifier: GPL-2.0
"""memlab list: which buffers, which columns, in which order, and again and again."""

import errno
import json
import os
import re
import threading
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest

import abi
from abi import make
from cli import USAGE
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture)
from device import Device
from frames import Gone, call_record, poke_record, repeat_record
from running import Running, until
from syscalls import O_RDWR

USUAL = {"ID": "id", "ALLOCATOR": "allocator", "SIZE": "size", "BACKING": "backing",
         "EXTENTS": "extent_count", "LARGEST": "largest_extent", "PHYS": "phys",
         "PERSISTENT": "persistent", "MAPPINGS": "mappings", "UID": "owner_uid",
         "PID": "owner_pid"}
OTHERS = {"FUNCTION": "function", "ELEMENTS": "count", "ELEMENT-SIZE": "element_size",
          "ORDER": "order", "USABLE": "usable_size", "SLACK": "slack", "PATH": "path",
          "CACHE": "cache_id", "SLAB-CACHE": "cache_name", "GFP": "gfp", "GFP-USED": "gfp_used",
          "CONTEXT": "context", "SEEN": "seen", "PREEMPT-COUNT": "preempt_count",
          "CONTIGUOUS": "contiguous", "ADDRESS": "kernel_address", "ALIGN": "kernel_align",
          "PHYS-ALIGN": "phys_align", "NODE": "node", "ZEROED": "zero", "RESIZES": "resizes",
          "MAP-LENGTH": "map_length"}
COLUMNS = {**USUAL, **OTHERS}
MAN = Path(__file__).resolve().parents[1] / "Documentation" / "man" / "memlab.1"
ALICE = 1000
TIOCSPTLCK, TIOCGPTN = 0x40045431, 0x80045430


@pytest.fixture(name="watched")
def _watched(target):
    """Starts list --watch: watched("-j", ...); it ends with the test."""
    started = []

    def start(*arguments, **options):
        started.append(Running(target, "list", "-w", "0.2", *arguments, **options))
        return started[-1]
    yield start
    for one in started:
        one.close()


@pytest.fixture(name="mixed")
def _mixed(memlab):
    """Buffers that differ in every column; freed with the test."""
    ids = [int(memlab("alloc", *arguments, "-q").stdout) for arguments in (
        ("vmalloc", "20000"), ("kmalloc", "100"), ("pages", "--order", 2),
        ("kvmalloc", "8M", "-z"), ("kmalloc", "--array", 3, "--size", 7, "-c", "softirq",
                                   "-g", "nowait"),
        ("pages-exact", "20000"), ("kmalloc", "200", "-n", 0))]
    memlab("resize", ids[1], 50)
    yield ids
    memlab("free", *ids)


def ids_of(result):
    """What -q prints, as numbers."""
    return [int(line) for line in result.stdout.split()]


def shown(value):
    """A value of JSON as the bare form has it."""
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "-" if value is None else str(value)


def in_table(name, value):
    """The same as a cell of the table, with -b."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(value)
    if name in ("PHYS", "PREEMPT-COUNT"):
        return hex(value)
    return "gone" if name == "PID" and value is None else shown(value)


def test_as_show(mixed, as_json):
    """What list tells of each buffer is what the device tells."""
    listed = as_json("list")
    assert listed == as_json("show", *mixed)
    assert set(COLUMNS.values()) | {"phys_hidden", "mappable"} == set(listed[0])


def test_columns(mixed, memlab, as_json):
    """-o takes any of them, in any case and order; -O all; all three outputs agree."""
    # pylint: disable=unused-argument
    assert memlab("list").stdout.split(b"\n")[0].decode().split() == list(USUAL)
    text = memlab("list", "-O", "-b").stdout.decode().splitlines()
    assert set(text[0].split()) == set(COLUMNS)
    whole = as_json("list", "-O")
    assert [set(one) for one in whole] == [set(COLUMNS.values())] * len(mixed)
    for name, key in COLUMNS.items():
        values = [one[key] for one in whole]
        assert as_json("list", "-o", name.lower()) == [{key: value} for value in values]
        bare = memlab("list", "-q", "-o", name).stdout.decode().splitlines()
        assert [json.loads(line) if line.startswith("[") else line for line in bare] == [
            value if isinstance(value, list) else shown(value) for value in values]
        heading, *cells = memlab("list", "-b", "-o", name).stdout.decode().splitlines()
        assert heading.strip() == name
        for cell, value in zip(cells, values):
            assert cell.strip() == in_table(name, value), name


def test_chosen_columns(mixed, memlab, as_json):
    """Columns come in the order of the list; with + behind the usual ones."""
    # pylint: disable=unused-argument
    heading = memlab("list", "-o", "size,id").stdout.split(b"\n")[0].decode().split()
    assert heading == ["SIZE", "ID"]
    heading = memlab("list", "-o", "+slack,node,id").stdout.split(b"\n")[0].decode().split()
    assert heading == [*USUAL, "SLACK", "NODE"]
    assert list(as_json("list", "-o", "slack,id")[0]) == ["slack", "id"]
    bare = memlab("list", "-q", "-o", "allocator,size").stdout.decode().splitlines()
    assert bare == [f"{one['allocator']}\t{one['size']}" for one in as_json("list")]


def sorts_by(value):
    """By what a value is sorted: lists are texts, as json-c prints them."""
    if isinstance(value, list):
        value = f"[ {', '.join(map(json.dumps, value))} ]" if value else "[]"
    return () if value is None else (value,)


@pytest.mark.parametrize("name", map(str.lower, COLUMNS))
def test_sort(mixed, memlab, as_json, name):
    """By value, what is absent first; by id where values are alike; also backwards."""
    key = COLUMNS[name.upper()]
    by_id = sorted(as_json("list"), key=lambda one: one["id"])
    assert [one["id"] for one in by_id] == mixed
    wanted = [one["id"] for one in sorted(by_id, key=lambda one: sorts_by(one[key]))]
    assert ids_of(memlab("list", "-x", name, "-q")) == wanted
    assert ids_of(memlab("list", "--sort", name.upper(), "--reverse", "-q")) == wanted[::-1]
    assert [one["id"] for one in as_json("list", "-x", name)] == wanted
    text = memlab("list", "-x", name, "-o", "ID").stdout.split()[1:]
    assert [int(one) for one in text] == wanted


@pytest.mark.usefixtures("public_device")
def test_filters(mixed, memlab, as_json, device, process):
    """By allocator, user and process; several must all hold."""
    alices = Device(process(user="alice"))
    hers = [alices.alloc(abi.KMALLOC, 10).id, alices.alloc(abi.VMALLOC, 10).id]
    own = device.alloc(abi.VMALLOC, 10).id

    def listed(*arguments, **options):
        return ids_of(memlab("list", "-q", *arguments, **options))
    kinds = {one["id"]: one["allocator"] for one in as_json("list")}
    for kind in set(kinds.values()):
        assert listed("-a", kind) == [ident for ident in kinds if kinds[ident] == kind]
    assert listed("-u", "alice") == listed("-u", ALICE) == hers
    assert listed("--user", "root") == [*mixed, own]
    assert listed("-u", "bob") == listed("-a", "cache") == []
    assert listed("-p", device.proxy.pid) == [own]
    assert listed("-p", alices.proxy.pid, "-a", "vmalloc") == hers[1:]
    assert listed("-u", "bob", "-p", alices.proxy.pid) == []
    assert listed("-p", 2**31 - 1) == []
    assert as_json("list", "-u", "bob") == []
    assert memlab("list", "-u", "bob").stdout == b""
    # alice sees hers, whatever she asks for
    assert listed(user="alice") == listed("-u", "alice", user="alice") == hers
    assert listed("-u", "root", user="alice") == listed(user="bob") == []
    for one in as_json("list", user="alice"):
        assert (one["phys"], one["phys_hidden"], one["kernel_address"]) == (None, True, None)
        assert one["phys_align"] is one["kernel_align"] is None
    assert "hidden" in memlab("list", user="alice").stdout.decode()
    alices.close()
    device.free(own)


def test_no_device_needed(made, memlab):
    """It asks the driver through netlink: the device file does not matter."""
    ident = made("kmalloc", 10)["id"]
    assert ids_of(memlab("-d", "/dev/nothing", "list", "-q")) == [ident]
    assert ids_of(memlab("list", "-q", user="alice")) == []


def test_busy_table(target, device, process):
    """A list that is disturbed each time is printed, and said to be so.

    The other process resizes without a pause. A dump of 20000 buffers is undisturbed only if
    the host stalls that process meanwhile; then the list is requested again.
    """
    buffers = device.alloc_many(20000, abi.KMALLOC, 8)
    other = Device(process())
    resize = make(abi.Resize, id=other.alloc(abi.KMALLOC, 8).id, bytes=8)
    bustling = repeat_record(1 << 62, [
        poke_record(other.proxy.scratch, bytes(resize)), call_record(
            other.proxy.number("ioctl"), other.fd, abi.RESIZE, other.proxy.scratch)])

    def bustle():
        with pytest.raises(Gone):
            other.proxy.submit([bustling])
    thread = threading.Thread(target=bustle)
    thread.start()

    def disturbed():
        result = target.run(["memlab", "list", "-q"])
        assert result.returncode == 0
        assert {buffer.id for buffer in buffers} <= set(ids_of(result))
        return "came and went while listed" in result.stderr.decode()
    try:
        until(disturbed, "a list that was disturbed each time it was read")
    finally:
        other.proxy.kill()
        thread.join()
        device.free_many(buffers)


def test_watch(watched, memlab, made, as_json):
    """It lists again and again, with an empty line between, until SIGINT."""
    first = made("kmalloc", 55)["id"]
    before = as_json("list")
    one, other = watched("-o", "id,size", "-b"), watched("-j")
    one.until_told(rf"^ *ID SIZE\n *{first} +55\n\n *ID")
    other.until_told(r"^\]\n\n\[")
    ident = int(memlab("alloc", "kmalloc", 77, "-q").stdout)
    one.until_told(rf"^ *{first} +55\n *{ident} +77\n\n *ID")
    between = as_json("list")
    other.until_told("77")
    memlab("free", ident)
    one.until_told(rf" 77\n\n *ID SIZE\n *{first} +55\n\n *ID")
    assert one.stop() == 0 and other.stop(SIGTERM) == 0
    assert one.said() == other.said() == ""
    *tables, _ = other.told().split("\n\n")
    assert json.loads(tables[0]) == before and between in map(json.loads, tables)


def test_watch_reader_goes(target, made):
    """When nobody reads any more, it ends without a word."""
    made("kmalloc", 10)
    one = Running(target, "list", "-w", "1000", pipe="head -n 1")
    assert one.wait() == 0 and one.said() == ""
    until(lambda: target.run(["pidof", "memlab"]).returncode, "its end")
    one.close()


def test_watch_on_terminal(root, watched, made):
    """On a terminal, each list takes the place of the last one."""
    ident = made("kmalloc", 10)["id"]
    master = root.open("/dev/ptmx", O_RDWR | os.O_NONBLOCK)
    root.ioctl_raw(master, TIOCSPTLCK, bytes(4))
    number = int.from_bytes(root.ioctl_raw(master, TIOCGPTN, bytes(4))[1], "little")
    text = ""

    def screens():
        nonlocal text
        try:
            length = root.call("read", master, root.spare, 4096)
            text += root.peek(root.spare, length).decode()
        except OSError as error:
            # nothing yet, or nobody who could say anything
            assert error.errno in (errno.EAGAIN, errno.EIO)
        return text.split("\x1b[H\x1b[2J")
    one = watched("-o", "ID", out=f"/dev/pts/{number}")
    until(lambda: len(screens()) > 2, "two lists")
    one.process.signal(SIGINT)
    assert one.wait() == 0
    nothing, *tables = screens()
    root.close(master)
    assert nothing == ""
    assert {tuple(table.split()) for table in tables} == {("ID", str(ident))}


@pytest.mark.parametrize("arguments, wanted", [
    (["x"], "none"), (["-a", "malloc"], "did you mean kmalloc?"), (["-a", "x"], "pages-exact"),
    (["-u", "alic"], "did you mean alice?"), (["-u", "nobodyatall"], "getent"),
    (["-u", "-1"], "unknown user"), (["-u", "4294967295"], "4294967294"), (["-p", "0"], "1"),
    (["-p", "x"], "--pid"), (["-o", "siz"], "did you mean SIZE?"), (["-o", "id,"], "MAPPINGS"),
    (["-o", "+x"], "MAPPINGS"), (["-x", "foo"], "MAPPINGS"), (["-x", "phys_hidden"], "PHYS"),
    (["-w", "0"], "0.1"), (["-w", "1.x"], "0.1"), (["-w", "1.2345"], "0.1"), (["-w", ""], "0.1"),
    (["-w", "1000000"], "1000000"), (["-w", "-1"], "0.1")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    result = memlab("list", *arguments, status=USAGE)
    assert not result.stdout and wanted in result.stderr.decode()


def test_help_has_columns(memlab):
    """The help names each column, and the manual page which member of show it is."""
    told = memlab("help", "list").stdout.decode()
    named = re.search(r"Columns: ([A-Z\s-]+)\n\n", told)
    assert named and set(named[1].split()) == set(COLUMNS)
    page = MAN.read_text("utf-8")
    assert dict(re.findall(r"^\.It ([A-Z-]+) Ta (\w+)$", page, re.MULTILINE)) == COLUMNS
