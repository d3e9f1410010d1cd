# SPDX-License-Identifier: GPL-2.0
"""Drivers that lie: a copy of the driver with faults that are switched on by number.

Every fault is a replacement of a text that must occur exactly once in its file.
The module parameter `mutant` says which one is at work; 0 is the honest driver.
"""

from typing import NamedTuple

from patched import replace_once


class Mutant(NamedTuple):
    """A fault: in `file`, `old` becomes `new`, where FAULT says that it is at work."""

    name: str
    file: str
    old: str
    new: str


def _other_flags(name, when, what):
    """The allocator is given other flags than those that gfp_used tells of."""
    loop = "\tfor (; used; used &= used - 1)\n"
    return Mutant(name, "gfp.c", loop, f"\tif (FAULT && {when})\n\t\t{what};\n{loop}")


# What the driver says of a buffer
REPORTS = (
    Mutant("wrong_frame", "layout.c", "extent->phys = PFN_PHYS(pfn) + in_page;",
           "extent->phys = PFN_PHYS(pfn) + in_page + (FAULT ? PAGE_SIZE : 0);"),
    Mutant("reversed_mapping", "populate.c",
           "pages = min_t(unsigned long, PART, (vma->vm_end - addr) >> PAGE_SHIFT);",
           "pages = FAULT ? 1 : min_t(unsigned long, PART, (vma->vm_end - addr) >> PAGE_SHIFT);"
           "\n\t\tif (FAULT)\n\t\t\toffset = vma->vm_end - addr - PAGE_SIZE;"),
    Mutant("one_extent", "layout.c",
           "if (memlab_backing_linear(walk->buf)) {\n\t\tmemlab_layout_linear(",
           "if (memlab_backing_linear(walk->buf) || FAULT) {\n\t\tmemlab_layout_linear("),
    Mutant("not_contiguous", "layout.c", "if (extent_count == 1)",
           "if ((extent_count == 1) != FAULT)"),
    Mutant("wrong_backing", "allocators/kmalloc.c", "memlab_is_slab(buf->addr) ?",
           "!memlab_is_slab(buf->addr) == FAULT ?"),
    Mutant("other_way", "request.c",
           "arg->allocator = buf->allocator;\n\targ->backing = buf->backing;",
           "arg->allocator = buf->allocator;\n\targ->backing ="
           " FAULT && buf->backing == MEMLAB_BACKING_VMALLOC ? MEMLAB_BACKING_LARGE :"
           " buf->backing;"),
    Mutant("wrong_kernel_address", "request.c", "arg->kernel_address = (unsigned long)buf->addr;",
           "arg->kernel_address = (unsigned long)buf->addr + (FAULT ? PAGE_SIZE : 0);"),
    Mutant("wrong_usable", "allocators/kmalloc.c", "buf->usable = ksize(buf->addr);",
           "buf->usable = ksize(buf->addr) + (FAULT ? 8 : 0);"),
    Mutant("half_the_max", "info.c", ".kmalloc_max_size = KMALLOC_MAX_SIZE,",
           ".kmalloc_max_size = KMALLOC_MAX_SIZE / (FAULT ? 2 : 1),"),
    Mutant("times_swapped", "bench_run.c", "\trun->result.elapsed = ktime_get_ns() - start;\n",
           "\trun->result.elapsed = ktime_get_ns() - start;\n\tif (FAULT)\n"
           "\t\trun->result.nanoseconds = run->buf.ops == &memlab_vmalloc ?"
           " run->result.operations : 100 * run->result.operations;\n"),
    Mutant("no_stale", "content.c", "*stale += !!READ_ONCE(", "*stale += !FAULT && READ_ONCE("),
)
# What it does to the content, and who may
CONTENT = (
    Mutant("always_right", "pattern.c", "if (wrong < to) {", "if (wrong < to && !FAULT) {"),
    Mutant("lazy_fill", "pattern.c", "\tmemlab_pattern_fill(buf->addr,",
           "\tif (!FAULT)\n\t\t\t\tmemlab_pattern_fill(buf->addr,"),
    Mutant("not_cleared", "content.c", "if (!buf->cleared) {", "if (!buf->cleared && !FAULT) {"),
    Mutant("tail_not_cleared", "content.c", "\t\t\tmemlab_clear_tail(buf->addr",
           "\t\t\tif (!FAULT)\n\t\t\t\tmemlab_clear_tail(buf->addr"),
    Mutant("growth_not_cleared", "resize.c", "buf->cleared_to = arg->kept;",
           "buf->cleared_to = FAULT ? buf->bytes : arg->kept;"),
    Mutant("resize_loses", "resize.c", "buf->addr = work->addr;",
           "buf->addr = work->addr;\n\tif (FAULT)\n\t\t*(u8 *)buf->addr += 1;"),
    Mutant("usercopy_unchecked", "content.c", "\t\terr = -EOPNOTSUPP;",
           "\t\terr = FAULT ? 0 : -EOPNOTSUPP;"),
    Mutant("for_everyone", "owner.c", "return READ_ONCE(owner->file) ==",
           "return FAULT || READ_ONCE(owner->file) =="),
    Mutant("phys_for_everyone", "info.c",
           "return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);",
           "return FAULT || ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);"),
)
# What it asks of the kernel
CALLS = (
    Mutant("unzeroed_kzalloc", "allocators/kmalloc.c", "return kzalloc(shape->bytes, gfp);",
           "return FAULT ? kmalloc(shape->bytes, gfp) : kzalloc(shape->bytes, gfp);"),
    Mutant("unzeroed_kcalloc", "allocators/kmalloc.c",
           "return kcalloc(shape->count, shape->element_bytes, gfp);",
           "return kmalloc_array(shape->count, shape->element_bytes,"
           " gfp | (FAULT ? 0 : __GFP_ZERO));"),
    Mutant("unzeroed_kvzalloc", "allocators/kvmalloc.c", "return kvzalloc(shape->bytes, gfp);",
           "return FAULT ? kvmalloc(shape->bytes, gfp) : kvzalloc(shape->bytes, gfp);"),
    Mutant("no_gfp_zero", "gfp.c", "gfp |= memlab_gfp_bits[__ffs64(used)];",
           "gfp |= memlab_gfp_bits[__ffs64(used)] & ~(FAULT ? __GFP_ZERO : 0);"),
    Mutant("no_gfp_account", "buffer.c", "memlab_gfp(buf->gfp_used)",
           "memlab_gfp(buf->gfp_used & ~(FAULT ? (u64)MEMLAB_GFP_ACCOUNT : 0))"),
    Mutant("no_mayfail", "gfp.c", "u64 refused = gfp & buf->ops->gfp_refused;",
           "u64 refused = gfp & (buf->ops->gfp_refused |"
           " (FAULT ? MEMLAB_GFP_RETRY_MAYFAIL : 0));"),
    _other_flags("always_account", "!(used & MEMLAB_GFP_ACCOUNT)", "used |= MEMLAB_GFP_ACCOUNT"),
    _other_flags("nowait_reclaims", "used & MEMLAB_GFP_NOWAIT", "gfp |= GFP_KERNEL"),
    _other_flags("noretry_retries", "used & MEMLAB_GFP_NORETRY",
                 "used ^= MEMLAB_GFP_NORETRY | MEMLAB_GFP_RETRY_MAYFAIL"),
    _other_flags("mayfail_gives_up", "used & MEMLAB_GFP_RETRY_MAYFAIL",
                 "used ^= MEMLAB_GFP_NORETRY | MEMLAB_GFP_RETRY_MAYFAIL"),
    _other_flags("no_gfp_high", "used & MEMLAB_GFP_HIGH", "used ^= MEMLAB_GFP_HIGH"),
    _other_flags("no_gfp_nofail", "used & MEMLAB_GFP_NOFAIL", "used ^= MEMLAB_GFP_NOFAIL"),
    _other_flags("no_gfp_nowarn", "used & MEMLAB_GFP_NOWARN", "used ^= MEMLAB_GFP_NOWARN"),
    _other_flags("no_gfp_dma32", "used & MEMLAB_GFP_DMA32", "used ^= MEMLAB_GFP_DMA32"),
    Mutant("misaligned", "allocators/kmalloc.c", "return kmalloc(shape->bytes, gfp);",
           "return kmalloc(shape->bytes + (FAULT ? 8 : 0), gfp);"),
    Mutant("cache_misaligned", "cache.c", "cache->align = arg->align;",
           "cache->align = FAULT ? 0 : arg->align;"),
    Mutant("less_declared", "cache_make.c", "cache->user_bytes, NULL);",
           "FAULT ? 1 : cache->user_bytes, NULL);"),
    Mutant("array_wraps", "allocators/kmalloc.c",
           "return kmalloc_array(shape->count, shape->element_bytes, gfp);",
           "return FAULT ? kmalloc(shape->count * shape->element_bytes ?: 8, gfp) :"
           " kmalloc_array(shape->count, shape->element_bytes, gfp);"),
    Mutant("resized_array_wraps", "allocators/kmalloc.c",
           "return krealloc_array(buf->addr, shape->count, shape->element_bytes, gfp);",
           "return FAULT ? krealloc(buf->addr, shape->count * shape->element_bytes ?: 8, gfp) :"
           " krealloc_array(buf->addr, shape->count, shape->element_bytes, gfp);"),
    Mutant("array_size_wraps", "probe.c", "arg->result = array_size(arg->a, arg->b);",
           "arg->result = FAULT ? arg->a * arg->b : array_size(arg->a, arg->b);"),
    Mutant("kmalloc_zero_null", "probe.c", "arg->result = memlab_probe_kmalloc_zero();",
           "arg->result = FAULT ? 0 : memlab_probe_kmalloc_zero();"),
    Mutant("tail_kept", "allocators/pages_exact.c", "return alloc_pages_exact(buf->bytes, gfp);",
           "return alloc_pages_exact(FAULT ? PAGE_SIZE << get_order(buf->bytes) : buf->bytes,"
           " gfp);"),
    Mutant("context_faked", "context.c", "\tswitch (context) {\n",
           "\tif (FAULT && context) {\n\t\tmemlab_work_here(work, data, seen, 0);\n"
           "\t\tseen->flags = context == MEMLAB_CONTEXT_ATOMIC ?"
           " MEMLAB_SEEN_TASK | MEMLAB_SEEN_LOCKED : context == MEMLAB_CONTEXT_SOFTIRQ ?"
           " MEMLAB_SEEN_SOFTIRQ : MEMLAB_SEEN_HARDIRQ | MEMLAB_SEEN_IRQS_OFF;\n"
           "\t\treturn;\n\t}\n\tswitch (context) {\n"),
    Mutant("kvfree_leaks", "buffer.c", "\t\tkvfree(buf->addr);", "\t\tkvfree(FAULT ? NULL :"
           " buf->addr);"),
    Mutant("vmalloc_not_refused", "context.c",
           "if (buf->ops == &memlab_vmalloc && !memlab_context_takes_vmalloc(context)) {",
           "if (buf->ops == &memlab_vmalloc && !memlab_context_takes_vmalloc(context) &&"
           " !FAULT) {"),
    Mutant("busy_cache_goes", "cache.c", "else if (cache->objects)",
           "else if (cache->objects && !FAULT)"),
    Mutant("leak", "quota.c", "memlab_total_bytes -= charge->bytes;",
           "memlab_total_bytes -= FAULT ? 0 : charge->bytes;"),
)
MUTANTS = REPORTS + CONTENT + CALLS
NUMBERS = {mutant.name: number for number, mutant in enumerate(MUTANTS, start=1)}
PARAMETER = "/sys/module/memlab/parameters/mutant"


def add(directory):
    """Puts all faults into a copy of the sources."""
    driver = directory / "driver"
    replace_once(driver / "main.c", "static int __init memlab_init",
                 "int memlab_mutant;\nmodule_param_named(mutant, memlab_mutant, int, 0600);\n\n"
                 "static int __init memlab_init")
    for mutant in MUTANTS:
        fault = f"(READ_ONCE(memlab_mutant) == {NUMBERS[mutant.name]})"
        replace_once(driver / mutant.file, mutant.old, mutant.new.replace("FAULT", fault))
    # Not in a header of all: only these files are compiled again.
    for file in sorted({mutant.file for mutant in MUTANTS}):
        path = driver / file
        path.write_text(f"extern int memlab_mutant;\n{path.read_text('ascii')}", "ascii")
