# SPDX-License-Identifier: GPL-2.0
"""The driver's tracepoints, through tracefs and as trace-cmd reads them."""

import errno
import os
import re
import shutil
import struct
from pathlib import Path

import pytest

import abi
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp, Reason
from attack import KERNEL_HALF
from building import root as root_folder
from device import Device
from frames import call_record
from proxy import Proxy
from syscalls import O_RDONLY
from target import VirtualTarget
from tracing import TRACING, get, put, traced
from vm.payload import default_payload

NAMES = [f"memlab_{name}" for name in ("alloc", "resize", "free", "map", "unmap", "fail")]
ALL = ("memlab",)
FIELD = re.compile(r"\tfield:(.*) (\w+);\toffset:(\d+);\tsize:(\d+);\tsigned:([01]);")
NAMED = {
    "allocator": {KMALLOC: "kmalloc", VMALLOC: "vmalloc", KVMALLOC: "kvmalloc", PAGES: "pages",
                  PAGES_EXACT: "pages-exact", CACHE: "cache"},
    "backing": {0: "none", abi.SLAB: "slab", abi.LARGE: "large", abi.VMALLOC_BACKING: "vmalloc",
                abi.PAGES_BACKING: "pages", abi.SPLIT: "split"},
    "context": {one: one.name.lower() for one in Context},
}
DOCUMENT = Path(__file__).parents[1] / "Documentation/tracing.rst"
PERF_TYPE_TRACEPOINT = 2


@pytest.fixture(scope="module")
def machine(target, tmp_path_factory):
    """One with trace-cmd, and with one processor: see test_trace.py."""
    if not target.has_hypervisor:
        yield target
        return
    tree = tmp_path_factory.mktemp("trace") / "payload"
    shutil.copytree(default_payload(os.environ.get("KERNEL")), tree, symlinks=True)
    shutil.copy(root_folder() / "usr/bin/trace-cmd", tree / "usr/bin")
    tracer = VirtualTarget(smp=1, payload=tree)
    yield tracer
    problems = tracer.problems()
    tracer.close()
    assert not problems


@pytest.fixture(scope="module")
def root(machine):
    """A process of root there."""
    with Proxy(machine) as proxy:
        yield proxy


def documented():
    """The fields that the documentation has in its table: names and types."""
    table = DOCUMENT.read_text("utf-8").split("\nFields\n")[1].split("\n====")[2]
    found = re.findall(r"^``(\w+)`` +(u\d+) ", table, re.MULTILINE)
    assert len(found) > 10
    return dict(found)


def expected(ident, buffer, uid=0, **more):
    """The words of a line about a buffer, as QUERY tells of it."""
    told = {"id": ident, "uid": uid, "bytes": buffer.bytes, "usable": buffer.usable,
            "old_bytes": 0, "cache": buffer.cache, "mappings": 0, "error": 0, "reason": 0, **more}
    told |= {name: words[getattr(buffer, name)] for name, words in NAMED.items()
             if name not in told}
    told |= {name: "|".join(flag.name for flag in Gfp if getattr(buffer, name) & flag)
             for name in ("gfp", "gfp_used")}
    return {name: str(value) for name, value in told.items()}


def failure(request, error, reason=Reason.NONE, **more):
    """The words of a line about an allocation that gave nothing."""
    return {"id": "0", "uid": "0", "allocator": NAMED["allocator"][request["allocator"]],
            "backing": "none", "context": "process", "bytes": str(request["size"]), "usable": "0",
            "old_bytes": "0", "cache": "0", "mappings": "0", "error": str(error),
            "reason": str(reason.value), **more}


def told(events):
    """Names and words."""
    return [(event.name, event.words) for event in events]


@pytest.mark.parametrize("name", NAMES)
def test_format(root, name):
    """The fields are the documented ones; what prints them, any tool can parse."""
    text = get(root, f"events/memlab/{name}/format")
    fields = [(kind, field, int(size), sign) for kind, field, _, size, sign in FIELD.findall(text)
              if not field.startswith("common_")]
    assert {field: kind for kind, field, _, _ in fields} == documented()
    for kind, field, size, sign in fields:
        assert (size, sign) == (int(kind[1:]) // 8, "0"), field
    form = re.search(r'^print fmt: "(.*?)", (.*)$', text, re.MULTILINE)
    assert re.findall(r"(\w+)=%", form[1]) == re.findall(r"REC->(\w+)", form[2])
    assert set(re.findall(r"%(\w+)", form[1])) <= {"u", "llu", "s"}
    rest = re.sub(r"\{ (0x[0-9a-f]+|\d+|\(1ULL << \d+\)|1ULL << \d+), \"[\w-]+\" \}", "{}",
                  form[2])
    for part in re.split(r", (?=REC|__print)", rest):
        assert re.fullmatch(r'REC->\w+|__print_symbolic\(REC->\w+(, \{\})+\)|'
                            r'__print_flags\(REC->\w+, "\|"(, \{\})+\)', part), part


@pytest.mark.parametrize("allocator", NAMED["allocator"], ids=list(NAMED["allocator"].values()))
def test_life(device, cache, allocator):
    """A buffer is allocated, resized, mapped twice, unmapped, freed: as QUERY tells of it."""
    ident = cache(192) if allocator == CACHE else 0
    resizable = bool(device.info().resizable & 1 << allocator)
    with traced(device.proxy, ALL) as end:
        made = device.alloc(allocator, 192 if ident else 5000, cache=ident, gfp=Gfp.USER | Gfp.ZERO)
        states = [("memlab_alloc", expected(made.id, device.query(made.id)))]
        if resizable:
            device.resize(made.id, 12288)
            made = device.query(made.id)
            states.append(("memlab_resize", expected(made.id, made, old_bytes=5000)))
        last = device.query(made.id)
        if last.map_length:
            addresses = [device.map(last), device.map(last)]
            for address in addresses:
                device.proxy.munmap(address, last.map_length)
            states += [(f"memlab_{name}", expected(made.id, last, mappings=count))
                       for name, count in (("map", 1), ("map", 2), ("unmap", 1), ("unmap", 0))]
        device.free(made.id)
        states.append(("memlab_free", expected(made.id, last)))
        events = end()
    assert told(events) == states
    assert len(events) > 2 or ident
    assert {event.pid for event in events} == {device.proxy.pid}


@pytest.mark.parametrize("context", Context, ids=lambda one: one.name.lower())
def test_context(device, context):
    """The context is the one that was asked for; the event itself comes from the system call."""
    with traced(device.proxy, ALL) as end:
        made = device.alloc(KMALLOC, 100, gfp=Gfp.ATOMIC, context=context)
        query = device.query(made.id)
        device.free(made.id, context=context)
        events = end()
    assert told(events) == [(name, expected(made.id, query))
                            for name in ("memlab_alloc", "memlab_free")]
    assert {event.words["context"] for event in events} == {context.name.lower()}
    assert {event.context for event in events} == {Context.PROCESS}


def test_close(device):
    """What goes with its file is freed, with a line for each."""
    with traced(device.proxy, ALL) as end:
        with Device(device.proxy) as other:
            made = other.alloc_many(5, KMALLOC, 64)
        events = end()
    freed = [event.words["id"] for event in events if event.name == "memlab_free"]
    assert sorted(freed) == sorted(str(one.id) for one in made)


def refused(call, *args, **members):
    """The errno of a call that fails."""
    with pytest.raises(OSError) as caught:
        call(*args, **members)
    return caught.value.errno


def test_fail(device):
    """What gave no buffer, and what was not resized, with errno and reason."""
    flags = Gfp.KERNEL | Gfp.NOWAIT
    request = {"allocator": KMALLOC, "size": 1 << 30}
    with traced(device.proxy, ALL) as end:
        kept = device.alloc(PAGES, 4096)
        query = device.query(kept.id)
        assert refused(device.alloc, **request) == errno.ERANGE
        assert refused(device.alloc, KMALLOC, 64, gfp=flags) == errno.EINVAL
        assert refused(device.resize, kept.id, 8192) == errno.EOPNOTSUPP
        device.free(kept.id)
        events = [event for event in end() if event.name == "memlab_fail"]
    assert len(events) == 3
    large = failure(request, errno.ERANGE, gfp="", gfp_used=events[0].words["gfp_used"])
    odd = failure({"allocator": KMALLOC, "size": 64}, errno.EINVAL, Reason.GFP_BASE,
                  gfp="KERNEL|NOWAIT", gfp_used=events[1].words["gfp_used"])
    assert events[0].words == large
    assert events[1].words == odd
    asked = expected(kept.id, query, bytes=8192, usable=0, old_bytes=4096,
                     error=errno.EOPNOTSUPP, reason=Reason.NO_RESIZE.value)
    del asked["gfp"], asked["gfp_used"]
    assert asked.items() <= events[2].words.items()


def test_user(machine, device):
    """The user is the owner of the buffer; the process, who did it."""
    machine.run(["chmod", "666", "/dev/memlab"])
    with traced(device.proxy, ALL) as end:
        with Proxy(machine, user="alice") as alice, Device(alice) as hers:
            made = hers.alloc(KMALLOC, 64)
            device.free(made.id)
        events = end()
    machine.run(["chmod", "600", "/dev/memlab"])
    assert [(event.name, event.words["uid"], event.pid) for event in events] == [
        ("memlab_alloc", "1000", alice.pid), ("memlab_free", "1000", device.proxy.pid)]


@pytest.fixture
def tracefs(root):
    """Writes a file of tracefs: tracefs(name, data, undo)."""
    undone = []

    def write(name, data, undo):
        put(root, name, data)
        undone.append((name, undo))
    yield write
    for name, undo in reversed(undone):
        put(root, name, undo)


def test_filters(machine, device, tracefs):
    """By size, by name's number, by error."""
    limit = "/sys/module/memlab/parameters/max_total_bytes"
    old = machine.get(limit).decode().strip()
    machine.run(["sh", "-c", f"echo {1 << 50} >{limit}"])
    tracefs("events/memlab/memlab_alloc/filter", b"bytes > 4096 && allocator == 1\n", b"0\n")
    tracefs("events/memlab/memlab_fail/filter", b"error == 12\n", b"0\n")
    with traced(device.proxy, ALL) as end:
        for allocator, size in ((KMALLOC, 4096), (KMALLOC, 4097), (VMALLOC, 9000), (KMALLOC, 64)):
            device.free(device.alloc(allocator, size).id)
        assert refused(device.alloc, KMALLOC, 1 << 30) == errno.ERANGE
        assert refused(device.alloc, VMALLOC, device.info().total_ram) == errno.ENOMEM
        events = end()
    machine.run(["sh", "-c", f"echo {old} >{limit}"])
    found = [(event.name, event.words["bytes"]) for event in events
             if event.name != "memlab_free"]
    assert found == [("memlab_alloc", "4097"), ("memlab_fail", str(device.info().total_ram))]


def test_histogram(root, device, tracefs):
    """How many of each allocator, and how many bytes, counted in the kernel."""
    trigger = b"hist:keys=allocator:vals=bytes,usable:sort=allocator"
    tracefs("events/memlab/memlab_alloc/trigger", trigger + b"\n", b"!" + trigger + b"\n")
    made = device.alloc_many(3, KMALLOC, 100) + device.alloc_many(2, VMALLOC, 5000)
    table = re.findall(r"\{ allocator: +(\d+) \} hitcount: +(\d+) +bytes: +(\d+) +usable: +(\d+)",
                       get(root, "events/memlab/memlab_alloc/hist"))
    device.free_many(made)
    assert table == [(str(KMALLOC), "3", "300", str(3 * made[0].usable)),
                     (str(VMALLOC), "2", "10000", str(2 * made[-1].usable))]


def test_disabled(device):
    """Without them, nothing is written."""
    with traced(device.proxy, ()) as end:
        device.free(device.alloc(KMALLOC, 100).id)
        assert not end()


def test_no_address(device, tracefs):
    """Not one word in the trace's own pages could be a kernel address, nor is one printed."""
    proxy = device.proxy
    put(proxy, "trace", b"\n")
    tracefs("events/memlab/enable", b"1", b"0")
    tracefs("tracing_on", b"1", b"0")
    found = []
    for allocator in (KMALLOC, VMALLOC, PAGES):
        made = device.alloc(allocator, 8192)
        found.append(device.query(made.id))
        proxy.munmap(device.map(made), 8192)
        refused(device.alloc, allocator, 1 << 60)
        device.free(made.id)
    text = get(proxy, "trace")
    fd = proxy.open(TRACING + "per_cpu/cpu0/trace_pipe_raw", O_RDONLY | 0o4000)
    raw = proxy.read(fd, 4096)
    proxy.close(fd)
    assert all(query.kernel_address and query.phys for query in found)
    assert text.count("memlab_") >= 15 and len(raw) > 15 * 64
    numbers = {int(word) for word in re.findall(r"\b\d+\b", text)}
    for query in found:
        # in the ring buffer's pages, records are aligned to four bytes
        for secret in (query.kernel_address, query.phys, query.phys >> 12):
            assert secret not in numbers
            assert f"{secret:x}" not in text
        for secret in (query.kernel_address, query.phys):
            assert struct.pack("<Q", secret) not in raw
    words = [struct.unpack_from("<Q", raw, at)[0] for at in range(0, len(raw) - 8, 4)]
    assert not [hex(word) for word in words if word >= KERNEL_HALF]


def test_unprivileged(machine, root):
    """Tracefs and tracepoints are not for ordinary users, by the kernel's own rules."""
    names = ["trace", "trace_pipe", "events/memlab/memlab_alloc/format",
             "events/memlab/memlab_alloc/id", "events/memlab/memlab_alloc/enable"]
    number = int(get(root, "events/memlab/memlab_alloc/id"))
    attribute = struct.pack("<IIQ", PERF_TYPE_TRACEPOINT, 64, number) + bytes(48)
    with Proxy(machine, user="alice") as alice:
        for name in names:
            for top in (TRACING, "/sys/kernel/debug/tracing/"):
                with pytest.raises(PermissionError):
                    alice.open(top + name)
        assert watch(alice, attribute) == -errno.EACCES
    fd = watch(root, attribute)
    assert fd >= 0
    root.close(fd)


def watch(proxy, attribute):
    """perf_event_open() for the process itself."""
    proxy.poke(proxy.spare, attribute)
    return proxy.submit([call_record(
        proxy.number("perf_event_open"), proxy.spare, 0, -1, -1, 0)])[0][0]


def test_trace_cmd(machine):
    """It reads records and prints them with names for the numbers, as the kernel does."""
    script = ("cd /tmp; trace-cmd record -q -e memlab -o t.dat memlab try vmalloc 64K >try &&"
              "trace-cmd report -i t.dat; rm t.dat try")
    result = machine.run(["sh", "-c", script])
    assert result.returncode == 0, result.stderr
    report = result.stdout.decode()
    assert "FAILED TO PARSE" not in report
    lines = re.findall(r"^ *memlab-\d+ .*: (memlab_\w+): +(.*)$", report, re.MULTILINE)
    assert [name for name, _ in lines] == ["memlab_alloc", "memlab_map", "memlab_unmap",
                                           "memlab_free"], report
    for _, text in lines:
        words = dict(word.split("=", 1) for word in text.split())
        assert words.keys() == documented().keys()
        assert (words["allocator"], words["backing"], words["context"], words["bytes"]) == (
            "vmalloc", "vmalloc", "process", "65536")
        assert words["gfp_used"].startswith("KERNEL|")
