# SPDX-License-Identifier: GPL-2.0
"""Free memory in single pages, by guest/fragment.c."""

import contextlib


@contextlib.contextmanager
def fragmented(target, mebibytes):
    """So much of the target's free memory is single pages meanwhile."""
    process = target.spawn(["fragment", str(mebibytes)])
    if not process.readline().startswith(b"fragmented"):
        raise RuntimeError(process.stderr_so_far().decode())
    yield
    process.close_stdin()
    process.wait(60)
