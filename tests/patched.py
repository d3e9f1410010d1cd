# SPDX-License-Identifier: GPL-2.0
"""A driver from changed sources, in the place of the one that machines have."""

import os
import shutil
import subprocess
from pathlib import Path

from building import make, variables
from target import BUILD
from vm import debian, kernels
from vm.payload import default_payload

ROOT = Path(__file__).resolve().parents[1]


def replace_once(path, old, new):
    """Replaces a text that must be there exactly once."""
    text = path.read_text("ascii")
    if text.count(old) != 1:
        raise ValueError(f"{path.name}: {text.count(old)} times instead of once: {old!r}")
    path.write_text(text.replace(old, new), "ascii")


def sources(directory):
    """Copies the driver's sources into an empty folder."""
    for name in ("driver", "uapi"):
        shutil.copytree(ROOT / name, directory / name)


def _objects(directory, release):
    """Puts the objects of the driver that was built for a payload beside the same sources.

    Kbuild compiles a file again when it is newer than its object, or the recorded command is
    another one; the commands name the folder.
    """
    built = BUILD / "module" / release / "driver"
    driver = directory / "driver"
    # Where BUILD has a blank, kbuild worked elsewhere.
    for path in built.rglob("*") if (built / ".memlab.ko.cmd").exists() else ():
        copy = driver / path.relative_to(built)
        if path.is_dir() or copy.exists():
            continue
        shutil.copy2(path, copy)
        if copy.suffix in (".cmd", ".mod", ".order"):
            times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
            copy.write_text(copy.read_text("utf-8").replace(str(built), str(driver)), "utf-8")
            os.utime(copy, ns=times)


def payload(directory, change):
    """What goes into a machine whose driver was changed; all of it comes into an empty folder.

    change(folder) is called with that of the sources, as they are below driver/ and uapi/. Only
    files that it changes are compiled.
    """
    kernel = kernels.find(os.environ.get("KERNEL"))
    fetched, honest = debian.fetch(kernel), default_payload(kernel.name)
    sources(directory)
    _objects(directory, fetched.release)
    change(directory)
    make(fetched.headers, f"M={directory / 'driver'}", "CONFIG_DEBUG_INFO_BTF_MODULES=",
         f"-j{os.cpu_count()}", "modules")

    tree = directory / "payload"
    shutil.copytree(honest, tree, symlinks=True)
    line, = [line for line in (tree / "etc/modules").read_text("ascii").splitlines()
             if line.split()[0].endswith("/memlab.ko")]
    strip = variables().get("STRIP", "strip").split()
    subprocess.run([*strip, "--strip-debug", "-o", tree / line.split()[0].lstrip("/"),
                    directory / "driver/memlab.ko"], check=True)
    return tree
