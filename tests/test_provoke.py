# SPDX-License-Identifier: GPL-2.0
"""What may not be done is really done, and the debug kernel says so.

Each in a machine of its own, which is expected to complain.
"""

import json

import pytest

from debugging import boot, debug_kernel_fixture

__all__ = ["debug_kernel_fixture"]

PARAMETERS = "/sys/module/memlab/parameters"
# Claim, the parameter that lets it happen, and the kernel's words.
PROVOKED = (
    ("vmalloc-sleeps", "sleep_in_atomic", "sleeping function called from invalid context"),
    ("cache-usercopy", "copy_undeclared", "usercopy: Kernel memory exposure attempt detected"),
)


@pytest.fixture(name="machine")
def machine_fixture(debug_kernel):
    """A machine that may complain."""
    # pylint: disable=unused-argument # is there, or this is skipped
    machine = boot()
    yield machine
    machine.close()


def judged(machine, *arguments):
    """Verdict and evidence of one claim."""
    result = machine.run(["memlab", "verify", "-j", *arguments])
    claim, = json.loads(result.stdout)["claims"]
    return claim["verdict"], claim["evidence"]


@pytest.mark.parametrize("claim, parameter, words", PROVOKED, ids=[one[0] for one in PROVOKED])
def test_provoked(machine, claim, parameter, words):
    """The claim holds by the kernel's own words, and only with both consents."""
    mark = machine.log_mark()
    for consent in ([], ["--provoke"]):
        assert words not in judged(machine, *consent, claim)[1]
    assert not machine.problems(mark)

    done = machine.run(["sh", "-c", f"echo Y >{PARAMETERS}/{parameter}"])
    assert not done.returncode, done.stderr
    assert words not in judged(machine, claim)[1]
    assert not machine.problems(mark)

    verdict, evidence = judged(machine, "--provoke", claim)
    print(evidence)
    assert verdict == "holds" and words in evidence
    assert any(words in line for line in machine.problems(mark))
