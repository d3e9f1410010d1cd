# SPDX-License-Identifier: GPL-2.0
"""The walk of page tables from outside, while the processors are busy with users' programs."""

import abi


def test_while_programs_run(hypervisor, subject):
    """It finds what is mapped, and nothing else, whatever the processors do."""
    one = subject(abi.KMALLOC, 4096)
    busy = [hypervisor.spawn(["sh", "-c", "while :; do :; done"]) for _ in range(4)]
    try:
        for _ in range(20):
            assert hypervisor.gva2gpa_many([one.kernel_address, 0xffffc8fffffff000]) == [
                one.query.phys, None]
    finally:
        for process in busy:
            process.signal(9)
