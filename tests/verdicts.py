# SPDX-License-Identifier: GPL-2.0
"""The verdicts of `memlab verify` on a kernel, and the page that compares kernels."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from target import PATIENCE
from vm import Machine

PAGE = Path(__file__).resolve().parents[1] / "Documentation" / "claims-by-kernel.rst"
# Memory that is not zeroed by itself lets most claims be measured.
MACHINE = {"append": "init_on_alloc=0", "mem": "512M"}
HEAD = """\
.. SPDX-License-Identifier: GPL-2.0
.. Made by "make claims-by-kernel"; do not edit.

================
Claims by kernel
================

What ``memlab verify`` found for every claim (:doc:`claims`), measured in a virtual machine
with ``init_on_alloc=0`` and 512 MiB of memory. ``unknown`` means that the claim could not be
measured there; ``memlab verify CLAIM`` tells why.

"""
TAIL = """
What differs
============

"""


class Kernel(NamedTuple):
    """What was measured on one."""

    title: str          # its name in the table of kernels, and the version
    claims: dict        # id -> (claim, verdict)


def title(name, release):
    """The head of a kernel's column; it survives updates that fix bugs."""
    return f"{name} ({re.match(r'[0-9]+[.][0-9]+', release)[0]})"


def verify(machine):
    """The claims of a machine, measured there."""
    result = machine.run(["memlab", "verify", "-j"], timeout=2 * PATIENCE)
    if result.returncode not in (0, 1):
        raise RuntimeError(result.stderr.decode())
    claims = json.loads(result.stdout)["claims"]
    return {one["id"]: (one["claim"], one["verdict"]) for one in claims}


def measure(name):
    """The Kernel of that name, booted and measured."""
    with Machine(kernel=name, boot_timeout=PATIENCE, **MACHINE) as machine:
        return Kernel(title(name, machine.release), verify(machine))


def page(kernels):
    """The page that compares them."""
    ids = list(kernels[0].claims)
    rows = [("claim", *(kernel.title for kernel in kernels)),
            *((one, *(kernel.claims[one][1] for kernel in kernels)) for one in ids)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
             for row in rows]
    text = HEAD + "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"
    differing = [one for one in ids if len({kernel.claims[one][1] for kernel in kernels}) > 1]
    text += TAIL + "".join(f"{one}\n    {kernels[0].claims[one][0]}.\n" for one in differing)
    return text if differing else text + "Nothing.\n"


def committed(text=None):
    """The columns of a page, by default the one that is there: title -> {id: verdict}."""
    table = re.split(r"^=[= ]+=\n", text or PAGE.read_text("utf-8"), flags=re.MULTILINE)
    start = next(at for at, part in enumerate(table) if part.startswith("claim "))
    titles = re.split(r" {2,}", table[start].strip())[1:]
    rows = [re.split(r" {2,}", line.strip()) for line in table[start + 1].splitlines()]
    return {one: {row[0]: row[at + 1] for row in rows} for at, one in enumerate(titles)}
