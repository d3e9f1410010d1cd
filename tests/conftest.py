# SPDX-License-Identifier: GPL-2.0
"""Fixtures: the target, processes in it, and a check round every test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# pylint: disable=wrong-import-position,redefined-outer-name
from abi import VMALLOC  # noqa: E402
from device import PATH, Device  # noqa: E402
from fragmentation import fragmented  # noqa: E402
from proxy import Proxy  # noqa: E402
from subject import Subject  # noqa: E402
from target import open_target  # noqa: E402

PARAMETERS = "/sys/module/memlab/parameters/"


@pytest.fixture(scope="session")
def target():
    """The machine with the driver."""
    with_driver = open_target()
    if with_driver.boot_problems:
        pytest.exit("\n".join(with_driver.boot_problems), 1)
    yield with_driver
    with_driver.close()


@pytest.fixture(scope="session")
def warden(target):
    """A process of root that looks after every test."""
    old = target.get("/proc/sys/kernel/kptr_restrict")
    target.run(["sh", "-c", "echo 1 >/proc/sys/kernel/kptr_restrict"])
    with Proxy(target) as proxy:
        yield proxy
    target.run(["sh", "-c", f"echo {old.decode().strip()} >/proc/sys/kernel/kptr_restrict"])


def clear_up(warden):
    """Frees what is left and returns complaints about it."""
    with Device(warden) as device:
        info, left = device.info(), device.ids()
        for ident in left:
            device.free(ident)
    complaints = [f"buffers left over: {left}"] if left else []
    if info.total_bytes and not left:
        complaints.append(f"no buffer left, but {info.total_bytes} bytes in use")
    return complaints


@pytest.fixture(autouse=True)
def healthy(request):
    """Fails a test that left buffers, or a line in the kernel's log, behind."""
    if "target" not in request.fixturenames:
        yield
        return
    target = request.getfixturevalue("target")
    warden = request.getfixturevalue("warden")
    mark = target.log_mark()
    yield
    complaints = clear_up(warden) + target.problems(mark)
    complaints += [f"logged: {line}" for line in target.log_since(mark) if "memlab" in line]
    if complaints:
        pytest.fail("\n".join(complaints))


@pytest.fixture
def process(target):
    """Starts processes: process(user=..., bits=...); they end with the test."""
    started = []

    def start(user=None, bits=64):
        started.append(Proxy(target, user=user, bits=bits))
        return started[-1]
    yield start
    for proxy in started:
        if not proxy.ended:
            proxy.kill()


@pytest.fixture(scope="module")
def root(target):
    """A process of root, one for all tests of a file."""
    with Proxy(target) as proxy:
        yield proxy


@pytest.fixture
def device(root):
    """The device, opened anew for this test."""
    with Device(root) as opened:
        yield opened


@pytest.fixture
def subject(target, device):
    """Makes buffers to examine: subject(allocator, size); freed with the test."""
    made = []

    def make(allocator, size, flags=0):
        made.append(Subject(target, device, allocator, size, flags))
        return made[-1]
    yield make
    for one in made:
        one.release()


@pytest.fixture
def public_device(target):
    """Lets every user open the device during this test."""
    mode = target.run(["stat", "-c", "%a", PATH]).stdout.decode().strip()
    target.run(["chmod", "666", PATH])
    yield
    target.run(["chmod", mode, PATH])


@pytest.fixture
def hypervisor(target):
    """Skips where nobody looks from outside."""
    if not target.has_hypervisor:
        pytest.skip("TARGET=local: there is no hypervisor to ask")
    return target


@pytest.fixture(scope="module", name="fragmented")
def _fragmented(target):
    """32 MiB of free memory are single pages while this file's tests run."""
    with fragmented(target, 32):
        yield


@pytest.fixture
def scattered(fragmented, subject):
    """Makes vmalloc buffers that are mostly single pages: scattered(size)."""
    # pylint: disable=unused-argument # fragmented is a state, not a value
    def make(size):
        # blocks of free pages that are left get used up by the first ones
        for _ in range(10):
            one = subject(VMALLOC, size)
            if len(one.extents) * 2 > size // one.page:
                return one
        raise RuntimeError("ten buffers in fragmented memory, and none is scattered")
    return make


@pytest.fixture
def parameter(target):
    """Sets a module parameter for this test: parameter(name, value)."""
    before = {}

    def change(name, value):
        path = PARAMETERS + name
        before.setdefault(name, int(target.get(path)))
        result = target.run(["sh", "-c", f"echo {value} >{path}"])
        if result.returncode:
            raise RuntimeError(f"{path}: {result.stderr.decode()}")
    yield change
    for name, value in list(before.items()):
        change(name, value)
