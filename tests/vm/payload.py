# SPDX-License-Identifier: GPL-2.0
"""What the guest gets besides the harness: a tree that a hook makes.

The hook is called as `payload KERNEL_NAME RELEASE KDIR DEST` and fills the
empty folder DEST. The tree is laid over the guest's root. init loads the
modules that its etc/modules names: a line a module, its path in the guest and
then its parameters.
"""

import functools
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from . import debian, kernels, sysroot
from .errors import VmError


def hook_path():
    """The hook: $VM_PAYLOAD, or the file `payload` beside this package; may not exist."""
    default = Path(__file__).resolve().parents[1] / "payload"
    return Path(os.environ.get("VM_PAYLOAD") or default).absolute()


def default_payload(kernel=None):
    """The tree for the kernel of that name, made once per process; None without a hook."""
    hook = hook_path()
    if not hook.exists():
        if "VM_PAYLOAD" in os.environ:
            raise VmError(f"no payload hook {hook}")
        return None
    tree = _make(hook, debian.fetch(kernels.find(kernel)))
    return Path(tree.name)


@functools.cache
def _make(hook, kernel):
    tree = tempfile.TemporaryDirectory(prefix="vm-payload-")
    Path(tree.name).chmod(0o755)
    architecture = kernel.source.architecture
    variables = shlex.join(
        f"{name}={value}" for name, value in sysroot.variables(architecture).items())
    command = [hook, kernel.source.name, kernel.release, kernel.headers, tree.name]
    try:
        # Its output must not mix with that of the command in the guest.
        subprocess.run(list(map(str, command)), check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       errors="replace", env={**os.environ, "VM_MAKE": variables})
    except OSError as error:
        raise VmError(f"payload hook {hook}: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise VmError(f"payload hook {hook} failed ({error.returncode}):\n"
                      f"{error.stdout}") from error
    return tree
