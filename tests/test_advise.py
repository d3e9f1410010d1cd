# SPDX-License-Identifier: GPL-2.0
"""memlab advise: what it says for cases from real life, and that it is true."""

from typing import NamedTuple

import pytest

import abi
import facts
from cli import (  # noqa: F401 # pylint: disable=unused-import
    NO_DEVICE, REFUSED, USAGE, as_json_fixture, made_fixture, memlab_fixture, refusal_fixture)
from fragmentation import fragmented, smallest_safe

KIB, MIB = 1 << 10, 1 << 20
COSTLY = 32 * KIB       # the page allocator does not refuse blocks up to here
CONTIGUOUS = {"kmalloc", "pages", "pages-exact", "cache"}


class Case(NamedTuple):
    """A question, the functions that are right, and what the reasons must name."""

    question: str
    functions: str
    claims: str = ""
    flags: str = "kernel"
    ahead: bool = False


CASES = (
    # a struct in an ioctl
    Case("13K", "kvmalloc", "kvmalloc-fallback kvfree-any"),
    Case("13K --user-triggered", "kvmalloc", "gfp-account", "kernel account"),
    Case("13K --user-copy", "kvzalloc", "kzalloc-zero gfp-account", "kernel account"),
    # a descriptor table
    Case("32M", "vmalloc kvmalloc", "kmalloc-max vmalloc-large"),
    Case("32M --long-lived", "vmalloc kvmalloc", "vmalloc-large"),
    Case("1M --long-lived", "vmalloc", "kmalloc-faster vmalloc-scattered"),
    Case("24K --long-lived", "kvmalloc"),
    Case("32M --user-triggered", "__vmalloc", "gfp-account", "kernel account"),
    # a node in an interrupt handler, and elsewhere
    Case("64 --context hardirq", "kmalloc", "kmalloc-atomic gfp-high", "atomic"),
    Case("64 --context softirq", "kmalloc", "kmalloc-atomic gfp-nowait", "atomic"),
    Case("64 --context atomic", "kmalloc", "kmalloc-atomic", "atomic"),
    Case("64 --context atomic --user-triggered", "kmalloc", "gfp-account", "atomic account"),
    Case("64 --context hardirq --user-triggered", "kmalloc", "", "atomic"),
    Case("64 --count 10 --context softirq", "kmalloc_array", "array-overflow", "atomic"),
    Case("64", "kmalloc", "kmalloc-slab kvmalloc-small"),
    Case("1", "kmalloc", "kmalloc-slab"),
    Case("4096", "kmalloc", "kvmalloc-small"),
    Case("4097", "kvmalloc"),
    # more than an interrupt handler can hope for
    Case("16K --context softirq", "kmalloc", "kmalloc-large-buddy", "atomic"),
    Case("64K --context atomic", "kvmalloc", "vmalloc-sleeps gfp-nowait", ahead=True),
    Case("1M --context hardirq", "kvmalloc", "gfp-nowait", ahead=True),
    Case("32M --context softirq", "vmalloc", "gfp-nowait", ahead=True),
    # many equal objects
    Case("200 --count 100000 --same-size-many", "kmem_cache_alloc", "cache-identical"),
    Case("200 --same-size-many --long-lived", "kmem_cache_alloc", "cache-destroy"),
    Case("256 --same-size-many --context softirq", "kmem_cache_alloc", "", "atomic"),
    Case("64K --count 100 --same-size-many", "kvmalloc", "kvmalloc-fallback"),
    # a part of an object copied to user space
    Case("512 --user-copy", "kmem_cache_zalloc", "cache-usercopy kzalloc-zero", "kernel account"),
    Case("512 --user-copy --same-size-many", "kmem_cache_zalloc", "cache-usercopy cache-identical",
         "kernel account"),
    # a device without scatter-gather
    Case("2M --dma", "alloc_pages", "pages-order kmalloc-large-buddy gfp-retry-mayfail",
         "kernel retry-mayfail nowarn"),
    Case("2M --dma --long-lived", "alloc_pages", "kvmalloc-fallback",
         "kernel retry-mayfail nowarn"),
    Case("2500K --dma", "alloc_pages_exact", "pages-exact", "kernel retry-mayfail nowarn"),
    Case("2M --dma --context softirq", "alloc_pages", "gfp-nowait",
         "kernel retry-mayfail nowarn", ahead=True),
    Case("4K --dma", "kmalloc", "kmalloc-contiguous kmalloc-linear kmalloc-minalign"),
    Case("64 --dma --same-size-many", "kmalloc", "cache-identical"),
    Case("2048 --count 8 --dma", "kmalloc_array", "kmalloc-contiguous array-overflow"),
    # arrays
    Case("64 --count 10", "kmalloc_array", "array-overflow"),
    Case("64 --count 10 --user-copy", "kcalloc", "array-overflow kzalloc-zero",
         "kernel account"),
    Case("24 --count 5000", "kvmalloc_array", "array-overflow kvmalloc-fallback"),
    Case("24 --count 5000 --user-copy", "kvcalloc", "kzalloc-zero", "kernel account"),
    Case("1K --count 16384 --long-lived", "vmalloc_array", "array-overflow vmalloc-large"),
    Case("8192 --count 1", "kvmalloc"),
    Case("8192 --count 0", "kvmalloc"),
)

# The same questions where vmalloc can do without sleeping: no allocation ahead.
NOWAIT = {
    "64K --context atomic": Case("64K --context atomic", "__vmalloc", flags="atomic"),
}


def ask(as_json, question, *options, **more):
    """The answer to a question that begins with the size."""
    return as_json("advise", "--size", *question.split(), *options, **more)


@pytest.fixture(scope="module", name="claims")
def _claims(target):
    """Ids of all claims."""
    return set(target.run(["memlab", "-q", "verify", "--list"]).stdout.decode().split())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.question)
def test_case(as_json, device, claims, case):
    """The right function with the right flags, for reasons that there are; and it works."""
    told = ask(as_json, case.question, "--try")
    use, tried = told["use"], told["tried"]
    if case.question in NOWAIT and device.info().features & abi.FEATURE_VMALLOC_NOWAIT:
        case = NOWAIT[case.question]
    assert use["function"] in case.functions.split()
    assert use["call"].startswith(use["function"] + "(")
    assert use["gfp"] == case.flags.split()
    assert use["ahead"] == case.ahead
    named = {reason["claim"] for reason in told["reasons"]}
    assert set(case.claims.split()) <= named <= claims
    assert told["runner_up"]["call"] != use["call"]
    # it was called there, by the driver's account of what it saw
    words = case.question.split()
    context = words[words.index("--context") + 1] if "--context" in words else "process"
    wanted = "process" if case.ahead else context
    assert use["accepted"] is True and use["context"] == wanted
    assert tried["context"] == wanted
    assert {"process": ["task"], "atomic": ["task", "locked"], "softirq": ["softirq"],
            "hardirq": ["hardirq", "irqs-off"]}[wanted] == tried["seen"]
    # what was to be expected came
    assert told["served"] is True
    assert tried["usable_size"] == told["usable_size"] == told["size"] + told["waste"]
    assert told["contiguous"] is True or told["usable_size"] > 4096
    if told["contiguous"]:
        assert tried["contiguous"]
    if use["allocator"] in CONTIGUOUS:
        assert told["contiguous"]


@pytest.mark.parametrize("question", ["13K", "32M", "64 --context hardirq", "2M --dma",
                                      "24 --count 5000", "16K --context atomic"])
def test_same_by_hand(as_json, made, question):
    """alloc with the allocator and flags that were named does what was promised."""
    told = ask(as_json, question)
    use = told["use"]
    assert told.get("tried") is None
    array = ["--array", 5000, "--size", 24] if "--count" in question else [told["size"]]
    done = made(use["allocator"], *array, "--gfp", ",".join(use["gfp"]),
                "--context", use["context"])
    assert done["usable_size"] == told["usable_size"]


@pytest.mark.parametrize("question", ["13K", "200 --same-size-many", "2M --dma", "1M"])
def test_runner_up(as_json, question):
    """The runner-up is another way, told like the first."""
    told = ask(as_json, question)
    assert told["runner_up"].keys() == told["use"].keys()
    assert told["runner_up"]["function"] != told["use"]["function"]


def test_device_alternatives(as_json):
    """Where a block may be hard to get, the way of the DMA API is named; so is kmalloc's risk."""
    told = ask(as_json, "2M --dma")
    assert told["runner_up"]["function"] == "dma_alloc_coherent"
    assert any("kmalloc() may fail" in reason["text"] for reason in told["reasons"])


def test_cache_functions(as_json):
    """A cache is made by the function that fits."""
    assert ask(as_json, "200 --same-size-many")["use"]["cache_function"] == "kmem_cache_create"
    usercopy = ask(as_json, "200 --user-copy")["use"]
    assert usercopy["cache_function"] == "kmem_cache_create_usercopy"
    assert "SLAB_ACCOUNT" in usercopy["call"]
    assert ask(as_json, "200")["use"]["cache_function"] is None


def test_usable(target, as_json):
    """Usable size and waste are those of this kernel's slab caches and blocks."""
    cached = [(size, facts.kmalloc_class(target, size)) for size in (100, 1, 129, 4000, 5000)]
    for size, usable in (*cached, (9000, 16384), (100 * KIB, 128 * KIB),
                         (5 * MIB + 1, 5 * MIB + 4096)):
        told = as_json("advise", "--size", size)
        assert (told["usable_size"], told["waste"]) == (usable, usable - size)


@pytest.mark.parametrize("question, claim", [
    (f"4 --count {(1 << 62) + 1}", "array-overflow"), ("1P", "vmalloc-large"),
    (f"{1 << 63}", "vmalloc-large"), ("1G --count 1000000", "vmalloc-large")])
def test_impossible(as_json, question, claim):
    """What no allocator serves is said, with status 1."""
    told = ask(as_json, question, status=REFUSED)
    assert told["use"] is None and told["runner_up"] is None
    assert claim in {reason["claim"] for reason in told["reasons"]}


def test_too_large_for_blocks(target, memlab):
    """No block is so large: the DMA API is left, which only a device's driver can try."""
    mark = target.log_mark()
    told = memlab("advise", "--size", "64M", "--dma").stdout.decode()
    assert "dma_alloc_coherent()" in told and "4 MiB" in told
    said = memlab("advise", "--size", "64M", "--dma", "--try", status=REFUSED).stderr.decode()
    assert "dma_alloc_coherent" in said
    assert target.log_since(mark) == []


def test_no_memory_for_it(target, as_json):
    """More than is available is served some other day."""
    total = int(target.get("/proc/meminfo").decode().split()[1]) << 10
    told = ask(as_json, str(total // 32 * 31))
    assert told["served"] is False
    assert told["use"]["function"] in ("vmalloc", "kvmalloc")
    assert any("would fail now" in reason["text"] for reason in told["reasons"])
    assert ask(as_json, "8K --count 1000000 --same-size-many")["served"] is False


def test_text_and_quiet(memlab):
    """The text has all parts; -q has the functions."""
    told = memlab("advise", "--size", "13K").stdout.decode()
    for wanted in ("Use ", "Or ", "Expect ", "Now ", "Why ", "kvmalloc(13312, GFP_KERNEL)",
                   "16 KiB usable, 3 KiB more", "kvfree()", "[kvmalloc-fallback]"):
        assert wanted in told
    assert memlab("-q", "advise", "--size", "13K").stdout == b"kvmalloc\t-\n"
    assert memlab("-q", "advise", "--size", "64", "--same-size-many").stdout == (
        b"kmem_cache_alloc\tkmem_cache_create\n")


@pytest.mark.parametrize("arguments, wanted", [
    ([], "--size"), (["--size", "0"], "0"), (["--size", "x"], "64K"), (["--size", "64", "1"], "1"),
    (["--size", "64", "--count", "-1"], "--count"),
    (["--size", "64", "--context", "irq"], "hardirq")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    assert wanted in memlab("advise", *arguments, status=USAGE).stderr.decode()


@pytest.mark.usefixtures("public_device")
def test_without_privilege(as_json, memlab):
    """Who may not try a thing is told of it all the same."""
    told = ask(as_json, "64 --context hardirq", user="alice")
    assert told["use"]["call"] == "kmalloc(64, GFP_ATOMIC)"
    assert told["use"]["accepted"] is None
    said = memlab("advise", "--size", "64", "--context", "hardirq", "--try", user="alice",
                  status=REFUSED).stderr.decode()
    assert "cannot allocate" in said


def test_no_permission(memlab):
    """It takes the device."""
    memlab("advise", "--size", "64", user="bob", status=NO_DEVICE)


class TestFragmented:
    """The advice is another one where memory is fragmented, and true there."""

    @pytest.fixture(scope="class", autouse=True)
    def whole(self, target):
        """All of free memory is in small blocks."""
        with fragmented(target, "--order", smallest_safe(target)):
            yield

    def test_largest(self, as_json):
        """The largest block is told as it is now."""
        assert ask(as_json, "64")["largest_contiguous"] <= COSTLY

    def test_atomic(self, as_json, refusal):
        """What is there by luck is not there."""
        told = ask(as_json, "64K --context softirq")
        assert told["use"]["ahead"] and told["runner_up"]["ahead"]
        assert told["contiguous"] is False
        assert "no free run" in refusal(
            "try", "kmalloc", "64K", "--gfp", "nowait", "--context", "softirq")

    def test_kvmalloc(self, as_json, made):
        """kvmalloc stays right; it is to fall back, and does."""
        told = ask(as_json, "1M")
        assert told["use"]["function"] == "kvmalloc"
        assert (told["contiguous"], told["usable_size"]) == (False, MIB)
        # reclaim may make a block for one of them
        backings = [made("kvmalloc", "1M")["backing"] for _ in range(3)]
        assert backings.count("vmalloc") >= 2

    def test_device(self, target, memlab, as_json):
        """The page allocator has no such block now, so that it is second best, and fails."""
        told = ask(as_json, "4M --dma")
        assert told["use"]["function"] == "dma_alloc_coherent"
        assert told["runner_up"]["function"] == "alloc_pages"
        assert any("would fail now" in reason["text"] for reason in told["reasons"])
        gfp = ",".join(told["runner_up"]["gfp"])
        # compaction may make a block for some of them
        tried = [target.run(["memlab", "-q", "alloc", "pages", "4M", "--gfp", gfp])
                 for _ in range(8)]
        if made := [word for one in tried for word in one.stdout.decode().split()]:
            memlab("free", *made)
        assert any(b"no free run" in one.stderr for one in tried)

    def test_small(self, as_json):
        """Small things are as ever."""
        for question in ("64 --context hardirq", "200 --same-size-many", "13K", "4K --dma"):
            assert ask(as_json, question, "--try")["served"] is True


def test_not_fragmented(as_json):
    """The same questions have other answers before and after."""
    assert ask(as_json, "64")["largest_contiguous"] == 4 * MIB
    assert ask(as_json, "1M")["contiguous"] is True
    assert ask(as_json, "2M --dma")["use"]["function"] == "alloc_pages"
