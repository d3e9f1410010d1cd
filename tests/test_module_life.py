# SPDX-License-Identifier: GPL-2.0
"""The module goes only when nobody uses it, and then all of it goes."""

import itertools
import threading

import pytest

import abi
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, PERSISTENT, VMALLOC
from device import Device
from pattern import pattern
from refusal import error_of
from running import until

pytest_plugins = ["attack_module"]
PAGE, MIB = 4096, 1 << 20
PERSISTENT_KINDS = [(KMALLOC, 100), (KMALLOC, MIB), (VMALLOC, 16 * MIB), (KVMALLOC, 5 * MIB),
                    (PAGES, MIB), (PAGES_EXACT, 5 * PAGE)]


def test_open_file(module, other):
    """An open file holds it, in whatever process; without buffers, too."""
    proxy = other()
    own = Device(proxy)
    child = proxy.fork()
    assert module.in_use()
    own.close()
    assert module.in_use()
    child.kill()
    assert module.unload() == "" and not module.loaded()


@pytest.mark.parametrize("allocator, size", [(KMALLOC, 65536), (VMALLOC, 65536), (PAGES, 9000),
                                             (PAGES_EXACT, 20480)])
def test_mapping(module, other, allocator, size):
    """A mapping alone holds it, and still shows the buffer."""
    proxy = other()
    own = Device(proxy)
    made = own.alloc(allocator, size)
    own.fill(made.id, 3)
    address = own.map(made)
    own.close()
    assert module.in_use()
    assert proxy.peek(address, size) == pattern(3, 0, size)
    proxy.munmap(address + PAGE, made.map_length - PAGE)
    assert module.in_use()
    proxy.munmap(address, PAGE)
    assert module.unload() == "" and not module.loaded()


def test_pinned_pages(module, other):
    """Pages that a pipe holds do not hold the module, and outlive it."""
    proxy = other()
    own = Device(proxy)
    made = own.alloc(VMALLOC, 4 * PAGE)
    own.fill(made.id, 5)
    address = own.map(made)
    proxy.call("pipe2", proxy.spare, 0)
    ends = proxy.peek(proxy.spare, 8)
    reading, writing = int.from_bytes(ends[:4], "little"), int.from_bytes(ends[4:], "little")
    proxy.poke(proxy.spare, address.to_bytes(8, "little") + (4 * PAGE).to_bytes(8, "little"))
    assert proxy.call("vmsplice", writing, proxy.spare, 1, 0) == 4 * PAGE
    proxy.munmap(address, 4 * PAGE)
    own.close()
    assert module.unload() == ""
    assert proxy.read(reading, 4 * PAGE) == pattern(5, 0, 4 * PAGE)


def test_persistent_go(module, other):
    """Persistent buffers and caches go with it: memory, vmalloc areas, slab caches."""
    before, proxy = module.free(), other()
    with Device(proxy) as own:
        for allocator, size in PERSISTENT_KINDS:
            own.fill(own.alloc(allocator, size, PERSISTENT).id, 1)
        for number in range(3):
            cache = own.create_cache(500 + number, flags=abi.CACHE_PERSISTENT, user=(0, 8)).id
            own.free_many(own.alloc_many(100, CACHE, 0, cache=cache))
            own.alloc(CACHE, 0, PERSISTENT, cache=cache)
    taken = sum(size for _, size in PERSISTENT_KINDS)
    assert before - module.free() > taken * 3 // 4
    assert module.areas() and len(module.caches()) == 3
    assert module.unload() == ""
    assert not module.areas() and not module.caches()
    until(lambda: before - module.free() < taken // 4, "the memory is free again")
    assert module.load() == ""
    with Device(proxy) as own:
        assert not own.ids() and not own.cache_ids()
        assert own.info().total_bytes == own.info().user_caches == 0


def test_race_with_open(module, other):
    """Opening and unloading at once: one of them fails, nothing breaks."""
    stop, seen = threading.Event(), set()

    def opens():
        proxy = other()
        # on a busy host it would be open all the time
        for turn in itertools.count():
            if stop.wait(turn % 8 * 0.01):
                return
            try:
                with Device(proxy) as own:
                    own.alloc(VMALLOC, PAGE)
                seen.add("opened")
            except OSError as error:
                seen.add(error.errno)
    threads = [threading.Thread(target=opens) for _ in range(2)]
    for thread in threads:
        thread.start()
    tries = itertools.count(1)

    def raced():
        turn = next(tries)
        if not module.unload():
            seen.add("gone")
            assert module.load() == ""
        stop.wait(turn % 5 * 0.02)
        return turn >= 40 and {"gone", "opened"} <= seen
    try:
        until(raced, "a race that either side wins")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    seen.discard("gone")
    assert seen <= {"opened", 2, 6, 19}  # ENOENT, ENXIO, ENODEV
    assert module.loaded() and not module.areas()


@pytest.mark.parametrize("bad", [
    "max_total_bytes=x", "max_total_bytes=-1", "max_user_bytes=1Q", "max_user_bytes=",
    "max_user_buffers=0x", "max_user_caches=1.5", "max_user_caches='1 2'"])
def test_bad_parameter(module, bad):
    """A value that is none: EINVAL, and nothing of the module is left."""
    assert module.unload() == ""
    assert "nvalid" in module.load(bad)
    assert not module.loaded()
    assert module.load() == "" and module.loaded()


def test_two_loads(machine, module, other):
    """Each load has the parameters that it was given, and no others."""
    proxy = other()
    first = {"max_total_bytes": 64 * MIB, "max_user_bytes": 8 * MIB, "max_user_buffers": 7,
             "max_user_caches": 2}
    second = {"max_total_bytes": 32 * MIB, "max_user_buffers": 100000}
    defaults = {name: int(machine.get(f"/sys/module/memlab/parameters/{name}"))
                for name in first}
    for wanted in (first, second, {}):
        assert module.unload() == ""
        assert module.load(*(f"{name}={value}" for name, value in wanted.items())) == ""
        with Device(proxy) as own:
            info = own.info()
            for name, default in defaults.items():
                value = wanted.get(name, default)
                assert getattr(info, name) == value
                assert int(machine.get(f"/sys/module/memlab/parameters/{name}")) == value
            if wanted:
                assert error_of(own.alloc, VMALLOC, wanted["max_total_bytes"] + 1) == "ENOSPC"
    assert "exists" in module.load()


def test_unknown_parameter(machine, module):
    """One that there is not is ignored, as the kernel does, with a word in its log."""
    assert module.unload() == ""
    mark = machine.log_mark()
    assert module.load("no_such_thing=1") == "" and module.loaded()
    assert any("no_such_thing" in line for line in machine.log_since(mark))
