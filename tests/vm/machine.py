# SPDX-License-Identifier: GPL-2.0
"""A virtual machine that boots a kernel and runs commands in it."""

import dataclasses
import functools
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
import weakref
from pathlib import Path

from . import accel as accelerators
from . import debian, initramfs, kernellog, kernels, programs, qemu
from .channel import Channel
from .errors import VmError, VmTimeout
from .monitor import Monitor
from .payload import default_payload
from .process import PATIENCE
from .snapshot import Snapshot

_PROGRAMS = ("busybox", "dash", "gcc", "kmod", "readelf", "setpriv")
# QEMU 7.2, emulating two processors, was seen to crash during a boot.
_BOOTS = 3
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT)
_CONSOLE_TAIL = 40
_KMEMLEAK = "/sys/kernel/debug/kmemleak"
_SCAN_SECONDS = 300
# Of QEMU's "info registers -a": which processor, what it runs, and whether it is halted.
_WHERE = re.compile(r"^(?:CPU#\d+|[ER]IP=.*| *PC=\S+.*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Result:
    """How a command ended; returncode is -N when signal N killed it."""

    returncode: int
    stdout: bytes
    stderr: bytes


@dataclasses.dataclass(frozen=True)
class LogMark:
    """A moment in the guest's kernel log."""

    line: int
    taint: int


class Machine:
    """Booted by the constructor, gone with close(), `with`, or the interpreter.

    payload is a folder, None for what the payload hook makes. With `shell`, a
    kernel command line value for init, the console is standard input and output.
    In the folder `snapshots`, emulated machines are kept that have booted, and the next
    ones like them start from there. Emulated processors run in parallel or take turns, as
    `parallel` says; None: as qemu.are_enough() does. Any thread may call any method.
    """

    def __init__(self, kernel=None, mem="512M", smp=2, icount=False, append="", accel="auto",
                 payload=None, workdir=None, boot_timeout=PATIENCE, shell=None, snapshots=None,
                 parallel=None):
        if icount and smp != 1:
            raise ValueError("icount needs one CPU: smp=1")
        mem = qemu.parse_mem(mem)
        need_programs(kernel)
        self.kernel = debian.fetch(kernels.find(kernel))
        self.accel = "tcg" if icount else accelerators.choose(self.kernel, accel)
        payload = Path(payload) if payload else default_payload(kernel)
        self.workdir = Path(workdir or tempfile.mkdtemp(prefix="vm-"))
        self.console = self.workdir / "console.log"
        self._qemu_log = self.workdir / "qemu.log"

        image = self.workdir / "initramfs"
        try:
            initramfs.build(self.kernel, payload, image)
        except BaseException:
            if not workdir:
                shutil.rmtree(self.workdir, ignore_errors=True)
            raise
        if shell:
            console = f"stdio,id=console,signal=off,logfile={self.console}"
            append += f" vm_shell={shell}"
        else:
            self.console.unlink(missing_ok=True)
            console = f"file,id=console,path={self.console},append=on"
        # An oops ends the machine: no test may go on in a broken kernel.
        arguments = qemu.machine_arguments(
            self.kernel, self.accel, console, f"quiet oops=panic {append}", mem, smp, icount,
            parallel)
        self.release = self.qemu = self._channel = self._monitor = self._finalizer = None
        self._start = functools.partial(
            self._start_qemu, [*arguments, "-initrd", str(image)], bool(shell), not workdir)
        if snapshots and self.accel == "tcg" and not icount and not shell:
            # Whether its processors take turns is no part of a machine's state.
            words = [word.partition(",thread=")[0] for word in arguments
                     if str(self.workdir) not in word]
            self._boot_once(Snapshot(snapshots, words, image), boot_timeout)
        else:
            self._boot(boot_timeout)
        image.unlink()

    def _start_qemu(self, arguments, interactive, remove, state=None):
        self.qemu = qemu.Qemu(arguments, self._qemu_log, interactive, state)
        self._finalizer = weakref.finalize(self, _end, self.qemu, self.workdir, remove)
        self._channel = Channel(self.qemu.port, self._failure)
        self._monitor = Monitor(self.qemu.qmp, self.workdir, self._failure)

    def _boot(self, timeout):
        for left in reversed(range(_BOOTS)):
            self._start()
            try:
                self.release = self._channel.ready(timeout)
                return
            except VmTimeout as error:
                try:
                    raise VmTimeout(f"{error}\n{self._whereabouts()}") from None
                finally:
                    self.close()
            except VmError:
                if not left or not self._has_crashed():
                    self.close()
                    raise
            except BaseException:
                self.close()
                raise
            self._drop()

    def _boot_once(self, snapshot, timeout):
        """Boots the first machine of a kind, and restores the others."""
        with snapshot.awaited() as there:
            if not there:
                self._boot(timeout)
                if not self.problems():
                    self._save(snapshot)
                return
        try:
            self._restore(snapshot)
        except (VmError, OSError, ValueError) as error:
            print(f"vm: cannot use the snapshot {snapshot.state}; booting: {error}",
                  file=sys.stderr, flush=True)
            snapshot.discard()
            self._drop()
            self._boot(timeout)
        except BaseException:
            self.close()
            raise

    def _save(self, snapshot):
        """Without room for it, each machine boots."""
        try:
            snapshot.save({"release": self.release, "log": self._channel.log.state,
                           "console": self._read(self.console)}, self._monitor.save)
        except (VmError, OSError) as error:
            print(f"vm: keeping no snapshot: {error}", file=sys.stderr, flush=True)

    def _restore(self, snapshot):
        facts = snapshot.facts
        self.console.write_text(facts["console"], "utf-8")
        self._start(state=snapshot.state)
        self.release = facts["release"]
        self._channel.log.resume(facts["log"])
        self._monitor.resume()
        self._channel.sync(PATIENCE)

    def _drop(self):
        """Ends QEMU; the work folder stays for another one."""
        if self.qemu:
            self._finalizer.detach()
            self.qemu.kill()
        self.console.unlink(missing_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends QEMU and removes the work folder, unless it was given."""
        self._finalizer()

    def spawn(self, argv, user=None, env=None, cwd="", stdout=None, stderr=None):
        """Starts a command as `user` (name or number, default root): a Process.

        env is added to the guest's own; cwd defaults to the user's home.
        """
        return self._channel.spawn(argv, "" if user is None else str(user), cwd, env,
                                   stdout=stdout, stderr=stderr)

    def run(self, argv, input=b"", timeout=PATIENCE, user=None, env=None, cwd=""):
        """Runs a command to its end: a Result."""
        # pylint: disable=redefined-builtin # the name that subprocess.run has
        deadline = time.monotonic() + timeout
        process = self.spawn(argv, user, env, cwd)
        try:
            process.write(input, timeout)
            process.close_stdin()
            code = process.wait(max(deadline - time.monotonic(), 0))
        except VmTimeout as error:
            process.kill()
            raise VmTimeout(f"{shlex.join(process.argv)}: not done in {timeout} s",
                            process.stdout_so_far(), process.stderr_so_far()) from error
        return Result(code, process.stdout_so_far(), process.stderr_so_far())

    def put(self, data, path, mode=0o644):
        """Writes a file in the guest."""
        self._must(["sh", "-c", 'cat > "$1" && chmod "$2" "$1"', "put", path, f"{mode:o}"], data)

    def get(self, path):
        """Reads a file of the guest."""
        return self._must(["cat", path])

    def _must(self, argv, data=b""):
        result = self.run(argv, data)
        if result.returncode:
            raise VmError(f"{shlex.join(argv)}: {result.stderr.decode(errors='replace')}")
        return result.stdout

    def hmp(self, command):
        """What a command of QEMU's human monitor prints."""
        return self._monitor.hmp(command)

    def gva2gpa(self, address):
        """The physical address of a kernel address, as QEMU walks the guest's tables."""
        return self.gva2gpa_many([address])[0]

    def gva2gpa_many(self, addresses):
        """Like gva2gpa, of many; None for those that are not mapped."""
        return self._monitor.gva2gpa_many(addresses)

    def read_physical(self, address, length):
        """Guest memory, read without the guest's help; zeros or ones where there is none."""
        return self.read_physical_many([(address, length)])[0]

    def read_physical_many(self, ranges):
        """Like read_physical, of many (address, length)."""
        return self._monitor.read_physical_many(ranges)

    def log_mark(self):
        """This moment, for log_since and problems."""
        taint = self._channel.sync()
        return LogMark(len(self._channel.log), taint)

    def boot_mark(self):
        """The moment before the payload's modules were loaded."""
        return LogMark(self._channel.log.watch, self._channel.log.taint)

    def log_since(self, mark):
        """The kernel log's lines from a mark until now."""
        self._channel.sync()
        return self._channel.log.since(mark.line)

    def problems(self, mark=None):
        """What the kernel complained of since a mark, by default since boot_mark()."""
        return self.examine(mark or self.boot_mark())[0]

    def examine(self, mark):
        """(problems(mark), log_since(mark), log_mark()) of one moment, in one round trip."""
        now = self.log_mark()
        log = self._channel.log.since(mark.line)
        return kernellog.problems(log) + kernellog.taint_problems(mark.taint, now.taint), log, now

    def leaks(self):
        """What nothing points to any more: kmemleak's reports, where the kernel has it.

        It tells of objects that are 5 s old and that two scans have not found.
        """
        script = (f"test -e {_KMEMLEAK} || exit 0; sleep 6;"
                  f"echo scan >{_KMEMLEAK} && echo scan >{_KMEMLEAK} && cat {_KMEMLEAK}")
        result = self.run(["sh", "-c", script], timeout=_SCAN_SECONDS)
        if result.returncode:
            raise VmError(f"kmemleak: {result.stderr.decode(errors='replace')}")
        return result.stdout.decode(errors="replace").splitlines()

    def verdict(self):
        """All that the kernel has to complain of: problems(), and then leaks()."""
        found = self.problems()     # before lines that kmemleak logs of its reports
        return found + self.leaks()

    def problems_seen(self):
        """Like problems(), of a guest that may be gone: what it still could say."""
        log = self._channel.log
        return (kernellog.problems(log.since(log.watch)) or
                kernellog.console_problems(self._read(self.console)))

    def console_tail(self):
        """The end of the console; all of it from the first sign of trouble, if there is one."""
        lines = self._read(self.console).replace("\r", "").rstrip("\n").split("\n")
        trouble = next((i for i, l in enumerate(lines) if kernellog.console_problems(l)), None)
        first = max(len(lines) - _CONSOLE_TAIL, 0)
        return "\n".join(lines[first if trouble is None else min(first, trouble):])

    def _has_crashed(self):
        """Whether QEMU died by a fault of its own, which is announced."""
        number = -(self.qemu.wait(timeout=0) or 0)
        if number not in _CRASHES:
            return False
        print(f"vm: QEMU itself crashed during the boot ({signal.Signals(number).name}); "
              "booting again", file=sys.stderr, flush=True)
        return True

    def _failure(self):
        """Why the guest is gone, as an exception."""
        status = self.qemu.wait(timeout=5)
        tail = self.console_tail()
        if not self._finalizer.alive:
            what = "the machine was closed"
        elif status is None:
            what = "the guest no longer answers"
        elif kernellog.console_problems(tail):
            what = "the guest's kernel died"
        else:
            what = f"the guest ended (QEMU's exit status {status})"
        return VmError("\n".join(filter(None, [
            what, self._read(self._qemu_log).rstrip(),
            tail and f"Last lines of the console:\n{tail}"])))

    def _whereabouts(self):
        """What can be seen from outside of a guest that hangs, as lines."""
        seen = []
        for _ in range(3):
            registers = self.hmp("info registers -a")
            seen += ["Processors:", *_WHERE.findall(registers.replace("\r", ""))]
            time.sleep(0.2)
        return "\n".join([*seen, "Last lines of the console:", self.console_tail()])

    @staticmethod
    def _read(path):
        return path.read_text(errors="replace") if path.exists() else ""


def need_programs(kernel=None):
    """Raises a VmError that names all programs that a machine lacks on this computer."""
    programs.need(kernels.find(kernel).architecture.qemu, *_PROGRAMS)


def _end(qemu_process, workdir, remove):
    qemu_process.kill()
    if remove:
        shutil.rmtree(workdir, ignore_errors=True)
