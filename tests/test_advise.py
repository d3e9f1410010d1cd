# SPDX-License-Identifier: GPL-2.0
"""memlab advise: what it says for cases from real life, and that it is true."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

import abi
import facts
from building import make
from cli import (  # noqa: F401 # pylint: disable=unused-import
    NO_DEVICE, PATIENCE, REFUSED, USAGE, as_json_fixture, made_fixture, memlab_fixture,
    refusal_fixture)
from fragmentation import fragmented, smallest_safe
from target import BUILD
from running import until

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


# ---- without the driver ----

QUESTIONS = tuple(case.question for case in CASES)
ASK_ALL = 'for question; do memlab -j advise --size $question; done'
# Without devices; of the files and folders in $HIDDEN, those that exist are empty.
HIDE = """
set -e
mount -t tmpfs none /dev
: >/dev/file
mkdir /dev/folder
for path in $HIDDEN; do
    [ -e $path ] || continue
    kind=file
    [ ! -d $path ] || kind=folder
    mount --bind /dev/$kind $path
done
exec "$@"
"""
SLAB = ("/sys/kernel/slab", "/proc/slabinfo")
ALL_SOURCES = ("/proc/buddyinfo", "/proc/pagetypeinfo", "/proc/zoneinfo", "/proc/meminfo",
               "/proc/kallsyms", "/proc/config.gz", "/boot", *SLAB)
DRY_RUN = "a dry run by the driver"
CMA = "blocks reserved for CMA"
MERGING = "merging of slab caches"


def hidden(*paths, user=None):
    """A command before another: hides the device and these paths from it."""
    return ("env", f"HIDDEN={' '.join(paths)}", "unshare", *(("-r",) if user else ()), "-m",
            "sh", "-c", HIDE, "-")


def answers(target, *questions, before=(), user=None):
    """What advise answers to each, as JSON."""
    result = target.run([*before, "sh", "-c", ASK_ALL, "-", *questions], user=user,
                        timeout=PATIENCE)
    assert not result.stderr, result.stderr
    text, told = result.stdout.decode(), []
    while text:
        one, end = json.JSONDecoder().raw_decode(text)
        told.append(one)
        text = text[end:].lstrip()
    assert len(told) == len(questions)
    return told


def answer(target, question, *hide, user=None):
    """Without the driver and these paths."""
    return answers(target, question, before=hidden(*hide, user=user), user=user)[0]


def unchecked(told):
    """What is not checked: why."""
    return {gap["what"]: gap["why"] for gap in told["unchecked"]}


@pytest.fixture(scope="module", name="by_driver")
def _by_driver(target):
    """The answers that the driver's dry runs decide."""
    return answers(target, *QUESTIONS)


@pytest.fixture(name="reload")
def _reload(target):
    """Loads the module again after the test."""
    yield
    if target.run(["test", "-d", "/sys/module/memlab"]).returncode:
        assert target.run(["insmod", *target.module_line()]).returncode == 0


def compare(by_driver, by_proc, everybody_reads=True):
    """Both are the same but for what is listed here, each with its reason."""
    assert len(by_driver) == len(by_proc) == len(QUESTIONS)
    for question, one, other in zip(QUESTIONS, by_driver, by_proc):
        one, other = dict(one), dict(other)
        assert (one.pop("driver"), other.pop("driver")) == (True, False)
        gaps = unchecked(other)
        assert DRY_RUN in gaps and (one.pop("kernel"), one.pop("unchecked")) == (None, [])
        assert other.pop("kernel")["release"] and other.pop("unchecked")
        for told in (one, other):
            # a dry run is the driver's
            for call in ("use", "runner_up"):
                told[call] = {**told[call], "accepted": None}
        # which cache another is merged with is seen only when it is made
        if other["use"]["cache_function"]:
            assert MERGING in gaps
            assert 0 <= one.pop("usable_size") - other.pop("usable_size") <= 7
            assert other.pop("waste") == 0 <= one.pop("waste") <= 7
        # free blocks that are reserved are root's to know
        if not everybody_reads:
            assert CMA in gaps
            assert other.pop("largest_contiguous") >= one.pop("largest_contiguous")
        assert one == other, question


def test_same_hidden(target, by_driver):
    """Root without a device node is given the same advice as with the driver."""
    compare(by_driver, answers(target, *QUESTIONS, before=hidden()))


def test_same_no_permission(target, by_driver):
    """So is a user without permission; why is said."""
    told = answers(target, *QUESTIONS, user="bob")
    compare(by_driver, told, everybody_reads=False)
    assert all("no permission to open /dev/memlab" in unchecked(one)[DRY_RUN] for one in told)


@pytest.mark.usefixtures("reload")
def test_same_unloaded(target, by_driver):
    """So is everybody where the module is not loaded."""
    assert target.run(["rmmod", "memlab"]).returncode == 0
    told = answers(target, *QUESTIONS)
    compare(by_driver, told)
    assert all("modprobe memlab" in unchecked(one)[DRY_RUN] for one in told)


@pytest.mark.parametrize("hide", [(), ALL_SOURCES], ids=["sources", "table"])
def test_facts(target, as_json, hide):
    """Limits from files and from the table of versions are those that the driver reports."""
    told = answer(target, "64K --context atomic", *hide)["kernel"]
    info = as_json("info")
    assert told.pop("release") == target.release
    assert told.pop("machine") == target.run(["uname", "-m"]).stdout.decode().strip()
    assert told.pop("vmalloc_nowait")["value"] == ("vmalloc-nowait" in info["features"])
    assert {name: fact["value"] for name, fact in told.items()} == {
        name: info[name] for name in (
            "page_size", "kmalloc_max_size", "max_order", "kmalloc_max_cache_size",
            "kmalloc_minalign", "total_ram")}
    assert all(fact["source"] for fact in told.values())


def test_root_and_user(target):
    """Root can check all but what takes the driver, a user not which blocks are reserved."""
    root, bob = (unchecked(answer(target, "13K", user=user)) for user in (None, "bob"))
    # the newest kernel may be newer than the table
    assert root.keys() - {"facts of this version"} == {DRY_RUN}
    assert bob.keys() - root.keys() == {CMA}
    assert bob[CMA].startswith("/proc/pagetypeinfo is readable by root only")


@pytest.mark.parametrize("path, what", [
    ("/proc/buddyinfo", "free blocks"), ("/proc/zoneinfo", "watermarks")])
def test_no_blocks(target, path, what):
    """Without one of both files the largest block is unknown, and so is what follows from it."""
    told = answer(target, "13K", path)
    assert unchecked(told)[what].startswith(f"{path} is empty or malformed")
    assert told["use"]["function"] == "kvmalloc"
    unknown = ("largest_contiguous", "contiguous", "usable_size", "waste")
    assert [told[name] for name in unknown] == [None] * len(unknown)
    assert told["served"] is True
    # where it takes a free block, it is unknown whether there is one
    assert answer(target, "16K --context softirq", path)["served"] is None
    text = target.run([*hidden(path), "memlab", "advise", "--size", "13K"]).stdout.decode()
    assert "Now        the largest block that a request gets is unknown\n" in text
    assert "Expect     unknown" in text and "usable" not in text.split("Kernel")[0]


def test_no_reserves(target):
    """Without the file that lists reserved blocks, they count as free, and that is said."""
    told = answer(target, "13K", "/proc/pagetypeinfo")
    assert unchecked(told)[CMA].startswith("/proc/pagetypeinfo is empty or malformed")
    assert told["largest_contiguous"] >= answer(target, "13K")["largest_contiguous"] > 0


def test_no_meminfo(target):
    """Without the memory that is available nothing is said to be served, or not to be."""
    for question in ("13K", "64", "32M", "2M --dma"):
        told = answer(target, question, "/proc/meminfo")
        assert unchecked(told)["available memory"].startswith("/proc/meminfo is empty")
        assert told["served"] is None and told["use"] is not None


def test_no_size_classes(target):
    """The sizes of kmalloc's caches are in two places; without both they are unknown."""
    wanted = facts.kmalloc_class(target, 100)
    told = answer(target, "100", SLAB[0])
    assert told["usable_size"] == wanted
    assert told["kernel"]["kmalloc_max_cache_size"]["source"].endswith("/proc/slabinfo")
    told = answer(target, "100", SLAB[0], user="bob")
    assert told["usable_size"] is None
    why = unchecked(told)["size classes of kmalloc()"]
    assert "/proc/slabinfo is readable by root only" in why
    assert "/sys/kernel/slab is empty" in why or "/sys/kernel/slab is missing" in why


def test_no_symbols(target):
    """Whether vmalloc() sleeps goes by the version where symbols are hidden; that is said."""
    release = ".".join(target.release.split(".")[:2])
    for hide, source in (((), "by /proc/kallsyms, with"),
                         (("/proc/kallsyms",), f"by Linux {release}, as /proc/kallsyms is empty")):
        told = answer(target, "64K --context atomic", *hide)
        why = unchecked(told)["whether vmalloc() accepts GFP_ATOMIC"]
        assert why.startswith(source) and "6.19" in why and "mm/vmalloc.c" in why
    assert "whether vmalloc() accepts GFP_ATOMIC" not in unchecked(answer(target, "64K"))


def test_nothing_readable(target, memlab):
    """With all files hidden there is advice still, and each of them is named."""
    told = answer(target, "64K --context atomic", *ALL_SOURCES)
    why = " ".join(unchecked(told).values())
    for path in set(ALL_SOURCES) - {"/proc/pagetypeinfo", "/proc/config.gz", "/boot"}:
        assert path in why
    assert "the kernel's configuration" in why
    assert told["use"]["function"] in ("kvmalloc", "__vmalloc")
    assert told["largest_contiguous"] is told["served"] is None
    assert told["kernel"].keys() > {"kmalloc_max_size", "kmalloc_max_cache_size"}
    impossible = memlab("advise", "--size", "1P", user="bob", status=REFUSED).stdout.decode()
    assert "nothing" in impossible and "Unchecked" in impossible


def test_try_needs_driver(memlab):
    """--try ends with the status of a missing driver, and says so."""
    for device, why in ((None, "no permission"), ("/dev/nothing", "is not there"),
                        ("/dev/null", "is not a memlab device")):
        more = ("-d", device) if device else ()
        result = memlab(*more, "advise", "--size", "64", "--try", status=NO_DEVICE,
                        user=None if device else "bob")
        said = result.stderr.decode()
        assert said.startswith("memlab: --try needs the driver: ") and why in said
        assert not result.stdout


def test_text_without_driver(target, memlab):
    """The text names the kernel, where limits are from, and what is unchecked; -q is as ever."""
    told = memlab("advise", "--size", "13K", user="bob").stdout.decode()
    with_driver = memlab("advise", "--size", "13K").stdout.decode()
    first, _, rest = told.partition("Kernel ")
    # CMA blocks count as free for bob
    one, other = ([line for line in text.splitlines() if not line.startswith("Now ")]
                  for text in (first, with_driver))
    assert one == other and "Unchecked" not in with_driver
    for wanted in (f"Linux {target.release} on ", "without the driver",
                   "kmalloc() ends at 4 MiB: PAGE_SIZE << 10 (include/linux/slab.h",
                   "/proc/buddyinfo", "its slab caches end at 8 KiB", "Unchecked  a dry run by"):
        assert wanted in rest
    assert memlab("-q", "advise", "--size", "13K", user="bob").stdout == b"kvmalloc\t-\n"


# ---- on this computer, without a virtual machine ----

TOP = Path(__file__).resolve().parents[1]
# Another kernel for the tool: of $RELEASE, $VERSION and $MACHINE, with pages of $PAGE bytes. Files
# below $ROOT come first, those in $HIDDEN do not open, and /dev/null is a driver of another ABI.
OTHER_KERNEL = """
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/memlab.h>

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static int is_hidden(const char *path)
{
    char *hidden = strdup(getenv("HIDDEN"));
    int is = 0;

    for (char *one = strtok(hidden, " "); one; one = strtok(NULL, " "))
        is |= !strncmp(path, one, strlen(one));
    free(hidden);
    errno = EACCES;
    return is;
}

FILE *fopen64(const char *path, const char *mode)
{
    char below[4096];

    snprintf(below, sizeof(below), "%s%s", getenv("ROOT"), path);
    if (!access(below, R_OK))
        return NEXT(fopen64)(below, mode);
    return is_hidden(path) ? NULL : NEXT(fopen64)(path, mode);
}

DIR *opendir(const char *path)
{
    return is_hidden(path) ? NULL : NEXT(opendir)(path);
}

FILE *popen(const char *command, const char *mode)
{
    return NULL;
}

int uname(struct utsname *uts)
{
    int err = NEXT(uname)(uts);

    if (getenv("RELEASE"))
        strcpy(uts->release, getenv("RELEASE"));
    if (getenv("VERSION"))
        strcpy(uts->version, getenv("VERSION"));
    if (getenv("MACHINE"))
        strcpy(uts->machine, getenv("MACHINE"));
    return err;
}

long sysconf(int name)
{
    if (name == _SC_PAGESIZE && getenv("PAGE"))
        return atol(getenv("PAGE"));
    return NEXT(sysconf)(name);
}

int ioctl(int fd, unsigned long request, struct memlab_info *info)
{
    if (request != MEMLAB_IOC_INFO)
        return -1;
    info->abi_version = 0;
    return 0;
}
"""


@pytest.fixture(scope="module", name="tool")
def _tool():
    """The tool for this computer, in a folder that every user can read."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "payload.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as tests/payload, which builds the same
        make(TOP / "tools", f"BUILD={BUILD / 'tools'}")
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(shutil.copy(BUILD / "tools" / "memlab", folder))


def run_here(*command, **options):
    """As an ordinary user."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.run(command, capture_output=True, check=False, text=True,
                          **nobody, **options)


def test_here(tool):
    """An ordinary user of a computer that has no driver has advice, with what it lacks."""
    device = ("-d", "/dev/nothing") if os.path.exists("/dev/memlab") else ()
    result = run_here(tool, *device, "advise", "--size", "13K")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Use        kvmalloc(13312, GFP_KERNEL); free by kvfree()" in result.stdout
    assert f"Kernel     Linux {os.uname().release} on {os.uname().machine}" in result.stdout
    assert "Unchecked  a dry run by the driver: /dev/" in result.stdout
    assert "/proc/pagetypeinfo is readable by root only" in result.stdout
    refused = run_here(tool, *device, "advise", "--size", "13K", "--try")
    assert refused.returncode == NO_DEVICE and "--try needs the driver" in refused.stderr


@pytest.fixture(scope="module", name="elsewhere")
def _elsewhere(tool):
    """Asks the tool as on another kernel: elsewhere(question, RELEASE="6.1.0", ...)."""
    source, shim = tool.parent / "shim.c", tool.parent / "shim.so"
    source.write_text(OTHER_KERNEL, "ascii")
    subprocess.run(["cc", "-shared", "-fPIC", f"-I{TOP / 'uapi'}", source, "-o", shim],
                   check=True)

    def ask_there(question, *options, hide=ALL_SOURCES, files=(), **kernel):
        with TemporaryDirectory() as root:
            os.chmod(root, 0o755)
            for path, text in dict(files).items():
                file = Path(root + path)
                file.parent.mkdir(parents=True)
                file.write_text(text, "ascii")
            environment = {**os.environ, **kernel, "HIDDEN": " ".join(hide), "ROOT": root,
                           "LD_PRELOAD": str(shim)}
            return run_here(tool, "-d", "/dev/null", "-j", "advise", "--size",
                            *question.split(), *options, env=environment)
    return ask_there


def there(elsewhere, question, **kernel):
    """The answer there; each fact's value; what is unchecked there."""
    result = elsewhere(question, **kernel)
    assert not result.stderr
    told = json.loads(result.stdout)
    return told, {name: fact["value"] for name, fact in told["kernel"].items()
                  if isinstance(fact, dict)}, unchecked(told)


def test_other_abi(elsewhere):
    """A driver of another version of the ABI is not asked; both versions are named."""
    told, _, gaps = there(elsewhere, "13K", hide=())
    assert told["driver"] is False and told["use"]["function"] == "kvmalloc"
    assert gaps[DRY_RUN] == (
        "the driver of /dev/null has version 0 of the ABI, and this memlab needs "
        f"{abi.CONSTANTS['MEMLAB_ABI_VERSION']}")
    refused = elsewhere("13K", "--try")
    assert refused.returncode == NO_DEVICE and "version 0 of the ABI" in refused.stderr


@pytest.mark.parametrize("machine, page, release, order, align", [
    ("x86_64", 4, "6.1.0-57-amd64", 10, 8), ("x86_64", 4, "7.2.13", 10, 8),
    ("aarch64", 4, "6.1.0-57-arm64", 10, 128), ("aarch64", 4, "6.4", 10, 128),
    ("aarch64", 4, "6.5-rc1", 10, 8), ("aarch64", 16, "6.12.1-arm64-16k", 11, 8),
    ("aarch64", 64, "6.1", 13, 128)])
def test_table(elsewhere, machine, page, release, order, align):
    """Where no file shows them, limits are those of version and architecture."""
    _, values, gaps = there(elsewhere, "64 --dma", MACHINE=machine, PAGE=str(page << 10),
                            RELEASE=release)
    assert (values["max_order"], values["kmalloc_minalign"]) == (order, align)
    assert values["kmalloc_max_size"] == page << 10 << order
    assert values["kmalloc_max_cache_size"] == page << 11
    assert f"{order} by default" in gaps["the largest order of the page allocator"]
    assert ("the alignment of kmalloc() for devices" in gaps) == (machine == "aarch64")
    assert "facts of this version" not in gaps and "facts of this architecture" not in gaps


@pytest.mark.parametrize("release, forced, order", [
    ("6.3.9", 12, 11), ("6.4.0", 12, 12), ("6.12", 9, 9), ("6.12", None, 10)])
def test_configured_order(elsewhere, release, forced, order):
    """The configuration's largest order counts, which was one more before Linux 6.4."""
    config = "CONFIG_ARM64=y\n" + (f"CONFIG_ARCH_FORCE_MAX_ORDER={forced}\n" if forced else "")
    told, values, gaps = there(elsewhere, "13K", files={f"/boot/config-{release}": config},
                               MACHINE="aarch64", RELEASE=release, PAGE="4096")
    assert values["max_order"] == order
    source = told["kernel"]["max_order"]["source"]
    assert f"CONFIG_ARCH_FORCE_MAX_ORDER in /boot/config-{release}" in source
    assert "the largest order of the page allocator" not in gaps


@pytest.mark.parametrize("release, function, ahead", [
    ("6.18.44", "kvmalloc", True), ("6.19-rc3", "__vmalloc", False), ("7.2", "__vmalloc", False)])
def test_version_decides(elsewhere, release, function, ahead):
    """Without symbols, vmalloc() is called with a spinlock held from Linux 6.19 on."""
    told, values, gaps = there(elsewhere, "64K --context atomic", RELEASE=release)
    assert (told["use"]["function"], told["use"]["ahead"]) == (function, ahead)
    assert values["vmalloc_nowait"] == (not ahead)
    assert "backports" in gaps["whether vmalloc() accepts GFP_ATOMIC"]


@pytest.mark.parametrize("release, symbol, function", [
    ("6.18.44", "memalloc_apply_gfp_scope", "__vmalloc"),
    ("6.19.0", "memalloc_apply_gfp_scopes", "kvmalloc")])
def test_symbols_decide(elsewhere, release, symbol, function):
    """Where symbols can be read they decide: the version neither makes nor unmakes a backport."""
    symbols = f"0000000000000000 T _text\n0000000000000000 T {symbol}\n"
    told, values, _ = there(elsewhere, "64K --context atomic",
                            files={"/proc/kallsyms": symbols}, RELEASE=release)
    assert told["use"]["function"] == function
    assert values["vmalloc_nowait"] == (function == "__vmalloc")


@pytest.mark.parametrize("release, machine, what, why", [
    ("5.15.0-100-generic", "x86_64", "facts of this version", "Linux 5.15 is older"),
    ("8.0.1", "x86_64", "facts of this version", "Linux 8.0 is newer"),
    ("6.12.0", "riscv64", "facts of this architecture", "riscv64 is neither"),
    ("6.12.0", "riscv64", "the alignment of kmalloc() for devices", "unknown for riscv64"),
    ("6.12.0", "riscv64", "the largest order of the page allocator", "unknown for riscv64")])
def test_unknown_kernel(elsewhere, release, machine, what, why):
    """Kernels that the table was not compared with have advice, and that is listed."""
    told, values, gaps = there(elsewhere, "64 --dma", RELEASE=release, MACHINE=machine)
    assert told["use"]["call"] == "kmalloc(64, GFP_KERNEL)"
    assert gaps[what].startswith(why)
    named = {reason["claim"] for reason in told["reasons"]}
    assert ("kmalloc-minalign" in named) == ("kmalloc_minalign" in values) == (
        machine == "x86_64")


def test_realtime(elsewhere):
    """A real-time kernel is known by its version; there, memory is allocated beforehand."""
    told, _, _ = there(elsewhere, "64 --context hardirq",
                       VERSION="#1 SMP PREEMPT_RT Debian 6.1.192-3")
    assert told["use"]["ahead"] and told["use"]["context"] == "process"
    told, _, _ = there(elsewhere, "64 --context hardirq", VERSION="#1 SMP PREEMPT_DYNAMIC")
    assert told["use"]["call"] == "kmalloc(64, GFP_ATOMIC)"


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

    @pytest.fixture
    def used_up(self, target, memlab):
        """Allocates until it is refused: used_up("pages", "4M"); the last result.

        The kernel may make blocks by compaction and reclaim, but each is kept.
        """
        ids = []

        def use(*arguments):
            done = target.run(["memlab", "-q", "alloc", *arguments])
            ids.extend(done.stdout.decode().split())
            return done.returncode and done
        yield lambda *arguments: until(lambda: use(*arguments), f"{arguments} is refused")
        if ids:
            memlab("free", *ids)

    def test_atomic(self, as_json, used_up):
        """What is there by luck is not there."""
        told = ask(as_json, "64K --context softirq")
        assert told["use"]["ahead"] and told["runner_up"]["ahead"]
        assert told["contiguous"] is False
        assert b"no free run" in used_up(
            "kmalloc", "64K", "--gfp", "nowait", "--context", "softirq").stderr

    def test_kvmalloc(self, as_json, made):
        """kvmalloc stays right; it is to fall back, and does."""
        told = ask(as_json, "1M")
        assert told["use"]["function"] == "kvmalloc"
        assert (told["contiguous"], told["usable_size"]) == (False, MIB)
        # reclaim may make a block for some, which are kept
        until(lambda: made("kvmalloc", "1M")["backing"] == "vmalloc", "kvmalloc falls back")

    def test_device(self, as_json, used_up):
        """The page allocator has no such block now, so that it is second best, and fails."""
        told = ask(as_json, "4M --dma")
        assert told["use"]["function"] == "dma_alloc_coherent"
        assert told["runner_up"]["function"] == "alloc_pages"
        assert any("would fail now" in reason["text"] for reason in told["reasons"])
        gfp = ",".join(told["runner_up"]["gfp"])
        assert b"no free run" in used_up("pages", "4M", "--gfp", gfp).stderr

    def test_small(self, as_json):
        """Small things are as ever."""
        for question in ("64 --context hardirq", "200 --same-size-many", "13K", "4K --dma"):
            assert ask(as_json, question, "--try")["served"] is True


def test_not_fragmented(as_json):
    """The same questions have other answers before and after."""
    assert ask(as_json, "64")["largest_contiguous"] == 4 * MIB
    assert ask(as_json, "1M")["contiguous"] is True
    assert ask(as_json, "2M --dma")["use"]["function"] == "alloc_pages"
