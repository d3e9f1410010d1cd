# SPDX-License-Identifier: GPL-2.0
"""Loaded and unloaded a thousand times, and nothing is left of it."""

import struct
import time

import pytest

import facts
from abi import CACHE_PERSISTENT, KMALLOC, PERSISTENT, VMALLOC
from device import PATH, Device
from frames import call_record, poke_record
from percpu import short_lists
from syscalls import AT_FDCWD, O_RDWR

pytest_plugins = ["attack_module"]
# A load waits for all tasks to leave the kernel; time in which nothing runs is skipped here.
MACHINE = {"smp": 1, "icount": True}
LOADS, WARM_UP, PART = 1000, 100, 20
# what a load may leave for good, on average; a page each would be a leak
LEFT_PER_LOAD = 1024


@pytest.fixture(autouse=True)
def settled(machine):
    """MemFree tells of all that was freed."""
    with short_lists(machine):
        yield


class Loop:
    """Loads and unloads by system calls alone, in one process."""

    def __init__(self, proxy, path):
        self.proxy = proxy
        self.fd = proxy.open(path)
        proxy.poke(proxy.scratch, b"\0" * 64)
        proxy.poke(proxy.scratch + 64, b"memlab\0")
        proxy.poke(proxy.scratch + 128, b"max_user_bytes=1M max_user_buffers=5\0")

    def run(self, count):
        """So many times, with and without parameters."""
        load, unload = map(self.proxy.number, ("finit_module", "delete_module"))
        for first in range(0, count, PART):
            records = []
            for number in range(first, min(count, first + PART)):
                records += [
                    call_record(load, self.fd,
                                self.proxy.scratch + (128 if number % 2 else 0), 0),
                    call_record(unload, self.proxy.scratch + 64, 0)]
            results = [result for result, _ in self.proxy.submit(records)]
            assert set(results) == {0}


def left(module, name):
    """What /proc/meminfo says, when it has settled."""
    best = module.memory(name)
    for _ in range(3):
        time.sleep(1)
        best = min(best, module.memory(name))
    return best


def test_thousand(machine, module, other):
    """All succeed; slab, vmalloc and free memory are as before; the log has no complaint."""
    assert module.unload() == ""
    mark = machine.log_mark()
    loop = Loop(other(), module.file)
    loop.run(WARM_UP)
    before = {name: left(module, name) for name in ("Slab", "VmallocUsed", "MemFree", "Percpu")}
    start = time.monotonic()
    loop.run(LOADS - WARM_UP)
    print(f"{LOADS - WARM_UP} loads and unloads in {time.monotonic() - start:.0f} s")
    after = {name: left(module, name) for name in before}
    grown = {name: after[name] - before[name] for name in before}
    grown["MemFree"] *= -1
    print(grown)
    # KASAN keeps what was freed, up to a thirty-second of memory
    most = 4 * LEFT_PER_LOAD if facts.is_configured(machine, "KASAN") else LEFT_PER_LOAD
    for name, more in grown.items():
        assert more < (LOADS - WARM_UP) * most, name
    assert not module.loaded() and not module.areas() and not module.caches()
    assert not machine.problems(mark)
    assert not [line for line in machine.log_since(mark) if "memlab" in line]
    assert module.load() == "" and module.loaded()


def test_with_contents(module, other):
    """The same with something in it each time that the module has to take along."""
    proxy = other()
    assert module.unload() == ""
    loop = Loop(proxy, module.file)

    def once():
        results = proxy.submit([
            poke_record(proxy.scratch + 256, PATH.encode() + b"\0"),
            call_record(proxy.number("finit_module"), loop.fd, proxy.scratch, 0)])
        assert results[-1][0] == 0
        fd = proxy.call("openat", AT_FDCWD, proxy.scratch + 256, O_RDWR)
        with Device(proxy, fd=fd) as own:
            own.alloc_many(5, KMALLOC, 1 << 20, PERSISTENT)
            own.alloc_many(5, VMALLOC, 1 << 20, PERSISTENT)
            own.create_cache(300, flags=CACHE_PERSISTENT, user=(0, 8))
        proxy.poke(proxy.scratch, struct.pack("<64x") + b"memlab\0")
        proxy.call("delete_module", proxy.scratch + 64, 0)
    for _ in range(3):
        once()
    before = left(module, "MemFree")
    for _ in range(30):
        once()
    # 300 MiB went through it
    assert before - left(module, "MemFree") < 4 << 20
    assert not module.areas() and not module.caches()
