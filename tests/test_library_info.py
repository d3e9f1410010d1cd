# SPDX-License-Identifier: GPL-2.0
"""libmemlab above a fake driver: caches, descriptions and names."""

import errno
import re
from ctypes import byref, sizeof

import pytest

import abi
import library
from abi import Context, Reason
from refusal import error_of

NAME = b"a name of thirty-two characters."
KINDS = ("ALLOCATOR", "BACKING", "ZONE", "CONTEXT", "SEEN", "GFP", "REASON", "PROBE", "FEATURE",
         "ABI_VERSION", "CACHE_MAX_BYTES", "NOT_COUNTED", "BENCH_MAX", "BENCH_BUCKETS",
         *(f"BENCH_{one.name}" for one in (*abi.Bench, *abi.Order)))
# member of struct memlab_query: value, getter where that has another name
BUFFER = {
    "id": (7, None), "allocator": (99, None), "backing": (98, None), "bytes": (1 << 40, "size"),
    "usable": (1 << 41, "usable_size"), "map_length": (1 << 42, None),
    "extent_count": (1 << 43, None), "largest_extent": (1 << 44, None),
    "kernel_address": (0xFFFF888000000001, None), "kernel_align": (1 << 45, None),
    "phys": (1 << 46, None), "phys_align": (1 << 47, None), "owner_uid": (1 << 31, None),
    "owner_pid": (5, None), "mappings": (6, None), "gfp": (1 << 48, None),
    "gfp_used": (1 << 49, None), "count": (1 << 50, None),
    "element_bytes": (1 << 51, "element_size"), "context": (97, None), "cache": (8, "cache_id"),
    "seen": (9, None),
    "preempt_count": (0x80010001, None), "resizes": (10, None), "function": (NAME, None),
    "cache_name": (NAME[::-1], None),
}
CACHE = {
    "id": (7, None), "name": (NAME, None), "function": (NAME[::-1], None),
    "bytes": (1 << 40, "size"), "align": (64, None), "user_offset": (1 << 41, None),
    "user_bytes": (1 << 42, "user_size"), "objects": (1 << 43, None), "owner_uid": (1 << 31, None),
    "owner_pid": (5, None),
}
DEVICE = {"gfp": 1 << 63, "max_user_caches": 1 << 40, "user_caches": 1 << 41}
CACHE_FLAGS = {"is_no_merge": abi.NO_MERGE, "is_hwcache_align": abi.HWCACHE_ALIGN,
               "is_persistent": abi.CACHE_PERSISTENT}


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


def in_struct(table):
    """A table's values as members of a struct."""
    return {member: abi.NAME(*value) if isinstance(value, bytes) else value
            for member, (value, _) in table.items()}


def got(lib, kind, table, info):
    """What the getters of a description say, by member."""
    return {member: getattr(lib, f"memlab_{kind}_info_get_{getter or member}")(info)
            for member, (_, getter) in table.items()}


def same(argument, **members):
    """Whether an ioctl was given this struct and nothing else."""
    return bytes(argument) == bytes(type(argument)(size=sizeof(argument), **members))


def test_buffer(lib, dev):
    """Every getter has its member, also of an open buffer."""
    lib.driver.answers[abi.QUERY] = in_struct(BUFFER)
    buf = lib.memlab_buf_open(dev, 7)
    info = lib.memlab_buf_get_info(buf)
    assert same(lib.driver.last(abi.QUERY), id=7)
    assert got(lib, "buf", BUFFER, info) == {member: value for member, (value, _) in BUFFER.items()}
    assert lib.memlab_buf_get_size(buf) == 1 << 40
    lib.memlab_buf_info_free(info)
    lib.memlab_buf_close(buf)


def test_buffer_of_old_driver(lib, dev):
    """What it does not tell is 0 and empty."""
    lib.driver.answers[abi.QUERY] = in_struct(BUFFER)
    lib.driver.old = True
    buf = lib.memlab_buf_open(dev, 7)
    info = lib.memlab_buf_get_info(buf)
    told = got(lib, "buf", BUFFER, info)
    for member, (value, _) in BUFFER.items():
        known = getattr(abi.Query, member).offset < abi.first_size(abi.Query)
        assert told[member] == (value if known else type(value)()), member
    lib.memlab_buf_info_free(info)
    lib.memlab_buf_close(buf)


@pytest.mark.parametrize("old", [False, True])
def test_device(lib, dev, old):
    """Sets of bits are asked one by one; process context is everywhere."""
    lib.driver.answers[abi.INFO] = {**DEVICE, "resizable": 1 << 6 | 1 << 63, "contexts": 1 << 31}
    lib.driver.old = old
    info = lib.memlab_dev_get_info(dev)
    for member, value in DEVICE.items():
        assert getattr(lib, f"memlab_dev_info_get_{member}")(info) == (0 if old else value)
    resizable = [bit for bit in range(130) if lib.memlab_dev_info_is_resizable(info, bit)]
    contexts = [bit for bit in range(130) if lib.memlab_dev_info_has_context(info, bit)]
    assert resizable == ([] if old else [6, 63])
    assert contexts == ([Context.PROCESS] if old else [Context.PROCESS, 31])
    lib.memlab_dev_info_free(info)


@pytest.fixture(name="config")
def _config(lib):
    """A request for a cache, of which every setter was used."""
    config = lib.memlab_cache_config_new()
    lib.memlab_cache_config_set_size(config, 1 << 40)
    lib.memlab_cache_config_set_align(config, 1 << 31)
    lib.memlab_cache_config_set_usercopy(config, 1 << 41, 1 << 42)
    for flag in ("no_merge", "hwcache_align", "persistent"):
        getattr(lib, f"memlab_cache_config_set_{flag}")(config, True)
    yield config
    lib.memlab_cache_config_free(config)


@pytest.fixture(name="call")
def _call(lib):
    """Room for what a call did."""
    call = lib.memlab_call_new()
    yield call
    lib.memlab_call_free(call)


ALL_FLAGS = abi.NO_MERGE | abi.HWCACHE_ALIGN | abi.CACHE_PERSISTENT | abi.USERCOPY


def test_create(lib, dev, config, call):
    """It asks for what was set, and tells what was made."""
    lib.driver.answers[abi.CACHE_CREATE] = {
        "id": 7, "name": abi.NAME(*NAME), "function": abi.NAME(*NAME[::-1])}
    cache = lib.memlab_cache_create(dev, config, call)
    assert same(lib.driver.last(abi.CACHE_CREATE), bytes=1 << 40, align=1 << 31,
                user_offset=1 << 41, user_bytes=1 << 42, flags=ALL_FLAGS)
    assert lib.memlab_cache_get_id(cache) == 7
    assert lib.memlab_cache_get_name(cache) == NAME
    assert lib.memlab_cache_get_size(cache) == 1 << 40
    assert lib.memlab_call_get_function(call) == NAME[::-1]
    assert lib.memlab_call_get_reason(call) == Reason.NONE
    lib.memlab_cache_close(cache)


def test_plain_create(lib, dev, config):
    """What was set can be taken back, and nobody needs to want to know."""
    lib.memlab_cache_config_set_align(config, 0)
    lib.memlab_cache_config_set_usercopy(config, 5, 0)
    for flag in ("no_merge", "hwcache_align", "persistent"):
        getattr(lib, f"memlab_cache_config_set_{flag}")(config, False)
    lib.memlab_cache_close(lib.memlab_cache_create(dev, config, None))
    assert same(lib.driver.last(abi.CACHE_CREATE), bytes=1 << 40)


def test_refused_create(lib, dev, config, call):
    """It says why."""
    lib.driver.answers[abi.CACHE_CREATE] = {"reason": Reason.NO_MERGE, "id": 7}
    lib.driver.errors = [errno.EOPNOTSUPP]
    assert error_of(lib.memlab_cache_create, dev, config, call) == "EOPNOTSUPP"
    assert lib.memlab_call_get_reason(call) == Reason.NO_MERGE


@pytest.fixture(name="cache")
def _cache(lib, dev):
    """A cache that exists; the test has to let go of it."""
    lib.driver.answers[abi.CACHE_QUERY] = in_struct(CACHE)
    return lib.memlab_cache_open(dev, 7)


@pytest.mark.parametrize("flag", CACHE_FLAGS)
def test_cache(lib, cache, flag):
    """Every getter has its member and every question its flag."""
    lib.driver.answers[abi.CACHE_QUERY]["flags"] = CACHE_FLAGS[flag]
    info = lib.memlab_cache_get_info(cache)
    assert same(lib.driver.last(abi.CACHE_QUERY), id=7)
    assert got(lib, "cache", CACHE, info) == {member: value for member, (value, _) in CACHE.items()}
    true = [name for name in CACHE_FLAGS if getattr(lib, f"memlab_cache_info_{name}")(info)]
    assert true == [flag]
    assert lib.memlab_cache_get_name(cache) == NAME
    assert lib.memlab_cache_get_size(cache) == 1 << 40
    lib.memlab_cache_info_free(info)
    lib.memlab_cache_close(cache)


def test_object(lib, dev, cache):
    """Its size is that of the cache, unless another one was set."""
    config = lib.memlab_buf_config_new()
    lib.memlab_buf_config_set_allocator(config, abi.CACHE)
    lib.memlab_buf_config_set_cache(config, cache)
    lib.memlab_cache_close(cache)
    buf = lib.memlab_buf_alloc(dev, config)
    assert same(lib.driver.last(abi.ALLOC), allocator=abi.CACHE, cache=7, bytes=1 << 40)
    assert lib.memlab_buf_get_size(buf) == 1 << 40
    lib.memlab_buf_close(buf)
    lib.memlab_buf_config_set_size(config, 5)
    lib.memlab_buf_close(lib.memlab_buf_alloc(dev, config))
    assert same(lib.driver.last(abi.ALLOC), allocator=abi.CACHE, cache=7, bytes=5)
    lib.memlab_buf_config_free(config)


def test_destroy(lib, cache):
    """The handle survives a refusal."""
    lib.driver.errors = [errno.EBUSY]
    assert error_of(lib.memlab_cache_destroy, cache) == "EBUSY"
    assert lib.memlab_cache_get_id(cache) == 7
    assert lib.memlab_cache_destroy(cache) == 0
    assert same(lib.driver.last(abi.CACHE_DESTROY), id=7)


@pytest.mark.parametrize("function, command", [
    ("memlab_dev_next_id", abi.NEXT), ("memlab_dev_next_cache_id", abi.CACHE_NEXT)])
def test_walk(lib, dev, function, command):
    """From one id to the next, until there is no further one."""
    ident = abi.U32(5)
    lib.driver.answers[command] = {"id": 9}
    assert getattr(lib, function)(dev, byref(ident)) == 1
    assert same(lib.driver.last(command), id=5)
    assert ident.value == 9
    lib.driver.errors = [errno.ENOENT, errno.EACCES]
    assert getattr(lib, function)(dev, byref(ident)) == 0
    assert error_of(getattr(lib, function), dev, byref(ident)) == "EACCES"
    assert ident.value == 9


def test_constants():
    """The header has all constants of the ABI that a program meets, each tied to its twin."""
    ours = set(re.findall(r"\bMEMLAB_LIB_(\w+)(?: =|\s+\(?\w)", library.CODE))
    wanted = {name.removeprefix("MEMLAB_") for name in abi.CONSTANTS
              if name.startswith(tuple(f"MEMLAB_{kind}" for kind in KINDS))}
    assert wanted <= ours
    assert {name for name in ours if name.startswith(KINDS)} == wanted
    tied = set()
    for source in library.HEADER.parent.glob("*.c"):
        tied |= set(re.findall(r"^SAME(?:_BIT)?\((\w+)\);$", source.read_text("ascii"), re.M))
    assert tied == wanted


def constants(kind):
    """Those of the ABI, by number: their names in lower case."""
    start = f"MEMLAB_{kind.upper()}_"
    return {value.bit_length() - 1 if kind == "feature" else value:
            name.removeprefix(start).lower().replace("_", "-")
            for name, value in abi.CONSTANTS.items() if name.startswith(start)}


@pytest.mark.parametrize("kind, backwards", [
    ("allocator", True), ("backing", True), ("context", True), ("gfp", True), ("reason", False),
    ("feature", False)])
def test_names(lib, kind, backwards):
    """Those of the constants, and no others."""
    name_of, wanted = getattr(lib, f"memlab_{kind}_name"), constants(kind)
    walk = [1 << bit for bit in range(64)] + [0, 3] if kind == "gfp" else [*range(200), 1 << 31]
    found = {number: name_of(number) for number in walk}
    assert {number: name.decode() for number, name in found.items() if name} == wanted
    if backwards:
        number_of = getattr(lib, f"memlab_{kind}_from_name")
        for number, name in wanted.items():
            assert number_of(name.encode()) == number


def test_unknown_names(lib):
    """EINVAL, by way of 0 where -1 would be a set of flags."""
    for kind in ("allocator", "backing", "zone", "context"):
        assert error_of(getattr(lib, f"memlab_{kind}_from_name"), b"nonesuch") == "EINVAL"
    assert lib.memlab_gfp_from_name(b"nonesuch") == 0
    assert library.ctypes.get_errno() == errno.EINVAL


@pytest.mark.parametrize("reason", Reason, ids=[one.name for one in Reason])
def test_reasons(lib, reason):
    """A line that says what was wrong and, after a colon, what would be right."""
    text = lib.memlab_reason_text(reason)
    if reason == Reason.NONE:
        assert text is None
        return
    line = text.decode("ascii")
    assert re.fullmatch(r"[a-zA-Z][^:\n]{10,}: [a-z][^:\n]{7,}[^.]", line)
    assert len(line) < 84
