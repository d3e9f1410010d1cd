# SPDX-License-Identifier: GPL-2.0
"""A QEMU process: its command line, its life and its end."""

import os
import re
import socket
import subprocess
import threading
from pathlib import Path

from . import programs
from .errors import VmError

# An emulated processor is some tens of times slower, and stands still while the host
# runs something else: a lockup is reported after 60 s, not 20, and so is an RCU stall.
# QEMU translates code anew for each address that it is mapped at, and keeps it all: where
# every process has other addresses, most time goes into that, and at last seconds into
# each write to a page that had code once (such as libc's, when it was migrated).
# With its processors' own counters, and not a timer behind a lock of QEMU's, everything that asks
# for the time is faster, by a tenth on the whole. QEMU makes them of the host's, which have to be
# in step: where they are, the host's kernel uses them itself.
_CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_IN_STEP = ("tsc", "kvm-clock", "hyperv_clocksource_tsc_page")
_EMULATED = " watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=60 norandmaps"
# How many machines run at a time.
AT_ONCE = "VM_AT_ONCE"


def counters_in_step():
    """Whether the kernel of this computer trusts its processors' time stamp counters."""
    return _CLOCK.exists() and _CLOCK.read_text("ascii").strip() in _IN_STEP


def are_enough(processors):
    """Whether each processor of all machines that run at a time can have one of this computer.

    Where they cannot, a guest's processor waits in a loop for another one that does not run, to
    take an interrupt or to release a lock: two machines on two processors took twice as long as
    when the processors of each take turns.
    """
    machines = os.environ.get(AT_ONCE) or "1"
    if not re.fullmatch(r"[1-9]\d*", machines):
        raise VmError(f"{AT_ONCE}='{machines}': must be the number of machines that run at a time")
    return int(machines) * processors <= len(os.sched_getaffinity(0))


def parse_mem(text):
    """A memory size as QEMU takes it, such as 512M or 2G."""
    match = re.fullmatch(r"([1-9]\d*)([MG])i?B?", text, re.IGNORECASE)
    if not match or int(match[1]) < 128 and match[2] in "mM":
        raise ValueError(f"bad memory size '{text}': say 512M or 2G, at least 128M")
    return "".join(match.groups()).upper()


def machine_arguments(kernel, accel, console, append, mem="512M", smp=2, icount=False,
                      parallel=None):
    """What every boot has, the trial of an accelerator too."""
    architecture = kernel.source.architecture
    if accel == "tcg":
        append += _EMULATED
        if not icount and architecture.kernel == "x86" and counters_in_step():
            append += " tsc=reliable"
        if parallel is None:
            parallel = are_enough(smp)
        accel = "tcg" if icount else f"tcg,thread={'multi' if parallel and smp > 1 else 'single'}"
    return [
        str(programs.path(architecture.qemu)), *architecture.machine,
        "-accel", accel, *(["-icount", "shift=0,sleep=off"] if icount else []),
        # A kernel without ACPI finds the processors of other sockets, and no other cores.
        "-m", mem, "-smp", f"{smp},sockets={smp}",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-chardev", console, "-serial", "chardev:console",
        "-kernel", str(kernel.bootable),
        "-append", f"console={architecture.console} panic=-1 {architecture.append}"
                   f" {kernel.source.append} {append}",
    ]


class Qemu:
    """Runs QEMU with two sockets: the agent's port and the QMP monitor.

    QEMU goes when the runner goes, even by SIGKILL: setpriv asks the kernel
    for that. It counts for the thread that starts the process, so a thread that
    lives just as long as QEMU does the starting.
    """

    def __init__(self, arguments, log, interactive=False, state=None):
        """With a file `state`, of the monitor's save(), the machine goes on from there."""
        self.port, port = socket.socketpair()
        self.qmp, qmp = socket.socketpair()
        with port, qmp, open(log, "wb") as log_file, open(state or os.devnull, "rb") as saved:
            command = [
                str(programs.path("setpriv")), "--pdeathsig", "KILL", "--", *arguments,
                "-device", "virtio-serial-pci",
                "-chardev", f"socket,id=agent,fd={port.fileno()}",
                "-device", "virtserialport,chardev=agent,name=agent",
                "-chardev", f"socket,id=qmp,fd={qmp.fileno()}",
                "-mon", "chardev=qmp,mode=control",
                *(["-incoming", f"fd:{saved.fileno()}"] if state else []),
            ]
            options = {
                "pass_fds": (port.fileno(), qmp.fileno(), saved.fileno()),
                "stdin": None if interactive else subprocess.DEVNULL,
                "stdout": None if interactive else log_file,
                "stderr": log_file,
                # The terminal's Ctrl-C is for the runner, not for QEMU.
                "start_new_session": not interactive,
            }
            self._process = self._refusal = None
            self._started = threading.Event()
            self._ended = threading.Event()
            threading.Thread(target=self._live, args=(command, options),
                             name="vm-qemu", daemon=True).start()
            self._started.wait()
        if not self._process:
            raise VmError(f"cannot start QEMU: {self._refusal}")

    def _live(self, command, options):
        try:
            # pylint: disable-next=consider-using-with # wait() is what the thread is for
            self._process = subprocess.Popen(command, **options)
        except OSError as error:
            self._refusal = error
            return
        finally:
            self._started.set()
        self._process.wait()
        self._ended.set()

    def wait(self, timeout=None):
        """Waits for QEMU's end; its exit status, None if it still runs."""
        return self._process.returncode if self._ended.wait(timeout) else None

    def kill(self):
        """Pulls the plug: nothing in the guest outlives it anyway."""
        if not self._ended.is_set():
            self._process.kill()
            self._ended.wait()
        # shutdown() also wakes threads that read from these.
        for sock in (self.port, self.qmp):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
