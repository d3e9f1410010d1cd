# SPDX-License-Identifier: GPL-2.0
"""What memlab costs, in a machine whose time counts instructions, beside the least."""

import json
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Optional

from building import make
from nlfamily import MEMLAB
from target import PATIENCE, VirtualTarget
from vm import VmError, debian, kernels

FLOOR = Path(__file__).with_name("floor")
KERNEL = kernels.names()[0]
APPEND = "init_on_alloc=0"
PAGES = {"4m": 1024, "64m": 16384}
BUFFERS = 100_000
KINDS = ("pages", "kmalloc", "vmalloc")
# What the tool asks for, for the columns of its table.
TABLE_FIELDS = ("id", "allocator", "bytes", "backing", "extent-count", "largest-extent", "phys",
                "alloc-flags", "mappings", "owner-uid", "owner-pid")
BENCHED = ("kmalloc_64", "kmalloc_4k", "kmalloc_64k", "vmalloc_64", "vmalloc_4k", "vmalloc_64k")


class Row(NamedTuple):
    """A line of the table: a figure, the least that it could be, and the most that it may."""

    name: str
    what: str
    unit: str
    figure: float
    floor: Optional[float] = None
    target: Optional[float] = None      # None: for information
    is_least: bool = False              # the figure may not be less than the target, but more
    repeats: bool = True                # it counts instructions, or bytes

    @property
    def met(self):
        """Whether the figure is within the target; None without one."""
        if self.target is None:
            return None
        return self.figure >= self.target if self.is_least else self.figure <= self.target


def floor(directory, kernel):
    """The module with the bare loops, for a kernel: the path of its file."""
    shutil.copytree(FLOOR, directory, dirs_exist_ok=True)
    make(debian.fetch(kernels.find(kernel)).headers, f"M={directory}",
         "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")
    return directory / "floor.ko"


def machine():
    """A machine with memlab and the bare loops."""
    target = VirtualTarget(kernel=KERNEL, smp=1, icount=True, append=APPEND)
    try:
        with TemporaryDirectory() as folder:
            target.put(floor(Path(folder), KERNEL).read_bytes(), "/tmp/floor.ko")
        done = target.run(["insmod", "/tmp/floor.ko"])
        if done.returncode:
            raise VmError(f"floor.ko: {done.stderr.decode()}")
    except BaseException:
        target.close()
        raise
    return target


def _dump(target, *fields):
    """The instructions for each buffer of a dump that nobody looks at: of all, or of fields."""
    mask = [f"{sum(1 << MEMLAB.numbers['buffer'][name] for name in fields):#x}"] if fields else []
    done = target.run(["scale", "dump", *mask])
    if done.returncode:
        raise VmError(done.stderr.decode())
    dump = json.loads(done.stdout)
    return dump["dump"] / dump["messages"]


def figures(target, buffers=BUFFERS):
    """What the programs found, by name."""
    process = target.spawn(["cost", str(buffers)])
    line = process.readline(PATIENCE)
    if not line:
        raise VmError(process.stderr_so_far().decode())
    parts = {"list_kernel": _dump(target), "list_table_kernel": _dump(target, *TABLE_FIELDS),
             "list_ids_kernel": _dump(target, "id")}
    process.close_stdin()
    if process.wait(PATIENCE):
        raise VmError(process.stderr_so_far().decode())
    return {**json.loads(line), **parts}


def scaling(tries=12):
    """How many times as much two threads do as one: the best of some tries of each.

    What else this computer does can only make either less. A ratio of two that were tried
    side by side would be the better, the more the one thread was disturbed.
    """
    target = VirtualTarget(kernel=KERNEL, smp=2, append=APPEND, parallel=True)
    try:
        told = [json.loads(target.run(["cost", "threads"]).stdout)
                for _ in range(tries)]
        return max(one["two_threads"] for one in told) / max(one["one_thread"] for one in told)
    finally:
        target.close()


def _calls(found):
    """ALLOC, FREE and LAYOUT."""
    empty = found["empty"]
    least = 2 * empty + found["raw_charged_64"]
    pages = PAGES["64m"]
    yield Row("pair", "ALLOC and FREE of kmalloc 64; floor: empty calls, kmalloc, kfree",
              "instructions", found["pair"], least, 2 * least)
    yield Row("layout_vmalloc_64m", "LAYOUT of vmalloc 64 MiB; floor: pagemap", "a page",
              found["layout_vmalloc_64m"] / pages, found["pagemap_vmalloc_64m"] / pages, 30)
    for size, said in (("64k", "64 KiB"), ("4m", "4 MiB")):
        yield Row(f"layout_kmalloc_{size}", f"LAYOUT of kmalloc {said}; floor: empty call",
                  "instructions", found[f"layout_kmalloc_{size}"], empty, empty + 600)


def _mappings(found):
    """mmap() and munmap()."""
    for kind, most in zip(KINDS, (60, 150, 150)):
        yield Row(f"mmap_{kind}_4m", f"mmap() of {kind} 4 MiB", "a page",
                  found[f"mmap_{kind}_4m"] / PAGES["4m"], target=most)
    for kind in KINDS:
        yield Row(f"faults_{kind}_4m", f"pages of {kind} 4 MiB not there after mmap()", "pages",
                  found[f"faults_{kind}_4m"], target=0)
    for kind in KINDS:
        yield Row(f"munmap_{kind}_4m", f"munmap() of {kind} 4 MiB", "a page",
                  found[f"munmap_{kind}_4m"] / PAGES["4m"])


def _loops(found):
    """The driver's loops of calls."""
    for name in BENCHED:
        raw = found[f"raw_{name}"]
        yield Row(f"bench_{name}", f"memlab bench, {name.replace('_', ' ')}; floor: bare loop",
                  "instructions", found[f"bench_{name}"], raw, 1.02 * raw)


def _many(found):
    """What depends on the number of live buffers."""
    yield Row("bookkeeping", "slab memory of a live buffer, its own bytes not counted", "bytes",
              found["bookkeeping_slab"], target=256)
    yield Row("bookkeeping_all", "the same, with all that /proc/meminfo counts", "bytes",
              found["bookkeeping_all"])
    for name, what in (("table", "memlab list"), ("ids", "memlab list -q")):
        yield Row(f"list_{name}", f"{what}, kernel and tool", "a buffer",
                  found[f"list_{name}"], target=1500)
        yield Row(f"list_{name}_tool", f"{what}, the tool", "a buffer",
                  found[f"list_{name}"] - found[f"list_{name}_kernel"])
        yield Row(f"list_{name}_kernel", f"{what}, the kernel", "a buffer",
                  found[f"list_{name}_kernel"])
    yield Row("list_kernel", "a dump of all that the kernel tells of a buffer", "a buffer",
              found["list_kernel"])
    yield Row("pair_many", "ALLOC and FREE with many live buffers; floor: with 10",
              "instructions", found["pair_many"], found["pair_few"], 1.2 * found["pair_few"])


# Each makes rows of what was found.
GROUPS = (_calls, _mappings, _loops, _many)


def table(found):
    """The rows that repeat."""
    return [row for group in GROUPS for row in group(found)]


def threads():
    """The row that does not."""
    return Row("two_threads", "calls of two threads; floor: of one", "times", scaling(),
               target=1.7, is_least=True, repeats=False)


def supported():
    """None, or why the figures cannot be had here."""
    if os.environ.get("TARGET", "vm") != "vm":
        return "needs TARGET=vm: time counts instructions"
    kernel = os.environ.get("KERNEL") or KERNEL
    if kernel != KERNEL:
        return f"needs KERNEL={KERNEL}: measures the kernel of this computer's Debian"
    return None


def release():
    """Of the kernel that is measured."""
    return debian.fetch(kernels.find(KERNEL)).release
