# SPDX-License-Identifier: GPL-2.0
"""The module goes while sockets listen, but not in the middle of a dump."""

import contextlib
import errno
import itertools
import threading

import pytest

import netlink
from abi import KMALLOC, PERSISTENT, VMALLOC
from device import Device
from nlfamily import CONTROLLER, CONTROLLER_ID, Family
from nlsocket import Overrun
from refusal import error_of
from running import until
from ynl import Unknown

pytest_plugins = ["attack_module"]
MANY = 1000
TRACING = "/sys/kernel/tracing"


@pytest.fixture
def stocked(other):
    """Persistent buffers, so many that a dump has several parts."""
    with Device(other()) as own:
        own.alloc_many(MANY, KMALLOC, 64, PERSISTENT)


def test_dump(module, other, stocked):
    """A dump that is read in part holds the module; one that was read does not."""
    # pylint: disable=unused-argument
    with Family(other()) as family:
        dump = family.start("buffer-get")
        assert dump.step()
        assert module.in_use()
        assert dump.step() and module.in_use()
        assert len(dump.read().replies) == MANY and not dump.interrupted
        assert module.unload() == "" and not module.loaded()
        assert error_of(family.dump, "buffer-get") == "ENOENT"


@pytest.mark.parametrize("end", ["close", "kill"])
def test_dump_left(module, other, stocked, end):
    """So does one whose reader goes away, from then on."""
    # pylint: disable=unused-argument
    family = Family(other())
    assert family.start("buffer-get").step()
    assert module.in_use()
    if end == "close":
        family.close()
    else:
        family.socket.proxy.kill()
    assert module.unload() == "" and not module.loaded()


def test_listeners(machine, module, other):
    """Listeners and members of the group do not hold it, and hear nothing of the next one."""
    proxy, user = other(), other("alice")
    machine.run(["chmod", "666", "/dev/memlab"])
    own, member, listener, users = (
        Device(proxy), Family(proxy), Family(proxy), Family(user))
    member.join("events")
    listener.do("listener-add", all=True)
    users.do("listener-add")
    own.free(own.alloc(KMALLOC, 100).id)
    with Device(user) as hers:
        hers.alloc(KMALLOC, 100)
    assert len(member.take_events()) == len(listener.take_events()) == 4
    own.alloc(VMALLOC, 4096, PERSISTENT)
    own.close()
    assert [one["type"] for one in member.take_events()] == ["allocated"]
    assert len(users.take_events()) == 2
    assert module.unload() == "" and not module.loaded()
    # what it frees on its way out is told to nobody
    assert not member.take_events() and len(listener.take_events()) == 1

    assert module.load() == ""
    machine.run(["chmod", "666", "/dev/memlab"])
    with Device(other()) as again, Device(user) as hers:
        again.free(again.alloc(KMALLOC, 100).id)
        hers.free(hers.alloc(KMALLOC, 100).id)
    for family in (member, listener, users):
        assert not family.take_events()
    with Family(proxy) as fresh:
        for family in (member, listener, users):
            family.number = fresh.number
            assert error_of(family.do, "listener-get") == "ENOENT"
            family.do("listener-add")
            assert family.do("listener-get")["seq"] == 0


def join_all(family):
    """Joins every multicast group number that can be joined: how many there are."""
    joined = 0
    for group in range(1, 4096):
        try:
            family.socket.join(group)
            joined += 1
        except OSError as error:
            if error.errno == errno.EINVAL:
                break
    return joined


@pytest.mark.parametrize("user", ["alice", None], ids=["user", "root"])
def test_squatter(module, other, user):
    """Who joined the group's number before there was such a group gets nothing of it."""
    assert module.unload() == ""
    with Family(other(user), number=0) as squatter:
        assert join_all(squatter) > 16
        assert module.load() == ""
        with Family(other()) as member, Device(other()) as own:
            member.join("events")
            assert member.groups["events"] <= 4096
            own.free(own.alloc(KMALLOC, 100).id)
            assert len(member.take_events()) == 2
            assert not [message for datagram in squatter.socket.waiting()
                        for message in netlink.messages(datagram) if message.type == member.number]


def test_notice(module, other):
    """Who wants to know that the family went, and came, is told by nlctrl."""
    with Family(other(), CONTROLLER, CONTROLLER_ID) as family:
        told = family.do("getfamily", family_name="nlctrl")
        family.socket.join({one["name"]: one["id"] for one in told["mcast-groups"]}["notify"])
        assert module.unload() == ""
        left = b"".join(family.socket.waiting())
        assert b"memlab\0" in left
        assert module.load() == ""
        assert b"memlab\0" in b"".join(family.socket.waiting())


def test_events_stream(module, other):
    """Unloading again and again while processes make events and sockets come and go."""
    stop, seen, failures = threading.Event(), set(), []
    gone = (errno.ENOENT, errno.ENXIO, errno.ENODEV)

    def often(work):
        proxy = other()
        while not stop.wait(0.05):
            try:
                work(proxy)
            except OSError as error:
                if error.errno not in gone:
                    failures.append(error)
                    return

    def churn(proxy):
        with Device(proxy) as own:
            own.free_many(own.alloc_many(20, KMALLOC, 64))
            own.alloc_many(5, VMALLOC, 4096)

    def listen(proxy):
        # more may come than there is room for, before the answer has been read; and the
        # family may be another one, with another number, when it has been asked for
        with Family(proxy) as family, contextlib.suppress(Overrun, Unknown):
            family.do("listener-add", all=True)
            family.join("events")
            stop.wait(0.2)
            if any(not isinstance(one, Overrun) for one in family.take_events()):
                seen.add("events")
    threads = [threading.Thread(target=often, args=(work,)) for work in (churn, churn, listen)]
    for thread in threads:
        thread.start()
    unloads = itertools.count(1)

    def done():
        if not module.unload():
            assert module.load() == ""
            stop.wait(0.5)
            if next(unloads) >= 5:
                often_enough.set()
        return failures or often_enough.is_set() and seen
    often_enough = threading.Event()
    try:
        until(done, "five unloads, and an event")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures and seen == {"events"}
    assert module.loaded() and not module.areas()


def test_tracing(machine, module, other):
    """Tracepoints that are on go with it; what they wrote can still be read."""
    def put(name, what):
        assert machine.run(["sh", "-c", f"echo {what} >{TRACING}/{name}"]).returncode == 0
    put("events/memlab/enable", 1)
    put("tracing_on", 1)
    with Device(other()) as own:
        own.alloc_many(20, KMALLOC, 100)
    assert machine.get(f"{TRACING}/trace").count(b"memlab_alloc:") == 20
    assert module.unload() == "" and not module.loaded()
    machine.get(f"{TRACING}/trace")
    assert machine.run(["test", "-e", f"{TRACING}/events/memlab"]).returncode
    assert module.load() == ""
    assert machine.get(f"{TRACING}/events/memlab/enable") == b"0\n"
    put("tracing_on", 0)
    put("trace", "")
