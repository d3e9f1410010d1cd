# SPDX-License-Identifier: GPL-2.0
"""Many events: none is missing, or the loss is told; those of several processes, in order."""

from concurrent.futures import ThreadPoolExecutor

from abi import KMALLOC, VMALLOC
from device import Device
from nlevents import Watch, steps
from nlevents import listener_fixture, watch_fixture  # noqa: F401 # pylint: disable=unused-import
from nlsocket import Overrun
from parallel import target_fixture, warden_fixture  # noqa: F401 # pylint: disable=unused-import

PAGE = 4096


def test_thousands(device, watch):
    """2000 events, none missing, numbered without a hole."""
    made = device.alloc_many(1000, KMALLOC, 64)
    device.free_many(made)
    told = watch.all()
    assert [one["seq"] for one in told] == list(range(told[0]["seq"], told[0]["seq"] + 2000))
    assert [(one["type"], one["id"]) for one in told] == (
        [("allocated", one.id) for one in made] + [("freed", one.id) for one in made])


def test_overrun(device, process):
    """A small socket: it is told of the loss, and can tell its size, to the event."""
    small, large = Watch(process(), room=4096, all=True), Watch(process(), all=True)
    device.free_many(device.alloc_many(200, KMALLOC, 64))
    assert len(large.all()) == 400
    got = small.family.take_events()
    told = [one for one in got if not isinstance(one, Overrun)]
    assert len(got) == len(told) + 1 and 0 < len(told) < 100
    # the first ones came; then there was no room
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    assert small.sent() == 400 == large.sent()
    device.free_many(device.alloc_many(1, KMALLOC, 64))
    assert [one["seq"] for one in small.family.take_events()] == [401, 402]
    assert small.sent() == 402


def test_group_overrun(device, process):
    """The same of a member of the group: beside one that lost nothing, it lacks the rest."""
    small, large = Watch(process(), group=True, room=4096), Watch(process(), group=True)
    device.free_many(device.alloc_many(200, KMALLOC, 64))
    sent = large.all()
    got = small.family.take_events()
    told = [one for one in got if not isinstance(one, Overrun)]
    assert len(sent) == 400 and len(got) == len(told) + 1 and told == sent[:len(told)]
    device.free_many(device.alloc_many(1, KMALLOC, 64))
    assert small.family.take_events() == large.all()


def test_order(process, listener):
    """Four processes at once: numbers in order of arrival, each buffer from birth to end."""
    devices = [Device(process()) for _ in range(4)]
    member = Watch(process(), group=True)

    def work(device):
        for size in (64, 9000, 100):
            made = device.alloc_many(80, VMALLOC if size == 9000 else KMALLOC, size)
            for one in made[:10]:
                if size != 9000:
                    device.resize(one.id, size + 1)
            device.free_many(made)
    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(work, device) for device in devices]:
            job.result()
    told = listener.take()
    assert len(told) == 4 * (3 * 80 * 2 + 2 * 10)
    assert member.take() == told
    alive = {}
    for one in told:
        if one["type"] == "allocated":
            assert one["id"] not in alive
            alive[one["id"]] = one["bytes"], one["pid"]
        elif one["type"] == "resized":
            assert alive[one["id"]] == (one["old-bytes"], one["pid"])
            alive[one["id"]] = one["bytes"], one["pid"]
        else:
            assert one["type"] == "freed"
            assert alive.pop(one["id"]) == (one["bytes"], one["pid"])
    assert not alive


def test_order_of_mappings(process, device, listener):
    """Three processes map and unmap one buffer at once: each count follows from the last."""
    made = device.alloc(KMALLOC, 2 * PAGE)
    mappers = [Device(process()) for _ in range(3)]
    listener.take()

    def work(mapper):
        for _ in range(100):
            mapper.proxy.munmap(mapper.map(made), made.map_length)
    with ThreadPoolExecutor(3) as pool:
        for job in [pool.submit(work, mapper) for mapper in mappers]:
            job.result()
    told = listener.take()
    assert len(told) == 600 and steps(told, 0) == 0
    device.free(made.id)
