# SPDX-License-Identifier: GPL-2.0
"""The page of memlab report, as a browser shows it."""

import itertools

import pytest

from browser import Page

WIDTHS = 360, 1000
SECTIONS = "advice", "costs", "layout", "claims", "machine", "reproduce"
KMALLOC = {"light": (0x00, 0x62, 0xa3), "dark": (0x56, 0xb4, 0xe9)}
VMALLOC = {"light": (0xc0, 0x4a, 0x00), "dark": (0xff, 0x9d, 0x4d)}
PAPER = {"light": (255, 255, 255), "dark": (0x15, 0x17, 0x1c)}
NARROW, WIDE = WIDTHS


@pytest.fixture(name="page", scope="module")
def _page(whole_report, tmp_path_factory):
    """The report of this machine, in a browser."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(whole_report[0], "utf-8")
    page = Page(path)
    yield page
    page.close()


def colours(image):
    """Which colours an image has."""
    return {colour for _, colour in image.getcolors(1 << 24)}


@pytest.mark.parametrize("width, scheme", itertools.product(WIDTHS, ("light", "dark")))
def test_looks(page, width, scheme):
    """Nothing is cut off, too wide or hard to read, and the browser has nothing to say."""
    page.show(width, scheme)
    assert page.complaints() == [] and page.messages() == []


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_printed(page, scheme):
    """On white paper whatever the screen is, of the width of a sheet; nothing to click at."""
    page.show(720, scheme, "print")
    assert page.complaints() == []
    assert page.run("return getComputedStyle(document.body).backgroundColor") == \
        "rgb(255, 255, 255)"
    assert page.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
    assert 3 <= page.pages() <= 30


def test_alone(page):
    """It asks for nothing but itself, and has no script."""
    page.show(WIDE)
    page.requests()
    page.show(WIDE)
    assert {address for address in page.requests() if address != "data:,"} == {page.address}
    assert page.run("return document.scripts.length") == 0


def test_sections(page):
    """Each is there, has room and a heading, and the links above lead to it."""
    page.show(WIDE)
    shown = page.run("""
        return [...document.querySelectorAll("section")].map((one) =>
            [one.id, one.offsetHeight > 150, one.querySelector("h2").textContent != ""])""")
    assert shown == [[name, True, True] for name in SECTIONS]
    links = page.run("return [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert [link[1:] for link in links[:len(SECTIONS)]] == list(SECTIONS)
    assert page.run("return arguments[0].every(link => document.querySelector(link))", links)
    identifiers = page.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_curves(page, scheme):
    """Both allocators' curves are seen, on the paper of the page."""
    page.show(WIDE, scheme)
    for chart in page.run("return [...document.querySelectorAll('.memlab-chart')].map("
                          "(svg, at) => svg.id = 'chart-' + at)"):
        seen = colours(page.picture(f"#{chart}"))
        assert {KMALLOC[scheme], VMALLOC[scheme], PAPER[scheme]} <= seen


def test_marks(page):
    """Each point of each curve has a mark of its own, within the axes."""
    page.show(WIDE)
    for chart in page.run("""
            return [...document.querySelectorAll(".memlab-chart")].map((svg) =>
                [...svg.querySelectorAll(".curve")].map((curve) => [curve.dataset.name,
                    Number(curve.dataset.points), curve.querySelectorAll(".mark").length]))"""):
        assert chart and all(points == marks > 3 for _, points, marks in chart)
        assert len({name for name, _, _ in chart}) == len(chart)


def test_layouts(page):
    """Before, kmalloc's map is of one colour; vmalloc's in fragmented memory is of many."""
    page.show(WIDE)
    maps = page.run("""
        return [...document.querySelectorAll(".memlab-layout .map")].map((map, at) =>
            [map.id = "map-" + at, Number(map.dataset.extents)])""")
    for name, extents in maps:
        image = page.picture(f"#{name}")
        inside = image.crop((4, 4, image.width - 4, image.height - 4))
        shades = {colour for count, colour in inside.getcolors(1 << 24) if count > 20}
        assert (len(shades) == 1) == (extents == 1)
    # 128 blocks of 32 KiB at least, of which some are neighbours
    assert maps[0][1] == 1 and maps[-1][1] >= 64


def test_without_eyes(page):
    """Each picture has a name and a description, with the figures that it shows."""
    page.show(WIDE)
    pictures = page.images()
    assert len(pictures) == page.run("return document.querySelectorAll('svg').length") == 4
    assert all(name and len(description) > 40 for name, description in pictures)
    assert len({name + description for name, description in pictures}) == 4
    assert all("kmalloc" in description for _, description in pictures)


@pytest.mark.parametrize("change, complaint", [
    ("document.body.insertAdjacentHTML('beforeend', '<div style=width:1500px>x</div>')", "wide"),
    ("document.querySelector('.numbers td').innerHTML = 'x'.repeat(400)", "beyond the edge"),
    ("document.querySelector('pre').style = 'width:9rem;overflow:hidden;white-space:pre'",
     "must be scrolled"),
    ("document.querySelector('svg text').setAttribute('x', 4)", "cut off by its picture"),
    ("document.querySelector('p').style.color = '#888'", "faint"),
    ("document.querySelector('svg text').style.fill = '#ccc'", "faint"),
])
def test_complaints(page, change, complaint):
    """What these tests look for, they would find."""
    page.show(WIDE)
    page.run(change)
    assert complaint in "\n".join(page.complaints())


def test_messages(page):
    """Also what the browser says, and what it fetches."""
    page.show(WIDE)
    page.requests()
    page.run("console.error('a mistake'); "
             "document.body.insertAdjacentHTML('beforeend', '<img src=nothing.png>')")
    page.driver.execute_async_script("setTimeout(arguments[0], 300)")
    said = "\n".join(page.messages())
    assert "a mistake" in said and "Content Security Policy" in said
