# SPDX-License-Identifier: GPL-2.0
"""Chooses between KVM and emulation.

A /dev/kvm that can be opened proves nothing: there are machines where a guest
under it never runs an instruction. So KVM has to show a sign of life once per
boot of the host.
"""

import json
import os
import platform
import subprocess
import time
from pathlib import Path

from . import cache, programs, qemu

_TRIAL_SECONDS = 4


def choose(kernel, wish="auto"):
    """"kvm" or "tcg"."""
    if wish != "auto":
        return wish
    if kernel.source.architecture.host != platform.machine():
        return "tcg"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    program = str(programs.path(kernel.source.architecture.qemu))
    facts = {
        "boot": Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip(),
        "qemu": program,
        "built": os.stat(program).st_mtime_ns,
    }
    path = cache.directory() / "kvm.json"
    with cache.lock("kvm"):
        try:
            known = json.loads(path.read_text())
        except (OSError, ValueError):
            known = {}
        if known.get("facts") != facts:
            known = {"facts": facts, "works": _trial(kernel)}
            with cache.replacing(path) as temporary:
                temporary.write_text(json.dumps(known))
    return "kvm" if known["works"] else "tcg"


def _trial(kernel):
    """Boots without a root file system; the first byte on the console will do."""
    console = cache.directory() / f"kvm-trial.{os.getpid()}"
    arguments = qemu.machine_arguments(kernel, "kvm", f"file,id=console,path={console}", "",
                                       mem="256M", smp=1)
    with subprocess.Popen([programs.path("setpriv"), "--pdeathsig", "KILL", "--", *arguments],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + _TRIAL_SECONDS
            while time.monotonic() < deadline and process.poll() is None:
                if console.exists() and console.stat().st_size:
                    return True
                time.sleep(0.05)
            return console.exists() and console.stat().st_size > 0
        finally:
            process.kill()
            console.unlink(missing_ok=True)
