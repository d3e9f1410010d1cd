# SPDX-License-Identifier: GPL-2.0
"""Several processes at the same buffers at once: errors are allowed, surprises are not."""

import errno
from concurrent.futures import ThreadPoolExecutor

import pytest

import abi
from abi import make
from device import Device
from parallel import target_fixture, warden_fixture  # noqa: F401 # pylint: disable=unused-import
from pattern import pattern
from frames import call_record, peek_record, poke_record
from syscalls import MAP_SHARED, PROT_READ, PROT_WRITE
from vm_help import processor_threads

ROUNDS = 400
PAGE = 4096
GONE = -errno.ENOENT


@pytest.fixture
def devices(process):
    """The device, opened by four processes."""
    return [Device(process()) for _ in range(4)]


def together(jobs):
    """Runs functions at the same time; returns what they returned."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [job.result() for job in [pool.submit(job) for job in jobs]]


def repeat(device, command, arguments):
    """An ioctl with each of many structs, in one go: what each returned."""
    number, records = device.proxy.number("ioctl"), []
    for argument in arguments:
        records += [poke_record(device.proxy.scratch, bytes(argument)),
                    call_record(number, device.fd, command, device.proxy.scratch)]
    return [reply[0] for reply in device.proxy.submit(records)[1::2]]


def test_at_once(hypervisor):
    """The processors of this machine do not take turns."""
    assert len(processor_threads(hypervisor)) == 2


@pytest.mark.parametrize("allocator, size", [(abi.KMALLOC, 64), (abi.VMALLOC, 3 * PAGE)])
def test_free_while_used(devices, allocator, size):
    """Each buffer is freed by exactly one; all others find it whole or not at all."""
    made = devices[0].alloc_many(ROUNDS, allocator, size)
    devices[0].fill_many(made, 1)
    ids = [one.id for one in made]
    results = together([
        lambda: repeat(devices[0], abi.FREE, [make(abi.Free, id=ident) for ident in ids]),
        lambda: repeat(devices[1], abi.FREE, [make(abi.Free, id=ident) for ident in ids[::-1]]),
        lambda: repeat(devices[2], abi.QUERY, [make(abi.Query, id=ident) for ident in ids]),
        lambda: repeat(devices[3], abi.CHECK, [
            make(abi.Pattern, id=ident, seed=1) for ident in ids])])
    freed = zip(results[0], results[1][::-1])
    assert all(sorted(pair) == [GONE, 0] for pair in freed)
    assert set(results[2]) <= {0, GONE} and set(results[3]) <= {0, GONE}
    assert devices[0].info().total_bytes == 0


def test_map_while_freed(devices):
    """A mapping that came about shows its buffer to the end, whatever FREE does."""
    made = devices[0].alloc_many(ROUNDS, abi.VMALLOC, PAGE)
    devices[0].fill_many(made, 7)

    def maps(device):
        proxy, records = device.proxy, []
        places = [proxy.mmap(PAGE) for _ in range(2)]
        fixed = MAP_SHARED | 0x10  # MAP_FIXED, so that the address is known beforehand
        for number, one in enumerate(made):
            place = places[number % 2]
            records += [
                call_record(proxy.number("mmap"), place, PAGE, PROT_READ | PROT_WRITE, fixed,
                            device.fd, one.map_offset),
                peek_record(place, 8),
                call_record(proxy.number("munmap"), place, PAGE)]
        replies = proxy.submit(records, expected=8)
        return list(zip(replies[::3], replies[1::3]))

    frees = [make(abi.Free, id=one.id) for one in made]
    mapped, again, freed = together([
        lambda: maps(devices[1]), lambda: maps(devices[2]),
        lambda: repeat(devices[0], abi.FREE, frees)])
    for (result, _), (_, data) in mapped + again:
        assert result == -errno.EINVAL or data == pattern(7, 0, 8)
    assert set(freed) <= {0, -errno.EBUSY}
    kept = [one for one, result in zip(made, freed) if result]
    assert devices[0].ids() == [one.id for one in kept]
    devices[0].free_many(kept)


def test_alloc_and_list(devices):
    """Allocating, freeing and listing at once loses and invents nothing."""
    def churn(device):
        for _ in range(5):
            made = device.alloc_many(40, abi.KMALLOC, 200)
            made += device.alloc_many(10, abi.VMALLOC, 5000)
            ids = {one.id for one in made}
            assert len(ids) == 50 and ids <= set(device.ids())
            device.free_many(made)
            assert not ids & set(device.ids())
    together([lambda device=device: churn(device) for device in devices[:3]]
             + [lambda: [devices[3].ids() for _ in range(10)]])
    assert devices[0].info().total_bytes == 0
