# SPDX-License-Identifier: GPL-2.0
"""Of a buffer, netlink tells what is asked for, and no more than may be seen."""

import errno
import random

import pytest

import abi
from abi import CACHE, KMALLOC, PAGES, VMALLOC
from device import Device
from nlfamily import MEMLAB, Family, Refused, dump_names_attributes
from nlview import buffer_told, buffers_told

PAGE = 4096
NUMBERS = MEMLAB.numbers["buffer"]
TOLD = MEMLAB.told["operations"]["list"][0]["do"]["reply"]["attributes"]
ALL = sum(1 << NUMBERS[name] for name in TOLD)
HIDDEN = {"phys", "kernel-address"}
MASKS = [random.Random(seed).getrandbits(32) & ALL for seed in range(12)]
UNKNOWN = sorted(set(range(64)) - {NUMBERS[name] for name in TOLD})
FORMS = pytest.mark.parametrize("form", ["do", "dump"])


def fields(*names):
    """Their bits."""
    return sum(1 << NUMBERS[name] for name in names)


def chosen(told, mask):
    """What is left of what is told; the id always is."""
    return {name: value for name, value in told.items()
            if name == "id" or mask >> NUMBERS[name] & 1}


@pytest.fixture
def family(process):
    """The family, for root, from another process than the device's."""
    with Family(process()) as opened:
        yield opened


@pytest.fixture
def alice(process, public_device):
    """Alice's device and family."""
    # pylint: disable=unused-argument # public_device is a state, not a value
    proxy = process(user="alice")
    with Family(proxy) as family, Device(proxy) as device:
        yield device, family


@pytest.fixture
def zoo(device):
    """Buffers of which each attribute is told of at least one, as QUERY has them."""
    cache = device.create_cache(100)
    made = [device.alloc(KMALLOC, 24, abi.NODE, count=100), device.alloc(CACHE, 0, cache=cache.id),
            device.alloc(VMALLOC, 3 * PAGE), device.alloc(PAGES, PAGE)]
    address = device.map(made[-1])
    found = buffers_told(device, [one.id for one in made])
    assert {name for one in found for name in one} == set(TOLD)
    yield found
    device.proxy.munmap(address, made[-1].map_length)
    for one in made:
        device.free(one.id)
    device.destroy_cache(cache.id)


def both(family, mask, told):
    """Whether both forms of the command tell of those fields what they ought to."""
    wanted = [chosen(one, mask) for one in told]
    assert family.dump("buffer-get", fields=mask) == wanted
    for one in wanted:
        assert family.do("buffer-get", id=one["id"], fields=mask) == one


@pytest.mark.parametrize("name", TOLD)
def test_one(family, zoo, name):
    """Each attribute alone, and all but that one."""
    both(family, fields(name), zoo)
    both(family, ALL & ~fields(name), zoo)


@pytest.mark.parametrize("mask", [0, ALL, *MASKS], ids=hex)
def test_some(family, zoo, mask):
    """Any of them, all, and none but the id."""
    both(family, mask, zoo)


def test_order(family, zoo):
    """They come in the order in which they come without being asked for."""
    whole = family.dump("buffer-get")
    assert [list(one) for one in family.dump("buffer-get", fields=ALL)] == [
        list(one) for one in whole]
    assert len(whole) == len(zoo)


@FORMS
@pytest.mark.parametrize("bit", UNKNOWN)
def test_unknown(target, family, zoo, form, bit):
    """What is no attribute of a buffer is refused, also among others: it says so."""
    which = {"id": zoo[0]["id"]} if form == "do" else {}
    for mask in (1 << bit, ALL | 1 << bit):
        with pytest.raises(Refused) as caught:
            getattr(family, form)("buffer-get", which, fields=mask)
        assert caught.value.errno == errno.EINVAL
        assert "field" in caught.value.message
        by_name = form == "do" or dump_names_attributes(target)
        assert caught.value.attribute == ("fields" if by_name else None)


@FORMS
@pytest.mark.parametrize("value", [b"", bytes(4), bytes(16)], ids=len)
def test_width(family, form, value):
    """They are 64 bits wide."""
    with pytest.raises(Refused) as caught:
        getattr(family, form)("buffer-get", {"id": 1} if form == "do" else {}, fields=value)
    assert caught.value.errno in (errno.EINVAL, errno.ERANGE)
    assert caught.value.attribute == "fields" and caught.value.message


def test_nobodys(family):
    """Asking for little does not make a buffer of what is none."""
    with pytest.raises(Refused) as caught:
        family.do("buffer-get", id=0x7FFFFFFF, fields=0)
    assert (caught.value.errno, caught.value.attribute) == (errno.ENOENT, "id")


@pytest.mark.parametrize("mask", [ALL, fields(*HIDDEN), fields("id", "phys"), *MASKS[:3]], ids=hex)
def test_hidden(device, alice, zoo, mask):
    """What one may not see is not told, whoever asks for it; nor are the buffers of others."""
    own, family = alice
    made = own.alloc(VMALLOC, 2 * PAGE)
    told = buffer_told(own.query(made.id))
    assert not HIDDEN & set(told)
    both(family, mask, [told])
    assert chosen(buffer_told(device.query(made.id)), fields(*HIDDEN)).keys() == {"id", *HIDDEN}
    with pytest.raises(Refused) as caught:
        family.do("buffer-get", id=zoo[0]["id"], fields=mask)
    assert caught.value.errno == errno.ENOENT
    own.free(made.id)


def test_filters(device, family, alice, zoo):
    """Filters work on what is not told, too."""
    own = alice[0]
    made = own.alloc(KMALLOC, 64)
    told = buffer_told(device.query(made.id))
    for filters in ({"allocator": told["allocator"], "owner-uid": 1000}, {"owner-uid": 1000},
                    {"owner-pid": own.proxy.pid}):
        assert family.dump("buffer-get", filters, fields=0) == [{"id": made.id}]
        assert family.dump("buffer-get", filters, fields=fields("bytes", "allocator")) == [
            {"id": made.id, "bytes": 64, "allocator": "kmalloc"}]
    assert family.dump("buffer-get", allocator="vmalloc", fields=0) == [
        {"id": one["id"]} for one in zoo if one["allocator"] == "vmalloc"]
    own.free(made.id)


@pytest.mark.parametrize("every", [1, 31, 32, 33, 100])
@pytest.mark.parametrize("size", [4096, 32768])
def test_sparse(device, family, every, size):
    """Those that are told of are found among any number that are not."""
    made = device.alloc_many(400, KMALLOC, 64)
    wanted = [device.alloc(PAGES, 64).id]
    for _ in range(2):
        made += device.alloc_many(every, KMALLOC, 64)
        wanted.append(device.alloc(PAGES, 64).id)
    for mask in (0, ALL):
        found = family.start("buffer-get", allocator="pages", fields=mask).read(size).replies
        assert [one["id"] for one in found] == wanted
        found = family.start("buffer-get", fields=mask).read(size).replies
        assert [one["id"] for one in found] == sorted(wanted + [one.id for one in made])
    device.free_many(made)
    for ident in wanted:
        device.free(ident)


@pytest.mark.parametrize("change", [None, Device.resize, Device.free],
                         ids=["nothing", "resize", "free"])
def test_changes(device, family, change):
    """A dump of ids is as much disturbed by what comes, goes or is resized as any."""
    made = device.alloc_many(600, KMALLOC, 64)
    dump = family.start("buffer-get", fields=0)
    dump.step(4096)
    if change:
        change(device, made[-1].id, *((5000,) if change is Device.resize else ()))
    dump.read(4096)
    assert dump.interrupted == bool(change)
    assert [one["id"] for one in dump.replies][:599] == [one.id for one in made][:599]
    device.free_many(made[:599] if change is Device.free else made)
