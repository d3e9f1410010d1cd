# SPDX-License-Identifier: GPL-2.0
"""Claims about kernel allocation, each upheld by witnesses other than the driver.

A witness must agree for every page of every buffer that is looked at. What `memlab verify`
lists has a test, here or elsewhere: see TESTS.
"""

import errno
import json
import re

import pytest

import abi
import facts
import test_advise
import test_caches
import test_claim_mutants
import test_context
import test_forms
import test_gfp
import test_limits
import test_probe
import test_resize
import test_stale_count
import test_trace
import test_verify
import test_verify_gfp
import witness
from fragmentation import fragmented, in_extents, smallest_safe
from percpu import short_lists
from running import until
from witness import page_flags

MAX = 4 << 20  # KMALLOC_MAX_SIZE of this kernel; test_kmalloc_max checks it
SMALL = (8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048)
WHOLE_PAGES = tuple(4096 << order for order in range(11))
ODD = (1, 100, 5000, 12345, 100001, MAX - 1)
VMALLOC_SIZES = (1, 4096, 12345, 1 << 20, 5 << 20)


def by_name(function):
    """How pytest names a witness."""
    return getattr(function, "__name__", None)


@pytest.fixture
def testify(target):
    """Hears a witness about a subject; skips where that witness cannot be."""
    def hear(who, one):
        if who in witness.OF_HYPERVISOR and not target.has_hypervisor:
            pytest.skip(f"needs TARGET=vm: {who.__name__} asks the hypervisor")
        who(one).demand(len(one.pieces()))
    return hear


@pytest.mark.parametrize("who", witness.WITH_MAPPING, ids=by_name)
@pytest.mark.parametrize("size", WHOLE_PAGES)
def test_kmalloc_contiguous(subject, testify, size, who):
    """kmalloc memory of whole pages is one run, virtually and physically."""
    one = subject(abi.KMALLOC, size)
    assert [(extent.offset, extent.length) for extent in one.extents] == [(0, size)]
    testify(who, one)


@pytest.mark.parametrize("who", witness.WITHOUT_MAPPING, ids=by_name)
@pytest.mark.parametrize("size", SMALL + ODD)
def test_kmalloc_contiguous_unmapped(subject, testify, size, who):
    """So is memory of every other size class, and of sizes between."""
    one = subject(abi.KMALLOC, size)
    assert [(extent.offset, extent.length) for extent in one.extents] == [(0, size)]
    testify(who, one)


def test_kmalloc_linear(target, hypervisor, subject):
    """One constant lies between kernel and physical addresses, on every page."""
    shifts = set()
    for size in SMALL + WHOLE_PAGES:
        one = subject(abi.KMALLOC, size)
        shifts.add(one.kernel_address - one.query.phys)
        witness.hypervisor_walk(one).demand(len(one.pieces()))
    assert len(shifts) == 1
    # the page tables say the same of addresses that no buffer owns
    shift = shifts.pop()
    first = min(start for places in facts.zones(target).values() for start, _ in places) >> 20
    others = [first + at << 20 for at in range(64, 512, 64)]
    assert hypervisor.gva2gpa_many([shift + at for at in others]) == others


@pytest.mark.parametrize("size, objects", [(64, 500), (512, 200), (4096, 64), (8192, 32)])
def test_kmalloc_slab(target, device, size, objects):
    """slabinfo counts the objects of the size class, and knows its size."""
    size = facts.kmalloc_class(target, size)
    name = facts.kmalloc_suffix(target, size)
    pattern = re.compile(rf"^kmalloc-(?:cg-)?{name}\s+(\d+)\s+(\d+)\s+(\d+)", re.MULTILINE)

    def counted():
        # free objects that are kept ready in sheaves count as in use, until they are put back
        target.run(["sh", "-c", f"for file in /sys/kernel/slab/kmalloc-*{name}/shrink; do"
                    " echo 1 >$file; done"])
        rows = pattern.findall(target.get("/proc/slabinfo").decode())
        assert {int(row[2]) for row in rows} == {size} or facts.red_zones(target)
        return sum(int(row[0]) for row in rows)
    sizes = facts.object_sizes(target)
    assert {sizes[one] for one in sizes if re.fullmatch(f"kmalloc-(cg-)?{name}", one)} == {size}

    def grown():
        before = counted()
        made = device.alloc_many(objects, abi.KMALLOC, size)
        assert {(one.backing, one.usable) for one in made} == {(abi.SLAB, size)}
        seen.append(counted() - before)
        device.free_many(made)
        return seen[-1] >= objects // 2
    seen = []
    # objects that lie ready on a CPU's own slab are counted already, and others free theirs
    until(grown, f"more than half of {objects} objects, but {seen}")


def test_kmalloc_backing(device):
    """Up to KMALLOC_MAX_CACHE_SIZE it is a slab, above it whole pages."""
    largest = device.info().kmalloc_max_cache_size
    for size, backing in ((1, abi.SLAB), (largest, abi.SLAB), (largest + 1, abi.LARGE),
                          (MAX, abi.LARGE)):
        made = device.alloc(abi.KMALLOC, size)
        assert made.backing == backing
        device.free(made.id)


@pytest.mark.parametrize("allocator, size", [(abi.KMALLOC, MAX), (abi.VMALLOC, 16 * MAX)],
                         ids=["kmalloc", "vmalloc"])
def test_freed(target, device, allocator, size):
    """The frames of a freed buffer are the page allocator's again."""
    made = device.alloc(allocator, size)
    frames = [extent.phys + at for extent in device.layout(made.id)
              for at in range(0, extent.length, 4096)]
    assert not any(word & witness.BUDDY for word in page_flags(device.proxy, frames))
    with short_lists(target):
        device.free(made.id)
    free = sum(1 for word in page_flags(device.proxy, frames) if word & witness.BUDDY)
    assert free > len(frames) // 2


def test_kmalloc_max(target, device, subject):
    """The largest size succeeds, one byte more fails, and the kernel stays calm."""
    assert device.info().kmalloc_max_size == MAX
    assert subject(abi.KMALLOC, MAX).buffer.usable == MAX
    mark = target.log_mark()
    with pytest.raises(OSError) as caught:
        device.alloc(abi.KMALLOC, MAX + 1)
    assert caught.value.errno == errno.ERANGE
    assert target.log_since(mark) == []


@pytest.mark.parametrize("who", (witness.vmallocinfo,) + witness.WITH_MAPPING, ids=by_name)
@pytest.mark.parametrize("size", VMALLOC_SIZES)
def test_vmalloc_virtual(subject, testify, size, who):
    """vmalloc memory is one run of kernel addresses that begins at a page."""
    one = subject(abi.VMALLOC, size)
    assert one.kernel_address % 4096 == 0
    testify(who, one)


def test_vmalloc_page_tables(hypervisor, subject, device):
    """Two kernel addresses, direct map and vmalloc area, reach each page."""
    one, other = subject(abi.VMALLOC, 1 << 20), subject(abi.KMALLOC, 4096)
    shift = other.kernel_address - other.query.phys
    direct = [shift + piece.phys for piece in one.pieces()]
    through = [one.kernel_address + piece.offset for piece in one.pieces()]
    assert not set(direct) & set(through)
    found = hypervisor.gva2gpa_many(direct + through)
    assert found[:len(direct)] == found[len(direct):] == [piece.phys for piece in one.pieces()]
    assert len(set(found)) == 256
    # the area ends where the page tables do
    assert hypervisor.gva2gpa(one.kernel_address + (1 << 20)) is None
    device.fill(one.buffer.id, 3)


@pytest.mark.parametrize("times, who", [(16, witness.vmallocinfo), *((4, who) for who in (
    witness.pagemap, witness.kpageflags, witness.mapping_bytes, witness.kcore,
    witness.hypervisor_walk, witness.hypervisor_bytes))], ids=by_name)
def test_vmalloc_large(subject, testify, times, who):
    """vmalloc serves sizes far above kmalloc's largest; witnesses of single pages look at 4096."""
    one = subject(abi.VMALLOC, times * MAX)
    assert sum(extent.length for extent in one.extents) == times * MAX
    testify(who, one)


@pytest.mark.parametrize("who", (witness.vmallocinfo,) + witness.WITH_MAPPING, ids=by_name)
def test_vmalloc_scattered(scattered, testify, who):
    """vmalloc memory need not be contiguous physically: here it is not."""
    one = scattered(2 << 20)
    assert len(one.extents) >= 32
    testify(who, one)


def test_kmalloc_usable(target, device):
    """A small object has the size of its class, a large one that of its block."""
    classes = sorted(set(facts.object_sizes(target).values()))
    assert classes[-1] == device.info().kmalloc_max_cache_size
    sizes = sorted({size + by for size in classes for by in (-1, 0, 1)} | set(range(1, 200, 7)))
    for size in sizes:
        made = device.alloc(abi.KMALLOC, size)
        block = 4096 << (-(-size // 4096) - 1).bit_length()
        assert made.usable == next((one for one in classes if one >= size), block)
        device.free(made.id)


def aligned_as_seen(hypervisor, device, size, count, align):
    """Whether objects are aligned, by their addresses and by what the page tables lead to."""
    made = device.alloc_many(count, abi.KMALLOC, size)
    queries = device.query_many(made)
    device.fill_many(made, size)
    seen = hypervisor.gva2gpa_many([query.kernel_address for query in queries[:4]])
    assert seen == [query.phys for query in queries[:4]]
    assert all(query.kernel_address % align == 0 for query in queries), (size, align)
    assert all(phys % min(align, 4096) == 0 for phys in seen)
    device.free_many(made)


def test_kmalloc_minalign(hypervisor, device):
    """Every address is aligned to ARCH_KMALLOC_MINALIGN at least."""
    least = device.info().kmalloc_minalign
    assert least >= 8
    for size in (1, 3, 7, 9, 17, 33, 65, 97, 129, 193, 1000, 3000, 5000, 9000):
        aligned_as_seen(hypervisor, device, size, 40, least)


def test_kmalloc_pow2_align(hypervisor, device):
    """A power of two is aligned to itself."""
    for shift in range(3, 23):
        aligned_as_seen(hypervisor, device, 1 << shift, 40 if shift < 13 else 2, 1 << shift)


def test_kmalloc_divisor_align(hypervisor, device):
    """So are other sizes to the largest power of two that divides them, on these kernels."""
    for size in (24, 40, 48, 80, 96, 112, 160, 192, 224, 384, 640, 1536, 3072, 6144, 12288):
        aligned_as_seen(hypervisor, device, size, 40 if size < 4096 else 8, size & -size)


def test_kvmalloc_fallback(hypervisor, subject):
    """In fragmented memory kvmalloc() falls back far below KMALLOC_MAX_SIZE, in many extents."""
    for size in (65536, 1 << 20):
        assert subject(abi.KVMALLOC, size).query.backing == abi.LARGE
    with fragmented(hypervisor, "--order", smallest_safe(hypervisor)):
        for size in (65536, 1 << 20):
            # blocks that are left are used up, and 16 pages may be neighbors
            one = in_extents(
                lambda size=size: subject(abi.KVMALLOC, size), lambda one: len(one.extents) if
                one.query.backing == abi.VMALLOC_BACKING else 0, 2, 1000)
            for who in (witness.vmallocinfo, witness.pagemap, witness.kpageflags,
                        witness.hypervisor_walk, witness.hypervisor_bytes):
                who(one).demand(len(one.pieces()))


# The tests of each claim: witnesses from outside, or, after these or where there can be none,
# the verdict of `memlab verify`, of which it is known that a fault of the driver changes it.
VERDICT = (test_verify.test_verdicts, test_claim_mutants.test_honest, test_claim_mutants.test_fault)
TESTS = {
    "kmalloc-contiguous": (test_kmalloc_contiguous, test_kmalloc_contiguous_unmapped),
    "kmalloc-linear": (test_kmalloc_linear,),
    "vmalloc-virtual": (test_vmalloc_virtual,),
    "vmalloc-scattered": (test_vmalloc_scattered,),
    "vmalloc-page-tables": (test_vmalloc_page_tables,),
    "kmalloc-max": (test_kmalloc_max,),
    "vmalloc-large": (test_vmalloc_large,),
    "kmalloc-faster": VERDICT,
    "kmalloc-slab": (test_kmalloc_slab, test_forms.test_cache_name),
    "kmalloc-large-buddy": (test_kmalloc_backing, test_kmalloc_contiguous, test_freed),
    "vmalloc-buddy": (test_vmalloc_virtual, test_freed,
                      test_forms.test_usable_is_all_that_is_taken),
    "kmalloc-atomic": (test_trace.test_contexts, test_context.test_served),
    "vmalloc-sleeps": (test_context.test_vmalloc_atomic, *VERDICT),
    "kzalloc-zero": (test_stale_count.test_zeroing_forms,),
    "array-overflow": (test_probe.test_array_size, test_probe.test_array3_size,
                       test_probe.test_struct_size, test_forms.test_overflow),
    "kmalloc-minalign": (test_kmalloc_minalign,),
    "kmalloc-pow2-align": (test_kmalloc_pow2_align,),
    "kmalloc-divisor-align": (test_kmalloc_divisor_align,),
    "kmalloc-usable": (test_kmalloc_usable,),
    "kmalloc-zero-size": (test_probe.test_kmalloc_zero,),
    "krealloc-keeps": (test_resize.test_steps, test_resize.test_in_place),
    "krealloc-array-overflow": (test_resize.test_overflow,),
    "pages-order": (test_forms.test_pages_order, test_forms.test_witnesses),
    "pages-exact": (test_forms.test_pages_exact, test_forms.test_witnesses),
    "kvmalloc-fallback": (test_kvmalloc_fallback, test_forms.test_witnesses),
    "kvmalloc-small": (test_forms.test_kvmalloc_small,),
    "kvmalloc-gfp": (test_gfp.test_combinations, test_forms.test_kvmalloc_without_sleeping,
                     test_trace.test_flags),
    "kvfree-any": (test_forms.test_kvfree,),
    "cache-identical": (test_caches.test_objects,),
    "cache-usercopy": (test_caches.test_usercopy, test_caches.test_kernel_knows_usercopy),
    "cache-destroy": (test_caches.test_busy, test_caches.test_name_in_slabinfo),
    "gfp-zero": (test_stale_count.test_zeroing_forms, test_trace.test_flags),
    "gfp-nowait": (test_trace.test_flags, *VERDICT),
    "gfp-noretry": (test_trace.test_flags, *VERDICT),
    "gfp-retry-mayfail": (test_trace.test_flags, *VERDICT),
    "gfp-nowarn": (test_trace.test_flags, test_verify_gfp.test_nowarn_provoked),
    "gfp-high": (test_trace.test_flags, *VERDICT),
    "gfp-nofail": (test_trace.test_flags, *VERDICT),
    "gfp-account": (test_limits.test_cgroup_charged, test_limits.test_cgroup_not_charged),
    "gfp-dma32": (test_gfp.test_dma32, test_verify_gfp.test_dma32),
    "advice": (test_advise.test_case, test_verify.test_verdicts),
}


def test_every_claim_has_a_test(target):
    """What `memlab verify` claims is tested, all of it."""
    listed = json.loads(target.run(["memlab", "verify", "--list", "-j"]).stdout)
    assert [claim["id"] for claim in listed] == list(TESTS)
    for claim, tests in TESTS.items():
        assert tests and all(test.__name__.startswith("test_") for test in tests)
        if tests[-len(VERDICT):] == VERDICT:
            assert claim in test_claim_mutants.CLAIMS
