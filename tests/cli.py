# SPDX-License-Identifier: GPL-2.0
"""The memlab tool as tests run it.

A test file imports the fixtures it uses; their functions are not named as they
are, for flake8 takes an argument of the same name for a redefinition.
"""

import json

import pytest

from target import PATIENCE

DONE, REFUSED, USAGE, NO_DEVICE = range(4)
# A report takes 50 s on the debug kernel, where two machines share two processors.
PATIENT = 2 * PATIENCE


@pytest.fixture(name="memlab")
def memlab_fixture(target):
    """Runs the tool: memlab("list", ...); its result must have the wanted status."""
    def run(*arguments, status=DONE, user=None, data=b""):
        result = target.run(["memlab", *map(str, arguments)], input=data, user=user,
                            timeout=PATIENT)
        said = result.stderr.decode()
        assert result.returncode == status, (arguments, result.stdout[:2000], said)
        assert said or result.stdout if status else not said
        return result
    return run


@pytest.fixture(name="as_json")
def as_json_fixture(memlab):
    """The same with -j: the value printed."""
    def run(*arguments, **options):
        return json.loads(memlab("-j", *arguments, **options).stdout)
    return run


def is_counted(as_json, context):
    """Whether preempt_count() tells of a context: not every kernel's knows of spinlocks."""
    return context != "atomic" or "preempt-count" in as_json("info")["features"]


@pytest.fixture(name="refusal")
def refusal_fixture(memlab):
    """What the tool says when the kernel says no."""
    def run(*arguments, **options):
        return memlab(*arguments, status=REFUSED, **options).stderr.decode()
    return run


@pytest.fixture(name="made")
def made_fixture(memlab, as_json):
    """Allocates: made("kmalloc", 100) is what alloc tells; freed with the test."""
    ids = []

    def make(*arguments, **options):
        told = as_json("alloc", *arguments, **options)
        ids.append(told["id"])
        return told
    yield make
    if ids:
        memlab("free", *ids)


def rows(text):
    """A record as it is shown: label -> value."""
    lines = text.decode().splitlines()
    column = max(at for at in range(1, min(map(len, lines)))
                 if all(line[at - 1] == " " != line[at] for line in lines))
    return {line[:column].rstrip(): line[column:] for line in lines}
