# SPDX-License-Identifier: GPL-2.0
"""A page as a person meets it: in headless Chromium, of some width, light or dark or printed."""

import base64
import io
import json
import os

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

# What each of them finds is a complaint, in words.
CUT_OFF = """
const found = [], edge = document.documentElement.clientWidth;
const named = (e) => e.tagName + (e.id ? "#" + e.id : "") + " " + e.textContent.slice(0, 40);
if (document.documentElement.scrollWidth > edge)
    found.push("the page is " + document.documentElement.scrollWidth + " wide");
for (const e of document.body.querySelectorAll("*")) {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (style.clipPath != "none" || e.closest("thead") &&
        getComputedStyle(e.closest("thead")).clipPath != "none")
        continue;
    if (box.right > edge + 1 || box.left < -1)
        found.push("beyond the edge: " + named(e));
    if (!e.closest("svg") && style.overflowX != "visible" && e.scrollWidth > e.clientWidth + 1)
        found.push("must be scrolled: " + named(e));
    if (e.closest("table") && e.tagName.startsWith("T") && style.display != "inline" &&
        e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
        found.push("too wide for its cell: " + named(e));
}
for (const svg of document.querySelectorAll("svg")) {
    const paper = svg.getBoundingClientRect();
    for (const e of svg.querySelectorAll("text, path, rect")) {
        const box = e.getBoundingClientRect();
        if (e.closest("defs"))
            continue;
        if (box.right > paper.right + 1 || box.left < paper.left - 1 ||
            box.bottom > paper.bottom + 1 || box.top < paper.top - 1)
            found.push("cut off by its picture: " + named(e));
    }
}
return found;
"""

# Of text against what is behind it, by WCAG's formula.
FAINT = """
const found = [];
const parts = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
        .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
};
const behind = (e) => {
    for (; e; e = e.parentElement) {
        const colour = parts(getComputedStyle(e).backgroundColor);
        if (colour.length < 4 || colour[3] > 0)
            return colour;
    }
    return [255, 255, 255];
};
for (const e of document.body.querySelectorAll("*")) {
    const own = [...e.childNodes].some((n) => n.nodeType == 3 && n.textContent.trim());
    if (!own || e.closest("style"))
        continue;
    const paper = e.closest("svg") && e.closest("svg").querySelector(".back");
    if (e.closest("svg") && (!paper || e.tagName != "text"))
        continue;
    const style = getComputedStyle(e);
    const ink = light(parts(paper ? style.fill : style.color));
    const back = light(paper ? parts(getComputedStyle(paper).fill) : behind(e));
    const ratio = (Math.max(ink, back) + .05) / (Math.min(ink, back) + .05);
    if (ratio < 4.5)
        found.push("faint (" + ratio.toFixed(1) + "): " + e.textContent.slice(0, 40));
}
return found;
"""


class Page:
    """A file in a browser."""

    def __init__(self, path):
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                         "--hide-scrollbars"):
            options.add_argument(argument)
        if not os.geteuid():
            # chromium refuses to run as root in its own sandbox
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.address = f"file://{path}"

    def close(self):
        """Ends the browser."""
        self.driver.quit()

    def show(self, width, scheme="light", media="screen"):
        """Loads the page anew, as somebody with such a window and such wishes has it."""
        self._size(width, 800)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.get(self.address)

    def _size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def run(self, script, *arguments):
        """What a script in the page returns."""
        return self.driver.execute_script(script, *arguments)

    def complaints(self):
        """All that is wrong with how the page looks."""
        return self.run(CUT_OFF) + self.run(FAINT)

    def messages(self):
        """What the browser has to say of the page since this was asked last."""
        return [one["message"] for one in self.driver.get_log("browser")]

    def requests(self):
        """The addresses that were asked for since this was asked last."""
        told = [json.loads(one["message"])["message"]
                for one in self.driver.get_log("performance")]
        return [one["params"]["request"]["url"] for one in told
                if one["method"] == "Network.requestWillBeSent"]

    def picture(self, selector):
        """An element as it looks, as an image of Pillow's."""
        data = self.driver.find_element("css selector", selector).screenshot_as_png
        return Image.open(io.BytesIO(data)).convert("RGB")

    def pages(self):
        """How many sheets of paper it takes."""
        data = base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
        return data.count(b"/Type /Page\n")

    def images(self):
        """What a screen reader says of pictures: [(name, description), ...]."""
        self.driver.execute_cdp_cmd("Accessibility.enable", {})
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        found = [node for node in nodes if node.get("role", {}).get("value") in ("image", "img")]
        return [tuple(node.get(key, {}).get("value", "") for key in ("name", "description"))
                for node in found]
