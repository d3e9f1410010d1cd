# SPDX-License-Identifier: GPL-2.0
"""Limits, raced for by threads and processes, left behind by the dead, lowered below use."""

import pytest

import abi
import facts
from abi import CACHE, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, PERSISTENT, VMALLOC
from areas import driver_bytes
from attack import ALICE
from device import Device
from parallel import target_fixture, warden_fixture  # noqa: F401 # pylint: disable=unused-import
from pattern import pattern
from refusal import error_of
from target import PATIENCE

pytestmark = pytest.mark.usefixtures("public_device")
PAGE, MIB = 4096, 1 << 20
ROUNDS, THREADS = 5, 6


@pytest.fixture
def alice(process):
    """The device, opened by an ordinary user."""
    return Device(process(user="alice"))


class Race:
    """Programs of a user whose threads all take what they get."""

    def __init__(self, target, programs, user, *arguments):
        self.programs = [target.spawn(["race", str(THREADS), *map(str, arguments)], user=user)
                         for _ in range(programs)]

    def go(self):
        """A round: (held, refused by a user's limit, by the limit of all, otherwise)."""
        for program in self.programs:
            program.write(b"\n")
        told = [list(map(int, program.readline(PATIENCE).split())) for program in self.programs]
        return tuple(sum(column) for column in zip(*told))

    def end(self):
        """The end of the programs."""
        for program in self.programs:
            program.close_stdin()
            assert program.wait(PATIENCE) == 0, program.stderr_so_far()


@pytest.fixture
def race(target):
    """Starts a Race: race(programs, user, ...); its programs end with the test."""
    started = []

    def start(*arguments):
        started.append(Race(target, *arguments))
        return started[-1]
    yield start
    for one in started:
        one.end()


@pytest.mark.parametrize("programs", [1, 3])
@pytest.mark.parametrize("allocator, size, small", [
    (VMALLOC, 2 * PAGE, 0), (KMALLOC, 2048, 0), (PAGES, 3 * PAGE, 0), (KMALLOC, 2048, 64)])
def test_bytes(target, device, parameter, race, programs, allocator, size, small):
    """However many ask at once, a user gets what the limit allows, exactly, each time."""
    takes = 4 * PAGE if allocator == PAGES else size
    count = 150
    parameter("max_user_bytes", count * takes + takes - 1 - (small or 0))
    racers = race(programs, "alice", allocator, size, *([small] if small else []))
    for _ in range(ROUNDS):
        held, by_user, by_all, otherwise = racers.go()
        assert by_all == otherwise == 0
        assert by_user == THREADS * programs
        # a thread that was still small may have kept another one from growing
        assert held == count if not small else count - THREADS * programs < held <= count
        assert device.info().total_bytes == held * takes
        if allocator == VMALLOC:
            assert driver_bytes(target, held * takes, PAGE) == held * takes
        assert racers.go() == (0, 0, 0, 0)
        assert device.info().total_bytes == driver_bytes(target, 0, PAGE) == 0


def test_number(target, device, parameter, race):
    """The same of the number of buffers."""
    parameter("max_user_buffers", 333)
    racers = race(3, "alice", KMALLOC, 8)
    for _ in range(ROUNDS):
        assert racers.go() == (333, THREADS * 3, 0, 0)
        assert device.info().total_bytes == 333 * facts.kmalloc_class(target, 8)
        assert racers.go() == (0, 0, 0, 0)


def test_total(target, device, parameter, race):
    """Two users and root together never get above the limit of all."""
    parameter("max_total_bytes", 300 * PAGE + PAGE - 1)
    races = [race(1, user, VMALLOC, PAGE) for user in ("alice", "bob", None)]
    for _ in range(ROUNDS):
        for racers in races:
            for program in racers.programs:
                program.write(b"\n")
        told = [list(map(int, racers.programs[0].readline(PATIENCE).split())) for racers in races]
        held, by_user, by_all, otherwise = (sum(column) for column in zip(*told))
        assert (held, by_user, by_all, otherwise) == (300, 0, 3 * THREADS, 0)
        assert device.info().total_bytes == 300 * PAGE
        assert driver_bytes(target, 300 * PAGE, PAGE) == 300 * PAGE
        for racers in races:
            assert racers.go() == (0, 0, 0, 0)


def test_left_by_the_dead(device, process, alice, parameter):
    """Persistent buffers count for their user when no process of it is left; root frees them."""
    limit = 96 * PAGE
    parameter("max_user_bytes", limit)
    parameter("max_user_caches", 1)
    made = [alice.alloc(allocator, 4 * PAGE, PERSISTENT)
            for allocator in (KMALLOC, VMALLOC, KVMALLOC, PAGES, PAGES_EXACT)]
    for one in made:
        alice.fill(one.id, one.id)
    cache = alice.create_cache(64, flags=abi.CACHE_PERSISTENT).id
    alice.alloc(CACHE, 0, PERSISTENT, cache=cache)
    used = alice.info().user_bytes
    alice.proxy.kill()

    assert device.info().total_bytes == used
    again, bob = Device(process(user="alice")), Device(process(user="bob"))
    assert (again.info().user_bytes, again.info().user_caches) == (used, 1)
    assert error_of(again.alloc, VMALLOC, limit - used + 1) == "EDQUOT"
    assert error_of(again.create_cache, 64) == "EDQUOT"
    bob.alloc(VMALLOC, limit)
    again.proxy.kill()
    bob.proxy.kill()

    assert set(device.ids()) > {one.id for one in made} and device.cache_ids() == [cache]
    for one in made:
        query = device.query(one.id)
        assert (query.owner_uid, query.owner_pid) == (ALICE, 0)
        assert device.check(one.id, one.id) == abi.ALL_RIGHT
    for ident in device.ids():
        device.free(ident)
    device.destroy_cache(cache)
    assert device.info().total_bytes == 0
    Device(process(user="alice")).alloc(VMALLOC, limit)


@pytest.fixture
def stocked(alice):
    """A user with a buffer of each sort, one of them mapped: (device, buffers, cache, address)."""
    made = [alice.alloc(allocator, 4 * PAGE)
            for allocator in (VMALLOC, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT)]
    cache = alice.create_cache(64).id
    made.append(alice.alloc(CACHE, 0, cache=cache))
    for one in made:
        alice.fill(one.id, 1)
    return alice, made, cache, alice.map(made[0])


@pytest.mark.parametrize("limit, refusal", [
    ("max_user_bytes", "EDQUOT"), ("max_user_buffers", "EDQUOT"), ("max_total_bytes", "ENOSPC")])
def test_lowered(device, stocked, parameter, limit, refusal):
    """Below what is in use nothing more is given, nothing is taken, and all else works."""
    alice, made, cache, address = stocked
    before = alice.info()
    parameter(limit, 1)
    after = alice.info()
    assert getattr(after, limit) == 1
    assert (after.user_bytes, after.total_bytes, after.user_buffers) == (
        before.user_bytes, before.total_bytes, before.user_buffers)
    for allocator in (VMALLOC, KMALLOC, KVMALLOC, PAGES, PAGES_EXACT):
        assert error_of(alice.alloc, allocator, 8) == refusal
    if limit == "max_total_bytes":
        assert error_of(device.alloc, KMALLOC, 8) == refusal
    else:
        assert error_of(alice.alloc, CACHE, 0, cache=cache) == refusal
        device.free(device.alloc(KMALLOC, 8).id)
    # growing is refused where bytes are short, shrinking and staying never
    if limit != "max_user_buffers":
        assert error_of(alice.resize, made[1].id, 8 * PAGE) == refusal
    for size in (4 * PAGE, 3 * PAGE, 100):
        alice.resize(made[1].id, size)
    for one in made[2:]:
        assert alice.check(one.id, 1) == abi.ALL_RIGHT
    assert alice.proxy.peek(address, 4 * PAGE) == pattern(1, 0, 4 * PAGE)
    assert error_of(alice.free, made[0].id) == "EBUSY"
    alice.proxy.munmap(address, 4 * PAGE)
    for one in made:
        alice.free(one.id)
    alice.destroy_cache(cache)
    assert device.info().total_bytes == 0
    if limit == "max_user_buffers":
        alice.alloc(KMALLOC, 8)
    assert error_of(alice.alloc, KMALLOC, 8) == refusal
    parameter(limit, 0)
    alice.alloc(VMALLOC, MIB)


def test_caches_lowered(device, alice, parameter):
    """So with the number of caches: those that there are go on, no further one comes."""
    made = [alice.create_cache(64, user=(0, 64)).id for _ in range(3)]
    parameter("max_user_caches", 1)
    assert error_of(alice.create_cache, 64) == "EDQUOT"
    device.destroy_cache(device.create_cache(64).id)  # has CAP_SYS_RESOURCE
    for cache in made:
        alice.free(alice.alloc(CACHE, 0, cache=cache).id)
    alice.destroy_cache(made.pop())
    alice.destroy_cache(made.pop())
    assert error_of(alice.create_cache, 64) == "EDQUOT"
    alice.destroy_cache(made.pop())
    alice.destroy_cache(alice.create_cache(64).id)


def test_lowered_in_a_race(target, device, parameter, race):
    """A limit that goes up and down while threads race for it is never passed."""
    before = 200
    parameter("max_user_bytes", before * PAGE)
    racers = race(2, "alice", VMALLOC, PAGE)
    for pages in (200, 20, 120, 1, 300):
        for program in racers.programs:
            program.write(b"\n")
        parameter("max_user_bytes", pages * PAGE)
        told = [list(map(int, program.readline(PATIENCE).split())) for program in racers.programs]
        held = sum(one[0] for one in told)
        assert device.info().total_bytes == held * PAGE
        assert driver_bytes(target, held * PAGE, PAGE) == held * PAGE
        assert min(before, pages) <= held <= max(before, pages)
        assert not any(one[3] for one in told)
        before = pages
        assert racers.go() == (0, 0, 0, 0)
