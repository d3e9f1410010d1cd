# SPDX-License-Identifier: GPL-2.0
"""memlab cache, and the objects of caches."""

import pytest

from cli import REFUSED, USAGE, rows
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture, refusal_fixture)
from pattern import pattern

SIZE = 200
FIRST, COUNT = 16, 32


@pytest.fixture(name="create")
def _create(memlab, as_json):
    """Creates caches: create(200) is what the tool tells; destroyed with the test."""
    ids = []

    def make(*arguments, **options):
        told = as_json("cache", "create", *arguments, **options)
        ids.append(told["id"])
        return told
    yield make
    memlab("free", "--all")
    if ids:
        memlab("cache", "destroy", *ids)


def test_create(create, as_json, memlab):
    """create, show and list tell the same; -q the ids."""
    plain = create(SIZE)
    assert plain["function"] == "kmem_cache_create"
    assert (plain["size"], plain["align"], plain["objects"]) == (SIZE, None, 0)
    assert (plain["user_offset"], plain["user_size"]) == (None, None)
    assert (plain["no_merge"], plain["hwcache_align"], plain["persistent"]) == (
        False, False, True)
    other = create("4K", "--align", 128, "--hwcache-align")
    assert (other["size"], other["align"], other["hwcache_align"]) == (4096, 128, True)
    listed = as_json("cache", "list")
    for one in (plain, other, *listed):
        del one["owner_pid"]
    assert listed == [plain, other]
    ids = [plain["id"], other["id"]]
    shown = as_json("cache", "show", *ids)
    assert [one["name"] for one in shown] == [plain["name"], other["name"]]
    assert as_json("cache", "show", ids[0])["name"] == plain["name"]
    for command in (["list"], ["show", *ids]):
        assert memlab("cache", *command, "-q").stdout.split() == [b"%d" % one for one in ids]
    text = rows(memlab("cache", "show", ids[1]).stdout)
    assert (text["name"], text["alignment asked for"]) == (other["name"], "128 B")
    assert text["copied to users"] == "nothing" and text["aligned to cache lines"] == "yes"
    assert other["name"] in memlab("cache", "list").stdout.decode()


def test_object(create, made, memlab, as_json):
    """Objects are of the cache, which counts them."""
    cache = create(SIZE, "--align", 64)
    said = made("cache", "--cache", cache["id"])
    assert (said["allocator"], said["function"]) == ("cache", "kmem_cache_alloc")
    assert (said["size"], said["cache_id"]) == (SIZE, cache["id"])
    assert said["cache_name"] == cache["name"] and said["backing"] == "slab"
    assert said["kernel_align"] >= 64
    assert as_json("cache", "show", cache["id"])["objects"] == 1
    text = rows(memlab("show", said["id"]).stdout)
    assert (text["cache"], text["slab cache"]) == (str(cache["id"]), cache["name"])
    said = made("cache", "--cache", cache["id"], "-z")
    assert said["function"] == "kmem_cache_zalloc"


def test_object_size(create, made, refusal):
    """The size is the cache's, and may be left out."""
    ident = create(SIZE)["id"]
    assert made("cache", SIZE, "--cache", ident)["size"] == SIZE
    assert "cache-size" in refusal("alloc", "cache", SIZE + 1, "--cache", ident)


def test_usercopy(create, made, memlab, refusal):
    """Only the declared part is read and written; the messages tell which it is."""
    cache = create(SIZE, "--usercopy", f"{FIRST}:{COUNT}")
    assert cache["function"] == "kmem_cache_create_usercopy"
    assert (cache["user_offset"], cache["user_size"]) == (FIRST, COUNT)
    ident = made("cache", "--cache", cache["id"])["id"]
    part = ("--offset", FIRST, "--length", COUNT)
    memlab("fill", ident, "--seed", 3)
    assert memlab("read", ident, *part).stdout == pattern(3, FIRST, COUNT)
    memlab("write", ident, "--offset", FIRST, data=b"x" * COUNT)
    assert memlab("read", ident, *part).stdout == b"x" * COUNT
    for command in (["read", ident], ["read", ident, "--offset", FIRST, "--length", COUNT + 1],
                    ["write", ident, "--hex", "00"]):
        said = refusal(*command)
        assert f"{COUNT} bytes from offset {FIRST}" in said and "--length" in said


def test_no_usercopy(create, made, memlab, refusal):
    """Without a declared part there is no way in or out but fill and check."""
    ident = made("cache", "--cache", create(SIZE)["id"])["id"]
    assert "--usercopy" in refusal("read", ident)
    memlab("fill", ident)
    memlab("check", ident)


@pytest.mark.parametrize("usercopy, agrees", [((), None), (("--usercopy", "16:32"), True)])
def test_try(create, as_json, usercopy, agrees):
    """The witnesses keep to the declared part."""
    ident = create(SIZE, *usercopy)["id"]
    said = as_json("try", "cache", "--cache", ident)
    assert said["verified"] is True
    assert {one["name"]: one["agrees"] for one in said["witnesses"]} == {
        "kernel-to-user": agrees, "user-to-kernel": agrees, "pagemap": None,
        "kpageflags": True}


def test_destroy(create, made, memlab, as_json):
    """A cache with live objects stays, and the rest goes."""
    busy, idle = create(SIZE)["id"], int(memlab("cache", "create", 50, "-q").stdout)
    made("cache", "--cache", busy)
    said = as_json("cache", "destroy", busy, idle, status=REFUSED)
    assert said["destroyed"] == [idle]
    assert [one["id"] for one in said["failed"]] == [busy]
    assert "1 live object:" in said["failed"][0]["error"]
    assert [one["id"] for one in as_json("cache", "list")] == [busy]


def test_destroy_all(memlab, as_json):
    """--all means those that list shows."""
    ids = [int(memlab("cache", "create", size, "-q").stdout) for size in (8, 100, 5000)]
    assert memlab("cache", "destroy", "--all", "-q").stdout.split() == [
        b"%d" % one for one in ids]
    assert as_json("cache", "list") == []
    ident = int(memlab("cache", "create", 8, "-q").stdout)
    assert memlab("cache", "destroy", ident).stdout == b"destroyed cache %d\n" % ident


def test_no_merge(memlab, as_json):
    """Where the kernel has it, else refused with the reason."""
    if "no-merge" in as_json("info")["features"]:
        said = as_json("cache", "create", SIZE, "--no-merge")
        assert said["no_merge"] is True
        memlab("cache", "destroy", said["id"])
    else:
        said = memlab("cache", "create", SIZE, "--no-merge", status=REFUSED)
        assert b"(no-merge)" in said.stderr


@pytest.mark.parametrize("arguments, wanted", [
    ([(128 << 10) + 1], "128 KiB"), ([100, "--usercopy", "90:11"], "90:11"),
    ([100, "--align", "8K"], "a page")])
def test_refused(refusal, arguments, wanted):
    """The message tells the limit."""
    assert wanted in refusal("cache", "create", *arguments)


@pytest.mark.usefixtures("public_device")
def test_limit(memlab, parameter):
    """A user's number of caches is limited; the message says what can be done."""
    parameter("max_user_caches", 1)
    ident = memlab("cache", "create", 8, "-q", user="alice").stdout.decode().strip()
    said = memlab("cache", "create", 8, user="alice", status=REFUSED).stderr.decode()
    assert "max_user_caches is 1" in said and "memlab cache destroy" in said
    memlab("cache", "destroy", ident, user="alice")


@pytest.mark.usefixtures("public_device")
def test_roots_cache(create, memlab, as_json):
    """Others can neither see nor use nor destroy it."""
    ident = create(SIZE)["id"]
    assert as_json("cache", "list", user="alice") == []
    for command in (["cache", "show", ident], ["cache", "destroy", ident],
                    ["alloc", "cache", "--cache", ident]):
        said = memlab(*command, user="alice", status=REFUSED).stderr.decode()
        assert f"no cache {ident}" in said
    memlab("cache", "destroy", "--all", user="alice")
    assert as_json("cache", "show", ident)["id"] == ident


@pytest.mark.parametrize("arguments, wanted", [
    ([], "COMMAND"), (["creat"], "create"), (["create"], "SIZE"), (["create", "0"], "least"),
    (["create", "8", "--usercopy", "8"], "16:32"), (["create", "8", "--align", "3"], "power"),
    (["destroy"], "--all"), (["destroy", "--all", "1"], "exclude"), (["show"], "ID"),
    (["list", "1"], "too many"), (["--frob", "list"], "frob"), (["show", "x"], "x")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    result = memlab("cache", *arguments, status=USAGE)
    assert not result.stdout and wanted in result.stderr.decode()


@pytest.mark.parametrize("arguments", [
    ["cache", "--help"], ["help", "cache"], ["cache", "create", "-h"],
    ["help", "cache", "create"]])
def test_help(memlab, arguments):
    """The group and its commands have help of their own."""
    said = memlab(*arguments).stdout.decode()
    assert said.startswith("Usage: memlab cache")
    assert ("--usercopy" in said) == ("create" in arguments)
