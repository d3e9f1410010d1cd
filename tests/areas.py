# SPDX-License-Identifier: GPL-2.0
"""Vmalloc areas, as /proc/vmallocinfo tells of them.

The kernel gives that file out in pieces and finds its place again by counting
areas: when an area before the place goes in between, such as the stack of a task,
another is left out. So what is not found is looked for again.
"""

import re

READINGS = 10
_LINE = re.compile(r"^0x([0-9a-f]+)-0x([0-9a-f]+)\s+(\d+) (.*)", re.MULTILINE)


def areas(target):
    """One reading: {start: (end, bytes with the guard page, the rest of the line)}.

    Without those that are free, and only not yet purged.
    """
    text = target.get("/proc/vmallocinfo").decode()
    return {int(start, 16): (int(end, 16), int(size), rest)
            for start, end, size, rest in _LINE.findall(text)
            if not rest.startswith("unpurged")}


def find_area(target, start):
    """The area that starts at an address, None if no reading has it."""
    for _ in range(READINGS):
        if area := areas(target).get(start):
            return area
    return None


def driver_bytes(target, wanted, page):
    """What the driver's areas hold without guard pages: `wanted`, if a reading says so."""
    for _ in range(READINGS):
        found = sum(size - page for _, size, rest in areas(target).values() if "[memlab]" in rest)
        if found == wanted:
            break
    return found
