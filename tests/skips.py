# SPDX-License-Identifier: GPL-2.0
"""Pytest hooks that compare the skipped tests with the table of the reference machine.

A skip is named with what would enable the test, in any run. On the reference machine, a run of
all tests fails unless exactly the tests of skips.toml are skipped.
"""

import collections
import os
import re
from pathlib import Path
import tomllib

import pytest

from vm import VmError, debian, kernels

TESTS = Path(__file__).resolve().parent
TABLE = Path(__file__).with_suffix(".toml")
# A variable of the Makefile, a kernel option, a boot parameter or a sysctl; or a package.
ENABLES = re.compile(r"needs ([A-Za-z][\w.]*=|the package \S|root: |CAP_\w+: )")
# What an ordinary user, or root of a container, may not do; the table is that of a whole root.
RIGHTS = re.compile(r"needs (root|CAP_\w+): ")
# Options that leave tests out, by their names in pytest's configuration.
SELECTING = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "stepwise",
             "collectonly")
_complaints = pytest.StashKey()


def reasons(reports):
    """How many tests are skipped for which reason."""
    return collections.Counter(
        report.longrepr[2].removeprefix("Skipped: ") for report in reports)


def unnamed(found):
    """Complaints about reasons that do not say what would enable the test."""
    return [f"skipped for '{reason}', which does not begin with 'needs OPTION='"
            for reason in sorted(found) if not ENABLES.match(reason)]


def differences(wanted, found):
    """Complaints about numbers of skipped tests that are not those of the table."""
    return [f"skipped {found.get(reason, 0)}, not {wanted.get(reason, 0)}: {reason}"
            for reason in sorted({*wanted, *found})
            if found.get(reason, 0) != wanted.get(reason, 0)]


def is_whole(config):
    """Whether all tests are run."""
    return ([Path(path).resolve() for path in config.args] == [TESTS]
            and not any(config.getoption(name, None) for name in SELECTING))


def release():
    """The release of the kernel under test; empty where that is not known."""
    if os.environ.get("TARGET", "vm") != "vm":
        return ""
    try:
        return debian.fetch(kernels.find(os.environ.get("KERNEL"))).release
    except VmError:
        return ""   # and no test could run


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Fails the run for its skips; pytest prints its summary after this."""
    config = session.config
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if hasattr(config, "workerinput") or not terminal or exitstatus not in (
            pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return
    found = reasons(terminal.stats.get("skipped", []))
    complaints = unnamed(found)
    if is_whole(config) and not session.shouldfail:
        table = tomllib.loads(TABLE.read_text("utf-8"))
        if re.fullmatch(table["release"], release()):
            complaints += differences(table["skipped"], {
                reason: count for reason, count in found.items() if not RIGHTS.match(reason)})
    config.stash[_complaints] = complaints
    if complaints:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Prints what is wrong with the skips."""
    if complaints := config.stash.get(_complaints, []):
        terminalreporter.section(f"skips that {TABLE.name} does not allow", red=True)
        for complaint in complaints:
            terminalreporter.line(complaint)
