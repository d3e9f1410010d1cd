# SPDX-License-Identifier: GPL-2.0
"""libmemlab as its users meet it: installed, found by pkg-config, and at work."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from building import make

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
EXAMPLE = ROOT / "Documentation" / "examples" / "hello.c"
PREFIX = "/opt/somewhere"


@pytest.fixture(scope="module", name="build")
def _build(tmp_path_factory):
    """A folder in which tools/ was built."""
    build = tmp_path_factory.mktemp("tools")
    make(TOOLS, f"BUILD={build}")
    return build


@pytest.fixture(name="stage")
def _stage(build, tmp_path):
    """A folder into which it was installed."""
    make(TOOLS, "install", f"BUILD={build}", f"DESTDIR={tmp_path}", f"PREFIX={PREFIX}")
    return tmp_path


def flags(stage, *arguments):
    """What pkg-config says there."""
    environment = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(stage),
                   "PKG_CONFIG_LIBDIR": f"{stage}{PREFIX}/lib/pkgconfig"}
    said = subprocess.run(["pkg-config", *arguments, "libmemlab"], check=True, env=environment,
                          capture_output=True, text=True)
    return said.stdout.split()


def files(stage):
    """What is installed, below the prefix."""
    base = Path(f"{stage}{PREFIX}")
    return {str(path.relative_to(base)) for path in base.rglob("*")
            if path.is_file() or path.is_symlink()}


def test_install_and_uninstall(build, stage):
    """The files that the README names are there, and go again."""
    found = files(stage)
    assert found >= {
        "bin/memlab", "lib/libmemlab.so", "lib/libmemlab.a", "lib/pkgconfig/libmemlab.pc",
        "include/libmemlab.h", "include/linux/memlab.h", "share/man/man1/memlab.1",
        "share/man/man3/libmemlab.3"}
    make(TOOLS, "uninstall", f"BUILD={build}", f"DESTDIR={stage}", f"PREFIX={PREFIX}")
    assert not files(stage)


def test_example_compiles(stage, tmp_path):
    """By the line that it tells, against the shared library and nothing else of ours."""
    program = tmp_path / "hello"
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", EXAMPLE, "-o", program,
                    *flags(stage, "--cflags", "--libs")], check=True)
    needed = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True)
    assert "[libmemlab.so.0]" in needed.stdout


@pytest.mark.parametrize("order", [("libmemlab.h", "linux/memlab.h"),
                                   ("linux/memlab.h", "libmemlab.h")], ids=str)
@pytest.mark.parametrize("compiler", [("gcc", "-std=c99", "-xc"), ("g++", "-std=c++11", "-xc++")],
                         ids=lambda words: words[0])
def test_headers_together(stage, compiler, order):
    """A program may use the library and the ioctls, in C and in C++."""
    source = "".join(f"#include <{header}>\n" for header in order)
    subprocess.run([*compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only",
                    *flags(stage, "--cflags"), "-"], input=source, text=True, check=True)


def test_symbols(stage):
    """What the header declares is exported with a version, and nothing besides."""
    listed = subprocess.run(["nm", "-D", "--defined-only", f"{stage}{PREFIX}/lib/libmemlab.so"],
                            check=True, capture_output=True, text=True).stdout
    exported = {line.split()[-1] for line in listed.splitlines() if " T " in line}
    header = Path(f"{stage}{PREFIX}/include/libmemlab.h").read_text("ascii")
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    declared = set(re.findall(r"\b(memlab_\w+)\(", code))
    assert exported == {f"{name}@@LIBMEMLAB_0.1" for name in declared}
    assert len(declared) > 30


def test_example_runs(target, build):
    """Its extents add up to what it asked for."""
    place = "/tmp/hello"
    target.put((build / "hello").read_bytes(), place, mode=0o755)
    said = target.run([place])
    target.run(["rm", place])
    assert said.returncode == 0, said.stderr
    first, *extents = said.stdout.decode().splitlines()
    assert first.endswith('65536 bytes mapped: "hello, kernel memory"')
    lengths = [int(line.split()[-1]) for line in extents]
    assert sum(lengths) == 65536
    assert all(re.match(r"offset +\S+  physical +0x[0-9a-f]+  length \d+$", line)
               for line in extents)
