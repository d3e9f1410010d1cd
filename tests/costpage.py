# SPDX-License-Identifier: GPL-2.0
"""The table of what memlab costs, and Documentation/performance.rst, which holds it."""

import datetime
import json
import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "Documentation" / "performance.rst"
BEGIN, END = ".. The table begins.\n", ".. The table ends.\n"
HEADING = ("figure", "what", "unit", "memlab", "floor", "ratio", "target", "met")
LEFT = 3        # columns of texts


def number(value):
    """As it is shown."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 or value == int(value) else f"{value:.2f}"


def cells(row):
    """A row as texts."""
    ratio = f"{row.figure / row.floor:.2f}" if row.floor else "-"
    return (row.name, row.what, row.unit, number(row.figure), number(row.floor), ratio,
            number(row.target), {None: "-", True: "yes", False: "NO"}[row.met])


def text(rows):
    """The table, for a terminal and for the page."""
    lines = [HEADING, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    rule = "  ".join("=" * width for width in widths)
    shown = ["  ".join(f"{cell:<{width}}" if at < LEFT or at == len(HEADING) - 1
                       else f"{cell:>{width}}"
                       for at, (cell, width) in enumerate(zip(line, widths))).rstrip()
             for line in lines]
    return "\n".join([rule, shown[0], rule, *shown[1:], rule])


def as_json(rows, release):
    """The rows for programs."""
    return json.dumps({"release": release,
                       "rows": [{**row._asdict(), "met": row.met} for row in rows]}, indent=2)


def page(rows, release, old=None):
    """The page with a new table; the rest stays."""
    old = PAGE.read_text("utf-8") if old is None else old
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE}: no place for a table")
    said = f"Measured on {datetime.date.today().isoformat()} on Linux {release}.\n"
    return f"{before}{BEGIN}\n{said}\n{text(rows)}\n\n{END}{after}"


def committed(old=None):
    """The figures of a page, by default the one that is there: name -> number."""
    rest = (PAGE.read_text("utf-8") if old is None else old).partition(BEGIN)[2]
    lines = rest.partition(END)[0].splitlines()
    rows = [re.split(r" {2,}", line) for line in lines if re.match(r"\w+ {2,}", line)]
    return {row[0]: float(row[HEADING.index("memlab")]) for row in rows[1:]}


def committed_release(old=None):
    """The release of the kernel of these figures."""
    return re.search(r"^Measured on \S+ on Linux (\S+)\.$", old or PAGE.read_text("utf-8"),
                     re.MULTILINE)[1]
