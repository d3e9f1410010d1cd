# SPDX-License-Identifier: GPL-2.0
"""memlab verify: its verdicts on this kernel, its outputs, and how it ends."""

import json
import re
import signal
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

import abi
import facts
from cli import NO_DEVICE, PATIENT, REFUSED, USAGE
from cli import as_json_fixture, memlab_fixture  # noqa: F401 # pylint: disable=unused-import
from running import until
from target import PATIENCE
from test_claim_mutants import LARGE_DMA, REFUTED
from vm_help import of_process

DOCUMENTATION = Path(__file__).resolve().parents[1] / "Documentation"
CLAIMS = """
    kmalloc-contiguous kmalloc-linear vmalloc-virtual vmalloc-scattered vmalloc-page-tables
    kmalloc-max vmalloc-large kmalloc-faster kmalloc-slab kmalloc-large-buddy vmalloc-buddy
    kmalloc-atomic vmalloc-sleeps kzalloc-zero array-overflow kmalloc-minalign kmalloc-pow2-align
    kmalloc-divisor-align kmalloc-usable kmalloc-zero-size krealloc-keeps krealloc-array-overflow
    pages-order pages-exact kvmalloc-fallback kvmalloc-small kvmalloc-gfp kvfree-any
    cache-identical cache-usercopy cache-destroy gfp-zero gfp-nowait gfp-noretry
    gfp-retry-mayfail gfp-nowarn gfp-high gfp-nofail gfp-account gfp-dma32 advice
    """.split()
# What a stock kernel in a machine of 1 GiB cannot tell, and a word of the reason.
UNKNOWN = {"kzalloc-zero": "init_on_alloc=0", "gfp-zero": "init_on_alloc=0",
           "gfp-nowarn": "--provoke", "gfp-dma32": "4 GiB"}
# KASAN checks each access
TIME_LIMIT, TIME_LIMIT_DEBUG = 60, 400
HOLDS, UNKNOWN_VERDICT = "holds", "unknown"
QUICK = ("pages-exact", "kmalloc-large-buddy", "vmalloc-page-tables")
RESULT = re.compile(r"(not )?ok (\d+) ([a-z0-9-]+) # (SKIP )?([^#]*)")


class Line(NamedTuple):
    """A result line of KTAP."""

    passed: bool
    skipped: bool
    evidence: str


def parse_ktap(text):
    """Results by claim; raises unless it is valid KTAP with a flat list of tests."""
    lines = text.splitlines()
    assert lines[0] == "KTAP version 1"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    found = {}
    for line in lines[2:]:
        if line.startswith("# "):
            continue
        result = RESULT.fullmatch(line)
        assert result, line
        failed, number, claim, skip, evidence = result.groups()
        assert int(number) == len(found) + 1 and claim not in found
        assert evidence.strip()
        assert not re.match(r"(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\b", evidence)
        found[claim] = Line(not failed, bool(skip), evidence)
    assert int(plan[1]) == len(found)
    return found


def computed():
    """Seconds for which this process's children, the virtual machines, had a processor."""
    return sum(
        int(times.split()[0]) / 1e9
        for path in Path("/proc/self/task").glob("*/children")
        for child in of_process(path).split()
        for task in Path(f"/proc/{child}/task").glob("*/schedstat")
        if (times := of_process(task)))


@pytest.fixture(scope="module", name="full")
def _full(target):
    """Every claim, as it comes: (KTAP, exit status, seconds).

    Seconds of processor time of the virtual machine, so that load on the host does not count;
    elapsed seconds with TARGET=local.
    """
    begin, before = time.monotonic(), computed()
    result = target.run(["memlab", "verify", "--format", "ktap"], timeout=PATIENT)
    passed, seconds = time.monotonic() - begin, computed() - before
    print(f"{passed:.1f} s, of which it computed for {seconds:.1f} s")
    return (result.stdout.decode(), result.returncode,
            seconds if target.has_hypervisor else passed)


@pytest.fixture(scope="module", name="claims")
def _claims(target):
    """All of --explain: texts by claim."""
    said = json.loads(target.run(["memlab", "verify", "--explain", "*", "-j"]).stdout)
    return {claim["id"]: claim for claim in said}


def test_every_claim_has_a_line(full):
    """KTAP is valid, with one line for each claim and in their order."""
    assert list(parse_ktap(full[0])) == CLAIMS


def test_verdicts(target, device, full):
    """Only what a kernel does otherwise is refuted, and what is unknown says what is missing."""
    found = parse_ktap(full[0])
    refuted = REFUTED if device.info().features & abi.FEATURE_VMALLOC_NOWAIT else set()
    assert full[1] == bool(refuted)
    assert {claim for claim in CLAIMS if not found[claim].passed} == refuted
    skipped = {claim: line.evidence for claim, line in found.items() if line.skipped}
    # once a test of this machine has used cgroup v2, the older one is not to be had
    if "cgroup" in skipped.get("gfp-nofail", ""):
        del skipped["gfp-nofail"]
    unknown = UNKNOWN | (LARGE_DMA if facts.large_dma(target) else {})
    if facts.is_configured(target, "PREEMPT"):
        unknown = unknown | {"vmalloc-sleeps": "--provoke"}
    if target.release.startswith("6.1.") and target.has_hypervisor:
        assert set(skipped) == set(unknown)
    for claim, word in unknown.items():
        assert claim not in skipped or word in skipped[claim]


def test_vmalloc_sleeps(target, full):
    """The claim that newer kernels refute holds on older ones, by a measurement on each."""
    line = parse_ktap(full[0])["vmalloc-sleeps"]
    if facts.is_configured(target, "PREEMPT"):
        assert line.skipped and "--provoke" in line.evidence
        return
    if target.release.startswith(("6.1.", "6.12.")):
        assert line.passed
    if not line.passed:
        assert "were served" in line.evidence
    assert not line.skipped and line.evidence.startswith("measured")


def test_time(target, full):
    """The whole list takes less than a minute."""
    debug = facts.is_configured(target, "KASAN")
    assert full[2] < (TIME_LIMIT_DEBUG if debug else TIME_LIMIT)


def test_list(memlab, as_json, claims):
    """The list, in all forms, has every claim, and texts without gaps."""
    said = as_json("verify", "--list")
    assert [one["id"] for one in said] == CLAIMS
    assert all(set(one) == {"id", "claim"} and one["claim"] for one in said)
    assert memlab("-q", "verify", "--list").stdout.decode().split() == CLAIMS
    rows = memlab("verify", "--list").stdout.decode().splitlines()[1:]
    assert [row.split(maxsplit=1) for row in rows] == [[one["id"], one["claim"]] for one in said]
    for claim in claims.values():
        assert set(claim) == {"id", "claim", "source", "why", "how", "choice"}
        for name, text in claim.items():
            assert len(text) > 3 and text == " ".join(text.split())
            assert name in ("id", "claim") or text.endswith(".")
        assert not claim["claim"].endswith(".")


def test_documentation(memlab):
    """Documentation/claims.rst is what the tool prints."""
    said = memlab("verify", "--explain", "*", "--format", "rst").stdout.decode()
    assert (DOCUMENTATION / "claims.rst").read_text("utf-8") == said


def test_manual_page(claims):
    """The manual page has each claim and its sentence, and no other."""
    page = (DOCUMENTATION / "man" / "memlab.1").read_text("utf-8")
    section = page[page.index(".Sh CLAIMS\n"):]
    section = section[:section.index("\n.Sh ", 1)]
    found = re.findall(r"^\.It Cm (\S+)\n((?:[^.].*\n)+)", section + "\n", re.MULTILINE)
    assert [(name, " ".join(text.split()).rstrip(".")) for name, text in found] == [
        (claim["id"], claim["claim"]) for claim in claims.values()]


def test_explain(memlab, claims):
    """--explain tells all that is known of a claim, in lines of a terminal."""
    said = memlab("verify", "--explain", "vmalloc-sleeps").stdout.decode()
    words = " ".join(said.split())
    for name in ("id", "claim", "source", "why", "how", "choice"):
        assert claims["vmalloc-sleeps"][name] in words
    assert max(map(len, said.splitlines())) <= 80
    several = memlab("-q", "verify", "--explain", "pages-*").stdout.decode().split()
    assert several == ["pages-order", "pages-exact"]


@pytest.mark.parametrize("patterns", [
    ["pages-exact"], ["pages-*"], ["vmalloc-page-tables", "kmalloc-l*"],
    ["pages-order", "pages-*", "pages-order"], ["*-ex?ct", "[j-l]malloc-large-*"]])
def test_selection(as_json, patterns):
    """Patterns choose claims, each once and in the order of the list."""
    said = as_json("verify", *patterns)
    assert [one["id"] for one in said["claims"]] == [
        claim for claim in CLAIMS if any(fnmatch(claim, pattern) for pattern in patterns)]
    assert said["holds"] == len(said["claims"])
    assert said["does_not_hold"] == said["unknown"] == 0


def test_outputs_agree(memlab, as_json):
    """Table, quiet form and KTAP say what JSON says."""
    said = as_json("verify", *QUICK)
    verdicts = {one["id"]: one["verdict"] for one in said["claims"]}
    assert verdicts == dict.fromkeys(sorted(QUICK, key=CLAIMS.index), HOLDS)
    assert json.loads(memlab("verify", *QUICK, "--format", "json").stdout).keys() == said.keys()
    bare = memlab("-q", "verify", *QUICK).stdout.decode().splitlines()
    assert [line.split("\t") for line in bare] == [list(pair) for pair in verdicts.items()]
    table = memlab("verify", *QUICK, "--format", "table").stdout.decode()
    for one in said["claims"]:
        assert re.search(rf"^{one['id']} +holds +\d+ cases: ", table, re.MULTILINE)
    ktap = parse_ktap(memlab("verify", *QUICK, "--format", "ktap").stdout.decode())
    assert list(ktap) == list(verdicts) and all(line.passed for line in ktap.values())


def test_environment(target, as_json, memlab):
    """The head tells what the verdicts depend on."""
    said = as_json("verify", "pages-exact")["environment"]
    assert said["kernel"] == target.release
    assert said["page_size"] == 4096 and said["kptr_restrict"] == 1
    assert said["sees_phys"] is said["sees_kernel_addresses"] is True
    assert said["total_memory"] > said["available_memory"] > said["largest_free_block"] > 0
    text = memlab("verify", "pages-exact").stdout.decode()
    assert re.search(rf"^kernel +{re.escape(target.release)}$", text, re.MULTILINE)
    assert re.search(r"^memory zeroed when allocated +(yes|no)$", text, re.MULTILINE)


def test_verbose(memlab, as_json):
    """-v has every case, in JSON, in text and as diagnostic lines of KTAP."""
    for one in as_json("verify", "-v", *QUICK)["claims"]:
        assert len(one["cases"]) == one["case_count"] > 20
        assert all(case["agrees"] is True and case["case"] for case in one["cases"])
        assert one["disagreeing"] == 0
    text = memlab("verify", "-v", "pages-exact").stdout.decode()
    assert len(re.findall(r"^    yes \d+ of \d+ pages", text, re.MULTILINE)) == 27
    ktap = memlab("verify", "-v", "pages-exact", "--format", "ktap").stdout.decode()
    assert len(re.findall(r"^# yes \d+ of \d+ pages", ktap, re.MULTILINE)) == 27
    assert list(parse_ktap(ktap)) == ["pages-exact"]


def test_strict(memlab):
    """What is unknown fails only with --strict."""
    said = memlab("verify", "gfp-nowarn").stdout.decode()
    assert re.search(r"^gfp-nowarn +unknown +\S", said, re.MULTILINE)
    memlab("verify", "gfp-nowarn", "--strict", status=REFUSED)
    memlab("verify", "pages-exact", "--strict")


@pytest.mark.usefixtures("public_device")
def test_ordinary_user(target, device):
    """Who may not ask the witnesses is told so, and it is no failure."""
    result = target.run(["memlab", "verify", "-j"], user="alice", timeout=PATIENT)
    said = json.loads(result.stdout)
    refuted = {one["id"]: one for one in said["claims"]
               if one["verdict"] not in (HOLDS, UNKNOWN_VERDICT)}
    allowed = REFUTED if device.info().features & abi.FEATURE_VMALLOC_NOWAIT else set()
    assert set(refuted) <= allowed, refuted
    assert result.returncode == bool(refuted) and not result.stderr
    assert said["environment"]["sees_phys"] is False
    for one in said["claims"]:
        if one["verdict"] == UNKNOWN_VERDICT:
            assert re.search(r"needs|boot with|CAP_|is too large to", one["evidence"]), one
    unknown = {one["id"] for one in said["claims"] if one["verdict"] == UNKNOWN_VERDICT}
    assert unknown >= {"kmalloc-contiguous", "vmalloc-scattered", "pages-exact"}
    strict = target.run(["memlab", "verify", "--strict", "pages-exact"], user="alice")
    assert strict.returncode == REFUSED


@pytest.mark.parametrize("arguments, wanted", [
    (["kmalloc-contigous"], "kmalloc-contiguous"), (["nothing-like-it"], "--list"),
    (["xyz-*"], "xyz"), (["--explain", "pages-ordr"], "pages-order"), (["--explain"], "explain"),
    (["--format", "xml"], "ktap"), (["--format", "rst"], "--explain"),
    (["--list", "--format", "ktap"], "--list"), (["-q", "--format", "ktap"], "exclude"),
    (["--explain", "advice", "pages-order"], "pages-order")])
def test_wrong_usage(memlab, arguments, wanted):
    """Status 2, and a message that says what would be right."""
    result = memlab("verify", *arguments, status=USAGE)
    assert not result.stdout and wanted in result.stderr.decode()


def test_no_driver(memlab):
    """Without a driver nothing is measured, but claims can be read."""
    memlab("-d", "/dev/nothing", "verify", status=NO_DEVICE)
    memlab("-d", "/dev/nothing", "verify", "--list")
    memlab("-d", "/dev/nothing", "verify", "--explain", "advice")


def caught(target, claims, condition):
    """A run of verify, once a condition holds; again where it came to its end before that."""
    def run():
        process = target.spawn(["memlab", "verify", *claims])
        until(lambda: condition() or process.poll() is not None, f"verify {claims} gets that far")
        return process if process.poll() is None else None
    return until(run, f"verify {claims} is caught in time")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted(target, device, number):
    """An interrupted run leaves no buffer behind."""
    def ends():
        process = caught(target, ["kmalloc-minalign", "kmalloc-usable"],
                         lambda: device.info().total_bytes)
        process.signal(number)
        status = process.wait(PATIENCE)
        assert status in (-number, 0)
        return status
    until(ends, "the signal comes before the end")
    until(lambda: not device.info().total_bytes, "buffers are freed")
    assert not device.ids()


def test_interrupted_while_fragmented(target):
    """Nor does memory stay fragmented."""
    before = facts.free_pages(target)
    process = caught(target, ["kvmalloc-small"], lambda: facts.free_pages(target) < before * 3 // 4)
    process.signal(signal.SIGKILL)
    process.wait(PATIENCE)
    until(lambda: facts.free_pages(target) > before * 9 // 10, "memory is back")
