# SPDX-License-Identifier: GPL-2.0
"""Outcomes of the tests of one pytest run, read from its JUnit report."""

import dataclasses
import xml.etree.ElementTree

PASSED, FAILED, SKIPPED = "passed", "FAILED", "skipped"


class Unreadable(Exception):
    """The report is not there, or not whole."""


@dataclasses.dataclass
class Case:
    """Outcome of one test; message is the reason of a skip, or what a failure said."""

    verdict: str = PASSED
    message: str = ""
    seconds: float = 0.0

    @property
    def detail(self):
        """The message's first line."""
        return self.message.partition("\n")[0]


def read(report):
    """All tests of a report by their name: {name: Case}."""
    try:
        root = xml.etree.ElementTree.parse(report)
    except (OSError, xml.etree.ElementTree.ParseError) as error:
        raise Unreadable(f"{report}: {error}") from error
    cases = {}
    for element in root.iter("testcase"):
        name = "::".join(filter(None, (element.get("classname"), element.get("name"))))
        # A test that passes and fails in its teardown is there twice.
        case = cases.setdefault(name, Case())
        case.seconds += float(element.get("time") or 0)
        if case.verdict == FAILED:
            continue
        for child in element:
            if child.tag in ("failure", "error"):
                case.verdict, case.message = FAILED, _message(child)
            elif child.tag == "skipped":
                case.verdict, case.message = SKIPPED, child.get("message") or ""
    return cases


def _message(failure):
    return (failure.get("message") or failure.text or "").strip() or "no message"


def named(cases, verdict):
    """Names of the tests with a verdict, in the order of the report."""
    return [name for name, case in cases.items() if case.verdict == verdict]


def by_message(cases, verdict):
    """{message: names} of the tests with a verdict."""
    groups = {}
    for name in named(cases, verdict):
        groups.setdefault(cases[name].message, []).append(name)
    return groups


def table(rows, numbers):
    """Lines of a table; the columns of `numbers` are to the right, the others are text."""
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{text!s:>{width}}" if column in numbers else f"{text!s:<{width}}"
                      for column, (text, width) in enumerate(zip(row, widths))).rstrip()
            for row in rows]
