# SPDX-License-Identifier: GPL-2.0
"""memlab report: what its page says, against what other commands and the kernel say."""

import html.parser
import json
import re
import signal

import pytest

import facts
from cli import NO_DEVICE, PATIENT, USAGE
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, memlab_fixture, refusal_fixture)
from running import Running, until

# Some tests make five of them.
pytestmark = pytest.mark.timeout(5 * PATIENT)
QUICK = ("--time", 1)
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}
SECONDS = {"ns": 1, "µs": 1000, "ms": 10 ** 6, "s": 10 ** 9}
VOID = {"meta", "link", "br"}
SIGNS = {"✓ holds": "holds", "✗ does not hold": "does-not-hold", "? unknown": "unknown"}
MIB = 1 << 20
FILE = "/tmp/report.html"


class Element:
    """An element of a page: its attributes, what is in it, and all text."""

    def __init__(self, name, attributes):
        self.name, self.attributes, self.children = name, dict(attributes), []

    def all(self, name, **attributes):
        """The elements in it of that name."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if child.name == name and attributes.items() <= child.attributes.items():
                    found.append(child)
                found += child.all(name, **attributes)
        return found

    @property
    def text(self):
        """Its words."""
        return "".join(child if isinstance(child, str) else child.text
                       for child in self.children)


class Reader(html.parser.HTMLParser):
    """Reads a page that closes what it opens, and only that."""

    def __init__(self, text):
        super().__init__()
        self.open = [Element("", {})]
        self.root = self.open[0]
        self.feed(text)
        self.close()
        assert self.open == [self.root]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, attrs)
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].children.append(Element(tag, attrs))

    def handle_endtag(self, tag):
        assert self.open.pop().name == tag

    def handle_data(self, data):
        self.open[-1].children.append(data)


def table_of(element):
    """Rows of text, without the heading."""
    return [[cell.text for cell in row.children if isinstance(cell, Element)]
            for row in element.all("tr")[1:]]


@pytest.fixture(name="made", scope="module")
def _made(whole_report):
    """A page and the JSON that came with it."""
    text, result = whole_report
    return Reader(text).root, result


@pytest.fixture(name="partial", scope="module")
def _partial(target):
    """The same of a report that leaves memory as it is."""
    done = target.run(["memlab", "-j", "report", "--no-frag", "-o", FILE, "--time", "1"],
                      timeout=PATIENT)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["file"] == FILE
    return Reader(target.get(FILE).decode()).root, result


@pytest.fixture(name="page")
def _page(made):
    return made[0]


@pytest.fixture(name="result")
def _result(made):
    return made[1]


def section(page, name):
    """A section by its id."""
    found, = page.all("section", id=name)
    return found


def nanoseconds(text):
    """What a duration of three digits says, and by how much it may be off."""
    number, unit = text.rstrip("*").split()
    last = 10 ** -len(number.partition(".")[2])
    return float(number) * SECONDS[unit], last * SECONDS[unit]


def size_of(text):
    """Bytes of "64 KiB"."""
    number, unit = text.split()
    return int(number) * UNITS[unit]


def test_claims(memlab, page, result):
    """All there are, in their order, each with its verdict, sentence and evidence."""
    listed = [line.split("\t")[0] for line in
              memlab("-q", "verify", "--list").stdout.decode().splitlines()]
    shown = table_of(section(page, "claims"))
    assert [row[0] for row in shown] == listed == [one["id"] for one in result["claims"]]
    for row, one in zip(shown, result["claims"]):
        assert SIGNS[row[1]] == one["verdict"]
        assert row[2] == one["claim"] and row[3] == one["evidence"]
    for verdict in ("holds", "does-not-hold", "unknown"):
        assert result[verdict.replace("-", "_")] == [
            one["verdict"] for one in result["claims"]].count(verdict)
    assert f"{result['holds']} of {len(listed)} claims hold" in section_free_text(page)


def section_free_text(page):
    """What stands at the top of the page."""
    facts, = page.all("ul", **{"class": "facts"})
    return facts.text


def test_verdicts(as_json, result):
    """Those that hold on any kernel hold when they are asked for by themselves."""
    sure = ["kmalloc-contiguous", "kmalloc-linear", "vmalloc-virtual", "pages-order"]
    again = {one["id"]: one["verdict"] for one in as_json("verify", *sure)["claims"]}
    assert again == {one["id"]: one["verdict"] for one in result["claims"] if one["id"] in sure}
    assert set(again.values()) == {"holds"}


def test_costs(page, result):
    """The table says what was measured; where anything failed there is no figure."""
    for head, key in (("An allocation and its free", "pair"),
                      ("A read through the kernel's address", "access")):
        results = {(one["size"], one["allocator"]): one for one in result[key]["results"]}
        table = section(page, "costs").all("table")[("pair", "access").index(key)]
        names = [cell.text for cell in table.all("tr")[0].all("th")][1:]
        rows = table_of(table)
        assert head in section(page, "costs").text
        assert {size_of(row[0]) for row in rows} == {size for size, _ in results}
        assert len(rows) * len(names) == len(results)
        for row in rows:
            for name, cell in zip(names, row[1:]):
                one = results[size_of(row[0]), name]
                if one.get("ns") and one["min"] > 0:
                    value, step = nanoseconds(cell)
                    assert abs(value - one["ns"]) <= 0.51 * step
                    assert cell.endswith("*") == one["wide"]
                else:
                    assert cell == "–"


def test_ratio(page, result):
    """The figure at the top is that of the table."""
    times = {one["allocator"]: one["ns"] for one in result["pair"]["results"] if one["size"] == 64}
    ratio = times["vmalloc"] / times["kmalloc"]
    shown = float(re.match(r"\s*([\d.]+) × as long as kmalloc", section_free_text(page))[1])
    assert shown > 1 and abs(shown - ratio) <= (0.501 if ratio >= 10 else 0.0501)


@pytest.mark.parametrize("size", ["64", "4K", "64K", "1M", "4M", "64M"])
@pytest.mark.parametrize("context", ["process", "atomic", "softirq", "hardirq", "dma"])
def test_advice(as_json, page, result, size, context):
    """Each cell is what memlab advise says."""
    options = ["--dma"] if context == "dma" else ["--context", context]
    advice = as_json("advise", "--size", size, *options)
    asked = int(size.rstrip("KM")) << {"K": 10, "M": 20}.get(size[-1], 0)
    one, = [one for one in result["advice"] if one["size"] == asked and
            one["dma"] == (context == "dma") and (one["dma"] or one["context"] == context)]
    assert one["use"]["call"] == advice["use"]["call"]
    table = section(page, "advice")
    heads = [cell.text for cell in table.all("thead")[0].all("th")]
    column, = [at for at, head in enumerate(heads)
               if ("device" if context == "dma" else context) in re.split(r"[ ,]+", head) and
               ("device" in head) == (context == "dma")]
    row, = [row for row in table_of(table) if size_of(row[0]) == asked]
    assert row[column].startswith(advice["use"]["call"])
    assert f"free by {advice['use']['free_function']}()" in row[column]
    assert ("beforehand" in row[column]) == advice["use"]["ahead"]


def test_layouts(page, result):
    """kmalloc's is one block; in fragmented memory it fails, and vmalloc's is in pieces."""
    before, after = result["layouts"]["before"], result["layouts"]["fragmented"]
    maps = [(int(one.attributes["data-size"]), int(one.attributes["data-extents"]))
            for one in page.all("g", **{"class": "map"})]
    drawn = [buffer["layout"] for scene in (before, after) for buffer in scene["buffers"]
             if not buffer["failure"]]
    assert maps == [(one["size"], len(one["extents"])) for one in drawn]
    assert [buffer["allocator"] for buffer in before["buffers"]] == ["kmalloc", "vmalloc"]
    assert maps[0] == (4 * MIB, 1)
    failed, smaller, scattered = after["buffers"]
    assert failed["size"] == 4 * MIB and "no free run of 4 MiB" in failed["failure"]
    assert "kmalloc of 4 MiB failed" in section(page, "layout").text
    assert smaller["allocator"] == "kmalloc" and smaller["size"] < MIB
    assert scattered["allocator"] == "vmalloc" and len(scattered["layout"]["extents"]) >= 64
    assert after["largest_block"] <= 64 << 10 < before["largest_block"]
    assert f"{len(scattered['layout']['extents'])} pieces" in section_free_text(page)


def test_machine(target, page):
    """The table says what the kernel says of itself."""
    pairs = dict(table_of_pairs(section(page, "machine")))
    release, version = target.run(["uname", "-rv"]).stdout.decode().strip().split(" ", 1)
    assert pairs["kernel"] == release and pairs["build"] == version
    assert pairs["clock"] == target.get("/sys/devices/system/clocksource/clocksource0/"
                                        "current_clocksource").decode().strip()
    assert pairs["page size"] == "4 KiB" and pairs["user id"] == "0"
    title = page.all("head")[0].all("title")[0]
    assert title.text == page.all("h1")[0].text == f"Kernel memory on Linux {release}"


def table_of_pairs(element):
    """Labels and values."""
    return [[cell.text for cell in row.children if isinstance(cell, Element)]
            for row in element.all("tr")]


def test_alone(whole_report, page):
    """Nothing in it is fetched, and nothing in it runs; what it links to is in it."""
    text = whole_report[0]
    assert not re.search(r"<script|<iframe|<img|@import|url\(|\son\w+=", text)
    assert set(re.findall(r"https?://[^\"\s]+", text)) <= {"http://www.w3.org/2000/svg"}
    links = [one.attributes["href"] for one in page.all("a")]
    assert links and all(link.startswith("#") for link in links)
    assert len(text) < 500_000


@pytest.mark.usefixtures("made")        # the first report makes the kernel keep things
def test_nothing_left(target, memlab):
    """No buffer, no memory, and none that is held; --quiet prints the file's name alone."""
    def free():
        """Pages, with those of the page cache and of what the kernel keeps of files."""
        target.run(["sh", "-c", "echo 3 >/proc/sys/vm/drop_caches"])
        return facts.free_pages(target)
    listed, before = memlab("-q", "list").stdout, free()
    assert memlab("report", "-q", "-o", FILE, *QUICK).stdout == f"{FILE}\n".encode()
    assert memlab("-q", "list").stdout == listed
    target.run(["rm", FILE])        # files are memory here
    # a hundredth of what it held
    until(lambda: free() > before - 1024, "all but 4 MiB is free again")


def test_output(target):
    """In words; the page has a name."""
    said = target.run(["sh", "-c", "cd /tmp && memlab report --no-frag --time 1"],
                      timeout=PATIENT).stdout.decode()
    assert re.fullmatch(r"memlab-report\.html: \d+ claims hold, \d+ do not, \d+ could not be "
                        r"measured\n", said)
    assert target.get("/tmp/memlab-report.html").startswith(b"<!DOCTYPE html>")


def test_no_frag(memlab, partial):
    """Memory is left as it is, and the page says what is missing."""
    page, result = partial
    assert result["layouts"]["fragmented"] is None
    assert "--no-frag was given" in section(page, "layout").text
    assert "left out" in section(page, "claims").text
    left_out = set(memlab("-q", "verify", "--list").stdout.decode().split()) - {
        one["id"] for one in result["claims"]}
    assert "kvmalloc-fallback" in left_out and "kmalloc-contiguous" not in left_out
    assert "pieces" not in section_free_text(page)


@pytest.mark.usefixtures("public_device")
def test_unprivileged(target, memlab):
    """Whoever may use the device gets a page that says what could not be seen."""
    text = memlab("report", "-o", "-", *QUICK, user="alice").stdout.decode()
    assert text.endswith("</html>\n")
    page = Reader(text).root
    assert "physical addresses need CAP_SYS_ADMIN" in section(page, "layout").text
    assert "Not shown with fragmented memory" in section(page, "layout").text
    verdicts = {row[0]: (SIGNS[row[1]], row[3]) for row in table_of(section(page, "claims"))}
    assert verdicts["kmalloc-contiguous"][0] == "unknown"
    assert "CAP_SYS_ADMIN" in verdicts["kmalloc-contiguous"][1]
    assert "0x" not in section(page, "layout").text
    assert target.run(["pidof", "memlab"]).returncode


@pytest.mark.parametrize("options, said", [
    (("--time", "0"), "--time"),
    (("--time", "x"), "--time"),
    (("kmalloc",), "kmalloc"),
    (("--json", "-o", "-"), "exclude each other"),
    (("--frag",), "--frag"),
])
def test_usage(memlab, options, said):
    """Told before any work."""
    assert said in memlab("report", *options, status=USAGE).stderr.decode()


@pytest.mark.parametrize("path", ["/no/such/folder/a.html", "/tmp", "/proc/version", ""])
def test_unwritable(target, refusal, path):
    """Told before any work, too."""
    mark = target.log_mark()
    assert f"cannot write {path}: " in refusal("report", "-o", path)
    assert not target.log_since(mark)


def test_no_device(target, memlab):
    """The page of before is not lost."""
    target.put(b"old", FILE)
    memlab("report", "-o", FILE, "--device", "/dev/null", status=NO_DEVICE)
    assert target.get(FILE) == b"old"


def test_interrupted(target):
    """Neither the old page is lost, nor is a part of a new one left, nor memory held."""
    target.put(b"old", FILE)
    for wait in (0.2, 1, 2.5, 4):
        running = Running(target, "report", "-o", FILE, *QUICK)
        target.run(["sleep", str(wait)])
        if running.stop(signal.SIGINT) == 0:
            break   # it was done before
        until(lambda: target.run(["pidof", "memlab"]).returncode, "processes end")
        assert target.get(FILE) == b"old"
        assert target.run(["sh", "-c", f"ls {FILE}*"]).stdout == f"{FILE}\n".encode()
        assert target.run(["memlab", "-q", "list"]).stdout == b""
