#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The demonstration: one size, two allocators, and who confirms what the driver says."""

import argparse
import shlex
import sys
import time
from pathlib import Path

import witness
from device import Device
from fragmentation import fragmented
from proxy import Proxy
from subject import Existing
from target import BUILD, VirtualTarget
from vm import command, default_payload, need_programs

SIZE = "4M"
ALLOCATORS = ("kmalloc", "vmalloc")

# In the order in which they are asked; what each is to somebody who never heard of it.
WITNESSES = (
    (witness.pagemap, "pages", "/proc/self/pagemap of a program that has it mapped"),
    (witness.kpageflags, "pages", "/proc/kpageflags at the frames that the driver names"),
    (witness.mapping_bytes, "pages", "bytes the kernel wrote, read by a program, and back"),
    (witness.hypervisor_walk, "pages", "QEMU, walking the kernel's page tables from outside"),
    (witness.hypervisor_bytes, "pages", "QEMU, reading physical memory from outside"),
)

MEANING = """\
kmalloc gave one run of physical memory. A device without scatter-gather can use
it, and the kernel reaches it through the mapping of all memory, at no cost. But
such a run must exist: on a machine that has been up for long, it may not.

vmalloc gave the same size out of pages from anywhere, side by side only through
page tables made for it. It works while there are pages; each one costs a little.

Try it yourself:  make shell    then, for instance:  memlab try vmalloc 64M"""

REPORT = "/tmp/report.html"


def bold(text):
    """A heading."""
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def show(target, *argv):
    """Runs a command in the guest as a reader would, and prints both."""
    print(bold("$ " + shlex.join(argv)))
    # The report takes minutes where an emulator shares its processors.
    result = target.run(argv, timeout=1800)
    print((result.stdout + result.stderr).decode(), end="", flush=True)
    if result.returncode:
        sys.exit(f"demo: {shlex.join(argv)}: exit status {result.returncode}")


def ask_witnesses(target, device, ident):
    """Prints what each witness says of a buffer; whether all agree."""
    agreed = True
    with Existing(target, device, ident) as subject:
        pieces = len(subject.pieces())
        print("\nWho agrees with the driver?")
        for ask, unit, what in WITNESSES:
            verdict = ask(subject)
            good = verdict.compared == pieces and not verdict.complaints
            agreed &= good
            print(f"  {'yes' if good else 'NO '}  {verdict.compared} of {pieces} {unit}: {what}",
                  flush=True)
            for complaint in verdict.complaints[:5]:
                print(f"       {complaint}")
    return agreed


def story(target):
    """The whole of it; whether every witness agreed."""
    agreed = True
    with Proxy(target) as proxy, Device(proxy) as device, fragmented(target):
        print("To make it look like a machine that has been up for long, free memory was broken "
              "into\nsmall blocks (memlab frag).")
        for number, allocator in enumerate(ALLOCATORS, 1):
            print(bold(f"\n{number}. {SIZE[:-1]} MiB from {allocator}\n"))
            ident = int(target.run(["memlab", "-q", "alloc", allocator, SIZE]).stdout)
            show(target, "memlab", "layout", str(ident), "--map", "--limit", "4")
            agreed &= ask_witnesses(target, device, ident)
            target.run(["memlab", "free", str(ident)])
    print(bold("\nWhat it means\n"))
    print(MEANING)
    return agreed


def report(target, path):
    """Has the machine measure itself; where the page about it is."""
    print(bold("\nA page about this machine\n"))
    show(target, "memlab", "report", "-o", REPORT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(target.get(REPORT))
    return path


def main():
    """The demonstration; its exit status."""
    # The message comes last where both streams go to one file, too.
    sys.stdout.reconfigure(line_buffering=True)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", default=None, help="which kernel to boot")
    parser.add_argument("--report", type=Path, default=BUILD / "report.html",
                        help="where to put the page (default: %(default)s)")
    args = parser.parse_args()

    need_programs(args.kernel)
    print("Fetching a kernel (once) and building the driver for it ...", flush=True)
    default_payload(args.kernel)
    print("Booting a virtual machine ...", flush=True)
    begin = time.monotonic()
    target = VirtualTarget(kernel=args.kernel, mem="512M")
    try:
        booted = time.monotonic()
        print(f"Linux {target.release}, under QEMU ({target.machine.accel}), "
              f"after {booted - begin:.1f} s")
        agreed = story(target)
        page = report(target, args.report)
        problems = target.problems()
    finally:
        target.close()
    print(f"\nThe machine ran for {time.monotonic() - begin:.1f} s. The report is {page}:\n"
          "open it in a browser, or send it to somebody; it is one file.")
    for line in problems:
        print(f"demo: kernel log: {line}", file=sys.stderr)
    if not agreed:
        print("demo: a witness disagrees with the driver", file=sys.stderr)
    return 0 if agreed and not problems else 1


if __name__ == "__main__":
    sys.exit(command.status("demo", main))
