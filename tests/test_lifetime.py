# SPDX-License-Identifier: GPL-2.0
"""When a buffer lives, when it goes, and what keeps it."""

import pytest

import abi
from areas import areas, driver_bytes, find_area
from device import Device
from pattern import pattern
from refusal import error_of

PAGE = 4096
PAGES = 8


@pytest.fixture(params=[(abi.KMALLOC, 2048), (abi.KMALLOC, PAGES * PAGE),
                        (abi.VMALLOC, PAGES * PAGE)], ids=["slab", "large", "vmalloc"])
def kind(request):
    """An allocator and a size."""
    return request.param


def in_use(device):
    """Bytes of all users."""
    return device.info().total_bytes


def test_free(device, kind):
    """A freed buffer is gone, and its bytes are no longer counted."""
    made = device.alloc(*kind)
    assert in_use(device) == made.usable
    device.free(made.id)
    assert in_use(device) == 0
    for function in (device.free, device.query, device.layout):
        assert error_of(function, made.id) == "ENOENT"


def test_close(device, process, kind):
    """The last close frees what was not persistent."""
    proxy = process()
    with Device(proxy) as own:
        own.alloc(*kind)
        stays = own.alloc(*kind, flags=abi.PERSISTENT)
    assert device.ids() == [stays.id]
    assert in_use(device) == stays.usable
    device.free(stays.id)


def test_kill(device, process, kind):
    """So does kill -9, with mappings and all."""
    proxy = process()
    own = Device(proxy)
    first = own.alloc(*kind)
    stays = own.alloc(*kind, flags=abi.PERSISTENT)
    for made in (first, stays):
        if made.map_length:
            proxy.peek(own.map(made), 1)
    assert proxy.kill() == -9
    assert device.ids() == [stays.id]
    assert device.query(stays.id).mappings == 0
    device.free(stays.id)


def test_exit(device, process, kind):
    """And exit, without any clean-up."""
    proxy = process()
    Device(proxy).alloc(*kind)
    assert proxy.exit(3) == 3
    assert device.ids() == [] and in_use(device) == 0


def test_dup(device, process, kind):
    """A second descriptor of the same open file keeps its buffers."""
    proxy = process()
    own = Device(proxy)
    made = own.alloc(*kind)
    twin = Device(proxy, fd=proxy.call("dup", own.fd))
    own.close()
    assert device.ids() == twin.ids() == [made.id]
    twin.close()
    assert device.ids() == []


def test_fork(device, process):
    """A child keeps the file and the mapping after its parent let go."""
    proxy = process()
    own = Device(proxy)
    made = own.alloc(abi.VMALLOC, PAGES * PAGE)
    address = own.map(made)
    own.fill(made.id, 2)
    child = proxy.fork()
    childs = own.seen_by(child)
    assert device.query(made.id).mappings == 2
    proxy.munmap(address, made.map_length)
    own.close()
    assert device.query(made.id).mappings == 1
    assert child.peek(address, PAGES * PAGE) == pattern(2, 0, PAGES * PAGE)
    assert error_of(childs.free, made.id) == "EBUSY"
    assert childs.ids() == device.ids() == [made.id]
    child.kill()
    assert device.ids() == []


def test_mapping_outlives_close(device, process):
    """A mapping keeps the open file, and so its buffers."""
    proxy = process()
    own = Device(proxy)
    made, other = own.alloc(abi.KMALLOC, PAGES * PAGE), own.alloc(abi.KMALLOC, 10)
    address = own.map(made)
    own.fill(made.id, 4)
    own.close()
    assert device.ids() == [made.id, other.id]
    assert proxy.peek(address, PAGES * PAGE) == pattern(4, 0, PAGES * PAGE)
    proxy.munmap(address, made.map_length)
    assert device.ids() == []


def test_foreign_mapping_outlives_file(device, process):
    """A mapping through another file keeps the memory when the maker's file goes."""
    maker, user = process(), process()
    own, others = Device(maker), Device(user)
    made = own.alloc(abi.VMALLOC, PAGES * PAGE)
    address = others.map(made)
    own.fill(made.id, 6)
    own.close()
    assert device.ids() == []
    assert in_use(device) == made.usable
    assert user.peek(address, PAGES * PAGE) == pattern(6, 0, PAGES * PAGE)
    assert error_of(others.map, made) == "EINVAL"
    user.munmap(address, made.map_length)
    assert in_use(device) == 0


def test_ids_ascend(device):
    """An id is not used again soon, whether others are held or not."""
    held, last = [], device.alloc(abi.KMALLOC, 64).id
    device.free(last)
    for number in range(300):
        made = device.alloc(abi.KMALLOC, 64)
        assert last < made.id <= last + 2
        last = made.id
        if number % 7:
            device.free(made.id)
        else:
            held.append(made.id)
    assert device.ids() == held
    for ident in held:
        device.free(ident)


def test_many(device):
    """Ids and cookies stay unique over many buffers, in use or used again."""
    made = [device.alloc(abi.VMALLOC if number % 3 else abi.KMALLOC, PAGE * (1 + number % 5))
            for number in range(300)]
    assert device.ids() == sorted(one.id for one in made)
    ranges = sorted((one.map_offset, one.map_length) for one in made)
    for (offset, length), (after, _) in zip(ranges, ranges[1:]):
        assert offset + length <= after
    device.free_many(made[::2])
    assert device.ids() == sorted(one.id for one in made[1::2])
    device.free_many(made[1::2])


@pytest.mark.usefixtures("loaded_again")
class TestUnload:
    """The module goes only when nobody uses it."""

    @staticmethod
    def unload(target):
        """rmmod's exit status and message."""
        result = target.run(["rmmod", "memlab"])
        return result.returncode, result.stderr.decode()

    @pytest.fixture
    def loaded_again(self, target):
        """The module is back when the test is over."""
        yield
        if target.run(["test", "-e", "/dev/memlab"]).returncode:
            self.load(target)

    @staticmethod
    def load(target):
        """insmod as the target was set up."""
        result = target.run(["insmod", *target.module_line()])
        assert result.returncode == 0, result.stderr

    def test_refused_while_used(self, target, process):
        """An open file holds the module, and so does a mapping alone."""
        proxy = process()
        own = Device(proxy)
        code, message = self.unload(target)
        assert code != 0 and "memlab" in message
        made = own.alloc(abi.VMALLOC, PAGES * PAGE)
        address = own.map(made)
        own.fill(made.id, 5)
        own.close()
        assert self.unload(target)[0] != 0
        assert proxy.peek(address, PAGE) == pattern(5, 0, PAGE)
        proxy.munmap(address, made.map_length)

    def test_frees_persistent(self, target, process):
        """Persistent buffers go with the module; their pages are free again."""
        proxy = process()
        with Device(proxy) as own:
            for allocator, size in ((abi.KMALLOC, 100), (abi.KMALLOC, 1 << 20),
                                    (abi.VMALLOC, 16 << 20)):
                made = own.alloc(allocator, size, abi.PERSISTENT)
                own.fill(made.id, 1)
            start = own.query(made.id).kernel_address
        assert find_area(target, start)
        assert self.unload(target) == (0, "")
        assert start not in areas(target)
        assert driver_bytes(target, 0, PAGE) == 0
        self.load(target)
        with Device(proxy) as own:
            assert not own.ids()
            assert in_use(own) == 0
