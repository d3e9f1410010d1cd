# SPDX-License-Identifier: GPL-2.0
"""Free memory in small blocks, by memlab frag."""

import contextlib

PART = ("--share", "20")    # tens of MiB, and it takes no second


@contextlib.contextmanager
def fragmented(target, *options):
    """Free memory is so meanwhile, a part of it without options; gives the process."""
    process = target.spawn(["memlab", "-q", "frag", *map(str, options or PART)])
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
