# SPDX-License-Identifier: GPL-2.0
"""A kernel's folder that is also a root to build its modules in.

The programs in the headers of a newer suite need that suite's C library and
compiler. So those are unpacked beside them, and the folder `build`, which stands
in for the headers, has a Makefile that runs make in there.
"""

import shutil
from pathlib import Path

PACKAGES = ("base-files", "bash", "coreutils", "dash", "findutils", "gawk", "grep", "gzip",
            "kmod", "make", "sed", "tar")
_MAKEFILE = """\
# SPDX-License-Identifier: GPL-2.0
# make -C THIS M=DIRECTORY modules, with the programs of the root around it.
build := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
root := $(patsubst %/,%,$(dir $(build)))

.DEFAULT_GOAL := modules

%: FORCE
\t+@$(build)/enter '$(root)' '$(M)' \\
\t\t$(MAKE) --no-print-directory -C /usr/src/linux-headers-RELEASE $@

FORCE:
Makefile: ;
.PHONY: FORCE
"""


def prepare(root, release):
    """Makes the unpacked packages below `root` usable: what their scripts would have done."""
    awk = root / "usr" / "bin" / "awk"
    if not awk.exists():
        awk.symlink_to("gawk")
    for name in ("dev", "proc", "tmp"):
        (root / name).mkdir(exist_ok=True)
    build = root / "build"
    build.mkdir()
    shutil.copy(Path(__file__).with_name("enter"), build)
    (build / "Makefile").write_text(_MAKEFILE.replace("RELEASE", release), "utf-8")
    headers = f"../usr/src/linux-headers-{release}"
    for name in (".config", "Module.symvers", "include"):
        (build / name).symlink_to(f"{headers}/{name}")
