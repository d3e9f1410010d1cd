# SPDX-License-Identifier: GPL-2.0
"""Fixtures: the target, processes in it, and a check round every test."""

import contextlib
import errno
import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# pylint: disable=wrong-import-position,redefined-outer-name,unused-import
import abi  # noqa: E402
import facts  # noqa: E402
import mutants  # noqa: E402
import patched  # noqa: E402
from abi import VMALLOC  # noqa: E402
from cli import PATIENT  # noqa: E402
from device import PATH, Device  # noqa: E402
from fragmentation import fragmented, in_extents  # noqa: E402
from proxy import Proxy, watching  # noqa: E402
from schedule import (  # noqa: E402,F401
    pytest_collection_modifyitems, pytest_xdist_make_scheduler)
from skips import pytest_sessionfinish, pytest_terminal_summary  # noqa: E402,F401
from subject import Subject  # noqa: E402
from target import BUILD, SNAPSHOTS, Unusable, VirtualTarget, opened  # noqa: E402
from vm import snapshot  # noqa: E402
from vm.qemu import AT_ONCE  # noqa: E402

PARAMETERS = "/sys/module/memlab/parameters/"
LOG_LINES = 150


def pytest_configure(config):
    """Machines that have booted are kept until the end of this run, for all workers.

    A worker has a machine of its own.
    """
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
        os.environ.setdefault(AT_ONCE, workers)
    if SNAPSHOTS in os.environ:
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    run = contextlib.ExitStack()
    os.environ[SNAPSHOTS] = run.enter_context(snapshot.folder(BUILD))
    run.callback(os.environ.pop, SNAPSHOTS)
    config.add_cleanup(run.close)


@pytest.fixture(scope="session")
def target():
    """The machine with the driver."""
    try:
        with opened() as with_driver:
            yield with_driver
    except Unusable as error:
        pytest.exit(str(error), 1)


@pytest.fixture(scope="session")
def whole_report(target):
    """The page of `memlab report` there, and the JSON that came with it."""
    path = "/tmp/whole-report.html"
    done = target.run(["memlab", "-j", "report", "-o", path, "--time", "2"], timeout=PATIENT)
    assert done.returncode == 0, done.stderr
    return target.get(path).decode(), json.loads(done.stdout)


@pytest.fixture(scope="session")
def careless_target(target):
    """A machine whose kernel leaves allocated memory as it was."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: boots with init_on_alloc=0")
    with opened(append="init_on_alloc=0", mem="512M") as machine:
        machine.run(["sh", "-c", "echo 1 >/proc/sys/kernel/kptr_restrict; chmod 666 /dev/memlab"])
        yield machine


@pytest.fixture
def reused(careless_target):
    """Skips where memory that was freed is not what is allocated next."""
    if facts.is_configured(careless_target, "KASAN"):
        pytest.skip("needs CONFIG_KASAN=n: freed memory is reused much later here")


@pytest.fixture
def careless(careless_target):
    """The device there; a test must leave nothing behind."""
    with Proxy(careless_target) as proxy:
        proxy.stay()
        with Device(proxy) as device:
            yield device
        complaints = clear_up(proxy)
    if complaints:
        pytest.fail("\n".join(complaints))


@pytest.fixture(scope="session")
def liar_payload(target, tmp_path_factory):
    """What goes into a machine with the driver that can lie."""
    if not target.has_hypervisor:
        pytest.skip("needs TARGET=vm: loads a driver that lies")
    return patched.payload(tmp_path_factory.mktemp("mutants"), mutants.add)


@pytest.fixture(scope="session")
def liar(liar_payload):
    """A machine with that driver; its kernel clears no memory."""
    machine = VirtualTarget(payload=liar_payload, append="init_on_alloc=0", mem="512M")
    machine.run(["sh", "-c", "echo 1 >/proc/sys/kernel/kptr_restrict; chmod 666 /dev/memlab;"
                 "mkdir /tmp/v1; mount -t cgroup -o memory memory /tmp/v1"])
    yield machine
    problems = machine.problems()  # no leaks(): some of its lies are that memory is freed
    machine.close()
    if problems:
        raise RuntimeError("\n".join(problems))


@pytest.fixture
def lie(liar):
    """Makes the driver lie: lie(fault); it is honest again when the test ends."""
    def choose(number):
        liar.run(["sh", "-c", f"echo {number} >{mutants.PARAMETER}"])
    yield lambda fault: choose(mutants.NUMBERS[fault])
    choose(0)


@pytest.fixture(scope="session")
def warden(target):
    """A process of root that looks after every test."""
    with watching(target) as proxy:
        yield proxy


def clear_up(warden):
    """Frees what is left and returns complaints about it."""
    with Device(warden) as device:
        # Nearly always nothing is left, and one round trip shows it.
        (buffer, _), (cache, _), (_, info) = device.try_each(
            (abi.NEXT, abi.make(abi.Next)), (abi.CACHE_NEXT, abi.make(abi.Next)),
            (abi.INFO, abi.make(abi.Info)))
        if (buffer, cache, info.total_bytes) == (-errno.ENOENT, -errno.ENOENT, 0):
            return []
        left = device.ids()
        for ident in left:
            device.free(ident)
        caches = device.cache_ids()
        for ident in caches:
            device.destroy_cache(ident)
        in_use = device.info().total_bytes
    complaints = [f"buffers left over: {left}"] if left else []
    if caches:
        complaints.append(f"caches left over: {caches}")
    if in_use:
        complaints.append(f"no buffer left, but {in_use} bytes in use")
    return complaints


@pytest.fixture(autouse=True)
def healthy(request):
    """Fails a test that left buffers, caches, or a line in the kernel's log, behind."""
    if "target" not in request.fixturenames:
        yield
        return
    target = request.getfixturevalue("target")
    warden = request.getfixturevalue("warden")
    # Each line of the log belongs to the test that ends next, those between two tests, too.
    mark = getattr(target, "examined", None) or target.log_mark()
    yield
    complaints = clear_up(warden)
    problems, log, target.examined = target.examine(mark)
    if problems:
        complaints += [*problems, "The kernel's log:", *log[:LOG_LINES]]
    else:
        complaints += [f"logged: {line}" for line in log if "memlab" in line]
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
def cache(device):
    """Makes caches: cache(size) is its id; destroyed with the test."""
    made = []

    def make(size, **options):
        made.append(device.create_cache(size, **options).id)
        return made[-1]
    yield make
    for ident in made:
        device.destroy_cache(ident)


@pytest.fixture
def subject(target, device, cache):
    """Makes buffers to examine: subject(allocator, size); freed with the test."""
    # pylint: disable=unused-argument # a cache goes after its objects
    made = []

    def make(allocator, size, flags=0, **members):
        made.append(Subject(target, device, allocator, size, flags, **members))
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
        pytest.skip("needs TARGET=vm: asks the hypervisor")
    return target


@pytest.fixture(name="fragmented")
def _fragmented(target):
    """Free memory, or a part that is used first, is in small blocks during the test."""
    with fragmented(target):
        yield


@pytest.fixture
def scattered(fragmented, subject):
    """Makes vmalloc buffers of many small extents, of 64 KiB on average at most."""
    # pylint: disable=unused-argument # fragmented is a state, not a value
    def make(size):
        return in_extents(lambda: subject(VMALLOC, size), lambda one: len(one.extents),
                          size >> 16)
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
