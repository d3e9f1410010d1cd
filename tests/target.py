# SPDX-License-Identifier: GPL-2.0
"""Where the driver under test is loaded: a virtual machine, or this computer."""

import contextlib
import os
import re
import subprocess
from pathlib import Path

from vm import Machine

BUILD = Path(os.environ.get("BUILD") or Path(__file__).parents[1] / "build").absolute()
# Hang guard in seconds, not a measure: at least ten times what a command takes on a busy host.
PATIENCE = 600
# Names the folder for snapshots of machines, as for vm/run.
SNAPSHOTS = "VM_SNAPSHOTS"
USERS = {"root": 0, "alice": 1000, "bob": 1001}
# What a healthy kernel never says; the virtual machine has a longer list.
TROUBLE = re.compile(r"\b(BUG|WARNING|Oops|KASAN|UBSAN|lockdep|Call Trace|Bad page)\b"
                     r"|general protection|possible .*lock|page allocation failure"
                     r"|refcount_t|blocked for more|stalls? on CPU|cut here", re.IGNORECASE)


class Unusable(RuntimeError):
    """What was wrong with a target before any test."""


class VirtualTarget:
    """A virtual machine that was booted for the tests."""

    has_hypervisor = True

    def __init__(self, **options):
        self.machine = Machine(
            **{"kernel": os.environ.get("KERNEL"), "mem": "1G",
               "boot_timeout": PATIENCE, "snapshots": os.environ.get(SNAPSHOTS), **options})
        self.release = self.machine.release
        self.boot_problems = self.machine.problems()

    def close(self):
        """Ends the machine."""
        self.machine.close()

    def __getattr__(self, name):
        # spawn, put, get, log_*, problems, gva2gpa_many, read_physical_many
        return getattr(self.machine, name)

    def run(self, argv, input=b"", timeout=PATIENCE, **options):
        """Runs a command to its end."""
        # pylint: disable=redefined-builtin # the name that subprocess.run has
        return self.machine.run(argv, input, timeout, **options)

    def module_line(self):
        """Path of the module file, and its parameters."""
        return self.machine.get("/etc/modules").decode().split("\n", maxsplit=1)[0].split()


class LocalProcess(subprocess.Popen):
    """A process of this computer with the methods of one in the machine."""

    def __init__(self, argv, user):
        uid = USERS.get(user, user) or 0
        super().__init__(
            argv, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, user=uid, group=uid, extra_groups=[])

    def write(self, data):
        """Writes all of it, if the process still reads."""
        view = memoryview(data)
        try:
            while view:
                view = view[self.stdin.write(view):]
        except BrokenPipeError:
            pass

    def read(self, count, timeout=None):
        """Exactly count bytes; fewer only at the end."""
        # pylint: disable=unused-argument # that of a process in the machine has it
        data = b""
        while len(data) < count and (piece := self.stdout.read(count - len(data))):
            data += piece
        return data

    def readline(self, timeout=None):
        """A line; empty at the end."""
        # pylint: disable=unused-argument # that of a process in the machine has it
        return self.stdout.readline()

    def stderr_so_far(self):
        """What it said; waits for its end."""
        return self.stderr.read()

    def signal(self, number):
        """Sends a signal."""
        self.send_signal(number)

    def close_stdin(self):
        """Lets it see the end of its standard input."""
        self.stdin.close()


class LocalTarget:
    """This computer, with the module loaded by whoever runs the tests."""

    has_hypervisor = False

    def __init__(self):
        if os.geteuid() != 0:
            raise RuntimeError("TARGET=local needs root")
        if not os.path.exists("/dev/memlab"):
            raise RuntimeError("TARGET=local: there is no /dev/memlab; load the module first")
        os.environ["PATH"] = f"{BUILD / 'guest' / 'bin'}:{BUILD / 'tools'}:{os.environ['PATH']}"
        self.release = os.uname().release
        self.boot_problems = []

    def close(self):
        """Leaves the module as it was found."""

    def run(self, argv, input=b"", user=None, timeout=PATIENCE):
        """Runs a command to its end."""
        # pylint: disable=redefined-builtin # the name that subprocess.run has
        uid = USERS.get(user, user) or 0
        return subprocess.run(argv, input=input, user=uid, group=uid, extra_groups=[],
                              timeout=timeout, capture_output=True, check=False)

    def spawn(self, argv, user=None):
        """Starts a command."""
        return LocalProcess(argv, user)

    def put(self, data, path, mode=0o644):
        """Writes a file."""
        Path(path).write_bytes(data)
        os.chmod(path, mode)

    def get(self, path):
        """Reads a file."""
        return Path(path).read_bytes()

    def log_mark(self):
        """This moment in the kernel log."""
        return len(self._log()), self._taint()

    def log_since(self, mark):
        """The lines since then."""
        return self._log()[mark[0]:]

    def problems(self, mark):
        """Lines that tell of trouble since then, and new taint."""
        return self.examine(mark)[0]

    def examine(self, mark):
        """(problems(mark), log_since(mark), log_mark()), as of one moment."""
        lines, tainted = self._log(), self._taint()
        log = lines[mark[0]:]
        found = [line for line in log if TROUBLE.search(line)]
        if tainted & ~mark[1]:
            found.append(f"kernel tainted: {mark[1]:#x} before, {tainted:#x} now")
        return found, log, (len(lines), tainted)

    @staticmethod
    def verdict():
        """Every test has asked already."""
        return []

    @staticmethod
    def _taint():
        return int(Path("/proc/sys/kernel/tainted").read_text("ascii"))

    @staticmethod
    def _log():
        return subprocess.run(["dmesg"], capture_output=True, check=True,
                              text=True, errors="replace").stdout.splitlines()

    def module_line(self):
        """Path of the module file."""
        return [str(BUILD / "module" / self.release / "driver" / "memlab.ko")]


def _open_target(options):
    kind = os.environ.get("TARGET", "vm")
    if kind == "vm":
        return VirtualTarget(**options)
    if kind == "local":
        return LocalTarget()
    raise RuntimeError(f"TARGET={kind}: must be vm or local")


@contextlib.contextmanager
def opened(**options):
    """The target that the environment asks for; a virtual machine has these options.

    Unusable if something is wrong with it before, RuntimeError if something is afterwards.
    """
    with_driver = _open_target(options)
    if with_driver.boot_problems:
        raise Unusable("\n".join(with_driver.boot_problems))
    yield with_driver
    problems = with_driver.verdict()
    with_driver.close()
    if problems:
        raise RuntimeError("\n".join(problems))
