# SPDX-License-Identifier: GPL-2.0
"""Events as they arrive, held against what was done.

A test file imports the fixtures that it uses.
"""

import struct

import pytest

import abi
from nlfamily import Family
from nlsocket import Overrun
from nlview import named, present
from syscalls import CLOCK_REALTIME

FREEING = {abi.KMALLOC: "kfree", abi.VMALLOC: "vfree", abi.KVMALLOC: "kvfree",
           abi.PAGES: "__free_pages", abi.PAGES_EXACT: "free_pages_exact",
           abi.CACHE: "kmem_cache_free"}
ROOM = 16 << 20  # of a socket that shall lose nothing


def clock(proxy):
    """Nanoseconds since 1970, as a process in the target reads them."""
    proxy.call("clock_gettime", CLOCK_REALTIME, proxy.spare)
    seconds, nanoseconds = struct.unpack("<qq", proxy.peek(proxy.spare, 16))
    return seconds * 10 ** 9 + nanoseconds


class Watch:
    """A socket that has events sent to it: as a listener, or by the group."""

    def __init__(self, proxy, group=False, room=ROOM, **options):
        self.family, self.group, self.last = Family(proxy), group, None
        if room:
            self.family.socket.resize(room, force=room == ROOM)
        if group:
            self.family.join("events")
        else:
            self.last = 0
            self.family.do("listener-add", options)

    def all(self):
        """The events that have come, whole; none is missing, and time does not go back."""
        events = self.family.take_events()
        if any(isinstance(one, Overrun) for one in events):
            raise AssertionError("events were lost")
        for one in events:
            if self.last is not None and one["seq"] != self.last + 1:
                raise AssertionError(f"event {one['seq']} after {self.last}")
            self.last = one["seq"]
        times = [one["time"] for one in events]
        if times != sorted(times):
            raise AssertionError(f"times go back: {times}")
        return events

    def take(self):
        """The same, without number and time."""
        return [{name: value for name, value in one.items() if name not in ("seq", "time")}
                for one in self.all()]

    def sent(self):
        """How many were sent to this listener."""
        return self.family.do("listener-get")["seq"]

    def close(self):
        """Closes the socket."""
        self.family.close()


def event(kind, proxy, query, comm="proxy", **more):
    """What must be told of a buffer that a process did something to, which is like this."""
    function = {"mapped": None, "unmapped": None, "freed": FREEING[query.allocator]}.get(
        kind, abi.text(query.function))
    return present({
        "type": kind, "uid": query.owner_uid, "pid": proxy.pid, "comm": comm, "id": query.id,
        "allocator": named("allocator", query.allocator),
        "backing": named("backing", query.backing), "context": named("context", query.context),
        "bytes": query.bytes, "usable": query.usable, "gfp": named("gfp", query.gfp),
        "gfp-used": named("gfp", query.gfp_used), "function": function,
        "cache-id": query.cache or None,
    }) | {name.replace("_", "-"): value for name, value in more.items()}


def steps(told, count):
    """Follows mapped and unmapped from a count on, one at a time; the last one."""
    for one in told:
        count += {"mapped": 1, "unmapped": -1}[one["type"]]
        assert one["mappings"] == count
    return count


@pytest.fixture(params=["listener", "group"], name="watch")
def watch_fixture(request, process):
    """Hears of everything that anybody does."""
    if request.param == "group":
        opened = Watch(process(), group=True)
    else:
        opened = Watch(process(), all=True)
    assert not opened.take()
    yield opened
    opened.close()


@pytest.fixture(name="listener")
def listener_fixture(process):
    """The same, by a listener only."""
    opened = Watch(process(), all=True)
    yield opened
    opened.close()
