# SPDX-License-Identifier: GPL-2.0
"""What alloc and try can be asked for: flags, contexts, arrays, orders, stale bytes."""

import pytest

from cli import USAGE, is_counted, rows
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture, refusal_fixture)

PAGE = 4096
OVERFLOW = (4611686018427387905, 4)
PLAIN = {"kmalloc": "kmalloc", "vmalloc": "__vmalloc", "kvmalloc": "kvmalloc",
         "pages": "alloc_pages", "pages-exact": "alloc_pages_exact"}
ZEROING = {"kmalloc": "kzalloc", "kvmalloc": "kvzalloc"}
ARRAY = {"kmalloc": "kmalloc_array", "vmalloc": "__vmalloc_array", "kvmalloc": "kvmalloc_array"}
# vmalloc() and its kin take no flags, so these are what they use
VMALLOC_OWN = ("--gfp", "kernel,warn,no-account")


@pytest.mark.parametrize("allocator", PLAIN)
def test_function(made, as_json, allocator):
    """alloc and show name the kernel's function; alloc tells its time."""
    said = made(allocator, 5000)
    assert said["function"] == PLAIN[allocator]
    assert said.pop("nanoseconds") > 0 and said.pop("stale", "missing") is None
    again = as_json("show", said["id"])
    # the process that allocated it has ended meanwhile
    del said["owner_pid"], again["owner_pid"]
    assert said == again


@pytest.mark.parametrize("allocator", ZEROING)
def test_zeroing_form(made, allocator):
    """-z calls the zeroing form, --gfp zero the plain one with the flag."""
    said = made(allocator, 5000, "-z")
    assert (said["function"], said["zero"]) == (ZEROING[allocator], True)
    said = made(allocator, 5000, "--gfp", "kernel,zero")
    assert said["function"] != ZEROING[allocator]
    assert "zero" in said["gfp_used"] and said["zero"] is False


def test_vmalloc_own_forms(made):
    """vmalloc() itself is called when the flags are its own."""
    assert made("vmalloc", 5000, *VMALLOC_OWN)["function"] == "vmalloc"
    assert made("vmalloc", 5000, "-z", *VMALLOC_OWN)["function"] == "vzalloc"


def test_gfp(made, memlab):
    """The flags as given, and as used; the driver adds what keeps the log clean."""
    said = made("kmalloc", 100, "--gfp", "user,noretry")
    assert said["gfp"] == ["user", "noretry"]
    assert set(said["gfp_used"]) == {"user", "noretry", "nowarn", "account"}
    text = rows(memlab("show", said["id"]).stdout)
    assert text["GFP flags asked for"] == "user noretry"
    said = made("kmalloc", 100)
    assert said["gfp"] == [] and "kernel" in said["gfp_used"]
    assert "GFP flags asked for" not in rows(memlab("show", said["id"]).stdout)


@pytest.mark.parametrize("arguments, reason", [
    (["kmalloc", 100, "--gfp", "zero"], "gfp-base"),
    (["kmalloc", 100, "--gfp", "kernel,atomic"], "gfp-base"),
    (["kmalloc", 100, "--gfp", "kernel,noretry,nofail"], "gfp-retry"),
    (["kmalloc", 100, "--gfp", "highuser"], "gfp-highmem"),
    (["kmalloc", 100, "--gfp", "kernel,dma32"], "gfp-dma32"),
    (["kmalloc", 100, "--gfp", "atomic,nofail"], "nofail-nowait"),
    (["kmalloc", 8192, "--gfp", "kernel,nofail"], "nofail-size"),
    (["kmalloc", "4K", "--gfp", "kernel", "--context", "hardirq"], "gfp-sleeps"),
    (["kmalloc", "4K", "--context", "softirq"], "gfp-sleeps"),
    (["pages", "--array", 10, "--size", 10], "no-array"),
    (["kvmalloc", "5M", "--gfp", "nowait", "--context", "atomic"], "context-size")])
def test_refused(target, refusal, arguments, reason):
    """Exit status 1, and the reason by name and in words; the kernel says nothing."""
    mark = target.log_mark()
    for command in ("alloc", "try"):
        said = refusal(command, *arguments)
        assert f"({reason})" in said
        assert said.startswith(f"memlab: cannot allocate by {arguments[0]} in ")
    assert target.log_since(mark) == []


def test_vmalloc_in_atomic_context(target, memlab, as_json, refusal):
    """Refused where vmalloc() sleeps, and done where it does not."""
    mark = target.log_mark()
    arguments = ("vmalloc", "64K", "--context", "atomic")
    if "vmalloc-nowait" in as_json("info")["features"]:
        memlab("try", *arguments, "--gfp", "nowait")
    else:
        for flags in ((), ("--gfp", "atomic")):
            said = refusal("alloc", *arguments, *flags)
            assert "vmalloc-sleeps" in said and "sleeps on this kernel" in said
    assert target.log_since(mark) == []


@pytest.mark.parametrize("context, seen", [
    ("process", {"task"}), ("atomic", {"task", "locked"}), ("softirq", {"softirq"}),
    ("hardirq", {"hardirq", "irqs-off"})])
@pytest.mark.parametrize("allocator", ["kmalloc", "pages"])
def test_context(made, memlab, as_json, allocator, context, seen):
    """The allocation ran there, as the code that called the allocator saw."""
    said = made(allocator, 5000, "--gfp", "atomic", "--context", context)
    assert said["context"] == context and set(said["seen"]) == seen
    if is_counted(as_json, context):
        assert bool(said["preempt_count"]) == (context != "process")
    text = rows(memlab("show", said["id"]).stdout)
    assert text["context"] == context and set(text["seen in the context"].split()) == seen


@pytest.mark.parametrize("allocator", ARRAY)
def test_array(made, memlab, allocator):
    """An array is allocated by the function for arrays, and told as one."""
    said = made(allocator, "--array", 30, "--size", "1K")
    assert said["function"] == ARRAY[allocator]
    assert (said["count"], said["element_size"], said["size"]) == (30, 1024, 30 * 1024)
    text = rows(memlab("-b", "show", said["id"]).stdout)
    assert (text["elements"], text["size of an element"]) == ("30", "1024")
    said = made(allocator, 30)
    assert (said["count"], said["element_size"]) == (None, None)
    assert "elements" not in rows(memlab("show", said["id"]).stdout)


@pytest.mark.parametrize("allocator", ARRAY)
def test_array_overflow(target, as_json, refusal, allocator):
    """An overflow is the kernel's to refuse; the message has the product."""
    count, size = OVERFLOW
    mark = target.log_mark()
    said = refusal("alloc", allocator, "--array", count, "--size", size)
    assert ARRAY[allocator] in said and "EOVERFLOW" in said
    assert str(count * size) in said
    assert as_json("list") == [] and as_json("info")["total_bytes"] == 0
    # one element less makes the largest product of all, which is merely too large
    said = refusal("alloc", allocator, "--array", count - 1, "--size", size - 1)
    assert "EOVERFLOW" not in said and str((count - 1) * (size - 1)) in said
    assert target.log_since(mark) == []


@pytest.mark.parametrize("order", [0, 1, 5, 10])
def test_order(made, memlab, order):
    """So many pages; of a size, the order that holds it."""
    said = made("pages", "--order", order)
    assert (said["size"], said["order"]) == (PAGE << order, order)
    assert said["usable_size"] == said["size"] and said["slack"] == 0
    said = made("pages", (PAGE << order) - 100)
    assert (said["order"], said["slack"]) == (order, 100)
    assert rows(memlab("show", said["id"]).stdout)["order"] == str(order)


def test_order_of_others(made):
    """Only the page allocator has one."""
    assert made("kmalloc", "64K")["order"] is None
    assert made("pages-exact", "64K")["order"] is None


def test_path(made, memlab):
    """kvmalloc tells which way it went; the others have no choice."""
    small, large = made("kvmalloc", 100), made("kvmalloc", "8M")
    assert (small["path"], small["backing"]) == ("kmalloc", "slab")
    assert (large["path"], large["backing"]) == ("vmalloc", "vmalloc")
    assert rows(memlab("show", large["id"]).stdout)["path taken"] == "vmalloc"
    assert made("vmalloc", 100)["path"] is None


def test_slab_cache(made):
    """Small objects name their cache, whose size makes the slack."""
    said = made("kmalloc", 100)
    assert said["cache_name"].endswith("-128") and said["slack"] == 28
    assert said["cache_id"] is None
    assert made("kmalloc", "64K")["cache_name"] is None


@pytest.mark.parametrize("allocator, size, wanted", [
    ("kmalloc", "64M", "KMALLOC_MAX_SIZE"), ("pages", "64M", "order is 10"),
    ("pages-exact", "64M", "order is 10"), ("kvmalloc", "2G", "INT_MAX"),
    ("vmalloc", "1T", "the machine has")])
def test_too_large(target, refusal, allocator, size, wanted):
    """The message names the limit of each allocator; the kernel says nothing."""
    mark = target.log_mark()
    said = refusal("alloc", allocator, size)
    assert wanted in said and allocator in said and "vmalloc" in said
    assert target.log_since(mark) == []


def test_order_too_large(refusal):
    """An order is judged by the kernel's largest one."""
    assert "order is 10" in refusal("alloc", "pages", "--order", 11)


def test_count_stale(made, memlab, target):
    """The count is told when it is asked for; a zeroing form leaves none."""
    said = made("kmalloc", 5000, "--count-stale", "-z")
    assert said["stale"] == 0
    said = made("vmalloc", 5000, "--count-stale")
    if b"init_on_alloc=0" not in target.get("/proc/cmdline") and target.has_hypervisor:
        assert said["stale"] == 0
    ident, text = said["id"], memlab("alloc", "kmalloc", 10, "--count-stale").stdout
    assert "stale bytes" in rows(text)
    memlab("free", rows(text)["id"])
    assert "stale bytes" not in rows(memlab("show", ident).stdout)


@pytest.mark.usefixtures("public_device")
class TestOrdinaryUser:
    """What needs a capability is refused with the reason."""

    @pytest.mark.parametrize("options, reason", [
        (["--gfp", "atomic"], "admin-reserves"), (["--gfp", "kernel,dma"], "admin-dma"),
        (["--gfp", "kernel,nofail"], "admin-nofail"), (["--gfp", "kernel,warn"], "admin-warn"),
        (["--gfp", "kernel,no-account"], "admin-uncharged"),
        (["--gfp", "nowait", "--context", "softirq"], "admin-uncharged"),
        (["--count-stale"], "admin-stale")])
    def test_refused(self, refusal, options, reason):
        """EPERM is put in words."""
        said = refusal("alloc", "kmalloc", 100, *options, user="alice")
        assert f"({reason})" in said and "CAP_SYS_ADMIN" in said

    def test_allowed(self, as_json):
        """The rest is for all."""
        said = as_json("try", "kmalloc", "8K", "--gfp", "nowait", "--context", "atomic",
                       user="alice")
        assert said["verified"] is True and set(said["seen"]) == {"task", "locked"}


@pytest.mark.parametrize("arguments, wanted", [
    (["kmalloc", "1", "--gfp", "kernal"], "did you mean kernel"),
    (["kmalloc", "1", "--gfp", "kernel,"], "retry-mayfail"),
    (["kmalloc", "1", "--gfp", "comp"], "Known: kernel"),
    (["kmalloc", "1", "--context", "softirg"], "did you mean softirq"),
    (["kmalloc", "1", "--context", "nmi"], "process, atomic, softirq, hardirq"),
    (["kmalloc", "--array", "10"], "--size"), (["kmalloc", "--size", "10"], "--array"),
    (["kmalloc", "--array", "0", "--size", "10"], "from 1"),
    (["kmalloc", "10", "--array", "2", "--size", "5"], "exclude"),
    (["pages", "10", "--order", "2"], "exclude"),
    (["pages", "--order", "2", "--array", "2", "--size", "5"], "exclude"),
    (["pages", "--order", "52"], "0 to 51"), (["kmalloc", "--order", "2"], "pages"),
    (["kmalloc", "--cache", "1"], "cache"), (["cache", "100"], "--cache ID"),
    (["pages-exakt", "1"], "did you mean pages-exact")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    for command in ("alloc", "try"):
        result = memlab(command, *arguments, status=USAGE)
        assert not result.stdout and wanted in result.stderr.decode()


def test_try_has_no_count_stale(memlab):
    """It is for alloc."""
    memlab("try", "kmalloc", 1, "--count-stale", status=USAGE)


def test_node(made, refusal):
    """A node is preferred by the form for nodes, where there is one."""
    said = made("kmalloc", 100, "--node", 0)
    assert (said["function"], said["node"]) == ("kmalloc_node", 0)
    assert "not online" in refusal("alloc", "kmalloc", 100, "--node", 63)
