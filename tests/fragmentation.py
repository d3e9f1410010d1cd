# SPDX-License-Identifier: GPL-2.0
"""Free memory in small blocks, by memlab frag."""

import contextlib
import re

from target import PATIENCE

SINGLE, SMALL = "0", "3"
TRIES = 32


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


def in_extents(allocate, count, least, tries=TRIES):
    """Allocates until count(buffer) is so many extents: the first ones use up larger blocks."""
    seen = []
    while len(seen) < tries:
        one = allocate()
        seen.append(count(one))
        if seen[-1] >= least:
            return one
    raise RuntimeError(f"no buffer in fragmented memory is of {least} extents, but {seen}")


@contextlib.contextmanager
def fragmented(target, *options):
    """Free memory is so meanwhile, a part of it without options; gives the process."""
    process = target.spawn(
        ["memlab", "-q", "frag", *map(str, options or enough_for_vmalloc(target))])
    try:
        if not process.readline(PATIENCE):
            raise RuntimeError(process.stderr_so_far().decode())
        yield process
    finally:
        process.close_stdin()
        status = process.wait(PATIENCE)
    if status:
        raise RuntimeError(f"memlab frag ended with {status}: {process.stderr_so_far().decode()}")


def free_blocks(target):
    """Numbers of free blocks by order, for each zone: those that unmovable pages may take.

    /proc/buddyinfo tells of all, /proc/pagetypeinfo of those for movable pages alone.
    """
    lines = target.get("/proc/buddyinfo").decode().splitlines()
    blocks = {(words[1].rstrip(","), words[3]): [int(number) for number in words[4:]]
              for words in map(str.split, lines)}
    for line in target.get("/proc/pagetypeinfo").decode().splitlines():
        if found := re.match(r"Node +(\d+), zone +(\w+), type +CMA ([ \d]+)$", line):
            zone = found[1], found[2]
            cma = map(int, found[3].split())
            blocks[zone] = [number - other for number, other in zip(blocks[zone], cma)]
    return blocks


def in_blocks(target, first):
    """Bytes in free blocks of at least an order, in zones that GFP_KERNEL comes from."""
    found = free_blocks(target)
    # of several zones, the lowest is kept for those who need it
    kept = "DMA" if len(found) > 1 else None
    return sum(number * 4096 << order for (_, zone), blocks in found.items() if zone != kept
               for order, number in enumerate(blocks) if order >= first)
