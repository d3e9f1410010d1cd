# SPDX-License-Identifier: GPL-2.0
"""The guest's kernel log, and what in it means trouble."""

import re

# What init writes just before it loads the payload's modules.
_WATCH = re.compile(r"vm: watching from taint (\d+)$")

_PROBLEM = re.compile(
    r"^(BUG|WARNING|Oops|UBSAN|KASAN|KFENCE|KCSAN|KMSAN)\b.*:"
    r"|^(Internal error: )?Oops\b"
    r"|^(general protection fault|double fault|divide error|stack segment|invalid opcode)\b"
    r"|^Unable to handle kernel|^kernel BUG at|^Kernel panic|^Bad page (state|map)"
    r"|^INFO: (task .* blocked|possible|trying to register|suspicious|lockdep|rcu)"
    r"|\brcu: INFO:|\bdetected (expedited )?stalls?\b|self-detected stall"
    r"|^(possible|inconsistent) .*(lock|deadlock)|^Possible unsafe locking"
    r"|soft lockup|hard LOCKUP|sleeping function called|scheduling while atomic"
    r"|page allocation failure|kmemleak: \d+ new suspected|DEBUG_LOCKS_WARN_ON"
    r"|list_(add|del) corruption|refcount_t: |usercopy: Kernel memory|\bcut here\b"
    r"|^(ODEBUG|Memory failure|NMI watchdog: Watchdog|watchdog: BUG)\b"
    r"|^ ?Call Trace:|^ *Call trace:", re.MULTILINE)

_TAINTS = ("P: proprietary module", "F: module was force loaded", "S: out of specification",
           "R: module was force unloaded", "M: machine check", "B: bad page",
           "U: user request", "D: oops or BUG", "A: ACPI table overridden", "W: warning",
           "C: staging driver", "I: firmware bug", "O: out-of-tree module",
           "E: unsigned module", "L: soft lockup", "K: live patch", "X: auxiliary",
           "T: struct randomization", "N: in-kernel test")
# Any module that is built outside the distribution sets these, and only these.
_ALLOWED_TAINT = 1 << 12 | 1 << 13


class KernelLog:
    """Lines in order; records come from the channel's thread."""

    def __init__(self):
        self._lines = []
        self.watch = 0      # the first line that is watched
        self.taint = 0      # the taint value there

    def __len__(self):
        return len(self._lines)

    def append(self, record):
        """Takes a record of /dev/kmsg."""
        if not record:
            self._lines.append("BUG: vm: kernel log records were lost")
            return
        # prefix;text, then lines of attributes that start with a space
        text = record.partition(b";")[2].split(b"\n", 1)[0].decode(errors="replace")
        text = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)
        if not self.watch and (match := _WATCH.match(text)):
            self.watch = len(self._lines) + 1
            self.taint = int(match[1])
        self._lines += text.split("\n")

    @property
    def state(self):
        """All of it, for resume()."""
        return [self._lines, self.watch, self.taint]

    def resume(self, state):
        """Begins with what another log had."""
        lines, self.watch, self.taint = state
        self._lines = [*lines, *self._lines]

    def since(self, index):
        """The lines from an index on."""
        return self._lines[index:]


def problems(lines):
    """Those of the lines that say that the kernel is in trouble."""
    return [line for line in lines if _PROBLEM.search(line)]


def taint_problems(before, after):
    """The taint bits that a module may not set, in words."""
    fresh = after & ~before & ~_ALLOWED_TAINT
    names = [_TAINTS[bit] if bit < len(_TAINTS) else f"bit {bit}"
             for bit in range(32) if fresh >> bit & 1]
    return [f"kernel tainted, {name}" for name in names]


def console_problems(text):
    """Like problems(), of a console log: lines with time stamps and carriage returns."""
    lines = [re.sub(r"^\[ *\d+\.\d+\] (\[[TC ]*\d+\] )?", "", line) for line in
             text.replace("\r", "").split("\n")]
    return problems(lines)
