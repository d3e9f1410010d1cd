# SPDX-License-Identifier: GPL-2.0
"""Free pages that a CPU keeps for itself: nothing marks them, and MemFree leaves them out."""

import contextlib

FRACTION = "/proc/sys/vm/percpu_pagelist_high_fraction"


@contextlib.contextmanager
def short_lists(target):
    """Each CPU keeps few: from Linux 6.7 on it may be an eighth of a zone's, shared by all.

    Documentation/admin-guide/sysctl/vm.rst, "percpu_pagelist_high_fraction".
    """
    assert target.run(["sh", "-c", f"echo 100000 >{FRACTION}"]).returncode == 0
    yield
    target.run(["sh", "-c", f"echo 0 >{FRACTION}"])
