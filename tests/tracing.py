# SPDX-License-Identifier: GPL-2.0
"""The kernel's trace: of its own allocations, who asked, with which flags; and of the driver's."""

import contextlib
import re
from typing import NamedTuple

from abi import Context, Gfp
from syscalls import O_RDONLY, O_TRUNC, O_WRONLY

TRACING = "/sys/kernel/tracing/"
EVENTS = tuple(f"kmem/{name}" for name in (
    "kmalloc", "kmalloc_node", "kmem_cache_alloc", "kmem_cache_alloc_node", "kfree",
    "mm_page_alloc"))  # those for nodes went away in 6.1
LINE = re.compile(r"^ *\S.*-(\d+) +\[\d+\] (\S)(\S)(\S)(\S)\S* +[\d.]+: (\w+): (.*)$",
                  re.MULTILINE)
FLAGS = {
    "GFP_KERNEL_ACCOUNT": Gfp.KERNEL | Gfp.ACCOUNT, "GFP_DMA": Gfp.DMA, "GFP_DMA32": Gfp.DMA32,
    **{f"GFP_{base.name}": base for base in (
        Gfp.KERNEL, Gfp.NOWAIT, Gfp.ATOMIC, Gfp.USER, Gfp.HIGHUSER)},
    **{f"__GFP_{flag.name}": flag for flag in Gfp},
}


class Event(NamedTuple):
    """A line of the trace."""

    name: str
    pid: int
    context: Context
    words: dict
    text: str

    @property
    def gfp(self):
        """The flags, as far as the ABI has bits for them."""
        found = Gfp(0)
        for name in self.words["gfp_flags"].split("|"):
            found |= FLAGS.get(name, Gfp(0))
        return implied(found)


def implied(gfp):
    """With what some flags mean on some kernels."""
    if gfp & Gfp.NOWAIT:
        gfp |= Gfp.NOWARN
    if gfp & Gfp.NOWAIT and gfp & Gfp.HIGH:
        gfp = gfp & ~Gfp.NOWAIT | Gfp.ATOMIC
    if gfp & Gfp.ATOMIC:
        gfp |= Gfp.HIGH
    return gfp


def context_of(irq, preempt_count):
    """The context that the columns of a line tell of."""
    if irq in "hHZz":
        return Context.HARDIRQ
    if irq == "s":
        return Context.SOFTIRQ
    return Context.PROCESS if preempt_count == "." else Context.ATOMIC


def put(proxy, name, data):
    """Writes a file of tracefs."""
    fd = proxy.open(TRACING + name, O_WRONLY | O_TRUNC)
    try:
        proxy.write(fd, data)
    finally:
        proxy.close(fd)


def get(proxy, name):
    """Reads one."""
    fd, data = proxy.open(TRACING + name, O_RDONLY), b""
    while more := proxy.read(fd, proxy.spare_size):
        data += more
    proxy.close(fd)
    return data.decode()


@contextlib.contextmanager
def traced(proxy, names=EVENTS):
    """Traces meanwhile; gives a function that ends it and returns the events."""
    def each(data):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                put(proxy, f"events/{name}/enable", data)

    def end():
        put(proxy, "tracing_on", b"0")
        return [Event(name, int(pid), context_of(irq, count), dict(
            word.split("=", 1) for word in words.split() if "=" in word), words)
                for pid, _, _, irq, count, name, words in LINE.findall(get(proxy, "trace"))]
    put(proxy, "trace", b"\n")
    each(b"1")
    put(proxy, "tracing_on", b"1")
    try:
        yield end
    finally:
        put(proxy, "tracing_on", b"0")
        each(b"0")
        put(proxy, "trace", b"\n")
