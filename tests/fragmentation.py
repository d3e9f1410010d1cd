# SPDX-License-Identifier: GPL-2.0
"""Free memory in small blocks, by memlab frag."""

import contextlib
import re

SINGLE, SMALL = "0", "3"


def smallest_safe(target):
    """The order down to which memory can be fragmented while vmalloc() goes on.

    From Linux 6.19 on it asks for large blocks first, and would use up those of 32 KiB and
    less that are left for the kernel, which kills processes rather than do without them.
    """
    version = tuple(int(number) for number in re.findall(r"\d+", target.release)[:2])
    return SMALL if version >= (6, 19) else SINGLE


def enough_for_vmalloc(target):
    """Options with which vmalloc() gets extents of 32 KiB, or of a page, and it is soon done."""
    if smallest_safe(target) == SMALL:
        return "--order", SMALL
    return "--share", "20"


@contextlib.contextmanager
def fragmented(target, *options):
    """Free memory is so meanwhile, a part of it without options; gives the process."""
    process = target.spawn(
        ["memlab", "-q", "frag", *map(str, options or enough_for_vmalloc(target))])
    try:
        if not process.readline():
            raise RuntimeError(process.stderr_so_far().decode())
        yield process
    finally:
        process.close_stdin()
        process.wait(60)


def free_blocks(target):
    """/proc/buddyinfo: numbers of free blocks by order, for each zone."""
    lines = target.get("/proc/buddyinfo").decode().splitlines()
    return {(words[1].rstrip(","), words[3]): [int(number) for number in words[4:]]
            for words in map(str.split, lines)}


def in_blocks(target, first):
    """Bytes in free blocks of at least an order, in zones that GFP_KERNEL comes from."""
    return sum(number * 4096 << order
               for (_, zone), blocks in free_blocks(target).items() if zone in ("DMA32", "Normal")
               for order, number in enumerate(blocks) if order >= first)
