# SPDX-License-Identifier: GPL-2.0
"""Facts of the target's machine that differ between kernels, as the running one tells them."""

import gzip
import re

UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20}
PAGE = 4096


def kmalloc_sizes(target):
    """The size classes of kmalloc that are slab caches, ascending."""
    found = [re.fullmatch(r"kmalloc-(\d+)([kM]?)", name) for name in rooms(target)]
    return sorted(int(size[1]) * UNITS[size[2]] for size in found if size)


def kmalloc_class(target, size):
    """How many bytes kmalloc really takes for so many, of those that slab caches serve."""
    return next(most for most in kmalloc_sizes(target) if size <= most)


def kmalloc_suffix(target, size):
    """How the names of the caches for so many bytes end, such as 96 or 8k."""
    most = kmalloc_class(target, size)
    return f"{most >> 10}k" if most >= 1 << 10 else str(most)


def object_sizes(target):
    """Of kmalloc's slab caches, by name, what is in an object."""
    lines = target.run(["sh", "-c", "grep . /sys/kernel/slab/kmalloc-*/object_size"]).stdout
    return {name: int(size) for name, size in
            re.findall(r"^/sys/kernel/slab/([^/]+)/object_size:(\d+)$", lines.decode("ascii"),
                       re.MULTILINE)}


def rooms(target):
    """Of kmalloc's slab caches, by name, what an object takes of its slab."""
    text = target.get("/proc/slabinfo").decode("ascii")
    return {name: int(room) for name, room in
            re.findall(r"^(kmalloc-\S+) +\d+ +\d+ +(\d+) ", text, re.MULTILINE)}


def red_zones(target):
    """Whether the kernel adds to objects what finds mistakes; that takes room, too."""
    return rooms(target)["kmalloc-1k"] > 1 << 10


def is_configured(target, option):
    """Whether the kernel was built with an option, such as KASAN; False where it does not tell."""
    if target.run(["test", "-e", "/proc/config.gz"]).returncode:
        return False
    return f"\nCONFIG_{option}=y\n".encode() in gzip.decompress(target.get("/proc/config.gz"))


def zones(target):
    """Where memory zones lie, by name: [(first physical address, end)]."""
    found = {}
    for part in target.get("/proc/zoneinfo").decode("ascii").split("Node ")[1:]:
        name = re.match(r"\d+, zone +(\w+)", part)[1]
        spanned = int(re.search(r"^ +spanned +(\d+)", part, re.MULTILINE)[1])
        first = re.search(r"^ +start_pfn: +(\d+)", part, re.MULTILINE)
        if spanned and first:
            start = int(first[1]) * PAGE
            found.setdefault(name, []).append((start, start + spanned * PAGE))
    return found


def free_pages(target):
    """Free pages, those included that a CPU keeps for itself."""
    text = target.get("/proc/zoneinfo").decode()
    kept = sum(int(count) for count in re.findall(r"^ +count: +(\d+)", text, re.MULTILINE))
    return kept + sum(int(count) for count in re.findall(r"^ +pages free +(\d+)", text,
                                                         re.MULTILINE))


def large_dma(target):
    """Whether the zone for DMA is large, as on arm64; on x86 it is the first 16 MiB."""
    return any(end - start > 16 << 20 for start, end in zones(target).get("DMA", ()))
