# SPDX-License-Identifier: GPL-2.0
"""A driver from changed sources, in the place of the one that machines have."""

import os
import shutil
from pathlib import Path

from building import make
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


def payload(directory, change):
    """What goes into a machine whose driver was changed; all of it comes into an empty folder.

    change(folder) is called with that of the sources, as they are below driver/ and uapi/.
    """
    sources(directory)
    change(directory)
    kernel = os.environ.get("KERNEL")
    make(debian.fetch(kernels.find(kernel)).headers, f"M={directory / 'driver'}",
         "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")

    tree = directory / "payload"
    shutil.copytree(default_payload(kernel), tree, symlinks=True)
    line, = [line for line in (tree / "etc/modules").read_text("ascii").splitlines()
             if line.split()[0].endswith("/memlab.ko")]
    shutil.copy(directory / "driver/memlab.ko", tree / line.split()[0].lstrip("/"))
    return tree
