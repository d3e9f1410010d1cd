# SPDX-License-Identifier: GPL-2.0
"""libmemlab above a fake driver: what is asked of the kernel, and what is told of it."""

import errno
from ctypes import byref, sizeof

import pytest

import abi
import library
from abi import Context, Gfp, Reason
from refusal import error_of

# A name without an end, such as the kernel never gives.
NAME = (b"kmalloc_array_node_of_a_long_name" * 2)[:32]
CALL = {"function": NAME, "seen": 9, "preempt_count": 0x10001, "gfp_used": 0x1_0000_0801,
        "stale": 1 << 40, "nanoseconds": (1 << 40) + 1, "kept": (1 << 40) + 2}
NOTHING = {**dict.fromkeys(CALL, 0), "function": b"", "reason": Reason.NONE, "moved": False}
REQUEST = {"allocator": abi.KVMALLOC, "bytes": 1 << 40, "gfp": 1 << 50 | Gfp.NOWAIT,
           "context": Context.HARDIRQ, "node": 3,
           "flags": abi.ZERO | abi.PERSISTENT | abi.COUNT_STALE | abi.NODE}
DRY = {**REQUEST, "flags": REQUEST["flags"] | abi.DRY_RUN}


def in_struct(kind):
    """CALL as far as a struct has room for it, as its members."""
    return {name: abi.NAME(*value) if name == "function" else value
            for name, value in CALL.items() if name in abi.members(kind)}


def after(kind, **more):
    """What a call tells after that."""
    return {**NOTHING, **{name: CALL[name] for name in in_struct(kind)}, **more}


def told(lib, call):
    """All that a call tells."""
    return {**{name: getattr(lib, f"memlab_call_get_{name}")(call) for name in ("reason", *CALL)},
            "moved": lib.memlab_call_is_moved(call)}


def same(argument, **members):
    """Whether an ioctl was given this struct and nothing else."""
    return bytes(argument) == bytes(type(argument)(size=sizeof(argument), **members))


@pytest.fixture(name="lib")
def _lib():
    """The library, with a driver of this test's own."""
    loaded = library.load()
    loaded.driver = library.FakeDriver()
    return loaded


@pytest.fixture(name="dev")
def _dev(lib):
    """An open device."""
    dev = lib.memlab_dev_open(library.DEVICE)
    yield dev
    lib.memlab_dev_close(dev)


@pytest.fixture(name="config")
def _config(lib):
    """REQUEST, by the setters."""
    config = lib.memlab_buf_config_new()
    lib.memlab_buf_config_set_allocator(config, REQUEST["allocator"])
    lib.memlab_buf_config_set_size(config, REQUEST["bytes"])
    lib.memlab_buf_config_set_gfp(config, REQUEST["gfp"])
    lib.memlab_buf_config_set_context(config, REQUEST["context"])
    lib.memlab_buf_config_set_node(config, REQUEST["node"])
    lib.memlab_buf_config_set_zero(config, True)
    lib.memlab_buf_config_set_persistent(config, True)
    lib.memlab_buf_config_set_count_stale(config, True)
    yield config
    lib.memlab_buf_config_free(config)


@pytest.fixture(name="buf")
def _buf(lib, dev, config):
    """A buffer; the test has to let go of it."""
    lib.driver.answers[abi.ALLOC] = {"id": 7, "map_offset": 1 << 44, "map_length": 1 << 41}
    return lib.memlab_buf_alloc(dev, config)


@pytest.fixture(name="call")
def _call(lib, buf):
    """Room for what a call does, full of what another one did."""
    call = lib.memlab_call_new()
    assert told(lib, call) == NOTHING
    config = lib.memlab_resize_config_new()
    lib.driver.answers[abi.RESIZE] = {"flags": abi.MOVED, **in_struct(abi.Resize)}
    lib.memlab_buf_resize(buf, config, call)
    lib.memlab_resize_config_free(config)
    assert told(lib, call) == after(abi.Resize, moved=True)
    yield call
    lib.memlab_call_free(call)


def test_alloc(lib, dev, config, call):
    """It asks for what was set, and tells all that it was told."""
    lib.driver.answers[abi.ALLOC].update(in_struct(abi.Alloc))
    buf = lib.memlab_buf_alloc_call(dev, config, call)
    assert same(lib.driver.last(abi.ALLOC), **REQUEST)
    assert told(lib, call) == after(abi.Alloc)
    assert lib.memlab_buf_get_id(buf) == 7
    assert lib.memlab_buf_get_size(buf) == 1 << 40
    assert lib.memlab_buf_get_map_offset(buf) == 1 << 44
    assert lib.memlab_buf_get_map_length(buf) == 1 << 41
    lib.memlab_buf_close(buf)


def test_array(lib, dev, config):
    """The kernel is given the size of an element, and the buffer has that of all."""
    lib.memlab_buf_config_set_array(config, 1 << 33, 24)
    buf = lib.memlab_buf_alloc(dev, config)
    assert same(lib.driver.last(abi.ALLOC), **{**REQUEST, "count": 1 << 33, "bytes": 24})
    assert lib.memlab_buf_get_size(buf) == 24 << 33
    lib.memlab_buf_close(buf)


def test_setters_undo(lib, dev, config):
    """What was set can be taken back."""
    lib.memlab_buf_config_set_zero(config, False)
    lib.memlab_buf_config_set_persistent(config, False)
    lib.memlab_buf_config_set_count_stale(config, False)
    lib.memlab_buf_config_set_node(config, -1)
    lib.memlab_buf_config_set_array(config, 1, 24)
    lib.memlab_buf_config_set_array(config, 0, 24)
    lib.memlab_buf_config_set_cache(config, None)
    lib.memlab_buf_close(lib.memlab_buf_alloc(dev, config))
    assert same(lib.driver.last(abi.ALLOC), **{**REQUEST, "flags": 0, "node": 0})


def test_check(lib, dev, config, call):
    """It is the same request, with one flag more."""
    lib.driver.answers[abi.ALLOC] = in_struct(abi.Alloc)
    assert lib.memlab_buf_config_check(dev, config, call) == 0
    assert same(lib.driver.last(abi.ALLOC), **DRY)
    assert told(lib, call) == after(abi.Alloc)


@pytest.mark.parametrize("with_call", [True, False])
@pytest.mark.parametrize("operation, request_members", [
    ("memlab_buf_alloc_call", REQUEST), ("memlab_buf_config_check", DRY)])
def test_refused(lib, dev, config, call, operation, request_members, with_call):
    """Of a refusal the reason is told, and nothing of the call before."""
    lib.driver.answers[abi.ALLOC] = {**in_struct(abi.Alloc), "reason": Reason.GFP_SLEEPS}
    lib.driver.errors = [errno.EOPNOTSUPP]
    operation = getattr(lib, operation)
    assert error_of(operation, dev, config, call if with_call else None) == "EOPNOTSUPP"
    assert same(lib.driver.last(abi.ALLOC), **request_members)
    if with_call:
        assert told(lib, call) == {**NOTHING, "reason": Reason.GFP_SLEEPS}


@pytest.mark.parametrize("by_kvfree", [True, False])
def test_free(lib, buf, call, by_kvfree):
    """Refused it says why, and leaves the handle; done it says what was done."""
    lib.driver.answers[abi.FREE] = {**in_struct(abi.Free), "reason": Reason.FREE_SLEEPS}
    lib.driver.errors = [errno.EOPNOTSUPP]
    free = lib.memlab_buf_free_call
    assert error_of(free, buf, by_kvfree, Context.SOFTIRQ, call) == "EOPNOTSUPP"
    assert told(lib, call) == {**NOTHING, "reason": Reason.FREE_SLEEPS}
    lib.driver.answers[abi.FREE] = in_struct(abi.Free)
    assert free(buf, by_kvfree, Context.SOFTIRQ, call) == 0
    assert same(lib.driver.last(abi.FREE), id=7, context=Context.SOFTIRQ,
                flags=abi.KVFREE if by_kvfree else 0)
    assert told(lib, call) == after(abi.Free)


def test_plain_free(lib, buf):
    """It asks for nothing special."""
    assert lib.memlab_buf_free(buf) == 0
    assert same(lib.driver.last(abi.FREE), id=7)


def shape(lib, buf):
    """What a resize changes in a handle."""
    return (lib.memlab_buf_get_size(buf), lib.memlab_buf_get_map_offset(buf),
            lib.memlab_buf_get_map_length(buf))


@pytest.mark.parametrize("moved", [True, False])
def test_resize(lib, buf, call, moved):
    """It asks for what was set, goes on after signals, and renews the handle."""
    config = lib.memlab_resize_config_new()
    lib.memlab_resize_config_set_size(config, 1 << 42)
    lib.memlab_resize_config_set_gfp(config, 1 << 50 | Gfp.USER)
    lib.memlab_resize_config_set_zero(config, True)
    lib.memlab_resize_config_set_count_stale(config, True)
    lib.driver.answers[abi.RESIZE] = {
        **in_struct(abi.Resize), "flags": abi.RESIZE_ZERO | (abi.MOVED if moved else 0),
        "map_offset": 1 << 45, "map_length": 1 << 43}
    lib.driver.calls, lib.driver.errors = [], [errno.EINTR, errno.EINTR]
    assert lib.memlab_buf_resize(buf, config, call) == 0
    assert len(lib.driver.calls) == 3
    for _, argument in lib.driver.calls:
        assert same(argument, id=7, bytes=1 << 42, gfp=1 << 50 | Gfp.USER,
                    flags=abi.RESIZE_ZERO | abi.RESIZE_COUNT_STALE)
    assert told(lib, call) == after(abi.Resize, moved=moved)
    assert shape(lib, buf) == (1 << 42, 1 << 45, 1 << 43)

    lib.memlab_resize_config_set_zero(config, False)
    lib.memlab_resize_config_set_count_stale(config, False)
    lib.memlab_resize_config_set_array(config, 1 << 33, 24)
    assert lib.memlab_buf_resize(buf, config, None) == 0
    assert same(lib.driver.last(abi.RESIZE), id=7, count=1 << 33, bytes=24,
                gfp=1 << 50 | Gfp.USER)
    assert shape(lib, buf) == (24 << 33, 1 << 45, 1 << 43)
    lib.memlab_resize_config_free(config)
    lib.memlab_buf_close(buf)


def test_refused_resize(lib, buf, call):
    """It says why, and leaves the handle as it was."""
    config = lib.memlab_resize_config_new()
    lib.memlab_resize_config_set_size(config, 5)
    before = shape(lib, buf)
    lib.driver.answers[abi.RESIZE].update(reason=Reason.NO_RESIZE, map_offset=5, map_length=5)
    lib.driver.errors = [errno.EOPNOTSUPP]
    assert error_of(lib.memlab_buf_resize, buf, config, call) == "EOPNOTSUPP"
    assert told(lib, call) == {**NOTHING, "reason": Reason.NO_RESIZE}
    assert shape(lib, buf) == before
    lib.memlab_resize_config_free(config)
    lib.memlab_buf_close(buf)


def test_probe(lib, dev):
    """All arguments get there, and the result gets back."""
    result = abi.U64()
    lib.driver.answers[abi.PROBE] = {"result": abi.ALL_RIGHT}
    assert lib.memlab_probe(dev, 3, 1 << 61, 1 << 62, 1 << 63, byref(result)) == 0
    assert same(lib.driver.last(abi.PROBE), kind=3, a=1 << 61, b=1 << 62, c=1 << 63)
    assert result.value == abi.ALL_RIGHT
    lib.driver.errors = [errno.EINVAL]
    lib.driver.answers[abi.PROBE] = {"result": 1}
    assert error_of(lib.memlab_probe, dev, 99, 0, 0, 0, byref(result)) == "EINVAL"
