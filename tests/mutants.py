# SPDX-License-Identifier: GPL-2.0
"""Drivers that lie: a copy of the driver with faults that are switched on by number.

Every fault is a replacement of a text that must occur exactly once in its file.
The module parameter `mutant` says which one is at work; 0 is the honest driver.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

from building import make

ROOT = Path(__file__).resolve().parents[1]


class Mutant(NamedTuple):
    """A fault: in `file`, `old` becomes `new`, where FAULT says that it is at work."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = (
    Mutant("wrong_frame", "layout.c", ".phys = page_to_phys(page) + in_page,",
           ".phys = page_to_phys(page) + in_page + (FAULT ? PAGE_SIZE : 0),"),
    Mutant("reversed_mapping", "mmap.c",
           "page = buf->ops->page(buf, (u64)(vmf->pgoff - buf->cookie.start) << PAGE_SHIFT);",
           "page = buf->ops->page(buf, (u64)(FAULT ? buf->cookie.last - vmf->pgoff :"
           " vmf->pgoff - buf->cookie.start) << PAGE_SHIFT);"),
    Mutant("one_extent", "layout.c", "if (buf->ops->linear)\n\t\tend = buf->bytes;",
           "if (buf->ops->linear || FAULT)\n\t\tend = buf->bytes;"),
    Mutant("wrong_backing", "allocators/kmalloc.c", "memlab_is_slab(buf->addr) ?",
           "!memlab_is_slab(buf->addr) == FAULT ?"),
    Mutant("wrong_kernel_address", "request.c", "arg->kernel_address = (unsigned long)buf->addr;",
           "arg->kernel_address = (unsigned long)buf->addr + (FAULT ? PAGE_SIZE : 0);"),
    Mutant("always_right", "pattern.c", "if (wrong < to) {", "if (wrong < to && !FAULT) {"),
    Mutant("lazy_fill", "pattern.c", "\tmemlab_pattern_fill(buf->addr,",
           "\tif (!FAULT)\n\t\t\t\tmemlab_pattern_fill(buf->addr,"),
    Mutant("not_cleared", "content.c", "if (!buf->cleared) {", "if (!buf->cleared && !FAULT) {"),
    Mutant("tail_not_cleared", "content.c", "\t\t\tmemlab_clear_tail(buf->addr",
           "\t\t\tif (!FAULT)\n\t\t\t\tmemlab_clear_tail(buf->addr"),
    Mutant("for_everyone", "table.c", "return READ_ONCE(buf->file) ==",
           "return FAULT || READ_ONCE(buf->file) =="),
    Mutant("phys_for_everyone", "info.c",
           "return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);",
           "return FAULT || ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);"),
    Mutant("leak", "quota.c", "memlab_total_bytes -= buf->charged;",
           "memlab_total_bytes -= FAULT ? 0 : buf->charged;"),
)
NUMBERS = {mutant.name: number for number, mutant in enumerate(MUTANTS, start=1)}
PARAMETER = "/sys/module/memlab/parameters/mutant"


def replace_once(path, old, new):
    """Replaces a text that must be there exactly once."""
    text = path.read_text("ascii")
    if text.count(old) != 1:
        raise ValueError(f"{path.name}: {text.count(old)} times instead of once: {old!r}")
    path.write_text(text.replace(old, new), "ascii")


def build(headers, directory):
    """Builds the module with all faults in it; returns its file."""
    for name in ("driver", "uapi"):
        shutil.copytree(ROOT / name, directory / name)
    driver = directory / "driver"
    replace_once(driver / "memlab.h", "#include <uapi/linux/memlab.h>\n",
                 "#include <uapi/linux/memlab.h>\n\nextern int memlab_mutant;\n")
    replace_once(driver / "main.c", "static int __init memlab_init",
                 "int memlab_mutant;\nmodule_param_named(mutant, memlab_mutant, int, 0600);\n\n"
                 "static int __init memlab_init")
    for mutant in MUTANTS:
        fault = f"(READ_ONCE(memlab_mutant) == {NUMBERS[mutant.name]})"
        replace_once(driver / mutant.file, mutant.old, mutant.new.replace("FAULT", fault))
    make(headers, f"M={driver}", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")
    return driver / "memlab.ko"


def payload(tree, module, directory):
    """A copy of a payload with another module."""
    shutil.copytree(tree, directory, symlinks=True)
    line, = [line for line in (directory / "etc/modules").read_text("ascii").splitlines()
             if line.split()[0].endswith("/memlab.ko")]
    shutil.copy(module, directory / line.split()[0].lstrip("/"))
    return directory
