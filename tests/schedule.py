# SPDX-License-Identifier: GPL-2.0
"""Pytest hooks that spread the test files over workers, for a run of all tests.

The files that take longest come first, so that no worker is left alone with one at the end.
Files that share what takes long to make, besides the machine of all tests, go to one worker.
"""

from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).resolve().parent
# Files -> the fixture that they share, of conftest.py: a machine, one of them with a driver of
# its own, or a page that takes a machine long to make.
SHARED = {f"test_{name}.py": fixture for fixture, names in {
    "liar": ("claim_mutants", "mutants", "verify_gfp"),
    "careless_target": ("attack_stale", "claims_by_kernel", "stale", "stale_count"),
    "whole_report": ("report", "report_page"),
}.items() for name in names}
# By their share of the time, those of a group together; the others take less than any of these.
LONGEST = [f"test_{name}.py" for name in (
    "verify_gfp", "claim_mutants", "mutants", "report", "report_page", "fuzz", "module_loads",
    "outfile", "netlink_consistency", "claims", "frag",
    "attack_stale", "claims_by_kernel", "stale", "stale_count",
    "vm_machine", "scale", "advise", "costs", "netlink_errors", "cli_list", "module_life",
    "vm_run", "vm_payload", "caches", "build", "library", "repeat", "forms")]


def scope(nodeid):
    """The name of the unit of work that a test belongs to."""
    file = nodeid.split("::", 1)[0]
    return SHARED.get(Path(file).name, file)


# pylint: disable-next=abstract-method # as in xdist's own
class Scheduling(LoadScopeScheduling):
    """Files, or groups of files, in the order in which they were collected."""

    def _split_scope(self, nodeid):
        return scope(nodeid)

    def _assign_work_unit(self, node):
        # Newer xdist sorts its units by their number of tests.
        for name in dict.fromkeys(map(scope, self.collection)):
            if name in self.workqueue:
                self.workqueue.move_to_end(name)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Replaces --dist loadfile."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config, items):
    """Sorts the files, unless some were named in an order of their own."""
    if [Path(path).resolve() for path in config.args] != [TESTS]:
        return
    rank = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))
