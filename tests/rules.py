# SPDX-License-Identifier: GPL-2.0
"""Which requests are refused, and why: the header's rules, written down a second time.

A request may break several rules; then the driver may name any one of them.
"""

from typing import NamedTuple

import abi
from abi import (
    CACHE, KMALLOC, KVMALLOC, NODE, PAGES, PAGES_EXACT, VMALLOC, Context, Gfp, Reason, make,
)

ALLOCATORS = {"kmalloc": KMALLOC, "vmalloc": VMALLOC, "kvmalloc": KVMALLOC, "pages": PAGES,
              "pages-exact": PAGES_EXACT, "cache": CACHE}
BASES = (Gfp.KERNEL, Gfp.NOWAIT, Gfp.ATOMIC, Gfp.USER, Gfp.HIGHUSER)
SLEEPING = Gfp.KERNEL | Gfp.USER | Gfp.HIGHUSER
MODIFIERS = (Gfp.DMA, Gfp.DMA32, Gfp.ZERO, Gfp.HIGH, Gfp.NOFAIL, Gfp.NORETRY, Gfp.RETRY_MAYFAIL,
             Gfp.NOWARN, Gfp.ACCOUNT, Gfp.THISNODE, Gfp.WARN, Gfp.NO_ACCOUNT)
EVERY_BASE = Gfp(sum(BASES))
GIVEN = Gfp(sum(BASES) + sum(MODIFIERS))
WAITING = Gfp.NORETRY | Gfp.RETRY_MAYFAIL | Gfp.NOFAIL
ZONES = Gfp.HIGHUSER | Gfp.DMA | Gfp.DMA32
INT_MAX = (1 << 31) - 1
SIZE_MAX = (1 << 64) - 1

# Functions that zero by themselves, and those that take no flags.
ZEROING = {"kzalloc", "kzalloc_node", "kcalloc", "kcalloc_node", "kvzalloc", "kvzalloc_node",
           "kvcalloc", "kvcalloc_node", "__vcalloc", "kmem_cache_zalloc"}
WITHOUT_FLAGS = {"vmalloc", "vzalloc", "vmalloc_array", "vcalloc", "vmalloc_node", "vzalloc_node"}

NEEDS_ADMIN = {
    Gfp.ATOMIC: Reason.ADMIN_RESERVES, Gfp.HIGH: Reason.ADMIN_RESERVES,
    Gfp.DMA: Reason.ADMIN_DMA, Gfp.DMA32: Reason.ADMIN_DMA,
    Gfp.NOFAIL: Reason.ADMIN_NOFAIL, Gfp.WARN: Reason.ADMIN_WARN,
    Gfp.NO_ACCOUNT: Reason.ADMIN_UNCHARGED,
}


class Request(NamedTuple):
    """What an ALLOC asks for; bytes are those of an element if there is a count."""

    allocator: int
    bytes: int
    gfp: Gfp = Gfp(0)
    flags: int = 0
    count: int = 0
    context: Context = Context.PROCESS
    cache: int = 0

    def total(self):
        """Bytes altogether."""
        return self.bytes * self.count if self.count else self.bytes

    def base(self):
        """The flags, with the base that is meant by none."""
        return self.gfp or Gfp.KERNEL

    def argument(self, more_flags=0):
        """The struct."""
        return make(abi.Alloc, allocator=self.allocator, bytes=self.bytes, gfp=self.gfp,
                    flags=self.flags | more_flags, count=self.count, context=self.context,
                    cache=self.cache)


class World(NamedTuple):
    """What the rules depend on beside the request."""

    info: abi.Info
    admin: bool = True

    def has(self, feature):
        """Whether INFO tells of a feature."""
        return bool(self.info.features & feature)

    def vmalloc_sleeps(self):
        """Whether this kernel's vmalloc must be let sleep; else it minds some flags."""
        return not self.has(abi.FEATURE_VMALLOC_NOWAIT)


def several(gfp, which):
    """Whether more than one of these flags is given."""
    return bin(gfp & which).count("1") > 1


def wrong_flags(request):
    """What no allocator takes."""
    gfp, found = request.base(), set()
    if bin(gfp & EVERY_BASE).count("1") != 1:
        found.add(Reason.GFP_BASE)
    if several(gfp, ZONES):
        found.add(Reason.GFP_ZONE)
    if several(gfp, WAITING):
        found.add(Reason.GFP_RETRY)
    if several(gfp, Gfp.NOWARN | Gfp.WARN):
        found.add(Reason.GFP_WARN)
    if several(gfp, Gfp.ACCOUNT | Gfp.NO_ACCOUNT):
        found.add(Reason.GFP_ACCOUNT)
    if gfp & Gfp.THISNODE and not request.flags & NODE:
        found.add(Reason.GFP_THISNODE)
    if gfp & Gfp.NOFAIL:
        if gfp & (Gfp.NOWAIT | Gfp.ATOMIC):
            found.add(Reason.NOFAIL_NOWAIT)
        if gfp & (Gfp.DMA | Gfp.DMA32 | Gfp.THISNODE):
            found.add(Reason.NOFAIL_ZONE)
    return {("EINVAL", reason) for reason in found}


def wrong_for_allocator(request, world):
    """What this allocator does not take."""
    gfp, who, found = request.base(), request.allocator, set()
    on_node = request.flags & NODE
    minds = who == VMALLOC and not world.vmalloc_sleeps()
    if gfp & Gfp.HIGHUSER and (minds or who not in (VMALLOC, PAGES)):
        found.add(("EINVAL", Reason.GFP_HIGHMEM))
    if gfp & Gfp.DMA and (minds or who == CACHE):
        found.add(("EINVAL", Reason.GFP_DMA))
    if gfp & Gfp.DMA32 and (minds or who in (KMALLOC, KVMALLOC, CACHE)):
        found.add(("EINVAL", Reason.GFP_DMA32))
    if who == VMALLOC:
        if gfp & (Gfp.NOWAIT | Gfp.ATOMIC) and world.vmalloc_sleeps():
            found.add(("EINVAL", Reason.VMALLOC_SLEEPS))
        if on_node and gfp != Gfp.KERNEL:
            found.add(("EINVAL", Reason.GFP_NODE))
    if who == PAGES_EXACT and on_node:
        found.add(("EOPNOTSUPP", Reason.NO_NODE))
    if request.count and who not in ((KMALLOC,) if on_node else (KMALLOC, VMALLOC, KVMALLOC)):
        found.add(("EOPNOTSUPP", Reason.NO_ARRAY))
    return found


def largest(allocator, info):
    """The most that an allocator can ever serve."""
    return {
        KMALLOC: info.kmalloc_max_size, VMALLOC: info.total_ram,
        KVMALLOC: min(INT_MAX, info.total_ram),
        PAGES: info.page_size << info.max_order, PAGES_EXACT: info.page_size << info.max_order,
        CACHE: abi.CACHE_MAX_BYTES,
    }[allocator]


def wrong_size(request, world):
    """Sizes that are too large, altogether or for what else is asked."""
    size, info, found = request.total(), world.info, set()
    if not request.bytes and request.allocator != CACHE:
        found.add(("EINVAL", Reason.NONE))
    if size > SIZE_MAX:
        return {("EOVERFLOW", Reason.NONE)}
    if size > largest(request.allocator, info):
        found.add(("ERANGE", Reason.NONE))
    if request.gfp & Gfp.NOFAIL and size > info.page_size:
        found.add(("ERANGE", Reason.NOFAIL_SIZE))
    if request.gfp & Gfp.WARN and size > info.kmalloc_max_size:
        found.add(("ERANGE", Reason.WARN_SIZE))
    return found


def wrong_context(request, world):
    """What cannot be done where it shall be done."""
    found = set()
    if request.context == Context.PROCESS:
        return found
    interrupt = request.context != Context.ATOMIC
    if request.allocator == VMALLOC and (interrupt or world.vmalloc_sleeps()):
        found.add(("EOPNOTSUPP", Reason.VMALLOC_SLEEPS))
    # kvmalloc may fall back to vmalloc, which no interrupt may call
    if (request.allocator == KVMALLOC and interrupt and not world.vmalloc_sleeps()
            and request.total() > world.info.page_size):
        found.add(("ERANGE", Reason.CONTEXT_SIZE))
    if request.base() & SLEEPING:
        found.add(("EOPNOTSUPP", Reason.GFP_SLEEPS))
    if request.total() > min(world.info.kmalloc_max_size, 4 << 20):
        found.add(("ERANGE", Reason.CONTEXT_SIZE))
    if not world.info.contexts >> request.context & 1:
        found.add(("EOPNOTSUPP", Reason.CONTEXT_KERNEL))
    return found


def forbidden(request):
    """What needs an administrator."""
    found = {reason for flag, reason in NEEDS_ADMIN.items() if request.gfp & flag}
    if request.context in (Context.SOFTIRQ, Context.HARDIRQ):
        found.add(Reason.ADMIN_UNCHARGED)
    if request.allocator == VMALLOC and request.flags & NODE:
        found.add(Reason.ADMIN_UNCHARGED)
    if request.flags & abi.COUNT_STALE:
        found.add(Reason.ADMIN_STALE)
    return {("EPERM", reason) for reason in found}


def refusals(request, world):
    """Every (errno, reason) for which a request may be refused; none if it must not be."""
    if request.gfp & ~GIVEN:
        return {("EINVAL", Reason.NONE)}
    found = (wrong_flags(request) | wrong_for_allocator(request, world)
             | wrong_size(request, world) | wrong_context(request, world))
    return found if world.admin else found | forbidden(request)


def order_of(size, info):
    """The order of the block that holds so many bytes."""
    return (-(-size // info.page_size) - 1).bit_length()


def lest_it_kills(request, info):
    """What is added where the page allocator would rather kill a process than fail."""
    if not request.base() & SLEEPING or request.base() & WAITING:
        return Gfp(0)
    if request.allocator == KVMALLOC and request.total() > info.page_size:
        return Gfp.NORETRY
    if request.allocator == VMALLOC and not World(info).vmalloc_sleeps():
        return Gfp.NORETRY
    single = request.allocator in (VMALLOC, CACHE)
    return Gfp.RETRY_MAYFAIL if single or order_of(request.total(), info) <= 3 else Gfp(0)


def gfp_used(request, info, function):
    """The flags that the kernel's function of that name gets."""
    gfp = request.base()
    if function in WITHOUT_FLAGS:
        return Gfp.KERNEL
    if not gfp & Gfp.WARN:
        gfp |= Gfp.NOWARN
    if not gfp & Gfp.NO_ACCOUNT:
        gfp |= Gfp.ACCOUNT
    gfp |= lest_it_kills(request, info)
    if request.flags & abi.ZERO and function not in ZEROING:
        gfp |= Gfp.ZERO
    if request.allocator == PAGES:
        gfp |= Gfp.COMP
    return gfp & ~(Gfp.WARN | Gfp.NO_ACCOUNT)
