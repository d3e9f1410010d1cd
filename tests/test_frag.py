# SPDX-License-Identifier: GPL-2.0
"""memlab frag: what becomes of free memory, what follows from it, and that it comes back."""

import contextlib
import errno
import json
import signal
import time

import pytest

import abi
import facts
from cli import (  # noqa: F401 # pylint: disable=unused-import
    DONE, NO_DEVICE, REFUSED, USAGE, as_json_fixture, memlab_fixture)
from fragmentation import fragmented, free_blocks, in_blocks, smallest_safe
from parallel import warden_fixture  # noqa: F401 # pylint: disable=unused-import
from running import until
from target import PATIENCE, opened

KIB, MIB = 1 << 10, 1 << 20
COSTLY = 3          # the page allocator does not refuse orders up to here
# what a processor keeps ready for itself is free, too
SEEN = """
memlab -q frag --hold 1 {options} & pid=$!
while kill -0 $pid 2>/dev/null; do
    awk '/^ +count:/ {{ kept += 4 * $2 }} /MemFree/ {{ print $1, $2 + kept }}' \\
        /proc/zoneinfo /proc/meminfo
done
wait $pid
"""
IN_CGROUP = """
if [ ! -e /sys/fs/cgroup/cgroup.procs ]; then mount -t cgroup2 none /sys/fs/cgroup; fi
cd /sys/fs/cgroup
echo +memory >cgroup.subtree_control
mkdir memlab-frag
echo 64M >memlab-frag/memory.max
sh -c 'echo $$ >memlab-frag/cgroup.procs; exec memlab -q frag </dev/null'
echo $?
grep oom_kill memlab-frag/memory.events
rmdir memlab-frag
"""


@pytest.fixture(scope="module", name="target")
def target_fixture():
    """A machine of this file's own. In one that thousands of tests have left their pages in,
    the kernel was seen to be busy with compaction for more than a minute."""
    with opened() as own:
        yield own


def mem_free(target):
    """Bytes free, by /proc/meminfo."""
    line, = [line for line in target.get("/proc/meminfo").decode().splitlines()
             if line.startswith("MemFree:")]
    return int(line.split()[1]) << 10


def holder(target):
    """Process id of the one that holds the memory; None if there is none."""
    found = target.run(["sh", "-c", "grep -l '^memlab-frag$' /proc/[0-9]*/comm"]).stdout.split()
    assert len(found) < 2
    return int(found[0].split(b"/")[2]) if found else None


@contextlib.contextmanager
def exhausted(device, allocator, size, most=32):
    """Takes what is free all the same, was reclaimed or made, until the allocator says no.

    Gives how many that were; they are held meanwhile.
    """
    made = []
    try:
        with contextlib.suppress(MemoryError):
            while len(made) < most:
                made.append(alloc(device, allocator, size).id)
        yield len(made)
    finally:
        for ident in made:
            device.free(ident)


def alloc(device, allocator, size):
    """ALLOC; MemoryError where the allocator says no."""
    try:
        return device.alloc(allocator, size)
    except OSError as error:
        if error.errno != errno.ENOMEM:
            raise
        raise MemoryError from error


def compact(target):
    """Has the kernel empty the lists of its processors, and make large blocks. Gives None."""
    target.run(["sh", "-c", "echo 1 >/proc/sys/vm/compact_memory"])


@pytest.fixture(autouse=True)
def back(target):
    """Each test ends with the memory that it began with, and without a word of the kernel."""
    free, large, mark = facts.free_pages(target), in_blocks(target, 9), target.log_mark()

    def lost():
        """Bytes. Processors keep freed pages for themselves, on newer kernels many: not those."""
        return (free - facts.free_pages(target)) * 4096
    yield
    assert holder(target) is None
    until(lambda: lost() < 24 * MIB or compact(target), "all but 24 MiB come back")
    # Pages that the kernel itself took meanwhile may lie between: it can move most of them,
    # but not those of objects that KASAN keeps from being freed.
    share = 0.5 if facts.is_configured(target, "KASAN") else 0.8
    until(lambda: in_blocks(target, 9) > large * share or compact(target), "large blocks again")
    assert not [line for line in target.log_since(mark) if "oom" in line.lower()]


@pytest.mark.parametrize("order", [0, 1, 3, 5, 9])
def test_order(target, device, order):
    """No block above the order is left that a request gets, and memory is still free."""
    total, least = in_blocks(target, 0), max(order, COSTLY)
    with fragmented(target, "--order", order):
        assert in_blocks(target, least + 1) <= 2 * MIB
        # a stock of blocks that the kernel would rather kill for than do without: 128 of them,
        # of 32 KiB with a kept one beside each (STOCK_MOST); and as much that others freed
        assert in_blocks(target, order + 1) <= 2 * 128 * 64 * KIB
        assert in_blocks(target, 0) > total // 5
        assert in_blocks(target, order) > total // 10
        large = 4096 << (least + 1)
        with exhausted(device, abi.PAGES, large, most=1000) as count:
            assert count < 16 or count * large <= total // 32
            device.free(alloc(device, abi.PAGES, 4096 << order).id)


@pytest.fixture(scope="class", name="whole")
def _whole(target):
    """All of free memory is fragmented while the tests run that use this: pages of an extent."""
    order = smallest_safe(target)
    with fragmented(target, "--order", order):
        yield 1 << int(order)


class TestEffects:
    """What allocators do in fragmented memory."""

    pytestmark = pytest.mark.usefixtures("whole")

    @pytest.fixture(autouse=True)
    def back(self):
        """The memory is held until the class ends."""

    @pytest.mark.parametrize("size", [64 << 10, 256 << 10, MIB, 4 * MIB])
    @pytest.mark.parametrize("allocator", [abi.KMALLOC, abi.PAGES, abi.PAGES_EXACT])
    def test_contiguous_fails(self, target, device, whole, allocator, size):
        """Who must be contiguous fails where vmalloc of the same size succeeds."""
        most = in_blocks(target, 0) // 32
        assert most > size
        # the kernel makes blocks of what it can move or reclaim each time that it finds none
        with exhausted(device, allocator, size, most=1000) as count:
            assert count * size <= most
            # it may make some for vmalloc(), too, which asks for large blocks first since 6.19
            made = device.alloc_many(8, abi.VMALLOC, size)
            pieces = max(len(device.layout(one.id)) for one in made)
            assert pieces > size // 4096 // whole // 2 - 1
            device.free_many(made)

    @pytest.mark.parametrize("size", [64 << 10, 256 << 10, MIB, 4 * MIB])
    def test_kvmalloc_falls_back(self, device, size):
        """kvmalloc falls back to vmalloc below KMALLOC_MAX_SIZE."""
        assert size <= device.info().kmalloc_max_size
        with exhausted(device, abi.KMALLOC, size, most=1000):
            made = []

            def falls_back():
                """A block that has become free meanwhile is used up."""
                made.append(device.alloc(abi.KVMALLOC, size))
                return made[-1].backing == abi.VMALLOC_BACKING
            until(falls_back, "kvmalloc falls back")
            device.free_many(made)

    def test_small_succeeds(self, device):
        """Small requests are served as ever."""
        for size in (8, 4096, 8192, 32768):
            device.free(device.alloc(abi.KMALLOC, size).id)

    def test_large_vmalloc(self, device, whole):
        """vmalloc serves what is left in small blocks."""
        made = device.alloc(abi.VMALLOC, 32 * MIB)
        assert len(device.layout(made.id)) > 8192 // whole * 9 // 10
        device.free(made.id)


def test_comes_back(target, device):
    """What failed succeeds afterwards."""
    with fragmented(target, "--order", smallest_safe(target)):
        with exhausted(device, abi.KMALLOC, 4 * MIB) as count:
            assert count < 2

    def eight():
        with exhausted(device, abi.KMALLOC, 4 * MIB, most=8) as count:
            return count == 8
    until(eight, "eight blocks of 4 MiB")


def test_told(target, as_json):
    """JSON tells what /proc/buddyinfo does, before, meanwhile and after."""
    blocks = free_blocks(target)
    told = as_json("frag", "--share", 30)
    assert (told["order"], told["share"]) == (0, 30)
    for when in ("before", "fragmented", "after"):
        assert {(str(zone["node"]), zone["zone"]) for zone in told[when]["zones"]} <= set(blocks)
        for zone in told[when]["zones"]:
            assert zone["free"] == sum(
                4096 * number << order for order, number in enumerate(zone["blocks"]))
        assert told[when]["free"] == sum(zone["free"] for zone in told[when]["zones"])
    singles = {when: sum(zone["blocks"][0] for zone in told[when]["zones"])
               for when in ("before", "fragmented")}
    assert singles["fragmented"] > singles["before"] + 10000
    assert told["before"]["largest_order"] == 10


def test_shown(memlab):
    """The table has the same three states; -q has the bytes held."""
    text = memlab("frag", "--share", 20).stdout.decode()
    starts = [line.split()[0] for line in text.splitlines() if line]
    assert [starts.count(word) for word in ("before", "now", "after")] == [starts.count("now")] * 3
    assert "Holding" in text
    assert int(memlab("-q", "frag", "--share", 20).stdout) > 10 * MIB


@pytest.mark.parametrize("share", [10, 50])
def test_share(target, share):
    """At no time is more than the share of free memory held."""
    free, before = mem_free(target), facts.free_pages(target) * 4096
    result = target.run(["sh", "-c", SEEN.format(options=f"--share {share}")])
    assert result.returncode == DONE
    lines = result.stdout.decode().splitlines()
    held, = [int(line) for line in lines if line.isdigit()]
    least = min(int(line.split()[1]) << 10 for line in lines if "MemFree" in line)
    # what processors gave back until the tool looked counts as well
    assert MIB < held <= free * share // 100 + free // 100
    # the processes themselves, and their own objects in the kernel
    assert least > before - free * share // 100 - 24 * MIB
    # it was looked at while much was held
    assert least < before - free * share // 100 // 2


def test_cgroup(target):
    """No process is killed where a memory cgroup leaves little room."""
    result = target.run(["sh", "-c", IN_CGROUP])
    held, status, kills = result.stdout.decode().splitlines()
    assert (status, kills) == ("0", "oom_kill 0"), result.stderr.decode()
    assert 16 * MIB < int(held) <= 64 * MIB


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals(target, number):
    """A signal undoes it; each but SIGKILL is a way to say that it is enough."""
    process = target.spawn(["memlab", "frag", "--hold", "600", "--share", "50"])
    until(lambda: b"Holding" in process.stdout_so_far(), "memory is held")
    free = mem_free(target)
    process.signal(number)
    status = process.wait(PATIENCE)
    assert status == (-number if number == signal.SIGKILL else DONE)
    assert (b"after" in process.stdout_so_far()) == (number != signal.SIGKILL)
    until(lambda: mem_free(target) > free + 100 * MIB, "memory is free again")
    until(lambda: holder(target) is None, "the holder ends")


def test_killed_while_it_works(target):
    """SIGKILL undoes it at any time."""
    for delay in (0.05, 0.3, 0.6):
        process = target.spawn(["memlab", "-q", "frag", "--hold", "600"])
        until(lambda: holder(target) is not None, "a holder starts")
        time.sleep(delay)
        process.signal(signal.SIGKILL)
        process.wait(PATIENCE)
        until(lambda: holder(target) is None, "the holder ends")


def test_holder_killed(target):
    """Memory that is held no more is not kept quiet."""
    process = target.spawn(["memlab", "-q", "frag", "--hold", "600", "--share", "20"])
    assert process.readline(PATIENCE)
    target.run(["kill", "-9", str(holder(target))])
    assert process.wait(PATIENCE) == REFUSED
    assert b"was killed" in process.stderr_so_far()


def test_hold(target, memlab):
    """--hold holds for so long, though standard input is at its end."""
    def uptime():
        """Hundredths of seconds, by the guest's clock."""
        return round(100 * float(target.get("/proc/uptime").split()[0]))
    began = uptime()
    memlab("frag", "--share", 10, "--hold", 2)
    assert uptime() - began >= 200 - 1


@pytest.mark.parametrize("command, status", [
    ("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $PPID; sleep 60", 143)])
def test_command(target, command, status):
    """COMMAND's exit status is memlab's; SIGTERM is passed on."""
    result = target.run(["memlab", "frag", "--share", "10", "--", "sh", "-c", command])
    assert result.returncode == status
    assert b"after" in result.stderr


def test_command_output(target):
    """What COMMAND prints and reads is its own."""
    result = target.run(["memlab", "-j", "frag", "--share", "10", "--", "sh", "-c",
                         "cat; echo err >&2; memlab -q try vmalloc 64K; exit 3"], input=b"bytes\n")
    assert (result.returncode, result.stdout) == (3, b"bytes\ntrue\n")
    said = result.stderr.decode()
    assert said.startswith("err\n") and json.loads(said[4:])["held"]


@pytest.mark.parametrize("name, status", [("no-such-command", 127), ("/etc", 126)])
def test_no_command(target, name, status):
    """A command that cannot be run is told as a shell does."""
    result = target.run(["memlab", "-q", "frag", "--share", "10", "--", name])
    assert result.returncode == status
    assert name in result.stderr.decode()


@pytest.mark.parametrize("arguments, wanted", [
    (["--order", "10"], "from 0 to 9"), (["--order", "-1"], "--order"),
    (["--order", "x"], "--order"),
    (["--share", "0"], "from 1 to 90"), (["--share", "91"], "from 1 to 90"),
    (["--hold", "1", "--", "true"], "exclude"), (["--hold", "-1"], "--hold"),
    (["--hold", "1s"], "--hold")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    assert wanted in memlab("frag", *arguments, status=USAGE).stderr.decode()


def test_no_permission(memlab):
    """Without CAP_SYS_RESOURCE nothing is done."""
    said = memlab("frag", status=NO_DEVICE, user="alice").stderr.decode()
    assert "CAP_SYS_RESOURCE" in said
