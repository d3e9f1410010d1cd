# SPDX-License-Identifier: GPL-2.0
"""The memlab tool: what it prints, and how it exits."""

import pytest

from cli import NO_DEVICE, REFUSED, USAGE
from cli import as_json_fixture, memlab_fixture  # noqa: F401 # pylint: disable=unused-import
from pattern import pattern

FIELDS = {"id": int, "allocator": str, "size": int, "usable_size": int, "backing": str,
          "contiguous": bool, "extent_count": int, "largest_extent": int, "phys_hidden": bool,
          "mappable": bool, "function": str, "slack": int, "gfp": list, "gfp_used": list,
          "context": str, "seen": list, "preempt_count": int, "resizes": int}
EXTENT_FIELDS = {"offset": int, "phys": int, "length": int, "node": int, "zone": str}
MIB = 1 << 20
MAX = 4 * MIB


@pytest.fixture(ids=str, params=[
    ("kmalloc", 100), ("kmalloc", 20000), ("vmalloc", 20000), ("pages", 20000),
    ("pages-exact", 20000)])
def buffer(request, memlab):
    """A buffer that alloc made: (id, allocator, size)."""
    ident = int(memlab("-q", "alloc", *request.param).stdout)
    yield (ident, *request.param)
    memlab("free", ident)


def typed(value, fields):
    """Whether an object has fields of these types."""
    return {name: type(value.get(name)) for name in fields} == fields


@pytest.mark.parametrize("allocator, size, count", [
    ("kmalloc", "4M", 1), ("kmalloc", "64K", 1), ("vmalloc", "64K", None),
    ("vmalloc", "1MiB", None), ("kvmalloc", "64K", None), ("kvmalloc", "8M", None),
    ("pages", "4K", 1), ("pages", "20K", 1), ("pages-exact", "20K", 1)])
def test_try(as_json, allocator, size, count):
    """try verifies through the mapping, with witnesses, and frees again."""
    said = as_json("try", allocator, size)
    wanted = int(size.rstrip("MiBK")) << (20 if "M" in size else 10)
    assert typed(said, FIELDS) and said["size"] == wanted
    assert said["verified"] is True
    assert {one["name"]: one["agrees"] for one in said["witnesses"]} == dict.fromkeys(
        ("kernel-to-user", "user-to-kernel", "pagemap", "kpageflags"), True)
    if count:
        assert said["contiguous"] and said["extent_count"] == count
    assert as_json("list") == []


def test_try_large_vmalloc(as_json):
    """The extents of 64 MiB add up, far above what kmalloc can serve."""
    said = as_json("try", "vmalloc", "64M")
    assert sum(extent["length"] for extent in said["extents"]) == 64 * MIB
    assert said["extent_count"] == len(said["extents"])
    assert all(typed(extent, EXTENT_FIELDS) for extent in said["extents"])
    assert said["verified"] is True


def test_kmalloc_too_large(target, memlab):
    """The message names the limit and says what to use; the kernel says nothing."""
    mark = target.log_mark()
    for command in ("alloc", "try"):
        said = memlab(command, "kmalloc", "64M", status=REFUSED).stderr.decode()
        assert "KMALLOC_MAX_SIZE" in said and "4 MiB" in said
        assert "vmalloc" in said and "kvmalloc" in said
    assert target.log_since(mark) == []


def test_show(as_json, buffer):
    """show tells the fields that are promised, list the same of each buffer."""
    ident, allocator, size = buffer
    said = as_json("show", ident)
    assert as_json("list") == [said]
    assert typed(said, FIELDS)
    assert (said["id"], said["allocator"], said["size"]) == buffer
    assert said["usable_size"] >= size and said["slack"] == said["usable_size"] - size
    assert (said["context"], said["seen"], said["preempt_count"]) == ("process", ["task"], 0)
    assert said["backing"] == {"kmalloc": "slab" if size <= 8192 else "large",
                               "vmalloc": "vmalloc", "pages": "pages",
                               "pages-exact": "split"}[allocator]
    assert said["contiguous"] == (said["extent_count"] == 1)
    assert said["phys_hidden"] is False
    assert said["mappable"] == (size > 4096)


def test_layout(as_json, memlab, buffer):
    """layout adds the extents to show's fields; all three outputs say the same."""
    ident, _, size = buffer
    said = as_json("layout", ident)
    extents = said.pop("extents")
    assert said == as_json("show", ident)
    assert all(typed(extent, EXTENT_FIELDS) for extent in extents)
    assert len(extents) == said["extent_count"]
    assert sum(extent["length"] for extent in extents) == size
    assert max(extent["length"] for extent in extents) == said["largest_extent"]
    bare = memlab("-q", "layout", ident).stdout.decode().splitlines()
    assert [tuple(line.split("\t")) for line in bare] == [
        tuple(str(extent[name]) for name in EXTENT_FIELDS) for extent in extents]
    table = memlab("layout", ident).stdout.decode()
    assert "\x1b" not in table
    for extent in extents:
        assert f"{extent['phys']:#x}" in table


def test_read_write(memlab, as_json, buffer):
    """Bytes go in and come out, whole and in parts, as they are."""
    ident, _, size = buffer
    data = bytes(range(256)) * (size // 256 + 1)
    assert memlab("write", ident, data=data[:size]).stdout
    assert memlab("read", ident).stdout == data[:size]
    part = memlab("read", ident, "--offset", 33, "--length", 20).stdout
    assert part == data[33:53]
    assert as_json("read", ident, "--offset", 33, "--length", 20)["data"] == part.hex()
    memlab("write", ident, "--offset", 40, data=b"\n\0\xff")
    assert memlab("read", ident, "--offset", 39, "--length", 5).stdout == (
        data[39:40] + b"\n\0\xff" + data[43:44])


def test_write_too_much(memlab, buffer):
    """What does not fit is refused and said."""
    ident, _, size = buffer
    said = memlab("write", ident, data=bytes(size + 1), status=REFUSED).stderr.decode()
    assert str(size) in said


def test_fill_check(memlab, as_json, buffer):
    """fill and check use the documented pattern; check names the first wrong byte."""
    ident, _, size = buffer
    memlab("fill", ident, "--seed", 77)
    assert memlab("read", ident).stdout == pattern(77, 0, size)
    assert as_json("check", ident, "--seed", 77)["matches"] is True
    assert memlab("-q", "check", ident, "--seed", 77).stdout == b"-\n"
    memlab("write", ident, "--offset", 50, data=bytes([pattern(77, 50, 1)[0] ^ 1]))
    said = as_json("check", ident, "--seed", 77, status=REFUSED)
    assert (said["matches"], said["first_wrong"]) == (False, 50)
    assert memlab("-q", "check", ident, "--seed", 77, status=REFUSED).stdout == b"50\n"


def test_free(memlab, as_json):
    """free takes ids, or all; what it cannot free stays, and the rest goes."""
    ids = [int(memlab("-q", "alloc", "kmalloc", 10).stdout) for _ in range(4)]
    memlab("free", *ids[:2])
    assert [one["id"] for one in as_json("list")] == ids[2:]
    said = as_json("free", ids[0], ids[2], status=REFUSED)
    assert said["freed"] == [ids[2]] and [one["id"] for one in said["failed"]] == [ids[0]]
    memlab("free", "--all")
    assert as_json("list") == []


def test_info(memlab, as_json):
    """info tells the limits of the kernel."""
    said = as_json("info")
    assert (said["page_size"], said["kmalloc_max_size"]) == (4096, MAX)
    assert said["kmalloc_max_cache_size"] == 8192
    assert said["allocators"] == [
        "kmalloc", "vmalloc", "kvmalloc", "pages", "pages-exact", "cache"]
    assert set(said["resizable"]) >= {"kmalloc", "kvmalloc"}
    assert said["contexts"] == ["process", "atomic", "softirq", "hardirq"]
    assert {"kernel", "atomic", "zero", "no-account"} <= set(said["gfp"])
    assert "comp" not in said["gfp"]
    assert said["cache_max_size"] == 128 << 10
    assert (said["user_caches"], said["max_user_caches"] > 0) == (0, True)
    text = memlab("info").stdout.decode()
    assert "KMALLOC_MAX_SIZE" in text and "hardirq" in text and "retry-mayfail" in text


@pytest.mark.parametrize("arguments, wanted", [
    ([], "no command"), (["lisst"], "list"), (["alloc"], "ALLOCATOR"),
    (["alloc", "kmalloc"], "SIZE"), (["alloc", "malloc", "1"], "kmalloc"),
    (["alloc", "kmalloc", "x"], "64K"), (["alloc", "kmalloc", "-1"], ""),
    (["alloc", "kmalloc", "0"], ""), (["alloc", "kmalloc", "1Q"], ""),
    (["alloc", "kmalloc", "99999999999999999999"], ""),
    (["alloc", "kmalloc", "1", "2"], "2"), (["resize", "1"], "SIZE"),
    (["resize", "1", "--array", "2"], "--size"), (["show"], "ID"), (["show", "x"], "x"),
    (["free"], "--all"), (["free", "1", "-c", "nmi"], "hardirq"),
    (["free", "--all", "1"], "exclude"), (["--frobnicate", "list"], "frob"),
    (["-j", "-q", "list"], "exclude"), (["read", "1", "--format", "oct"], "hex")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    result = memlab(*arguments, status=USAGE)
    assert not result.stdout
    assert wanted in result.stderr.decode()


@pytest.mark.parametrize("command", ["show", "layout", "read", "fill", "check", "free"])
def test_unknown_buffer(memlab, command):
    """A buffer that does not exist: status 1, and the id is named."""
    said = memlab(command, 4711, status=REFUSED).stderr.decode()
    assert "4711" in said


@pytest.mark.parametrize("arguments", [["-h"], ["help"], ["alloc", "-h"], ["help", "try"]])
def test_help(memlab, arguments):
    """Help goes to standard output and is no error."""
    assert memlab(*arguments).stdout.startswith(b"Usage: memlab")


def test_version(memlab, as_json):
    """The version is the library's and the driver's."""
    version = as_json("info")["library_version"]
    assert version in memlab("-V").stdout.decode()


def test_no_device(memlab):
    """Without a device: status 3, and its name."""
    assert b"/dev/nothing" in memlab("-d", "/dev/nothing", "info", status=NO_DEVICE).stderr
    memlab("-d", "/dev/null", "info", status=NO_DEVICE)


def test_no_permission(memlab):
    """Without permission on the device: status 3, and a way out."""
    said = memlab("info", user="alice", status=NO_DEVICE).stderr.decode()
    assert "/dev/memlab" in said and "ermission" in said


@pytest.mark.usefixtures("public_device")
class TestOrdinaryUser:
    """A user who may open the device, and nothing more."""

    def test_addresses(self, as_json, memlab):
        """Sees extents, and neither physical nor kernel address."""
        ident = int(memlab("-q", "alloc", "vmalloc", 20000, user="alice").stdout)
        said = as_json("layout", ident, user="alice")
        assert said["phys_hidden"] is True
        assert not said.get("phys") and not said.get("kernel_address")
        assert not any(extent["phys"] for extent in said["extents"])
        for arguments in (["layout", ident], ["show", ident], ["list"]):
            text = memlab(*arguments, user="alice").stdout.decode()
            assert "0xffff" not in text and "hidden" in text
        memlab("free", ident, user="alice")

    def test_try(self, as_json):
        """Can try, with the witnesses that need no privilege."""
        said = as_json("try", "vmalloc", "64K", user="alice")
        agrees = {one["name"]: one["agrees"] for one in said["witnesses"]}
        assert agrees["kernel-to-user"] is agrees["user-to-kernel"] is True
        assert agrees["pagemap"] is not True and agrees["kpageflags"] is not True

    def test_roots_buffer(self, as_json, memlab):
        """Cannot use, see or free root's buffer; it stays as it was."""
        ident = int(memlab("-q", "alloc", "kmalloc", 4096).stdout)
        memlab("fill", ident, "--seed", 1)
        for command in ("show", "layout", "read", "fill", "check", "free"):
            memlab(command, ident, user="alice", status=REFUSED)
        assert as_json("list", user="alice") == []
        memlab("free", "--all", user="alice")
        assert as_json("check", ident, "--seed", 1)["matches"] is True
        memlab("free", ident)
