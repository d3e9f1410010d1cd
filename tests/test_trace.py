# SPDX-License-Identifier: GPL-2.0
"""The kernel's trace as witness: the flags that its functions were given, and the contexts."""

import pytest

import abi
import rules
from abi import CACHE, KMALLOC, KVMALLOC, NODE, PAGES, PAGES_EXACT, VMALLOC, ZERO, Context, Gfp
from proxy import Proxy
from rules import BASES, MODIFIERS, Request, World
from target import VirtualTarget
from test_context import is_counted
from tracing import implied, traced

SMALL, LARGE = 2100, 5000  # from here on, sizes that nobody else asks for tell whose line it is
GFPS = [base | more for base in BASES for more in (Gfp(0), *MODIFIERS)]
PAGE = 4096


@pytest.fixture(scope="module")
def root(target):
    """A process of root where there is one processor: turning tracepoints on patches code that
    others run, and an emulated one was seen to hang over it."""
    machine = VirtualTarget(smp=1) if target.has_hypervisor else target
    with Proxy(machine) as proxy:
        yield proxy
    if machine is not target:
        problems = machine.problems()
        machine.close()
        assert not problems


def allowed(allocator, world, cache):
    """Requests that are not refused, each of another size."""
    found = []
    for flags in (0, ZERO, NODE, NODE | ZERO):
        for gfp in GFPS:
            # above a page, kvmalloc() has flags of its own for its first try, and vmalloc()
            # takes pages that are charged to nobody in bulk, of which the trace has no line
            small = gfp & Gfp.NOFAIL or allocator in (VMALLOC, KVMALLOC)
            size = (SMALL if small else LARGE) + 8 * len(found)
            one = Request(allocator, SMALL if cache else size, gfp, flags, cache=cache)
            if not rules.refusals(one, world):
                found.append(one)
    return found


def lines(events, allocator, asked, queries):
    """The line of the trace for each request."""
    if allocator == CACHE:
        return [event for event in events if event.name.startswith("kmem_cache_alloc")
                and event.words["bytes_req"] == str(SMALL)]
    if allocator in (KMALLOC, KVMALLOC):
        by_size = {event.words["bytes_req"]: event for event in events
                   if event.name.startswith("kmalloc")}
        return [by_size[str(request.bytes)] for request in asked]
    by_frame = {int(event.words["pfn"], 16): event for event in events
                if event.name == "mm_page_alloc"}
    return [by_frame[query.phys // PAGE] for query in queries]


def comparable(gfp, allocator):
    """Without what vmalloc() does to the flags by itself; the node is not the trace's to tell."""
    gfp = implied(gfp) & ~Gfp.THISNODE
    if allocator == VMALLOC:
        gfp = (gfp | Gfp.NOWARN) & ~Gfp.NOFAIL  # it tries in bulk first, which may fail
        gfp = gfp & ~Gfp.HIGHUSER | Gfp.USER if gfp & Gfp.HIGHUSER else gfp
    return gfp & ~Gfp.COMP if allocator == PAGES_EXACT else gfp


@pytest.mark.parametrize("allocator", rules.ALLOCATORS.values(), ids=list(rules.ALLOCATORS))
def test_flags(device, cache, allocator):
    """Every flag that the driver says the kernel's function was given, it was given; no other."""
    asked = allowed(allocator, World(device.info()),
                    cache(SMALL, user=(0, 1)) if allocator == CACHE else 0)
    assert len(asked) > 30
    with traced(device.proxy) as end:
        done = device.try_many(abi.ALLOC, [one.argument() for one in asked])
        events = end()
    assert {result for result, _ in done} == {0}
    queries = device.query_many([made for _, made in done])
    told = lines(events, allocator, asked, queries)
    assert len(told) == len(asked)
    for request, query, event in zip(asked, queries, told):
        given = Gfp(query.gfp_used)
        if abi.text(query.function) in rules.ZEROING | {"vzalloc", "vzalloc_node"}:
            given |= Gfp.ZERO
        assert comparable(event.gfp, allocator) == comparable(given, allocator), request
        assert event.context == Context.PROCESS
    device.free_many(queries)


def counted(device, context):
    """The context that preempt_count() tells of."""
    return context if is_counted(device, context) else Context.PROCESS


@pytest.mark.parametrize("allocator", [KMALLOC, KVMALLOC, PAGES, PAGES_EXACT, CACHE],
                         ids=["kmalloc", "kvmalloc", "pages", "pages-exact", "cache"])
def test_contexts(device, cache, allocator):
    """The kernel's own word on where its function was called is the driver's."""
    ident = cache(SMALL, user=(0, 1)) if allocator == CACHE else 0
    asked = [Request(allocator, SMALL if ident else LARGE + 8 * number, gfp, 0, 0, context, ident)
             for number, (context, gfp) in enumerate(
                 (context, gfp) for context in Context for gfp in (Gfp.NOWAIT, Gfp.ATOMIC))]
    # in an interrupt not every kernel lets kvmalloc be asked for so much
    world = World(device.info())
    asked = [one._replace(bytes=one.bytes - LARGE + SMALL) if rules.refusals(one, world)
             else one for one in asked]
    assert not any(rules.refusals(one, world) for one in asked)
    with traced(device.proxy) as end:
        done = device.try_many(abi.ALLOC, [one.argument() for one in asked])
        events = end()
    assert {result for result, _ in done} == {0}
    queries = device.query_many([made for _, made in done])
    told = lines(events, allocator, asked, queries)
    assert [event.context for event in told] == [counted(device, request.context)
                                                 for request in asked]
    device.free_many(queries)


@pytest.mark.parametrize("context", Context, ids=lambda c: c.name.lower())
def test_frees(device, context):
    """So it is when memory is freed: kfree() was called there."""
    made = device.alloc_many(10, KMALLOC, SMALL)
    with traced(device.proxy) as end:
        device.free_many(made, context=context)
        events = end()
    callers = "kmalloc_free", "memlab_buffer_free_work", "memlab_work_here"  # by tail calls
    there = [event.context for event in events if event.name == "kfree"
             and event.words["call_site"].startswith(callers)]
    assert there == [counted(device, context)] * 10
