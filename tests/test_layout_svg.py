# SPDX-License-Identifier: GPL-2.0
"""memlab layout --svg: what the picture shows, says and claims."""

import re
from xml.etree import ElementTree

import pytest

import abi
import facts
from cli import (  # noqa: F401 # pylint: disable=unused-import
    as_json_fixture, made_fixture, memlab_fixture)
from fragmentation import in_extents
from running import until

MIB = 1 << 20
PAGE = 4096
MOST_BYTES = 500_000
MOST_THOUSANDS = 40
LETTER = 10         # units that a letter takes on average, in a wide font
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SVG = "{http://www.w3.org/2000/svg}"


class Picture:
    """A picture, as a program reads it."""

    def __init__(self, text):
        self.root = ElementTree.fromstring(text)
        self.groups = self.root.findall(f"{SVG}g")
        self.maps = {int(group.get("data-id")): group for group in self._of("map")}
        self.lanes = {int(group.get("data-id")): group for group in self._of("lane")}
        self.axis = next(iter(self._of("axis")), None)
        self.words = [element.text for element in self.root.iter(f"{SVG}text")]
        self.width, self.height = map(int, self.root.get("viewBox").split()[2:])

    def _of(self, kind):
        return [group for group in self.groups if group.get("class") == kind]

    def named(self, ident):
        """Text of the element with an id."""
        found, = [element for element in self.root.iter() if element.get("id") == ident]
        return found.text

    def blocks(self, ident):
        """How many pages, or squares, each block of a map has, in the order of the buffer."""
        paths = [path for path in self.maps[ident] if path.get("class")]
        assert all(re.fullmatch("e[0-5]", path.get("class")) for path in paths)
        areas = [area(path.get("d")) for path in paths]
        data = self.maps[ident]
        squares = -(-int(data.get("data-size")) // int(data.get("data-cell")))
        side, = [side for side in (10, 20, 40) if side * side * squares == sum(areas)]
        assert all(one % (side * side) == 0 for one in areas)
        return [one // (side * side) for one in areas]

    def bars(self, ident):
        """The bars of a lane: [(left, right), ...]."""
        return [(int(one.get("x")), int(one.get("x")) + int(one.get("width")))
                for one in self.lanes[ident]]

    def step(self):
        """What a bar stands for, in bytes and in units."""
        return int(self.axis.get("data-step")), int(self.axis.get("data-width"))

    def stretches(self):
        """The memory that the axis shows: [(start, end, where it begins), ...]."""
        return [tuple(int(line.get(f"data-{name}")) for name in ("start", "end", "x"))
                for line in self.axis if line.get("data-start")]

    def x(self, address):
        """Where an address is on the axis."""
        (start, at), = [(start, at) for start, end, at in self.stretches()
                        if start <= address < end]
        step, width = self.step()
        return at + (address - start) * width // step


def corners(outline):
    """The points of an outline of M, H and V."""
    found = []
    for letter, numbers in re.findall(r"([MHV])([\d ]+)", outline):
        numbers = [int(number) for number in numbers.split()]
        column, row = found[-1] if found else (0, 0)
        found.append({"M": tuple(numbers), "H": (numbers[0], row),
                      "V": (column, numbers[0])}[letter])
    return found


def area(outline):
    """The area within it."""
    points = corners(outline)
    return abs(sum(x * after_y - after_x * y for (x, y), (after_x, after_y)
                   in zip(points, points[1:] + points[:1]))) // 2


@pytest.fixture(name="draw")
def _draw(memlab):
    """Draws buffers: draw(1, 2, user="alice")."""
    def run(*ids, **options):
        text = memlab("layout", *ids, "--svg", "-", **options).stdout
        assert len(text) < MOST_BYTES
        return Picture(text)
    return run


def check_sheet(picture):
    """Nothing is cut off, neither words nor shapes."""
    assert picture.root.tag == f"{SVG}svg"
    assert (picture.width, picture.height) == (
        int(picture.root.get("width")), int(picture.root.get("height")))
    for text in picture.root.iter(f"{SVG}text"):
        x, y = int(text.get("x")), int(text.get("y"))
        length = len(text.text) * LETTER
        left, right = (x - length // 2, x + length // 2) if "m" in text.get("class") else (
            x, x + length)
        assert 0 <= left and right <= picture.width and 0 < y < picture.height - 8, text.text
    for group in picture.maps.values():
        for path in group:
            for x, y in corners(path.get("d")):
                assert 40 <= x <= picture.width - 40 and 0 < y < picture.height
    for ident in picture.lanes:
        for left, right in picture.bars(ident):
            assert 40 <= left < right <= picture.width - 40


def check_claims(picture, layout):
    """The numbers and words of a map are those of the layout."""
    data = picture.maps[layout["id"]]
    extents = layout["extents"]
    assert [int(data.get(f"data-{name}")) for name in ("size", "extents", "largest")] == [
        layout["size"], len(extents), layout["largest_extent"]]
    claim = ("1 extent: physically contiguous" if len(extents) == 1
             else f"{len(extents)} extents, the largest ")
    headline = f"Buffer {layout['id']}: {layout['allocator']}, "
    assert any(words.startswith(claim) for words in picture.words)
    assert any(words.startswith(headline) for words in picture.words)
    told = picture.named("memlab-desc")
    assert headline in told and claim in told


def check_lane(picture, layout):
    """Bars stand where extents are, and nowhere else."""
    bars = picture.bars(layout["id"])
    places = [(picture.x(extent["phys"]), picture.x(extent["phys"] + extent["length"] - 1))
              for extent in layout["extents"]]
    _, width = picture.step()
    for first, last in places:
        covering = [(left, right) for left, right in bars if left <= last and first < right]
        assert min(left for left, _ in covering) <= first
        assert max(right for _, right in covering) >= last
    for left, right in bars:
        assert any(first < right and left <= last for first, last in places)
        assert right - left >= width
    low = min(extent["phys"] for extent in layout["extents"])
    high = max(extent["phys"] + extent["length"] for extent in layout["extents"]) - 1
    where = f"{low:#x} to {high:#x}"
    assert f"Buffer {layout['id']}: {where}" in picture.words
    assert f"in physical memory {where}" in picture.named("memlab-desc")


def check_axis(picture):
    """It shows memory in its order; labels stand at lines where they say, and do not touch."""
    step, width = picture.step()
    ends = [(at, at + (end - start) * width // step) for start, end, at in picture.stretches()]
    assert ends[0][0] == 40 and 600 < ends[-1][1] <= picture.width - 40
    assert all(end + 10 < at for (_, end), (at, _) in zip(ends, ends[1:]))
    assert all(end < start for (_, end, _), (start, _, _)
               in zip(picture.stretches(), picture.stretches()[1:]))
    assert len([one for one in picture.words if one.startswith("At //")]) == (len(ends) > 1)
    path, = [path for path in picture.axis if path.get("class") == "tick"]
    lines = [int(x) for x in re.findall(r"M(\d+)", path.get("d"))]
    labels = list(picture.axis.iter(f"{SVG}text"))
    assert len(labels) == len(lines) >= 1
    for line, label in zip(lines, labels):
        number, unit = label.text.split()
        address = int(number) * UNITS[unit]
        assert line in [at + (address - start) * width // step
                        for start, end, at in picture.stretches() if start <= address <= end]
        assert abs(int(label.get("x")) - line) <= 60
    places = sorted((int(label.get("x")), len(label.text) * LETTER // 2) for label in labels)
    for (x, half), (after, after_half) in zip(places, places[1:]):
        assert x + half < after - after_half


def test_one_block(made, draw, as_json):
    """4 MiB of kmalloc are one block, of all its pages."""
    ident = made("kmalloc", "4M")["id"]
    picture, layout = draw(ident), as_json("layout", ident)
    assert picture.blocks(ident) == [1024]
    assert layout["extent_count"] == 1
    check_sheet(picture)
    check_claims(picture, layout)
    check_lane(picture, layout)
    check_axis(picture)


@pytest.fixture(name="scattered_id")
def _scattered_id(fragmented, made):
    """4 MiB of vmalloc in 64 extents at least, once free blocks are used up."""
    # pylint: disable=unused-argument # fragmented is a state, not a value
    return in_extents(lambda: made("vmalloc", "4M"), lambda told: told["extent_count"], 64)["id"]


def test_confetti(scattered_id, draw, as_json):
    """vmalloc in fragmented memory: a block for each extent, in their order, of its pages."""
    ident = scattered_id
    picture, layout = draw(ident), as_json("layout", ident)
    assert picture.blocks(ident) == [extent["pages"] for extent in layout["extents"]]
    colours = [path.get("class") for path in picture.maps[ident]]
    assert all(one != after for one, after in zip(colours, colours[1:]))
    assert len(set(colours)) == 6
    check_sheet(picture)
    check_claims(picture, layout)
    check_lane(picture, layout)
    check_axis(picture)


@pytest.mark.parametrize("allocator, size", [
    ("kmalloc", 1), ("kmalloc", 700), ("vmalloc", PAGE), ("vmalloc", PAGE + 1),
    ("vmalloc", 17 * PAGE), ("pages", 64 << 10), ("vmalloc", 257 * PAGE), ("vmalloc", 999999),
    ("vmalloc", "4097K"), ("vmalloc", "64M")])
def test_sizes(made, draw, as_json, allocator, size):
    """Of whatever size, all of a buffer is on the sheet."""
    ident = made(allocator, size)["id"]
    picture, layout = draw(ident), as_json("layout", ident)
    squares = -(-layout["size"] // int(picture.maps[ident].get("data-cell")))
    assert squares <= 1024 and sum(picture.blocks(ident)) == squares
    check_sheet(picture)
    check_claims(picture, layout)
    check_lane(picture, layout)
    check_axis(picture)


def test_gap(target, made, draw, as_json):
    """Of two pages that are far from each other, both are seen, as wide as they are."""
    if facts.large_dma(target):
        pytest.skip("needs CONFIG_X86_64=y: memory for DMA is far from other memory")
    low = made("pages", "4K", "--gfp", "kernel,dma")
    # one page of the other zone may be its neighbor, but they are used up
    high = until(lambda: (one := made("pages", "4K", "--gfp", "kernel"))
                 and one["phys"] - low["phys"] >= MIB and one, "a page that is far away")
    ids = [high["id"], low["id"]]
    picture = draw(*ids)
    layouts = [as_json("layout", ident) for ident in ids]
    assert len(picture.stretches()) == 2 and picture.step() == (1024, 4)
    for ident, layout in zip(ids, layouts):
        (left, right), = picture.bars(ident)
        assert (left, right - left) == (picture.x(layout["phys"]), 16)
    check_sheet(picture)
    check_axis(picture)


@pytest.fixture
def apart(device):
    """Two pages, one so many bytes behind the other: ids of their buffers."""
    made, places = [], {}

    def make(distance):
        # single free pages come first, then those of larger and larger blocks
        for _ in range(MOST_THOUSANDS):
            more = device.alloc_many(1000, abi.PAGES, PAGE)
            made.extend(more)
            places.update((query.phys, query.id) for query in device.query_many(more))
            for phys, ident in places.items():
                if phys + distance in places:
                    return ident, places[phys + distance]
        raise RuntimeError(f"of {len(made)} pages, no two are {distance} bytes apart")
    yield make
    device.free_many(made)


@pytest.mark.parametrize("distance", [240, 256, 300, 400, 700, 1500])
def test_small_gap(apart, draw, distance):
    """The axis is as wide where just enough memory is between two pages to be left out."""
    picture = draw(*apart(distance * 1024))
    assert len(picture.stretches()) == 2
    check_sheet(picture)
    check_axis(picture)


@pytest.mark.usefixtures("fragmented")
def test_several(made, draw, as_json):
    """Buffers keep their order, and have one axis."""
    ids = [made(*request)["id"] for request in (
        ("vmalloc", "1M"), ("kmalloc", 100), ("kmalloc", "16K"), ("vmalloc", "9M"),
        ("pages", "8K"))]
    order = [ids[index] for index in (3, 0, 2, 4, 1)]
    picture = draw(*order)
    assert list(picture.maps) == list(picture.lanes) == order
    assert "5 buffers" in picture.named("memlab-title")
    check_sheet(picture)
    check_axis(picture)
    for ident in ids:
        layout = as_json("layout", ident)
        check_claims(picture, layout)
        check_lane(picture, layout)


@pytest.mark.usefixtures("fragmented")
def test_size_of_file(made, memlab, draw):
    """Tens of thousands of extents, or dozens of buffers, do not make a huge file."""
    ids = [made("vmalloc", size)["id"] for size in ("96M", "32M", "32M", "16M")]
    assert len(memlab("layout", *ids, "--svg", "-").stdout) < MOST_BYTES
    striped = [path for path in draw(ids[0]).maps[ids[0]] if path.get("fill")]
    assert [path.get("fill") for path in striped] == ["url(#memlab-several)"]
    ids += [made("vmalloc", "1M")["id"] for _ in range(50)]
    picture = draw(*ids)
    check_sheet(picture)
    assert len(picture.maps) == 54


def test_extents_to_point_at(made, draw, as_json):
    """A few extents have a text each."""
    ident = made("kmalloc", "64K")["id"]
    block, = draw(ident).maps[ident]
    phys = as_json("layout", ident)["extents"][0]["phys"]
    assert block.find(f"{SVG}title").text == f"Extent 1 of 1: 64 KiB at {phys:#x}"


def test_without_eyes(made, draw):
    """The picture has a name and a description, and looks of both kinds."""
    picture = draw(made("kmalloc", "64K")["id"])
    assert picture.root.get("role") == "img"
    assert picture.root.get("aria-labelledby") == "memlab-title memlab-desc"
    assert "Physical pages of buffer" in picture.named("memlab-title")
    assert "physically contiguous" in picture.named("memlab-desc")
    style = picture.root.find(f"{SVG}style").text
    assert "prefers-color-scheme:dark" in style and "currentColor" in style
    assert all(int(size) >= 16 for size in re.findall(r"font-size:(\d+)px", style))
    rules = re.findall(r"^[^@}\n][^{\n]*", style, re.MULTILINE)
    assert all(part.startswith(".memlab-layout") for rule in rules for part in rule.split(","))


def test_exact_bytes(made, memlab):
    """-b is for the picture as well."""
    words = Picture(memlab("-b", "layout", made("kmalloc", "64K")["id"],
                           "--svg", "-").stdout).words
    assert any(one.endswith(": kmalloc, 65536 bytes") for one in words)
    assert "16 pages of 4096 bytes" in words


@pytest.mark.usefixtures("public_device")
def test_hidden(memlab, draw):
    """Without CAP_SYS_ADMIN there is a map, and no axis; the picture says why."""
    ident = int(memlab("-q", "alloc", "vmalloc", "256K", user="alice").stdout)
    picture = draw(ident, user="alice")
    assert sum(picture.blocks(ident)) == 64
    assert not picture.lanes and picture.axis is None
    reason = "hysical addresses need CAP_SYS_ADMIN"
    assert any(reason in words for words in picture.words)
    assert reason in picture.named("memlab-desc")
    assert b"0x" not in memlab("layout", ident, "--svg", "-", user="alice").stdout
    check_sheet(picture)
    assert draw(ident).lanes
    memlab("free", ident, user="alice")
