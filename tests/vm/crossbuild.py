# SPDX-License-Identifier: GPL-2.0
"""Modules for an architecture that this computer is not.

Debian's headers come in three parts: those of the architecture, those of all,
and the programs that build modules (linux-kbuild), of which this computer needs
its own. The folder `build` stands in for the headers; its Makefile says for
which architecture to build, so that nobody else has to.
"""

from . import crosstools
from .apt import State

_MAKEFILE = """\
# SPDX-License-Identifier: GPL-2.0
# make -C THIS M=DIRECTORY modules, for another architecture.
build := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
export LD_LIBRARY_PATH := @LIBRARIES@

.DEFAULT_GOAL := modules

%: FORCE
\t+@$(MAKE) --no-print-directory -C $(build)/../usr/src/linux-headers-@RELEASE@ $@ \\
\t\tARCH=@KERNEL@ CROSS_COMPILE=@CROSS@

FORCE:
Makefile: ;
.PHONY: FORCE
"""


def tools(source, packages):
    """Those of a kernel's packages that must be of this computer's architecture."""
    if not source.architecture.foreign:
        return []
    return [package for package in packages if package.startswith("linux-kbuild-")]


def download(source, packages, into):
    """The files of packages of this computer's architecture, and what was there."""
    return State(source.suite, crosstools.here()).download(packages, into)


def prepare(root, release, architecture):
    """Makes the folder `build` below the unpacked packages."""
    build = root / "build"
    build.mkdir()
    text = _MAKEFILE
    for word, value in {"RELEASE": release, "KERNEL": architecture.kernel,
                        "CROSS": crosstools.prefix(architecture),
                        "LIBRARIES": str(crosstools.libraries(architecture))}.items():
        text = text.replace(f"@{word}@", value)
    (build / "Makefile").write_text(text, "utf-8")
    headers = f"../usr/src/linux-headers-{release}"
    for name in (".config", "Module.symvers", "include"):
        (build / name).symlink_to(f"{headers}/{name}")
