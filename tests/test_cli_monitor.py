# SPDX-License-Identifier: GPL-2.0
"""memlab monitor: events as they come, and an exact account of those that do not."""

import json
import re
import struct
from select import POLLOUT
from signal import SIGCONT, SIGINT, SIGSTOP, SIGTERM

import pytest

import abi
from cli import NO_DEVICE
from cli import memlab_fixture  # noqa: F401 # pylint: disable=unused-import
from device import Device
from running import PATIENCE, Running, until
from running import monitor_fixture  # noqa: F401 # pylint: disable=unused-import
from syscalls import O_WRONLY

MEMBERS = {"seq", "time", "event", "uid", "pid", "comm", "id", "allocator", "backing", "context",
           "size", "usable", "old_size", "gfp", "gfp_used", "function", "cache", "mappings",
           "error", "reason"}
HEADING = ["TIME", "EVENT", "ID", "ALLOCATOR", "BACKING", "SIZE", "UID", "PID", "COMM"]


def account(events):
    """Checks that numbers go on from 1, but where losses are told: (came, lost)."""
    expected, lost = 1, 0
    for event in events:
        if event["event"] == "lost":
            assert set(event) == {"event", "count"} and event["count"] > 0
            lost += event["count"]
            expected += event["count"]
        else:
            assert event["seq"] == expected
            expected += 1
    return expected - 1 - lost, lost


def come_and_go(device, count):
    """Allocates so many buffers and frees them: their ids."""
    buffers = device.alloc_many(count, abi.KMALLOC, 64)
    device.free_many(buffers)
    return [buffer.id for buffer in buffers]


def test_two_thousand(monitor, device):
    """1000 allocations and frees are 2000 events, without a hole and in their order."""
    one = monitor("-j")
    ids = come_and_go(device, 1000)
    assert one.stop() == 0
    events = one.events()
    assert [event["seq"] for event in events] == list(range(1, 2001))
    assert [event["id"] for event in events] == ids * 2
    assert [event["event"] for event in events] == ["allocated"] * 1000 + ["freed"] * 1000
    assert one.total() == (2000, 2000, 0)


@pytest.fixture(name="stopped")
def _stopped(monitor):
    """A stopped monitor with the smallest receive buffer, 2304 bytes.

    An event occupies at least 700 bytes, the kernel's overhead included, and is accepted while a
    byte is free: at most four fit.
    """
    one = monitor("-j", "--buffer-size", 1)
    one.process.signal(SIGSTOP)
    one.until_state("T")
    return one


def test_lost(stopped, device):
    """Of events that come while nobody reads, what was lost is exactly told, in its place."""
    one = stopped
    come_and_go(device, 1000)
    one.process.signal(SIGCONT)
    one.until_told('"lost"')
    come_and_go(device, 10)
    assert one.stop() == 0
    came, lost = account(one.events())
    assert came + lost == 2020 and lost >= 2000 - 4
    assert one.total() == (came, came, lost)


def test_lost_at_the_end(stopped, device):
    """The last events count, too, although none comes after them."""
    one = stopped
    come_and_go(device, 1000)
    one.process.signal(SIGINT)
    one.process.signal(SIGCONT)
    assert one.wait() == 0
    came, lost = account(one.events())
    assert came + lost == 2000 and lost >= 2000 - 4
    assert one.total() == (came, came, lost)


def test_too_fast(monitor, device):
    """A reader that is there, but has room for next to nothing, misses none unseen."""
    one = monitor("-j", "--buffer-size", 1)
    for _ in range(10):
        come_and_go(device, 100)
    assert one.stop(SIGTERM) == 0
    came, lost = account(one.events())
    assert came + lost == 2000
    assert one.total() == (came, came, lost)


def clock(target):
    """The guest's time in whole seconds."""
    return int(target.run(["date", "+%s"]).stdout)


def test_kinds(target, monitor, memlab, device):
    """Each kind of event, with what belongs to it."""
    one, begin = monitor("-j"), clock(target)
    ident = int(memlab("alloc", "vmalloc", "64K", "-q").stdout)
    device.proxy.munmap(device.map(device.query(ident)), 65536)
    small = int(memlab("alloc", "kmalloc", 100, "-g", "kernel,zero", "-q").stdout)
    memlab("resize", small, 300)
    memlab("free", ident, small)
    memlab("alloc", "kmalloc", 64, "-g", "nowait,dma,dma32", status=1)
    memlab("alloc", "kmalloc", "64M", status=1)
    events = one.until_events(9)
    assert one.stop() == 0
    assert all(set(event) == MEMBERS for event in events)
    assert [(event["event"], event["id"], event["size"]) for event in events] == [
        ("allocated", ident, 65536), ("mapped", ident, 65536), ("unmapped", ident, 65536),
        ("allocated", small, 100), ("resized", small, 300), ("freed", ident, 65536),
        ("freed", small, 300), ("failed", None, 64), ("failed", None, 64 << 20)]
    assert [event["mappings"] for event in events] == [None, 1, 0] + [None] * 6
    assert [event["old_size"] for event in events] == [None] * 4 + [100] + [None] * 4
    assert [(event["error"], event["reason"]) for event in events[-2:]] == [
        ("EINVAL", "gfp-zone"), ("ERANGE", None)]
    assert [event["allocator"] for event in events] == ["vmalloc"] * 3 + ["kmalloc"] * 2 + [
        "vmalloc"] + ["kmalloc"] * 3
    assert events[3]["gfp"] == ["kernel", "zero"] and "nowarn" in events[3]["gfp_used"]
    assert {(event["uid"], event["context"]) for event in events} == {(0, "process")}
    assert events[0]["comm"] == "memlab" and events[1]["comm"].startswith("proxy")
    assert events[1]["pid"] == device.proxy.pid
    assert events[3]["usable"] == 128 and events[4]["function"] == "krealloc"
    times = [begin, *(event["time"] for event in events), clock(target) + 1]
    assert times == sorted(times)


def test_text(monitor, memlab):
    """The table has a heading and straight columns, and says what JSON says."""
    table, other = monitor("-b"), monitor("-j")
    ident = int(memlab("alloc", "vmalloc", "1M", "-q").stdout)
    memlab("alloc", "vmalloc", "64K", "--context", "atomic", status=1)
    memlab("free", ident)
    ident = int(memlab("alloc", "kmalloc", 100, "-q").stdout)
    memlab("resize", ident, 200)
    memlab("free", ident)
    events = other.until_events(6)
    heading, *lines = until(lambda: table.told().count("\n") == 7 and table.told().splitlines(),
                            "7 lines")
    assert heading.split() == HEADING
    ends = {name: heading.index(name) + len(name) for name in ("ID", "SIZE", "UID", "PID")}
    starts = {name: heading.index(name) for name in ("EVENT", "ALLOCATOR", "BACKING", "COMM")}
    for event, line in zip(events, lines):
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{6}", line.split()[0])
        assert line[9:15] == f"{event['time']:.6f}"[-6:]
        for name, key in (("ID", "id"), ("SIZE", "size"), ("UID", "uid"), ("PID", "pid")):
            value = "-" if event[key] is None else str(event[key])
            assert line[:ends[name]].endswith(f" {value}"), (name, line)
        for name, key in (("EVENT", "event"), ("ALLOCATOR", "allocator"), ("COMM", "comm"),
                          ("BACKING", "backing")):
            assert line[starts[name]:].startswith(event[key] or "- "), (name, line)
        assert line == line.rstrip()
    assert lines[1].endswith(f" EOPNOTSUPP: {events[1]['reason']}")
    assert lines[4].endswith(" was 100")


def test_quiet(monitor, memlab):
    """-q prints bare values; of losses how many, and no word when there are none."""
    quiet = Running(monitor("-j").target, "monitor", "-q", "-c", 1)
    other = monitor("-j")
    # it says nothing when it listens, so there have to be events until it has one
    until(lambda: memlab("try", "kmalloc", 10, "-q") and quiet.told(), "an event")
    assert quiet.wait() == 0 and quiet.said() == ""
    fields = quiet.told().rstrip("\n").split("\t")
    quiet.close()
    assert fields in [[*(str(event[key]) for key in (
        "event", "id", "allocator", "size", "uid", "pid")), "-"] for event in other.events()]


def test_count(monitor, device):
    """It ends by itself after so many."""
    one = monitor("-j", "-c", 5, "-f", "event=freed")
    come_and_go(device, 10)
    assert one.wait() == 0
    assert [event["seq"] for event in one.events()] == [11, 12, 13, 14, 15]
    assert one.total() == (15, 5, 0)


@pytest.mark.parametrize("number", [SIGINT, SIGTERM], ids=str)
def test_signal(monitor, number):
    """Both signals end it well, also when nothing ever came."""
    one = monitor("-j")
    assert one.stop(number) == 0
    assert one.told() == "" and one.total() == (0, 0, 0)


@pytest.mark.parametrize("option", ["-j", "-b"])
def test_reader_goes(target, memlab, option):
    """When nobody reads any more, it ends without a word, even if no event comes."""
    one = Running(target, "monitor", option, pipe="head -n 1")
    one.until_said("listening")
    ident = int(memlab("alloc", "kmalloc", 10, "-q").stdout)
    assert one.wait() == 0
    assert one.said().count("\n") == 1
    running = target.run(["pidof", "memlab"])
    until(lambda: target.run(["pidof", "memlab"]).returncode, f"its end: {running}")
    memlab("free", ident)
    one.close()


def test_reader_sleeps(monitor, device):
    """One that does not read holds up neither events nor the end."""
    one = monitor("-j", pipe="sleep 1000")
    come_and_go(device, 1000)
    pid = int(one.target.run(["pidof", "memlab"]).stdout)

    def full():
        """Whether a write to its pipe would wait; 2000 lines are more than a pipe has room for."""
        fd = device.proxy.open(f"/proc/{pid}/fd/1", O_WRONLY)
        ready = device.proxy.call("ppoll", struct.pack("<ihh", fd, POLLOUT, 0), 1, bytes(16), 0, 0)
        device.proxy.close(fd)
        return not ready
    until(full, "a full pipe")
    one.target.run(["kill", "-INT", str(pid)])
    one.until_said("were printed")
    came, printed, _ = one.total()
    assert 0 < printed < came <= 2000


def test_name_of_thread(monitor, process):
    """What a process calls itself cannot steer the reader's terminal."""
    proxy = process()
    fd = proxy.open("/proc/self/comm", O_WRONLY)
    proxy.call("write", fd, b"\x1b[2J\\\xff\n=", 8)
    proxy.close(fd)
    table, other = monitor(), monitor("-j")
    with Device(proxy) as device:
        come_and_go(device, 1)
    wanted = r"\x1b[2J\x5c\xff\x0a="
    assert {event["comm"] for event in other.until_events(2)} == {wanted}
    table.until_told("freed")
    text = table.told()
    assert "\x1b" not in text and wanted in text


@pytest.mark.usefixtures("public_device")
def test_buffer_of_user(monitor):
    """More room than a user may have is told, with where the limit is."""
    one = monitor("-j", "--buffer-size", "512M", user="alice")
    assert "net.core.rmem_max" in one.said() and "512 MiB" in one.said()
    assert one.stop() == 0
    one = monitor("-j", "--buffer-size", "8M")
    assert "rmem_max" not in one.said()


def test_too_many(target, monitor, memlab):
    """The kernel's own words reach the user who listens too often."""
    many = [monitor("-j", user="bob") for _ in range(16)]
    said = memlab("monitor", user="bob", status=1).stderr.decode()
    assert "cannot listen to events: " in said
    assert "16" in said and "Disk quota exceeded" not in said
    assert many[0].stop() == 0
    again = Running(target, "monitor", "-j", user="bob")
    again.until_said("listening")
    assert again.stop() == 0
    again.close()


class TestUnload:
    """The driver goes, and comes back."""

    @pytest.fixture(autouse=True, name="reload")
    def _reload(self, target):
        """Loads it again."""
        yield
        if target.run(["sh", "-c", "test -d /sys/module/memlab"]).returncode:
            assert target.run(["insmod", *target.module_line()]).returncode == 0

    def test_goes(self, target, monitor, device):
        """monitor says so and ends; what was before is printed."""
        one, text = monitor("-j"), monitor()
        come_and_go(device, 100)
        device.close()
        assert target.run(["rmmod", "memlab"]).returncode == 0
        assert one.wait() == text.wait() == NO_DEVICE
        assert account(one.events()) == (200, 0)
        for each in (one, text):
            assert each.total() == (200, 200, 0)
            assert "the driver was unloaded" in each.said()

    @pytest.mark.parametrize("command", ["list", "monitor", "stats"])
    def test_not_there(self, target, memlab, command):
        """Status 3, and what to do."""
        assert target.run(["rmmod", "memlab"]).returncode == 0
        said = memlab(command, status=NO_DEVICE).stderr.decode()
        assert "not loaded" in said and "modprobe memlab" in said


IN_NAMESPACE = """
memlab monitor -j -c 3 2>/tmp/namespace.err & monitor=$!
until grep -q listening /tmp/namespace.err; do sleep 0.1; done
sh -c 'echo $$; exec memlab -q try kmalloc 64 >/dev/null'
wait $monitor
"""


def test_process_namespace(target, device):
    """Process ids are those that the listener has for them; who is outside has none."""
    process = target.spawn(["unshare", "-p", "-f", "sh", "-c", IN_NAMESPACE])
    lines = [process.readline(PATIENCE) for _ in range(3)]
    device.free(device.alloc(abi.KMALLOC, 64).id)
    lines.append(process.readline(PATIENCE))
    assert process.wait(PATIENCE) == 0
    pid, = [int(line) for line in lines if line.strip().isdigit()]
    events = [json.loads(line) for line in lines if not line.strip().isdigit()]
    assert [(event["event"], event["pid"]) for event in events] == [
        ("allocated", pid), ("freed", pid), ("allocated", 0)]
