# SPDX-License-Identifier: GPL-2.0
"""Which lines of the kernel's log are problems."""

import pytest

from vm.kernellog import problems


@pytest.mark.parametrize("line", [
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "BUG: KASAN: slab-out-of-bounds in f+0x1/0x2 [m]",
    "BUG: sleeping function called from invalid context at mm/slab.h:274",
    "BUG: scheduling while atomic: insmod/1/0x00000002",
    "BUG: Bad page state in process x  pfn:1",
    "kernel BUG at mm/slub.c:1!",
    "Oops: 0002 [#1] PREEMPT SMP NOPTI",
    "general protection fault, probably for non-canonical address 0xdead: 0000 [#1]",
    "WARNING: CPU: 1 PID: 116 at x.c:6 f+0x33/0x1000 [m]",
    "WARNING: possible circular locking dependency detected",
    "WARNING: suspicious RCU usage",
    "INFO: task sh:1 blocked for more than 120 seconds.",
    "rcu: INFO: rcu_preempt self-detected stall on CPU",
    "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [sh:1]",
    "UBSAN: array-index-out-of-bounds in x.c:3:5",
    "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "sh: page allocation failure: order:10, mode:0xcc0(GFP_KERNEL)",
    "Call Trace:",
    "refcount_t: underflow; use-after-free.",
    "list_add corruption. prev->next should be next",
])
def test_log_problem(line):
    assert problems([line]) == [line]


@pytest.mark.parametrize("line", [
    "hello: loading out-of-tree module taints kernel.",
    "hello: module verification failed: signature and/or required key missing - tainting kernel",
    "NMI watchdog: Perf NMI watchdog permanently disabled",
    "AMD-Vi: AMD IOMMUv2 functionality not available on this system - This is not a bug.",
    "Spectre V2 : WARNING: Unprivileged eBPF is enabled",
    "rcu: Preemptible hierarchical RCU implementation.",
    "watchdog: Delayed init of the lockup detector failed: -19",
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
    "clocksource: Switched to clocksource hpet",
])
def test_log_ordinary_line(line):
    assert not problems([line])
